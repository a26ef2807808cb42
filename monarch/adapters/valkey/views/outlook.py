"""What lies ahead of a request: the account's budget and gate, and the writes that go before its own.

Those are the writes of older requests of its cohort, and the share of the other cohorts (core/budget/shares.py).
Seven round trips and some thousand answers, whatever the backlog: it looks only at the oldest requests. If there are
more, the forecast is a minimum. The account is the one that the fleet writes with; of several, the busiest in the
last hour, since no request is bound to an account before it writes.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from valkey.asyncio import Valkey

from monarch.adapters.valkey.accounts import Accounts
from monarch.adapters.valkey.client.spoiled import answers_of
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.refusals import ALL, refusals_of
from monarch.adapters.valkey.views.raw import text, whole
from monarch.core.budget.beside import Beside
from monarch.core.budget.ceilings import Ceilings, Pace
from monarch.core.budget.forecast import Forecast, Load, forecast_s, write_ms
from monarch.core.budget.moves import Shares
from monarch.core.budget.open import OpenRequest, ahead_in, cohort_joined
from monarch.core.budget.shares import Ahead, parts_of
from monarch.core.entry_ids import entry_order
from monarch.core.ids import MigrationId, RequestId
from monarch.core.moments import within_dates
from monarch.core.portions.details import portion_details
from monarch.core.portions.message import WHOLE, Portion
from monarch.core.report.summary import ENDS
from monarch.ports import StoreError
from monarch.ports.spoiled import spoiled_keys

AHEAD: Final = 200
"""How many older requests, the oldest, to look at; those after them are not in the forecast, which says so."""

LOOKED_AT: Final = 500
"""For how many unfinished migrations, the oldest, to read the progress; those after them count as not begun."""

_DOING: Final = "looking for what is ahead"

_AT_ONCE: Final = 250
"""How many answers to read in one turn of the event loop."""

_JOINS_BY: Final = ["source", "channel", "not_before_ms", "milestones"]
"""What requests of one cohort have in common, as in `_cards.lua`."""

_FIELDS: Final = [
    "state",
    "tickets",
    "cancelled_by",
    "card",
    "first_by",
    "writes_before",
    "writes_after",
    *_JOINS_BY,
]

_SETTLED: Final = ["copied", "present", "refused", "deleted"]
"""The counts of tickets that a migration does not copy any more, the copied ones first."""

PACE: Final = Pace()
"""Its margins: permit.lua makes each window a little longer than GitHub's."""

Effective = Callable[[str], Awaitable[Ceilings]]
"""The ceilings that count for an account."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """The state of the account, and what comes before a request; `paused_by` as in `RequestView`.

    `is_least`: there are more open requests than were looked at. `is_refused`: GitHub refuses the credential.
    """

    load: Load
    ahead: Ahead = field(default_factory=Ahead)
    paused_by: str = ""
    is_least: bool = False
    is_refused: bool = False

    @property
    def waits_for_a_person(self) -> bool:
        """Whether nothing goes on before a person does something: no one can say when that is."""
        return bool(self.paused_by) or self.is_refused

    def forecast(self, writes: int) -> Forecast:
        """When this many more writes will be done, in turns with what is ahead."""
        seconds = forecast_s(self.load, self.ahead.before(writes) + writes)
        return Forecast(seconds, self.load.now_ms, self.is_least, self.ahead.sharing)

    def later(self, wait_s: float) -> "Traffic":
        """The same for a request that waits for its date: what is ahead of it today is written by then.

        What will be ahead of it on that day is not known. Until then the account is as closed to it as by a gate.
        """
        if not wait_s:
            return self
        gate_ms = max(self.load.gate_ms, round(1000 * wait_s))
        return replace(self, load=replace(self.load, gate_ms=gate_ms), ahead=Ahead())


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A request that is not appended yet: what decides which cohort it will join."""

    source: str
    channel: str | None = None
    portion: Portion = WHOLE

    @property
    def joins_by(self) -> tuple[str, ...]:
        """The same, as a planned request keeps it."""
        kept = portion_details(self.portion)
        named = {"source": self.source.lower(), "channel": self.channel or "", **kept}
        return tuple(named.get(field, "") for field in _JOINS_BY)


class ValkeyOutlook:
    """`ports.Outlook`, and what the commands need besides.

    Args:
        effective: gives the ceilings that count for an account.
    """

    def __init__(self, client: Valkey, keys: Keys, effective: Effective) -> None:
        self._client = client
        self._keys = keys
        self._effective = effective
        self._accounts = Accounts(client, keys)

    async def forecast(self, request: RequestId) -> Forecast | None:
        """See `ports.Outlook.forecast`."""
        try:
            traffic, own = await self._look(request)
        except StoreError:
            return None
        return None if traffic.waits_for_a_person or not own else traffic.forecast(own)

    async def traffic(self, newcomer: Newcomer | None = None) -> Traffic:
        """What a request would meet if it were appended now; `None`: a request that is a cohort by itself.

        Raises:
            StoreError: Valkey cannot be asked.
        """
        traffic, _ = await self._look(None, newcomer)
        return traffic

    async def shares(self) -> Shares:
        """The share of the writes that each cohort with something to write has, and the state of the account.

        Raises:
            StoreError: Valkey cannot be asked.
        """
        now_ms, by, _, names = await self._oldest()
        found = await self._open(names[:AHEAD])
        left = await self._left(found, None)
        parts = parts_of((one.cohort, n, one.is_first) for one, n in zip(found, left, strict=True))
        return Shares(parts, await self._load(now_ms), len(names) > AHEAD, by)

    async def _look(
        self, request: RequestId | None, newcomer: Newcomer | None = None
    ) -> tuple[Traffic, int]:
        """What comes before that request (`None`: a new one), and how many writes of its own are left.

        Broken keys of others are not noted: they do not make what is shown of this one incomplete.
        """
        with spoiled_keys():
            now_ms, by, is_refused, names = await self._oldest()
            is_least = len(names) > AHEAD
            names = [one for one in names[:AHEAD] if one != request]
            found = await self._open([*names, *([] if request is None else [request])])
            left = await self._left(found, request)
            load = await self._load(now_ms)
        own = sum(n for one, n in zip(found, left, strict=True) if one.request == request)
        joined = cohort_joined(newcomer.joins_by, found) if newcomer else ""
        ahead = ahead_in(found, left, request, joined)
        return Traffic(load, ahead, by, is_least, is_refused), own

    async def _oldest(self) -> tuple[int, str, bool, list[RequestId]]:
        """The server's time, who has paused the fleet, whether GitHub refuses the credential, and the oldest open requests.

        It reads one request more than it looks at.
        """
        pipe = self._client.pipeline(transaction=False)
        pipe.time()
        pipe.get(self._keys.paused)
        pipe.hgetall(self._keys.refused)
        pipe.zrange(self._keys.open, 0, AHEAD)
        (seconds, micros), paused, refused, members = await answers_of(pipe, _DOING)
        now_ms = int(seconds) * 1000 + int(micros) // 1000
        is_refused = any(one.owner == ALL for one in refusals_of(refused, now_ms))
        names = sorted((RequestId(text(one)) for one in members), key=entry_order)
        return now_ms, text(paused), is_refused, names

    # ------------------------------------------------------------------------------ what is to be written

    async def _open(self, requests: Sequence[RequestId]) -> list[OpenRequest]:
        """Those of them that have not ended, in their order."""
        pipe = self._client.pipeline(transaction=False)
        for one in requests:
            pipe.hmget(self._keys.request(one), _FIELDS)
            pipe.scard(self._keys.unsettled(one))
        answers = await answers_of(pipe, _DOING)
        rows = zip(requests, answers[::2], answers[1::2], strict=True)
        return [
            OpenRequest(
                one,
                _number(known[1]),
                unsettled,
                bool(known[2]),
                _cohort(one, known),
                bool(known[4]),
                _joins_by(known[7:]),
                Beside(_number(known[5]), _number(known[6])),
            )
            for one, known, unsettled in rows
            if known[0] is not None and text(known[0]) not in ENDS
        ]

    async def _left(self, requests: Sequence[OpenRequest], own: RequestId | None) -> list[int]:
        """How many writes each of them still takes: exact as to its tickets for the oldest, and for `own`."""
        left = [one.writes for one in requests]
        exact, looked_at = [], 0
        for index, one in enumerate(requests):
            if left[index] and (looked_at < LOOKED_AT or one.request == own):
                exact.append(index)
                looked_at += one.unsettled
        for index, saved in zip(exact, await self._saved(requests, exact), strict=True):
            left[index] = max(0, left[index] - saved)
        return left

    async def _saved(self, requests: Sequence[OpenRequest], exact: Sequence[int]) -> list[int]:
        """How many writes each of these takes less, by what its targets already have."""
        pipe = self._client.pipeline(transaction=False)
        for index in exact:
            pipe.smembers(self._keys.unsettled(requests[index].request))
        answers = await answers_of(pipe, _DOING)
        named = [
            (place, name)
            for place, names in enumerate(answers)
            for name in sorted(map(text, names))
        ]
        saved = [0] * len(exact)
        for start in range(0, len(named), _AT_ONCE):
            some = named[start : start + _AT_ONCE]
            for (place, _), counts in zip(some, await self._counts(some), strict=True):
                copied, *there = map(_number, counts)
                saved[place] += requests[exact[place]].saved(copied, sum(there))
        return saved

    async def _counts(self, some: Sequence[tuple[int, str]]) -> list[list[bytes | None]]:
        pipe = self._client.pipeline(transaction=False)
        for _, migration in some:
            pipe.hmget(self._keys.migration(MigrationId(migration)), _SETTLED)
        counts: list[list[bytes | None]] = await answers_of(pipe, _DOING)
        return counts

    # ------------------------------------------------------------------------------- how the account stands

    async def _load(self, now_ms: int) -> Load:
        """The windows and the gate of the busiest account; empty ones if no account is known."""
        known = await self._accounts.known(now_ms)
        accounts = [one for one in known if not one.startswith("token:")] or [""]
        pipe = self._client.pipeline(transaction=False)
        for account in accounts:
            since = f"({now_ms - PACE.hour_ms - PACE.margin_ms}"
            pipe.zrangebyscore(self._keys.budget(account), since, "+inf", withscores=True)
            pipe.hget(self._keys.gate(account), "until")
        answers = await answers_of(pipe, "looking at the budget")
        rows = zip(accounts, answers[::2], answers[1::2], strict=True)
        account, writes, until = max(rows, key=lambda row: len(row[1]))
        times = [within_dates(at) for _, at in writes]
        return Load(
            now_ms,
            times,
            await self._effective(account),
            gate_ms=max(0, _number(until) - now_ms),
            write_ms=write_ms(times),
            minute_ms=PACE.minute_ms + PACE.margin_ms,
            hour_ms=PACE.hour_ms + PACE.margin_ms,
        )


def _cohort(request: RequestId, known: Sequence[bytes | None]) -> str:
    """The cohort of a request; a request that joined none is one by itself."""
    return request if known[3] is None else text(known[3])


def _joins_by(known: Sequence[bytes | None]) -> tuple[str, ...]:
    source, *rest = map(text, known)
    return source.lower(), *rest


def _number(raw: bytes | None) -> int:
    return whole(text(raw)) or 0
