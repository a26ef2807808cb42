"""The loop's own speed: deliveries a second, CPU, latency, idle cost, bytes left behind.

Everything runs on an embedded Valkey with its append-only file on (fsync every second, as the rivals were measured),
through the real loop: read, lease, fence, settle. Only the handler does nothing.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import anyio
import structlog
from prometheus_client import CollectorRegistry
from rich.console import Console
from rich.table import Table
from structlog.typing import FilteringBoundLogger
from valkey.asyncio import Valkey

from monarch.adapters.clock import BootClock
from monarch.adapters.valkey.budget import ValkeyBudget
from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.client.seen import NewestMemory
from monarch.adapters.valkey.inbox import ValkeyInbox
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.ledger.ledger import ValkeyLedger
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.streams import ValkeyStreams
from monarch.adapters.valkey.subscriber import ValkeyEar
from monarch.app.service import freeze_what_stays
from monarch.core.budget.ceilings import Ceilings
from monarch.core.delivery import Delivery, MigrationEntry, Stream, Token
from monarch.core.ids import RequestId, TargetId, TicketId
from monarch.core.target.permission import Credential, Granted, Taken, WasCreated, Wish
from monarch.core.verdict import Done, Policy, Said, Verdict
from monarch.sandbox.ports import free_port
from monarch.sandbox.valkey import EmbeddedValkey
from monarch.stages.consumer import Consumer
from monarch.stages.intake import Intake
from monarch.stages.lease import Hold, Holds
from monarch.telemetry import Telemetry

PLACES = 64
LEASE_S = 20.0


@dataclass(frozen=True)
class Size:
    """How much is measured. The smallest one only shows that everything runs; its figures mean nothing."""

    backlogs: tuple[int, ...] = (5_000, 100, 100_000)
    pings: int = 500
    settled_s: float = 10.0
    idle_s: float = 60.0
    entries: int = 1000
    tickets: int = 200


WHOLE, QUICK = Size(), Size((100,), 5, 0.0, 0.5, 10, 5)


TO_BEAT = {
    "deliveries_per_s": (2500, "more"),
    "cpu_ms_per_delivery": (0.39, "less"),
    "publish_to_handler_p50_ms": (1.6, "less"),
    "publish_to_handler_p99_ms": (2.4, "less"),
    "idle_commands_per_s": (5, "less"),
    "idle_memory_mb": (60, "less"),
    "stream_bytes_per_entry": (0, "less or equal"),
    "ledger_bytes_per_ticket": (200, "less"),
}
"""The best Python worker on a like machine in each row; its latency is of one hop, ours of two."""


@dataclass
class Throughput:
    """One run over a backlog."""

    backlog: int
    deliveries_per_s: float
    cpu_ms_per_delivery: float


class Nothing:
    """A handler that does nothing, and says when it has done so often enough."""

    def __init__(self, expected: int, seen: Callable[[Delivery], None] = lambda _: None) -> None:
        self.done = anyio.Event()
        self._left = expected
        self._seen = seen

    async def handle(self, delivery: Delivery, hold: Hold) -> Verdict:  # noqa: ARG002 - the port has it
        """Count, and be done."""
        self._seen(delivery)
        self._left -= 1
        if self._left == 0:
            self.done.set()
        return Done(Said())


def quiet() -> FilteringBoundLogger:
    """A logger at the level of a worker in operation, bound as a worker's is, whose lines go nowhere."""
    level = structlog.make_filtering_bound_logger("info")
    log: FilteringBoundLogger = structlog.wrap_logger(
        structlog.ReturnLogger(), processors=[], wrapper_class=level
    )
    return log.bind()


@asynccontextmanager
async def a_loop(url: str, keys: Keys, stream: Stream, handler: Nothing) -> AsyncIterator[Scripts]:
    """The real loop of one worker on one stream."""
    telemetry = Telemetry(CollectorRegistry(), quiet())
    clock = BootClock()
    async with (
        connected(url, "commands", connections=4) as commands,
        connected(url, "reads") as reader,
        connected(url, "renewal") as renewal,
    ):
        scripts = Scripts(commands, keys.prefix)
        streams = ValkeyStreams(
            {stream: reader},
            scripts,
            Scripts(renewal, keys.prefix),
            keys,
            f"bench.{os.getpid()}.{random.randrange(16**6):06x}",  # noqa: S311 - a name
            NewestMemory(),
            lease_ms=round(LEASE_S * 1000),
            retention_ms=86_400_000,
        )
        holds = Holds(streams, telemetry, clock, lease_s=LEASE_S)
        consumer = Consumer(
            stream,
            handler,
            streams,
            holds,
            telemetry,
            clock,
            random.random,
            Policy(),
            places=PLACES,
        )
        async with anyio.create_task_group() as beside:
            beside.start_soon(holds.renew_forever)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(consumer.run, tasks)
                yield scripts
                holds.drain()
            await streams.retire()
            beside.cancel_scope.cancel()


async def throughput(url: str, backlog: int) -> Throughput:
    """Work off a backlog that is there before the loop starts."""
    keys = Keys(f"bench-{backlog}-{time.monotonic_ns()}")
    async with connected(url, "filling") as filler:
        for start in range(0, backlog, 1000):
            pipe = filler.pipeline(transaction=False)
            for _ in range(start, min(start + 1000, backlog)):
                pipe.xadd(keys.stream(Stream.NOTICES), {"v": "1", "request": "1-0"})
            await pipe.execute()
    handler = Nothing(backlog)
    before, cpu = time.perf_counter(), time.process_time()
    async with a_loop(url, keys, Stream.NOTICES, handler):
        await handler.done.wait()
        seconds, cpu_s = time.perf_counter() - before, time.process_time() - cpu
    async with connected(url, "counting") as client:
        left = await client.xlen(keys.stream(Stream.NOTICES))
    if left:
        raise SystemExit(f"{left} entries were left in the stream: the loop did not settle them")
    return Throughput(backlog, round(backlog / seconds), round(cpu_s / backlog * 1000, 3))


PUBLISHER = """
import sys, time, valkey
client = valkey.Valkey.from_url(sys.argv[1])
for n in range(int(sys.argv[3])):
    client.publish(sys.argv[2], '%d %d' % (n, time.monotonic_ns()))
    time.sleep(0.004)
"""


async def latency(url: str, pings: int) -> dict[str, float]:
    """PUBLISH by another process, pub/sub, intake, stream, read: until the handler starts."""
    keys, channel = Keys(f"bench-latency-{time.monotonic_ns()}"), "bench-channel"
    took: list[float] = []

    def seen(delivery: Delivery) -> None:
        payload = getattr(delivery.entry, "payload", b"0 0")
        took.append((time.monotonic_ns() - int(payload.split()[1])) / 1e6)

    handler = Nothing(pings, seen)
    async with a_loop(url, keys, Stream.REQUESTS, handler) as scripts:
        publisher = [sys.executable, "-c", PUBLISHER, url, channel, str(pings)]
        await hear(url, keys, channel, scripts, handler, publisher)
    took.sort()
    return {
        "publish_to_handler_p50_ms": round(took[len(took) // 2], 2),
        "publish_to_handler_p99_ms": round(took[int(len(took) * 0.99)], 2),
    }


async def hear(
    url: str, keys: Keys, channel: str, scripts: Scripts, handler: Nothing, publisher: list[str]
) -> None:
    """Run an intake beside the loop until the publisher is done and everything was handled."""
    telemetry = Telemetry(CollectorRegistry(), quiet())
    async with connected(url, "subscription") as ears, connected(url, "canary") as speaker:
        ear = ValkeyEar(ears, speaker, keys, channel, "bench")
        inbox = ValkeyInbox(scripts, keys, "bench", lambda: ear.subscribed_ms)
        intake = Intake(ear, inbox, telemetry, BootClock(), random.random)
        draining = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(intake.run, draining)
            while not intake.subscribed:  # noqa: ASYNC110 - the intake tells nobody when it hears
                await anyio.sleep(0.01)
            await anyio.run_process(publisher)
            await handler.done.wait()
            draining.set()


async def footprint(url: str, entries: int, tickets: int) -> dict[str, float]:
    """Bytes that stay in Valkey: in the streams per settled entry, in the ledger per copied ticket."""
    keys = Keys(f"bench-footprint-{time.monotonic_ns()}")
    stream = keys.stream(Stream.NOTICES)
    async with connected(url, "footprint", connections=4) as client:
        await client.xadd(stream, {"v": "1", "request": "1-0"})
        first = Nothing(1)
        async with a_loop(url, keys, Stream.NOTICES, first):
            await first.done.wait()
        before = await client.memory_usage(stream)
        for _ in range(entries):
            await client.xadd(stream, {"v": "1", "request": "1-0"})
        handler = Nothing(entries)
        async with a_loop(url, keys, Stream.NOTICES, handler):
            await handler.done.wait()
        after = await client.memory_usage(stream)
        ledger = await copied(client, keys, tickets)
    return {
        "stream_bytes_per_entry": round(max(0, (after or 0) - (before or 0)) / entries, 2),
        "ledger_bytes_per_ticket": round(ledger / tickets, 1),
    }


async def copied(client: Valkey, keys: Keys, tickets: int) -> int:
    """Copy tickets through the real ledger, without GitHub; its size in bytes."""
    target, credential = TargetId(424_242_424), Credential("user:1", "00000000")
    await client.xgroup_create(keys.stream(Stream.MIGRATIONS), "workers", id="0", mkstream=True)
    entry = (await client.xadd(keys.stream(Stream.MIGRATIONS), {"v": "1"})).decode()
    await client.xreadgroup("workers", "bench", {keys.stream(Stream.MIGRATIONS): ">"})
    token = Token(Stream.MIGRATIONS, "bench", entry, 1)
    delivery = Delivery(token, MigrationEntry(RequestId("1-0"), "org/team-a", 0, 1))
    names = iter(range(16**8))
    scripts = Scripts(client, keys.prefix)
    unlimited = Ceilings(per_minute=0, per_hour=0, interval_ms=0, at_once=0)
    ledger = ValkeyLedger(
        scripts,
        keys,
        ValkeyBudget(scripts, keys, unlimited),
        lambda: f"{next(names):08x}",
        NewestMemory(),
        lease_ms=60_000,
        retention_ms=86_400_000,
    )
    await scripts.call("open_epoch", [keys.epoch])
    await cast("Awaitable[int]", client.hset(keys.epoch, "quiet_until", "0"))
    taken = await ledger.take(delivery, target, credential)
    if not isinstance(taken, Taken):
        raise SystemExit(f"the lock was not given: {taken}")
    for number in range(1, tickets + 1):
        ticket = TicketId(2_034_567_000 + number)
        granted = await ledger.permit(delivery, target, credential, Wish(taken.epoch, ticket))
        if not isinstance(granted, Granted):
            raise SystemExit(f"the write was not permitted: {granted}")
        fact = WasCreated(number, granted.nonce)
        await ledger.record(delivery, target, ticket, credential, fact)
    return await client.memory_usage(keys.ledger(target), samples=0) or 0


async def idle(url: str, size: Size) -> dict[str, float]:
    """A whole worker, as it is run: the page on and nobody looking, nothing to do, and for long enough to have settled."""
    environment = {
        **os.environ,
        "VALKEY_URL": url,
        "GH_PAT": "none",
        "SLACK_BOT_TOKEN": "none",
        "MONARCH_METRICS_PORT": str(free_port()),
        "MONARCH_WEB_PORT": str(free_port()),
        "MONARCH_NAMESPACE": "bench-idle",
        "MONARCH_CHANNEL": "bench-idle",
    }
    command = [sys.executable, "-m", "monarch", "run"]
    worker = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)  # noqa: ASYNC220 - our own program, started once
    try:
        async with connected(url, "idle") as client:
            while (await client.pubsub_numsub("bench-idle"))[0][1] == 0:
                if worker.poll() is not None:
                    raise SystemExit(f"the worker ended with {worker.returncode}")
                await anyio.sleep(0.05)
            await anyio.sleep(size.settled_s)
            return await measured_idle(client, worker.pid, size.idle_s)
    finally:
        worker.terminate()
        worker.wait(15)


async def measured_idle(client: Valkey, pid: int, seconds: float) -> dict[str, float]:
    """Commands, CPU and memory over so many seconds."""
    commands, cpu = await processed(client), cpu_seconds(pid)
    await anyio.sleep(seconds)
    commands, cpu = await processed(client) - commands - 1, cpu_seconds(pid) - cpu
    return {
        "idle_commands_per_s": round(commands / seconds, 2),
        "idle_cpu_percent": round(cpu / seconds * 100, 2),
        "idle_memory_mb": round(resident_kb(pid) / 1024, 1),
    }


def resident_kb(pid: int) -> int:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line)


async def processed(client: Valkey) -> int:
    """Commands that the server has run so far, those inside of scripts included."""
    return int((await client.info("stats"))["total_commands_processed"])


def cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(size: Size) -> dict[str, object]:
    """Everything, in one run, on one server."""
    freeze_what_stays()
    options = {"appendfsync": "everysec"}
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedValkey(Path(folder), options=options) as server,
    ):
        runs = [await throughput(server.url, backlog) for backlog in size.backlogs]
        best = runs[0]
        return {
            "deliveries_per_s": best.deliveries_per_s,
            "cpu_ms_per_delivery": best.cpu_ms_per_delivery,
            **await latency(server.url, size.pings),
            **await idle(server.url, size),
            **await footprint(server.url, size.entries, size.tickets),
            "by_backlog": [asdict(run) for run in runs],
        }


def show(result: dict[str, object]) -> None:
    """A table for people."""
    table = Table("measure", "Monarch", "to beat", "")
    for name, value in result.items():
        if name == "by_backlog":
            continue
        mark, better = TO_BEAT.get(name, (None, ""))
        verdict = "" if mark is None else ("beaten" if beats(name, result) else "NOT beaten")
        table.add_row(name, str(value), "" if mark is None else f"{better} than {mark}", verdict)
    for run in result["by_backlog"]:  # type: ignore[attr-defined]  # a list, made above
        table.add_row(
            f"backlog {run['backlog']:,}",
            f"{run['deliveries_per_s']} /s, {run['cpu_ms_per_delivery']} ms CPU",
            "",
            "",
        )
    Console().print(table)


def beats(name: str, result: dict[str, object]) -> bool:
    """Whether a figure beats the mark."""
    mark, better = TO_BEAT[name]
    value = float(str(result[name]))
    return value > mark if better == "more" else value < mark or (value == mark == 0)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--quick", action="store_true", help="only show that everything runs")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else WHOLE
    result = anyio.run(measure, size, backend_options={"use_uvloop": True})
    if arguments.json:
        print(json.dumps(result, indent=2))
    else:
        show(result)


if __name__ == "__main__":
    main()
