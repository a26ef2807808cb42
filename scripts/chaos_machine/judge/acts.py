"""The part of the judge that is about what comes after the copy: recall, update, adoption, portions, missed. Pure.

It goes by what GitHub holds: who closed or opened an issue and when, what its title and text are now. An act that a
person asked for is owed once its end was seen; one that Valkey forgot, or that a dead letter ended, is owed to nobody.
What was *not* asked for, or hits what people have touched, is a breach whatever was forgotten.

What is excused, and why:

- a touch less than `JUST_S` before the write arrived, or while its worker was frozen: the copy was read before, and
  GitHub knows no condition for a write (docs/protocols.md, "Acts on copies: recall and update");
- a copy that is not up to date after a loss of memory: what Monarch wrote is known from the plans of earlier requests,
  and without them an edited copy counts as a person's;
- a second copy of an adopted issue that people had edited, after a loss of memory: nothing tells any more that it was
  adopted (docs/operating.md, "Moving over from the predecessor").
"""

import re
from collections.abc import Iterator
from typing import Final

from scripts.chaos_machine.judge.places import Places
from scripts.chaos_machine.judge.verdicts import Breach
from scripts.chaos_machine.record import Act, Call, Copy, Ticket, Touch, Truth, Turn

JUST_S: Final = 1.5
"""A permission to write is good for a second; what people did within this time before it arrived was not seen."""

_ISSUE: Final = re.compile(r"/(?:repos/([^/]+/[^/]+)|repositories/(\d+))/issues/(\d+)")
_TAKES_BACK: Final = frozenset({"recall", "update-close"})
_GIVES_BACK: Final = frozenset({"undo", "heal"})
_UPDATES: Final = frozenset({"update", "update-close"})
FOR_EVER: Final = float("inf")


class Deeds:
    """What was asked for and done, by repository and issue."""

    def __init__(self, truth: Truth, places: Places) -> None:
        """Sort it."""
        self.truth = truth
        self.places = places
        self._writes: dict[tuple[int, int], list[Call]] = {}
        for call in truth.calls:
            for where in self._written(call):
                self._writes.setdefault(where, []).append(call)

    def acts(self, repository: int, kinds: frozenset[str]) -> Iterator[Act]:
        """The acts of these kinds on a repository."""
        return (
            act for act in self.truth.acts if act.repository == repository and act.kind in kinds
        )

    def touches(self, repository: int, copy: Copy) -> list[Touch]:
        """What people did to a copy; who closes what Monarch has just closed does nothing to it."""
        by_people = [turn.at for turn in copy.turns if turn.is_closed and not turn.is_ours]
        return [
            one
            for one in self.truth.touches
            if (one.repository, one.number) == (repository, copy.number)
            and (one.what != "closed" or any(abs(at - one.at) < JUST_S for at in by_people))
        ]

    def writes(self, repository: int, number: int) -> list[Call]:
        """The calls that changed an issue, or tried to."""
        return self._writes.get((repository, number), [])

    def was_seen(self, touch: Touch, sent: float) -> bool:
        """Whether whoever sent a write, which arrived at that time, had to know of a touch."""
        return touch.at < sent - JUST_S and not any(
            fault.kind.startswith("worker.freeze") and fault.began < sent and fault.ended > touch.at
            for fault in self.truth.faults
        )

    def sent(self, repository: int, number: int, turn: Turn) -> float:
        """When the write that made a turn arrived at GitHub, which may have acted later."""
        state = "closed" if turn.is_closed else "open"
        calls = self.writes(repository, number)
        return max(
            (call.at for call in calls if call.state == state and call.at <= turn.at),
            default=turn.at,
        )

    def has_forgotten(self, since: float, until: float) -> bool:
        """Whether Valkey's memory went back between."""
        return any(since < at < until for at in self.truth.memory_lost)

    def _written(self, call: Call) -> Iterator[tuple[int, int]]:
        found = _ISSUE.fullmatch(call.path) if call.method == "PATCH" else None
        if found and found[2]:
            yield int(found[2]), int(found[3])
        elif found:
            for repository in self.places.led_to(found[1], call.at, call.ended or call.at):
                yield repository, int(found[3])


def after_the_copy(truth: Truth, places: Places) -> Iterator[Breach]:
    """Every breach of what is promised for the acts."""
    deeds = Deeds(truth, places)
    tickets = {one.id: one for those in truth.tickets.values() for one in those}
    for repository, copies in truth.copies.items():
        for copy in copies:
            ticket = tickets.get(copy.ticket or 0)
            if ticket is not None:
                yield from _turned(deeds, repository, copy, ticket)
                yield from _overwritten(deeds, repository, copy)
                yield from _early(deeds, repository, copy, ticket)
    for act in truth.acts:
        if act.ended is not None:
            yield from _owed(deeds, act, act.ended, tickets)


def column_of_second(truth: Truth, repository: int, first: Copy, copy: Copy) -> str:
    """The column of a second copy: by what the first one is."""
    if first.is_adopted:
        return "adopted twice"
    turn = first.last_turn(copy.created_at)
    if turn and turn.is_closed and turn.is_ours:
        return "made again"
    is_missed = any(act.kind == "missed" and act.repository == repository for act in truth.acts)
    return "filled twice" if is_missed else "doubled"


def is_unknown_adoption(truth: Truth, repository: int, first: Copy, copy: Copy) -> bool:
    """Whether nothing was left that tells that the first one had been adopted: people edited it, and the memory went."""
    is_edited = any(
        (one.repository, one.number) == (repository, first.number)
        and (one.title, one.body) != (None, None)
        and one.at < copy.created_at
        for one in truth.touches
    )
    return first.is_adopted and is_edited and any(at < copy.created_at for at in truth.memory_lost)


# ------------------------------------------------------------------------ what must not be changed


def _turned(deeds: Deeds, repository: int, copy: Copy, ticket: Ticket) -> Iterator[Breach]:
    """Only what a person asked for is closed or opened, and never what people have touched."""
    for turn in copy.turns:
        if turn.is_ours:
            check = _closed if turn.is_closed else _opened
            why = check(deeds, repository, copy, ticket, turn)
            if why:
                column = "wrongly recalled" if turn.is_closed else "wrongly reopened"
                yield Breach(column, f"#{copy.number} of {repository} at {turn.at:.3f}: {why}")


def _closed(deeds: Deeds, repository: int, copy: Copy, ticket: Ticket, turn: Turn) -> str:
    """Why a closing was wrong; `""`: it was not."""
    wishes = [
        act
        for act in deeds.acts(repository, _TAKES_BACK)
        if act.at <= turn.at and (act.kind == "recall" or ticket.was_closed)
    ]
    if not wishes:
        return "no person had asked for it"
    sent = deeds.sent(repository, copy.number, turn)
    touches = [one for one in deeds.touches(repository, copy) if deeds.was_seen(one, sent)]
    if touches:
        return f"it had been {touches[0].what} {sent - touches[0].at:.1f} s before"
    return ""


def _opened(deeds: Deeds, repository: int, copy: Copy, ticket: Ticket, turn: Turn) -> str:
    """The same of an opening. A healing opens everything that Monarch closed, whatever people did to it since.

    An update opens the copy of a ticket that was opened again.
    """
    before = copy.last_turn(turn.at)
    if before is None or not before.is_ours:
        return "Monarch had not closed it"
    is_back = ticket.reopened_at is not None and ticket.reopened_at <= turn.at
    kinds = _GIVES_BACK | _UPDATES if is_back else _GIVES_BACK
    wishes = {act.kind for act in deeds.acts(repository, kinds) if act.at <= turn.at}
    if not wishes:
        return "no person had asked for it"
    sent = deeds.sent(repository, copy.number, turn)
    since = [
        one
        for one in deeds.touches(repository, copy)
        if one.at > before.at and deeds.was_seen(one, sent)
    ]
    if since and "heal" not in wishes:
        return f"it had been {since[0].what} {sent - since[0].at:.1f} s before"
    return ""


def _overwritten(deeds: Deeds, repository: int, copy: Copy) -> Iterator[Breach]:
    """What a person wrote into a copy stands there at the end."""
    edits = [
        one
        for one in deeds.touches(repository, copy)
        if one.title is not None or one.body is not None
    ]
    if not edits or copy.is_removed:
        return
    last = edits[-1]
    is_there = last.title in {None, copy.title} and last.body in {None, copy.body}
    writes = deeds.writes(repository, copy.number)
    if not is_there and any(not one.state and deeds.was_seen(last, one.at) for one in writes):
        what = f"#{copy.number} of {repository} was {last.what} at {last.at:.3f}"
        yield Breach("wrongly updated", f"{what}, and that was overwritten")


def _early(deeds: Deeds, repository: int, copy: Copy, ticket: Ticket) -> Iterator[Breach]:
    """A ticket of a milestone is copied when a message has asked for that milestone, on its date."""
    if not ticket.milestone or copy.is_adopted:
        return
    from_ = deeds.places.due(repository, ticket, copy.created_at)
    if copy.created_at < from_:
        what = f"#{copy.number} of {repository} ({ticket.milestone})"
        when = "never" if from_ == FOR_EVER else f"not before {from_:.3f}"
        yield Breach("too early", f"{what} was made at {copy.created_at:.3f}, asked for {when}")


# --------------------------------------------------------------------------- what must have changed


def _owed(deeds: Deeds, act: Act, ended: float, tickets: dict[int, Ticket]) -> Iterator[Breach]:
    copies = deeds.truth.copies.get(act.repository, ())
    its = [
        (copy, ticket)
        for copy in copies
        if (ticket := tickets.get(copy.ticket or 0)) and ticket.id in _ids(deeds.truth, act.source)
    ]
    if act.kind == "recall":
        yield from _not_recalled(deeds, act, its)
    elif act.kind in _GIVES_BACK:
        yield from _not_reopened(deeds, act, ended, its)
    elif act.kind in _UPDATES:
        yield from _outdated(deeds, act, ended, its)
    elif act.kind == "missed":
        made = {ticket.id for _, ticket in its}
        missing = [one.number for one in _open(deeds.truth, act.source) if one.id not in made]
        if missing:
            yield Breach("not filled", f"{act.repository} lacks {missing} of {act.source}")


def _ids(truth: Truth, source: str) -> set[int]:
    return {ticket.id for ticket in truth.tickets.get(source, ())}


def _open(truth: Truth, source: str) -> list[Ticket]:
    return [ticket for ticket in truth.tickets.get(source, ()) if ticket.is_open]


def _not_recalled(deeds: Deeds, act: Act, its: list[tuple[Copy, Ticket]]) -> Iterator[Breach]:
    """After a recall no copy is open that people have left alone, unless it was given back."""
    if any(deeds.acts(act.repository, _GIVES_BACK)):
        return
    for copy, _ in its:
        is_old = copy.created_at < act.at and not copy.is_removed and not copy.is_adopted
        if is_old and copy.is_open and not deeds.touches(act.repository, copy):
            yield Breach("not recalled", f"#{copy.number} of {act.repository} is open")


def _not_reopened(
    deeds: Deeds, act: Act, ended: float, its: list[tuple[Copy, Ticket]]
) -> Iterator[Breach]:
    """What Monarch had closed is open; the undoing of a recall leaves what people have touched."""
    later = any(one.at > act.at for one in deeds.acts(act.repository, _TAKES_BACK))
    for copy, _ in its:
        turn = copy.turns[-1] if copy.turns else None
        is_closed = turn is not None and turn.is_closed and turn.is_ours and turn.at < ended
        is_theirs = act.kind == "undo" and deeds.touches(act.repository, copy)
        if is_closed and not later and not is_theirs and not copy.is_removed:
            what = f"#{copy.number} of {act.repository}"
            yield Breach("not reopened", f"{what} is closed after the {act.kind} of {act.at:.3f}")


def _outdated(
    deeds: Deeds, act: Act, ended: float, its: list[tuple[Copy, Ticket]]
) -> Iterator[Breach]:
    """Copies that people have left alone say what their tickets say now; and what is new is there."""
    asked = min((ask.at for ask in deeds.truth.asks if ask.source == act.source), default=0.0)
    if deeds.has_forgotten(asked, ended):
        return
    made = {ticket.id for _, ticket in its}
    for ticket in _open(deeds.truth, act.source):
        if ticket.id not in made:
            what = f"{act.repository} lacks {act.source}#{ticket.number}"
            yield Breach("not up to date", what)
    for copy, ticket in its:
        is_ours = not copy.is_removed and not copy.is_adopted
        if is_ours and not deeds.touches(act.repository, copy):
            why = _behind(act, copy, ticket)
            if why:
                yield Breach("not up to date", f"#{copy.number} of {act.repository} {why}")
            if _stayed_closed(deeds, act, ended, copy, ticket):
                what = f"#{copy.number} of {act.repository} is closed, its ticket is open again"
                yield Breach("not reopened", what)


def _stayed_closed(deeds: Deeds, act: Act, ended: float, copy: Copy, ticket: Ticket) -> bool:
    """Whether an update left a copy closed that another one had closed, though its ticket had been opened again."""
    is_back = ticket.reopened_at is not None and ticket.reopened_at < act.at
    turn = copy.turns[-1] if copy.turns else None
    is_closed = turn is not None and turn.is_closed and turn.is_ours and turn.at < ended
    recalls = any(deeds.acts(act.repository, frozenset({"recall"})))
    return is_back and is_closed and not recalls


def _behind(act: Act, copy: Copy, ticket: Ticket) -> str:
    """What a copy lacks that nobody has touched; `""`: nothing."""
    if not ticket.is_open:
        return "is open" if copy.is_open and act.kind == "update-close" else ""
    if copy.turns:
        return ""  # a recall has closed it
    if copy.title != ticket.title:
        return f"has the title {copy.title!r} and not {ticket.title!r}"
    if not ticket.labels <= copy.labels:
        return f"lacks the labels {sorted(ticket.labels - copy.labels)}"
    return "" if copy.body == ticket.bodies[-1] else "has a text of before"
