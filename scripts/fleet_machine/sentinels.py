"""A Valkey that fails over: a primary, a replica and three Sentinels, all on loopback.

Both servers write an append-only file as ``EmbeddedValkey`` does, so ``WAITAOF 1 1`` can be asked of the
primary. The Sentinels are the same binary in another mode; two of the three must agree. Times are short, so
that a failover takes seconds: a primary that is killed is replaced about ``DOWN_AFTER_MS`` and a second later.

A failover that Sentinel starts by itself comes no sooner than twice ``FAILOVER_TIMEOUT_MS`` after the last.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, Self

import valkey

from monarch.sandbox.valkey import HOST, EmbeddedValkey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

DOWN_AFTER_MS, FAILOVER_TIMEOUT_MS = 2_000, 5_000
MAX_LAG_S = 5
SETTLED_WITHIN_S = 60.0
ASK_EVERY_S = 0.05
ANSWER_WITHIN_S = 2.0
QUORUM, SENTINELS = 2, 3


class FailoverError(Exception):
    """What was asked for did not come about in time; the message ends with a Sentinel's log."""


class Sentinel(EmbeddedValkey):
    """One Sentinel: the same binary, with a configuration file that it rewrites itself."""

    def __init__(self, directory: Path, name: str, watched_port: int) -> None:
        """Prepare a Sentinel for the primary ``name`` that listens on ``watched_port`` to begin with."""
        super().__init__(directory)
        self.name = name
        self._watched_port = watched_port

    @property
    def address(self) -> str:
        """Return ``host:port``."""
        return f"{HOST}:{self.port}"

    def _command(self, options: Mapping[str, str]) -> list[str]:
        path = self.directory / "sentinel.conf"
        if not path.exists():
            path.write_text(self._first_configuration(), encoding="utf-8")
        return [super()._command(options)[0], str(path), "--sentinel"]

    def _first_configuration(self) -> str:
        lines = (
            f"port {self.port}",
            f"bind {HOST}",
            f'dir "{self.directory}"',
            f'logfile "{self.directory / "valkey.log"}"',
            f"sentinel monitor {self.name} {HOST} {self._watched_port} {QUORUM}",
            f"sentinel down-after-milliseconds {self.name} {DOWN_AFTER_MS}",
            f"sentinel failover-timeout {self.name} {FAILOVER_TIMEOUT_MS}",
        )
        return "\n".join((*lines, ""))


class WatchedValkey:
    """The five processes and what can happen to them. All methods block until it is so, or raise.

    Attributes:
        servers: the two servers, by their fixed places; which of them is the primary changes.
        sentinels: the three that watch; each can be killed and restarted like a server.

    """

    def __init__(self, directory: Path, *, name: str = "monarch", careful: bool = True) -> None:
        """Prepare them.

        Args:
            directory: where each gets a folder of its own.
            name: what the Sentinels call the primary.
            careful: whether a primary without a replica refuses writes (``min-replicas-to-write 1``).

        """
        self.name = name
        self._options = {
            "min-replicas-to-write": "1" if careful else "0",
            "min-replicas-max-lag": str(MAX_LAG_S),
            # Otherwise the first full copy waits five seconds for a second replica.
            "repl-diskless-sync-delay": "0",
        }
        first = EmbeddedValkey(directory / "server-0", options=self._options)
        self.servers = [first, EmbeddedValkey(directory / "server-1", options=self._options)]
        self.sentinels = [
            Sentinel(directory / f"sentinel-{number}", name, first.port)
            for number in range(SENTINELS)
        ]

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables by which Monarch finds the primary."""
        addresses = ",".join(sentinel.address for sentinel in self.sentinels)
        return {"VALKEY_SENTINELS": addresses, "VALKEY_SENTINEL_MASTER": self.name}

    @property
    def url(self) -> str:
        """Return the address of the primary of now."""
        return self.primary.url

    @property
    def primary(self) -> EmbeddedValkey:
        """Return the server that the Sentinels take for the primary."""
        port = self._primary_port()
        return next(server for server in self.servers if server.port == port)

    @property
    def replica(self) -> EmbeddedValkey:
        """Return the other one, whether it runs or not."""
        primary = self.primary
        return next(server for server in self.servers if server is not primary)

    def __enter__(self) -> Self:
        """Start for a ``with`` block."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop at the end of a ``with`` block."""
        self.stop()

    def start(self) -> None:
        """Start all five and return once the replica is in step and each Sentinel knows the others."""
        primary, replica = self.servers
        primary.start()
        self._start_as_replica(replica, primary.port)
        for sentinel in self.sentinels:
            sentinel.start()
        self.settle()

    def stop(self) -> None:
        """End all five; stopping twice is fine."""
        for process in (*self.sentinels, *self.servers):
            process.kill()

    def settle(self) -> None:
        """Wait until the replica is in step and every Sentinel that runs could lead a failover."""
        self._wait_for(lambda: self._is_in_step() and self._are_ready(), "ready for a failover")

    def failover(self, *, coordinated: bool = False) -> None:
        """Let the replica take over while the primary lives; returns once the Sentinels say so.

        Args:
            coordinated: the primary hands over by itself, so that no write is lost. Otherwise it is told only
                after the replica was promoted, and what it confirms meanwhile is rolled back.

        """
        before = self._primary_port()
        words = ("SENTINEL", "FAILOVER", self.name, *(["COORDINATED"] if coordinated else []))

        def taken_over() -> bool:
            if self._agreed_on_another(before):
                return True
            # A Sentinel drops a failover when the others do not elect it in time, and says so in its log alone.
            if all(self._rests_on(sentinel, before) for sentinel in self._running()):
                with _asking(self._running()[0]) as client:
                    client.execute_command(*words)
            return False

        self._wait_for(taken_over, f"a primary other than the one on port {before}")

    def kill_primary(self) -> EmbeddedValkey:
        """Kill the primary (SIGKILL), wait until the replica has taken over, and return the dead server."""
        dead = self.primary
        dead.kill()
        self.wait_for_another_primary(dead.port)
        return dead

    def wait_for_another_primary(self, port: int) -> None:
        """Wait until the Sentinels that run agree on a primary that is not on ``port`` and says that it is one."""
        self._wait_for(
            lambda: self._agreed_on_another(port), f"a primary other than the one on port {port}"
        )

    def revive(self, server: EmbeddedValkey) -> None:
        """Start a dead server as a replica of the primary and wait until it is in step."""
        self._start_as_replica(server, self._primary_port())
        self.settle()

    def _start_as_replica(self, server: EmbeddedValkey, port: int) -> None:
        server.start(options={"replicaof": f"{HOST} {port}"})

    def _running(self) -> list[Sentinel]:
        return [sentinel for sentinel in self.sentinels if sentinel.is_running]

    def _primary_port(self, sentinel: Sentinel | None = None) -> int:
        with _asking(sentinel or self._running()[0]) as client:
            _, port = client.sentinel_get_master_addr_by_name(self.name)
        return int(port)

    def _agreed_on_another(self, port: int) -> bool:
        named = {self._primary_port(sentinel) for sentinel in self._running()}
        return (
            port not in named and len(named) == 1 and _replication(self.primary)["role"] == "master"
        )

    def _rests_on(self, sentinel: Sentinel, port: int) -> bool:
        """Whether this one takes ``port`` for the primary and has no failover under way."""
        with _asking(sentinel) as client:
            primary: dict[str, Any] = client.sentinel_master(self.name)
        return primary["port"] == port and "failover_in_progress" not in primary["flags"]

    def _is_in_step(self) -> bool:
        """Whether the primary counts a replica as good, and that one has its copy and its link."""
        primary, replica = _replication(self.primary), _replication(self.replica)
        return (
            primary.get("role") == "master"
            and primary.get("connected_slaves") == 1
            and primary.get("min_slaves_good_slaves", 1) == 1
            and replica.get("master_link_status") == "up"
        )

    def _are_ready(self) -> bool:
        """Whether each Sentinel sees the others and the replica, and no failover is under way."""
        others = len(self._running()) - 1
        return all(self._is_ready(sentinel, others) for sentinel in self._running())

    def _is_ready(self, sentinel: Sentinel, others: int) -> bool:
        with _asking(sentinel) as client:
            primary: dict[str, Any] = client.sentinel_master(self.name)
            replicas: list[dict[str, Any]] = client.sentinel_slaves(self.name)
        return (
            primary["flags"] == "master"
            and primary["num-other-sentinels"] >= others
            and any(
                one["port"] == self.replica.port
                and one["flags"] == "slave"
                and one["master-link-status"] == "ok"
                for one in replicas
            )
        )

    def _wait_for(self, is_so: Callable[[], bool], what: str) -> None:
        give_up = time.monotonic() + SETTLED_WITHIN_S
        while True:
            with contextlib.suppress(valkey.ValkeyError, OSError):
                if is_so():
                    return
            if time.monotonic() > give_up:
                raise FailoverError(f"no {what}:\n{self._running()[0].log[-2000:]}")
            time.sleep(ASK_EVERY_S)


def _asking(process: EmbeddedValkey) -> valkey.Valkey:
    return valkey.Valkey(HOST, process.port, socket_timeout=ANSWER_WITHIN_S)


def _replication(server: EmbeddedValkey) -> dict[str, Any]:
    with _asking(server) as client:
        found: dict[str, Any] = client.info("replication")
    return found
