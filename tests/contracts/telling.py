"""The notifier's moves, without words: so that a test sees what a channel would be told."""

from monarch.core.card.counts import state_of
from monarch.core.card.telling import CARD, ENDING, Telling
from monarch.core.delivery import Delivery, FormerNoticeEntry, NoticeEntry, Stream
from monarch.core.ids import CohortId
from monarch.core.verdict import Done, Said
from monarch.ports import Posted
from tests.contracts.worlds import World


async def tell(world: World) -> list[str]:
    """Take every notice that waits, and say what is news: the states that were told, in order."""
    streams = world.streams("notifier")
    told: list[str] = []
    for delivery in await streams.receive(Stream.NOTICES, 100):
        told += await tell_of(world, delivery)
        assert await streams.settle(delivery, Done(Said()))
    return told


async def tell_of(world: World, delivery: Delivery) -> list[str]:
    """Say what is news of one cohort: its state, or nothing."""
    entry = delivery.entry
    if isinstance(entry, FormerNoticeEntry):
        await world.cards.adopt(delivery, entry.request)
        return []
    assert isinstance(entry, NoticeEntry)
    telling = await begun(world, delivery)
    told = await _say(world, telling)
    await world.cards.end(delivery, entry.cohort)
    return told


async def begun(world: World, notice: Delivery) -> Telling:
    """The right to tell."""
    telling = await world.cards.begin(notice, cohort_of(notice))
    assert isinstance(telling, Telling)
    return telling


def cohort_of(notice: Delivery) -> CohortId:
    """The cohort that a notice is about."""
    assert isinstance(notice.entry, NoticeEntry)
    return notice.entry.cohort


async def _say(world: World, telling: Telling) -> list[str]:
    view = telling.view
    told = []
    if telling.said_version < view.version:
        await world.cards.said(view.id, CARD, view.version, Posted("1.0", "C1"))
        told = [state_of(view).value]
    if view.has_ended and telling.ended_version < view.version:
        await world.cards.sending(view.id, ENDING)
        await world.cards.said(view.id, ENDING, view.version, Posted("1.1", "C1"))
        told = [state_of(view).value]
    return told
