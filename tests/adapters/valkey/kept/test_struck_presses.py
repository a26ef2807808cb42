"""A press is struck before and after each of its effects, over a real Valkey: it is done once, and on record once.

What can be struck is looked up in the Protocols of the page's means and hands, so that an effect that is added tomorrow is
struck tomorrow. Whatever befalls the press, the person presses the same form again, at another worker's page.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import pytest
from valkey.asyncio import Valkey

from monarch.adapters.valkey.kept.verifications import Verifications
from monarch.app.page_means import means_of
from monarch.core.after.acts import Act
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId, migration_id
from monarch.core.outcome import Code
from monarch.core.report.verification import Finding, Mark, Verification
from monarch.core.verdict import Acted, Dead, Done, Retry
from monarch.sandbox.valkey import EmbeddedValkey
from monarch.settings import Settings
from monarch.web.acts.catalogue import ACTS
from tests.adapters.valkey.pressing import BY, Blow, Strokes, pressed, struck
from tests.contracts.moves import FIRST, migrated, planned, taken
from tests.contracts.worlds import RETENTION_MS, World

NAMESPACE: Final = "struck"


@dataclass(frozen=True)
class Press:
    """An act on a world that was made ready for it, and the event that is its line in the audit; how many there are to be."""

    ready: Callable[[World], Awaitable[str]]
    event: str
    lines: int = 1
    requests: int = 1


async def _nothing(_world: World) -> str:
    return ""


async def _under_way(world: World) -> str:
    return await planned(world, "org/team-a")


async def _parked(world: World) -> str:
    """Its one migration waits for ten minutes."""
    request = await planned(world, "org/team-a")
    delivery = await world.next(Stream.MIGRATIONS)
    await world.settle(delivery, Retry("GitHub is down", 600))
    return request


async def _reached(world: World) -> str:
    request = await planned(world, "org/team-a")
    await taken(world, await world.next(Stream.MIGRATIONS, "worker-1"))
    return request


async def _given_up(world: World) -> str:
    request = await planned(world, "org/team-a", "org/team-b")
    for delivery in await world.streams().receive(Stream.MIGRATIONS, 2):
        await world.settle(delivery, Dead(Code.ARCHIVED, "unarchive it"))
    return request


async def _copied(world: World) -> str:
    """It has ended well, and what a look finds of it is kept: one copy is missing."""
    request = await planned(world, "org/team-a")
    delivery = await world.next(Stream.MIGRATIONS)
    await taken(world, delivery)
    assert await world.streams().settle(delivery, migrated())
    missing = Finding(1, FIRST, "Ticket 1", None, (Mark.MISSING,))
    kept = Verifications(world.client, world.keys, RETENTION_MS)
    await kept.keep(migration_id(request, "org/team-a"), Verification("org/team-a", (missing,)))
    return request


async def _recalled(world: World) -> str:
    request = RequestId(await _copied(world))
    (told,) = await world.hands.begin(request, Act.RECALL, ["org/team-a"], "grace")
    assert told.migration
    delivery = await world.next(Stream.MIGRATIONS)
    await taken(world, delivery)
    assert await world.streams().settle(delivery, Done(Acted(Act.RECALL, 2, ())))
    return request


async def _paused(world: World) -> str:
    await world.hands.pause("grace")
    return ""


PRESSES: Final = {
    "submit?source=org%2Ftemplate&targets=org%2Fa+org%2Fb&channel=C1": Press(
        _nothing, "request.appended"
    ),
    "update?request={}": Press(_reached, "request.appended", requests=2),
    "update-close?request={}": Press(_reached, "request.appended", requests=2),
    "cancel?request={}": Press(_under_way, "request.cancelling"),
    "first?request={}": Press(_under_way, "request.put_first"),
    "try?request={}": Press(_parked, "request.hurried"),
    "heal?request={}": Press(_copied, "migration.healing"),
    "recall?request={}": Press(_copied, "migration.recall.begun"),
    "undo?request={}": Press(_recalled, "migration.undo.begun"),
    "pause": Press(_nothing, "fleet.paused", requests=0),
    "resume": Press(_paused, "fleet.resumed", requests=0),
    "replay?request={}": Press(_given_up, "migration.replayed", lines=2),
    "drop?request={}": Press(_given_up, "letter.dropped", lines=2),
}


LOOKS: Final = "verify"
"""Changes nothing, so nothing of it is in the audit: it is struck in `test_struck_looks`."""


def test_every_act_of_the_page_is_struck() -> None:
    """An act that is added tomorrow is missing here tomorrow."""
    assert {name.partition("?")[0] for name in PRESSES} == ACTS.keys() - {LOOKS}


async def events(world: World, name: str) -> list[dict[bytes, bytes]]:
    """What the audit has of this name."""
    found = await world.client.xrange(world.keys.events)
    return [fields for _, fields in found if fields[b"event"] == name.encode()]


@pytest.mark.parametrize("name", PRESSES)
async def test_a_press_is_done_once_whatever_befalls_it(
    client: Valkey, server: EmbeddedValkey, name: str
) -> None:
    """Press lost, answer lost, process killed: one request and one line for it, with the name of who pressed."""
    press = PRESSES[name]
    settings = Settings(valkey_url_given=server.url, namespace=NAMESPACE)
    async with means_of(settings) as means:

        async def live(strokes: Strokes) -> list[int]:
            await client.flushall()
            world = World(client, NAMESPACE)
            await world.open()
            about = await press.ready(world)
            before = len(await events(world, press.event))
            address = f"/acts/{name.format(about)}"
            answers = await pressed(struck(means, strokes), means, address)

            lines = (await events(world, press.event))[before:]
            assert [fields[b"by"].decode() for fields in lines] == [BY] * press.lines, strokes
            assert await client.zcard(world.keys.known) == press.requests, strokes
            return answers

        quiet = Strokes()
        assert await live(quiet) == [303]
        for number, moment in enumerate(quiet.passed, start=1):
            for blow in Blow:
                answers = await live(Strokes(number, blow))
                assert answers[0] == (0 if blow is Blow.KILLED else 503), moment
                assert answers[1] in {303, 409}, moment
