"""The judge: what GitHub holds against what was owed, and what was said against what was so. Pure.

What is owed: a request that a producer was told to be on disk (`submit`), and every request that Monarch knows of at
the end. A message that was published and heard by nobody, or that was not on disk when Valkey died, is owed to nobody:
pub/sub promises nothing, and the producer was told nothing. What is owed ends as copies of every ticket in every target
that can be written to, or as a dead letter with a reason. The figures are those of the promises (docs/protocols.md).

A repository is its id: a name asks for the one that it leads to when Monarch resolves it (`places`). A ticket is what
GitHub holds of it (`copies`). Neither a marker nor a word of Monarch's decides what is where. Which tickets are lost, and
which copies doubled or out of order, `monarch.sandbox.judge` decides; this module decides what was owed and is excused.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from monarch.sandbox.judge import copies as copied
from scripts.chaos_machine.judge import timing
from scripts.chaos_machine.judge.acts import (
    after_the_copy,
    column_of_second,
    is_unknown_adoption,
)
from scripts.chaos_machine.judge.claims import claims, is_final
from scripts.chaos_machine.judge.copies import is_text_of
from scripts.chaos_machine.judge.places import Places
from scripts.chaos_machine.judge.verdicts import Breach, Judgement, Stray
from scripts.chaos_machine.record import ENDS, Copy, Request, Ticket, Truth
from scripts.chaos_machine.scenes import WRONG_CHANNEL

FOR_EVER: Final = float("inf")
BREATH_S: Final = 2.0
"""What is said was looked at so long before, in seconds."""


def judge(truth: Truth) -> Judgement:
    """Judge a run."""
    places = Places(truth)
    strays = tuple(_excused_strays(truth, places))
    excused = {(stray.repository, stray.number) for stray in strays}
    breaches = [breach for rule in _RULES for breach in rule(truth, places)]
    breaches += _doubled(truth, places, excused)
    breaches += (Breach(found.column, found.what) for found in truth.found)
    return Judgement(
        tuple(breaches),
        strays,
        sum(not copy.is_removed for copies in truth.copies.values() for copy in copies),
        len(_given_up(truth)),
    )


# -------------------------------------------------------------------------------------------- lost


def _lost(truth: Truth, places: Places) -> Iterator[Breach]:
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
        elif request.state == "skipped" and any(
            ticket.is_open for ticket in truth.tickets.get(request.source, ())
        ):
            yield Breach("lost", f"request {request.id} was skipped although it has tickets")
        elif request.state in {"done", "failed"}:
            yield from _lost_of(truth, places, request)


def _lost_of(truth: Truth, places: Places, request: Request) -> Iterator[Breach]:
    excused = {letter.migration for letter in truth.dead}
    for target in request.targets:
        if f"{request.id}:{target}" in excused:
            continue
        asked = places.asked(request.source, target)
        portion = places.portion(request.source, target, request.channel)
        owed = _owed(truth, request.source, asked, portion)
        found = places.led_to(target, asked, FOR_EVER)
        if target not in truth.healthy:
            yield Breach("lost", f"{target} of {request.id} cannot be written to: no dead letter")
        elif all(_missing(truth, owed, one) for one in found):
            what = f"{request.source} is not in {target} (request {request.id})"
            yield Breach("lost", f"{what}: {_lacks(truth, owed, found)}")


def _missing(
    truth: Truth, owed: list[Ticket], repository: int, by: float = FOR_EVER
) -> list[Ticket]:
    """Those of these tickets that were not copied into that repository by then."""
    copies = [copy for copy in truth.copies.get(repository, ()) if copy.created_at <= by]
    missing = copied.lost([ticket.id for ticket in owed], copies)
    return [ticket for ticket in owed if ticket.id in missing]


def _owed(truth: Truth, source: str, asked: float, portion: frozenset[str] | None) -> list[Ticket]:
    """The tickets that a message of that time asks for at least; `portion` are its milestones, `None`: all."""
    return [
        one
        for one in truth.tickets.get(source, ())
        if one.is_open
        and (not asked or one.since <= asked)
        and (portion is None or one.milestone in portion)
    ]


def _lacks(truth: Truth, owed: list[Ticket], repositories: set[int]) -> str:
    """Which of these tickets each of these repositories lacks, for people."""
    lacking = (
        f"{one} lacks {[ticket.number for ticket in _missing(truth, owed, one)]}"
        for one in sorted(repositories)
    )
    return ", ".join(lacking) or "the name led nowhere"


def _misplaced(truth: Truth, places: Places) -> Iterator[Breach]:
    """A repository is filled with what some message wanted in it, and with nothing else."""
    sources = {one.id: (name, one) for name, those in truth.tickets.items() for one in those}
    for repository, copies in truth.copies.items():
        for copy in copies:
            source, ticket = sources.get(copy.ticket or 0, ("", None))
            # What the predecessor has left was there before Monarch came.
            is_ours = ticket is not None and not copy.is_adopted
            if ticket and is_ours and not places.is_asked_for(source, repository, copy.created_at):
                names = ", ".join(sorted(places.names_of(repository)))
                what = f"{source}#{ticket.number} is #{copy.number} of repository {repository}"
                yield Breach("misplaced", f"{what} ({names}), which nobody had asked for")


def _given_up(truth: Truth) -> list[str]:
    """Migrations into targets that can be written to which ended as dead letters: allowed, and worth a look."""
    return [
        letter.migration
        for letter in truth.dead
        if letter.migration.partition(":")[2] in truth.healthy
    ]


# ------------------------------------------------------------------------------- doubled, in order


def _doubled(truth: Truth, places: Places, excused: set[tuple[int, int]]) -> Iterator[Breach]:
    """Promise 2: no ticket is copied twice."""
    for repository, copy, first in _seconds(truth):
        if (repository, copy.number) not in excused:
            told = (
                ""
                if _is_reported(truth, places, repository, copy)
                else ", and no stray was reported"
            )
            what = f"#{copy.number} of {repository} is a second #{first.number}{told}"
            column = column_of_second(truth, repository, first, copy)
            yield Breach(column, f"{what} ({copy.title})")


def _seconds(truth: Truth) -> Iterator[tuple[int, Copy, Copy]]:
    """Every second copy that stands, with the first of its ticket."""
    for repository, copies in truth.copies.items():
        for copy, first in copied.doubled(one for one in copies if not one.is_removed):
            yield repository, copy, first


def _excused_strays(truth: Truth, places: Places) -> Iterator[Stray]:
    for repository, copy, first in _seconds(truth):
        cause = timing.window_of(truth, copy.created_at)
        if cause and _is_reported(truth, places, repository, copy):
            yield Stray(repository, copy.number, cause)
        elif _is_unknowable(truth, repository, first, copy):
            yield Stray(
                repository,
                copy.number,
                f"people had rewritten #{first.number}, and Valkey was emptied",
            )
        elif is_unknown_adoption(truth, repository, first, copy):
            cause = f"people had edited the adopted #{first.number}, and Valkey's memory went back"
            yield Stray(repository, copy.number, cause)


_EMPTIES: Final = {"valkey.flush_all", "memory.comes_back_empty"}
"""After these nothing is left of what Valkey knew; the others take a few seconds of it."""


def _is_unknowable(truth: Truth, repository: int, first: Copy, copy: Copy) -> bool:
    """Whether nothing was left that tells what the first copy is: people took title, text and marker, and the memory went.

    No later look can report it either, so it needs no report.
    """
    is_rewritten = (repository, first.number) in truth.touched and first.body != first.first
    emptied = (fault.began for fault in truth.faults if fault.kind in _EMPTIES)
    return is_rewritten and any(first.created_at < at < copy.created_at for at in emptied)


def _is_reported(truth: Truth, places: Places, repository: int, copy: Copy) -> bool:
    names = places.names_of(repository)
    return any(
        copy.number in numbers
        for request in truth.requests
        for target, numbers in request.strays.items()
        if target.lower() in names
    ) or any(
        event.name == "stray.found"
        and event.fields.get("migration", "").partition(":")[2].lower() in names
        and event.fields.get("number") == str(copy.number)
        for event in truth.events
    )


def _altered(truth: Truth, _: Places) -> Iterator[Breach]:
    """A copy is its ticket, word for word, when it is made and afterwards; and nothing else is created."""
    wanted = {ticket.id: ticket for tickets in truth.tickets.values() for ticket in tickets}
    for repository, copies in truth.copies.items():
        for copy in copies:
            ticket, what = wanted.get(copy.ticket or 0), f"#{copy.number} of {repository}"
            if ticket is None:
                yield Breach("altered", f"{what} ({copy.title}) is a copy of no ticket")
            elif not is_text_of(copy.first.removeprefix(_sign(copy)), ticket):
                yield Breach("altered", f"{what} was not its ticket word for word")
            elif (repository, copy.number) not in truth.touched and (
                copy.title not in {*ticket.former, ticket.title}
                or not is_text_of(copy.body.removeprefix(_sign(copy)), ticket)
            ):
                yield Breach("altered", f"{what} is not its ticket word for word any more")


def _sign(copy: Copy) -> str:
    """What the predecessor put before each text."""
    return "$" if copy.is_adopted else ""


def _unordered(truth: Truth, places: Places) -> Iterator[Breach]:
    """Promise 3: the first copies of a source's tickets ascend, but for a ticket that was once refused.

    So do those of each milestone, where they come in portions; what was adopted has no order. Of two requests for one
    target, one may have met a ticket open and the other closed: then whichever comes second adds it, out of its place.
    """
    for repository, copies in truth.copies.items():
        for source, tickets in _portions(truth):
            numbers = {
                ticket.id: ticket.number
                for ticket in tickets
                if ticket.is_open or not _is_asked_twice(truth, places, source, repository)
            }
            made = (copy for copy in copies if not copy.is_adopted)
            for copy, highest in copied.unordered(numbers, made):
                if not _was_given_up(truth, places, repository, copy.created_at):
                    what = f"#{copy.number} of {repository}: {source}#{numbers[copy.ticket or 0]}"
                    yield Breach("out of order", f"{what} came after #{highest}")


def _portions(truth: Truth) -> Iterator[tuple[str, list[Ticket]]]:
    """Each source, milestone by milestone."""
    for source, tickets in truth.tickets.items():
        for milestone in dict.fromkeys(ticket.milestone for ticket in tickets):
            yield source, [ticket for ticket in tickets if ticket.milestone == milestone]


def _is_asked_twice(truth: Truth, places: Places, source: str, repository: int) -> bool:
    names = places.names_of(repository)
    asking = [
        request
        for request in truth.requests
        if request.source == source and names & {target.lower() for target in request.targets}
    ]
    return len(asking) > 1


def _was_given_up(truth: Truth, places: Places, repository: int, before: float) -> bool:
    """Whether a pass over this target ended with something missing, so that what follows is a top-up."""
    names = places.names_of(repository)
    return any(
        event.name == "migration.dead"
        and event.at <= before + 1
        and names
        & {
            event.fields.get("migration", "").partition(":")[2].lower(),
            event.fields.get("target", "").lower(),
        }
        for event in truth.events
    )


# -------------------------------------------------------------------------------- what people hear


def _false_done(truth: Truth, places: Places) -> Iterator[Breach]:
    """Promise 5: at the moment of each "done" every ticket was there."""
    for claim in claims(truth):
        asked = places.asked(claim.source, claim.target)
        found = {
            repository
            for repository in places.led_to(claim.target, asked, claim.at)
            if _may_be_meant(truth, repository, claim.at)
        }
        portion = places.portion(claim.source, claim.target, claim.channel)
        owed = _owed(truth, claim.source, asked, portion)
        if all(_missing(truth, owed, one, claim.at) for one in found):
            what = f"{claim.by} said at {claim.at:.3f} that {claim.source} is in {claim.target}"
            yield Breach("false done", f"{what}: {_lacks(truth, owed, found)}")


def _may_be_meant(truth: Truth, repository: int, at: float) -> bool:
    """A repository that was gone before is not meant; one that went in the same breath may be."""
    return truth.removed_at.get(repository, FOR_EVER) > at - BREATH_S


def _unjustly_given_up(truth: Truth, places: Places) -> Iterator[Breach]:
    """What strangers do, what is heavy and what is not yet there is no reason to give a target up."""
    seconds = {repository for repository, _, _ in _seconds(truth)}
    for letter in truth.dead if truth.world == "edges" else ():
        target = letter.migration.partition(":")[2]
        there = places.led_to(target, FOR_EVER, FOR_EVER)
        # Somebody deleted it in the middle; or it does hold second copies, which have columns of their own.
        is_just = not there or (letter.code == "strays_found" and there & seconds)
        if target in truth.healthy and not is_just:
            what = f"{letter.migration}: {letter.code}: {letter.reason[:200]}"
            yield Breach("given up", what)


def _no_reason(truth: Truth, _: Places) -> Iterator[Breach]:
    for letter in truth.dead:
        if not letter.reason.strip() or not letter.code:
            yield Breach("dead without reason", f"{letter.stream} {letter.request} {letter.code}")


def _noise(truth: Truth, _: Places) -> Iterator[Breach]:
    """A closed door is one dead letter, not one for each thing that would have been said."""
    letters = Counter(letter.request for letter in truth.dead if letter.stream == "notices")
    for request, count in letters.items():
        if count > 1:
            yield Breach("noise", f"{count} dead letters of notices for {request}")


def _silent(truth: Truth, _: Places) -> Iterator[Breach]:
    """Each channel in which a cohort ended was told so, unless the notice itself was given up with a reason."""
    given_up = {letter.request for letter in truth.dead if letter.stream == "notices"}
    owed = Counter(
        request.channel
        for request in truth.requests
        if request.channel not in {"", WRONG_CHANNEL}
        and request.state in ENDS
        and request.id not in given_up
    )
    heard = Counter(
        message.channel for message in truth.messages if any(map(is_final, message.texts))
    )
    for channel, ends in owed.items():
        if not heard[channel]:
            what = f"{channel} heard no ending of {ends} requests that ended"
            yield Breach("silent end", what)


_RULES: Final[tuple[Callable[[Truth, Places], Iterator[Breach]], ...]] = (
    lambda truth, _: _column(timing.unended(truth), "lost"),
    _lost,
    _misplaced,
    _altered,
    _unordered,
    _false_done,
    _no_reason,
    _silent,
    _unjustly_given_up,
    _noise,
    after_the_copy,
    lambda truth, _: _column(timing.late_resumes(truth), "late resume"),
    lambda truth, _: _column(timing.slow_exits(truth), "slow exit"),
    lambda truth, _: _column(timing.hammering(truth), "hammering"),
    lambda truth, _: _column(truth.gone, "worker gone"),
)


def _column(whats: "Iterator[str] | tuple[str, ...]", column: str) -> Iterator[Breach]:
    for what in whats:
        yield Breach(column, what)
