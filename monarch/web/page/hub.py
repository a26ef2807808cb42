"""Renders each address once for all its readers, while it has some, and never at the cost of the work.

```
readers of a view --wait--> Frame    one task renders the views that have readers, one after the other
one-off answers   --ask---> Frame    a frame that is not older than a second is good enough
```

The task rests nine times as long as the processor worked during a rendering, so that live views take a tenth of a worker's
time at most, however many are open: each is only rendered less often. Processor time of other tasks counts, too, so a
busy worker renders less. Without readers the task sleeps, and asks Valkey nothing. One-off answers do not rest; at most
two are made at once, and one for each view and second.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import anyio

from monarch.ports import StoreError
from monarch.web.connections import READERS
from monarch.web.page.sights import PageRequest, Sight

EVERY_S: Final = 1.0
"""A view is rendered at most this often, in seconds."""

REST: Final = 9.0
"""The rest after a rendering, as a multiple of the processor's time that passed in it."""

ASK_WITHIN_S: Final = 2.0
"""How long Valkey may take to answer before it counts as away, in seconds."""

VIEWS: Final = 400
"""How many views keep their last frame."""

AT_ONCE: Final = 2
"""How many readings for one-off answers are under way at once; the others wait in line."""

_worked_s = time.thread_time
_rest = anyio.sleep

Read = Callable[[PageRequest], Awaitable[Sight | None]]
Draw = Callable[[Sight, int], str]


@dataclass(frozen=True, slots=True)
class Frame:
    """What a view shows. `sight` is `None` where there is no such thing.

    `number` changes with every change of the view; `at_ms` is when it was last confirmed, in milliseconds since 1970.
    """

    sight: Sight | None
    html: str
    number: int
    at_ms: int


@dataclass(slots=True)
class _View:
    wish: PageRequest
    frame: Frame | None = None
    looked_s: float = float("-inf")
    readers: int = 0
    trouble: StoreError | None = None
    trouble_ms: int = 0
    changed: anyio.Event = field(default_factory=anyio.Event)
    lock: anyio.Lock = field(default_factory=anyio.Lock)

    def tell(self) -> None:
        self.changed.set()
        self.changed = anyio.Event()


@dataclass(frozen=True, slots=True)
class Now:
    """A view at one moment. `trouble` says why Valkey gives nothing, since `trouble_ms`; `None` where it does.

    `changed` is set when the view changes.
    """

    frame: Frame | None
    trouble: StoreError | None
    trouble_ms: int
    changed: anyio.Event


class Full(Exception):  # noqa: N818 - a word of the contract
    """The limit of readers is reached."""


class Hub:
    """Give what views show, once or for as long as a reader stays.

    Args:
        read: reads what an address shows; may raise `StoreError`.
        draw: prints it, as of a moment in milliseconds since 1970.
    """

    def __init__(self, read: Read, draw: Draw) -> None:
        self._read = read
        self._draw = draw
        self._views: OrderedDict[PageRequest, _View] = OrderedDict()
        self._turns = anyio.Semaphore(AT_ONCE)
        self._numbers = 0
        self._wanted = anyio.Event()
        self.stopped = anyio.Event()

    @property
    def readers(self) -> int:
        """How many readers live views have now."""
        return sum(view.readers for view in self._views.values())

    # -------------------------------------------------------------------------------------- one-off

    async def frame(self, wish: PageRequest) -> Frame:
        """What the view shows now, or showed less than a second ago.

        Raises:
            StoreError: Valkey cannot be asked, or does not answer in time.
        """
        view = self._view(wish)
        async with view.lock:
            if view.frame is None or time.monotonic() - view.looked_s >= EVERY_S or view.trouble:
                async with self._turns:
                    await self._look(view)
        if view.trouble or view.frame is None:
            raise view.trouble or StoreError("no answer yet")
        return view.frame

    # ----------------------------------------------------------------------------------------- live

    @contextmanager
    def reading(self, wish: PageRequest) -> Iterator["HubReading"]:
        """Be a reader of a view for the length of a `with` block.

        Raises:
            Full: there are too many readers.
        """
        if self.readers >= READERS:
            raise Full
        view = self._view(wish)
        view.readers += 1
        self._wanted.set()
        try:
            yield HubReading(view, self.stopped)
        finally:
            view.readers -= 1

    async def run(self) -> None:
        """Render what is read, until cancelled; then end every reader's stream."""
        try:
            while True:
                await self._wanted.wait()
                await self._round()
        finally:
            self.stopped.set()
            for view in self._views.values():
                view.tell()

    async def _round(self) -> None:
        """Render every view that has readers and is due, and rest after each."""
        read = [view for view in self._views.values() if view.readers]
        if not read:
            self._wanted = anyio.Event()
            return
        now_s = time.monotonic()
        due_s = min(view.looked_s for view in read) + EVERY_S
        if due_s > now_s:
            await anyio.sleep(due_s - now_s)
        for view in sorted(read, key=lambda one: one.looked_s):
            if time.monotonic() - view.looked_s < EVERY_S or not view.readers:
                continue
            began_s = _worked_s()
            async with view.lock:
                await self._look(view)
            await _rest(REST * (_worked_s() - began_s))

    # -------------------------------------------------------------------------------------- looking

    def _view(self, wish: PageRequest) -> _View:
        view = self._views.setdefault(wish, _View(wish))
        self._views.move_to_end(wish)
        while len(self._views) > VIEWS:
            idle = next(
                (w for w, v in self._views.items() if not v.readers and v is not view), None
            )
            if idle is None:
                break
            del self._views[idle]
        return view

    async def _look(self, view: _View) -> None:
        """Read and render; an unchanged frame keeps its number."""
        try:
            with anyio.fail_after(ASK_WITHIN_S):
                sight = await self._read(view.wish)
        except StoreError as error:
            self._note_trouble(view, error)
            return
        except TimeoutError:
            self._note_trouble(view, StoreError("no answer in time"))
            return
        finally:
            view.looked_s = time.monotonic()
        now_ms = round(time.time() * 1000)
        html = "" if sight is None else self._draw(sight, now_ms)
        before, was_away = view.frame, view.trouble is not None
        if before is None or before.html != html or was_away:
            self._numbers += 1
            view.frame, view.trouble = Frame(sight, html, self._numbers, now_ms), None
            view.tell()
        else:
            view.frame = Frame(sight, html, before.number, now_ms)

    def _note_trouble(self, view: _View, error: StoreError) -> None:
        """Another cause is news too: a server that comes back with another password was away first."""
        before, view.trouble = view.trouble, error
        if before is None:
            view.trouble_ms = round(time.time() * 1000)
        if str(before) != str(error):
            view.tell()


class HubReading:
    """A reader's side of a view."""

    def __init__(self, view: _View, stopped: anyio.Event) -> None:
        self._view = view
        self._stopped = stopped

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self._stopped.is_set()

    def now(self) -> Now:
        """How the view stands."""
        view = self._view
        return Now(view.frame, view.trouble, view.trouble_ms, view.changed)
