"""What waits until when, and what was written when. Nothing here writes."""

from collections.abc import Sequence
from typing import Final

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.spoiled import answers_of
from monarch.adapters.valkey.keys import Keys
from monarch.core.moments import within_dates
from monarch.ports.readings import MinuteWrites, Parked

MINUTES: Final = 60
_MINUTE_MS: Final = 60_000


class TrafficReader:
    """Reads parked work and writes. Both methods raise `StoreError` where Valkey cannot be asked."""

    def __init__(self, client: Valkey, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    async def parked(self, limit: int) -> tuple[Parked, ...]:
        """At most `limit` parked entries, those that are due first."""
        pipe = self._client.pipeline(transaction=False)
        pipe.zrange(self._keys.parked, 0, limit - 1, withscores=True)
        (found,) = await answers_of(pipe, "reading what is parked")
        return tuple(
            parked_of(name.decode("utf-8", "replace"), within_dates(due)) for name, due in found
        )

    async def writes(self, accounts: Sequence[str]) -> tuple[MinuteWrites, ...]:
        """The writes of each account in the last hour, by minute."""
        pipe = self._client.pipeline(transaction=False)
        pipe.time()
        for account in accounts:
            pipe.zrevrangebyscore(
                self._keys.budget(account), "+inf", "-inf", 0, _MOST, withscores=True
            )
        (seconds, _), *answers = await answers_of(pipe, "reading what was written")
        last = int(seconds) // MINUTES
        return tuple(
            MinuteWrites(account, _by_minute([within_dates(at) for _, at in answer], last))
            for account, answer in zip(accounts, answers, strict=True)
        )


_MOST: Final = 5_000
"""How many writes of one account to look at: far more than GitHub allows in an hour."""


def _by_minute(times: Sequence[int], last: int) -> tuple[int, ...]:
    counts = [0] * MINUTES
    for at in times:
        back = last - at // _MINUTE_MS
        if 0 <= back < MINUTES:
            counts[MINUTES - 1 - back] += 1
    return tuple(counts)


def parked_of(member: str, due_ms: int) -> Parked:
    """What a member of the sorted set names: `<padded request>:<stream>[:<order>:<target>]`."""
    request, _, rest = member.partition(":")
    stream, _, of = rest.partition(":")
    first, _, second = request.partition("-")
    name = f"{first.lstrip('0') or 0}-{second.lstrip('0') or 0}"
    return Parked(name, stream, of.partition(":")[2], due_ms)
