"""What a faithful copy is, in a test's own words: nothing here comes from the code that makes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monarch.core.ticket import Issue, Label, Milestone
from tests.stages.house import SOURCE, House


@dataclass(frozen=True)
class Copy:
    """What a copy is to be in the end.

    Attributes:
        text: its body, above the marker; `{Two}` is the number of the copy of that title.
        labels: names, as the target spells them.
        milestone: its title.
        assignees: logins.
        waits_for: titles of the copies that it is blocked by.
        below: the title of the copy that it is a sub-issue of.
    """

    text: str = ""
    labels: Sequence[str] = ()
    milestone: str | None = None
    type: str = ""
    assignees: Sequence[str] = ()
    below: str | None = None
    waits_for: Sequence[str] = ()


@dataclass(frozen=True)
class Faithful:
    """What a target is to hold in the end: its copies by title, and what they needed."""

    copies: Mapping[str, Copy]
    labels: Sequence[Label] = ()
    milestones: Sequence[Milestone] = ()


def judge(house: House, target: str, wanted: Faithful) -> None:
    """Every copy word for word, and nothing of what it needed twice."""
    found = {
        issue.title: issue for issue in house.github.issues(target) if "monarch:" in issue.body
    }
    here = house.github.at(target)
    numbers = {title: issue.number for title, issue in found.items()}
    tickets = {issue.title: issue for issue in house.github.issues(SOURCE)}
    for title, copy in wanted.copies.items():
        _judge_copy(found[title], copy, numbers, marker_of(tickets[title], here.repository.id))
    assert list(here.labels.values()) == list(wanted.labels)
    assert [
        (one.title, one.state, one.description, one.due_on) for one in here.milestones.values()
    ] == [(one.title, one.state, one.description, one.due_on) for one in wanted.milestones]
    ids = {issue.id: issue.title for issue in found.values()}
    for title, copy in wanted.copies.items():
        blockers = here.blockers.get(numbers[title], [])
        assert [ids[each] for each in blockers] == list(copy.waits_for), title
    below = [child for children in here.children.values() for child in children]
    assert len(below) == len(set(below)), here.children


def marker_of(ticket: Issue, target: int) -> str:
    """The marker of the ticket's copy in the target of that id."""
    return f"<!-- monarch: {SOURCE}#{ticket.number} id={ticket.id} target={target} -->"


def _judge_copy(issue: Issue, copy: Copy, numbers: Mapping[str, int], marker: str) -> None:
    text = copy.text.format(**numbers)
    assert issue.body == (f"{text}\n\n{marker}" if text else marker)
    assert [label.name for label in issue.labels] == list(copy.labels)
    assert (None if issue.milestone is None else issue.milestone.title) == copy.milestone
    assert issue.type == copy.type
    assert list(issue.assignees) == list(copy.assignees)
    assert issue.parent == (None if copy.below is None else numbers[copy.below])
