"""Whole runs in targets where people write markers: by pasting, by editing a copy, and in malice."""

from dataclasses import replace

import pytest

from monarch.core.copy.marker import Marker
from monarch.core.copy.seal import Seal
from monarch.core.copy.style import Style
from monarch.core.target.permission import Credential
from monarch.core.ticket import Author, Issue
from tests.contracts.doubles.faults import Fault
from tests.contracts.doubles.github import LOST
from tests.contracts.worlds import NO_CEILINGS
from tests.core.target.test_evidence import ASSOCIATIONS
from tests.stages.faithful import marker_of
from tests.stages.house import SOURCE, TEAM_A, House

TITLES = [f"Ticket {n}" for n in range(1, 13)]
SLOWLY = replace(NO_CEILINGS, interval_ms=10_000)
KEYED = Style(seal=Seal("monarch", (b"the key of this installation",)))


@pytest.fixture
def house(house: House) -> House:
    """A template with twelve tickets, and a team."""
    house.github.add(SOURCE, *TITLES)
    house.github.add(TEAM_A)
    return house


def tickets(house: House) -> list[Issue]:
    """The issues of the template."""
    return house.github.issues(SOURCE)


def marker(house: House, ticket: int) -> str:
    """The marker of a ticket's copy, by the ticket's number."""
    return marker_of(tickets(house)[ticket - 1], house.github.at(TEAM_A).repository.id)


def ours(house: House) -> list[str]:
    """The titles of what our account has opened there."""
    login = house.github.me.login
    return [issue.title for issue in house.github.issues(TEAM_A) if issue.author == login]


def assert_well(house: House, *requests: str) -> None:
    """Every ticket once and in order, nothing reported, nothing to be closed."""
    assert ours(house) == TITLES
    assert {house.store.requests[request]["state"] for request in house.store.requests} == {"done"}
    assert not house.told("stray.found")
    assert house.store.dead == []


@pytest.mark.parametrize("association", ASSOCIATIONS)
async def test_one_issue_planted_beforehand_suppresses_no_ticket(
    house: House, association: str
) -> None:
    """By anyone: a member of the organisation, a collaborator with read access, the owner of the repository."""
    body = "\n".join(marker(house, ticket) for ticket in range(1, 13))
    house.github.add_issue(TEAM_A, "mine", body, author="student", association=association)
    await house.migrate(TEAM_A)

    assert_well(house)
    assert [line["number"] for line in house.told("marker.planted")] == [1]


async def test_a_student_puts_ticket_12s_marker_into_copy_1(house: House) -> None:
    """Copy #1 stays ticket 1's copy, ticket 12 is copied as #12, and Slack asks no one to close anything."""
    house.ceilings = SLOWLY
    house.publish(TEAM_A)

    async with house.running():
        await house.until(lambda: len(ours(house)) == 3)
        house.github.edit_issue(TEAM_A, 1, body=f"Do it.\n\n{marker(house, 12)}")
        await house.until_quiet()
    await house.migrate(TEAM_A)

    assert_well(house)
    assert not house.told("marker.planted")
    assert "close" not in "".join(house.slack.texts("C1"))


@pytest.mark.parametrize("where", ["below its own", "above its own"])
async def test_team_0420_a_marker_is_added_to_copy_1_and_then_the_memory_is_lost(
    house: House, where: str
) -> None:
    """Twelve is not copied yet. Copy #1 stays ticket 1's, which is not copied again, and twelve is copied all the same."""
    house.ceilings = SLOWLY
    house.publish(TEAM_A)

    async with house.running():
        await house.until(lambda: len(ours(house)) == 3)
        own, added = house.github.issues(TEAM_A)[0].body, marker(house, 12)
        text = f"{own}\n{added}" if where == "below its own" else f"{added}\n{own}"
        house.github.edit_issue(TEAM_A, 1, body=text)
        house.store.forget_all("ledger")
        house.store.forget()
        house.publish(TEAM_A)
        await house.until_quiet()
    await house.settle()

    assert_well(house)
    assert not house.told("marker.planted")


async def test_a_student_pastes_a_copys_text_into_an_issue_of_his_own(house: House) -> None:
    """The hidden line comes along; it changes nothing, and Monarch reports it once."""
    await house.migrate(TEAM_A)
    text = house.github.issues(TEAM_A)[4].body
    house.github.add_issue(TEAM_A, "How?", f"I do not get this:\n\n{text}", author="student")

    await house.migrate(TEAM_A)

    assert_well(house)
    assert [line["number"] for line in house.told("marker.planted")] == [13]
    assert "12/12" in house.card()


async def test_a_forgotten_ledger_leaves_an_innocent_paste_what_it_is(house: House) -> None:
    """Its number may be lower than the copy's."""
    house.github.add_issue(TEAM_A, "How?", marker(house, 5), author="student")
    await house.migrate(TEAM_A)
    house.store.forget_all("ledger")

    await house.migrate(TEAM_A)

    assert_well(house)


@pytest.mark.parametrize("fault", [LOST])
async def test_a_lost_answer_beside_a_planted_marker_is_reconciled_with_our_own(
    house: House, fault: Fault
) -> None:
    """The planted one has the lower number."""
    house.github.add_issue(TEAM_A, "mine", marker(house, 3), author="student")
    house.github.faults.at("create_issue", 3, fault)
    await house.migrate(TEAM_A)

    assert_well(house)


async def test_a_target_that_an_older_version_has_half_filled_is_topped_up(house: House) -> None:
    """Its markers name no target: they count in issues by our account, and their copies are not called edited."""
    for ticket in tickets(house)[:5]:
        old = f"{ticket.body}\n\n{Marker(SOURCE, ticket.number, ticket.id)}".lstrip()  # type: ignore[arg-type]  # an id
        house.github.add_issue(TEAM_A, ticket.title, old, author=house.github.me.login)
    await house.migrate(TEAM_A)

    assert_well(house)
    assert len(house.github.did) == 7


async def test_signed_copies_by_a_forgotten_account_are_copies(house: House) -> None:
    """Everything is forgotten, and another account goes on."""
    house.style = KEYED
    await house.migrate(TEAM_A)
    house.store.forget_all("ledger")
    house.github.me = Credential("account-2", "fingerprint-2", "new-bot", 4343)
    house.github.writes_as = Author("new-bot", 4343)
    house.store.do("DEL", house.keys.logins)

    await house.migrate(TEAM_A)

    assert house.github.titles(TEAM_A) == TITLES
    assert not house.told("stray.found")


async def test_a_student_copies_a_signed_marker(house: House) -> None:
    """With its signature, into an issue of the same target: no copy and no stray while ours is there."""
    house.style = KEYED
    await house.migrate(TEAM_A)
    signed = house.github.issues(TEAM_A)[4].body
    house.github.add_issue(TEAM_A, "mine", signed, author="student")
    house.store.forget_all("ledger")

    await house.migrate(TEAM_A)

    assert_well(house)
    assert [line["number"] for line in house.told("marker.planted")] == [13]
