"""A message that no intake heard: its repository is found, reported and, where that is wished, filled."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from monarch.sandbox.control.seed import Seed
from monarch.sandbox.judge.findings import copies_in
from scripts.fleet_machine.fleet import SOURCE, Fleet, a_message, a_seed
from scripts.fleet_machine.judge import assert_all_copied, posts

WATCHES = {"MONARCH_MISSED_OWNERS": "school"}
SUBMITS = {**WATCHES, "MONARCH_MISSED_SUBMIT": "true"}


def a_school(*teams: str) -> Seed:
    """A template with three tickets, and repositories that were made from it ten minutes ago."""
    plain = a_seed(3, []).model_dump(mode="json")
    made: dict[str, Any] = {
        "generated_from": SOURCE,
        "created_at": (datetime.now(UTC) - timedelta(minutes=10)).isoformat(),
        "collaborators": {"monarch-bot": "write"},
    }
    plain["repositories"] += [{"full_name": name, **made} for name in teams]
    return Seed.model_validate(plain)


def _one_was_heard_and_one_was_not(fleet: Fleet, **settings: str) -> None:
    """The platform asks for two teams; the only worker is gone when it asks for the second one."""
    worker = fleet.start(**settings)
    fleet.publish(a_message(["school/team-a"]))
    fleet.until_ended(1)
    worker.terminate()
    worker.wait()
    fleet.publish(a_message(["school/team-b"]))
    # As if the last sweep were a while ago: two that follow each other too soon are one.
    fleet.client.delete("{monarch}:swept")


async def test_a_message_that_nobody_heard_is_made_good_without_anybodys_help(
    fleet: Fleet,
) -> None:
    """The channel hears once, and the copies are those that the message would have made."""
    await fleet.sandbox.seed(a_school("school/team-a", "school/team-b"))
    _one_was_heard_and_one_was_not(fleet)

    fleet.start(**SUBMITS)
    [_, found] = fleet.until_ended(2)

    assert (found["via"], found["targets"]) == ("missed", "school/team-b")
    state = await fleet.sandbox.state()
    assert_all_copied(state, ["school/team-a", "school/team-b"])
    [told] = [text for text in posts(state) if ":mag:" in text]
    assert "school/team-b" in told
    assert "school/team-a" not in told
    assert [one["target"] for one in _events(fleet, "repository.missed")] == ["school/team-b"]
    assert [one["by"] for one in _events(fleet, "repository.asked")] == ["Monarch"]


async def test_a_missed_repository_is_told_and_filled_when_a_person_says_so(fleet: Fleet) -> None:
    """Until then nothing is written to it; afterwards it is missed no more."""
    await fleet.sandbox.seed(a_school("school/team-a", "school/team-b"))
    _one_was_heard_and_one_was_not(fleet)
    fleet.start(**WATCHES)
    fleet.until(lambda: bool(_events(fleet, "repository.missed")))
    assert await fleet.sandbox.wait(slack_text=":mag:")
    assert json.loads(fleet.run("status", "--json").stdout)["missed"] == 1
    assert copies_in((await fleet.sandbox.state()).repositories["school/team-b"]) == []

    asked = fleet.run("missed", "school", "--submit", "--by", "ada", "--json")
    assert asked.returncode == 0, asked.stderr
    [one] = json.loads(asked.stdout)["missed"]
    fleet.until_ended(2)
    again = json.loads(fleet.run("missed", "--json", **WATCHES).stdout)

    assert (one["repository"], one["source"]) == ("school/team-b", SOURCE)
    assert one["request"] == fleet.requests()[1]["id"]
    assert_all_copied(await fleet.sandbox.state(), ["school/team-a", "school/team-b"])
    assert again["missed"] == []
    assert again["owners"][0]["left_alone"] == {"asked": 2}
    assert [one["by"] for one in _events(fleet, "repository.asked")] == ["ada"]


async def test_what_was_published_in_a_gap_of_hearing_is_found_by_the_worker_that_was_deaf(
    fleet: Fleet,
) -> None:
    """Its subscription broke, and the message came before it was there again."""
    await fleet.sandbox.seed(a_school("school/team-a", "school/team-b"))
    fleet.start(**SUBMITS)
    fleet.publish(a_message(["school/team-a"]))
    fleet.until_ended(1)
    fleet.client.hset("{monarch}:swept", "at", fleet.client.hget("{monarch}:swept", "at")[:-6])
    fleet.client.client_kill_filter(_type="pubsub", skipme=True)
    fleet.publish(a_message(["school/team-b"]))

    fleet.until_ended(2)

    assert_all_copied(await fleet.sandbox.state(), ["school/team-a", "school/team-b"])


def _events(fleet: Fleet, name: str) -> list[dict[str, str]]:
    return [event for event in fleet.events() if event["event"] == name]
