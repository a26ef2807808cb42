"""The notifier's moves, without words: so that a test sees what a channel would be told."""

from monarch.core.delivery import NoticeEntry, Stream
from monarch.core.ids import RequestId
from monarch.core.verdict import Done, Said
from monarch.ports import Posted, Saying
from tests.contracts.worlds import World


async def tell(world: World) -> list[str]:
    """Take every notice that waits, and say what is news: the states that were told, in order."""
    streams = world.streams("notifier")
    told: list[str] = []
    for delivery in await streams.receive(Stream.NOTICES, 100):
        assert isinstance(delivery.entry, NoticeEntry)
        request = delivery.entry.request
        saying = await world.requests.begin_saying(delivery, request)
        assert isinstance(saying, Saying)
        told += await _say(world, request, saying)
        await world.requests.end_saying(delivery, request)
        assert await streams.settle(delivery, Done(Said()))
    return told


async def _say(world: World, request: RequestId, saying: Saying) -> list[str]:
    view = saying.view
    if view.has_ended and not saying.final_said:
        await world.requests.sending(request, "final")
        await world.requests.said(request, "final", view.version, Posted("1.1"))
    elif not view.has_ended and saying.said_version < view.version:
        await world.requests.said(request, "progress", view.version, Posted("1.0"))
    else:
        return []
    return [view.state.value]
