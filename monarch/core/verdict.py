"""What becomes of a delivery, and how an outcome is judged.

Judging is a table: outcome x attempts -> verdict. Waiting for a limit or for a target to appear is a
`Snooze` and never an attempt; a failure that may pass is a `Retry` until the attempts are used up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from monarch.core.advice import NO_ADVICE, UNDONE, Advice, Advised, sentence
from monarch.core.after.acts import Act
from monarch.core.after.touch import Left
from monarch.core.backoff import full_jitter_s, patience_s
from monarch.core.budget.beside import NOTHING_BESIDE, Beside
from monarch.core.delivery import Stream
from monarch.core.ids import TargetId
from monarch.core.outcome import Code, Permanent, RateLimited, ReadFailure, Scope, Transient
from monarch.core.plan import Plan
from monarch.core.portions.message import WHOLE, Portion


@dataclass(frozen=True, slots=True)
class RefusedTarget(Advised):
    """A target that never got a migration: as it was spelled, and why."""

    target: str
    code: Code
    reason: str
    advice: Advice = NO_ADVICE


@dataclass(frozen=True, slots=True)
class Planned:
    """The planner's result: one migration for each of `targets`, in order; `refused` get none.

    `source_id` is GitHub's id of the source, `None` if it is not known.
    """

    plan: Plan
    channel: str | None
    targets: tuple[str, ...]
    refused: tuple[RefusedTarget, ...]
    source_id: int | None = None
    portion: Portion = WHOLE
    beside: Beside = NOTHING_BESIDE


@dataclass(frozen=True, slots=True)
class Skipped:
    """The planner's result for a template, or a portion of one, without tickets.

    `refused` would not have got a migration anyway. `source_id` as in `Planned`.
    """

    source: str
    channel: str | None
    targets: tuple[str, ...]
    refused: tuple[RefusedTarget, ...] = ()
    source_id: int | None = None
    portion: Portion = WHOLE


@dataclass(frozen=True, slots=True)
class Migrated:
    """The migrator's result: every ticket was found in the target when it was read back.

    `deleted` of the plan's `tickets` had a copy that a person has deleted since; it stays deleted.
    """

    target: TargetId
    tickets: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Acted:
    """The migrator's result of any other act than a copy: every copy was read, and changed or left.

    `changed` copies were changed by it, in this run or by a worker that has died since; `already` stood as it wants them
    before; `left` are left to people.
    """

    act: Act
    changed: int
    left: tuple[Left, ...]
    already: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """The notifier's result: the channel shows it, or does not need to."""


Result = Planned | Skipped | Migrated | Acted | Said


@dataclass(frozen=True, slots=True)
class Done:
    """It is finished; what follows is emitted with it."""

    result: Result


@dataclass(frozen=True, slots=True)
class Retry:
    """Again after `delay_s` seconds, because it failed: one attempt is counted. `details` and `broken` as in `Dead`."""

    reason: str
    delay_s: float
    details: Mapping[str, str] = field(default_factory=dict)
    broken: str = ""


class Waits(StrEnum):
    """What a snooze waits for: a closed set, so that it can be counted."""

    LIMIT = "limit"
    BUDGET = "budget"
    GATE = "gate"
    BUSY = "busy"
    EPOCH = "epoch"
    MISSING = "missing"
    IDENTITY = "identity"
    CREDENTIAL = "credential"
    ENDING = "ending"
    DATE = "date"
    TURN = "turn"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Snooze:
    """Again after `delay_s` seconds at the latest, uncounted.

    With `waits_for`, it is woken as soon as that target's lock is released. `details` as in `Dead`.
    """

    reason: str
    delay_s: float
    waits_for: TargetId | None = None
    kind: Waits = Waits.OTHER
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dead(Advised):
    """Given up; `reason` says what happened.

    `details` are readable fields that the request keeps, such as its source and channel. `broken` is the key of Valkey that
    holds something else, where that is why.
    """

    code: Code
    reason: str
    details: Mapping[str, str] = field(default_factory=dict)
    advice: Advice = NO_ADVICE
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Handback:
    """Not now and not here: another worker takes it, and the delivery is not counted.

    At once; or, if it `rests`, one lease later, because no worker can work on it now: a newer version wrote it
    (`is_newer`), or something else stands in a key that its verdict needs (`broken`, if its name is known).
    """

    reason: str = "stopping"
    rests: bool = False
    is_newer: bool = False
    broken: str = ""


Verdict = Done | Retry | Snooze | Dead | Handback


def called_off(by: str) -> Dead:
    """A person called the request off: what is left of it ends here."""
    undone = Advice(UNDONE, replay=False)
    return Dead(Code.CANCELLED, f"cancelled by {by}", advice=undone)


def unreadable(stream: Stream, problem: str) -> Dead:
    """An entry that no code of ours wrote so: only a request has a sender who can mend it."""
    advice = (
        "have its sender correct that, and send it again"
        if stream is Stream.REQUESTS
        else "find out who writes into this stream, and drop it, or replay it if it has a migration (`monarch dead`)"
    )
    reason = f"this entry cannot be read: {problem}"
    return Dead(Code.UNREADABLE, reason, advice=Advice(advice, replay=False))


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient we are.

    Attributes:
        max_attempts: failures after which a delivery is given up.
        max_deliveries: deliveries that ended with their worker, without a recorded step, after which an entry is poison.
        target_patience_s: how long after its request a missing target may still appear, in seconds.
    """

    max_attempts: int = 8
    max_deliveries: int = 5
    target_patience_s: float = 120.0


IDENTITY_PAUSE_S = 1.0
"""How long after the target turned out to be another repository, or we another account, all is read anew, in seconds."""

CREDENTIAL_PAUSE_S = 60.0
"""How long everything rests after a refused credential before one read tries it again."""


def judge(outcome: ReadFailure, attempts: int, policy: Policy, dice: float) -> Verdict:
    """Judge a failed call.

    Args:
        outcome: what the call did.
        attempts: failures counted before this one.
        policy: how patient we are.
        dice: a number in [0, 1) that spreads the retries.
    """
    match outcome:
        case RateLimited(reason, wait_s):
            return Snooze(
                reason, CREDENTIAL_PAUSE_S if wait_s is None else wait_s, kind=Waits.LIMIT
            )
        case Permanent(Scope.CREDENTIAL):
            return Snooze(outcome.sentence, CREDENTIAL_PAUSE_S, kind=Waits.CREDENTIAL)
        case Permanent(_, code, reason):
            return Dead(code, reason, advice=outcome.advice)
        case Transient(reason):
            return judge_failure(reason, attempts, policy, dice)
        case _:
            assert_never(outcome)


_OVER = Advice("mend what causes it, or wait until it is over")
"""What a person can do about a failure that may pass, where nothing better is known."""


def judge_failure(
    reason: str, attempts: int, policy: Policy, dice: float, advice: Advice = NO_ADVICE
) -> Retry | Dead:
    """Judge a failure that may pass: counted, spread, and bounded."""
    tried = attempts + 1
    if tried >= policy.max_attempts:
        last = f"gave up after {tried} attempts; the last one: {reason}"
        return Dead(Code.OUT_OF_ATTEMPTS, last, advice=advice if advice.text else _OVER)
    return Retry(sentence(reason, advice), full_jitter_s(tried, dice))


def judge_target(
    outcome: ReadFailure,
    attempts: int,
    policy: Policy,
    dice: float,
    *,
    age_s: float,
    was_there: bool = False,
) -> Verdict:
    """Judge a failed preflight: a target that is not there may be about to appear.

    `age_s` is how long ago the request was appended, in seconds: a repository that is generated from
    a template may take minutes to exist. `was_there`: it was reached before.
    """
    missing = isinstance(outcome, Permanent) and outcome.code is Code.NOT_FOUND
    if missing and age_s < policy.target_patience_s:
        wait_s = patience_s(age_s, policy.target_patience_s)
        why = "cannot be found any more" if was_there else "does not exist yet"
        return Snooze(f"the target {why}", wait_s, kind=Waits.MISSING)
    return judge(outcome, attempts, policy, dice)


def is_poison(since_progress: int, policy: Policy) -> bool:
    """Whether an entry has ended too many workers, without a recorded step, to be run again."""
    return since_progress > policy.max_deliveries


def is_suspect(since_progress: int, policy: Policy) -> bool:
    """Whether an entry was handed out so often without a recorded step that it may be what ends its workers.

    Or it was only in hand beside the entry that does: a suspect runs without another one beside it, to tell them apart.
    """
    return since_progress > max(1, policy.max_deliveries // 2)
