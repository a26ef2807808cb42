"""What the demo looks like: bars on a terminal, plain lines anywhere else."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from monarch.cli.demo.example_world import SOURCE, TICKETS
from monarch.cli.terminal.printing import fitted, show_table
from monarch.cli.terminal.tables import prose, word
from monarch.sandbox.control.views import IssueView, MessageView, StateView
from monarch.sandbox.judge.findings import copies_in, tickets_in
from monarch.sandbox.judge.texts import ticket_of

LINE_EVERY: Final = 4
"""Without a terminal: how many copies between two lines about a target."""

_SIGN: Final = re.compile(r"!! |   \| |   ")
_LINK = re.compile(r"<[^|>]*\|([^>]*)>")


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a target: its copies, and the number of the worker that writes there, if any."""

    made: int
    worker: int | None


class Watch(Protocol):
    """Shows the state of the targets each time it is called."""

    def show(self, standings: Mapping[str, Standing]) -> None:
        """Show what has changed."""

    def say(self, words: str) -> None:
        """Say something between."""


def say(words: str = "") -> None:
    """Print a line, or some; on a terminal each wraps to behind the sign that it begins with."""
    print(_fitted(words), flush=True)


def _fitted(words: str) -> str:
    lines = ((line, _SIGN.match(line)) for line in words.split("\n"))
    return "\n".join(fitted(line, goes_on=sign[0] if sign else "    ") for line, sign in lines)


def headline(words: str) -> None:
    """The title of an act."""
    say(f"\n== {words} ==\n")


@contextmanager
def watch(teams: Sequence[str]) -> Iterator[Watch]:
    """The kind of display that fits the output."""
    console = Console()
    if not console.is_terminal:
        yield _Lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as bars:
        yield _Bars(bars, teams)


class _Bars:
    """A bar for each target, and the worker behind it."""

    def __init__(self, bars: Progress, teams: Sequence[str]) -> None:
        self._bars = bars
        self._width = max(map(len, teams))
        self._tasks = {team: bars.add_task(self._name(team), total=TICKETS) for team in teams}

    def show(self, standings: Mapping[str, Standing]) -> None:
        for team, now in standings.items():
            name = self._name(team, now.worker)
            self._bars.update(self._tasks[team], completed=now.made, description=name)

    def say(self, words: str) -> None:
        self._bars.console.print(_fitted(words), markup=False, highlight=False, soft_wrap=True)

    def _name(self, team: str, worker: int | None = None) -> str:
        return f"{team:<{self._width}}  {f'worker {worker}' if worker else '':<8}"


@dataclass
class _Lines:
    """A line for every few copies, and for every change of the worker."""

    _said: dict[str, Standing] = field(default_factory=dict)

    def show(self, standings: Mapping[str, Standing]) -> None:
        for team, now in standings.items():
            before = self._said.get(team, Standing(0, None))
            moved = now.made // LINE_EVERY > before.made // LINE_EVERY
            handed_over = now.worker not in {None, before.worker}
            if moved or handed_over:
                self._said[team] = Standing(now.made, now.worker or before.worker)
                by = f" (worker {now.worker or before.worker})" if now.worker else ""
                say(f"   {team}: {now.made} of {TICKETS}{by}")

    def say(self, words: str) -> None:
        say(words)


def show_copies(state: StateView, teams: Sequence[str]) -> None:
    """The template from top to bottom, and beside each ticket the numbers of its copies."""
    numbers = [_numbers(state, team) for team in teams]
    rows = [
        (f"#{issue.number}", *(_cell(issue, copied) for copied in numbers), _title(issue))
        for issue in state.repositories[SOURCE].issues
    ]
    columns = (word("ticket"), *(word(team.split("/")[1]) for team in teams), prose("title"))
    show_table(columns, rows, empty="no tickets")


def show_details(state: StateView, teams: Sequence[str]) -> None:
    """The details copied with the tickets; and a ticket with references beside one of its copies."""
    for name in (SOURCE, *teams):
        repository = state.repositories[name]
        parts = sum(issue.parent is not None for issue in repository.issues)
        say(
            f"   {name}: {len(repository.labels)} labels, {len(repository.milestones)} milestones,"
            f" {parts} sub-issues"
        )
    ticket = next(
        issue for issue in tickets_in(state.repositories[SOURCE]) if "#" in (issue.body or "")
    )
    made = copies_in(state.repositories[teams[0]])
    copied = [copy for copy in made if ticket_of(copy) == ticket.id]
    say("\nReferences mean the copies:")
    for name, issue in ((SOURCE, ticket), *((teams[0], copy) for copy in copied)):
        said = [
            line for line in (issue.body or "").splitlines() if "#" in line and "<!--" not in line
        ]
        say(f"   {name}#{issue.number}: {' · '.join(said)}")


def _numbers(state: StateView, team: str) -> dict[int | None, list[int]]:
    found: dict[int | None, list[int]] = {}
    for copy in copies_in(state.repositories[team]):
        found.setdefault(ticket_of(copy), []).append(copy.number)
    return found


def _cell(issue: IssueView, copied: Mapping[int | None, list[int]]) -> str:
    if issue.id in copied:
        return " ".join(f"#{number}" for number in copied[issue.id])
    return "MISSING" if issue.state == "open" and not issue.pull_request else ""


def _title(issue: IssueView) -> str:
    """The title; an issue that is not copied says why, once."""
    if issue.pull_request:
        return f"{issue.title} (a pull request: not copied)"
    return issue.title if issue.state == "open" else f"{issue.title} (closed: not copied)"


def show_messages(messages: Sequence[MessageView]) -> None:
    """Slack's messages as they read now; links by their names."""
    for message in messages:
        edits = len(message.edits)
        times = f", edited {edits} time{'s' if edits != 1 else ''}" if edits else ""
        thread = ", in the thread" if message.thread_ts else ""
        shown = " and in the channel" if message.is_broadcast else ""
        say(f"   [{message.channel}{thread}{shown}{times}]")
        for line in _LINK.sub(r"\1", message.text).splitlines():
            say(f"   | {line}")
