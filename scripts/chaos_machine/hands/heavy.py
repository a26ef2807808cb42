"""The hands with heavy things: long texts, many idle connections, a bomb, a wrong channel, a burst of messages."""

import json
import time
from contextlib import AsyncExitStack
from typing import Final

import anyio
import httpx
from anyio.abc import SocketStream
from valkey.exceptions import ValkeyError

from monarch.sandbox import faults
from monarch.sandbox.control.client import no_tls
from monarch.sandbox.control.seed import Seed
from monarch.sandbox.valkey import HOST
from scripts.chaos_machine.hands.deeds import (
    WITHIN_S,
    Hand,
    ask,
    calls_about,
    is_filled,
    until_ended,
)
from scripts.chaos_machine.hands.workers import STARTS_WITHIN_S, roll, stop_one
from scripts.chaos_machine.record import Finding
from scripts.chaos_machine.scenes import BURST, HEAVY_TICKETS
from scripts.chaos_machine.sender import CHANNEL
from scripts.chaos_machine.timetable import Fault
from scripts.chaos_machine.watch import Watch
from scripts.chaos_machine.workers import Worker
from scripts.chaos_machine.world import World

BLOCKED_S: Final = 8.0
"""A loop that answers nobody for longer is blocked, in seconds; two cores that others want, too, take one or two."""

CONNECTIONS: Final = 1_500
HALF_A_HEADER: Final = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-"
LOOK_EVERY_S: Final = 0.5
BURST_WITHIN_S: Final = 120.0


async def _heavy_texts(world: World, _: Watch, fault: Fault) -> str | None:
    """A template of long texts full of references, for a team whose numbers are others than the template's."""
    scene = fault.stage
    own = {"full_name": scene.team, "issues": [{"title": "Our own", "author": "student"}]}
    await world.sandbox.seed(Seed.model_validate({"repositories": [own]}))
    async with anyio.create_task_group() as group:
        for worker in world.workers:
            group.start_soon(_feel, world, worker)
        await ask(world, scene)
        is_full = await is_filled(world, scene, HEAVY_TICKETS)
        await until_ended(world, scene)
        group.cancel_scope.cancel()
    return scene.team if is_full else None


async def _feel(world: World, worker: Worker) -> None:
    """Ask a worker how it is, again and again: it answers from the loop that everything else of it runs in."""
    life, answered = "", 0.0
    async with httpx.AsyncClient(trust_env=False, verify=no_tls(), timeout=1.0) as client:
        while True:
            await anyio.sleep(LOOK_EVERY_S)
            if not worker.works or worker.name != life:
                life, answered = worker.name, time.monotonic()
                continue
            try:
                await client.get(f"http://{HOST}:{worker.ports[1]}/ready")
            except httpx.HTTPError:
                silent_s = time.monotonic() - answered
            else:
                silent_s, answered = 0.0, time.monotonic()
            if silent_s > BLOCKED_S:
                what = f"the loop of {life} answered nobody for {silent_s:.0f} s"
                world.diary.found.append(Finding("blocked", what))
                return


async def _connect(world: World, watch: Watch, fault: Fault) -> str | None:
    """A stranger opens connections to the ports of a worker that has just started, sends half a header, and waits."""
    worker = world.victim(fault.victim)
    if worker is None:
        return None
    await stop_one(watch, worker)
    worker.start()
    await worker.until_works(STARTS_WITHIN_S)
    ports = [port for port in worker.ports for _ in range(CONNECTIONS // len(worker.ports))]
    opened: list[SocketStream] = []
    async with AsyncExitStack() as stack:
        with anyio.move_on_after(fault.length_s):
            for port in ports:
                stream = await _half_ask(port)
                if stream is not None:
                    opened.append(await stack.enter_async_context(stream))
        await ask(world, fault.stage)
        await anyio.sleep(fault.length_s)
    return f"{len(opened)} connections to {worker.name}"


async def _half_ask(port: int) -> SocketStream | None:
    try:
        with anyio.fail_after(1):
            stream = await anyio.connect_tcp(HOST, port)
            await stream.send(HALF_A_HEADER)
    except (OSError, TimeoutError, anyio.BrokenResourceError):
        return None
    return stream


async def _bomb(world: World, _: Watch, fault: Fault) -> str | None:
    """GitHub's answer to a listing unpacks to a thousand times its size, once."""
    scene = fault.stage
    lists = await calls_about(world, scene.team, "GET")
    rule = await world.sandbox.add_fault(faults.Bomb(), match=lists)
    await ask(world, scene)
    is_met = await world.sandbox.wait(fault=rule, hits=1, timeout_seconds=WITHIN_S)
    await world.sandbox.remove_faults(rule)
    return scene.team if is_met else None


async def _tell_nobody(world: World, _: Watch, fault: Fault) -> str | None:
    """Many targets, and a channel that does not exist."""
    scene = fault.stage
    await ask(world, scene)
    return f"{len(scene.targets)} targets"


async def _burst(world: World, watch: Watch, fault: Fault) -> str | None:
    """So many messages at once, and each worker is replaced meanwhile: what somebody heard is kept."""
    source = fault.stage.source
    async with world.server_hand, world.account_hand:
        began = time.time()
        try:
            heard = await _publish(world, source)
        except (ValkeyError, OSError):
            return None
        await roll(world, watch)
        kept = await _kept(world, source, heard)
        hit = any(one.kind in _TAKES_EARS and one.ended > began for one in world.diary.struck)
        if kept < heard and not hit:
            what = f"{heard} of {BURST} messages were heard, and {kept} kept"
            world.diary.found.append(Finding("untold", what))
    return f"{heard} heard, {kept} kept"


_TAKES_EARS: Final = (
    "worker.kill",
    "workers.kill_all",
    "worker.freeze_short",
    "worker.freeze_long",
)
"""What else may take from a worker what it alone had heard."""


async def _publish(world: World, source: str) -> int:
    """Publish them all in one breath; how many of them somebody heard."""
    async with world.client.pipeline(transaction=False) as pipe:
        for number in range(BURST):
            targets = [f"teams/burst-{number:04d}"]
            fields = {"source_repo": source, "all_target_repositories": targets}
            pipe.publish(CHANNEL, json.dumps(fields))
        return sum(receivers > 0 for receivers in await pipe.execute())


async def _kept(world: World, source: str, heard: int) -> int:
    """How many of them became requests."""
    kept = 0
    with anyio.move_on_after(BURST_WITHIN_S):
        while kept < heard:
            await anyio.sleep(LOOK_EVERY_S)
            names = await world.client.zrange("{monarch}:known", 0, -1)
            async with world.client.pipeline(transaction=False) as pipe:
                for name in names:
                    pipe.hget(f"{{monarch}}:request:{name.decode()}", "source")
                kept = sum(found == source.encode() for found in await pipe.execute())
    return kept


HEAVY: Final[dict[str, Hand]] = {
    "heavy.texts": _heavy_texts,
    "heavy.idle_connections": _connect,
    "heavy.bomb": _bomb,
    "heavy.wrong_channel": _tell_nobody,
    "heavy.burst": _burst,
}
