"""Healing: exactly those copies are made again that a person asks for, and nothing else of the target is touched."""

import pytest

from monarch.core.ids import RequestId, TicketId
from monarch.core.ticket import Issue, Label
from tests.contracts.doubles.faults import Fault
from tests.contracts.doubles.github import DROPPED, HANG, LATE, LIMITED, LOST
from tests.stages.house import SOURCE, TEAM_A, TEAM_B, House

TITLES = ["One", "Two", "Three", "Four"]
BUG, HELP = Label("bug", "d73a4a", ""), Label("help", "008672", "")


@pytest.fixture
def house(house: House) -> House:
    """Four tickets with labels, the second and the third below the first."""
    house.github.add(SOURCE)
    house.github.add_issue(SOURCE, "One", labels=(HELP,))
    house.github.add_issue(SOURCE, "Two", labels=(BUG,), parent=1)
    house.github.add_issue(SOURCE, "Three", labels=(HELP,), parent=1)
    house.github.add_issue(SOURCE, "Four")
    house.github.add(TEAM_A)
    house.github.add(TEAM_B)
    return house


@pytest.fixture
def tickets(house: House) -> list[TicketId]:
    """The ids of the four tickets."""
    return [TicketId(issue.id) for issue in house.github.issues(SOURCE)]


async def copied(house: House, *targets: str) -> RequestId:
    """A request that is done."""
    return await house.migrated(*targets)


async def heal(house: House, request: RequestId, *tickets: TicketId, target: str = TEAM_A) -> None:
    """A person asks for it, and it is done."""
    (told,) = await house.world.hands.heal(request, {target: tickets}, "ann")
    assert not told.refused
    await house.settle()


def by_title(house: House, title: str) -> Issue:
    """The copy of that title in the first team's repository."""
    (found,) = [issue for issue in house.github.issues(TEAM_A) if issue.title == title]
    return found


async def test_a_deleted_copy_is_made_again(house: House, tickets: list[TicketId]) -> None:
    """With its label and its place in the hierarchy; the team's other issues stay as they are."""
    request = await copied(house, TEAM_A, TEAM_B)
    house.github.delete_issue(TEAM_A, 2)
    before = house.github.issues(TEAM_A), house.github.issues(TEAM_B)

    await heal(house, request, tickets[1])

    healed = by_title(house, "Two")
    assert house.state(request) == "done"
    assert healed.number == 5
    assert (healed.labels, healed.parent) == ((BUG,), 1)
    assert (house.github.issues(TEAM_A)[:-1], house.github.issues(TEAM_B)) == before
    assert house.told("migration.migrated")[-1]["deleted"] == 0


async def test_only_what_was_asked_for_is_made_again(house: House, tickets: list[TicketId]) -> None:
    """Another copy that a person deleted stays deleted; what it would need is not created."""
    request = await copied(house, TEAM_A)
    house.github.delete_issue(TEAM_A, 2)
    house.github.delete_issue(TEAM_A, 4)
    del house.github.at(TEAM_A).labels["bug"]

    await heal(house, request, tickets[3])

    assert house.github.titles(TEAM_A) == ["One", "Three", "Four"]
    assert list(house.github.at(TEAM_A).labels) == ["help"]
    assert house.told("migration.migrated")[-1]["deleted"] == 1


async def test_what_is_there_is_not_made_again(house: House, tickets: list[TicketId]) -> None:
    """A heal that asks for too much makes nothing twice: not even what no marker shows."""
    request = await copied(house, TEAM_A)
    house.github.edit_issue(TEAM_A, 2, body="my own words")
    did = list(house.github.did)

    await heal(house, request, *tickets)

    assert house.github.did == did
    assert house.state(request) == "done"


async def test_a_copy_that_was_never_there_is_no_deleted_one(
    house: House, tickets: list[TicketId]
) -> None:
    """A number that GitHub does not know is no evidence of a deletion."""
    request = await copied(house, TEAM_A)
    house.github.edit_issue(TEAM_A, 2, body="my own words", title="Mine")
    house.github.hide(TEAM_A, 2)

    await heal(house, request, tickets[1])

    assert house.github.faults.count("create_issue") == 4
    assert house.state(request) == "failed"


async def test_the_children_of_a_healed_parent_stay_where_they_are(
    house: House, tickets: list[TicketId]
) -> None:
    """They are other copies, and no heal names them."""
    request = await copied(house, TEAM_A)
    house.github.delete_issue(TEAM_A, 1)
    for child in (2, 3):
        house.github.edit_issue(TEAM_A, child, parent=None)

    await heal(house, request, tickets[0])

    assert by_title(house, "One").number == 5
    assert [by_title(house, title).parent for title in ("Two", "Three")] == [None, None]


@pytest.mark.parametrize("fault", [LOST, DROPPED, HANG, LATE, LIMITED])
async def test_a_healing_is_reconciled_like_anything_else(
    house: House, tickets: list[TicketId], fault: Fault
) -> None:
    """Once the first write is under way there is an intent, as for any other copy."""
    request = await copied(house, TEAM_A)
    house.github.delete_issue(TEAM_A, 2)
    house.github.faults.at("create_issue", 5, fault)

    await heal(house, request, tickets[1])

    assert house.github.titles(TEAM_A) == ["One", "Three", "Four", "Two"]
    assert house.state(request) == "done"


async def test_what_was_healed_stays_deleted_the_next_time(
    house: House, tickets: list[TicketId]
) -> None:
    """A person deletes it again: the same message again leaves it so, and a person may heal it again."""
    request = await copied(house, TEAM_A)
    house.github.delete_issue(TEAM_A, 2)
    await heal(house, request, tickets[1])
    house.github.delete_issue(TEAM_A, 5)

    again = await copied(house, TEAM_A)
    assert house.github.titles(TEAM_A) == ["One", "Three", "Four"]
    await heal(house, again, tickets[1])

    assert by_title(house, "Two").number == 6
