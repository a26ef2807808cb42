"""Details first: what the tickets to be created need in the target, so that each is created whole.

It receives the tickets that are to be created, reads what the target has of labels, milestones and issue types (only
where one of them needs any), creates what is missing, and promises for each ticket the details that its copy can have.

Nothing of it fails a ticket. Without the right to push GitHub would drop all of it silently, so nothing is asked for;
what GitHub refuses is left out; both are noted. Where GitHub does not say whether we may push, as it does not to an App,
it is tried. What is about to pass (a limit, a fault, no answer) ends the crossing, as anywhere, and the next one begins
with reading again; a listing or a write that still fails at the `DETAIL_ATTEMPTS`th attempt is noted and done without.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from monarch.core.copy import notes
from monarch.core.copy.details import (
    Details,
    Stock,
    details_of,
    find_milestone,
    needed_labels,
    needed_milestones,
    needed_types,
    unknown_types,
    wanted_labels,
    wanted_milestones,
)
from monarch.core.outcome import (
    Accepted,
    AlreadyThere,
    Code,
    Found,
    Permanent,
    ReadFailure,
    Scope,
    Transient,
)
from monarch.core.ticket import Label, Milestone, Repository, Ticket
from monarch.core.verdict import Verdict
from monarch.stages.crossing.desk import Desk
from monarch.stages.crossing.other_writes import Nothing, OtherWrites, Send
from monarch.stages.crossing.subject import Subject, Tools

T = TypeVar("T")
List = Callable[[Repository], Awaitable[Found[tuple[T, ...]] | ReadFailure]]

NO_PUSH: Final = frozenset({Code.FORBIDDEN, Code.NOT_FOUND})
"""What GitHub answers a write of whoever may only read."""

LISTED_AFTER_S: Final = (0.0, 5.0, 15.0)
"""Delays in seconds before each new look for a milestone that GitHub reports as existing: listings lag."""


class Detailing:
    """What one target has and is given, for the tickets of one crossing."""

    def __init__(self, tools: Tools, subject: Subject, desk: Desk, writes: OtherWrites) -> None:
        self._github, self._style = tools.github, tools.style
        self._subject = subject
        self._desk = desk
        self._writes = writes
        self._stock = Stock()
        self._may_push = subject.repository.may_push

    def of(self, ticket: Ticket, without: Collection[str]) -> Details:
        """What the copy of this ticket is created with; `without` are the fields that GitHub refused for it."""
        return details_of(ticket, self._style, self._stock, without)

    async def prepare(self, tickets: tuple[Ticket, ...]) -> Verdict | None:
        """Bring what these tickets need into the target, as far as it can be; `None`: they can be created now.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        for step in (self._labels, self._milestones, self._types):
            ended = await step(tickets)
            if ended is not None:
                return ended
            if self._may_push is False:
                self._stock = Stock()
                await self._note_no_push(tickets)
                return None
        return None

    async def _note_no_push(self, tickets: tuple[Ticket, ...]) -> None:
        needed = {
            notes.LABELS: needed_labels(tickets, self._style),
            notes.MILESTONES: needed_milestones(tickets, self._style),
            notes.TYPES: needed_types(tickets),
        }
        kinds = [kind for kind, things in needed.items() if things]
        if kinds:
            await self._desk.note(notes.no_push(kinds))

    # ----------------------------------------------------------------------------------------- labels

    async def _labels(self, tickets: tuple[Ticket, ...]) -> Verdict | None:
        needed = needed_labels(tickets, self._style)
        if not needed or self._may_push is False:
            return None
        names = [label.name for label in needed]
        there = await self._read(self._github.list_labels, notes.LABELS, names)
        if not isinstance(there, tuple):
            return there
        self._stock = replace(self._stock, labels=there)
        wanted = wanted_labels(tickets, self._style, there)
        return await self._make_all(notes.LABELS, wanted, lambda label: label.name, self._label)

    async def _label(self, label: Label) -> Verdict | Permanent | None:
        async def is_there() -> bool | ReadFailure:
            listed = await self._github.list_labels(self._subject.repository)
            if not isinstance(listed, Found):
                return listed
            return any(one.name.lower() == label.name.lower() for one in listed.value)

        send = partial(self._github.create_label, self._subject.repository, label)
        answer = await self._make(f'label "{label.name}"', send, is_there)
        match answer:
            case Accepted() | AlreadyThere() | Nothing():
                self._stock = replace(self._stock, labels=(*self._stock.labels, label))
                return None
            case _:
                return answer

    # ------------------------------------------------------------------------------------- milestones

    async def _milestones(self, tickets: tuple[Ticket, ...]) -> Verdict | None:
        needed = needed_milestones(tickets, self._style)
        if not needed or self._may_push is False:
            return None
        titles = [milestone.title for milestone in needed]
        there = await self._read(self._github.list_milestones, notes.MILESTONES, titles)
        if not isinstance(there, tuple):
            return there
        self._stock = replace(self._stock, milestones=there)
        wanted = wanted_milestones(tickets, self._style, there)
        return await self._make_all(
            notes.MILESTONES, wanted, lambda milestone: milestone.title, self._milestone
        )

    async def _milestone(self, milestone: Milestone) -> Verdict | Permanent | None:
        async def is_there() -> bool | ReadFailure:
            listed = await self._github.list_milestones(self._subject.repository)
            if not isinstance(listed, Found):
                return listed
            return find_milestone(milestone.title, listed.value) is not None

        send = partial(self._github.create_milestone, self._subject.repository, milestone)
        answer = await self._make(f'milestone "{milestone.title}"', send, is_there)
        match answer:
            case Accepted(int(number)):
                created = replace(milestone, number=number)
                self._stock = replace(self._stock, milestones=(*self._stock.milestones, created))
                return None
            case Accepted() | AlreadyThere() | Nothing():
                return await self._look_up(milestone)
            case _:
                return answer

    async def _look_up(self, milestone: Milestone) -> Verdict | None:
        """It is there, and only a listing tells its number."""
        for wait_s in LISTED_AFTER_S:
            await self._subject.hold.sleep(wait_s)
            title = milestone.title
            listed = await self._read(self._github.list_milestones, notes.MILESTONES, [title])
            if not isinstance(listed, tuple):
                return listed
            self._stock = replace(self._stock, milestones=listed)
            if find_milestone(title, listed) is not None:
                return None
        await self._desk.note(notes.not_listed(notes.MILESTONES, milestone.title))
        return None

    # ---------------------------------------------------------------------------------------- types

    async def _types(self, tickets: tuple[Ticket, ...]) -> Verdict | None:
        needed = needed_types(tickets)
        if not needed or self._may_push is False:
            return None
        if self._subject.repository.is_personal:
            await self._desk.note(notes.personal(needed))
            return None
        # Where no listing tells, they are asked for, and the answer to each copy shows what came of it.
        there = await self._read(self._github.list_issue_types, notes.TYPES, needed, needed)
        if not isinstance(there, tuple):
            return there
        self._stock = replace(self._stock, types=there)
        unknown = unknown_types(tickets, there)
        if unknown:
            await self._desk.note(notes.unknown_types(unknown))
        return None

    # ---------------------------------------------------------------------------------- small parts

    async def _make_all(
        self,
        kind: str,
        wanted: Sequence[T],
        name_of: Callable[[T], str],
        make: Callable[[T], Awaitable[Verdict | Permanent | None]],
    ) -> Verdict | None:
        """Create what is wanted of a kind, one after the other; what is refused is noted.

        A refusal that is about the whole repository is one for all that follow: GitHub is not asked again.
        """
        for place, thing in enumerate(wanted):
            answer = await make(thing)
            if not isinstance(answer, Permanent):
                if answer is not None:
                    return answer
                continue
            if answer.code in NO_PUSH:
                self._may_push = False
                return None
            if answer.scope is not Scope.TICKET:
                left = map(name_of, wanted[place:])
                await self._desk.note(notes.refused(kind, left, answer))
                return None
            await self._desk.note(notes.refused(kind, [name_of(thing)], answer))
        return None

    async def _make(
        self,
        what: str,
        send: Send,
        is_there: Callable[[], Awaitable[bool | ReadFailure]],
    ) -> Accepted | AlreadyThere | Permanent | Nothing | Verdict:
        """Create it; after a try without an answer, only if it is still not there."""
        tried = False

        async def decide() -> Send | Nothing | Verdict:
            nonlocal tried
            there = await is_there() if tried else False
            tried = True
            match there:
                case True:
                    return Nothing()
                case False | Permanent(Scope.TICKET | Scope.REPOSITORY):
                    return send
                case _:
                    return await self._desk.judge(there)

        return await self._writes.bring_about(what, decide)

    async def _read(
        self,
        list_all: List[T],
        kind: str,
        names: Iterable[str],
        unlisted: tuple[T, ...] | None = None,
    ) -> tuple[T, ...] | Verdict | None:
        """What the target has of a kind; `None` where it is not to be had, which is noted.

        `unlisted` counts where the server has no such listing.
        """
        self._subject.hold.check()
        listed = await list_all(self._subject.repository)
        match listed:
            case Found(there):
                return there
            case Permanent(Scope.TICKET | Scope.REPOSITORY):
                ended = await self._desk.gone(listed)
                if ended is not None:
                    return ended
                if listed.code is Code.NOT_FOUND and unlisted is not None:
                    return unlisted
                await self._desk.note(notes.refused(kind, names, listed))
                return None
            case Transient(reason) if self._desk.has_patience_ended:
                await self._desk.note(notes.given_up(kind, names, reason))
                return None
            case _:
                return await self._desk.judge(listed)
