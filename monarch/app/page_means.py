"""The means of the page's acts: an operator's connection, as the commands have it, and a shelf for what was done."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import anyio
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.kept.shelf import Shelf
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.views.matrix import Matrices
from monarch.app.operator import Operator, message, operator
from monarch.app.plan import parsed
from monarch.app.surveys import LOOKED_AT
from monarch.app.update import UpdateRefused, submitted, wishes
from monarch.app.verify import Unverifiable, verified
from monarch.app.wiring import valkey_of
from monarch.core.ids import RequestId
from monarch.core.portions.dates import date_mistake
from monarch.core.redact import quote
from monarch.core.request.channels import EXPECTED, can_be_a_channel
from monarch.core.request.message import BadMessage
from monarch.ports import StoreError
from monarch.ports.holdings import Holding
from monarch.settings import Settings
from monarch.web.acts.means import Looked, Looking, NotUpdated, Wished
from monarch.web.acts.meant import ActResult, Receipt
from monarch.web.form import RequestForm

_RECEIPT: Final = TypeAdapter(Receipt)
_LOOKED: Final = TypeAdapter(Looked)
_LOOKING: Final = TypeAdapter(Looking)

MOST_LINES: Final = 500
"""How many lines a receipt has at most."""

_SAID_AGAIN_EVERY_S: Final = 10.0

_HOLDINGS_AT_ONCE: Final = 50
"""How many targets to unpack between two turns of the event loop."""


class OperatorsMeans:
    """`web.acts.means.Means`."""

    def __init__(self, person: Operator, shelf: Shelf, matrices: Matrices) -> None:
        self._person = person
        self._shelf = shelf
        self._matrices = matrices
        # What a command does answers these as it stands.
        self.hands, self.replay = person.hands, person.replay
        self.foresee_replay = person.foresee_replay
        self.snapshot, self.request = person.standing.snapshot, person.reader.request
        self.letters, self.letter = person.letters.newest, person.letters.one

    # --------------------------------------------------------------------------------------- asking

    def wished(self, asked: RequestForm) -> Wished | str:
        """See `Means.wished`."""
        if asked.channel and not can_be_a_channel(asked.channel):
            return f"The channel should be {EXPECTED}, not {quote(asked.channel, 80)}."
        payload = message_of(asked)
        request = parsed(payload, self._person.settings)
        if isinstance(request, BadMessage):
            return f"{request.sentence}."
        if mistake := date_mistake(request.portion.not_before, _now_ms()):
            return f"{mistake}."
        refused = tuple(f"{one.target}: {one.sentence}." for one in request.refused)
        names = tuple(one.full_name for one in request.targets)
        return Wished(request.source.full_name, names, refused, payload)

    async def newest_for(self, source: str) -> str:
        """See `Means.newest_for`."""
        lines = await self._person.reader.requests(LOOKED_AT)
        wanted = source.lower()
        return next((line.id for line in lines if line.source.lower() == wanted), "")

    async def submit(self, wished: Wished, key: str, by: str) -> RequestId:
        """See `Means.submit`."""
        return (await self._person.submit(wished.payload, key, by=by)).request

    async def update(
        self, request: RequestId, targets: Sequence[str], key: str, by: str, *, closes: bool
    ) -> RequestId | NotUpdated:
        """See `Means.update`."""
        asked = await wishes(self._person.reader, request, "", targets)
        if isinstance(asked, UpdateRefused):
            return NotUpdated(f"{asked.reason}.")
        # One request gives one wish.
        return (await submitted(self._person, asked[0], by, key, close=closes)).request

    # -------------------------------------------------------------------------------------- looking

    @property
    def reads_github(self) -> bool:
        """See `Means.reads_github`."""
        settings = self._person.settings
        return bool(settings.gh_pat or settings.github_app_id)

    async def begin_look(self, request: RequestId, by: str) -> Looking | None:
        """See `Means.begin_look`."""
        said = to_json(Looking(by, _now_ms()))
        before = await self._shelf.begin_look(request, said)
        return None if before is None else _LOOKING.validate_json(before)

    async def look(self, request: RequestId, by: str) -> None:
        """See `Means.look`."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._say_again, request)
            found = await self._found(request, by)
            tasks.cancel_scope.cancel()
        await self._shelf.end_look(request, to_json(found))

    async def _found(self, request: RequestId, by: str) -> Looked:
        try:
            found = await verified(self._person.settings, request, lambda _: None)
        except StoreError as error:
            found = Unverifiable(str(error))
        if isinstance(found, Unverifiable):
            return Looked(by, _now_ms(), found.reason)
        unread = {one.target: one.problem for one in found.targets if one.verification is None}
        return Looked(by, _now_ms(), found.unkept, unread)

    async def _say_again(self, request: RequestId) -> None:
        while True:
            await anyio.sleep(_SAID_AGAIN_EVERY_S)
            with suppress(StoreError):  # it is repeated before the note runs out
                await self._shelf.go_on_looking(request)

    async def looked(self, request: RequestId) -> Looking | Looked | None:
        """See `Means.looked`."""
        return await looked(self._shelf, request)

    async def holdings(self, request: RequestId, targets: Sequence[str]) -> Sequence[Holding]:
        """See `Means.holdings`."""
        found: list[Holding] = []
        for start in range(0, len(targets), _HOLDINGS_AT_ONCE):
            some = targets[start : start + _HOLDINGS_AT_ONCE]
            found += await self._matrices.holdings([(request, target) for target in some])
        return found

    # ------------------------------------------------------------------------------------- receipts

    async def keep_receipt(self, act: str, by: str, done: ActResult) -> str:
        """See `Means.keep_receipt`."""
        lines = done.lines[:MOST_LINES]
        kept = Receipt(act, by, _now_ms(), done.title, lines, done.back, done.back_words)
        return await self._shelf.keep_receipt(to_json(kept))

    async def receipt(self, name: str) -> Receipt | None:
        """See `Means.receipt`."""
        found = await self._shelf.receipt(name)
        return None if found is None else _RECEIPT.validate_json(found)


async def looked(shelf: Shelf, request: RequestId) -> Looking | Looked | None:
    """See `Means.looked`; `None` also where another version has kept it in another form."""
    under_way, found = await shelf.look(request)
    with suppress(ValidationError):
        if under_way is not None:
            return _LOOKING.validate_json(under_way)
        return None if found is None else _LOOKED.validate_json(found)
    return None


def message_of(asked: RequestForm) -> bytes:
    """The message that asks for this."""
    return message(
        asked.source, asked.targets, asked.channel, asked.not_before or None, asked.milestones
    )


def _now_ms() -> int:
    """For people; no decision depends on it."""
    return round(time.time() * 1000)


@asynccontextmanager
async def means_of(settings: Settings) -> AsyncIterator[OperatorsMeans]:
    """The means of the installation that `settings` name; it sends nothing before a person presses something."""
    keys = Keys(settings.namespace)
    async with operator(settings) as person, connected(valkey_of(settings), "shelf") as client:
        yield OperatorsMeans(person, Shelf(client, keys), Matrices(client, keys))
