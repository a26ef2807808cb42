"""A process that trouble can befall: a worker of a house, from its start to its end, however that comes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import anyio
from valkey.exceptions import ConnectionError as CutOffError

from monarch.adapters.valkey.hands import ValkeyHands
from monarch.adapters.valkey.scripts import Scripts
from monarch.core.outcome import RateLimited, Transient, Unknown
from monarch.ports import Hands, StoreError, Unanswered
from scripts.memory.client import Command
from tests.contracts.doubles import github
from tests.contracts.doubles.faults import Fault
from tests.contracts.worlds import LEASE_S, RETENTION_MS
from tests.stages.house import House, pass_time
from tests.stages.seams import Across, Around, Blow, Died, Moment, Trouble

T = TypeVar("T")

FREEZES_S: Final = (LEASE_S + 4, 3 * LEASE_S + 1)
"""Frozen until the heir is in the middle of it, or until it is long done; in turn."""

BACK: Final = (1, 4, 15)
"""By so many moments the store's memory goes back; in turn."""

LATE_S: Final = 18.0
OUTSIDE: Final = ("github.", "slack.")
WRITES: Final = {f"github.{method}" for method in github.WRITES}


@dataclass
class Told:
    """How often something befell a process that had a message in hand.

    `finals` may be repeated so often, and so many cards (`progress`) stay as they are: nobody knows their `ts`.
    """

    finals: int = 0
    progress: int = 0


class Process:
    """One worker's life. `over` is set as soon as another worker could take its place."""

    def __init__(
        self, house: House, name: str, trouble: Trouble, told: Told, poison: str = ""
    ) -> None:
        """See the class; it dies of whatever it does with the repository `poison`."""
        self._poison = poison
        self.name = name
        self.dead = False
        self.in_flight: set[anyio.CancelScope] = set()
        self.over = anyio.Event()
        self._house, self._trouble, self._told = house, trouble, told
        self._frozen_until = 0.0
        self._open: set[tuple[bytes, bytes]] = set()
        self.worker = house.worker(
            name, wrap=lambda port, real: Around(port, real, self), passage=Across(self)
        )

    @property
    def is_frozen(self) -> bool:
        """Whether no part of it moves."""
        return self._frozen_until > anyio.current_time()

    async def live(self) -> None:
        """Until it stops or dies."""
        try:
            await self.worker.live()
        except* Died:
            pass
        finally:
            self.over.set()

    async def thawed(self) -> None:
        """See `seams.Struck.thawed`."""
        if self.is_frozen:
            await anyio.sleep_until(self._frozen_until)
        if self.dead:
            raise Died

    # ------------------------------------------------------------------------------------------ moments

    async def moment(self, side: str, call: str, args: tuple[Any, ...] = ()) -> Any:
        """See `seams.Struck.moment`."""
        await self.thawed()
        if self._poison and args[:1] == (self._poison,):
            self._count_open()
            self._die()
        if call == "valkey.tell":
            self._note(side, *args)
        moment, blow = self._trouble.pass_by(side, call, self.name)
        if blow is None:
            return None
        self._count_open()
        instead = await self._befall(blow, moment)
        await self.thawed()
        return instead

    def _note(self, side: str, tell: Command) -> None:
        """A message is open from before it is put on record until it is known what became of it."""
        (card, _), (_, op, what, *_) = tell.keys, tell.args
        if op == b"sending":
            self._open.add((card, what))
        elif op in {b"said", b"not_sent"} and side == "after":
            self._open.discard((card, what))

    def _count_open(self) -> None:
        kinds = [kind for _, kind in self._open]
        self._told.finals += kinds.count(b"ending")
        self._told.progress += kinds.count(b"card")

    async def _befall(self, blow: Blow, moment: Moment) -> Any:
        match blow:
            case Blow.DEATH:
                self._die()
            case Blow.LOST:
                return _lost(moment)
            case Blow.TURNED_DOWN:
                return _turned_down(moment)
            case Blow.FREEZE:
                self._freeze(moment)
            case Blow.STOP:
                self.worker.drain()
            case _:
                return None
        return None

    def leaving(self, call: str, args: tuple[Any, ...]) -> bool:
        """See `seams.Struck.leaving`: there is no checking after this, and no stopping it."""
        moment, blow = self._trouble.pass_by("in", call, self.name)
        world, method = self._house.github, call.partition(".")[2]
        if blow is Blow.MIDWAY:
            self._freeze(moment)
            after_s = self._frozen_until - anyio.current_time()
            fault = Fault(Unknown("it timed out"), takes_effect=True, after_s=after_s)
            world.faults.at(method, world.faults.count(method) + 1, fault)
        elif blow in {Blow.POSTHUMOUS, Blow.DEATH}:
            if blow is Blow.POSTHUMOUS:
                world.act_late(method, args, LATE_S)
            self._leave()
            return False
        return True

    def _die(self) -> None:
        self._leave()
        raise Died

    def _leave(self) -> None:
        """Nothing that it had in hand goes on."""
        self.dead = True
        for scope in list(self.in_flight):
            scope.cancel()
        self.over.set()

    def _freeze(self, moment: Moment) -> None:
        self._frozen_until = anyio.current_time() + FREEZES_S[moment.number % len(FREEZES_S)]


class Person:
    """A person at the command line, who repeats the command after any failure."""

    def __init__(self, house: House, trouble: Trouble, name: str = "person") -> None:
        self.name = name
        self.dead = False
        self.in_flight: set[anyio.CancelScope] = set()
        self._trouble = trouble
        scripts = Scripts(house.client(Across(self)), house.keys.prefix)
        self.hands: Hands = ValkeyHands(scripts, house.keys, retention_ms=RETENTION_MS)

    async def thawed(self) -> None:
        """See `seams.Struck.thawed`: people do not freeze."""

    async def moment(self, side: str, call: str, args: tuple[Any, ...] = ()) -> Any:
        """See `seams.Struck.moment`."""
        moment, blow = self._trouble.pass_by(side, call, self.name)
        if blow is not None:
            raise CutOffError(str(moment))

    def leaving(self, call: str, args: tuple[Any, ...]) -> bool:
        """See `seams.Struck.leaving`."""
        return True

    async def insist(self, act: Callable[[Hands], Awaitable[T]]) -> T:
        """Do it until it is answered."""
        while True:
            try:
                return await act(self.hands)
            except StoreError:
                await pass_time(1)


def _lost(moment: Moment) -> Any:
    if moment.call in WRITES:
        return Unknown("the connection broke")
    if moment.call.startswith("slack."):
        return Unanswered("the connection broke")
    if moment.call.startswith(("github.", "signing.")):
        return Transient("the connection broke")
    if moment.call.startswith("ear."):
        # The shipped ear is a port above the client, and classifies what its connection does.
        raise StoreError(str(moment))
    raise CutOffError(str(moment))


def _turned_down(moment: Moment) -> Any:
    if moment.side != "before" or not moment.call.startswith(OUTSIDE):
        return None
    if moment.number % 2:
        return Transient("503")
    return RateLimited("slow down", 30.0)
