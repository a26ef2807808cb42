"""The planner makes a message into a plan.

It receives a request, decides whether it can be carried out, reads the source's tickets, and promises a plan that does
not change and one migration for each distinct target; or a reason that a person can act on.

A source that cannot be read is never taken for an empty one: only a complete look without tickets is *skipped*. A
template is changed seconds before a person asks for its copies, so a listing alone proves nothing.
"""

from collections.abc import Callable
from dataclasses import replace

from monarch.core.delivery import Delivery, RequestEntry
from monarch.core.outcome import Code, Found, ReadFailure, Transient
from monarch.core.plan import Plan, make_plan, oversize, unseen_tickets
from monarch.core.request.message import BadMessage, Request, Rules, parse_message, source_refusal
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
    judge,
)
from monarch.ports import Budget, GitHub
from monarch.stages.crossing.hierarchy import in_order
from monarch.stages.crossing.looks import Reading, read_whole
from monarch.stages.gates import give_way, snooze_until_open
from monarch.stages.lease import Hold
from monarch.telemetry import Telemetry


class Planner:
    """The handler of the stream of requests."""

    def __init__(
        self,
        github: GitHub,
        budget: Budget,
        telemetry: Telemetry,
        rules: Rules,
        policy: Policy,
        dice: Callable[[], float],
    ) -> None:
        self._github = github
        self._budget = budget
        self._telemetry = telemetry
        self._rules = rules
        self._policy = policy
        self._dice = dice

    async def handle(self, delivery: Delivery, hold: Hold) -> Verdict:
        """See `consumer.Handler.handle`."""
        entry = delivery.entry
        if not isinstance(entry, RequestEntry):
            return Dead(Code.UNREADABLE, f"expected a request, not {entry!r}")
        parsed = parse_message(entry.payload, self._rules)
        if isinstance(parsed, BadMessage):
            return _refuse(parsed)
        verdict = _with_details(await self._plan(parsed, delivery, hold), parsed)
        self._report(entry, verdict)
        return verdict

    async def _plan(self, request: Request, delivery: Delivery, hold: Hold) -> Verdict:
        credential = await self._github.credential(request.source.full_name)
        if not isinstance(credential, Found):
            return judge(credential, delivery.attempts, self._policy, self._dice())
        closed = await self._budget.gate(credential.value)
        if closed is not None:
            return snooze_until_open(closed)
        hold.check()
        source = await self._github.read_repository(request.source.full_name)
        if not isinstance(source, Found):
            return await self._refuse_source(source, request, credential.value, delivery)
        refusal = source_refusal(source.value.full_name, self._rules, request.source.full_name)
        if refusal is not None:
            return Dead(Code.SOURCE_NOT_ALLOWED, refusal)
        frozen = await self._freeze(source.value, hold)
        match frozen:
            case Plan():
                return Done(_shared_out(frozen, request))
            case Dead():
                return frozen
            case _:
                return await self._refuse_source(frozen, request, credential.value, delivery)

    async def _freeze(self, source: Repository, hold: Hold) -> Plan | Dead | ReadFailure:
        """The tickets of the source as they are now, or why there is no plan."""
        if not source.has_issues:
            return Dead(Code.ISSUES_DISABLED, _issues_are_off(source))
        hold.check()
        reading = await read_whole(self._github, source, hold.check)
        if not isinstance(reading, Reading):
            return reading
        issues = reading.issues.values()
        plan = make_plan(source.full_name, issues, private=source.private)
        unseen = unseen_tickets(source, issues, plan)
        if unseen is not None:
            return Transient(unseen)
        too_large = oversize(plan)
        if too_large is not None:
            return Dead(Code.PLAN_TOO_LARGE, too_large)
        return await in_order(self._github, source, plan, hold.check)

    async def _refuse_source(
        self, outcome: ReadFailure, request: Request, credential: Credential, delivery: Delivery
    ) -> Verdict:
        waits = await give_way(outcome, credential, self._budget, self._telemetry)
        verdict = waits or judge(outcome, delivery.attempts, self._policy, self._dice())
        if isinstance(verdict, Dead):
            reason = f"the source {request.source.full_name}: {verdict.reason}"
            return Dead(verdict.code, reason)
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
    return Dead(bad.code, bad.reason, details)


def _with_details(verdict: Verdict, request: Request) -> Verdict:
    """While a request waits it keeps what its channel is to be told, should somebody call it off."""
    if isinstance(verdict, Retry | Snooze | Dead):
        return replace(verdict, details=_details(request))
    return verdict


def _details(request: Request) -> dict[str, str]:
    """What a request keeps although it was never planned, so that its channel can be told."""
    return {"source": request.source.full_name, "channel": request.channel or ""}


def _shared_out(plan: Plan, request: Request) -> Planned | Skipped:
    """A plan among the targets of a request; nothing of one without tickets."""
    if not plan.tickets:
        return Skipped(plan.source, request.channel, _names(request), request.refused)
    return Planned(plan, request.channel, _names(request), request.refused)


def _names(request: Request) -> tuple[str, ...]:
    return tuple(target.full_name for target in request.targets)


def _issues_are_off(source: Repository) -> str:
    return f"issues are switched off in the source {source.full_name}; switch them on and replay it (`monarch dead replay`)"
