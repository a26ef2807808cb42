"""The page over 100,000 kept requests: CPU of each address, and how late a lease is renewed with 200 pages open.

A real Valkey, the page as a worker serves it, and its readers in a process of their own. A renewal is a call of Valkey at
its time; how late it is answered is what a lease feels. It is measured without pages, too. Exit 1 where a bound is missed.
"""

import argparse
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import anyio
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.keys import Keys
from monarch.app.page import Served, page_of
from monarch.sandbox.valkey import EmbeddedValkey
from monarch.settings import load_settings
from monarch.web.connections import MOST, READERS
from monarch.web.page.hub import Hub
from monarch.web.page.sights import PageRequest
from monarch.web.server import listening_on, serving
from scripts.amounts import count, length
from scripts.page_machine.crowd import COHORT, REQUEST, fill, move

HOST: Final = "127.0.0.1"
RENEWAL_S: Final = 5.0
"""A lease of 20 s is renewed four times before it ends; a tenth of that is the bound."""

MOST_CPU_MS: Final = 100.0
ASKED_EVERY_S: Final = 0.05
"""So often a renewal is played, in seconds: more often than in earnest, to meet the worst moment."""

LOOKS: Final = 20


async def measure(requests: int, seconds: float) -> dict[str, object]:
    """All figures, from an emptied Valkey."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedValkey(Path(folder)) as server:
        os.environ["VALKEY_URL"] = server.url
        settings = load_settings(env_file=None)
        keys = Keys(settings.namespace)
        async with connected(server.url, "bench", connections=4) as client:
            await fill(client, keys, requests)
            async with page_of(settings) as served:
                cpu = {path: await _cpu_ms(served.page.hub, path) for path in _ADDRESSES}
                without = await _late_ms(client, seconds)
                async with _serving(served) as port:
                    beside = await _beside(client, keys, port, seconds, served.page.hub)
    return {"requests": requests, "cpu_ms": cpu, "late_ms_without_pages": without, **beside}


_ADDRESSES: Final = {
    "/": PageRequest("front", "/"),
    f"/requests/{REQUEST}": PageRequest("request", f"/requests/{REQUEST}", (("id", REQUEST),)),
    f"/cohorts/{COHORT}": PageRequest("cohort", f"/cohorts/{COHORT}", (("id", COHORT),)),
    "/dead": PageRequest("dead", "/dead"),
    "/budget": PageRequest("budget", "/budget"),
    "/events": PageRequest("events", "/events"),
}


async def _cpu_ms(hub: Hub, path: str) -> float:
    """CPU of one look, the mean of some; the first one, which imports and remembers, is left out."""
    view = hub._view(_ADDRESSES[path])  # noqa: SLF001 - rendered again within the second that it is kept
    await hub._look(view)  # noqa: SLF001 - likewise
    began = time.process_time()
    for _look in range(LOOKS):
        await hub._look(view)  # noqa: SLF001 - likewise
    if view.trouble:
        raise SystemExit(f"{path}: {view.trouble}")
    return round((time.process_time() - began) * 1000 / LOOKS, 1)


async def _late_ms(client: Valkey, seconds: float) -> float:
    """How late the latest of many renewals was answered."""
    worst, due = 0.0, time.monotonic()
    until = due + seconds
    while due < until:
        due += ASKED_EVERY_S
        await anyio.sleep(max(0.0, due - time.monotonic()))
        await client.ping()
        worst = max(worst, time.monotonic() - due)
    return round(worst * 1000, 1)


@asynccontextmanager
async def _serving(served: Served) -> AsyncIterator[int]:
    async with (
        serving(served.app, listening_on(HOST, 0), MOST + READERS) as port,
        served.page.living(),
    ):
        yield port


async def _beside(
    client: Valkey, keys: Keys, port: int, seconds: float, hub: Hub
) -> dict[str, object]:
    """The same with as many pages open as there may be, while what they show changes."""
    context = get_context("spawn")
    reading = context.Process(target=read, args=(port, list(_ADDRESSES), READERS), daemon=True)
    reading.start()
    try:
        with anyio.fail_after(60):
            while hub.readers < READERS:  # noqa: ASYNC110 - the readers are another process
                await anyio.sleep(0.05)
        cpu_began, began = time.process_time(), time.monotonic()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_moving, client, keys)
            late = await _late_ms(client, seconds)
            tasks.cancel_scope.cancel()
        share = (time.process_time() - cpu_began) / (time.monotonic() - began)
        readers = hub.readers
    finally:
        reading.terminate()
        await anyio.to_thread.run_sync(reading.join)
    return {"pages": readers, "late_ms_with_pages": late, "cpu_share": round(share, 3)}


async def _moving(client: Valkey, keys: Keys) -> None:
    """As if the fleet copied, three tickets a second."""
    number = 0
    while True:
        number += 1
        await move(client, keys, number)
        await anyio.sleep(0.3)


def read(port: int, paths: Sequence[str], readers: int) -> None:
    """Be as many readers, and take what comes."""
    import selectors  # noqa: PLC0415 - of the readers' process alone

    chosen = selectors.DefaultSelector()
    for n in range(readers):
        one = socket.create_connection((HOST, port))
        path = paths[n % len(paths)]
        one.sendall(f"GET /live{path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        one.setblocking(False)
        chosen.register(one, selectors.EVENT_READ)
    while chosen.get_map():
        for key, _ in chosen.select():
            if isinstance(key.fileobj, socket.socket) and not key.fileobj.recv(1 << 16):
                chosen.unregister(key.fileobj)


def main() -> int:
    """Measure, and print what came of it."""
    parser = argparse.ArgumentParser(prog="scripts/bench page", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--requests", type=count, default=100_000, help="so many are kept")
    parser.add_argument("--seconds", type=length, default=10.0, help="how long renewals are played")
    given = parser.parse_args()
    told = anyio.run(partial(measure, given.requests, given.seconds))
    if given.json:
        print(json.dumps(told))
    else:
        for name, value in told.items():
            print(f"{name:<22}  {value}")
    cpu = told["cpu_ms"]
    slow = isinstance(cpu, dict) and max(cpu.values()) > MOST_CPU_MS
    late = told["late_ms_with_pages"]
    return int(slow or (isinstance(late, float) and late > RENEWAL_S * 100))


if __name__ == "__main__":
    sys.exit(main())
