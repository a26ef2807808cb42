"""Dependencies: what blocks what in the template does so in the target, and never is a reason to fail."""

import pytest

from monarch.core.outcome import Code, Permanent, RateLimited, Scope, Transient
from monarch.core.ticket import Milestone
from tests.contracts.doubles.faults import Fault
from tests.contracts.doubles.github import BAD_GATEWAY, DROPPED, HANG, LATE, LOST
from tests.stages.house import SOURCE, TEAM_A, House

FORBIDDEN = Fault(Permanent(Scope.REPOSITORY, Code.FORBIDDEN, "no"))
OUTAGE = Fault(Transient("GitHub answered 502"))
NO_ADDRESS = Fault(Permanent(Scope.REPOSITORY, Code.NOT_FOUND, "no"))


@pytest.fixture
def house(house: House) -> House:
    """Two and Three wait for One, Three for Two as well; One waits for one that is closed; the team's numbers differ."""
    house.github.add(SOURCE)
    ids = [house.github.add_issue(SOURCE, title) for title in ("One", "Two", "Three")]
    house.github.add_issue(SOURCE, "Closed", state="closed")
    one, two, _, closed = [issue.id for issue in house.github.issues(SOURCE)]
    template = house.github.at(SOURCE)
    for number, blocker in ((2, one), (3, one), (3, two), (1, closed)):
        template.block(number, blocker)
    assert ids == [1, 2, 3]
    house.github.add(TEAM_A, "Ours")
    return house


def blockers(house: House, team: str = TEAM_A) -> dict[int, list[int]]:
    """Which issues of the target each of its issues waits for, by number."""
    numbers = {issue.id: issue.number for issue in house.github.issues(team)}
    return {n: [numbers[i] for i in ids] for n, ids in house.github.at(team).blockers.items()}


def told(house: House) -> str:
    """All that the channel was told."""
    return "\n".join(house.slack.texts("C1"))


WHOLE = {3: [2], 4: [2, 3]}


async def test_dependencies_are_those_of_the_template(house: House) -> None:
    """As far as they lie within the plan; what does not is said once for the request; and again changes nothing."""
    await house.migrated(TEAM_A)
    assert blockers(house) == WHOLE
    assert "Not copied: dependencies of #1 on issues that are no open tickets." in told(house)
    await house.changes_nothing(TEAM_A)
    assert not house.notes()


async def test_a_plan_without_dependencies_costs_nothing(house: House) -> None:
    """Not a call."""
    house.github.add("org/flat", "Flat")
    await house.migrate(TEAM_A, source="org/flat")

    assert house.github.faults.count("list_blockers") == 0


async def test_blockers_that_a_person_has_chosen_stay(house: House) -> None:
    """A copy that has as many as its ticket is not touched."""
    await house.migrate(TEAM_A)
    ours = house.github.issues(TEAM_A)[0].id
    house.github.at(TEAM_A).blockers[3] = [ours]
    await house.changes_nothing(TEAM_A)


@pytest.mark.parametrize("fault", [LOST, DROPPED, BAD_GATEWAY, HANG, LATE])
async def test_a_dependency_without_an_answer_is_looked_at_again(
    house: House, fault: Fault
) -> None:
    """It is there once in the end, whatever became of the first try."""
    house.github.faults.at("add_blocker", 1, fault)
    await house.migrated(TEAM_A)

    assert blockers(house) == WHOLE


async def test_a_server_without_addresses_for_dependencies_is_noted(house: House) -> None:
    """As Enterprise Servers up to 3.18 are; nothing more is asked there."""
    for turn in range(1, 4):
        house.github.faults.at("list_blockers", turn, NO_ADDRESS)
    await house.migrated(TEAM_A)

    assert house.github.faults.count("add_blocker") == 0
    assert house.notes() == [
        "dependencies of #2, #3, #4: not copied, since this server has no API for it"
    ]


@pytest.mark.parametrize("method", ["list_blockers", "list_sub_issues"])
@pytest.mark.parametrize("fault", [OUTAGE, Fault(RateLimited("slow down", 1.0))])
async def test_relations_that_github_shows_a_moment_later_are_copied(
    house: House, method: str, fault: Fault
) -> None:
    """One 502 while the template was read, and all its dependencies were left out for good."""
    for child in (2, 3):
        house.github.edit_issue(SOURCE, child, parent=1)
    house.github.at(SOURCE).children[1] = [3, 2]
    house.github.faults.at(method, 1, fault)
    await house.migrated(TEAM_A)

    assert blockers(house) == WHOLE
    assert house.github.at(TEAM_A).children == {2: [4, 3]}
    assert "did not show" not in told(house)


async def test_relations_that_github_never_shows_are_left_out_and_named(house: House) -> None:
    """At the last try, so that no request is given up over them."""
    house.github.faults.at("list_blockers", 0, OUTAGE)
    await house.migrated(TEAM_A)

    assert len(house.github.issues(TEAM_A)) == 4
    assert "dependencies of #1, #2, #3, which GitHub did not show" in told(house)


async def test_a_dependency_that_is_forbidden_is_tried_once(house: House) -> None:
    """One note for all."""
    house.github.faults.at("add_blocker", 1, FORBIDDEN)
    await house.migrated(TEAM_A)

    assert house.github.faults.count("add_blocker") == 1
    assert house.notes() == ["dependencies of #3, #4: not copied. no"]


async def test_without_the_right_to_push_nothing_is_asked(house: House) -> None:
    """And that is noted."""
    house.github.change(TEAM_A, may_push=False)
    await house.migrate(TEAM_A)

    assert house.github.faults.count("add_blocker") == 0
    assert house.notes() == [
        "dependencies: not copied, since our account may not push to it (write access)"
    ]


async def test_what_a_template_has_and_no_copy_will_is_said_once(house: House) -> None:
    """For the request, and not for each target; the final message tells it, too."""
    house.github.add("org/rich")
    house.github.add_issue("org/rich", "One", comments=2, fields=("Priority", "Size"))
    house.github.add_issue("org/rich", "Two", is_locked=True, comments=1)
    house.github.add_issue("org/rich", "Three", state="closed", comments=7)
    await house.migrated(TEAM_A, source="org/rich")

    assert not house.notes()
    line = "Not copied: comments of #1, #2; locks of #2; issue fields (Priority, Size) of #1."
    assert line in told(house)


async def test_a_milestone_of_the_same_title_that_is_due_on_another_day_is_noted(
    house: House,
) -> None:
    """The team's own is used, as it is."""
    due = Milestone("Sprint 1", "open", "", "2026-02-01T08:00:00Z", 1)
    house.github.add("org/due")
    house.github.add_issue("org/due", "One", milestone=due)
    house.github.at(TEAM_A).milestones[1] = Milestone("Sprint 1", "open", "", "", 1)
    await house.migrate(TEAM_A, source="org/due")

    assert house.notes() == [
        "milestone Sprint 1: the target's own is used, due on no day; the template's is due on 2026-02-01"
    ]
