"""A server in memory: commands and scripts over one keyspace."""

import math
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
_BLOCKING: Final = ("XREADGROUP",)


class Server(Plain, Ordered, Streams):
    """One Valkey. `now_ms` is its clock.

    It knows every script that is shipped, as a server does after a fleet's first seconds.
    `until_changed` waits for the next command, so that nobody need poll.
    """

    def __init__(self, now_ms: Callable[[], int]) -> None:
        super().__init__(now_ms)
        self._starts = 1
        self._change = anyio.Event()

    def do(self, name: str, args: Sequence[bytes]) -> Any:
        """Run a command, in capitals: bytes, ints, lists, `None` for nil and a `str` for a status.

        Raises:
            RefusedError: the server answers with an error.
            UnknownCommandError: this memory does not have it.
        """
        command = getattr(self, f"_{name.lower()}", None)
        if command is None or not name.isupper():
            raise UnknownCommandError(f"{name} {args}")
        return command(*args)

    async def answer(self, name: str, args: Sequence[bytes]) -> Any:
        """Run a command of a client; one that blocks waits for its time."""
        reply = self.do(name, args)
        self.changed()
        if reply is None and name in _BLOCKING and b"BLOCK" in args:
            ms = int(args[args.index(b"BLOCK") + 1])
            with anyio.move_on_after(ms / 1000 if ms else math.inf):
                while reply is None:
                    await self.until_changed()
                    reply = self.do(name, args)
        return reply

    def changed(self) -> None:
        """Wake who waits for a change."""
        before, self._change = self._change, anyio.Event()
        before.set()

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
        self.changed()

    # -------------------------------------------------------------------------------------- commands

    def _time(self) -> list[bytes]:
        seconds, ms = divmod(self.now_ms(), 1000)
        return [b"%d" % seconds, b"%d" % (ms * 1000)]

    def _info(self, *_sections: bytes) -> bytes:
        lines = [
            f"run_id:{self._starts:040x}",
            f"master_replid:{1:040x}",
            "uptime_in_seconds:3600",
            f"rdb_changes_since_last_save:{len(self.values)}",
            *([f"db0:keys={len(self.values)}"] if self.values else []),
        ]
        return "\r\n".join(lines).encode()

    def _evalsha(self, digest: bytes, keys: bytes, *args: bytes) -> Any:
        script, count = _BY_DIGEST.get(digest.decode()), int(keys)
        if script is None:
            raise RefusedError("NOSCRIPT No matching script. Please use EVAL.")
        return _lua().run(script.digest, script.text, self.do, args[:count], args[count:])


@cache
def _lua() -> Lua:
    """One for the process: each script is compiled once."""
    return Lua()
