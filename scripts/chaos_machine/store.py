"""The Valkey of a run, in one of two forms: one server alone, or a primary with a replica and three Sentinels."""

from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Protocol

import anyio

from monarch.adapters.valkey.client.sentinel import Sentinels
from monarch.adapters.valkey.client.sockets import ServerPlace, place
from monarch.sandbox.valkey import HOST, EmbeddedValkey
from scripts.fleet_machine.relay import Relay
from scripts.fleet_machine.sentinels import WatchedValkey


class Store(Protocol):
    """What the hands need of either form."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which Monarch finds it."""

    @property
    def place(self) -> ServerPlace:
        """Where the machine itself finds it, whoever is the primary."""

    @property
    def primary(self) -> EmbeddedValkey:
        """The server that takes writes now."""

    def start(self) -> None:
        """Start everything."""

    def reached(self) -> AbstractAsyncContextManager[object]:
        """Within it the workers reach what has been started."""

    def stop(self) -> None:
        """End everything."""

    async def settle(self) -> None:
        """Return when all is as it was at the start, but for who is the primary."""

    async def heal(self) -> None:
        """Thaw what is frozen, start what is dead, and settle."""


class Alone:
    """One server; in the edges the workers reach it by a relay, the machine itself does not."""

    def __init__(self, folder: Path, *, is_relayed: bool = False) -> None:
        """Prepare it."""
        self.primary = EmbeddedValkey(folder)
        self.start, self.stop = self.primary.start, self.primary.stop
        self.relay = Relay(self.primary.port) if is_relayed else None

    def reached(self) -> AbstractAsyncContextManager[object]:
        """See `Store`."""
        return self.relay or nullcontext()

    @property
    def environment(self) -> dict[str, str]:
        """See `Store`."""
        return {
            "VALKEY_URL": f"valkey://{HOST}:{self.relay.port}/0" if self.relay else self.primary.url
        }

    @property
    def place(self) -> ServerPlace:
        """See `Store`."""
        return place(self.primary.url)

    async def settle(self) -> None:
        """See `Store`: a server that has started answers."""

    async def heal(self) -> None:
        """See `Store`."""
        self.primary.thaw()
        if not self.primary.is_running:
            self.primary.start()


class Watched:
    """Five processes that fail over."""

    def __init__(self, folder: Path) -> None:
        """Prepare them."""
        self.five = WatchedValkey(folder)
        self.start, self.stop = self.five.start, self.five.stop

    def reached(self) -> AbstractAsyncContextManager[object]:
        """See `Store`: they reach it by its Sentinels."""
        return nullcontext()

    @property
    def environment(self) -> dict[str, str]:
        """See `Store`."""
        return {"VALKEY_URL": "", **self.five.environment}

    @property
    def place(self) -> ServerPlace:
        """See `Store`."""
        addresses = tuple((HOST, sentinel.port) for sentinel in self.five.sentinels)
        return place("valkey://unused/0", Sentinels(addresses, self.five.name))

    @property
    def primary(self) -> EmbeddedValkey:
        """See `Store`."""
        return self.five.primary

    async def fail_over(self, *, coordinated: bool) -> None:
        """Let the replica take over from a primary that lives."""
        await anyio.to_thread.run_sync(lambda: self.five.failover(coordinated=coordinated))

    async def kill_primary(self) -> EmbeddedValkey:
        """Kill the primary; returns the dead server when another has taken over."""
        dead = self.five.primary
        dead.kill()
        await anyio.to_thread.run_sync(self.five.wait_for_another_primary, dead.port)
        return dead

    def revive(self, server: EmbeddedValkey) -> None:
        """Start a dead server as a replica. In the main thread: so it cannot outlive the machine."""
        server.start(options={"replicaof": f"{HOST} {self.five.primary.port}"})

    async def settle(self) -> None:
        """See `Store`."""
        await anyio.to_thread.run_sync(self.five.settle)

    async def heal(self) -> None:
        """See `Store`."""
        for process in (*self.five.servers, *self.five.sentinels):
            process.thaw()
        for sentinel in self.five.sentinels:
            if not sentinel.is_running:
                sentinel.start()
        for server in self.five.servers:
            if not server.is_running:
                self.revive(server)
        await self.settle()
