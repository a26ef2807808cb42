"""A Monarch over a real Valkey that does only what a test makes it do, and what people are shown of it."""

from dataclasses import dataclass

from valkey.asyncio import Valkey

from monarch.adapters.valkey.inbox import Submitter
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.streams import ValkeyStreams
from monarch.adapters.valkey.views.dead_letters import Letters
from monarch.adapters.valkey.views.events import EventLog
from monarch.adapters.valkey.views.fleet import FleetReader
from monarch.adapters.valkey.views.requests import RequestReader
from monarch.core.delivery import Delivery, Stream
from monarch.core.ids import RequestId, TicketId
from monarch.core.outcome import Code
from monarch.core.plan import Plan
from monarch.core.ticket import Ticket
from monarch.core.verdict import Done, Planned, RefusedTarget, Verdict

CHANNEL = "tickets"


@dataclass
class House:
    """A Monarch that does only what a test makes it do."""

    client: Valkey
    keys: Keys
    reader: RequestReader
    events: EventLog
    letters: Letters
    standing: FleetReader
    streams: ValkeyStreams

    async def submit(self, key: str) -> RequestId:
        """Append a request."""
        return await Submitter(self.client, self.keys).submit(b'{"a": 1}', key)

    async def note(self, key: str, fields: dict[str, str | int]) -> None:
        """Set fields of a hash."""
        pipe = self.client.pipeline(transaction=False)
        pipe.hset(key, mapping=fields)
        await pipe.execute()

    async def settle(self, stream: Stream, verdict: Verdict) -> Delivery:
        """Take the next entry and settle it."""
        (delivery,) = await self.streams.receive(stream, 1)
        assert await self.streams.settle(delivery, verdict)
        return delivery


def planned(*targets: str, refused: str | None = None) -> Done:
    """One ticket for each of `targets`."""
    ticket = Ticket(TicketId(7), 3, "Set up", "", "https://github.com/o/s/issues/3", None, "")
    no = (RefusedTarget(refused, Code.BAD_TARGET, "it is no repository"),) if refused else ()
    return Done(Planned(Plan("o/s", (ticket,)), "C1", targets, no))
