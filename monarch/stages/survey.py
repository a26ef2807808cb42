"""Surveying: reading a source and its targets, to say what would be done to them, or what was.

It receives names, and promises that nothing is written by it. What can be known is
read in the order and with the operations of planner and migrator; what cannot, is a reason that a person can act on.
Nothing is repeated here for a limit's sake, and where a limit or a refused token is met nobody asks on.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar, assert_never

from monarch.core.after.acts import Act
from monarch.core.after.later import Later
from monarch.core.copy.details import KINDS, Stock
from monarch.core.copy.style import Style
from monarch.core.ids import TargetId, TicketId
from monarch.core.outcome import (
    Absent,
    Code,
    Found,
    Permanent,
    RateLimited,
    ReadFailure,
    Scope,
    Transient,
)
from monarch.core.plan import Plan
from monarch.core.request.message import Rules, source_refusal, target_refusal
from monarch.core.target.evidence import Evidence
from monarch.core.target.logins import Us
from monarch.core.target.permission import Credential, GateClosed
from monarch.core.target.preflight import unwritable
from monarch.core.target.step import CreatedAs, Fate, LedgerRecord
from monarch.core.target.survey import Survey, to_be_created, unseen
from monarch.core.ticket import Issue, Repository, Ticket
from monarch.core.verdict import Dead
from monarch.ports import GitHub
from monarch.stages.after.rehearsal import Turn, rehearse
from monarch.stages.crossing.details import List, lists
from monarch.stages.crossing.looks import Reading, Sight, look, read_whole
from monarch.stages.freezing import frozen
from monarch.stages.identity import found_again

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Remembered:
    """What Valkey knows of a target: its ledger, the time of that clock in ms, and whether somebody writes to it now.

    `later` is what the ledger says of copies after they were created.
    """

    records: Mapping[TicketId, LedgerRecord]
    now_ms: int
    is_busy: bool = False
    later: Mapping[TicketId, Later] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unready:
    """It cannot be surveyed. `reason` says why, and what to do."""

    code: Code | None
    reason: str


@dataclass(frozen=True, slots=True)
class Template:
    """The source, and its tickets as they are now."""

    repository: Repository
    plan: Plan


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a survey reads. All but `github` are Valkey's, and say what is known without it where it cannot be reached."""

    github: GitHub
    ledger: Callable[[TargetId], Awaitable[Remembered]]
    gate: Callable[[Credential], Awaitable[GateClosed | None]]
    us: Callable[[Credential], Awaitable[Us]]


@dataclass(frozen=True, slots=True)
class _Site:
    """A target that can be read: the name that it was asked for by, what it is, and who we are towards it."""

    asked: str
    repository: Repository
    credential: Credential


class Surveyor:
    """Surveys for one command. `tell` hears of every reading, by the name of what it is about."""

    def __init__(
        self,
        sources: Sources,
        rules: Rules,
        style: Style,
        patience_s: float,
        tell: Callable[[str], None],
    ) -> None:
        self._github, self._ledger, self._gate = sources.github, sources.ledger, sources.gate
        self._us = sources.us
        self._rules, self._style, self._patience_s = rules, style, patience_s
        self._tell = tell
        self._closed: dict[str, Unready] = {}

    async def template(self, name: str, wanted: Collection[str] = ()) -> Template | Unready:
        """The source and its tickets, as the planner would freeze them.

        `wanted` are titles of milestones; empty for all tickets.
        """
        site = await self._site(name)
        if isinstance(site, Unready):
            return site
        repository = site.repository
        refusal = source_refusal(repository.full_name, self._rules, name)
        if refusal is not None:
            return Unready(Code.SOURCE_NOT_ALLOWED, without_replay(refusal))
        if not repository.has_issues:
            reason = f"issues are switched off in the source {repository.full_name}; switch them on"
            return Unready(Code.ISSUES_DISABLED, reason)
        reading = await read_whole(self._github, repository, lambda: self._tell(name))
        self._tell(name)
        if not isinstance(reading, Reading):
            return self._failed(reading, site.credential)
        issues = reading.issues.values()
        plan = await frozen(self._github, repository, issues, wanted, lambda: self._tell(name))
        match plan:
            case Plan():
                return Template(repository, plan)
            case Dead():
                return Unready(plan.code, without_replay(plan.reason))
            case _:
                return self._failed(plan, site.credential)

    async def target(self, asked: str, plan: Plan) -> Survey | Unready:
        """A target, as a migration would find it."""
        site = self._refused(asked, asked) or await self._site(asked)
        if isinstance(site, Unready):
            return self._perhaps_late(site)
        refused = self._refused(site.repository.full_name, asked)
        if refused is not None:
            return refused
        dead = unwritable(site.repository, plan, self._rules)
        if dead is not None:
            return Unready(dead.code, without_replay(dead.reason))
        survey = await self._look(site, plan)
        if isinstance(survey, Unready) or site.repository.may_push is False:
            return survey
        created = to_be_created(plan, survey.seen, survey.records, survey.looked_at_ms)
        return await self._stocked(site, survey, created)

    async def copies(
        self, asked: str, plan: Plan, known: TargetId | None = None
    ) -> Survey | Unready:
        """A target as it is now, whether it may be written to or not.

        `known` is the repository that the migration took, `None` where it took none: as long as it exists it is the
        target, whatever bears its name by now. A healing migration finds it in the same way.
        """
        site = await self._site(asked, known)
        return site if isinstance(site, Unready) else await self._look(site, plan)

    async def rehearse(self, survey: Survey, plan: Plan, act: Act) -> tuple[Turn, ...] | Unready:
        """What an act would do with each copy of a target that was surveyed."""
        name = survey.repository.full_name
        found = await rehearse(
            self._github, survey, plan, self._style, act, lambda: self._tell(name)
        )
        return found if isinstance(found, tuple) else _unready(found)

    # ------------------------------------------------------------------------------------ repositories

    async def _site(self, asked: str, known: TargetId | None = None) -> _Site | Unready:
        credential = await self._credential(asked)
        if isinstance(credential, Unready):
            return credential
        answer = await found_again(self._github, known, asked)
        self._tell(asked)
        if not isinstance(answer, Found):
            return self._failed(answer, credential)
        return _Site(asked, answer.value, credential)

    async def _credential(self, name: str) -> Credential | Unready:
        """Who we are towards this repository, where that account may call at all."""
        owner = name.partition("/")[0].lower()
        if owner in self._closed:
            return self._closed[owner]
        answer = await self._github.credential(name)
        if not isinstance(answer, Found):
            self._closed[owner] = _unready(answer)
            return self._closed[owner]
        credential = answer.value
        closed = await self._gate(credential)
        if closed is not None and credential.account not in self._closed:
            reason = f"GitHub is not to be asked for {closed.wait_s:.0f} s: {closed.cause}"
            self._closed[credential.account] = Unready(None, reason)
        return self._closed.get(credential.account, credential)

    def _refused(self, name: str, asked: str) -> Unready | None:
        refusal = target_refusal(name, self._rules, asked)
        return (
            None if refusal is None else Unready(Code.TARGET_NOT_ALLOWED, without_replay(refusal))
        )

    def _perhaps_late(self, unready: Unready) -> Unready:
        if unready.code is not Code.NOT_FOUND:
            return unready
        late = f"if it is just being generated, a request waits {self._patience_s:.0f} s for it"
        return replace(unready, reason=f"{unready.reason} ({late})")

    # -------------------------------------------------------------------------------------- the look

    async def _look(self, site: _Site, plan: Plan) -> Survey | Unready:
        known = await self._ledger(site.repository.id)
        evidence = await self._evidence(site, known, plan)
        sight = await look(self._github, site.repository, evidence, lambda: self._tell(site.asked))
        self._tell(site.asked)
        if not isinstance(sight, Sight):
            return self._failed(sight, site.credential)
        fates = dict.fromkeys(sight.gone, Fate.DELETED)
        for ticket, number in unseen(plan, sight.seen, known.records):
            if number in fates:
                continue
            issue = sight.issues.get(number) or await self._issue(site, number)
            if isinstance(issue, Unready):
                return issue
            fates[number] = _fate(known.records.get(ticket.id), issue)
        return Survey(
            site.repository,
            sight.seen,
            sight.issues,
            known.records,
            fates,
            known.now_ms,
            is_busy=known.is_busy,
            later=known.later,
            us=evidence.us,
        )

    async def _evidence(self, site: _Site, known: Remembered, plan: Plan) -> Evidence:
        us, style = await self._us(site.credential), self._style
        tickets = plan.tickets if style.adopt else ()
        return Evidence(site.repository.id, us, known.records, style.seal, tickets)

    async def _issue(self, site: _Site, number: int) -> Issue | Absent | Unready:
        """The issue of a number that no look shows."""
        answer = await self._github.read_issue(site.repository, number)
        self._tell(site.asked)
        match answer:
            case Found(issue):
                return issue
            case Absent():
                return answer
            case _:
                return self._failed(answer, site.credential)

    # ------------------------------------------------------------------------------------------ stock

    async def _stocked(
        self, site: _Site, survey: Survey, tickets: tuple[Ticket, ...]
    ) -> Survey | Unready:
        """With what the target has of what these tickets need, as far as it is to be had."""
        list_all, stock = lists(self._github), Stock()
        withheld: dict[str, Permanent] = {}
        for kind in KINDS:
            is_out_of_place = kind.is_organisations and site.repository.is_personal
            needed = () if is_out_of_place else kind.needed(tickets, self._style)
            unlisted = None if kind.can_be_made else needed
            found = await self._listed(site, needed, list_all[kind], unlisted)
            match found:
                case Unready():
                    return found
                case Permanent():
                    withheld[kind.plural] = found
                case _:
                    stock = stock.having(kind, found)
        return replace(survey, stock=stock, withheld=withheld)

    async def _listed(
        self,
        site: _Site,
        needed: Sequence[object],
        list_all: List[T],
        unlisted: tuple[T, ...] | None = None,
    ) -> tuple[T, ...] | Permanent | Unready:
        """What the target has of a kind; asked for only where something of it is needed.

        `unlisted` counts where the server has no such listing.
        """
        if not needed:
            return ()
        blocked = self._closed.get(site.credential.account)
        if blocked is not None:
            return blocked
        answer = await list_all(site.repository)
        self._tell(site.asked)
        match answer:
            case Found(there):
                return there
            case Permanent(code=Code.NOT_FOUND) if unlisted is not None:
                return unlisted
            case Permanent(Scope.TICKET | Scope.REPOSITORY):
                return answer
            case _:
                return self._failed(answer, site.credential)

    # ------------------------------------------------------------------------------------ small parts

    def _failed(self, failure: ReadFailure, payer: Credential) -> Unready:
        """Why a survey ends; what is true of the whole account ends those of the others that it pays for."""
        unready = _unready(failure)
        if isinstance(failure, RateLimited) or (
            isinstance(failure, Permanent) and failure.scope is Scope.CREDENTIAL
        ):
            self._closed[payer.account] = unready
        return unready


def _fate(record: LedgerRecord | None, issue: Issue | Absent) -> Fate:
    """What became of a copy on record; as `Watch.find` has it."""
    if isinstance(issue, Absent):
        return Fate.DELETED if issue.taken else Fate.NEVER
    is_it = isinstance(record, CreatedAs) and record.is_issue(issue.id)
    return Fate.THERE if is_it else Fate.NEVER


def _unready(failure: ReadFailure) -> Unready:
    match failure:
        case RateLimited(reason, wait_s):
            when = "" if wait_s is None else f"; try again in {wait_s:.0f} s"
            return Unready(None, f"GitHub says not now: {reason}{when}")
        case Transient(reason):
            return Unready(None, f"{reason}; try again")
        case Permanent(_, code, reason):
            return Unready(code, without_replay(reason))
        case _:
            assert_never(failure)


_REPLAY: Final = re.compile(r"(, then| and)? ?replay it \(`monarch dead replay`\)")


def without_replay(reason: str) -> str:
    """Where nothing has died yet, there is nothing to be replayed."""
    return _REPLAY.sub("", reason)
