"""How long to wait before trying again. All times are seconds; `dice` is a number in [0, 1)."""

BASE_S = 1.0
CAP_S = 300.0
PATIENCE_BASE_S = 5.0
OUTAGE_MIN_S = 0.1
OUTAGE_MAX_S = 5.0

_MAX_DOUBLINGS = 32
"""Far beyond every cap here, and far below where a float overflows."""


def full_jitter_s(tried: int, dice: float) -> float:
    """Wait anything up to 1 s after the first failure, 2 s after the second, … 5 min at most.

    Full jitter: many deliveries that failed together must not come back together
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
    `tried` counts the failures, from 1.
    """
    return dice * min(CAP_S, BASE_S * _doubled(tried))


def patience_s(age_s: float, patience_s: float) -> float:
    """Wait 5, 10, 20, … s for something that may appear until it is `patience_s` old.

    Nothing is counted: a thing that is looked at after 0, 5, 15, 35 … s is `age + 5` s from the next
    look. The last look falls on the end of the patience, so that it is used and not overshot; no wait is
    shorter than a second.
    """
    age_s = max(age_s, 0.0)
    return max(1.0, min(age_s + PATIENCE_BASE_S, patience_s - age_s))


def outage_s(tries: int, dice: float) -> float:
    """Wait between 0.1 s and 5 s in a loop that heals itself; `tries` counts its failures, from 1."""
    reach_s = min(OUTAGE_MAX_S, OUTAGE_MIN_S * 2 * _doubled(tries))
    return OUTAGE_MIN_S + dice * (reach_s - OUTAGE_MIN_S)


def _doubled(times: int) -> float:
    return 2.0 ** min(max(times - 1, 0), _MAX_DOUBLINGS)
