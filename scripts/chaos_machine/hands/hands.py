"""The hands: one function for each kind of fault; each does it, waits it out and heals it again.

A hand returns what it hit, for people, or `None` where there was nobody to hit.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import anyio
from valkey.exceptions import ValkeyError

from monarch.adapters.valkey.hands import ValkeyHands
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.ports import StoreError
from monarch.sandbox import faults
from monarch.sandbox.faults import Match
from scripts.chaos_machine.hands import workers
from scripts.chaos_machine.hands.arrivals import ARRIVALS
from scripts.chaos_machine.hands.changes import CHANGES, CHANGING
from scripts.chaos_machine.hands.deeds import Hand
from scripts.chaos_machine.hands.fleet import FLEET
from scripts.chaos_machine.hands.heavy import HEAVY
from scripts.chaos_machine.hands.memory import MEMORY
from scripts.chaos_machine.hands.recalls import RECALLS
from scripts.chaos_machine.hands.repositories import PLACES
from scripts.chaos_machine.hands.strangers import STRANGERS
from scripts.chaos_machine.hands.updates import UPDATES
from scripts.chaos_machine.sender import send_again
from scripts.chaos_machine.store import Watched
from scripts.chaos_machine.timetable import Fault
from scripts.chaos_machine.watch import Watch
from scripts.chaos_machine.world import FRIENDLY, World

CREATES: Final = Match(api="github", method="POST", path_regex="/issues$")
READS: Final = Match(api="github", method="GET")
POSTS: Final = Match(api="slack", path_regex="postMessage")
SLACK: Final = Match(api="slack")

DAY_MS: Final = 86_400_000
RESUME_AGAIN_S: Final = 0.5


async def do(world: World, watch: Watch, fault: Fault) -> None:
    """Do one fault and write it down; one that found nobody is written down as missed."""
    began = time.time()
    rule = _RULES.get(fault.kind)
    if rule is not None:
        await _rule(world, fault, *rule)
        return
    hand = _HANDS[fault.kind]
    if fault.kind.startswith(("valkey.", "memory.")):
        async with world.server_hand:
            began = time.time()
            detail = await hand(world, watch, fault)
            await world.store.settle()
    else:
        detail = await hand(world, watch, fault)
    if detail is None:
        world.diary.missed.append(fault.kind)
    else:
        world.note(fault.kind, began, detail)


# ------------------------------------------------------------------------------------------ Valkey


async def _kill_server(world: World, watch: Watch, fault: Fault) -> str:  # noqa: ARG001 - every hand takes it
    server = world.store.primary
    server.kill()
    await anyio.sleep(fault.length_s)
    server.start()
    return ""


async def _restart_server(world: World, watch: Watch, fault: Fault) -> str:  # noqa: ARG001 - every hand takes it
    server = world.store.primary
    server.stop()
    await anyio.sleep(fault.length_s)
    server.start()
    return ""


async def _freeze_server(world: World, watch: Watch, fault: Fault) -> str:  # noqa: ARG001 - every hand takes it
    server = world.store.primary
    server.freeze()
    await anyio.sleep(fault.length_s)
    server.thaw()
    return ""


async def _fail_over(world: World, watch: Watch, fault: Fault) -> str | None:  # noqa: ARG001 - every hand takes it
    if not isinstance(world.store, Watched):
        return None
    await world.store.fail_over(coordinated=fault.kind.endswith("coordinated"))
    return ""


async def _die_over(world: World, watch: Watch, fault: Fault) -> str | None:  # noqa: ARG001 - every hand takes it
    if not isinstance(world.store, Watched):
        return None
    dead = await world.store.kill_primary()
    await anyio.sleep(fault.length_s)
    world.store.revive(dead)
    return ""


async def _kill_replica(world: World, watch: Watch, fault: Fault) -> str | None:  # noqa: ARG001 - every hand takes it
    if not isinstance(world.store, Watched):
        return None
    replica = world.store.five.replica
    replica.kill()
    await anyio.sleep(fault.length_s)
    world.store.revive(replica)
    return ""


async def _kill_sentinel(world: World, watch: Watch, fault: Fault) -> str | None:  # noqa: ARG001 - every hand takes it
    if not isinstance(world.store, Watched):
        return None
    sentinel = world.store.five.sentinels[fault.victim % len(world.store.five.sentinels)]
    sentinel.kill()
    await anyio.sleep(fault.length_s)
    sentinel.start()
    return ""


async def _kill_connections(world: World, watch: Watch, fault: Fault) -> str | None:  # noqa: ARG001 - every hand takes it
    killed = 0
    for kind in ("normal", "pubsub"):
        answer = await _asked(world, "CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
        if answer is None:
            return None
        killed += int(answer)
    return f"{killed} connections"


async def _pause(world: World, watch: Watch, fault: Fault) -> str | None:  # noqa: ARG001 - every hand takes it
    asked = await _asked(world, "CLIENT", "PAUSE", str(round(fault.length_s * 1000)), "ALL")
    await anyio.sleep(fault.length_s)
    return None if asked is None else ""


async def _flush_scripts(world: World, watch: Watch, fault: Fault) -> str | None:  # noqa: ARG001 - every hand takes it
    return None if await _asked(world, "SCRIPT", "FLUSH", "SYNC") is None else ""


async def _empty(world: World, watch: Watch, fault: Fault) -> str | None:  # noqa: ARG001 - every hand takes it
    """All is forgotten; the durable producers tell again what they were promised and did not see end."""
    world.diary.lives += 1
    if await _asked(world, "FLUSHALL", "SYNC") is None:
        return None
    told = len(world.diary.told)
    await send_again(world)
    return f"{told} requests had been acknowledged"


async def _fill_memory(world: World, watch: Watch, fault: Fault) -> str | None:  # noqa: ARG001 - every hand takes it
    asked = await _asked(world, "CONFIG", "SET", "maxmemory", "1")
    await anyio.sleep(fault.length_s)
    while (  # noqa: ASYNC110 - a server tells nobody when it answers again
        asked is not None and await _asked(world, "CONFIG", "SET", "maxmemory", "0") is None
    ):
        await anyio.sleep(0.2)
    return None if asked is None else ""


async def _asked(world: World, *command: str) -> Any:
    """The server's answer; `None` where it gives none."""
    try:
        return await world.client.execute_command(*command)
    except (ValkeyError, OSError):
        return None


# ------------------------------------------------------------------------------------------ people


async def _pause_work(world: World, watch: Watch, fault: Fault) -> str | None:  # noqa: ARG001 - every hand takes it
    if await _by_hand(world, lambda hands: hands.pause("chaos")) is None:
        return None
    await anyio.sleep(fault.length_s)
    while (  # noqa: ASYNC110 - a server tells nobody when it answers again
        await _by_hand(world, lambda hands: hands.resume("chaos")) is None
    ):
        await anyio.sleep(RESUME_AGAIN_S)
    return ""


async def _replay(world: World, watch: Watch, fault: Fault) -> str | None:  # noqa: ARG001 - every hand takes it
    letters = await _asked(world, "XRANGE", "{monarch}:dead", "-", "+")
    if not letters:
        return None
    names = [letter.decode() for letter, _ in letters]
    told = await _by_hand(world, lambda hands: hands.replay(names, "chaos"))
    return None if told is None else f"{len(names)} dead letters"


async def _by_hand(world: World, act: Callable[[ValkeyHands], Awaitable[object]]) -> object:
    keys = Keys()
    try:
        return await act(ValkeyHands(Scripts(world.client, keys.prefix), keys, retention_ms=DAY_MS))
    except (StoreError, ValkeyError, OSError):
        return None


# ------------------------------------------------------------------------------- GitHub and Slack


def _limited(fault: Fault) -> faults.Answer:
    """A limit that says how long: secondary by `Retry-After`, primary by its reset."""
    seconds = round(fault.length_s)
    if fault.kind == "github.primary_limit":
        reset = str(int(time.time()) + seconds)
        headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
        return faults.Answer(
            status=403,
            headers=headers,
            body={"message": "API rate limit exceeded for user ID 1."},
        )
    message = "You have exceeded a secondary rate limit. Please wait before you try again."
    return faults.Answer(
        status=403, headers={"Retry-After": str(seconds)}, body={"message": message}
    )


def _slack_limited(fault: Fault) -> faults.Answer:
    headers = {"Retry-After": str(round(fault.length_s))}
    return faults.Answer(status=429, headers=headers, body={"ok": False, "error": "ratelimited"})


MakeAction = Callable[[Fault], faults.Action]

_RULES: Final[dict[str, tuple[Match, int, MakeAction]]] = {
    "github.lost_answer": (CREATES, 2, lambda _: faults.DropAfter()),
    "github.bad_gateway_after": (CREATES, 2, lambda _: faults.AnswerAfter(status=502)),
    "github.never_arrives": (CREATES, 1, lambda _: faults.DropBefore()),
    "github.hangs": (CREATES, 1, lambda _: faults.HangBefore()),
    "github.acts_late": (CREATES, 1, lambda fault: faults.Delay(seconds=fault.length_s)),
    "github.acts_later": (CREATES, 1, lambda fault: faults.Delay(seconds=fault.length_s)),
    "github.cut_answer": (CREATES, 2, lambda _: faults.Truncate(framed=True)),
    "changes.lost_answer": (CHANGES, 2, lambda _: faults.DropAfter()),
    "changes.never_arrive": (CHANGES, 2, lambda _: faults.DropBefore()),
    "changes.bad_gateway_after": (CHANGES, 2, lambda _: faults.AnswerAfter(status=502)),
    "changes.act_late": (CHANGES, 1, lambda fault: faults.Delay(seconds=fault.length_s)),
    "github.failing_reads": (READS, 8, lambda _: faults.Answer(status=503)),
    "github.secondary_limit": (CREATES, 1, _limited),
    "github.primary_limit": (CREATES, 1, _limited),
    "slack.failing": (SLACK, 3, lambda _: faults.Answer(status=503)),
    "slack.limited": (SLACK, 2, _slack_limited),
    "slack.lost_answer": (POSTS, 2, lambda _: faults.DropAfter()),
    "slack.hangs": (SLACK, 2, lambda _: faults.HangBefore()),
}
"""Which calls a rule hits, how many of them at most, and what it does. Only calls of its own time are hit."""

RULE_FOR_S: Final = 15.0
"""How long a rule is in force whose length means something else, in seconds."""


async def _rule(world: World, fault: Fault, match: Match, times: int, make: MakeAction) -> None:
    began = time.time()
    rule = await world.sandbox.add_fault(make(fault), match=match, times=times)
    asks = fault.kind in {"github.secondary_limit", "github.primary_limit"}
    told = {"github.acts_late", "github.acts_later", "changes.act_late", "slack.limited"} | (
        {fault.kind} if asks else set()
    )
    await anyio.sleep(RULE_FOR_S if fault.kind in told else fault.length_s)
    reports = [one for one in await world.sandbox.faults() if one.id == rule]
    await world.sandbox.remove_faults(rule)
    if asks:
        await _pass_quiet_hours(world)
    hits = reports[0].hits if reports else 0
    wait_s = float(round(fault.length_s)) if asks else 0.0
    world.note(fault.kind, began, f"{hits} calls", rule=rule, asks_wait_s=wait_s)


async def _pass_quiet_hours(world: World) -> None:
    """Have the fleet forget a limit that is gone.

    It would try more only after a quiet hour; a run is shorter, and meets more limits in it than a fleet in a year.
    """
    try:
        async for key in world.client.scan_iter(match=f"{Keys().prefix}learned:*"):
            await world.client.delete(key)
    except (ValkeyError, OSError):
        return


async def _hide_limit(world: World, watch: Watch, fault: Fault) -> str | None:
    """A window of six seconds instead of a minute, so that the run goes on."""
    told = await _setting(content_per_minute=12, time_scale=10)(world, watch, fault)
    await _pass_quiet_hours(world)
    return told


def _setting(**changes: Any) -> Hand:
    """A hand that changes the stand-in for a time."""

    async def hand(world: World, watch: Watch, fault: Fault) -> str:  # noqa: ARG001 - every hand takes it
        await world.sandbox.settings(**changes)
        await anyio.sleep(fault.length_s)
        await world.sandbox.settings(**{name: FRIENDLY[name] for name in changes})
        return ""

    return hand


_HANDS: Final[dict[str, Hand]] = {
    "worker.kill": workers.kill,
    "worker.term": workers.terminate,
    "worker.freeze_short": workers.freeze,
    "worker.freeze_long": workers.freeze,
    "workers.rolling_restart": workers.roll,
    "workers.kill_all": workers.kill_all,
    "valkey.kill": _kill_server,
    "valkey.restart": _restart_server,
    "valkey.freeze": _freeze_server,
    "valkey.failover": _fail_over,
    "valkey.failover_coordinated": _fail_over,
    "valkey.failover_by_death": _die_over,
    "valkey.replica_killed": _kill_replica,
    "valkey.sentinel_killed": _kill_sentinel,
    "valkey.kill_connections": _kill_connections,
    "valkey.pause": _pause,
    "valkey.pause_short": _pause,
    "valkey.flush_scripts": _flush_scripts,
    "valkey.out_of_memory": _fill_memory,
    "valkey.flush_all": _empty,
    "people.pause": _pause_work,
    "people.replay": _replay,
    "github.lists_late": _setting(listing_lag_seconds=8),
    "github.slow": _setting(latency_seconds=0.3),
    "github.hidden_limit": _hide_limit,
    **PLACES,
    **STRANGERS,
    **HEAVY,
    **MEMORY,
    **FLEET,
    **RECALLS,
    **UPDATES,
    **ARRIVALS,
    **CHANGING,
}

KNOWN: Final = frozenset(_RULES) | frozenset(_HANDS)
"""Every kind that there is a hand for."""
