"""A worker's life: open the epoch, start everything, run until a signal, stop in order.

The order of stopping (docs/protocols.md, "Stopping"), all within 10 s of the first signal:

```
0 s   not ready; nothing new is read; every handler ends at its next step and hands its delivery back
7 s   a write still in hand is left without an answer: its intent stays, and another worker will reconcile it
8.5 s what could not be recorded or settled (Valkey is away) is left: an intent stays, and the entry stays pending
9 s   own consumers are removed, and what they still hold is handed back with them, if Valkey answers by then: what is
      left from before, and what came by an answer that was lost. Renewals end last: until settled a lease must hold
9.5 s what is still not done (a script sent to a Valkey that does not answer is not cancelled) is left
```

`app/signals.py` handles the last of these, and the second signal, since the loop may be stuck.
"""

from typing import Final

import anyio
from anyio.abc import TaskGroup

from monarch.adapters.valkey.scripts import Scripts
from monarch.app.assembly import Parts
from monarch.ports import StoreError

WRITE_GRACE_S: Final = 7.0
"""How long a write in hand may still be answered after the first signal, in seconds."""

SETTLE_GRACE_S: Final = 1.5
"""How long a decided delivery may then take to settle, in seconds; an unsettled one is handed back, or stays pending."""

RETIRE_WITHIN_S: Final = 0.5

_OPEN_EPOCH_EVERY_S: Final = 1.0


class Worker:
    """Runs the parts of one worker."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._draining = anyio.Event()
        self._tasks: TaskGroup | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it hears, reads, and is not stopping."""
        intake = self._parts.intake
        return not self._draining.is_set() and (intake is None or intake.subscribed)

    def stop(self, reason: str) -> None:
        """Begin to drain; calling it again changes nothing."""
        if not self._draining.is_set():
            self._parts.telemetry.stopping(reason=reason)
            self._parts.holds.drain()
            self._draining.set()

    async def run(self) -> None:
        """Run until `stop` was called and everything is handed over."""
        async with anyio.create_task_group() as beside:
            beside.start_soon(self._parts.holds.renew_forever)
            beside.start_soon(self._end_grace)
            await self._work()
            await self._retire()
            beside.cancel_scope.cancel()

    async def _work(self) -> None:
        """Work until every loop has ended and every delivery in hand is settled or handed back."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            await self._open_epoch()
            await self._parts.enrolment.enter()
            self._start_loops(tasks)

    def _start_loops(self, tasks: TaskGroup) -> None:
        for consumer in self._parts.consumers:
            tasks.start_soon(consumer.run, tasks)
        if self._parts.reclaimer is not None:
            tasks.start_soon(self._parts.reclaimer.run, tasks, self._draining)
        if self._parts.intake is not None:
            tasks.start_soon(self._parts.intake.run, self._draining)
        if self._parts.missed is not None:
            tasks.start_soon(self._parts.missed.run, self._draining)
        if self._parts.signature is not None:
            tasks.start_soon(self._parts.signature.run, self._draining)

    async def _end_grace(self) -> None:
        await self._draining.wait()
        await anyio.sleep(WRITE_GRACE_S)
        self._parts.holds.give_up()
        await anyio.sleep(SETTLE_GRACE_S)
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()

    async def _open_epoch(self) -> None:
        """Open the epoch before anything is read; on a server that was never written to there is no quiet time."""
        scripts = Scripts(self._parts.commands, self._parts.keys.prefix)
        while not self._draining.is_set():
            try:
                await scripts.call("open_epoch", [self._parts.keys.epoch])
            except StoreError as error:
                self._parts.telemetry.store_trouble(where="opening the epoch", error=error)
                with anyio.move_on_after(_OPEN_EPOCH_EVERY_S):
                    await self._draining.wait()
            else:
                return

    async def _retire(self) -> None:
        with anyio.move_on_after(RETIRE_WITHIN_S):
            try:
                await self._parts.streams.retire()
                await self._parts.enrolment.leave()
            except StoreError as error:
                self._parts.telemetry.store_trouble(where="retiring", error=error)
