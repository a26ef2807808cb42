"""The one consumer loop: receives deliveries, has them decided, settles what was decided.

It receives deliveries of one stream, decides nothing, hands each to a handler under a renewed lease, and carries the
verdict out. It promises that each delivery it receives is settled once, or left to be reclaimed: whatever the handler
raises, whatever Valkey does, and whenever the worker stops. It also promises that a free place goes to what a stopped or
dead worker left, before it goes to anything new.

This module has the program's one broad `except` (`_classified`): an error that no code expects is logged with its
traceback and classified. From a handler it counts as a transient failure, from a settle as store trouble; the loop goes
on either way.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Final, Protocol, TypeVar, assert_never

import anyio
from anyio.abc import TaskGroup

from monarch.core.advice import Advice
from monarch.core.backoff import outage_s
from monarch.core.delivery import Delivery, NewerEntry, Stream, Token, UnreadableEntry
from monarch.core.outcome import Code
from monarch.core.redact import quote
from monarch.core.verdict import (
    Dead,
    Done,
    Handback,
    Policy,
    Retry,
    Snooze,
    Verdict,
    is_poison,
    is_suspect,
    judge_failure,
    unreadable,
)
from monarch.ports import Clock, StoreError, StoreRefused, Streams
from monarch.stages.lease import Draining, Hold, Holds, LeaseLost
from monarch.stages.pause import Pause
from monarch.telemetry import Telemetry

T = TypeVar("T")

_STORE_PAUSE_S: Final = 1.0
_FULL_CHECK_S: Final = 2.0
_REPORTED_KEPT: Final = 1000
_ALONE_CHECK_S: Final = 0.05
_REPORT: Final = Advice("report it with that traceback")
_RENAME: Final = Advice("find out with `valkey-cli` (TYPE) what it is, and rename it")


class _Unexpected(Exception):  # noqa: N818 - it names what was caught
    """An error that no code expects; it is logged already, and its text names its type."""

    remedy: Final = ""


class Handler(Protocol):
    """Decides about one kind of delivery, and acts for it."""

    async def handle(self, delivery: Delivery, hold: Hold) -> Verdict:
        """Work on the delivery and say what becomes of it.

        Raises:
            LeaseLost: another worker has it.
            Draining: the worker is stopping.
            StoreError: Valkey cannot be asked.
        """


class Consumer:
    """Consumes one stream, with at most `places` handlers at once."""

    def __init__(
        self,
        stream: Stream,
        handler: Handler,
        streams: Streams,
        holds: Holds,
        telemetry: Telemetry,
        clock: Clock,
        dice: Callable[[], float],
        policy: Policy,
        *,
        places: int,
        pause: Pause | None = None,
    ) -> None:
        """See the class; without a `pause` it never pauses."""
        self.stream = stream
        self._pause = pause
        self._handler = handler
        self._streams = streams
        self._holds = holds
        self._telemetry = telemetry
        self._clock = clock
        self._dice = dice
        self._policy = policy
        self._places = places
        self._taken = 0
        self._in_hand: set[Token] = set()
        self._limit = anyio.Semaphore(places, fast_acquire=True)
        self._freed: anyio.Event | None = None
        self._left_stalled = False
        self._newer: dict[str, None] = {}
        self._ask: Callable[[], None] = _no_sweeper
        self._swept: anyio.Event | None = None

    @property
    def free(self) -> int:
        """How many places are free now."""
        return max(0, self._places - self._taken)

    def set_sweep(self, ask: Callable[[], None]) -> None:
        """Register the reclaimer's `ask`: it sweeps when asked, and from time to time by itself; see `swept`."""
        self._ask = ask

    def swept(self, *, left: bool) -> None:
        """Note that a sweep is over; `left`: there are more stalled deliveries, for which there was no place."""
        self._left_stalled = left
        if self._swept is not None:
            self._swept.set()

    async def run(self, tasks: TaskGroup) -> None:
        """Receive until the worker stops; the handlers run in `tasks`. Ends by a flag, never by cancelling."""
        tries = 0
        while not self._holds.draining:
            self._telemetry.loop_progressed(name=self.stream.value)
            if not self.free:
                await self._until_freed()
                continue
            if self._pause is not None and self._pause.is_on:
                with anyio.move_on_after(_FULL_CHECK_S):
                    await self._pause.changes()
                continue
            if self._left_stalled:
                await self._until_swept()
                continue
            sent_at = self._clock.now()
            try:
                deliveries = await self._streams.receive(self.stream, self.free)
                tries = 0
            except StoreError as error:
                tries += 1
                self._telemetry.store_trouble(where=f"reading {self.stream}", error=error)
                await anyio.sleep(outage_s(tries, self._dice()))
                continue
            self.accept(deliveries, sent_at, tasks)
        self._telemetry.loop_ended(name=self.stream.value)

    def accept(self, deliveries: Sequence[Delivery], sent_at: float, tasks: TaskGroup) -> None:
        """Work on deliveries that were received, or taken over, by a call sent at `sent_at`.

        Both may come at once, so there can be more deliveries than places; the rest waits here, its leases renewed.
        A delivery that is in hand already stays with its handler: a group that was made again, or a handback whose
        answer was lost, hands out the same entry at the same count, and one token cannot fence two handlers.
        """
        for delivery in deliveries:
            if delivery.token in self._in_hand:
                continue
            # In hand from here on, not from the start of its handler: the next call may bring it before that.
            self._in_hand.add(delivery.token)
            self._taken += 1
            if is_suspect(delivery.since_progress, self._policy):
                self._holds.suspects.append(delivery.token)
            tasks.start_soon(self._work, delivery, sent_at)

    async def _until_freed(self) -> None:
        self._freed = anyio.Event()
        with anyio.move_on_after(_FULL_CHECK_S):
            await self._freed.wait()
        self._freed = None

    async def _until_swept(self) -> None:
        """Let stalled deliveries have the free places. Ask once: a sweep that does not come keeps nothing waiting."""
        self._left_stalled = False
        self._swept = anyio.Event()
        self._ask()
        with anyio.move_on_after(_FULL_CHECK_S):
            await self._swept.wait()
        self._swept = None

    async def _work(self, delivery: Delivery, sent_at: float) -> None:
        try:
            with self._holds.holding(delivery, sent_at) as hold:
                async with nullcontext() if self._gives_way(delivery) else self._limit:
                    await self._decide_and_settle(hold)
        finally:
            self._in_hand.discard(delivery.token)
            self._taken -= 1
            if delivery.token in self._holds.suspects:
                self._holds.suspects.remove(delivery.token)
            if self._freed is not None:
                self._freed.set()

    def _gives_way(self, delivery: Delivery) -> bool:
        """Whether it is a suspect beside another one: if this worker dies, only one suspect is to be counted for it."""
        return delivery.token in self._holds.suspects[1:]

    async def _until_alone(self, hold: Hold) -> None:
        """Let a suspect wait until those that give way to it are handed back, so that they do not die with it."""
        while hold.token in self._holds.suspects[:1] and len(self._holds.suspects) > 1:
            await hold.sleep(_ALONE_CHECK_S)

    async def _decide_and_settle(self, hold: Hold) -> None:
        began = self._clock.now()
        self._telemetry.delivery_started(delivery=hold.delivery)
        verdict: Verdict | None = Handback()
        with hold.scope:
            verdict = await self._decide(hold)
        settled = None if verdict is None else await self._settle(hold, verdict)
        if isinstance(settled, Handback):
            # Sweeping at once would bring the same delivery again and again.
            self._left_stalled = False
        if settled is not None:
            self._report(hold.delivery, settled, self._clock.now() - began)

    async def _decide(self, hold: Hold) -> Verdict | None:
        """The verdict; `None` if another worker has the delivery."""
        delivery = hold.delivery
        try:
            known = self._decide_unrun(delivery)
            if known is not None:
                return known
            await self._until_alone(hold)
            # A read that began before the first signal may bring work after it, and a handler's first question is GitHub's.
            hold.check()
            return await self._classified(delivery, self._handler.handle(delivery, hold))
        except LeaseLost:
            return None
        except Draining:
            return Handback()
        except StoreRefused as error:
            self._telemetry.store_trouble(where=f"handling {self.stream}", error=error)
            return self._refused(delivery, error)
        except StoreError as error:
            self._telemetry.store_trouble(where=f"handling {self.stream}", error=error)
            reason = "Valkey refused it" if error.is_answer else "Valkey could not be asked"
            return Snooze(reason, _STORE_PAUSE_S)
        except _Unexpected as error:
            reason = f"unexpected {error}; see the log for the traceback"
            return judge_failure(reason, delivery.attempts, self._policy, self._dice(), _REPORT)

    async def _classified(self, delivery: Delivery, work: Awaitable[T]) -> T:
        """Log an error that no code expects, and raise it as `_Unexpected`; let errors of a contract pass."""
        try:
            return await work
        except (LeaseLost, Draining, StoreError):
            raise
        except Exception as error:  # the one broad except: an error that no code expects
            self._telemetry.delivery_failed(delivery=delivery, exc=error)
            raise _Unexpected(type(error).__name__) from error

    def _after_refusal(
        self, delivery: Delivery, error: StoreRefused, refusals: int
    ) -> Retry | Dead | Handback:
        if refusals == 1:
            return self._refused(delivery, error)
        reason = "something else stands in a key that its verdict needs"
        return Handback(reason, rests=True, broken=error.key)

    def _refused(self, delivery: Delivery, error: StoreRefused) -> Retry | Dead:
        """Judge a refusal that no waiting repairs: counted, so that it ends."""
        reason = f"Valkey cannot do it with what stands in its keys ({quote(str(error), 300)})"
        judged = judge_failure(reason, delivery.attempts, self._policy, self._dice(), _RENAME)
        return replace(judged, broken=error.key)

    def _decide_unrun(self, delivery: Delivery) -> Verdict | None:
        """The verdict without running the handler; `None` if the handler has to run."""
        if self._pause is not None and self._pause.is_on:
            return Handback("the fleet is paused")
        if is_poison(delivery.since_progress, self._policy):
            ended = delivery.since_progress - 1
            return Dead(
                Code.POISON,
                f"{ended} workers in a row ended while they worked on it, before any step was recorded",
                advice=Advice("see the log for what ended them"),
            )
        if self._gives_way(delivery):
            return Handback("another entry that may have ended workers is in hand")
        match delivery.entry:
            case NewerEntry(version):
                self._report_newer(delivery, version)
                return Handback("a newer version wrote it", rests=True, is_newer=True)
            case UnreadableEntry(problem):
                return unreadable(delivery.token.stream, problem)
            case _:
                return None

    def _report_newer(self, delivery: Delivery, version: int) -> None:
        """Report each entry once, however often it comes round until newer code takes it."""
        entry = delivery.token.entry
        if entry not in self._newer:
            if len(self._newer) >= _REPORTED_KEPT:
                self._newer.pop(next(iter(self._newer)))
            self._newer[entry] = None
            self._telemetry.entry_newer(version=version, token=delivery.token)

    async def _settle(self, hold: Hold, verdict: Verdict) -> Verdict | None:
        """Settle, and return the verdict that was settled; `None` if nothing was.

        This runs outside of the handler's scope, so that giving up a handler does not give up its verdict.

        It repeats while the lease may still be ours: that is safe, since a settle that took effect answers *lost* the
        next time. It gives up after that, or when the worker stops: the entry is pending and will be reclaimed.
        What Valkey refuses to carry out becomes a counted failure. If it refuses that as well, the entry is handed back,
        and rests for a lease: whatever is in the way of its verdict has ended no worker, so nothing is counted. If it
        refuses even that, or after two errors that no code expects, the entry is left to be reclaimed: such an error
        never ends the worker. Each is logged.
        """
        tries, refusals = 0, 0
        hold.settling = True
        while True:
            try:
                settling = self._streams.settle(hold.delivery, verdict)
                is_settled = await self._classified(hold.delivery, settling)
                return verdict if is_settled else None  # noqa: TRY300 - the shorter way
            except (StoreError, _Unexpected) as error:
                tries += 1
                self._telemetry.store_trouble(where="settling", error=error)
                refusals += isinstance(error, StoreRefused | _Unexpected)
                most = 1
                if isinstance(error, StoreRefused):
                    verdict, most = self._after_refusal(hold.delivery, error, refusals), 2
                if refusals > most or self._holds.draining or not hold.outlives(0):
                    return None
                await anyio.sleep(outage_s(tries, self._dice()))

    def _report(self, delivery: Delivery, verdict: Verdict, seconds: float) -> None:
        name = type(verdict).__name__
        self._telemetry.delivery_settled(delivery=delivery, verdict=name, seconds=seconds)
        match verdict:
            case Done():
                return
            case Retry(reason, delay_s, _):
                self._telemetry.retry_scheduled(reason=reason, delay_s=delay_s)
            case Snooze(reason, delay_s, _, kind, _):
                self._telemetry.snoozed(reason=reason, delay_s=delay_s, kind=kind.value)
            case Dead(code):
                said = verdict.letter
                self._telemetry.dead_lettered(stream=self.stream, code=code, reason=said)
            case Handback(rests=rests):
                self._telemetry.delivery_handed_back(delivery=delivery, rests=rests)
            case _:
                assert_never(verdict)


def _no_sweeper() -> None:
    """Without a reclaimer there is nothing to ask."""
