"""Details first: what the tickets to be created need in the target, so that each is created whole.

It receives the tickets that are to be created, reads what the target has of each kind of detail (only where one of them
needs any), makes what is missing, and promises for each ticket the details that its copy can have.

No detail fails a ticket. Without the right to push GitHub would silently drop all details, so none are sent; what GitHub
refuses is left out; both are noted. Where GitHub does not say whether we may push, as for an App, we try. A transient
failure (a limit, a fault, no answer) ends the crossing, as anywhere, and the next one reads again first; a listing or a
write that still fails at the `DETAIL_ATTEMPTS`th attempt is noted, and the copies do without it.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from monarch.core.copy import notes
from monarch.core.copy.details import (
    ASSIGNEES,
    KINDS,
    LABELS,
    MILESTONES,
    TYPES,
    Details,
    Kind,
    Stock,
    details_of,
)
from monarch.core.outcome import (
    Accepted,
    AlreadyThere,
    Code,
    DetailOutcome,
    Found,
    Permanent,
    ReadFailure,
    Scope,
    Transient,
)
from monarch.core.ticket import Repository, Ticket
from monarch.core.verdict import Verdict
from monarch.ports import GitHub
from monarch.stages.crossing.context import Context
from monarch.stages.crossing.other_writes import Nothing, OtherWrites, Send

T = TypeVar("T")
List = Callable[[Repository], Awaitable[Found[tuple[T, ...]] | ReadFailure]]
Make = Callable[[Repository, T, Callable[[], bool]], Awaitable[DetailOutcome]]

NO_PUSH: Final = frozenset({Code.FORBIDDEN, Code.NOT_FOUND})
"""What GitHub answers a write by an account that may only read."""

LISTED_AFTER_S: Final = (0.0, 5.0, 15.0)
"""Delays in seconds before each new look for a detail that GitHub reports as existing: listings lag."""


def lists(github: GitHub) -> Mapping[Kind[Any], List[Any]]:
    """How to list what a target has of each kind."""
    return {
        LABELS: github.list_labels,
        MILESTONES: github.list_milestones,
        TYPES: github.list_issue_types,
        ASSIGNEES: github.list_assignees,
    }


class Detailing:
    """The details that one target has and is given, for the tickets of one crossing."""

    def __init__(self, context: Context, writes: OtherWrites) -> None:
        tools = context.tools
        self._style = tools.style
        self._lists = lists(tools.github)
        self._makes: Mapping[Kind[Any], Make[Any]] = {
            LABELS: tools.github.create_label,
            MILESTONES: tools.github.create_milestone,
        }
        self._subject, self._desk = context.subject, context.desk
        self._writes = writes
        self._stock = Stock()
        self._may_push = self._subject.repository.may_push

    def of(self, ticket: Ticket, without: Collection[str]) -> Details:
        """What the copy of this ticket is created with; `without` are the fields that GitHub refused for it."""
        return details_of(ticket, self._style, self._stock, without)

    async def prepare(self, tickets: tuple[Ticket, ...]) -> Verdict | None:
        """Bring what these tickets need into the target, as far as possible; `None`: they can be created now.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        for kind in KINDS:
            ended = await self._prepare(kind, tickets)
            if ended is not None:
                return ended
        if self._may_push is False:
            self._stock = Stock()
            needing = [kind.plural for kind in KINDS if kind.needed(tickets, self._style)]
            if needing:
                await self._desk.note(notes.no_push(needing))
        return None

    async def _prepare(self, kind: Kind[T], tickets: tuple[Ticket, ...]) -> Verdict | None:
        needed = kind.needed(tickets, self._style)
        if not needed or self._may_push is False:
            return None
        if kind.is_organisations and self._subject.repository.is_personal:
            await self._desk.note(notes.personal(kind.names(needed)))
            return None
        # Where there is no listing, send them all the same: the answer to each copy shows what came of it.
        there = await self._read(kind, needed, None if kind.can_be_made else needed)
        if not isinstance(there, tuple):
            return there
        self._stock = self._stock.having(kind, there)
        for remark in kind.remarks(needed, there):
            await self._desk.note(remark)
        missing = kind.missing(tickets, self._style, there) if kind.can_be_made else ()
        return await self._make_all(kind, missing)

    # ----------------------------------------------------------------------------------------- making

    async def _make_all(self, kind: Kind[T], missing: Sequence[T]) -> Verdict | None:
        """Make what is missing of a kind, one after the other; refusals are noted.

        A refusal about the whole repository holds for all that follow: GitHub is not asked again.
        """
        for place, thing in enumerate(missing):
            answer = await self._make(kind, thing)
            if not isinstance(answer, Permanent):
                if answer is not None:
                    return answer
                continue
            if answer.code in NO_PUSH:
                self._may_push = False
                return None
            if answer.scope is not Scope.TICKET:
                left = kind.names(missing[place:])
                await self._desk.note(notes.refused(kind.plural, left, answer))
                return None
            await self._desk.note(notes.refused(kind.plural, kind.names([thing]), answer))
        return None

    async def _make(self, kind: Kind[T], thing: T) -> Verdict | Permanent | None:
        """Make one; after a try without an answer, only if it is still missing."""
        name, tried = kind.name_of(thing), False
        send: Send = partial(self._makes[kind], self._subject.repository, thing)

        async def decide() -> Send | Nothing | Verdict:
            nonlocal tried
            there = await self._has(kind, name) if tried else False
            tried = True
            match there:
                case True:
                    return Nothing()
                case False | Permanent(Scope.TICKET | Scope.REPOSITORY):
                    return send
                case _:
                    return await self._desk.judge(there)

        answer = await self._writes.bring_about(f'{kind.name[0]} "{name}"', decide)
        if not isinstance(answer, Accepted | AlreadyThere | Nothing):
            return answer
        made = kind.made(thing, answer.number if isinstance(answer, Accepted) else None)
        if made is None:
            return await self._look_up(kind, thing)
        self._stock = self._stock.having(kind, (*self._stock.of(kind), made))
        return None

    async def _has(self, kind: Kind[T], name: str) -> bool | ReadFailure:
        listed = await self._lists[kind](self._subject.repository)
        return kind.find(name, listed.value) is not None if isinstance(listed, Found) else listed

    async def _look_up(self, kind: Kind[T], thing: T) -> Verdict | None:
        """Look up a detail that exists: only a listing gives its id."""
        name = kind.name_of(thing)
        for wait_s in LISTED_AFTER_S:
            await self._subject.hold.sleep(wait_s)
            listed = await self._read(kind, [thing])
            if not isinstance(listed, tuple):
                return listed
            self._stock = self._stock.having(kind, listed)
            if kind.find(name, listed) is not None:
                return None
        await self._desk.note(notes.not_listed(kind.plural, name))
        return None

    # ---------------------------------------------------------------------------------------- reading

    async def _read(
        self, kind: Kind[T], needed: Sequence[T], unlisted: tuple[T, ...] | None = None
    ) -> tuple[T, ...] | Verdict | None:
        """What the target has of a kind; `None` if it cannot be listed, which is noted.

        `unlisted` counts where the server has no such listing.
        """
        self._subject.hold.check()
        listed = await self._lists[kind](self._subject.repository)
        match listed:
            case Found(there):
                return tuple(there)
            case Permanent(Scope.TICKET | Scope.REPOSITORY):
                ended = await self._desk.gone(listed)
                if ended is not None:
                    return ended
                if listed.code is Code.NOT_FOUND and unlisted is not None:
                    return unlisted
                await self._desk.note(notes.refused(kind.plural, kind.names(needed), listed))
                return None
            case Transient(reason) if self._desk.has_patience_ended:
                await self._desk.note(notes.given_up(kind.plural, kind.names(needed), reason))
                return None
            case _:
                return await self._desk.judge(listed)
