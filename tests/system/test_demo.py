"""The demo shows what it promises, says so with its exit status, and leaves no process behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monarch.cli._demo_judge import judge
from monarch.cli._demo_world import SOURCE
from monarch.sandbox.views import IssueView, RepositoryView, StateView

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
@pytest.mark.timeout(150)
def test_both_acts_end_well(demo: "subprocess.Popen[str]", tmp_path: Path) -> None:
    """All copies of both requests, one worker killed, nothing lost or doubled: exit 0."""
    said, _ = demo.communicate(timeout=140)

    assert demo.returncode == 0, said
    assert said.count("36 copies: 0 lost, 0 doubled, 0 altered, in order") == 2
    assert said.index("SIGKILL for worker") < said.index("took over demo-school/team-elm")
    assert said.count("done, 12 tickets for 3 repositories") == 2
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
    marker = f"<!-- monarch: {SOURCE}#{ticket} id={ticket + 100} -->"
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
