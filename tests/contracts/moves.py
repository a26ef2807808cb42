"""The usual moves of a contract test, so that a test shows only what it is about."""

import anyio

from monarch.core.delivery import Delivery, MigrationEntry, Stream
from monarch.core.ids import RequestId, TargetId, TicketId, migration_id
from monarch.core.plan import Plan
from monarch.core.target.permission import Credential, Taken
from monarch.core.ticket import Ticket
from monarch.core.verdict import Done, Migrated, Planned, RefusedTarget
from monarch.ports import Streams
from tests.contracts.worlds import World, a_message

ME = Credential("account-1", "fingerprint-1", "monarch-bot")
TARGET = TargetId(7)
TICK_S = 0.002
"""Clocks that count in milliseconds agree so closely, in seconds."""

FIRST, SECOND = TicketId(101), TicketId(102)


def a_plan(tickets: int = 2, source: str = "org/template") -> Plan:
    """A plan of so many tickets; their ids count from 101."""
    return Plan(source, tuple(_ticket(n) for n in range(1, tickets + 1)))


def _ticket(number: int) -> Ticket:
    return Ticket(
        TicketId(100 + number),
        number,
        f"Ticket {number}",
        f"Do {number}.",
        f"https://github.com/org/template/issues/{number}",
        "teacher",
        "2026-01-01T00:00:00Z",
    )


def plan_for(
    *targets: str, channel: str | None = "C1", refused: tuple[RefusedTarget, ...] = ()
) -> Done:
    """The planner's verdict."""
    return Done(Planned(a_plan(), channel, targets, refused))


async def one(streams: Streams, stream: Stream) -> Delivery:
    """Receive exactly one delivery."""
    (delivery,) = await streams.receive(stream, 1)
    return delivery


async def appended(world: World, *targets: str) -> RequestId:
    """A request by a producer that skips the channel."""
    entry = await world.append(Stream.REQUESTS, {b"payload": a_message(*targets)})
    return RequestId(entry)


async def planned(
    world: World, *targets: str, channel: str | None = "C1", consumer: str = "planner"
) -> RequestId:
    """A request whose migrations are in their stream; its first notice is taken out."""
    request = await appended(world, *targets)
    delivery = await world.next(Stream.REQUESTS, consumer)
    await world.settle(delivery, plan_for(*targets, channel=channel), consumer=consumer)
    return request


async def migrating(
    world: World, target: str = "org/team-a", consumer: str = "worker-1"
) -> Delivery:
    """A migration in hand."""
    await planned(world, target)
    return await world.next(Stream.MIGRATIONS, consumer)


async def taken(world: World, delivery: Delivery, target: TargetId = TARGET) -> Taken:
    """Its target's lock."""
    answer = await world.ledger().take(delivery, target, ME)
    assert isinstance(answer, Taken)
    return answer


async def crossing(world: World) -> tuple[Delivery, Taken]:
    """A migration in hand, and the look under its target's lock."""
    delivery = await migrating(world)
    return delivery, await taken(world, delivery)


def migrated(deleted: int = 0) -> Done:
    """The migrator's verdict, for the plan of two tickets."""
    return Done(Migrated(TARGET, 2, deleted))


def is_left(wait_s: float, of_s: float, since: float) -> bool:
    """Whether so much is left of a wait that began at `since` or later, however slow the machine is."""
    passed_s = anyio.current_time() - since
    return of_s - passed_s - TICK_S <= wait_s <= of_s


def target_of(delivery: Delivery) -> str:
    """What a migration is for."""
    assert isinstance(delivery.entry, MigrationEntry)
    return delivery.entry.target


async def fields_of(world: World, request: RequestId, target: str) -> dict[str, str]:
    """A migration's fields."""
    return await world.migration(migration_id(request, target))
