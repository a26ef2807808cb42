"""Labels, milestones and issue types: there before the copies that need them, and never a reason to fail."""

from typing import Any

import anyio
import pytest

from monarch.core.copy.style import Style
from monarch.core.outcome import Code, Found, Permanent, Scope, Transient, Unknown
from monarch.core.ticket import Issue, Label, Milestone
from monarch.stages.crossing.desk import DETAIL_ATTEMPTS
from scripts.memory.client import Answer, Command
from tests.contracts.doubles.faults import Fault
from tests.contracts.doubles.github import BAD_GATEWAY, DROPPED, HANG, LATE, LIMITED, LOST
from tests.stages.house import SOURCE, TEAM_A, TEAM_B, House, pass_time

BUG, HELP = Label("bug", "d73a4a", "It is broken"), Label("Help Wanted", "008672", "")
SPRINT = Milestone("Sprint 1", "closed", "The first", "2026-02-01T00:00:00Z", 7)
READS = ("list_labels", "list_milestones", "list_issue_types")
NOTHING_LISTED = Fault(Found(()))
FORBIDDEN = Fault(Permanent(Scope.REPOSITORY, Code.FORBIDDEN, "no"))


@pytest.fixture
def house(house: House) -> House:
    """Three tickets with labels, a milestone and an issue type, and two empty teams."""
    house.github.add(SOURCE)
    house.github.add_issue(SOURCE, "One", labels=(BUG, HELP), milestone=SPRINT)
    house.github.add_issue(SOURCE, "Two", labels=(BUG,), type="Task")
    house.github.add_issue(SOURCE, "Three")
    house.github.add(TEAM_A)
    house.github.add(TEAM_B)
    for team in (TEAM_A, TEAM_B):
        house.github.at(team).types = ("Task", "Bug")
    return house


def details(issue: Issue) -> tuple[list[str], str | None, str]:
    """What an issue has beside its text."""
    title = None if issue.milestone is None else issue.milestone.title
    return [label.name for label in issue.labels], title, issue.type


WHOLE = [(["bug", "Help Wanted"], "Sprint 1", ""), (["bug"], None, "Task"), ([], None, "")]


def whole(house: House, team: str = TEAM_A) -> None:
    """Every copy is there, with all that its ticket has; and nothing is there twice."""
    here = house.github.at(team)
    assert [details(issue) for issue in house.github.issues(team)] == WHOLE
    assert list(here.labels.values()) == [BUG, HELP]
    (milestone,) = here.milestones.values()
    assert (milestone.title, milestone.state, milestone.description, milestone.due_on) == (
        "Sprint 1",
        "closed",
        "The first",
        "2026-02-01T00:00:00Z",
    )


async def test_a_copy_has_what_its_ticket_has(house: House) -> None:
    """Labels with their colours and descriptions, a milestone with its state and due date, and its issue type."""
    request = await house.migrate(TEAM_A, TEAM_B)

    whole(house, TEAM_A)
    whole(house, TEAM_B)
    assert house.state(request) == "done"
    assert not house.notes()


async def test_again_makes_no_write(house: House) -> None:
    """The same message again finds everything there."""
    await house.migrate(TEAM_A)
    await house.changes_nothing(TEAM_A)


async def test_what_the_target_has_stays_as_it_is(house: House) -> None:
    """The team's own colour and due date; compared without case, and asked for as the target spells it."""
    here = house.github.at(TEAM_A)
    here.labels["bug"] = Label("BUG", "000000", "ours")
    here.milestones[1] = Milestone("Sprint 1", "open", "ours", "", 1)
    await house.migrate(TEAM_A)

    assert [details(issue)[0] for issue in house.github.issues(TEAM_A)] == [
        ["BUG", "Help Wanted"],
        ["BUG"],
        [],
    ]
    assert here.labels["bug"] == Label("BUG", "000000", "ours")
    assert here.milestones == {1: Milestone("Sprint 1", "open", "ours", "", 1)}
    assert house.github.faults.count("create_label") == 1
    assert house.github.faults.count("create_milestone") == 0


async def test_nothing_is_read_that_nobody_needs(house: House) -> None:
    """A plan without details costs no call for them; nor does one whose copies are all there."""
    await house.migrate(TEAM_A)
    before = [house.github.faults.count(read) for read in READS]
    assert before == [1, 1, 1]

    house.github.add("org/plain", "Plain")
    house.publish(TEAM_A)
    await house.migrate(TEAM_B, source="org/plain")

    assert [house.github.faults.count(read) for read in READS] == before


async def test_an_installation_may_copy_none_of_it(house: House) -> None:
    """Then nothing is read, created or noted of labels and milestones."""
    house.style = Style(labels=False, milestones=False)
    await house.migrate(TEAM_A)

    assert [details(issue) for issue in house.github.issues(TEAM_A)] == [
        ([], None, ""),
        ([], None, "Task"),
        ([], None, ""),
    ]
    assert not house.github.at(TEAM_A).labels
    assert not house.github.at(TEAM_A).milestones
    assert house.github.faults.count("list_labels") == 0
    assert house.github.faults.count("list_milestones") == 0
    assert not house.notes()


async def test_without_the_right_to_push_the_tickets_go_without(house: House) -> None:
    """GitHub would drop it all silently: nothing is asked for, and one note says why."""
    house.github.change(TEAM_A, may_push=False)
    await house.migrated(TEAM_A)

    assert house.github.titles(TEAM_A) == ["One", "Two", "Three"]
    assert [details(issue) for issue in house.github.issues(TEAM_A)] == [([], None, "")] * 3
    assert house.github.faults.count("create_label") == 0
    (note,) = house.notes()
    assert "labels, milestones and issue types" in note
    assert "push" in note


@pytest.mark.parametrize("method", ["create_label", "create_milestone"])
async def test_a_forbidden_detail_is_tried_once(house: House, method: str) -> None:
    """An account that may not create one may create none, whatever the preflight said."""
    house.github.faults.at(method, 0, FORBIDDEN)
    await house.migrated(TEAM_A)

    assert house.github.titles(TEAM_A) == ["One", "Two", "Three"]
    assert house.github.faults.count(method) == 1
    assert len(house.notes()) == 1


async def test_what_github_will_not_have_is_left_out(house: House) -> None:
    """A label that it refuses for good must not be made up by asking for it."""
    house.github.refused_titles |= {"bug", "Sprint 1"}
    await house.migrated(TEAM_A)

    assert [details(issue) for issue in house.github.issues(TEAM_A)] == [
        (["Help Wanted"], None, ""),
        ([], None, "Task"),
        ([], None, ""),
    ]
    assert [note.partition(":")[0] for note in house.notes()] == [
        "labels bug",
        "milestones Sprint 1",
    ]


async def test_an_issue_type_that_is_not_there_is_noted(house: House) -> None:
    """Types belong to an organisation; a target without one gets none."""
    house.github.at(TEAM_A).types = ()
    await house.migrated(TEAM_A)

    assert house.github.issues(TEAM_A)[1].type == ""
    assert ["Task" in note for note in house.notes()] == [True]


@pytest.mark.parametrize("read", READS)
async def test_what_cannot_be_read_is_left_out(house: House, read: str) -> None:
    """For good: no ticket waits for it."""
    missing = Fault(Permanent(Scope.REPOSITORY, Code.FORBIDDEN, "not for your eyes"))
    house.github.faults.at(read, 0, missing)
    await house.migrated(TEAM_A)

    assert house.github.titles(TEAM_A) == ["One", "Two", "Three"]
    assert ["not for your eyes" in note for note in house.notes()] == [True]


@pytest.mark.parametrize("read", READS)
async def test_a_listing_that_fails_for_ever_costs_no_ticket(house: House, read: str) -> None:
    """After some tries it is done without, and noted."""
    house.github.faults.at(read, 0, Fault(Transient("GitHub answered 502")))
    await house.migrated(TEAM_A)

    assert house.github.titles(TEAM_A) == ["One", "Two", "Three"]
    assert ["502" in note for note in house.notes()] == [True]
    assert house.github.faults.count(read) == DETAIL_ATTEMPTS + 1


@pytest.mark.parametrize("method", ["create_label", "create_milestone"])
async def test_a_write_that_is_never_answered_costs_no_ticket(house: House, method: str) -> None:
    """A label or a milestone that answers 500 for ever is given up, and the others of its kind with it."""
    house.github.faults.at(method, 0, Fault(Unknown("GitHub answered 500")))
    await house.migrated(TEAM_A)

    assert house.github.titles(TEAM_A) == ["One", "Two", "Three"]
    assert ["writes had no clear answer" in note for note in house.notes()] == [True]
    assert house.github.faults.count(method) == 2 * (DETAIL_ATTEMPTS + 1)


async def test_a_right_that_is_not_said_is_tried(house: House) -> None:
    """An App is never told that it may push, and may all the same."""
    house.github.change(TEAM_A, may_push=None)
    await house.migrated(TEAM_A)

    whole(house)
    assert not house.notes()


async def test_a_right_that_is_not_there_is_tried_once(house: House) -> None:
    """Then nothing more is asked for, and a note says why."""
    house.github.change(TEAM_A, may_push=None)
    house.github.at(TEAM_A).may_push_unsaid = False
    await house.migrated(TEAM_A)

    assert house.github.titles(TEAM_A) == ["One", "Two", "Three"]
    assert house.github.faults.count("create_label") == 1
    (note,) = house.notes()
    assert "push" in note


async def test_types_are_asked_for_where_none_are_listed(house: House) -> None:
    """An older Enterprise Server has them and does not list them."""
    missing = Fault(Permanent(Scope.REPOSITORY, Code.NOT_FOUND, "no such page"))
    house.github.faults.at("list_issue_types", 0, missing)
    await house.migrated(TEAM_A)

    whole(house)
    assert not house.notes()


async def test_types_that_are_refused_are_refused_once(house: House) -> None:
    """Where none are listed and there are none: one write is turned down, and the tickets go without."""
    missing = Fault(Permanent(Scope.REPOSITORY, Code.NOT_FOUND, "no such page"))
    house.github.faults.at("list_issue_types", 0, missing)
    house.github.at(TEAM_A).types = ()
    house.github.add_issue(SOURCE, "Four", type="Task")
    await house.migrated(TEAM_A)

    assert house.github.titles(TEAM_A) == ["One", "Two", "Three", "Four"]
    assert house.github.faults.count("create_issue") == 5
    assert ["issue types" in note for note in house.notes()] == [True]


async def test_a_persons_repository_has_no_types(house: House) -> None:
    """None are asked for, and the note says why."""
    house.github.change(TEAM_A, is_personal=True)
    await house.migrated(TEAM_A)

    assert house.github.faults.count("list_issue_types") == 0
    assert ["belongs to a person" in note for note in house.notes()] == [True]


@pytest.mark.parametrize("method", ["create_label", "create_milestone"])
@pytest.mark.parametrize("fault", [LOST, BAD_GATEWAY, DROPPED, HANG, LATE, LIMITED])
async def test_a_detail_without_an_answer_is_looked_at_again(
    house: House, method: str, fault: Fault
) -> None:
    """Done or not done, at once or late: in the end it is there once, as it should be."""
    house.github.faults.at(method, 1, fault)
    await house.migrated(TEAM_A)

    whole(house)
    assert not house.notes()


@pytest.mark.parametrize("method", ["create_label", "create_milestone"])
async def test_two_unanswered_tries_are_a_failure(house: House, method: str) -> None:
    """The crossing ends, counted, and the next one reads again."""
    house.github.faults.at(method, 1, DROPPED)
    house.github.faults.at(method, 2, DROPPED)
    await house.migrated(TEAM_A)

    (retry,) = house.told("retry.scheduled")
    assert "writes had no clear answer" in retry["reason"]
    whole(house)


async def test_a_milestone_that_somebody_else_has_made_is_looked_up(house: House) -> None:
    """Its number is only in the listing, which lags."""
    here = house.github.at(TEAM_A)
    here.milestones[1] = Milestone("Sprint 1", number=1)
    house.github.faults.at("list_milestones", 1, NOTHING_LISTED)
    house.github.faults.at("list_milestones", 2, NOTHING_LISTED)
    await house.migrated(TEAM_A)

    assert details(house.github.issues(TEAM_A)[0])[1] == "Sprint 1"
    assert house.github.faults.count("create_milestone") == 1
    assert not house.notes()


async def test_a_milestone_that_is_never_listed_is_left_out(house: House) -> None:
    """GitHub says that it is there, but not under which number."""
    house.github.at(TEAM_A).milestones[1] = Milestone("Sprint 1", number=1)
    house.github.faults.at("list_milestones", 0, NOTHING_LISTED)
    await house.migrated(TEAM_A)

    assert details(house.github.issues(TEAM_A)[0]) == (["bug", "Help Wanted"], None, "")
    assert ["does not list it" in note for note in house.notes()] == [True]
    assert anyio.current_time() < 60


@pytest.mark.parametrize("read", READS)
async def test_a_limit_or_a_fault_while_reading_is_waited_for(house: House, read: str) -> None:
    """As anywhere: nothing is left out because of it."""
    house.github.faults.at(read, 1, LIMITED)
    house.github.faults.at(read, 2, Fault(Transient("502")))
    await house.migrated(TEAM_A)

    whole(house)
    assert not house.notes()


@pytest.mark.parametrize("field", ["milestone", "type", "labels", "assignees"])
async def test_a_ticket_that_is_refused_for_a_detail_is_created_without(
    house: House, field: str
) -> None:
    """What GitHub's validation names and nothing else; never fails the ticket."""
    had = {"labels", "milestone"}
    refusal = Permanent(Scope.TICKET, Code.TICKETS_REFUSED, f"{field} is invalid", (field,))
    house.github.faults.at("create_issue", 1, Fault(refusal))
    await house.migrated(TEAM_A)

    assert house.github.titles(TEAM_A) == ["One", "Two", "Three"]
    labels, milestone, _ = details(house.github.issues(TEAM_A)[0])
    assert bool(labels) == (field != "labels")
    assert (milestone is None) == (field == "milestone")
    # The first ticket has neither a type nor assignees, so nothing was left out; the type of the second one is copied.
    assert ["is invalid" in one for one in house.notes()] == [True] * (field in had)
    assert house.github.issues(TEAM_A)[1].type == "Task"


@pytest.mark.parametrize("fields", [(), ("title",), ("title", "milestone")])
async def test_a_ticket_that_is_refused_for_its_text_stays_refused(
    house: House, fields: tuple[str, ...]
) -> None:
    """Only a detail can be left out."""
    refusal = Permanent(Scope.TICKET, Code.TICKETS_REFUSED, "no", fields)
    house.github.faults.at("create_issue", 1, Fault(refusal))
    request = await house.migrate(TEAM_A)

    assert house.state(request) == "failed"
    assert house.github.titles(TEAM_A) == ["Two", "Three"]
    assert house.github.faults.count("create_issue") == 3


async def test_a_detail_that_is_refused_again_is_a_refusal(house: House) -> None:
    """Without it, and still for it: that is no reason to go on asking."""
    refusal = Permanent(Scope.TICKET, Code.TICKETS_REFUSED, "no", ("milestone",))
    house.github.faults.at("create_issue", 0, Fault(refusal))
    await house.migrate(TEAM_A)

    assert house.github.faults.count("create_issue") == 6


async def test_what_github_dropped_silently_is_noted(house: House) -> None:
    """The preflight said that we may push, and the answer shows that we may not: one note for each kind."""
    house.github.at(TEAM_A).drops = True
    await house.migrated(TEAM_A)

    assert [note.partition(":")[0] for note in house.notes()] == [
        "labels",
        "milestones",
        "issue types",
    ]


async def test_a_label_that_is_gone_costs_no_ticket(house: House) -> None:
    """Where we may not push GitHub refuses the whole issue for it: the copies go without labels, at one more write."""
    house.github.change(TEAM_A, may_push=None)
    here = house.github.at(TEAM_A)
    here.may_push_unsaid = False
    house.github.faults.at("list_labels", 1, Fault(Found((BUG, HELP))))
    await house.migrated(TEAM_A)

    assert house.github.titles(TEAM_A) == ["One", "Two", "Three"]
    assert any("labels" in note for note in house.notes())


async def test_an_account_that_may_open_no_issue_is_not_said_to_lack_labels(house: House) -> None:
    """Single sign-on forbids the call without labels as well: no ticket was copied, so none was copied without."""
    sign_on = Fault(Permanent(Scope.REPOSITORY, Code.FORBIDDEN, "protected by SAML"))
    house.github.faults.at("create_issue", 0, sign_on)
    request = await house.migrate(TEAM_A)

    assert house.state(request) == "failed"
    assert house.codes() == ["forbidden"]
    assert house.github.faults.count("create_issue") == 2
    assert not house.notes()

    house.github.faults.never("create_issue")
    await house.hands().replay([letter["id"] for letter in house.store.dead], "Ann")
    await house.settle()
    whole(house)
    assert house.state(request) == "done"
    assert not house.notes()


async def test_a_refusal_of_who_calls_costs_no_labels(house: House) -> None:
    """Single sign-on was authorised a second later: that copy and all that followed had lost their labels for good."""
    refusal = Permanent(Scope.REPOSITORY, Code.FORBIDDEN, "protected by SAML", keeps_out=True)
    house.github.faults.at("create_issue", 2, Fault(refusal))
    request = await house.migrate(TEAM_A)

    assert house.codes() == ["forbidden"]
    await house.hands().replay([letter["id"] for letter in house.store.dead], "Ann")
    await house.settle()
    assert house.state(request) == "done"
    whole(house)
    assert not house.notes()


@pytest.mark.parametrize("unanswered", [LOST, LATE])
async def test_forbidden_labels_are_noted_where_the_copy_is_unanswered(
    house: House, unanswered: Fault
) -> None:
    """The copy without labels may be there: the note is written at once, and once."""
    forbidden = Fault(Permanent(Scope.REPOSITORY, Code.FORBIDDEN, "no labels"))
    house.github.faults.at("create_issue", 1, forbidden)
    house.github.faults.at("create_issue", 2, unanswered)
    await house.migrated(TEAM_A)

    assert house.github.titles(TEAM_A) == ["One", "Two", "Three"]
    assert [
        "labels: left out of tickets that GitHub refuses with them" in note
        for note in house.notes()
    ] == [True]


async def test_assignees_come_along_where_they_can_be_assigned(house: House) -> None:
    """Those who cannot be assigned are noted; without the setting nothing is asked for."""
    house.github.add_issue(SOURCE, "Four", assignees=("ada", "bob"))
    house.github.at(TEAM_A).assignable = ("ada",)
    await house.migrate(TEAM_A)
    assert house.github.issues(TEAM_A)[3].assignees == ()
    assert house.github.faults.count("list_assignees") == 0

    house.style = Style(assignees=True)
    house.github.at(TEAM_B).assignable = ("ada",)
    await house.migrate(TEAM_B)

    assert house.github.issues(TEAM_B)[3].assignees == ("ada",)
    assert house.notes() == ["assignees bob: not copied, since they cannot be assigned there"]


class UnderWay:
    """A worker that died had a write of every ticket under way when the next one took the target."""

    def __init__(self, house: House, for_ms: int) -> None:
        self._house = house
        self._for_ms = for_ms
        self.is_over = False

    async def __call__(self, command: Command, answer: Answer) -> Any:
        """See `scripts.memory.client.Passage`."""
        if command.name == "take" and not self.is_over:
            self.is_over = True
            [ledger] = [key for key in command.keys if b"ledger:" in key]
            for ticket in self._house.github.issues(SOURCE):
                until = self._house.store.now_ms() + self._for_ms
                self._house.store.do(
                    "HSET", ledger, str(ticket.id), f"intended until {until} another"
                )
        return await answer()


@pytest.mark.parametrize("for_ms", range(20))
async def test_a_write_that_came_to_nothing_is_made_with_its_details(
    house: House, for_ms: int
) -> None:
    """A wait that ended a hair early looked too early: nothing was prepared, and the copy had no milestone."""
    await pass_time(62.1)
    house.publish(TEAM_A)

    await house.worker(passage=UnderWay(house, for_ms)).run(house.until_quiet)

    whole(house)
