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

What can still go wrong: a process is frozen between its last check and the bytes (milliseconds, as a rule), or GitHub
acts later than `SETTLING_MS` after the bytes left.
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
"""Nothing is written for so long after Valkey's memory went back, in milliseconds. The scripts have it as QUIET_MS."""

LEASE_MARGIN_S: Final = 1.0
"""A permission is asked for only if the lease lasts so much longer than the write's deadline, in seconds."""


def life_ms(late: int) -> int:
    """How long a permission is to be good, in milliseconds, after `late` ones that were too old when they were needed.

    It doubles: a worker that is slow for once loses one permission, and one whose Valkey always answers after 4.5 s has
    a life that is long enough at the fourth. A long life costs nobody but the one who takes over: the intent names its
    end, and that is what settling counts from.
    """
    return min(LONGEST_LIFE_MS, PERMISSION_LIFE_MS << min(late, 8))
