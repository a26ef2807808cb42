"""What an idle worker asks of a real server, by its own count: the commands inside of scripts count, too."""

from collections.abc import Awaitable
from typing import Final, cast

from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import IDLE_BLOCK_MS, connected
from monarch.adapters.valkey.client.seen import NewestMemory
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import SCRIPTS, Scripts
from monarch.adapters.valkey.streams import ValkeyStreams, make_group
from monarch.adapters.valkey.subscriber import CANARY_EVERY_S
from monarch.core.delivery import Stream
from monarch.sandbox.valkey import EmbeddedValkey
from monarch.stages.reclaimer import AUDIT_EVERY_S, EVERY_S

KEYS: Final = Keys("idle")

MOST_PER_S: Final = 4.7
"""Commands a second of a worker that has nothing to do; five is what is promised."""


async def costs(client: Valkey, asking: Awaitable[object]) -> int:
    """How many commands the server runs for it."""
    before = await processed(client)
    await asking
    return await processed(client) - before - 1


async def processed(client: Valkey) -> int:
    """Commands that the server has run so far; the next time this question is one of them."""
    return int((await client.info("stats"))["total_commands_processed"])


async def test_a_sweep_knows_the_time_from_what_it_asks_anyway(server: EmbeddedValkey) -> None:
    """One command less; `INFO` and `TIME` tell the same, in milliseconds, where a script asks for both."""
    common = SCRIPTS["sweep"].text.partition("local function int(n)")[0]
    asks = "return {now_ms(), tonumber(string.match(redis.call('INFO', 'server'), 'server_time_usec:(%d+)')) / 1000}"
    async with connected(server.url, "tests") as client:
        by_time, by_info = await cast("Awaitable[list[int]]", client.eval(common + asks, 0, "x:"))

    assert abs(by_time - by_info) <= 1


async def test_an_idle_worker_asks_less_than_five_times_a_second(server: EmbeddedValkey) -> None:
    """Its reads, sweeps, audits and canaries, each at its pace: what each of them costs is counted, not timed.

    `tests/stages/loop/test_idle.py` counts a whole worker, over a server in memory.
    """
    async with connected(server.url, "tests", connections=2) as client:
        for stream in Stream:
            await make_group(client, KEYS.stream(stream))
        scripts = Scripts(client, KEYS.prefix)
        for name in ("sweep", "audit"):  # as a server knows them after the first time
            await client.script_load(SCRIPTS[name].text)
        await scripts.call("open_epoch", [KEYS.epoch])
        streams = ValkeyStreams(
            {},
            scripts,
            scripts,
            KEYS,
            "worker",
            NewestMemory(),
            lease_ms=20_000,
            retention_ms=60_000,
        )
        places = dict.fromkeys(Stream, 4)
        await streams.sweep(places)  # shows the worker the memory
        sweep = await costs(client, streams.sweep(places))
        # Looks at the consumers, too, as it does once a minute.
        thorough = await costs(client, streams.audit())
        await cast("Awaitable[int]", client.hset(KEYS.audited, "until", "0"))
        audit = await costs(client, streams.audit())

    per_s = {
        "reads": len(Stream) / (IDLE_BLOCK_MS / 1000),
        "sweeps": sweep / EVERY_S,
        "audits": audit / AUDIT_EVERY_S,
        "audits of consumers": (thorough - audit) / 60,
        "canaries": 1 / CANARY_EVERY_S,
    }
    assert sum(per_s.values()) < MOST_PER_S, per_s
