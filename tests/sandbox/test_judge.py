"""The judge of copies: it acquits what is as it should be, and finds each flaw by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.sandbox.control.views import (
    IssueView,
    LabelView,
    MilestoneView,
    RepositoryView,
    StateView,
)
from monarch.sandbox.judge.claims import done_lines, failure_in
from monarch.sandbox.judge.copies import doubled, firsts, lost, unordered
from monarch.sandbox.judge.findings import Copy, Flaw, judge
from monarch.sandbox.judge.texts import renumbered

SOURCE = "school/template"
TEAM = "school/team-ash"


def an_issue(number: int, title: str, body: str, *, by_api: bool = False) -> IssueView:
    """An issue; a ticket's id is a hundred more than its number."""
    return IssueView(
        id=number + 100,
        number=number,
        title=title,
        body=body,
        state="open",
        author="teacher",
        author_association="OWNER",
        labels=(),
        milestone=None,
        type=None,
        parent=None,
        sub_issues=(),
        assignees=(),
        pull_request=False,
        by_api=by_api,
        created_at="2026-01-01T00:00:00Z",
        made_at=1_767_225_600.0,
    )


def a_repository(name: str, issues: list[IssueView]) -> RepositoryView:
    """A repository with these issues."""
    return RepositoryView(
        id=1,
        full_name=name,
        private=False,
        archived=False,
        has_issues=True,
        issues=tuple(issues),
        labels=(),
        milestones=(),
        deleted=(),
    )


def a_copy(number: int, ticket: int, body: str | None = None) -> IssueView:
    """The copy of a ticket, with its marker."""
    text = f"Do {ticket}." if body is None else body
    marker = f"<!-- monarch: {SOURCE}#{ticket} id={ticket + 100} target=1 -->"
    return an_issue(number, f"Ticket {ticket}", f"{text}\n\n{marker}", by_api=True)


@pytest.mark.parametrize(
    ("copies", "found"),
    [
        ([a_copy(1, 1), a_copy(2, 2)], "2 copies: 0 lost, 0 doubled, 0 altered, in order"),
        ([a_copy(1, 1)], "1 copies: 1 lost, 0 doubled, 0 altered, in order"),
        (
            [a_copy(1, 1), a_copy(2, 2), a_copy(3, 2)],
            "3 copies: 0 lost, 1 doubled, 0 altered, in order",
        ),
        (
            [a_copy(1, 2), a_copy(2, 1)],
            f"2 copies: 0 lost, 0 doubled, 0 altered, order broken in {TEAM}",
        ),
        (
            [a_copy(1, 1, "$Do 1."), a_copy(2, 2)],
            "2 copies: 0 lost, 0 doubled, 1 altered, in order",
        ),
    ],
    ids=["well", "lost", "doubled", "unordered", "altered"],
)
def test_the_judge_finds_what_is_wrong(copies: list[IssueView], found: str) -> None:
    """A judge that acquits everything would show nothing."""
    tickets = [an_issue(n, f"Ticket {n}", f"Do {n}.") for n in (1, 2)]
    repositories = {SOURCE: a_repository(SOURCE, tickets), TEAM: a_repository(TEAM, copies)}
    state = StateView(repositories=repositories, slack_messages=(), rejected={})

    findings = judge(state, SOURCE, (TEAM,))

    assert str(findings) == found
    assert findings.is_well == (found == "2 copies: 0 lost, 0 doubled, 0 altered, in order")


def a_faithful_pair() -> tuple[RepositoryView, RepositoryView]:
    """A template with one of everything, its tickets numbered 1 and 3, and what a team should get of it."""
    labels = (LabelView(name="story", color="0e8a16", description="What a guest wants"),)
    milestone = MilestoneView(
        number=1, title="Sprint", state="open", description=None, due_on="2027-01-15T08:00:00Z"
    )
    detailed = {"labels": ("story",), "milestone": "Sprint", "type": "Task"}
    first = an_issue(1, "Ticket 1", "See #3, not `#3`.").model_copy(update=detailed)
    part = an_issue(3, "Ticket 3", "Do 3.").model_copy(update={"parent": f"{SOURCE}#1"})
    copies = [
        a_copy(1, 1, "See #2, not `#3`.").model_copy(update=detailed),
        a_copy(2, 3).model_copy(update={"parent": f"{TEAM}#1"}),
    ]
    details = {"labels": labels, "milestones": (milestone,)}
    return (
        a_repository(SOURCE, [first, part]).model_copy(update=details),
        a_repository(TEAM, copies).model_copy(update=details),
    )


def altered(template: RepositoryView, team: RepositoryView) -> int:
    """How many copies the judge finds altered."""
    repositories = {SOURCE: template, TEAM: team}
    state = StateView(repositories=repositories, slack_messages=(), rejected={})
    return len(judge(state, SOURCE, (TEAM,)).altered)


def test_a_faithful_copy_is_none_altered() -> None:
    """Labels, milestone, type, hierarchy and references as they should be in the team's numbers."""
    assert altered(*a_faithful_pair()) == 0


@pytest.mark.parametrize(
    ("number", "change"),
    [
        (1, {"labels": ()}),
        (1, {"milestone": None}),
        (1, {"type": None}),
        (1, {"body": "See #3, not `#3`.\n\n<!-- monarch: o/r#1 id=101 -->"}),
        (2, {"parent": None}),
        (2, {"parent": f"{TEAM}#2"}),
    ],
)
def test_whatever_a_copy_lacks_is_altered(number: int, change: dict[str, object]) -> None:
    """The judge looks at each detail by itself."""
    template, team = a_faithful_pair()
    issues = tuple(
        issue.model_copy(update=change) if issue.number == number else issue
        for issue in team.issues
    )

    assert altered(template, team.model_copy(update={"issues": issues})) == 1


@pytest.mark.parametrize("detail", ["color", "description"])
def test_a_label_of_another_colour_is_another_label(detail: str) -> None:
    """GitHub makes unknown labels by itself, grey and without a word."""
    template, team = a_faithful_pair()
    grey = tuple(label.model_copy(update={detail: "ededed"}) for label in team.labels)

    assert altered(template, team.model_copy(update={"labels": grey})) == 1


def test_a_due_date_is_part_of_the_milestone() -> None:
    """One day off is wrong."""
    template, team = a_faithful_pair()
    [milestone] = team.milestones
    late = milestone.model_copy(update={"due_on": "2027-01-16T08:00:00Z"})

    assert altered(template, team.model_copy(update={"milestones": (late,)})) == 1


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("#1 and #3", "#7 and #9"),
        ("#2 is none of them", "#2 is none of them"),
        ("`#1` and\n```\n#3\n```\n#3", "`#1` and\n```\n#3\n```\n#9"),
        ("a#1 ##1 #12", "a#1 ##1 #12"),
    ],
)
def test_the_judge_renumbers_references_outside_code(body: str, wanted: str) -> None:
    """By a rule that is simple enough to be believed."""
    assert renumbered(body, {1: 7, 3: 9}) == wanted


# ------------------------------------------------------------------------- what stands, against what is owed

TICKETS = range(101, 105)


def copies_of(tickets: list[int | None]) -> list[Copy]:
    """Copies of these tickets, in this order."""
    return [Copy(an_issue(n, "A copy", ""), ticket) for n, ticket in enumerate(tickets, start=1)]


some_copies = st.lists(st.none() | st.sampled_from(TICKETS), max_size=8).map(copies_of)


@given(some_copies)
def test_each_copy_is_a_first_a_second_or_of_no_ticket(copies: list[Copy]) -> None:
    """Nothing that stands in a target is overlooked or counted twice."""
    seconds = [copy for copy, _ in doubled(copies)]
    foreign = [copy for copy in copies if copy.ticket is None]

    found = sorted([*firsts(copies).values(), *seconds, *foreign], key=lambda copy: copy.number)

    assert found == copies
    assert all(copy.ticket == first.ticket for copy, first in doubled(copies))
    assert all(copy.number > first.number for copy, first in doubled(copies))


@given(some_copies)
def test_a_ticket_is_lost_or_has_a_first_copy(copies: list[Copy]) -> None:
    """Second copies replace no lost ticket."""
    assert sorted([*lost(TICKETS, copies), *firsts(copies)]) == list(TICKETS)


@given(some_copies)
def test_the_order_is_that_of_the_first_copies(copies: list[Copy]) -> None:
    """A second copy breaks no order; each first copy behind a later ticket does."""
    places = {ticket: ticket - 100 for ticket in TICKETS}
    made = [places[ticket] for ticket in firsts(copies)]

    found = [places[copy.ticket or 0] for copy, _ in unordered(places, copies)]

    assert found == [place for at, place in enumerate(made) if place < max(made[: at + 1])]


def test_a_second_copy_is_named_and_so_is_its_report() -> None:
    """A breach without its place could not be found."""
    tickets = [an_issue(n, f"Ticket {n}", f"Do {n}.") for n in (1, 2)]
    copies = [a_copy(1, 1), a_copy(2, 2), a_copy(3, 2), a_copy(4, 1)]
    repositories = {SOURCE: a_repository(SOURCE, tickets), TEAM: a_repository(TEAM, copies)}
    state = StateView(repositories=repositories, slack_messages=(), rejected={})

    findings = judge(state, SOURCE, (TEAM,), strays={(TEAM, 4)})

    assert findings.doubled == (Flaw(TEAM, 2, 3), Flaw(TEAM, 1, 4))
    assert findings.reported == (Flaw(TEAM, 1, 4),)
    assert str(findings.doubled[0]) == f"{TEAM}: ticket 2"


def test_a_copy_of_no_ticket_is_altered() -> None:
    """What Monarch created and no template asked for is no copy, but it is there."""
    repositories = {SOURCE: a_repository(SOURCE, []), TEAM: a_repository(TEAM, [a_copy(1, 1)])}
    state = StateView(repositories=repositories, slack_messages=(), rejected={})

    assert judge(state, SOURCE, (TEAM,)).altered == (Flaw(TEAM, 0, 1),)


def test_the_judge_reads_what_slack_is_told() -> None:
    """A target that is done by its line, and a failure by its first line."""
    done = ":white_check_mark: <https://github.test/team/a/issues|team/a>: 3 tickets"

    assert list(done_lines(f"Done\n{done}\n:x: team/b")) == [("team/a", done)]
    assert failure_in("team/b failed (out_of_attempts).\nDone") == "out_of_attempts"
    assert failure_in("Done\nteam/b failed (out_of_attempts).") is None
