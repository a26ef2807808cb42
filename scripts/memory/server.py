"""A server in memory: commands and scripts over one keyspace."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

import anyio

from monarch.adapters.valkey.scripts import SCRIPTS
from scripts.memory.keyspace import Memory, RefusedError, UnknownCommandError
from scripts.memory.lua import Lua
from scripts.memory.ordered import Ordered
from scripts.memory.plain import Plain
from scripts.memory.streams import Streams

_BY_DIGEST: Final = {one.digest: one for one in SCRIPTS.values()}
_READS: Final = frozenset(
    {b"GET", b"HGET", b"HGETALL", b"TIME", b"XRANGE", b"XREADGROUP", b"XREVRANGE", b"XLEN"}
)


class Server(Plain, Ordered, Streams):
    """One Valkey. `clock` gives ms since 1970.

    It knows every script that is shipped, as a server does after a fleet's first seconds.
    `until_changed` waits for the next command, so that nobody need poll.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__(clock)
        self._starts = 1
        self._commands: dict[bytes, Callable[..., Any]] = {}
        self._change = anyio.Event()
        self._awaited: dict[bytes, anyio.Event] = {}

    def do(self, name: bytes, args: Sequence[bytes]) -> Any:
        """Run a command, in capitals: bytes, ints, lists, `None` for nil and a `str` for a status.

        Raises:
            RefusedError: the server answers with an error.
            UnknownCommandError: this memory does not have it.
        """
        command = self._commands.get(name)
        if command is None:
            command = self._commands[name] = self._command(name)
        return command(*args)

    def _command(self, name: bytes) -> Callable[..., Any]:
        command: Callable[..., Any] | None = getattr(self, f"_do_{name.decode().lower()}", None)
        if command is None or not name.isupper():
            raise UnknownCommandError(name)
        return command

    async def answer(self, name: bytes, args: Sequence[bytes]) -> Any:
        """Run a command of a client; one that blocks waits for its time."""
        reply = self.do(name, args)
        if reply is None and name == b"XREADGROUP" and b"BLOCK" in args:
            reply = await self._blocked(name, args)
        if name not in _READS:
            self.changed()
        return reply

    async def _blocked(self, name: bytes, args: Sequence[bytes]) -> Any:
        ms, reply = int(args[args.index(b"BLOCK") + 1]), None
        stream = args[args.index(b"STREAMS") + 1]
        with anyio.move_on_after(ms / 1000):
            while reply is None:
                await self._awaited.setdefault(stream, anyio.Event()).wait()
                reply = self.do(name, args)
        return reply

    def changed(self) -> None:
        """Wake who waits for a change."""
        before, self._change = self._change, anyio.Event()
        before.set()

    def _do_xadd(self, key: bytes, *args: bytes) -> bytes:
        entry = super()._do_xadd(key, *args)
        if key in self._awaited:
            self._awaited.pop(key).set()
        return entry

    async def until_changed(self) -> None:
        """Wait for the next change of anything."""
        await self._change.wait()

    # ---------------------------------------------------------------------------------------- memory

    def restart(self) -> None:
        """It was started anew, with all that it knew."""
        self._starts += 1
        self.changed()

    def go_back(self, memory: Memory) -> None:
        """Know what was known then, and do not know that there was more: a reverted snapshot."""
        self.recall(memory)
        while self._awaited:
            self._awaited.popitem()[1].set()
        self.changed()

    # -------------------------------------------------------------------------------------- commands

    def _do_time(self) -> list[bytes]:
        seconds, ms = divmod(self.now_ms(), 1000)
        return [b"%d" % seconds, b"%d" % (ms * 1000)]

    def _do_info(self, *_sections: bytes) -> bytes:
        lines = [
            f"run_id:{self._starts:040x}",
            f"master_replid:{1:040x}",
            f"server_time_usec:{self.now_ms() * 1000}",
            "uptime_in_seconds:3600",
            f"rdb_changes_since_last_save:{len(self.values)}",
            *([f"db0:keys={len(self.values)}"] if self.values else []),
        ]
        return "\r\n".join(lines).encode()

    def _do_evalsha(self, digest: bytes, keys: bytes, *args: bytes) -> Any:
        script, count = _BY_DIGEST.get(digest.decode()), int(keys)
        if script is None:
            raise RefusedError("NOSCRIPT No matching script. Please use EVAL.")
        self._frozen_ms = self._clock()
        try:
            return _lua().run(script.digest, script.text, self.do, args[:count], args[count:])
        finally:
            self._frozen_ms = None


@cache
def _lua() -> Lua:
    """One for the process: each script is compiled once."""
    return Lua()
