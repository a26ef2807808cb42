"""The durations that a write depends on, in one place, because each is right only beside the others.

```
permit is sent   intent (server's time)   the bytes leave      the answer, or none    GitHub acts at the latest
     |---------------- life of the permission ---------------|
                                                             |--- write deadline ---|
                                                             |------------------ settling ------------------|
```

The promise "no ticket is copied twice" needs this order (`tests/core/test_timing.py` holds it):

- A permission's life counts from before its call was sent, by the worker's clock, and the intent on record names the
  moment at which that life ends by the server's: **the latest moment at which the bytes can have left**. The server
  acted after the call was sent, so the bytes leave before that moment, whatever came between: a slow answer of Valkey,
  a token, a place in the pool, DNS, TLS, a blocked event loop.
- Settling counts from that moment, for the worker that waits and for the first look of a migration that is taken over.
  GitHub ends requests after 10 s; Monarch assumes that it acts no later than twice that.
- A slot of the budget lasts as long as the slowest write that it was given to.
- After Valkey's memory went back, the quiet time lasts until what was permitted before has left and settled.
- A lease outlives the write that begins under it.

Slack has no permission and no fence: one worker at a time reports on a cohort, and a lock says which. This is the order:

```
the lock is asked for    it begins (server's time)    the last call begins    its answer, or none    it ends
     |------------------ telling begins ------------------|--- Slack's deadline ---|
                              |-------------------------- lock on telling -------------------------|
```

- The time in which a call may begin counts from before the lock was asked for, by the worker's clock. The server gave
  the lock later than that, so a call that begins in time and ends by its deadline ends **while the lock still holds**,
  however slowly Valkey answered. No two workers post or edit one card at once.
- A dead holder's lock ends by itself, so the next worker waits no longer than that.

What can still go wrong: a process is frozen between its last check and the bytes (milliseconds, as a rule), or GitHub
acts later than `SETTLING_MS` after the bytes left. Slack may act after its deadline, too; `said` puts right what a late
edit has overwritten.
"""

from typing import Final

WRITE_DEADLINE_S: Final = 10.0
"""How long after its beginning a write may be answered, in seconds; after that its effect is unknown."""

PERMISSION_LIFE_MS: Final = 1_000
"""How long a permission is good after its call was sent, in milliseconds; after that the bytes do not leave."""

LONGEST_LIFE_MS: Final = 5_000
"""The most that this grows to, in milliseconds, for a worker whose permissions were too old when the bytes would have
left. More gains nothing: a Valkey that answers later than this counts as not answering."""

SLOT_MS: Final = 15_000
"""How long the budget counts a write as in hand, in milliseconds."""

SETTLING_MS: Final = 20_000
"""How long after its bytes left a write has happened or never will, in milliseconds."""

QUIET_MS: Final = 25_000
"""How long nothing is written after Valkey's memory went back, in milliseconds. Every script is prefixed with it."""

LEASE_MARGIN_S: Final = 1.0
"""How much longer than the write's deadline the lease must last before a permission is asked for, in seconds."""

SLACK_DEADLINE_S: Final = 10.0
"""The deadline of a call to Slack, including connecting and reading its answer, in seconds."""

TELLING_LOCK_MS: Final = 15_000
"""How long the lock on telling, the right to report on a cohort, holds, in milliseconds."""

TELLING_BEGINS_WITHIN_S: Final = 5.0
"""A call to Slack begins at most this long after the lock on telling was asked for, in seconds."""


def life_ms(late: int) -> int:
    """How long a permission is good, in milliseconds, after `late` permissions that were too old when they were needed.

    It doubles: a worker that is slow for once loses one permission, and a worker whose Valkey always answers after 4.5 s
    has a long enough life at the fourth. A long life costs only a worker that takes over: the intent names the end of
    that life, and settling counts from there.
    """
    return min(LONGEST_LIFE_MS, PERMISSION_LIFE_MS << min(late, 8))
