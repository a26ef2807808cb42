"""A repository is its id, not its name: what becomes of a crossing whose target changes hands under it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from monarch.core.outcome import Found, Transient, Unknown
from monarch.core.request.rules import Rules
from monarch.core.target.permission import Credential
from monarch.core.target.step import CreatedAs
from monarch.core.ticket import Label, Milestone
from monarch.stages.support.identity import found_again
from tests.contracts.doubles.faults import Fault
from tests.contracts.worlds import NO_CEILINGS
from tests.stages.house import SOURCE, TEAM_A, TEAM_B, House

TITLES = [f"Ticket {n}" for n in range(1, 13)]
SLOWLY = replace(NO_CEILINGS, interval_ms=1_000)
LATE = Fault(Unknown("no answer within 10 s"), takes_effect=True, after_s=10.0, late_s=4.0)
ELSEWHERE = "org/elsewhere"


@pytest.fixture
def house() -> House:
    """A template with twelve tickets with details, and two teams."""
    house = House(SLOWLY)
    house.github.add(SOURCE)
    for nth, title in enumerate(TITLES, start=1):
        house.github.add_issue(
            SOURCE,
            title,
            "After #1." if nth > 1 else "Before #2.",
            labels=(Label(f"label {nth % 3}", "ededed", ""),),
            milestone=Milestone("Sprint"),
            parent=1 if nth > 1 else None,
        )
    house.github.add(TEAM_A, "Ours")
    house.github.add(TEAM_B)
    return house


def befalls(house: House, method: str, nth: int, deed: Callable[[], Any]) -> None:
    """Right before the `nth` call of `method` (counted from now) a person does this, once."""
    real, calls = getattr(house.github, method), iter(range(1, 10**6))

    async def call(*args: Any, **named: Any) -> Any:
        if next(calls) == nth:
            deed()
        return await real(*args, **named)

    setattr(house.github, method, call)


def copies(house: House, name: str) -> list[str]:
    """The titles in a repository, by its name now, without the team's own."""
    return [title for title in house.github.titles(name) if title != "Ours"]


def finals(house: House) -> list[str]:
    """What Slack was told of the end."""
    return [one.text for one in house.slack.messages.values() if not one.blocks]


MOMENTS = [
    ("find_repository", 1),
    ("list_issues", 2),
    ("read_issue", 14),
    ("list_labels", 1),
    ("list_milestones", 1),
    ("create_label", 2),
    ("create_milestone", 1),
    ("create_issue", 1),
    ("create_issue", 5),
    ("create_issue", 12),
    ("list_issues", 3),
    ("edit_body", 1),
    ("add_sub_issue", 3),
]
"""In the middle of a look, a detail, a write, a read-back and a second pass. The first listing is the source's."""

moments = pytest.mark.parametrize(
    ("method", "nth"), MOMENTS, ids=[f"{method}-{nth}" for method, nth in MOMENTS]
)


@moments
async def test_regenerated_mid_run_the_new_repository_gets_every_ticket_in_order(
    house: House, method: str, nth: int
) -> None:
    """And nothing is said of the old one."""
    befalls(house, method, nth, lambda: house.github.regenerate(TEAM_A))
    request = await house.migrated(TEAM_A)

    assert copies(house, TEAM_A) == TITLES
    assert house.store.dead == []
    (final,) = finals(house)
    assert "done, 12 tickets" in final
    assert "12/12" in house.card()
    (migration,) = [m for key, m in house.store.migrations.items() if request in key]
    assert int(migration["copied"]) + int(migration.get("present", 0)) == 12


async def test_regenerated_mid_run_with_a_second_request_and_a_late_answer_nothing_is_doubled(
    house: House,
) -> None:
    """The platform's next message comes for the new one while the old crossing waits for GitHub."""
    house.github.faults.at("create_issue", 7, LATE)
    befalls(house, "create_issue", 5, lambda: house.github.regenerate(TEAM_A))
    befalls(house, "create_issue", 6, lambda: house.publish(TEAM_A))
    await house.migrate(TEAM_A)

    assert copies(house, TEAM_A) == TITLES
    assert {known["state"] for known in house.store.requests.values()} == {"done"}
    assert "stray.found" not in house.events


@moments
async def test_swapped_mid_run_no_ticket_is_in_a_repository_that_nobody_asked_for(
    house: House, method: str, nth: int
) -> None:
    """The one that was asked for gets them, under whatever name."""
    befalls(house, method, nth, lambda: house.github.swap(TEAM_A, TEAM_B))
    await house.migrated(TEAM_A)

    assert copies(house, TEAM_A) == []
    assert copies(house, TEAM_B) == TITLES


@moments
async def test_renamed_mid_run_goes_on_as_if_nothing_had_been(
    house: House, method: str, nth: int
) -> None:
    """Also where another repository takes the old name at once."""

    def deed() -> None:
        house.github.rename(TEAM_A, ELSEWHERE)
        house.github.add(TEAM_A)

    befalls(house, method, nth, deed)
    await house.migrated(TEAM_A)

    assert copies(house, ELSEWHERE) == TITLES
    assert copies(house, TEAM_A) == []


@moments
async def test_deleted_mid_run_is_said_and_a_replay_fills_the_next_one(
    house: House, method: str, nth: int
) -> None:
    """It is not there, and that is all that is said of it."""
    befalls(house, method, nth, lambda: house.github.delete(TEAM_A))
    request = await house.migrate(TEAM_A)

    assert house.state(request) == "failed"
    assert house.codes() == ["repository_not_found"]


async def test_a_replay_is_for_the_repository_that_was_asked_for(house: House) -> None:
    """It was renamed since, and another one has its name."""
    house.github.refused_titles.add("Ticket 3")
    request = await house.migrate(TEAM_A)
    house.github.refused_titles.clear()
    house.github.rename(TEAM_A, ELSEWHERE)
    house.github.add(TEAM_A)

    await house.world.hands.replay([letter["id"] for letter in house.store.dead], "Ann")
    await house.settle()

    assert sorted(copies(house, ELSEWHERE)) == sorted(TITLES)
    assert copies(house, TEAM_A) == []
    assert house.state(request) == "done"


@pytest.mark.parametrize("moved_after", [0, 5])
async def test_a_target_that_was_given_to_another_owner_is_filled_by_who_signs_there(
    house: House, moved_after: int
) -> None:
    """An App has another installation there, with a budget of its own; the message has the former owner's name."""
    house.github.signers["school"] = Credential("installation:9", "other", "monarch-bot", 4242)

    def given() -> None:
        house.github.rename(TEAM_A, "school/team-a")

    if moved_after:
        befalls(house, "create_issue", moved_after, given)
    else:
        given()
    request = house.publish(TEAM_A)

    await house.settle(within_s=600)

    assert copies(house, "school/team-a") == TITLES
    assert house.state(request) == "done"
    assert len(house.told("delivery.snoozed")) <= 1


async def test_a_redelivery_is_subject_to_the_lists_under_the_name_of_now(house: House) -> None:
    """What was allowed under its old name need not be under its new one."""
    house.rules = Rules(allowed_targets=("org/team-*",))

    def renamed() -> None:
        house.github.rename(TEAM_A, ELSEWHERE)
        nth = house.github.faults.count("create_issue") + 1
        house.github.faults.at("create_issue", nth, Fault(Transient("refused")))

    befalls(house, "create_issue", 5, renamed)
    request = await house.migrate(TEAM_A)

    assert house.state(request) == "failed"
    assert house.codes() == ["target_not_allowed"]
    assert len(copies(house, ELSEWHERE)) < len(TITLES)


@pytest.mark.parametrize("nth", [1, 5, 12])
async def test_a_server_without_addresses_by_id_is_found_out_by_its_numbers(
    house: House, nth: int
) -> None:
    """A number that goes down is not of this repository: nothing of that write goes on record, and it is looked up anew.

    That one write went astray, in the round trip between checking the name and using it.
    """
    house.github.by_name = True
    for _ in range(20):
        house.github.add_issue(TEAM_A, "Ours")
    target = house.github.at(TEAM_A).repository.id
    befalls(house, "create_issue", nth, lambda: house.github.regenerate(TEAM_A))
    await house.migrate(TEAM_A)

    records = house.store.ledger(target)
    assert sorted(r.number for r in records.values() if isinstance(r, CreatedAs)) == [
        21 + n for n in range(1, nth)
    ]
    assert house.told("target.replaced")
    assert [t for t in TITLES if t not in copies(house, TEAM_A)] == []
    assert sorted(set(copies(house, TEAM_A))) == sorted(TITLES)


@pytest.mark.parametrize(("method", "nth"), [("list_issues", 3), ("edit_body", 1)])
async def test_a_server_without_addresses_by_id_is_asked_who_it_is_before_done_is_said(
    house: House, method: str, nth: int
) -> None:
    """The name was given to another one at the very end."""
    house.github.by_name = True
    befalls(house, method, nth, lambda: house.github.regenerate(TEAM_A))
    await house.migrated(TEAM_A)

    assert copies(house, TEAM_A) == TITLES


async def test_an_issue_of_that_number_is_not_the_copy_on_record_by_its_number_alone(
    house: House,
) -> None:
    """Its id is on record beside it."""
    await house.migrate(TEAM_A)
    target = house.github.at(TEAM_A).repository.id
    ledger = house.store.ledger(target)
    for ticket, record in ledger.items():
        assert isinstance(record, CreatedAs)
        assert record.issue == house.github.at(TEAM_A).issues[record.number].id
        ledger[ticket] = replace(record, issue=record.issue + 1)
    for issue in house.github.issues(TEAM_A):
        house.github.edit_issue(TEAM_A, issue.number, body="somebody else's")

    again = await house.migrate(TEAM_A)

    assert house.state(again) == "failed"
    assert "did not show the copies" in house.store.dead[-1]["reason"]


async def test_a_target_on_record_is_verified_whatever_bears_its_name(house: House) -> None:
    """And where it is gone, its name says which one is meant, as a healing migration has it."""
    known = house.github.at(TEAM_A).repository.id
    house.github.rename(TEAM_A, ELSEWHERE)
    new = house.github.add(TEAM_A)

    renamed = await found_again(house.github, known, TEAM_A)
    house.github.delete(ELSEWHERE)
    gone = await found_again(house.github, known, TEAM_A)

    assert isinstance(renamed, Found)
    assert (renamed.value.id, renamed.value.full_name) == (known, ELSEWHERE)
    assert isinstance(gone, Found)
    assert gone.value.id == new
