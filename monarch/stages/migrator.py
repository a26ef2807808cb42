"""The migrator brings the tickets of a plan into one target.

It receives a migration, decides whether its target can be written to, takes the target's lock, runs a crossing, and
promises that every ticket of the plan is in the target once, in order, and was seen there.
"""

from dataclasses import replace

from monarch.core.after.acts import Act
from monarch.core.delivery import Delivery, MigrationEntry
from monarch.core.outcome import Code, Found
from monarch.core.plan import Plan
from monarch.core.request.rules import Rules, target_refusal
from monarch.core.target.permission import (
    Busy,
    Cancelled,
    Credential,
    GateClosed,
    GivesWay,
    Lost,
    Origin,
    Quiet,
    Taken,
)
from monarch.core.target.preflight import unwritable
from monarch.core.ticket import Repository
from monarch.core.verdict import (
    Acted,
    Dead,
    Done,
    Migrated,
    Snooze,
    Verdict,
    Waits,
    called_off,
    judge,
    judge_target,
)
from monarch.ports import Plans
from monarch.stages.after.taking_back import TakingBack
from monarch.stages.crossing.crossing import Crossing
from monarch.stages.crossing.subject import Subject, Tools
from monarch.stages.lease import Hold, LeaseLost
from monarch.stages.support.gates import give_way, snooze_until_open
from monarch.stages.support.identity import found_again

BUSY_S = 30.0
"""How long to wait at most for a target that another migration holds, in seconds. Its release wakes the waiting delivery
earlier, but a dead holder releases nothing.
"""


class Migrator:
    """The handler of the stream of migrations."""

    def __init__(self, tools: Tools, plans: Plans, rules: Rules) -> None:
        self._tools = tools
        self._plans = plans
        self._rules = rules

    async def handle(self, delivery: Delivery, hold: Hold) -> Verdict:
        """See `consumer.Handler.handle`."""
        subject = await self.reach(delivery, hold)
        return await self._cross(subject) if isinstance(subject, Subject) else subject

    async def reach(self, delivery: Delivery, hold: Hold) -> Subject | Verdict:
        """Find the target, and see that it can be written to; a verdict where it cannot be, or not now."""
        entry = delivery.entry
        if not isinstance(entry, MigrationEntry):
            return Dead(Code.UNREADABLE, f"expected a migration, not {entry!r}")
        # Any client of Valkey can append to the stream: not every migration comes from a planner.
        refusal = target_refusal(entry.target, self._rules)
        if refusal is not None:
            return refusal
        plan = await self._plans.read(entry.request)
        if plan is None:
            return Dead(Code.PLAN_MISSING, "its plan is gone or cannot be read; ask for it again")
        subject = await self.find(delivery, hold, entry, plan)
        if not isinstance(subject, Subject):
            return subject
        return self._unwritable(subject.repository, entry, plan) or subject

    async def find(
        self, delivery: Delivery, hold: Hold, entry: MigrationEntry, plan: Plan
    ) -> Subject | Verdict:
        """Find the target, whether it may be written to or not; a verdict where it cannot be read."""
        reader = await self._signer(entry.target, delivery)
        if not isinstance(reader, Credential):
            return reader
        closed = await self._tools.budget.gate(reader)
        if closed is not None:
            return snooze_until_open(closed)
        hold.check()
        origin = await self._tools.ledger.origin(delivery)
        target = await self._preflight(delivery, entry, reader, origin)
        if not isinstance(target, Repository):
            return target
        # If it was transferred to another owner since, another credential may sign there.
        writer = await self._signer(target.full_name, delivery)
        if not isinstance(writer, Credential):
            return writer
        us = await self._tools.logins.us(writer)
        asked_ms, act_ms = origin.asked_ms, origin.act_ms
        return Subject(delivery, hold, entry, plan, target, writer, us, asked_ms, act_ms)

    async def _signer(self, name: str, delivery: Delivery) -> Credential | Verdict:
        """The credential for the repository of this name, or what becomes of a delivery without one."""
        tools = self._tools
        answer = await tools.github.credential(name)
        if isinstance(answer, Found):
            return answer.value
        return judge(answer, delivery.attempts, tools.policy, tools.dice())

    async def _preflight(
        self, delivery: Delivery, entry: MigrationEntry, credential: Credential, origin: Origin
    ) -> Repository | Verdict:
        """The target under its canonical name, or what becomes of a delivery that cannot reach it."""
        tools = self._tools
        answer = await found_again(tools.github, origin.target, entry.target)
        if isinstance(answer, Found):
            return answer.value
        waits = await give_way(answer, credential, tools.budget, tools.telemetry)
        if waits is not None:
            return waits
        # The server that numbered a request says how old it is: a worker's clock may be wrong by any amount.
        age_s = (await tools.ledger.now_ms() - origin.asked_ms) / 1000
        return judge_target(
            answer,
            delivery.attempts,
            tools.policy,
            tools.dice(),
            age_s=max(0.0, age_s),
            was_there=origin.target is not None or entry.act is not Act.COPY,
        )

    def _unwritable(self, target: Repository, entry: MigrationEntry, plan: Plan) -> Dead | None:
        """Why this repository must not or cannot be written to; `None` where it can."""
        refusal = target_refusal(target.full_name, self._rules, entry.target)
        if refusal is not None:
            return refusal
        # Taking back from a public target shows nothing to people who did not see it before.
        is_copying = entry.act is Act.COPY or entry.act.is_update
        rules = self._rules if is_copying else replace(self._rules, private_to_public=True)
        return unwritable(target, plan, rules, entry.target)

    async def _cross(self, subject: Subject) -> Verdict:
        repository = subject.repository
        taken = await self._tools.ledger.take(
            subject.delivery, repository.id, subject.credential, subject.name
        )
        match taken:
            case Taken():
                subject.hold.target = repository.id
                verdict = await (await self.work(subject, taken)).run()
                self._report(subject, verdict)
                return verdict
            case Busy():
                reason = "another migration writes to this target"
                return Snooze(reason, BUSY_S, waits_for=repository.id, kind=Waits.BUSY)
            case GivesWay(wait_s):
                return Snooze("another cohort has its turn", wait_s, kind=Waits.TURN)
            case GateClosed():
                return snooze_until_open(taken)
            case Quiet(wait_s):
                return Snooze("a new epoch of Valkey's memory began", wait_s, kind=Waits.EPOCH)
            case Cancelled(by):
                return called_off(by)
            case Lost():
                raise LeaseLost

    async def work(self, subject: Subject, taken: Taken) -> Crossing | TakingBack:
        """The work of this run of the migration, to be run once."""
        bases = [await self._plans.read(base) for base in subject.entry.bases]
        known = [plan for plan in bases if plan is not None]
        if subject.entry.act in {Act.RECALL, Act.UNDO}:
            return TakingBack(self._tools, subject, taken, known)
        return Crossing(self._tools, subject, taken, known)

    def _report(self, subject: Subject, verdict: Verdict) -> None:
        if isinstance(verdict, Done) and isinstance(verdict.result, Acted):
            self._tools.telemetry.act_ended(
                target=subject.repository.full_name,
                act=verdict.result.act.value,
                changed=verdict.result.changed,
                left=len(verdict.result.left),
            )
        if isinstance(verdict, Done) and isinstance(verdict.result, Migrated):
            self._tools.telemetry.migration_migrated(
                target=subject.repository.full_name,
                tickets=verdict.result.tickets,
                deleted=verdict.result.deleted,
            )
