"""Whole workers that sign in as a GitHub App, against a GitHub that checks every signature and every token.

The template belongs to one owner, the targets to others; the App is installed on some of them, and a personal token is
there for the rest. Everything is private, so whoever signs wrongly sees nothing.
"""

from collections.abc import Iterable
from typing import Any, Final

import pytest

from monarch.sandbox.control.client import SandboxClient
from monarch.sandbox.control.seed import InstallationChange, Seed
from monarch.sandbox.journal import LogEntry
from scripts.fleet_machine.fleet import SOURCE, Fleet, a_message, a_seed
from scripts.fleet_machine.judge import assert_all_copied
from tests.keys import an_rsa_key, public_part

SCHOOL, TEAM = 5001, 5002
APP: Final = {
    "id": 1001,
    "client_id": "Iv23liMonarch",
    "public_key": public_part(),
    "installations": [{"id": SCHOOL, "account": "school"}, {"id": TEAM, "account": "team"}],
}
SIGNED_IN: Final = {"GITHUB_APP_ID": "1001", "GITHUB_APP_PRIVATE_KEY": an_rsa_key()}
TARGETS: Final = ("team/a", "solo/b")


async def plant(sandbox: SandboxClient, tickets: int, targets: Iterable[str] = TARGETS) -> None:
    """Private repositories of three owners; our account may push to those of `solo`, and sees no other."""
    seed = a_seed(tickets, []).model_dump(mode="json")
    seed["repositories"][0] |= {"private": True}
    for name in targets:
        seed["repositories"].append(a_private_target(name))
    await sandbox.seed(Seed.model_validate(seed | {"apps": [APP]}))


def a_private_target(name: str) -> dict[str, Any]:
    """A team's repository."""
    members = {"monarch-bot": "write"} if name.startswith("solo/") else {}
    return {"full_name": name, "private": True, "collaborators": members}


def budgets(writes: Iterable[LogEntry]) -> set[str | None]:
    """Whose limits these calls counted against."""
    return {entry.budget for entry in writes}


def minted(log: Iterable[LogEntry], installation: int) -> int:
    """How many tokens that installation was given."""
    path = f"/app/installations/{installation}/access_tokens"
    return sum(entry.path.endswith(path) and entry.status == 201 for entry in log)


@pytest.mark.parametrize("app_id", ["1001", "Iv23liMonarch"])
async def test_each_owner_is_signed_for_by_whoever_may(fleet: Fleet, app_id: str) -> None:
    """The source by one installation, a target by another, a third owner by the personal token."""
    await plant(fleet.sandbox, 3)
    fleet.start(**{**SIGNED_IN, "GITHUB_APP_ID": app_id})

    fleet.publish(a_message(TARGETS))
    [request] = fleet.until_ended()

    assert request["state"] == "done", fleet.story()
    state = await fleet.sandbox.state()
    assert_all_copied(state, TARGETS)
    authors = {name: {i.author for i in state.repositories[name].issues} for name in TARGETS}
    assert authors == {"team/a": {"monarch[bot]"}, "solo/b": {"monarch-bot"}}
    assert budgets(await fleet.sandbox.writes("team/a")) == {f"installation {TEAM}"}
    assert budgets(await fleet.sandbox.writes("solo/b")) == {"monarch-bot"}
    log = await fleet.sandbox.log()
    listed = [entry for entry in log if entry.path.endswith(f"/repos/{SOURCE}/issues")]
    assert budgets(listed) == {f"installation {SCHOOL}"}
    # One token each serves everything, since neither was near its end.
    assert (minted(log, SCHOOL), minted(log, TEAM)) == (1, 1)


async def test_tokens_that_end_during_a_run_are_renewed_before(fleet: Fleet) -> None:
    """Each lives six seconds, and the copying takes twelve: no call meets an end, and nothing fails."""
    await plant(fleet.sandbox, 15, ["team/a"])
    await fleet.sandbox.settings(installation_token_seconds=6)
    fleet.start(**SIGNED_IN, MONARCH_WRITE_INTERVAL_SECONDS="0.9")

    fleet.publish(a_message(["team/a"]))
    [request] = fleet.until_ended()

    assert request["state"] == "done", fleet.story()
    assert_all_copied(await fleet.sandbox.state(), ["team/a"])
    log = await fleet.sandbox.log()
    assert minted(log, TEAM) >= 3
    assert fleet.migration(request, "team/a")["attempts"] == "0"
    assert [entry.path for entry in log if entry.api == "github" and entry.status == 401] == []


async def test_tokens_that_are_revoked_during_a_run_are_replaced_and_nothing_is_doubled(
    fleet: Fleet,
) -> None:
    """A 401 to a write certainly did nothing. The other installation keeps its token."""
    await plant(fleet.sandbox, 12, ["team/a"])
    fleet.start(**SIGNED_IN, MONARCH_WRITE_INTERVAL_SECONDS="0.2")
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(created=3)

    await fleet.sandbox.update_installation(InstallationChange(id=TEAM, revoke_tokens=True))
    [request] = fleet.until_ended()

    assert request["state"] == "done", fleet.story()
    assert_all_copied(await fleet.sandbox.state(), ["team/a"])
    log = await fleet.sandbox.log()
    assert minted(log, TEAM) == 2
    assert minted(log, SCHOOL) == 1


async def test_a_credential_that_is_refused_closes_only_itself(fleet: Fleet) -> None:
    """The personal token is revoked: its targets wait, loud and unharmed; those of the App are copied."""
    await plant(fleet.sandbox, 3)
    revoked = {"token": "ghp_monarch", "login": "monarch-bot", "kind": "classic", "revoked": True}
    await fleet.sandbox.seed(Seed.model_validate({"tokens": [revoked]}))
    fleet.start(**SIGNED_IN)

    fleet.publish(a_message(TARGETS))
    fleet.until(
        lambda: _state(fleet, "team/a") == "done" and fleet.client.zcard("{monarch}:parked")
    )

    assert_all_copied(await fleet.sandbox.state(), ["team/a"])
    [request] = fleet.requests()
    waiting = fleet.migration(request, "solo/b")
    assert "GH_PAT" in waiting["reason"]
    assert waiting["attempts"] == "0"
    assert fleet.dead() == []


async def test_the_doctor_tells_where_the_app_is_installed(fleet: Fleet) -> None:
    """One line for each owner, with what to do where it is suspended."""
    await plant(fleet.sandbox, 1)
    await fleet.sandbox.update_installation(InstallationChange(id=TEAM, suspended=True))

    told = fleet.run("doctor", **SIGNED_IN)

    assert "signs as monarch[bot]" in told.stdout
    assert "github app on school" in told.stdout
    assert "Lift the suspension in the settings of team" in told.stdout


def _state(fleet: Fleet, target: str) -> str:
    requests = fleet.requests()
    return fleet.migration(requests[0], target).get("state", "") if requests else ""
