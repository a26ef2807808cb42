"""Seams: every effect of a worker passes through a port or a client of Valkey, and here is what can be done to it there.

A **moment** is right before or right after one effect. A run is a row of moments, numbered over all its processes; a
`Trouble` strikes at some of them. `Around` puts the moments around a port of the world outside; which methods a port has
is looked up in its Protocol, so a method that is added tomorrow has its moments tomorrow. `Across` puts them around each
command and each script that a worker sends to its store, so the adapters are tried between any two of them, too.

A poll that brought nothing is a moment only the first times: it changes nothing, and it is done as often as time passes.
"""

import inspect
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, Final, Protocol

import anyio

from monarch import ports
from monarch.adapters.valkey.scripts import SCRIPTS
from scripts.memory.client import Answer, Command

POLLS: Final = frozenset(f"valkey.{name}" for name in ("xreadgroup", "sweep", "renew", "audit"))
OUTSIDE: Final = ("ear", "github", "signing", "slack")
"""The ports that lead to something else than the store."""

STORED: Final = frozenset(
    {"budget", "cards", "hands", "inbox", "ledger", "logins", "meter", "plans", "refusals"}
    | {"streams"}
)
"""The ports whose adapters do whatever they do by commands and scripts."""

NO_EFFECTS: Final = ("clock", "outlook")
"""Reading a clock changes nothing, nor does a forecast, which never fails."""

BESIDE: Final = frozenset(
    {"admit", "standing", "submit", "cohort", "asked", "found", "telling", "turn"}
)
"""Scripts that no worker of these houses sends: the adapter that reads GitHub counts its reads, a producer submits, people
look at a cohort, and what was missed is watched for by its own contract (`tests/contracts/missed`).
"""

_ROSTER: Final = frozenset({"time", "hsetnx", "hgetall", "hdel"})
COMMANDS: Final = frozenset({"get", "set", "xreadgroup"}) | _ROSTER
"""What is sent beside scripts: a worker enters the roster, and leaves it. `xgroup` as well, where a group is gone:
tried on a real server.
"""

FIRST_POLLS: Final = 2
"""So many idle polls of each kind, of each process, are moments like any other."""


def protocols() -> dict[str, type]:
    """Every port, by the name that a worker wraps it under."""
    here = vars(ports).values()
    found = [kind for kind in here if isinstance(kind, type) and _is_protocol(kind)]
    return {kind.__name__.lower(): kind for kind in found}


def _is_protocol(kind: type) -> bool:
    return kind.__module__.startswith(ports.__name__) and Protocol in kind.__bases__


def methods(protocol: type) -> dict[str, bool]:
    """Each method of a port, and whether it is to be awaited."""
    return {
        name: inspect.iscoroutinefunction(function)
        for name, function in vars(protocol).items()
        if inspect.isfunction(function) and not name.startswith("_")
    }


def effects() -> set[str]:
    """Every effect of a stage, such as `github.create_issue` or `valkey.permit`."""
    sent = (SCRIPTS.keys() - BESIDE) | COMMANDS
    return all_methods(*OUTSIDE) | {f"valkey.{name}" for name in sent}


def all_methods(*names: str) -> set[str]:
    """Every method of the ports of these names; without one, of all."""
    return {
        f"{port}.{method}"
        for port, kind in protocols().items()
        for method in methods(kind)
        if not names or port in names
    }


@cache
def asking() -> frozenset[str]:
    """Every effect that asks `may_send`, its last argument, right before its bytes leave: the writes to GitHub."""
    return frozenset(
        f"{port}.{method}"
        for port, kind in protocols().items()
        for method in methods(kind)
        if [*inspect.signature(getattr(kind, method)).parameters][-1:] == ["may_send"]
    )


class Blow(StrEnum):
    """What befalls a process at a moment.

    DEATH: it is gone, with all that it had in hand. LOST: the effect is not done (before), or its answer is lost
    (after). TURNED_DOWN: an outside call is answered by "not now", without an effect. FREEZE: no part of it moves for
    a while. STOP: SIGTERM. FORGET: the store's memory goes back by some moments, and
    the store knows it (it was started anew). REVERT: it goes back and does not know it (a reverted snapshot). MIDWAY: frozen after the last check
    and before the bytes leave. POSTHUMOUS: dies then, and GitHub acts on it late.
    """

    DEATH = "death"
    LOST = "lost"
    TURNED_DOWN = "turned down"
    FREEZE = "freeze"
    STOP = "stop"
    FORGET = "forget"
    REVERT = "revert"
    MIDWAY = "midway"
    POSTHUMOUS = "posthumous"


class Died(BaseException):
    """The process is gone. No `except Exception` may hide it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """`call` is such as `valkey.permit`; `side` is "before", "after", or "in" it (the bytes are about to leave)."""

    number: int
    side: str
    call: str
    process: str

    def __str__(self) -> str:
        """For a person who looks for what broke."""
        return f"{self.number}: {self.side} {self.call} of {self.process}"


@dataclass
class Trouble:
    """Counts the moments of a run, and strikes at some of them.

    `passed` is every moment so far, `struck` where it hit; calls of the ports in `spared` are left alone.
    """

    blows: Mapping[int, Blow] = field(default_factory=dict)
    passed: list[Moment] = field(default_factory=list)
    struck: list[tuple[Moment, Blow]] = field(default_factory=list)
    spared: tuple[str, ...] = ()
    on_moment: Callable[[Moment], None] = lambda _moment: None

    def pass_by(self, side: str, call: str, process: str) -> tuple[Moment, Blow | None]:
        """One more moment, and what befalls the process there."""
        moment = Moment(len(self.passed) + 1, side, call, process)
        self.passed.append(moment)
        self.on_moment(moment)
        blow = None if call.startswith(self.spared) else self.blows.get(moment.number)
        if blow is not None:
            self.struck.append((moment, blow))
        return moment, blow


class Struck(Protocol):
    """A process, as `Around` sees it."""

    name: str
    dead: bool
    in_flight: set[anyio.CancelScope]

    async def thawed(self) -> None:
        """Wait while it is frozen."""

    async def moment(self, side: str, call: str, args: tuple[Any, ...] = ()) -> Any:
        """Pass a moment; returns an answer to give instead of the port's, `None` for none. Raises what befalls it."""

    def leaving(self, call: str, args: tuple[Any, ...]) -> bool:
        """The last check was passed, and the bytes are about to leave; false where they are not to."""


class Around:
    """A port with a moment before and after each effect. What is no method of its Protocol is not there."""

    def __init__(self, name: str, port: Any, process: Struck) -> None:
        self._name, self._port, self._process = name, port, process
        for method, awaited in methods(protocols()[name]).items():
            around = self._around(method) if awaited else self._listening(method)
            setattr(self, method, around)

    def _around(self, method: str) -> Callable[..., Any]:
        call, name = getattr(self._port, method), f"{self._name}.{method}"
        asks_first = name in asking()

        async def asked(*args: Any, **named: Any) -> Any:
            if asks_first:
                args = self._checked(name, args)
            instead = await self._process.moment("before", name, args)
            if instead is not None:
                return instead
            await self._process.thawed()
            answer = await in_flight(self._process, lambda: call(*args, **named))
            await self._process.thawed()
            instead = await self._process.moment("after", name, args)
            return answer if instead is None else instead

        return asked

    def _checked(self, name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """An effect that asks right before it happens has a moment there."""
        *what, may_send = args

        def may_leave() -> bool:
            return bool(may_send()) and self._process.leaving(name, args)

        return *what, may_leave

    def _listening(self, method: str) -> Callable[[], Any]:
        """The one port that is no call: subscribing is an effect, and so is each hearing."""
        listen, name = getattr(self._port, method), f"{self._name}.{method}"

        @asynccontextmanager
        async def listening() -> AsyncIterator[AsyncIterator[Any]]:
            await self._process.moment("before", name)
            async with listen() as hearings:
                await self._process.moment("after", name)
                async with aclosing(self._hearings(hearings, name)) as around:
                    yield around

        return listening

    async def _hearings(self, hearings: AsyncIterator[Any], name: str) -> AsyncGenerator[Any, None]:
        async for hearing in hearings:
            await self._process.thawed()
            if hearing is not None:
                await self._process.moment("after", name)
            yield hearing


class Across:
    """The way from a process to its store and back, with a moment before and after each command."""

    def __init__(self, process: Struck) -> None:
        self._process = process
        self._polls: Counter[str] = Counter()

    async def __call__(self, command: Command, answer: Answer) -> Any:
        """See `scripts.memory.client.Passage`."""
        name = f"valkey.{command.name}"
        if self._is_moment(name, productive=False):
            await self._process.moment("before", name, (command,))
        await self._process.thawed()
        reply = await in_flight(self._process, answer)
        await self._process.thawed()
        self._polls[name] += 1
        if self._is_moment(name, productive=_brought(command.name, reply)):
            await self._process.moment("after", name, (command,))
        return reply

    def _is_moment(self, name: str, *, productive: bool) -> bool:
        return name not in POLLS or productive or self._polls[name] < FIRST_POLLS


async def in_flight(process: Struck, call: Callable[[], Awaitable[Any]]) -> Any:
    """What is in flight when its process dies is not done any more, however it is shielded."""
    with anyio.CancelScope() as scope:
        process.in_flight.add(scope)
        try:
            return await call()
        finally:
            process.in_flight.discard(scope)
    raise Died


def _brought(poll: str, reply: Any) -> bool:
    """Whether a poll did anything."""
    match poll, reply:
        case "sweep", [int(promoted), _, _, *found]:
            return bool(promoted) or any(claimed or gone for _, claimed, gone, _ in found)
        case "audit", [*counts]:
            return any(counts)
        case "renew", [*kept]:
            return not all(kept)
        case _:
            return bool(reply)
