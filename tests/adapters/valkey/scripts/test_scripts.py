"""How scripts are sent: in batches, again when the server forgot them, and also when a caller is cancelled meanwhile."""

import asyncio
import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from valkey.asyncio import Valkey

import monarch.adapters.valkey.scripts as scripts_package
from monarch.adapters.valkey.client.connection import BLOCK_MS, IDLE_BLOCK_MS, connect
from monarch.adapters.valkey.client.sockets import SOCKET_TIMEOUT_S
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import SCRIPTS, Scripts
from monarch.core.delivery import Stream
from monarch.ports import StoreError
from monarch.sandbox.valkey import EmbeddedValkey

KEYS = Keys("scripts")


async def ask(scripts: Scripts) -> object:
    """A call that changes nothing."""
    return await scripts.call("retire", [KEYS.parked], "nobody")


async def test_a_server_that_forgot_the_scripts_is_told_them_again(client: Valkey) -> None:
    """NOSCRIPT means that nothing was done, so the whole text can be sent."""
    scripts = Scripts(client, KEYS.prefix)
    await ask(scripts)
    await client.script_flush()

    assert await ask(scripts) == 0


async def test_a_whole_batch_that_is_forgotten_is_told_once(
    client: Valkey, server: EmbeddedValkey
) -> None:
    """Forty-nine calls that waited together meet a server that has forgotten their script meanwhile."""
    scripts = Scripts(client, KEYS.prefix)
    run = scripts._run

    async def forgotten(batch: list[object], told: Sequence[object] = ()) -> None:
        if not told:
            await client.script_flush()
        await run(batch, told)  # type: ignore[arg-type]  # handed through as it came

    scripts._run = forgotten  # type: ignore[method-assign, assignment]  # the server forgets before each batch
    before = await received(server)

    answers = await asyncio.gather(*(ask(scripts) for _ in range(50)))

    assert answers == [0] * 50
    assert await received(server) - before < 3 * len(SCRIPTS["retire"].text)


async def test_calls_that_wait_go_together(client: Valkey) -> None:
    """While one batch is under way the others gather: many calls, few round trips."""
    scripts = Scripts(client, KEYS.prefix)
    trips = 0
    run = scripts._run

    async def counted(batch: list[object], told: Sequence[object] = ()) -> None:
        nonlocal trips
        trips += 1
        await run(batch, told)  # type: ignore[arg-type]  # handed through as it came

    scripts._run = counted  # type: ignore[method-assign, assignment]  # counting only
    await ask(scripts)
    trips = 0

    answers = await asyncio.gather(*(ask(scripts) for _ in range(50)))

    assert answers == [0] * 50
    assert trips == 2


async def test_more_calls_than_fit_into_a_batch_are_all_answered(client: Valkey) -> None:
    """Those that are left over are woken with the batch that was full, and wait once more for their own."""
    scripts = Scripts(client, KEYS.prefix)
    await ask(scripts)

    with anyio.fail_after(20):
        answers = await asyncio.gather(*(ask(scripts) for _ in range(700)))

    assert answers == [0] * 700


async def test_calls_go_in_the_order_in_which_they_were_made(client: Valkey) -> None:
    """Whichever of them carries a batch."""
    scripts = Scripts(client, KEYS.prefix)
    sent: list[object] = []
    run = scripts._run

    async def noted(batch: list[Any], told: Sequence[Any] = ()) -> None:
        sent.extend(call.args[1] for call in batch if not told)
        await run(batch, told)

    scripts._run = noted  # type: ignore[method-assign, assignment]  # noting only
    await asyncio.gather(*(scripts.call("retire", [KEYS.parked], str(n)) for n in range(600)))

    assert sent == [str(n) for n in range(600)]


async def test_a_cancelled_caller_does_not_stop_the_others(client: Valkey) -> None:
    """Cancelled while it waits, or just when it was chosen to carry the next batch: another one carries it.

    The first version handed the carrying on to the caller that had waited longest, gone or not, and then nobody was
    ever sent again.
    """
    scripts = Scripts(client, KEYS.prefix)
    await ask(scripts)
    for victim in range(6):
        answers: list[object] = []
        scopes = [anyio.CancelScope() for _ in range(6)]

        async def call(scope: anyio.CancelScope, answers: list[object] = answers) -> None:
            with scope:
                answers.append(await ask(scripts))

        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                for scope in scopes:
                    tasks.start_soon(call, scope)
                await anyio.wait_all_tasks_blocked()
                scopes[victim].cancel()

        assert answers.count(0) >= 5
        assert await ask(scripts) == 0


async def test_a_batch_that_is_torn_away_is_not_taken_for_answered(client: Valkey) -> None:
    """Its caller learns that the outcome is unknown, and asks again."""
    scripts = Scripts(client, KEYS.prefix)
    calls = [asyncio.create_task(ask(scripts)) for _ in range(3)]
    await asyncio.wait([calls[0]])
    calls[1].cancel()

    answers = await asyncio.gather(*calls, return_exceptions=True)

    assert answers[0] == 0
    assert answers[2] == 0 or isinstance(answers[2], StoreError)
    assert await ask(scripts) == 0


async def test_every_caller_hears_that_the_server_is_away() -> None:
    """A batch that cannot be sent fails for all who are in it, as a StoreError that says what was tried."""
    gone = connect("valkey://127.0.0.1:1/0", "tests")
    scripts = Scripts(gone, KEYS.prefix)

    answers = await asyncio.gather(*(ask(scripts) for _ in range(3)), return_exceptions=True)

    assert all(isinstance(answer, StoreError) for answer in answers)
    assert "retire" in str(answers[0])
    await gone.aclose()


async def test_without_file_descriptors_a_settle_is_store_trouble_and_then_goes_on(
    server: EmbeddedValkey,
) -> None:
    """A thousand idle connections take every descriptor: no script is read then, and a call fails as an outage does."""
    client = connect(server.url, "tests")
    scripts = Scripts(client, KEYS.prefix)
    asked = ("settle", [KEYS.stream(Stream.REQUESTS)], "requests", "nobody", "1-1", "1", "said")

    with no_more_files():
        assert len(SCRIPTS) > 20
        with pytest.raises(StoreError, match="settle"):
            await scripts.call(*asked, "{}", "")

    assert await scripts.call(*asked, "{}", "") == 0
    await client.aclose()


async def received(server: EmbeddedValkey) -> int:
    """Bytes that the server was sent so far, by anybody."""
    client = connect(server.url, "watching")
    info = await client.info("stats")
    await client.aclose()
    return int(info["total_net_input_bytes"])


@contextmanager
def no_more_files() -> Iterator[None]:
    """Every attempt to open a file or a socket fails with EMFILE; those that are open go on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            Path(__file__).read_bytes()
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_read_ends_before_its_socket_does() -> None:
    """A BLOCK longer than the socket's timeout would make every idle read an error."""
    assert max(BLOCK_MS, IDLE_BLOCK_MS) / 1000 + 2 <= SOCKET_TIMEOUT_S


def test_every_script_says_what_it_is_given_and_why_it_is_atomic() -> None:
    """Keys, arguments, result and the reason stand at the head of each."""
    folder = Path(scripts_package.__file__).parent
    bodies = [p for p in folder.rglob("*.lua") if not p.name.startswith("_")]

    assert len(bodies) >= 12
    for body in bodies:
        head = body.read_text(encoding="utf-8").split("\nlocal ")[0]
        assert head.startswith("#!lua"), body.name
        for part in ("-- KEYS", "-- ARGV", "-- Gives", "tomic"):
            assert part in head, f"{body.name} lacks {part!r}"
