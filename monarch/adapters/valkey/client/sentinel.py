"""Where the primary is according to its Sentinels, and whether it is still there.

Why not the client's own support: it asks one Sentinel after the other, each
with a whole timeout, believes the first, and never asks again while a connection lives; a primary that is replaced
without noticing keeps its writers for up to eleven seconds, and what it confirms to them is rolled back.

This module asks all Sentinels at once, and of those that answer in time it believes the one with the newest
configuration. It waits until a majority has answered; when fewer can be reached, those must do. While connections
live, the next command after `CHECK_EVERY_S` asks again before it is sent: no task of its own, nothing to close.
Without an answer a connection that works is kept.

What can still go wrong: between the promotion of a replica and the next question a second passes in which the old
primary may confirm a write that will be lost. `min-replicas-to-write 1` closes that window, since a primary that
has lost its replica refuses writes; without it the epoch rule (docs/protocols.md, "Epoch") repairs what GitHub knows.
"""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
from valkey.asyncio import Connection, ConnectionPool, Valkey
from valkey.exceptions import ConnectionError as ConnectionLostError

from monarch.adapters.valkey.client.trouble import TROUBLE, is_trouble

Address = tuple[str, int]

CHECK_EVERY_S: Final = 1.0
"""How long an answer is trusted while the connection works, in seconds."""

ASK_WITHIN_S: Final = 2.0
"""How long the Sentinels have for an answer, all together, in seconds."""


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Which Sentinels to ask, for which primary, and as whom; `None`: without credentials."""

    addresses: tuple[Address, ...]
    primary: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """For people and logs."""
        addresses = ", ".join(f"{host}:{port}" for host, port in self.addresses)
        return f"primary {self.primary!r} of the Sentinels {addresses}"


@dataclass(frozen=True, slots=True, order=True)
class _Answer:
    """What one Sentinel says; an answer with a newer configuration compares as greater."""

    epoch: int
    address: Address


class Guide:
    """Knows where the primary is, for all connections of one process.

    Args:
        sentinels: whom to ask.
        kind: the class of connection used to ask them: with TLS or without.
        options: for that connection, such as the certificates to trust.
        now: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        sentinels: Sentinels,
        kind: type[Connection],
        options: Mapping[str, Any],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sentinels = sentinels
        self._kind = kind
        self._options = options
        self._now = now
        self._address: Address | None = None
        self._asked_at = -CHECK_EVERY_S

    def __str__(self) -> str:
        """For people and logs."""
        return str(self._sentinels)

    async def locate(self) -> Address:
        """Ask where the primary is.

        Raises:
            ConnectionLostError: no Sentinel knows it; the message says what each said.
        """
        answers, refusals = await self._ask_all()
        if not answers:
            raise ConnectionLostError(
                f"{self._sentinels}: none of them says where it is: {'; '.join(refusals)}"
            )
        self._address = max(answers).address
        self._asked_at = self._now()
        return self._address

    async def has_moved_from(self, address: Address) -> bool:
        """Whether the primary is known to be elsewhere by now; asks when the last answer is old."""
        if self._now() - self._asked_at >= CHECK_EVERY_S:
            self._asked_at = self._now()  # meanwhile the other callers go on with what is known
            with contextlib.suppress(ConnectionLostError):
                await self.locate()
        return self._address not in (None, address)

    async def _ask_all(self) -> tuple[list[_Answer], list[str]]:
        answers: list[_Answer] = []
        refusals: list[str] = []
        enough = len(self._sentinels.addresses) // 2 + 1

        async def ask(address: Address) -> None:
            try:
                answers.append(await self._ask(address))
            except TROUBLE as error:
                if not is_trouble(error):
                    raise
                refusals.append(f"{address[0]}:{address[1]}: {error}")
            if len(answers) >= enough:
                tasks.cancel_scope.cancel()

        with anyio.move_on_after(ASK_WITHIN_S):
            async with anyio.create_task_group() as tasks:
                for address in self._sentinels.addresses:
                    tasks.start_soon(ask, address)
        silent = len(self._sentinels.addresses) - len(answers) - len(refusals)
        return answers, [*refusals, *(["no answer"] if silent and not answers else [])]

    async def _ask(self, address: Address) -> _Answer:
        host, port = address
        pool = ConnectionPool(connection_class=self._kind, host=host, port=port, **self._options)
        client: Valkey = Valkey.from_pool(pool)
        try:
            pipe = client.pipeline(transaction=False)
            pipe.execute_command("SENTINEL", "MASTER", self._sentinels.primary)
            pipe.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._sentinels.primary)
            state, primary = await pipe.execute(raise_on_error=False)
        finally:
            with anyio.CancelScope(shield=True):
                await client.aclose()
        if isinstance(state, Exception):
            raise state
        return _read(state, primary)


def _read(state: Sequence[bytes], address: Sequence[bytes]) -> _Answer:
    """From the moment of a promotion only the answer to the second question names the new primary."""
    facts = dict(zip(state[::2], state[1::2], strict=True))
    return _Answer(int(facts[b"config-epoch"]), (address[0].decode(), int(address[1])))
