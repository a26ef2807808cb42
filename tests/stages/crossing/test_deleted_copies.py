"""Copies that people have deleted, by the dozen: an unclear answer is asked about, and what is deleted is said.

GitHub answers 410 for each deleted issue, and for every number of a repository whose issues are switched off. A listing
shows neither.
"""

import pytest

from monarch.core.ids import RequestId, TargetId, TicketId
from monarch.core.outcome import Code, Found, Permanent, Scope
from monarch.core.report.dry_run import rehearsal_of
from monarch.core.report.passage import Passage
from monarch.core.report.verification import Mark, verify
from monarch.core.target.look import PROBE_MOST
from monarch.core.target.permission import Credential
from monarch.core.target.step import CreatedAs
from monarch.core.target.survey import Survey
from monarch.core.verdict import Dead
from monarch.ports.holdings import LedgerReading
from monarch.stages.rehearsal.rehearsal import RehearsalWish
from monarch.stages.rehearsal.store import Sources
from tests.contracts.doubles.faults import Fault
from tests.stages.house import SOURCE, TEAM_A, House
from tests.stages.rehearsal.test_dry_run import planned, rehearser

MANY = [29, 30, 35, 500]


async def emptied(house: House, copies: int) -> RequestId:
    """A request that is done, all of whose copies were deleted afterwards."""
    house.github.add(SOURCE, *(f"Ticket {n}" for n in range(1, copies + 1)))
    house.github.add(TEAM_A)
    request = await house.migrated(TEAM_A)
    for number in range(1, copies + 1):
        house.github.delete_issue(TEAM_A, number)
    return request


def tickets(house: House) -> list[TicketId]:
    """The ids of the template's tickets."""
    return [TicketId(issue.id) for issue in house.github.issues(SOURCE)]


def sources(house: House, *, remembers: bool = True) -> Sources:
    """What `plan` and `verify` read with; without `remembers` Valkey cannot be asked."""

    async def ledger(target: TargetId) -> LedgerReading:
        known = house.store.ledger(target) if remembers else {}
        return LedgerReading(dict(known), house.store.now_ms())

    async def gate(_credential: Credential) -> None:
        return None

    return Sources(house.github, ledger, gate, house.world.logins.us)


@pytest.mark.parametrize("copies", MANY)
async def test_deleted_copies_are_deleted_copies(house: House, copies: int) -> None:
    """The same message again ends well, says what is deleted, and makes none of them again."""
    await emptied(house, copies)

    await house.migrated(TEAM_A)

    assert house.told("migration.migrated")[-1]["deleted"] == copies
    assert f"{copies} deleted or moved away by a person" in house.card()
    assert house.github.titles(TEAM_A) == []


@pytest.mark.parametrize("copies", MANY)
async def test_deleted_copies_are_healed(house: House, copies: int) -> None:
    """Each, once, in order."""
    request = await emptied(house, copies)

    (told,) = await house.world.hands.heal(request, {TEAM_A: tickets(house)}, "ann")
    await house.settle()

    assert not told.refused
    assert house.state(request) == "done"
    assert house.github.titles(TEAM_A) == [f"Ticket {n}" for n in range(1, copies + 1)]
    assert [issue.number for issue in house.github.issues(TEAM_A)] == list(
        range(copies + 1, 2 * copies + 1)
    )


@pytest.mark.parametrize("copies", [35, 500])
async def test_a_replay_works_where_copies_were_deleted(house: House, copies: int) -> None:
    """What failed goes on, and what people deleted stays deleted."""
    await emptied(house, copies)
    house.github.add_issue(SOURCE, "One more")
    no = Permanent(Scope.REPOSITORY, Code.FORBIDDEN, "the token may not")
    house.github.faults.at("create_issue", copies + 1, Fault(no))
    again = await house.migrate(TEAM_A)
    assert house.state(again) == "failed"
    assert f"0/{copies + 1} ({copies} deleted or moved away by a person), *failed*" in house.card()

    await house.world.hands.replay([letter["id"] for letter in house.store.dead], "ann")
    await house.settle()

    assert house.state(again) == "done"
    assert house.github.titles(TEAM_A) == ["One more"]


@pytest.mark.parametrize("remembers", [True, False])
@pytest.mark.parametrize("copies", MANY)
async def test_deleted_copies_are_shown_by_plan_and_verify(
    house: House, copies: int, remembers: bool
) -> None:
    """Neither is in the way of a person; what Valkey does not remember would be made again."""
    await emptied(house, copies)
    read = sources(house, remembers=remembers)
    reader = rehearser(read, house.style)
    plan = await planned(reader)

    survey = await reader.look(TEAM_A, RehearsalWish(plan))

    assert isinstance(survey, Survey)
    found = verify(plan, survey, house.style)
    assert len(found.marked(Mark.MISSING)) == copies
    reasons = {one.reason for one in found.findings}
    deleted = {f"#{n} was deleted, or moved to another repository" for n in range(1, copies + 1)}
    assert reasons == (deleted if remembers else {""})
    passed = await reader.rehearse(TEAM_A, RehearsalWish(plan))
    assert isinstance(passed, Passage)
    assert len(rehearsal_of(passed, None).create) == (0 if remembers else copies)


@pytest.mark.parametrize("copies", [35, 500])
async def test_issues_that_are_switched_off_are_not_deleted_ones(house: House, copies: int) -> None:
    """A person switches them off right after the preflight: the reason says so, and nothing is written."""
    await emptied(house, copies)
    house.github.faults.at("list_issues", 0, Fault(Found(())))
    on = Fault(Found(house.github.at(TEAM_A).repository))
    house.github.change(TEAM_A, has_issues=False)
    house.github.faults.at("read_repository", house.github.faults.count("read_repository") + 2, on)
    writes = len(house.github.did)

    again = await house.migrate(TEAM_A)

    assert house.state(again) == "failed"
    assert house.codes() == ["issues_disabled"]
    assert len(house.github.did) == writes


async def test_more_deleted_issues_than_are_read_are_said_with_a_way_out(house: House) -> None:
    """Three thousand deleted issues: with one issue above them the look is complete again."""
    house.github.add(SOURCE, "One")
    house.github.add(TEAM_A)
    for _ in range(PROBE_MOST):
        house.github.delete_issue(TEAM_A, house.github.add_issue(TEAM_A, "Spam"))
    await house.migrate(TEAM_A)
    (letter,) = house.store.dead
    assert letter["code"] == "listing_unclear"
    assert "open an issue there and close it" in letter["reason"]

    house.github.add_issue(TEAM_A, "A sign", state="closed")
    await house.migrated(TEAM_A)

    assert house.github.titles(TEAM_A) == ["A sign", "One"]


async def test_a_source_of_deleted_tickets_alone_is_empty(house: House) -> None:
    """Its issues are on: the repository was asked."""
    house.github.add(SOURCE, *(f"Ticket {n}" for n in range(1, 41)))
    house.github.add(TEAM_A)
    for number in range(1, 41):
        house.github.delete_issue(SOURCE, number)
    request = await house.migrate(TEAM_A)

    assert house.state(request) == "skipped"
    assert house.github.faults.count("find_repository") == 1


async def test_a_survey_of_switched_off_issues_says_so(house: House) -> None:
    """The reason is the migrator's."""
    await emptied(house, 35)
    reader = rehearser(sources(house), house.style)
    plan = await planned(reader)
    house.github.faults.at("list_issues", 0, Fault(Found(())))
    house.github.change(TEAM_A, has_issues=False)

    found = await reader.look(TEAM_A, RehearsalWish(plan))

    assert isinstance(found, Dead)
    assert "switch them on" in found.letter


@pytest.mark.parametrize("number", [999, 100_000])
async def test_a_number_of_nowhere_in_the_ledger_hides_nothing(house: House, number: int) -> None:
    """What is new stands behind the listing, and is read there whatever a ledger of before names."""
    house.github.add(SOURCE, "One", "Two")
    target = house.github.add(TEAM_A)
    await house.migrate(TEAM_A)
    records = house.store.ledger(target)
    records.clear()
    records[TicketId(7)] = CreatedAs(number, 0)
    for copy in (1, 2):
        house.github.at(TEAM_A).listed_from[copy] = 1e9

    await house.migrated(TEAM_A)

    assert house.github.titles(TEAM_A) == ["One", "Two"]


async def test_five_thousand_deleted_issues_below_a_copy_on_record_are_not_all_read(
    house: House,
) -> None:
    """Of a copy above them, which is gone, too: the newest are read, and those right behind the listing."""
    house.github.add(SOURCE, "One")
    target = house.github.add(TEAM_A)
    house.github.at(TEAM_A).gone |= set(range(1, 5001))
    house.github.at(TEAM_A).highest = 5000
    ticket = tickets(house)[0]
    house.store.ledger(target)[ticket] = CreatedAs(5000, 0)

    await house.migrated(TEAM_A)

    assert house.told("migration.migrated")[-1]["deleted"] == 1
    assert house.github.faults.count("read_issue") < 2200
