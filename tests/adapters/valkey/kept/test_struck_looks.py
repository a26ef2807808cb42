"""A press on `verify` is struck before and after each of its effects, over a real Valkey: what was looked at is told once.

The look goes on after the answer. So what stores is struck beside the page's means: the shelf, and where findings are kept.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

import pytest
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.kept.shelf import LOOKING_MS, Shelf
from monarch.adapters.valkey.kept.verifications import Verifications
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.views.matrix import Matrices
from monarch.app import surveys
from monarch.app.operator import operator
from monarch.app.page_means import OperatorsMeans, looked, means_of
from monarch.app.wiring import valkey_of
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId
from monarch.sandbox.valkey import EmbeddedValkey
from monarch.settings import Settings
from monarch.web.acts.means import Looked, Looking
from tests.adapters.valkey.pressing import BY, Blow, Strokes, Struck, pressed
from tests.contracts.doubles.github import FakeGitHub
from tests.contracts.moves import FIRST, SECOND, migrated, planned
from tests.contracts.worlds import World

NAMESPACE: Final = "struck-looks"
TEAM: Final = "org/team-a"


class ClosedAtLast(FakeGitHub):
    """An empty team's repository, where a plan's two tickets are missing."""

    def __init__(self) -> None:
        super().__init__()
        self.add(TEAM)

    async def aclose(self) -> None:
        """Nothing is open."""


@asynccontextmanager
async def means_under(settings: Settings, strokes: Strokes) -> AsyncIterator[OperatorsMeans]:
    """The means of the page, whose shelf is struck."""
    async with operator(settings) as person, connected(valkey_of(settings), "shelf") as client:
        keys = Keys(NAMESPACE)
        shelf = cast("Shelf", Struck(Shelf(client, keys), Shelf, strokes))
        yield OperatorsMeans(person, shelf, Matrices(client, keys))


async def ended(world: World) -> RequestId:
    """A request that has ended."""
    request = await planned(world, TEAM)
    await world.settle(await world.next(Stream.MIGRATIONS), migrated())
    return request


async def test_a_look_is_told_once_whatever_befalls_its_press(
    client: Valkey, server: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Press lost, answer lost, process killed: pressed again it is looked at, or it is said who looks; nothing is changed."""
    settings = Settings(valkey_url_given=server.url, namespace=NAMESPACE, gh_pat="ghp_x")
    world, strokes = World(client, NAMESPACE), Strokes()
    monkeypatch.setattr(surveys, "github_of", lambda *_: ClosedAtLast())
    monkeypatch.setattr(
        surveys,
        "Verifications",
        lambda *args: Struck(Verifications(*args), Verifications, strokes),
    )

    async def live(struck: OperatorsMeans, means: OperatorsMeans) -> list[int]:
        await client.flushall()
        await world.open()
        request = await ended(world)
        before = await client.xlen(world.keys.events)
        address = f"/acts/verify?request={request}"

        answers = await pressed(struck, means, address)

        found = await means.looked(request)
        if isinstance(found, Looking):  # its process was killed: it is believed for a while
            assert found.by == BY
            assert 0 < await client.pttl(world.keys.looking(request)) <= LOOKING_MS
            await client.delete(world.keys.looking(request))
        if isinstance(found, Looking) or (found is not None and found.problem):
            assert await pressed(means, means, address) == [303]
            found = await means.looked(request)
        assert isinstance(found, Looked)
        assert (found.by, found.problem) == (BY, "")
        (team,) = await means.holdings(request, [TEAM])
        assert tuple(one.id for one in team.to_heal) == (FIRST, SECOND)
        assert await client.xlen(world.keys.events) == before
        return answers

    async with means_of(settings) as means:
        async with means_under(settings, strokes) as struck:
            assert await live(struck, means) == [303]
        for number, moment in enumerate(tuple(strokes.passed), start=1):
            for blow in Blow:
                strokes = Strokes(number, blow)
                async with means_under(settings, strokes) as struck:
                    answers = await live(struck, means)
                assert answers[0] in ({0} if blow is Blow.KILLED else {303, 503}), moment
                assert set(answers[1:]) <= {303}, moment


async def test_a_look_whose_process_was_killed_is_over_by_itself(client: Valkey) -> None:
    """It counts as under way only while its worker says so again; then another one begins."""
    world = World(client, NAMESPACE)
    shelf, request = Shelf(client, world.keys), RequestId("1-0")

    assert await shelf.begin_look(request, b"ada") is None
    assert await shelf.begin_look(request, b"grace") == b"ada"
    assert 0 < await client.pttl(world.keys.looking(request)) <= LOOKING_MS
    await client.delete(world.keys.looking(request))

    assert await shelf.begin_look(request, b"grace") is None
    await shelf.end_look(request, b"found")
    assert await shelf.look(request) == (None, b"found")


@pytest.mark.parametrize("kept", [b"x\x9c", b"{}", b'{"by": "ada"}'])
async def test_a_look_in_other_words_is_none(client: Valkey, kept: bytes) -> None:
    """Another version has kept it: the page goes on without it."""
    shelf, request = Shelf(client, Keys(NAMESPACE)), RequestId("1-0")
    await shelf.end_look(request, kept)

    assert await looked(shelf, request) is None
