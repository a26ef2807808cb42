"""The budget that all writers under one account share: its gate, and what is learned of its limits.

`permit.lua` enforces the budget; this module decides how it changes. Learning is: read everything of one moment
(spent.lua), decide (`core.budget.learning`, pure), write it down unless another worker has learned something meanwhile
(believe.lua); then begin again, with what that worker has learned. So a fleet learns once from each refusal.

What can still go wrong: a worker that dies between a refusal and the closed gate has taught the fleet nothing, and the
next write meets the same refusal. Its slot still keeps the others away for up to 15 s.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.learned import Fields, decode_learned, encode_learned, in_words
from monarch.adapters.valkey.scripts import Scripts
from monarch.core.budget.ceilings import Ceilings, Pace
from monarch.core.budget.learning import Learned, Refusal, learn, review, wait_ms
from monarch.core.target.permission import Credential, GateClosed
from monarch.ports import StoreError

_TRIES = 5
"""How often to start over after another worker has learned something between our reading and our writing."""

Changed = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Spent:
    """What a budget knows of an account, as of one moment.

    Attributes:
        now_ms: the moment, by the server's clock.
        writes: when those were permitted that were answered, or left without an answer; ascending.
        gate_ms: how long no worker may call, in milliseconds.
        calls: how many calls GitHub still allows, and in how many milliseconds its count starts anew; `None` if
            unknown.
    """

    now_ms: int
    learned: Learned
    writes: tuple[int, ...]
    gate_ms: int
    calls: tuple[int, int] | None

    @property
    def is_out_of_calls(self) -> bool:
        """Whether a refusal is about calls of any kind, and says nothing about the limits on writes."""
        return self.calls is not None and self.calls[0] <= 0


class ValkeyBudget:
    """`ports.Budget`.

    Args:
        ceilings: what is set.
        pace: how long everything takes.
        on_changed: told which window's ceiling was changed here, what it was and what it is; 0: as set.
    """

    def __init__(
        self,
        scripts: Scripts,
        keys: Keys,
        ceilings: Ceilings | None = None,
        pace: Pace | None = None,
        on_changed: Changed = lambda _window, _before, _after: None,
    ) -> None:
        self._scripts = scripts
        self._keys = keys
        self.ceilings = ceilings or Ceilings()
        self.pace = pace or Pace()
        self._on_changed = on_changed

    # ---------------------------------------------------------------------------------------------- gate

    async def gate(self, credential: Credential) -> GateClosed | None:
        """See `ports.Budget.gate`."""
        closed = await self._gate(credential, "state", None, "")
        return closed if closed.wait_s > 0 else None

    async def close(
        self, credential: Credential, wait_s: float | None, cause: str, refused: str | None = None
    ) -> GateClosed:
        """See `ports.Budget.close`."""
        if refused is not None:
            asked_ms = None if wait_s is None else round(wait_s * 1000)
            closed = await self._learn(credential.account, asked_ms, cause, refused)
            if closed is not None:
                return closed
        return await self._gate(credential, "close", wait_s, cause)

    async def close_token(self, credential: Credential, wait_s: float, cause: str) -> GateClosed:
        """See `ports.Budget.close_token`."""
        return await self._gate(credential, "close_token", wait_s, cause)

    async def _gate(
        self, credential: Credential, op: str, wait_s: float | None, cause: str
    ) -> GateClosed:
        answer = await self._scripts.call(
            "gate",
            list(gates(self._keys, credential)),
            op,
            "" if wait_s is None else round(wait_s * 1000),
            cause,
            self.pace.wait_ms,
            self.pace.longest_wait_ms,
        )
        wait, why = cast("tuple[int, bytes]", answer)
        return GateClosed(wait / 1000, why.decode("utf-8", "replace"))

    # ------------------------------------------------------------------------------------------ learning

    async def spent(self, account: str, uncounted: str = "") -> Spent:
        """What is known of an account now; the write `uncounted` is left out."""
        keys, kind = self._keys, ("budget", "slots", "learned", "gate", "primary")
        names = [getattr(keys, one)(account) for one in kind]
        answer = cast("SpentAnswer", await self._scripts.call("spent", names, uncounted))
        now, flat, writes, gate_ms, calls = answer
        learned = decode_learned(flat)
        return Spent(now, learned, tuple(writes), gate_ms, (calls[0], calls[1]) if calls else None)

    async def _learn(
        self, account: str, asked_ms: int | None, cause: str, refused: str
    ) -> GateClosed | None:
        """Learn from a refusal, and close the gate with it; `None` where it says nothing about the limits on writes."""
        for _ in range(_TRIES):
            spent = await self.spent(account, refused)
            if spent.is_out_of_calls:
                return None
            refusal = Refusal(spent.now_ms, asked_ms, spent.writes)
            after = learn(spent.learned, refusal, self.ceilings, self.pace)
            closes_ms = wait_ms(after, refusal, self.pace)
            is_done, gate_ms = await self._believe(
                account, spent.learned, after, (closes_ms, cause, refused)
            )
            if is_done:
                return GateClosed(gate_ms / 1000, cause)
        return None

    async def review(self, account: str) -> bool:
        """Raise the ceilings that have long met no refusal; whether anything changed.

        It can wait: where Valkey cannot be asked, or another worker was first, nothing changes.
        """
        try:
            spent = await self.spent(account)
            after = review(spent.learned, spent.writes, self.ceilings, self.pace, spent.now_ms)
            if after == spent.learned:
                return False
            return (await self._believe(account, spent.learned, after, None))[0]
        except StoreError:
            return False

    async def _believe(
        self, account: str, before: Learned, after: Learned, closing: "Closing | None"
    ) -> tuple[bool, int]:
        """Record it unless something else was learned meanwhile; whether it was, and how long the gate is closed (ms)."""
        closes_ms, cause, refused = closing or ("", "", "")
        fields: Fields = encode_learned(after)
        answer = await self._scripts.call(
            "believe",
            [self._keys.learned(account), self._keys.gate(account)],
            before.version,
            closes_ms,
            cause,
            refused,
            in_words(before),
            in_words(after),
            *(part for field in fields.items() for part in field),
        )
        is_done, gate_ms = cast("tuple[int, int]", answer)
        if is_done:
            self._tell("minute", before.minute.ceiling, after.minute.ceiling)
            self._tell("hour", before.hour.ceiling, after.hour.ceiling)
        return bool(is_done), gate_ms

    def _tell(self, window: str, before: int, after: int) -> None:
        if before != after:
            self._on_changed(window, before, after)


Closing = tuple[int, str, str]
"""For how long the gate closes (ms), why, and which write was refused."""

SpentAnswer = tuple[int, list[bytes], list[int], int, list[int]]


def gates(keys: Keys, credential: Credential) -> tuple[str, str]:
    """The gate of the account, and that of the token."""
    return keys.gate(credential.account), keys.gate(f"token:{credential.fingerprint}")
