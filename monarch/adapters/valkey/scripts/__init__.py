"""The Lua scripts, and how they are sent.

All of them are read and hashed when this package is imported, which is at the start of a worker or a command. So no
call opens a file: a process that has run out of file descriptors still settles, and one whose package is replaced on
disk never sends the newer Lua with its older Python.

A script is its own header, then the words (`sentences.py`), the quiet time (`core/timing.py`) and, where it looks at
them, the types of keys (`keys.py`), then the shared parts
(`_common.lua`, `_cards.lua`), then its body. It is called by its digest; a server that does not know it (restarted,
flushed) says `NOSCRIPT`, which means that nothing was done, and then receives the whole text, once a batch.

Calls that come while another batch is on its way wait and go together in the next one: one round trip for many,
without a timer and without a task of its own. The first caller of a batch carries it; the others wait for it.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import anyio
from valkey.asyncio import Valkey
from valkey.exceptions import NoScriptError, ResponseError

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.client.trouble import TROUBLE, is_trouble
from monarch.adapters.valkey.keys import KINDS, kinds_around
from monarch.adapters.valkey.scripts.sentences import WORDS
from monarch.core.timing import QUIET_MS

Arg = str | int | bytes
Answer = object

_SHARED: Final = {
    "mirror": ("_append", "_in_the_way"),
    "submit": ("_append", "_opening", "_in_the_way"),
    "open_epoch": ("_opening",),
    "renew": ("_removed",),
    "sweep": ("_removed",),
    "audit": ("_removed",),
    "permit": ("_points", "_turns"),
    "record": ("_turns",),
    "take": ("_turns",),
    "admit": ("_points",),
    "replay": ("_reopen", "_acts", "_in_the_way"),
    "begin": ("_reopen", "_acts", "_in_the_way"),
    "drop": ("_acts", "_in_the_way"),
    "heal": ("_reopen", "_in_the_way"),
    "pause": ("_in_the_way",),
    "cancel": ("_in_the_way",),
    "first": ("_in_the_way",),
    "hurry": ("_in_the_way",),
    "settle": ("_refused", "_named", "_acts", "_in_the_way"),
    "refuse": ("_refused",),
}
_CLOCKS: Final = f"local QUIET_MS = {QUIET_MS}\n"
_KINDS: Final = (
    "local KINDS = {" + ", ".join(f"['{key}'] = '{kind}'" for key, kind in KINDS.items()) + "}\n"
)
_BATCH: Final = 256


@dataclass(frozen=True, slots=True)
class Script:
    """A script, ready to be sent: its name, its parts and its digest, by which the server knows it.

    Shared parts are in memory once. All texts together are 1.3 MB, and a server asks for each once.
    """

    name: str
    parts: tuple[str, ...]
    digest: str

    @property
    def text(self) -> str:
        """The whole text, for a server that does not know it."""
        return "".join(self.parts)


def _texts(folder: Traversable) -> Iterator[tuple[str, str]]:
    """Each Lua file by its name, from this folder and those in it: a folder says which task its scripts serve."""
    for one in folder.iterdir():
        if one.is_dir():
            yield from _texts(one)
        elif one.name.endswith(".lua"):
            yield one.name.removesuffix(".lua"), one.read_text("utf-8")


def _whole(name: str, texts: Mapping[str, str]) -> Script:
    header, _, body = texts[name].partition("\n")
    shared = [texts[part] for part in ("_common", "_cards", *_SHARED.get(name, ()))]
    kinds = (_KINDS,) if "_in_the_way" in _SHARED.get(name, ()) else ()
    parts = (f"{header}\n", WORDS, _CLOCKS, *kinds, *shared, body)
    digest = hashlib.sha1(usedforsecurity=False)
    for part in parts:
        digest.update(part.encode())
    return Script(name, parts, digest.hexdigest())


def _read_all(folder: Traversable) -> dict[str, Script]:
    """Every script, without the shared parts."""
    texts = dict(_texts(folder))
    return {name: _whole(name, texts) for name in texts if not name.startswith("_")}


SCRIPTS: Final = _read_all(files(__package__))
"""Every script by its name."""


@dataclass(slots=True, eq=False)
class _Call:
    script: Script
    keys: Sequence[str]
    args: Sequence[Arg]
    turn: anyio.Event | None = None
    done: bool = False
    # What the caller receives if the carrier of its batch was cancelled in the middle.
    answer: Answer = field(default_factory=lambda: OSError("the batch was not answered"))

    def wake(self) -> None:
        if self.turn is not None:
            self.turn.set()


class Scripts:
    """Sends scripts over one client, whole batches at a time."""

    def __init__(self, client: Valkey, prefix: str) -> None:
        self._client = client
        self._prefix = prefix
        self._waiting: list[_Call] = []
        self._carrier: _Call | None = None
        """The call that carries a batch, or is chosen to carry the next one; `None` while there are no calls."""
        self._shared: anyio.Event | None = None

    async def call(self, name: str, keys: Sequence[str], *args: Arg) -> Answer:
        """Run one script; the prefix goes before `args`.

        Raises:
            StoreError: it was not run, or it is unknown whether it was. It may be called again.
        """
        call = _Call(SCRIPTS[name], keys, (self._prefix, *args))
        self._waiting.append(call)
        if self._carrier is None:
            self._carrier = call
        else:
            await self._wait_for_turn(call)
        if not call.done:
            await self._carry()
        if isinstance(call.answer, BaseException):
            error = await self._named(call, call.answer)
            with classified(_doing(call, error)):
                raise error
        return call.answer

    async def _named(self, call: _Call, error: BaseException) -> BaseException:
        """The same error, with the key that is of another type where the server does not say which it is.

        A script that has looked at its keys before its first write names it itself (`_in_the_way.lua`).
        """
        if not _is_unnamed(error):
            return error
        kinds = kinds_around(key.removeprefix(self._prefix) for key in call.keys)
        pipe = self._client.pipeline(transaction=False)
        for name in kinds:
            pipe.type(self._prefix + name)
        try:
            found = await pipe.execute(raise_on_error=False)
        except TROUBLE as trouble:
            if not is_trouble(trouble):
                raise
            return error
        for (name, kind), answer in zip(kinds.items(), found, strict=True):
            if isinstance(answer, bytes) and answer.decode() not in {kind, "none"}:
                key = self._prefix + name
                # The server's own words stay: they say that the script may be half done.
                words = f"WRONGTYPE {key} is a {answer.decode()} and should be a {kind} ({error})"
                return ResponseError(words)
        return error

    async def _wait_for_turn(self, call: _Call) -> None:
        """Wait until another caller has sent `call`, or `call` is chosen to carry the next batch.

        A caller that is cancelled meanwhile takes its call back; if it had just been chosen to carry, another call must
        be chosen, or no call would ever be sent again.
        """
        call.turn = self._turn_of(call)
        try:
            while True:
                await call.turn.wait()
                if call.done or self._carrier is call:
                    return
                # Woken with others that share it: their first caller is gone, or they are too many for one batch.
                call.turn = anyio.Event()
        except anyio.get_cancelled_exc_class():
            if call in self._waiting:
                self._waiting.remove(call)
                if self._carrier is call:
                    self._choose()
            raise

    def _turn_of(self, call: _Call) -> anyio.Event:
        """What `call` waits for: the same as the others of its batch, save the first, which is woken to carry it.

        An event of its own would cost each call 2 us, two fifths of what the sending takes beside the client.
        """
        if call is self._waiting[0]:
            return anyio.Event()
        self._shared = self._shared or anyio.Event()
        return self._shared

    def _choose(self) -> None:
        """Let the call that has waited longest carry the next batch."""
        self._carrier = self._waiting[0] if self._waiting else None
        if self._carrier is not None:
            self._carrier.wake()

    async def _carry(self) -> None:
        """Send the waiting calls, then let a call that came meanwhile carry the next batch.

        Shielded: a caller that is cancelled still completes the calls of the others; the socket's timeout bounds it.
        """
        batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
        self._shared = None
        try:
            with anyio.CancelScope(shield=True):
                await self._send(batch)
        finally:
            for call in batch:
                call.done = True
                call.wake()
            self._choose()

    async def _send(self, batch: list[_Call]) -> None:
        try:
            await self._run(batch)
            # A server that refuses the first call of a script (it is out of memory) still does not know it for the others.
            for tell in (_first_of_each, list):
                unknown = [call for call in batch if isinstance(call.answer, NoScriptError)]
                if unknown:
                    await self._run(unknown, tell(unknown))
        except TROUBLE as error:
            if not is_trouble(error):
                raise
            for call in batch:
                call.answer = error

    async def _run(self, batch: Sequence[_Call], whole: Collection[_Call] = ()) -> None:
        """Send a batch; calls in `told` carry their whole script, which the server knows from then on."""
        pipe = self._client.pipeline(transaction=False)
        for call in batch:
            script = call.script
            command = ("EVAL", script.text) if call in whole else ("EVALSHA", script.digest)
            pipe.execute_command(*command, len(call.keys), *call.keys, *call.args)
        answers = await pipe.execute(raise_on_error=False)
        for call, answer in zip(batch, answers, strict=True):
            call.answer = answer


_NAMED: Final = 4
"""How many keys an error names at most."""


def _doing(call: _Call, error: BaseException) -> str:
    """The script's name, and where it is unknown which key is of another type, those that it was given."""
    if not _is_unnamed(error):
        return call.script.name
    return f"{call.script.name} with {', '.join(call.keys[:_NAMED])}"


def _is_unnamed(error: BaseException) -> bool:
    """Whether a key is of another type, and the error does not say which."""
    return "WRONGTYPE" in str(error) and " and should be a " not in str(error)


def _first_of_each(calls: list[_Call]) -> list[_Call]:
    """The first call of each script: a batch of settles carries one text of 56 kB, and not one for each of them."""
    return list({call.script.digest: call for call in reversed(calls)}.values())
