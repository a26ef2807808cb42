"""A rehearsal: planner, migrator and crossing themselves, over ports that remember.

It receives a request, a target or an act, lets the real stage read the source, reach the target and go through it, and
promises that nothing is written: neither to GitHub nor to Valkey. It returns the remembered writes.

It skips all waits: a write without an answer counts as settled, a target that another migration fills is looked at as it
is, and budget, pauses and quiet times are left to the forecast. Besides that, the real run differs by what people do
meanwhile, and by what GitHub refuses.
"""

from collections.abc import Callable
from dataclasses import dataclass

from monarch.core.after.acts import Act
from monarch.core.copy.style import Style
from monarch.core.delivery import Delivery, MigrationEntry, RequestEntry, Stream, Token
from monarch.core.ids import RequestId, TargetId
from monarch.core.outcome import ReadFailure
from monarch.core.plan import Plan
from monarch.core.report.passage import Passage
from monarch.core.request.message import Request
from monarch.core.request.rules import Rules
from monarch.core.target.permission import Taken
from monarch.core.target.survey import Survey
from monarch.core.verdict import Done, Planned, Policy, Skipped, Verdict
from monarch.ports import Plans
from monarch.stages.crossing.context import Context
from monarch.stages.crossing.subject import Subject, Tools
from monarch.stages.crossing.watch import Watch
from monarch.stages.migrator import Migrator
from monarch.stages.planner import Planner
from monarch.stages.rehearsal.github import RememberingGitHub
from monarch.stages.rehearsal.hold import JumpingClock, RehearsedHold
from monarch.stages.rehearsal.store import (
    DRY_RUN,
    OnePlan,
    ReadLogins,
    RememberingBudget,
    RememberingLedger,
    Sources,
)
from monarch.stages.support.aside import Aside, on_the_loop
from monarch.telemetry import Telemetry

_POLICY = Policy(target_patience_s=0)
"""A target that does not exist is reported as missing at once."""


@dataclass(frozen=True, slots=True)
class RehearsalWish:
    """What a target is rehearsed for.

    `known` is the repository that the migration took before, `None` where it took none; `bases` as in `MigrationEntry`.
    """

    plan: Plan
    act: Act = Act.COPY
    known: TargetId | None = None
    bases: tuple[RequestId, ...] = ()


class Rehearser:
    """Rehearses for one command. `tell` receives the name of each reading's subject.

    `telemetry` goes nowhere: nothing that is reported to it has happened.
    """

    def __init__(
        self,
        sources: Sources,
        rules: Rules,
        style: Style,
        telemetry: Telemetry,
        tell: Callable[[str], None],
        *,
        plans: Plans | None = None,
        aside: Aside = on_the_loop,
    ) -> None:
        """`plans` are those of earlier requests, with which an update compares."""
        self._sources, self._rules, self._style = sources, rules, style
        self._telemetry, self._tell, self._plans, self._aside = telemetry, tell, plans, aside
        self._budget = RememberingBudget(sources)
        self._unsigned: dict[str, ReadFailure] = {}

    async def plan(
        self, request: Request, act: Act = Act.COPY, source_id: TargetId | None = None
    ) -> Plan | Verdict:
        """Freeze the tickets of the source as they are now; a verdict if there can be no plan.

        `source_id` as in `RequestEntry`.
        """
        name, clock = request.source.full_name, JumpingClock()
        entry = RequestEntry(DRY_RUN, b"", act, source_id)
        delivery = Delivery(Token(Stream.REQUESTS, "rehearsal", "0-0", 1), entry)
        ledger = RememberingLedger(self._sources, clock, None)
        planner = Planner(
            self._github(name),
            self._budget,
            ledger.now_ms,
            self._telemetry,
            self._rules,
            _POLICY,
            lambda: 0.0,
            self._style,
        )
        verdict = await planner.plan(request, entry, delivery, RehearsedHold(delivery, clock))
        match verdict:
            case Done(Planned(plan=plan)):
                return plan
            case Done(Skipped(source=source)):
                return Plan(source, ())
            case _:
                return verdict

    async def rehearse(self, asked: str, wanted: RehearsalWish) -> Passage | Verdict:
        """Go through one target; a verdict if that cannot begin."""
        stage = self._stage(asked, wanted)
        subject = await stage.migrator.reach(stage.delivery, stage.hold)
        if not isinstance(subject, Subject):
            return subject
        stage.github.author = next(iter(subject.us.authors), None)
        taken = await stage.take(subject)
        work = await stage.migrator.work(subject, taken)
        verdict, ledger = await work.run(), stage.ledger
        return Passage(
            subject.plan,
            _survey(subject, work.watch, taken),
            verdict,
            stage.github.writes,
            ledger.known.is_busy,
            ledger.created,
            ledger.changed,
            frozenset(ledger.found),
            tuple(ledger.notes),
        )

    async def look(self, asked: str, wanted: RehearsalWish) -> Survey | Verdict:
        """Look at a target as a crossing does, whether it may be written to or not; a verdict if it cannot be read."""
        stage = self._stage(asked, wanted)
        subject = await stage.migrator.find(stage.delivery, stage.hold, stage.entry, wanted.plan)
        if not isinstance(subject, Subject):
            return subject
        taken = await stage.take(subject)
        watch = Context.of(stage.tools, subject, taken).watch
        ended = await watch.look()
        for ticket in () if ended else wanted.plan.everything:
            number = await watch.number_of(ticket)
            ended = ended or (None if isinstance(number, int | None) else number)
        return ended or _survey(subject, watch, taken)

    def _github(self, asked: str) -> RememberingGitHub:
        return RememberingGitHub(self._sources.github, lambda: self._tell(asked), self._unsigned)

    def _stage(self, asked: str, wanted: RehearsalWish) -> "_Stage":
        clock = JumpingClock()
        github, ledger = self._github(asked), RememberingLedger(self._sources, clock, wanted.known)
        tools = Tools(
            github,
            ReadLogins(self._sources.us),
            ledger,
            self._budget,
            self._telemetry,
            clock,
            lambda: 0.0,
            _POLICY,
            self._style,
            self._aside,
        )
        entry = MigrationEntry(DRY_RUN, asked, 0, 1, act=wanted.act, bases=wanted.bases)
        delivery = Delivery(Token(Stream.MIGRATIONS, "rehearsal", "0-0", 1), entry)
        migrator = Migrator(tools, OnePlan(wanted.plan, self._plans), self._rules)
        hold = RehearsedHold(delivery, clock)
        return _Stage(github, ledger, tools, migrator, entry, delivery, hold)


@dataclass(frozen=True, slots=True)
class _Stage:
    """The stage for rehearsing one target."""

    github: RememberingGitHub
    ledger: RememberingLedger
    tools: Tools
    migrator: Migrator
    entry: MigrationEntry
    delivery: Delivery
    hold: RehearsedHold

    async def take(self, subject: Subject) -> Taken:
        """Read what is known of the target."""
        repository, credential = subject.repository, subject.credential
        return await self.ledger.take(self.delivery, repository.id, credential)


def _survey(subject: Subject, watch: Watch, taken: Taken) -> Survey:
    return Survey(
        subject.repository,
        watch.seen,
        watch.issues,
        watch.numbers,
        taken.records,
        watch.fates,
        taken.later,
        subject.us,
    )
