"""Sub-issues: the template's hierarchy in the target, and never a reason to fail."""

import pytest

from monarch.core.outcome import Absent, Code, Found, Permanent, Scope, Transient, Unknown
from tests.contracts.doubles.faults import Fault
from tests.contracts.doubles.github import BAD_GATEWAY, DROPPED, HANG, LATE, LIMITED, LOST
from tests.stages.house import SOURCE, TEAM_A, House

REFUSED = Fault(Permanent(Scope.TICKET, Code.REFUSED, "it can only have one parent"))
FORBIDDEN = Fault(Permanent(Scope.REPOSITORY, Code.FORBIDDEN, "no"))


@pytest.fixture
def house(house: House) -> House:
    """Tickets One to Five: Two and Four are below One, Three below Two, and Five below one that is closed."""
    house.github.add(SOURCE)
    for title, parent in (("One", None), ("Two", 1), ("Three", 2), ("Four", 1), ("Five", 6)):
        house.github.add_issue(SOURCE, title, parent=parent)
    house.github.add_issue(SOURCE, "Six", state="closed")
    house.github.add(TEAM_A)
    return house


def hierarchy(house: House) -> dict[int, list[int]]:
    """The sub-issues of each issue of the target, in order."""
    return house.github.at(TEAM_A).children


WHOLE = {1: [2, 4], 2: [3]}


async def test_the_hierarchy_is_kept_in_order(house: House) -> None:
    """As far as it lies within the plan; and again changes nothing."""
    await house.migrated(TEAM_A)
    assert hierarchy(house) == WHOLE
    await house.changes_nothing(TEAM_A)
    assert not house.notes()


async def test_a_plan_without_hierarchy_costs_nothing(house: House) -> None:
    """Not a call more than the looks."""
    house.github.add("org/flat", "Flat")
    await house.migrate(TEAM_A, source="org/flat")

    assert house.github.faults.count("add_sub_issue") == 0
    # Five numbers behind the highest of the source, and of the target at the start and at the end, and nothing else.
    assert house.github.faults.count("read_issue") == 15


async def test_another_parent_is_a_persons_doing(house: House) -> None:
    """It is left alone, and so is a sub-issue that was put there between the look and the write."""
    await house.migrate(TEAM_A)
    house.github.edit_issue(TEAM_A, 2, parent=5)
    house.github.edit_issue(TEAM_A, 4, parent=None)
    as_it_was = house.github.issues(TEAM_A)[3]
    house.github.edit_issue(TEAM_A, 4, parent=5)
    house.github.faults.at("list_issues", 6, Fault(Found((as_it_was,))))
    await house.changes_nothing(TEAM_A)

    assert house.github.faults.count("add_sub_issue") == 3


async def test_a_copy_that_is_deleted_meanwhile_has_no_place(house: House) -> None:
    """Nothing is to be done for it, and nothing to be told."""
    house.github.faults.at("read_issue", 16, Fault(Absent(taken=True)))
    await house.migrated(TEAM_A)

    assert hierarchy(house) == {1: [4], 2: [3]}
    assert not house.notes()


@pytest.mark.parametrize("fault", [LOST, BAD_GATEWAY, DROPPED, HANG, LATE, LIMITED])
@pytest.mark.parametrize("nth", [1, 2, 3])
async def test_one_without_an_answer_is_looked_at_again(
    house: House, fault: Fault, nth: int
) -> None:
    """Done or not, at once or late: in the end each is in its place, once and in order."""
    house.github.faults.at("add_sub_issue", nth, fault)
    await house.migrated(TEAM_A)

    assert {parent: sorted(below) for parent, below in hierarchy(house).items()} == WHOLE
    assert not house.notes()


async def test_a_refused_one_fails_nothing(house: House) -> None:
    """The others are put in their places, and it is noted which is not, and why."""
    house.github.faults.at("add_sub_issue", 1, REFUSED)
    await house.migrated(TEAM_A)

    assert hierarchy(house) == {1: [4], 2: [3]}
    (note,) = house.notes()
    assert note.startswith("sub-issues #2: ")
    assert "only have one parent" in note


async def test_whoever_may_not_is_not_asked_again(house: House) -> None:
    """A refusal that is about the repository is one for all; told once, with all that it is about."""
    house.github.faults.at("add_sub_issue", 0, FORBIDDEN)
    await house.migrated(TEAM_A)

    assert house.github.faults.count("add_sub_issue") == 1
    (note,) = house.notes()
    assert note.startswith("sub-issues #2, #3, #4: ")


async def test_without_the_right_to_push_nothing_is_tried(house: House) -> None:
    """It is known before."""
    house.github.change(TEAM_A, may_push=False)
    await house.migrated(TEAM_A)

    assert house.github.faults.count("add_sub_issue") == 0
    assert ["sub-issues" in note for note in house.notes()] == [True]


async def test_a_fault_while_reading_is_tried_again(house: House) -> None:
    """The next crossing finds what is done."""
    house.github.faults.at("read_issue", 12, Fault(Transient("502")))
    await house.migrated(TEAM_A)

    assert len(house.told("retry.scheduled")) == 1
    assert hierarchy(house) == WHOLE


async def test_the_order_is_that_of_the_template(house: House) -> None:
    """Which only the parent tells: there Four was put before Two."""
    house.github.at(SOURCE).children[1] = [4, 2]

    await house.migrated(TEAM_A)

    assert hierarchy(house) == {1: [4, 2], 2: [3]}


@pytest.mark.parametrize("how", [REFUSED, Fault(Transient("502"))])
async def test_an_order_that_cannot_be_read_costs_nothing(house: House, how: Fault) -> None:
    """Then it is that of the numbers."""
    house.github.faults.at("list_sub_issues", 0, how)
    await house.migrated(TEAM_A)

    assert hierarchy(house) == WHOLE
    assert not house.notes()


async def test_a_server_without_sub_issues_is_not_asked_for_them(house: House) -> None:
    """One note, and no call that cannot succeed."""
    missing = Fault(Permanent(Scope.REPOSITORY, Code.NOT_FOUND, "no such page"))
    house.github.faults.at("list_sub_issues", 0, missing)
    await house.migrated(TEAM_A)

    assert house.github.faults.count("add_sub_issue") == 0
    assert house.notes() == [
        "sub-issues #2, #3, #4: not put under their parents, since this server has no API for it"
    ]


async def test_a_sub_issue_that_is_never_answered_costs_no_ticket(house: House) -> None:
    """cli/cli#10378: adding one answers 500 for ever."""
    house.github.faults.at("add_sub_issue", 0, Fault(Unknown("GitHub answered 500")))
    await house.migrated(TEAM_A)

    assert ["writes had no clear answer" in note for note in house.notes()] == [True]


async def test_one_parent_that_is_gone_hides_no_other(house: House) -> None:
    """It says nothing of the server: the rest of the hierarchy is copied."""
    house.github.add_issue(SOURCE, "Seven", parent=2)
    house.github.faults.at(
        "list_sub_issues", 1, Fault(Permanent(Scope.REPOSITORY, Code.NOT_FOUND, "no such page"))
    )
    await house.migrated(TEAM_A)

    assert hierarchy(house) == {1: [2, 4], 2: [3, 6]}
    assert not house.notes()
