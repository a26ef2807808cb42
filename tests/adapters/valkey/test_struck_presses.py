"""A press is struck before and after each of its effects, over a real Valkey: it is done once, and on record once.

What can be struck is looked up in the Protocols of the page's means and hands, so that an effect that is added tomorrow is
struck tomorrow. Whatever befalls the press, the person presses the same form again, at another worker's page.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, cast

import httpx
import pytest
from valkey.asyncio import Valkey

from monarch.adapters.valkey.kept.shelf import LOOKING_MS, Shelf
from monarch.app.acting import OperatorsMeans, means_of
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId
from monarch.core.outcome import Code
from monarch.core.verdict import Dead
from monarch.ports import Hands, StoreError
from monarch.sandbox.valkey import EmbeddedValkey
from monarch.settings import Settings
from monarch.web.acts.means import Means
from tests.contracts.moves import one, planned, taken
from tests.contracts.worlds import World
from tests.stages.seams import methods
from tests.web.acts.house import ADA, FROM_HERE, JSON, a_page

NAMESPACE: Final = "struck"
PRESSING: Final = ADA | FROM_HERE
BY: Final = "ada (page's token)"


class Blow(StrEnum):
    """What befalls a press at a moment: it is LOST (before an effect undone, after it only its answer), or its process is KILLED."""

    LOST = "lost"
    KILLED = "killed"


class Killed(BaseException):
    """The process is gone: no answer, and no `except Exception` hides it."""


@dataclass
class Strokes:
    """Counts the moments of a press, and strikes at one of them."""

    at: int = 0
    blow: Blow = Blow.LOST
    passed: list[str] = field(default_factory=list)

    def pass_by(self, moment: str) -> None:
        """One more moment."""
        self.passed.append(moment)
        if len(self.passed) == self.at:
            if self.blow is Blow.KILLED:
                raise Killed(moment)
            raise StoreError(moment)


class Struck:
    """Means, or hands, with a moment before and after each call."""

    def __init__(self, real: object, protocol: type, strokes: Strokes) -> None:
        self._real, self._strokes = real, strokes
        self._awaited = {name for name, awaited in methods(protocol).items() if awaited}

    def __getattr__(self, name: str) -> Any:
        """What is awaited is struck; the hands of means are struck as well."""
        found = getattr(self._real, name)
        if name == "hands":
            return Struck(found, Hands, self._strokes)
        return self._around(name, found) if name in self._awaited else found

    def _around(self, name: str, call: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
        async def struck(*args: Any, **named: Any) -> Any:
            self._strokes.pass_by(f"before {name}")
            answer = await call(*args, **named)
            self._strokes.pass_by(f"after {name}")
            return answer

        return struck


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


async def _reached(world: World) -> str:
    request = await planned(world, "org/team-a")
    await taken(world, await one(world.streams("worker-1"), Stream.MIGRATIONS))
    return request


async def _given_up(world: World) -> str:
    request = await planned(world, "org/team-a", "org/team-b")
    streams = world.streams()
    for delivery in await streams.receive(Stream.MIGRATIONS, 2):
        assert await streams.settle(delivery, Dead(Code.ARCHIVED, "unarchive it"))
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
    "pause": Press(_nothing, "fleet.paused", requests=0),
    "resume": Press(_paused, "fleet.resumed", requests=0),
    "replay?request={}": Press(_given_up, "migration.replayed", lines=2),
    "drop?request={}": Press(_given_up, "letter.dropped", lines=2),
}


async def events(world: World, name: str) -> list[dict[bytes, bytes]]:
    """What the audit has of this name."""
    found = await world.client.xrange(world.keys.events)
    return [fields for _, fields in found if fields[b"event"] == name.encode()]


async def pressed(means: OperatorsMeans, address: str, strokes: Strokes) -> list[int]:
    """Look, press under the strokes, and press the same form again elsewhere unless it was answered; what was answered."""
    async with a_page(means) as elsewhere:
        told = (await elsewhere.get(address, headers=ADA | JSON)).json()
        form = {"digest": told["digest"], "keys": "\n".join(one["key"] for one in told["set"])}
        struck = cast("Means", Struck(means, Means, strokes))
        answers = []
        async with a_page(struck) as page:
            try:
                first = await page.post(address, data=form, headers=PRESSING)
                answers.append(first.status_code)
            except Killed:
                answers.append(0)
        if answers != [303]:
            again = await elsewhere.post(address, data=form, headers=PRESSING)
            answers.append(again.status_code)
            await receipt_of(elsewhere, again)
        return answers


async def receipt_of(page: httpx.AsyncClient, answer: httpx.Response) -> None:
    """An answer that says it was done leads to a receipt that says by whom."""
    if answer.status_code == 303:
        receipt = await page.get(answer.headers["Location"], headers=ADA)
        assert BY in receipt.text


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
            answers = await pressed(means, f"/acts/{name.format(about)}", strokes)

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


async def test_a_look_whose_process_was_killed_is_over_by_itself(client: Valkey) -> None:
    """It says that it is under way only as long as somebody says so again; then another one begins."""
    world = World(client, NAMESPACE)
    shelf, request = Shelf(client, world.keys), RequestId("1-0")

    assert await shelf.begin_look(request, b"ada") is None
    assert await shelf.begin_look(request, b"grace") == b"ada"
    assert 0 < await client.pttl(world.keys.looking(request)) <= LOOKING_MS
    await client.delete(world.keys.looking(request))

    assert await shelf.begin_look(request, b"grace") is None
    await shelf.end_look(request, b"found")
    assert await shelf.look(request) == (None, b"found")
