"""How an outcome is judged: a table."""

import pytest

from monarch.core.advice import Advice
from monarch.core.outcome import Code, Permanent, RateLimited, ReadFailure, Scope, Transient
from monarch.core.verdict import (
    Dead,
    Policy,
    Retry,
    Snooze,
    Verdict,
    Waits,
    is_poison,
    judge,
    judge_failure,
    judge_target,
)

POLICY = Policy(max_attempts=3, max_deliveries=5, target_patience_s=120)
NOT_FOUND = Permanent(Scope.REPOSITORY, Code.NOT_FOUND, "no such repository")


@pytest.mark.parametrize(
    ("outcome", "attempts", "verdict"),
    [
        (RateLimited("limit", 17), 0, Snooze("limit", 17, kind=Waits.LIMIT)),
        (RateLimited("limit", None), 0, Snooze("limit", 60, kind=Waits.LIMIT)),
        (RateLimited("limit", 17), 99, Snooze("limit", 17, kind=Waits.LIMIT)),
        (
            Permanent(Scope.CREDENTIAL, Code.CREDENTIAL, "bad"),
            99,
            Snooze("bad", 60, kind=Waits.CREDENTIAL),
        ),
        (NOT_FOUND, 0, Dead(Code.NOT_FOUND, "no such repository")),
        (Permanent(Scope.TICKET, Code.REFUSED, "no"), 0, Dead(Code.REFUSED, "no")),
        (Transient("502"), 0, Retry("502", 0.5)),
        (Transient("502"), 1, Retry("502", 1)),
        (
            Transient("502"),
            2,
            Dead(
                Code.OUT_OF_ATTEMPTS,
                "gave up after 3 attempts; the last one: 502",
                advice=Advice("mend what causes it, or wait until it is over"),
            ),
        ),
    ],
)
def test_an_outcome_is_judged(outcome: ReadFailure, attempts: int, verdict: Verdict) -> None:
    """Waiting for a limit is never an attempt; nothing is dead-lettered for a credential."""
    assert judge(outcome, attempts, POLICY, 0.5) == verdict


def test_a_failure_is_retried_until_the_attempts_are_used_up() -> None:
    """Eight attempts are eight tries, the first included."""
    verdicts = [judge_failure("x", attempts, Policy(), 0.0) for attempts in range(8)]

    assert [type(verdict) for verdict in verdicts] == [Retry] * 7 + [Dead]


@pytest.mark.parametrize(
    ("outcome", "age_s", "verdict"),
    [
        (NOT_FOUND, 0, Snooze("the target does not exist yet", 5, kind=Waits.MISSING)),
        (NOT_FOUND, 5, Snooze("the target does not exist yet", 10, kind=Waits.MISSING)),
        (NOT_FOUND, 119, Snooze("the target does not exist yet", 1, kind=Waits.MISSING)),
        (NOT_FOUND, 120, Dead(Code.NOT_FOUND, "no such repository")),
        (
            Permanent(Scope.REPOSITORY, Code.ARCHIVED, "archived"),
            0,
            Dead(Code.ARCHIVED, "archived"),
        ),
        (Transient("502"), 0, Retry("502", 0.5)),
    ],
)
def test_a_target_that_is_not_there_may_be_about_to_appear(
    outcome: ReadFailure, age_s: float, verdict: Verdict
) -> None:
    """A generated repository takes its time; nothing else is waited for like that."""
    assert judge_target(outcome, 0, POLICY, 0.5, age_s=age_s) == verdict


def test_a_target_that_was_there_is_not_about_to_appear() -> None:
    """Somebody has deleted it, or it is out of sight; it may come back all the same."""
    verdict = judge_target(NOT_FOUND, 0, POLICY, 0.5, age_s=0, was_there=True)

    assert verdict == Snooze("the target cannot be found any more", 5, kind=Waits.MISSING)


@pytest.mark.parametrize(("since_progress", "poison"), [(1, False), (5, False), (6, True)])
def test_an_entry_that_never_progresses_is_poison(since_progress: int, poison: bool) -> None:
    """More than five deliveries without a recorded step."""
    assert is_poison(since_progress, POLICY) is poison
