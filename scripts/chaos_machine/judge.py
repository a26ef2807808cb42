"""The judge: what GitHub holds against what was owed, and what was said against what was so. Pure.

What is owed: a request that a producer was told to be on disk (`submit`), and every request that Monarch knows of at
the end. A message that was published and heard by nobody, or that was not on disk when Valkey died, is owed to nobody:
pub/sub promises nothing, and the producer was told nothing. What is owed ends as copies of every ticket in every target
that can be written to, or as a dead letter with a reason. The figures are those of the design's promises.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from scripts.chaos_machine import timing
from scripts.chaos_machine.claims import claims, is_final
from scripts.chaos_machine.record import ENDS, Copy, Request, Truth


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken promise: which column it counts in, and what to look at."""

    column: str
    what: str


@dataclass(frozen=True, slots=True)
class Stray:
    """A second copy in one of the three windows that the promises leave, with its cause."""

    target: str
    number: int
    cause: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of a run; it held when there is no breach."""

    breaches: tuple[Breach, ...]
    strays: tuple[Stray, ...]
    copies: int
    given_up: int

    def count(self, column: str) -> int:
        """How many breaches a column has."""
        return sum(breach.column == column for breach in self.breaches)


def judge(truth: Truth) -> Judgement:
    """Judge a run."""
    strays = tuple(_excused_strays(truth))
    excused = {(stray.target, stray.number) for stray in strays}
    breaches = [breach for rule in _RULES for breach in rule(truth)]
    breaches += _doubled(truth, excused)
    return Judgement(
        tuple(breaches),
        strays,
        sum(len(copies) for copies in truth.copies.values()),
        len(_given_up(truth)),
    )


# -------------------------------------------------------------------------------------------- lost


def _lost(truth: Truth) -> Iterator[Breach]:
    """Promise 1: every request ends, and every ticket of it is there or its loss was said with a reason."""
    known = {request.id for request in truth.requests}
    for missing in sorted(truth.acknowledged - known):
        yield Breach("lost", f"request {missing} was acknowledged and is not known any more")
    dead = {letter.request for letter in truth.dead if letter.stream == "requests"}
    for request in truth.requests:
        if request.state not in ENDS:
            yield Breach("lost", f"request {request.id} never ended: {request.state}")
        elif request.state == "dead" and request.id not in dead:
            yield Breach("lost", f"request {request.id} is dead without a dead letter")
        elif request.state == "skipped" and truth.tickets.get(request.source):
            yield Breach("lost", f"request {request.id} was skipped although it has tickets")
        elif request.state in {"done", "failed"}:
            yield from _lost_of(truth, request)


def _lost_of(truth: Truth, request: Request) -> Iterator[Breach]:
    excused = {letter.migration for letter in truth.dead}
    for target in request.targets:
        if f"{request.id}:{target}" in excused:
            continue
        if target not in truth.healthy:
            yield Breach("lost", f"{target} of {request.id} cannot be written to: no dead letter")
            continue
        there = {copy.ticket for copy in truth.copies.get(target, ())}
        for ticket in truth.tickets.get(request.source, ()):
            if ticket.id not in there:
                what = f"{request.source}#{ticket.number} is not in {target} (request {request.id})"
                yield Breach("lost", what)


def _given_up(truth: Truth) -> list[str]:
    """Migrations into targets that can be written to which ended as dead letters: allowed, and worth a look."""
    return [
        letter.migration
        for letter in truth.dead
        if letter.migration.partition(":")[2] in truth.healthy
    ]


# ------------------------------------------------------------------------------- doubled, in order


def _doubled(truth: Truth, excused: set[tuple[str, int]]) -> Iterator[Breach]:
    """Promise 2: no ticket is copied twice."""
    for target, copy, first in _seconds(truth):
        if (target, copy.number) not in excused:
            told = "" if _is_reported(truth, target, copy) else ", and Monarch reported no stray"
            yield Breach("doubled", f"{target}#{copy.number} is a second #{first.number}{told}")


def _seconds(truth: Truth) -> Iterator[tuple[str, Copy, Copy]]:
    """Every second copy, with the first of its ticket."""
    for target, copies in truth.copies.items():
        first: dict[int, Copy] = {}
        for copy in copies:
            if copy.ticket is not None and copy.ticket in first:
                yield target, copy, first[copy.ticket]
            elif copy.ticket is not None:
                first[copy.ticket] = copy


def _excused_strays(truth: Truth) -> Iterator[Stray]:
    for target, copy, _ in _seconds(truth):
        cause = timing.window_of(truth, copy.created_at)
        if cause and _is_reported(truth, target, copy):
            yield Stray(target, copy.number, cause)


def _is_reported(truth: Truth, target: str, copy: Copy) -> bool:
    return any(copy.number in request.strays.get(target, ()) for request in truth.requests) or any(
        event.name == "stray.found"
        and event.fields.get("migration", "").partition(":")[2] == target
        and event.fields.get("number") == str(copy.number)
        for event in truth.events
    )


def _altered(truth: Truth) -> Iterator[Breach]:
    """A copy is its ticket, word for word; and nothing else was created."""
    wanted = {ticket.id: ticket for tickets in truth.tickets.values() for ticket in tickets}
    for target, copies in truth.copies.items():
        for copy in copies:
            ticket = wanted.get(copy.ticket or 0)
            if ticket is None:
                yield Breach("altered", f"{target}#{copy.number} is a copy of no ticket")
            elif (copy.title, copy.body.strip()) != (ticket.title, ticket.body.strip()):
                yield Breach("altered", f"{target}#{copy.number} is not its ticket word for word")


def _unordered(truth: Truth) -> Iterator[Breach]:
    """Promise 3: the first copies of a source's tickets ascend, but for a ticket that was once refused."""
    for target, copies in truth.copies.items():
        for source, tickets in truth.tickets.items():
            numbers = {ticket.id: ticket.number for ticket in tickets}
            highest, seen = 0, set[int]()
            for copy in copies:
                number = numbers.get(copy.ticket or 0, 0)
                if number in seen or not number:
                    continue
                seen.add(number)
                if number < highest and not _was_given_up(truth, target, copy.created_at):
                    what = f"{target}#{copy.number}: {source}#{number} came after #{highest}"
                    yield Breach("out of order", what)
                highest = max(highest, number)


def _was_given_up(truth: Truth, target: str, before: float) -> bool:
    """Whether a pass over this target ended with something missing, so that what follows is a top-up."""
    return any(
        event.name == "migration.dead"
        and event.at <= before + 1
        and target
        in {event.fields.get("migration", "").partition(":")[2], event.fields.get("target")}
        for event in truth.events
    )


# -------------------------------------------------------------------------------- what people hear


def _false_done(truth: Truth) -> Iterator[Breach]:
    """Promise 5: at the moment of each "done" every ticket was there."""
    made: defaultdict[tuple[str, int | None], list[float]] = defaultdict(list)
    for target, copies in truth.copies.items():
        for copy in copies:
            made[target, copy.ticket].append(copy.created_at)
    for claim in claims(truth):
        for ticket in truth.tickets.get(claim.source, ()):
            if min(made[claim.target, ticket.id], default=claim.at + 1) > claim.at:
                what = f"{claim.by} said at {claim.at:.3f} that {claim.target} is done"
                yield Breach("false done", f"{what}: {claim.source}#{ticket.number} was not there")
                break


def _no_reason(truth: Truth) -> Iterator[Breach]:
    for letter in truth.dead:
        if not letter.reason.strip() or not letter.code:
            yield Breach("dead without reason", f"{letter.stream} {letter.request} {letter.code}")


def _silent(truth: Truth) -> Iterator[Breach]:
    """Each request that ended told its channel so, unless the notice itself was given up with a reason."""
    given_up = {letter.request for letter in truth.dead if letter.stream == "notices"}
    owed = Counter(
        request.channel
        for request in truth.requests
        if request.channel and request.state in ENDS and request.id not in given_up
    )
    heard = Counter(
        message.channel for message in truth.messages if any(map(is_final, message.texts))
    )
    for channel, ends in owed.items():
        if heard[channel] < ends:
            what = f"{channel} heard {heard[channel]} final messages for {ends} requests that ended"
            yield Breach("silent end", what)


_RULES: Final[tuple[Callable[[Truth], Iterator[Breach]], ...]] = (
    lambda truth: _column(timing.unended(truth), "lost"),
    _lost,
    _altered,
    _unordered,
    _false_done,
    _no_reason,
    _silent,
    lambda truth: _column(timing.late_resumes(truth), "late resume"),
    lambda truth: _column(timing.slow_exits(truth), "slow exit"),
    lambda truth: _column(timing.hammering(truth), "hammering"),
    lambda truth: _column(truth.gone, "worker gone"),
)


def _column(whats: "Iterator[str] | tuple[str, ...]", column: str) -> Iterator[Breach]:
    for what in whats:
        yield Breach(column, what)


COLUMNS: Final = (
    "lost",
    "doubled",
    "out of order",
    "false done",
    "altered",
    "dead without reason",
    "silent end",
    "late resume",
    "slow exit",
    "hammering",
    "worker gone",
)
"""Every column of breaches, as the table shows them."""
