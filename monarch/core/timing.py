"""The lengths of time that a write rests on, in one place, because each is right only beside the others.

```
permit is sent   intent (server's time)   the bytes leave      the answer, or none    GitHub acts at the latest
     |---------------- life of the permission ---------------|
                                                             |--- write deadline ---|
                                                             |------------------ settling ------------------|
```

The promise "no ticket is copied twice" needs this order (`tests/core/test_timing.py` holds it):

- A permission's life counts from before its call was sent, by the worker's clock, and the intent on record names the
  moment at which that life ends by the server's: **the latest moment at which the bytes can have left**. The server
  acted after the call was sent, so the bytes leave before that moment, whatever lay between: a slow answer of Valkey, a
  token, a place in the pool, DNS, TLS, a blocked event loop.
- Settling counts from that moment, for the worker that waits and for the first look of a migration that is taken over.
  GitHub ends requests after 10 s; twice that is believed to be the latest at which it acts.
- A slot of the budget lasts as long as the slowest write that it was given to.
- After Valkey's memory went back, the quiet time lasts until what was permitted before has left and settled.
- A lease outlives the write that begins under it.

Slack has no permission and no fence: one worker at a time tells of a cohort, and a lock says which. It needs this:

```
the lock is asked for    it begins (server's time)    the last call begins    its answer, or none    it ends
     |------------------ telling begins ------------------|--- Slack's deadline ---|
                              |-------------------------- lock on telling -------------------------|
```

- The time in which a call may begin counts from before the lock was asked for, by the worker's clock. The server gave
  the lock later than that, so a call that begins in time and ends by its deadline ends **while the lock still holds**,
  however slowly Valkey answered. No two workers post or edit one card at once.
- A dead holder's lock ends by itself, so it keeps the next worker waiting for no longer than that.

What can still go wrong: a process is frozen between its last check and the bytes (milliseconds, as a rule), or GitHub
acts later than `SETTLING_MS` after the bytes left. Slack may act after its deadline, too; `said` puts right what a late
edit has overwritten.
"""

from typing import Final

WRITE_DEADLINE_S: Final = 10.0
"""A write is answered within so many seconds after it was begun, or its effect is unknown."""

PERMISSION_LIFE_MS: Final = 1_000
"""A permission is good for so long after its call was sent, in milliseconds; then the bytes do not leave."""

LONGEST_LIFE_MS: Final = 5_000
"""The same for a worker whose permissions were too old when the bytes would have left. Nothing is gained beyond: a
Valkey that answers later than this counts as one that does not answer."""

SLOT_MS: Final = 15_000
"""The budget believes in a write in hand for so long, in milliseconds."""

SETTLING_MS: Final = 20_000
"""So long after its bytes left a write has happened or will not happen, in milliseconds."""

QUIET_MS: Final = 25_000
"""Nothing is written for this long after Valkey's memory went back, in milliseconds. It stands before every script."""

LEASE_MARGIN_S: Final = 1.0
"""A permission is asked for only if the lease lasts so much longer than the write's deadline, in seconds."""

SLACK_DEADLINE_S: Final = 10.0
"""All of a call to Slack, connecting and reading its answer included, in seconds."""

TELLING_LOCK_MS: Final = 15_000
"""How long the right to tell of a cohort holds, in milliseconds."""

TELLING_BEGINS_WITHIN_S: Final = 5.0
"""A call to Slack begins at most this long after the lock on telling was asked for, in seconds."""


def life_ms(late: int) -> int:
    """How long a permission is to be good, in milliseconds, after `late` ones that were too old when they were needed.

    It doubles: a worker that is slow for once loses one permission, and one whose Valkey always answers after 4.5 s has
    a life that is long enough at the fourth. A long life costs nobody but the one who takes over: the intent names its
    end, and that is what settling counts from.
    """
    return min(LONGEST_LIFE_MS, PERMISSION_LIFE_MS << min(late, 8))
