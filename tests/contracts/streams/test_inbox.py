"""`ports.Inbox`: N replicas hear one message and append it once; when in doubt they append."""

from collections.abc import Sequence
from itertools import count

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monarch.adapters.valkey.client.connection import connected
from monarch.core.delivery import Stream
from monarch.ports import Hearing, Inbox
from monarch.sandbox.valkey import EmbeddedValkey
from tests.contracts.worlds import MemoryWorld, World, a_message

PAYLOAD = a_message()
_ids = count(1)


async def hear(inbox: Inbox, payload: bytes = PAYLOAD) -> bool:
    """One replica hears one message; whether it appended it."""
    (request,) = await inbox.mirror([Hearing(f"hearing-{next(_ids)}", payload)])
    return request is not None


async def test_n_replicas_append_one_publish_once(world: World) -> None:
    """The first replica appends, the others hear an echo."""
    replicas = [world.inbox(f"replica-{n}") for n in range(3)]

    appended = [await hear(replica) for replica in replicas]

    assert appended == [True, False, False]
    assert await world.length(Stream.REQUESTS) == 1


async def test_the_same_bytes_published_again_are_another_request(world: World) -> None:
    """The button "migrate again" means it."""
    first, second = world.inbox("replica-1"), world.inbox("replica-2")

    appended = [await hear(r) for r in (first, second, second, first)]

    assert appended == [True, False, True, False]


async def test_who_was_frozen_while_others_appended_hears_an_echo(world: World) -> None:
    """It reads the message when it thaws, long after the window of those that were awake, and no request comes of it."""
    awake, frozen = world.inbox("replica-1"), world.inbox("replica-2")
    await hear(awake)
    await world.advance(30)

    late = await frozen.mirror([Hearing("late", PAYLOAD, late_ms=31_000)])

    assert late == (None,)
    assert await hear(frozen)


async def test_a_single_replica_appends_everything(world: World) -> None:
    """There is no other replica to be an echo of."""
    inbox = world.inbox("replica-1")

    assert [await hear(inbox) for _ in range(3)] == [True] * 3


async def test_other_bytes_are_another_message(world: World) -> None:
    """Nothing but equal bytes can be an echo."""
    await hear(world.inbox("replica-1"))

    assert await hear(world.inbox("replica-2"), PAYLOAD + b" ")


async def test_a_request_is_the_message_as_it_was_heard(world: World) -> None:
    """Nothing is parsed."""
    payload = bytes(range(256))
    (request,) = await world.inbox("replica-1").mirror([Hearing("h", payload)])
    (delivery,) = await world.streams().receive(Stream.REQUESTS, 1)

    assert delivery.token.entry == request
    assert getattr(delivery.entry, "payload", None) == payload


async def test_a_repeated_append_changes_nothing(world: World) -> None:
    """Its answer was lost: the same hearing gets the same request."""
    inbox, hearing = world.inbox("replica-1"), Hearing("hearing", PAYLOAD)

    first = await inbox.mirror([hearing])

    assert await inbox.mirror([hearing]) == first
    assert await world.length(Stream.REQUESTS) == 1


async def test_a_repeated_echo_stays_an_echo(world: World) -> None:
    """The answer of an echo may be lost as well."""
    await hear(world.inbox("replica-1"))
    inbox, hearing = world.inbox("replica-2"), Hearing("hearing", PAYLOAD)

    assert [await inbox.mirror([hearing]) for _ in range(2)] == [(None,), (None,)]
    assert await world.length(Stream.REQUESTS) == 1


async def test_a_replica_that_died_between_takes_no_message_with_it(world: World) -> None:
    """The first publish was appended by the dead replica, the second by a live one."""
    dying, living = world.inbox("replica-1"), world.inbox("replica-2")
    await hear(dying)

    assert [await hear(living) for _ in range(2)] == [False, True]


async def test_a_replica_that_joins_late_is_no_echo_of_before(world: World) -> None:
    """It cannot have heard what was published before it subscribed."""
    await hear(world.inbox("replica-1"))
    await world.advance(1)
    newcomer = world.inbox("replica-2", subscribed_ms=await world.now_ms())

    assert await hear(newcomer)


async def test_an_echo_does_not_come_after_15_s(world: World) -> None:
    """Pub/sub is no queue: what is heard later is another message."""
    await hear(world.inbox("replica-1"))
    await world.advance(16)

    assert await hear(world.inbox("replica-2"))


async def test_many_are_appended_in_the_order_in_which_they_were_heard(world: World) -> None:
    """In one call; those that another replica has appended are echoes, each for itself."""
    payloads = [b"%d" % number for number in range(300)]
    other = world.inbox("replica-2")
    assert await hear(other, payloads[7])

    heard = [Hearing(f"many-{number}", payload) for number, payload in enumerate(payloads)]
    answers = await world.inbox("replica-1").mirror(heard)
    again = await world.inbox("replica-1").mirror(heard)

    assert again == answers
    assert [number for number, answer in enumerate(answers) if answer is None] == [7]
    streams = world.streams()
    delivered = [
        *await streams.receive(Stream.REQUESTS, 200),
        *await streams.receive(Stream.REQUESTS, 200),
    ]
    found = [getattr(one.entry, "payload", None) for one in delivered]
    assert found == [payloads[7], *payloads[:7], *payloads[8:]]


# --------------------------------------------------------------------------------------- interleavings


@st.composite
def hearings(draw: st.DrawFn, dying: bool = False) -> tuple[int, list[int]]:  # noqa: FBT002 - a case
    """How often it is published, and in which order the replicas hear it; each in its own order."""
    publishes, replicas = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    each = [draw(st.integers(0, publishes)) if dying and r else publishes for r in range(replicas)]
    order = [replica for replica, heard in enumerate(each) for _ in range(heard)]
    return publishes, draw(st.permutations(order))


async def replay(world: World, order: Sequence[int]) -> int:
    """Let the replicas hear in this order; how many requests there are."""
    inboxes = {replica: world.inbox(f"replica-{replica}") for replica in set(order)}
    for replica in order:
        await hear(inboxes[replica])
    return await world.length(Stream.REQUESTS)


@given(hearings())
def test_each_publish_is_appended_once_in_memory(case: tuple[int, list[int]]) -> None:
    """With every replica hearing every message, in whatever order."""
    publishes, order = case

    async def run() -> int:
        return await replay(MemoryWorld(), order)

    assert anyio.run(run) == publishes


@given(hearings(dying=True))
def test_replicas_that_die_take_nothing_with_them_in_memory(case: tuple[int, list[int]]) -> None:
    """While one replica hears everything, no publish is missing, whatever the others heard before they died."""
    publishes, order = case

    async def run() -> int:
        return await replay(MemoryWorld(), order)

    assert anyio.run(run) >= publishes


@pytest.mark.parametrize("dying", [False, True])
def test_the_same_holds_on_a_real_server(server: EmbeddedValkey, dying: bool) -> None:
    """The script keeps the same two rules."""

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(hearings(dying))
    def check(case: tuple[int, list[int]]) -> None:
        publishes, order = case
        requests = anyio.run(in_valkey, server.url, order)
        assert requests >= publishes if dying else requests == publishes

    check()


async def in_valkey(url: str, order: list[int]) -> int:
    """`replay` in a namespace of its own."""
    async with connected(url, "tests") as client:
        return await replay(World(client, f"inbox-{next(_ids)}"), order)
