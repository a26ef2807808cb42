"""A rehearsal of one migration: the migrator's own crossing, over ports that remember.

It receives a target, a plan and an act, has the real migrator reach the target and the real crossing go through it, and
promises that nothing is written: neither to GitHub nor to Valkey. It tells what was remembered.

What is waited for in earnest is not waited for here: a write that was not answered counts as settled, a target that
another migration fills is looked at as it stands, and budget, pauses and quiet times are the forecast's. What differs
otherwise when it is done: what people do meanwhile, and what GitHub refuses.
"""

from collections.abc import Callable
from dataclasses import dataclass

from monarch.core.after.acts import Act
from monarch.core.copy.style import Style
from monarch.core.delivery import Delivery, MigrationEntry, Stream, Token
from monarch.core.ids import RequestId, TargetId
from monarch.core.outcome import ReadFailure
from monarch.core.plan import Plan
from monarch.core.report.passage import Passage
from monarch.core.request.rules import Rules
from monarch.core.target.permission import Taken
from monarch.core.verdict import Policy, Verdict
from monarch.ports import Plans
from monarch.stages.aside import Aside, on_the_loop
from monarch.stages.crossing.subject import Subject, Tools
from monarch.stages.migrator import Migrator
from monarch.stages.rehearsal.github import RememberingGitHub
from monarch.stages.rehearsal.hold import JumpingClock, RehearsedHold
from monarch.stages.rehearsal.store import (
    NOW,
    OnePlan,
    ReadLogins,
    RememberingBudget,
    RememberingLedger,
)
from monarch.stages.survey import Sources
from monarch.telemetry import Telemetry

_POLICY = Policy(target_patience_s=0)
"""A target that is not there is said to be missing at once."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a target is rehearsed for.

    `known` is the repository that the migration took before, `None` where it took none; `bases` as in `MigrationEntry`.
    """

    plan: Plan
    act: Act = Act.COPY
    known: TargetId | None = None
    bases: tuple[RequestId, ...] = ()


class Rehearser:
    """Rehearses for one command. `tell` hears of every reading, by the name of what it is about.

    `telemetry` is one that nobody listens to: nothing that it is told of has happened.
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
        """`plans` are those of earlier requests, which an update goes by."""
        self._sources, self._rules, self._style = sources, rules, style
        self._telemetry, self._tell, self._plans, self._aside = telemetry, tell, plans, aside
        self._budget = RememberingBudget(sources)
        self._unsigned: dict[str, ReadFailure] = {}

    async def rehearse(self, asked: str, wanted: Wanted) -> Passage | Verdict:
        """Go through one target; a verdict where it cannot be begun."""
        clock = JumpingClock()
        github = RememberingGitHub(self._sources.github, lambda: self._tell(asked), self._unsigned)
        ledger = RememberingLedger(self._sources, clock, wanted.known)
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
        migrator = Migrator(tools, OnePlan(wanted.plan, self._plans), self._rules)
        delivery = _delivery(asked, wanted)
        subject = await migrator.reach(delivery, RehearsedHold(delivery, clock))
        if not isinstance(subject, Subject):
            return subject
        github.author = next(iter(subject.us.authors), None)
        taken = await ledger.take(delivery, subject.repository.id, subject.credential)
        return await self._pass(migrator, subject, taken, github, ledger)

    async def _pass(
        self,
        migrator: Migrator,
        subject: Subject,
        taken: Taken,
        github: RememberingGitHub,
        ledger: RememberingLedger,
    ) -> Passage:
        work = await migrator.work(subject, taken)
        verdict = await work.run()
        watch = work.watch
        return Passage(
            subject.repository,
            subject.plan,
            verdict,
            github.writes,
            records=ledger.known.records,
            is_busy=ledger.known.is_busy,
            created=ledger.created,
            changed=ledger.changed,
            found=frozenset(ledger.found),
            notes=tuple(ledger.notes),
            numbers=watch.numbers,
            fates=watch.fates,
            issues=watch.issues,
            highest=watch.seen.highest,
        )


def _delivery(asked: str, wanted: Wanted) -> Delivery:
    entry = MigrationEntry(NOW, asked, 0, 1, act=wanted.act, bases=wanted.bases)
    return Delivery(Token(Stream.MIGRATIONS, "rehearsal", "0-0", 1), entry)
