"""The planner turns a message into a plan.

It receives a request, decides whether it can be carried out, reads the source's tickets, and promises a plan that does
not change and one migration for each distinct target; or a reason that a person can act on.

An unreadable source is never taken for an empty one: only a complete look without tickets gives *skipped*. People change
a template seconds before they ask for its copies, so a listing alone proves nothing.

A request that names a date (`core.portions`) is parked until then, before any call to GitHub: its tickets are those that
the template has on that day. The server's clock says whether the date has come, again at each delivery, so a clock that
was set back releases nothing too early.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from monarch.core.advice import Advice
from monarch.core.after.acts import Act
from monarch.core.budget.beside import beside
from monarch.core.copy.style import Style
from monarch.core.delivery import Delivery, RequestEntry
from monarch.core.outcome import Code, Found, ReadFailure
from monarch.core.plan import Plan
from monarch.core.portions.dates import TooFar, Until, release_of
from monarch.core.portions.details import portion_details
from monarch.core.request.message import BadMessage, Request, parse_message
from monarch.core.request.rules import Rules, another_source, source_refusal
from monarch.core.target.permission import Credential
from monarch.core.ticket import Repository
from monarch.core.verdict import (
    Dead,
    Done,
    Planned,
    Policy,
    Retry,
    Skipped,
    Snooze,
    Verdict,
    Waits,
    judge,
)
from monarch.ports import Budget, GitHub
from monarch.stages.crossing.looks import Reading, read_whole
from monarch.stages.lease import Hold
from monarch.stages.support.freezing import frozen
from monarch.stages.support.gates import give_way, snooze_until_open
from monarch.stages.support.identity import found_again
from monarch.telemetry import Telemetry


class Planner:
    """The handler of the stream of requests. `now_ms` reads the server's clock (`Ledger.now_ms`)."""

    def __init__(
        self,
        github: GitHub,
        budget: Budget,
        now_ms: Callable[[], Awaitable[int]],
        telemetry: Telemetry,
        rules: Rules,
        policy: Policy,
        dice: Callable[[], float],
        style: Style,
    ) -> None:
        self._github = github
        self._budget = budget
        self._now_ms = now_ms
        self._telemetry = telemetry
        self._rules = rules
        self._policy = policy
        self._dice = dice
        self._style = style

    async def handle(self, delivery: Delivery, hold: Hold) -> Verdict:
        """See `consumer.Handler.handle`."""
        entry = delivery.entry
        if not isinstance(entry, RequestEntry):
            return Dead(Code.UNREADABLE, f"expected a request, not {entry!r}")
        parsed = parse_message(entry.payload, self._rules)
        if isinstance(parsed, BadMessage):
            return _refuse(parsed)
        waits = await self._wait(parsed)
        verdict = _with_details(waits or await self.plan(parsed, entry, delivery, hold), parsed)
        self._report(entry, verdict)
        return verdict

    async def _wait(self, request: Request) -> Snooze | Dead | None:
        """Park a request until its date; `None`: it has no date, or the date has come."""
        if request.portion.not_before is None:
            return None
        match release_of(request.portion.not_before, await self._now_ms()):
            case Until(wait_s, reason):
                return Snooze(reason, wait_s, kind=Waits.DATE)
            case TooFar(reason):
                return Dead(Code.DATE_TOO_FAR, reason)
            case _:
                return None

    async def plan(
        self, request: Request, entry: RequestEntry, delivery: Delivery, hold: Hold
    ) -> Verdict:
        """Read the source as it is now, whatever date the request names."""
        credential = await self._github.credential(request.source.full_name)
        if not isinstance(credential, Found):
            return judge(credential, delivery.attempts, self._policy, self._dice())
        closed = await self._budget.gate(credential.value)
        if closed is not None:
            return snooze_until_open(closed)
        hold.check()
        name = request.source.full_name
        source = await found_again(self._github, entry.source_id, name)
        if not isinstance(source, Found):
            return await self._refuse_source(source, request, credential.value, delivery)
        refusal = source_refusal(source.value.full_name, self._rules, name)
        refusal = refusal or another_source(source.value.id, entry.source_id, name)
        if refusal is not None:
            return refusal
        plan = await self._freeze(source.value, request, delivery, hold)
        match plan:
            case Plan():
                return Done(_shared_out(plan, request, source.value.id, entry.act, self._style))
            case Dead():
                return replace(plan, details={"source_id": str(source.value.id)})
            case _:
                return await self._refuse_source(plan, request, credential.value, delivery)

    async def _freeze(
        self, source: Repository, request: Request, delivery: Delivery, hold: Hold
    ) -> Plan | Dead | ReadFailure:
        """The tickets of the source as they are now, or why there is no plan."""
        if not source.has_issues:
            reason = f"issues are switched off in the source {source.full_name}"
            return Dead(Code.ISSUES_DISABLED, reason, advice=Advice("switch them on"))
        hold.check()
        reading = await read_whole(self._github, source, hold.check)
        if not isinstance(reading, Reading):
            return reading
        issues, wanted = reading.issues.values(), request.portion.milestones
        last_try = delivery.attempts + 1 >= self._policy.max_attempts
        return await frozen(self._github, source, issues, wanted, hold.check, last_try=last_try)

    async def _refuse_source(
        self, outcome: ReadFailure, request: Request, credential: Credential, delivery: Delivery
    ) -> Verdict:
        waits = await give_way(outcome, credential, self._budget, self._telemetry)
        verdict = waits or judge(outcome, delivery.attempts, self._policy, self._dice())
        if isinstance(verdict, Dead):
            reason = f"the source {request.source.full_name}: {verdict.reason}"
            return replace(verdict, reason=reason)
        return verdict

    def _report(self, entry: RequestEntry, verdict: Verdict) -> None:
        match verdict:
            case Done(Planned(plan, _, targets, refused)):
                self._telemetry.request_planned(
                    request=entry.request,
                    tickets=len(plan.tickets),
                    targets=len(targets),
                    refused=len(refused),
                )
            case Done(Skipped()):
                self._telemetry.request_skipped(request=entry.request)
            case _:
                return


def _refuse(bad: BadMessage) -> Dead:
    details = {"source": bad.source or "", "channel": bad.channel or ""}
    return Dead(bad.code, bad.reason, details, bad.advice if bad.advice.text else _SEND_ANEW)


_SEND_ANEW: Final = Advice("have its sender correct it and send it again", replay=False)
"""What a person can do about a message that is wrong in itself: sent back as it is, it fails again."""


def _with_details(verdict: Verdict, request: Request) -> Verdict:
    """A waiting request keeps its details, so that its channel can hear of it if a person cancels it."""
    if isinstance(verdict, Retry | Snooze | Dead):
        return replace(verdict, details={**_details(request), **verdict.details})
    return verdict


def _details(request: Request) -> dict[str, str]:
    """What an unplanned request keeps, so that it finds its cohort and its channel."""
    named = (*_names(request), *(each.target for each in request.refused))
    return {
        **portion_details(request.portion),
        "source": request.source.full_name,
        "channel": request.channel or "",
        "asked": str(len(named)),
        "named": "\n".join(named),
    }


def _shared_out(
    plan: Plan, request: Request, source_id: int, act: Act, style: Style
) -> Planned | Skipped:
    """Share a plan out among the targets of a request; without tickets skip it, unless copies of closed tickets may be meant."""
    names, portion = _names(request), request.portion
    if not plan.tickets and not act.is_update:
        return Skipped(plan.source, request.channel, names, request.refused, source_id, portion)
    refused, more = request.refused, beside(plan, style)
    return Planned(plan, request.channel, names, refused, source_id, portion, more)


def _names(request: Request) -> tuple[str, ...]:
    return tuple(target.full_name for target in request.targets)
