"""The demo shows what it promises, says so with its exit status, and leaves no process behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monarch.cli.demo.example_world import SOURCE
from monarch.cli.demo.judge import judge, renumbered
from monarch.sandbox.control.views import (
    IssueView,
    LabelView,
    MilestoneView,
    RepositoryView,
    StateView,
)

ROOT = Path(__file__).resolve().parent.parent.parent
TEAM = "demo-school/team-ash"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A demo that has just been started, with output that is no terminal."""
    # Whatever the shell of whoever runs the tests says of a real installation must not matter.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "GH_PAT": "real"}
    process = subprocess.Popen(
        [sys.executable, "-m", "monarch", "demo"],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def left_behind(folder: Path) -> list[str]:
    """The processes that work in a folder of the demo."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder) in str((process / "cwd").readlink()):
                found.append((process / "cmdline").read_text(encoding="utf-8"))
        except OSError:
            continue  # ended meanwhile, or another user's
    return found


@pytest.mark.slow
def test_both_acts_end_well(demo: "subprocess.Popen[str]", tmp_path: Path) -> None:
    """All copies of both requests, one worker killed, nothing lost or doubled: exit 0."""
    said, _ = demo.communicate(timeout=140)

    assert demo.returncode == 0, said
    assert said.count("36 copies: 0 lost, 0 doubled, 0 altered, in order") == 2
    assert said.index("SIGKILL for worker") < said.index("took over demo-school/team-elm")
    # The card and its first ending after act one; that ending is shown again below the card of both.
    assert said.count("done, 12 tickets for 3 repositories") == 3
    assert said.count("done, 12 tickets for 6 repositories") == 2
    assert not left_behind(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything(
    demo: "subprocess.Popen[str]", tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C in the middle: exit 130, and no process and no file is left."""
    assert demo.stdout is not None
    said = ""
    while "4 of 12" not in said:
        said = demo.stdout.readline()
        assert said, "the demo ended before it was interrupted"

    demo.send_signal(number)
    said, _ = demo.communicate(timeout=30)

    assert demo.returncode == 130, said
    assert "Traceback" not in said
    assert not left_behind(tmp_path)
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------------------- what the demo judges by


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
    """A demo that could not fail would show nothing."""
    tickets = [an_issue(n, f"Ticket {n}", f"Do {n}.") for n in (1, 2)]
    repositories = {SOURCE: a_repository(SOURCE, tickets), TEAM: a_repository(TEAM, copies)}
    state = StateView(repositories=repositories, slack_messages=(), rejected={})

    findings = judge(state, (TEAM,))

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
    return judge(state, (TEAM,)).altered


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
