"""What Slack knows of each cohort: `ports.Cards`."""

from collections.abc import Mapping
from typing import Final, cast

from monarch.adapters.valkey.codec import pairs
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.views.raw import whole
from monarch.adapters.valkey.views.request import RawRequest, cohort_view, request_views
from monarch.core.card.telling import Message, Telling, ThreadReply
from monarch.core.card.view import CohortView
from monarch.core.delivery import Delivery, Stream
from monarch.core.ids import CohortId, RequestId
from monarch.core.target.permission import Busy
from monarch.core.timing import TELLING_LOCK_MS
from monarch.ports import Posted

_REPLY: Final = "reply:"
_UNKNOWN: Final = "-"


class ValkeyCards:
    """`ports.Cards`."""

    def __init__(self, scripts: Scripts, keys: Keys) -> None:
        self._scripts = scripts
        self._keys = keys

    async def begin(self, delivery: Delivery, cohort: CohortId) -> Telling | Busy | None:
        """See `ports.Cards.begin`."""
        token = delivery.token
        keys = [
            self._keys.stream(Stream.NOTICES),
            self._keys.saying(cohort),
            self._keys.card(cohort),
        ]
        answer = await self._scripts.call(
            "begin_telling", keys, token.consumer, token.entry, token.count, TELLING_LOCK_MS, cohort
        )
        match cast("list[object]", answer):
            case [b"busy"]:
                return Busy()
            case [b"telling", int(now_ms), list(flat), list(requests), bytes(paused)]:
                fields = pairs(flat)
                views = request_views(cast("list[RawRequest]", requests), paused)
                return decode_telling(cohort_view(cohort, fields, views), fields, now_ms)
            case _:
                return None

    async def sending(self, cohort: CohortId, what: str, names: tuple[str, ...] = ()) -> None:
        """See `ports.Cards.sending`."""
        await self._tell(cohort, "sending", what, names=names)

    async def said(
        self,
        cohort: CohortId,
        what: str,
        version: int,
        posted: Posted | None,
        digest: str = "",
        names: tuple[str, ...] = (),
    ) -> None:
        """See `ports.Cards.said`."""
        await self._tell(cohort, "said", what, version, posted, digest, names)

    async def not_sent(self, cohort: CohortId, what: str) -> None:
        """See `ports.Cards.not_sent`."""
        await self._tell(cohort, "not_sent", what)

    async def gone(self, cohort: CohortId, what: str, *, deleted: bool) -> None:
        """See `ports.Cards.gone`."""
        is_frozen = what == "card" and not deleted
        await self._tell(cohort, "frozen" if is_frozen else "deleted", what)

    async def end(self, delivery: Delivery, cohort: CohortId) -> None:
        """See `ports.Cards.end`."""
        token = delivery.token
        await self._tell(cohort, "end", "", held=f"{token.consumer} {token.entry} {token.count}")

    async def adopt(self, delivery: Delivery, request: RequestId) -> Busy | None:
        """See `ports.Cards.adopt`."""
        token = delivery.token
        keys = [
            self._keys.stream(Stream.NOTICES),
            self._keys.saying(CohortId(request)),
            self._keys.request(request),
        ]
        answer = await self._scripts.call(
            "adopt", keys, token.consumer, token.entry, token.count, TELLING_LOCK_MS, request
        )
        return Busy() if answer == b"busy" else None

    async def _tell(
        self,
        cohort: CohortId,
        op: str,
        what: str,
        version: int = 0,
        posted: Posted | None = None,
        digest: str = "",
        names: tuple[str, ...] = (),
        held: str = "",
    ) -> None:
        keys = [self._keys.card(cohort), self._keys.saying(cohort)]
        ts, channel = (posted.ts, posted.channel) if posted else ("", "")
        joined = "\n".join(names)
        await self._scripts.call("tell", keys, op, what, version, ts, channel, digest, joined, held)


def decode_telling(view: CohortView, fields: Mapping[str, str], now_ms: int) -> Telling:
    """What Slack knows, by the fields of a card."""

    def number(name: str) -> int:
        return whole(fields.get(name, "")) or 0

    return Telling(
        view=view,
        channel=fields.get("channel") or None,
        now_ms=now_ms,
        said_version=number("said_version"),
        edited_ms=number("edited_ms"),
        card=_card(fields),
        card_open="card_open" in fields,
        reposted="reposted" in fields,
        dropped="dropped" in fields,
        frozen="frozen" in fields,
        ended_version=number("ended_version"),
        endings=number("endings"),
        ending_open="ending_open" in fields,
        replies={
            name.removeprefix(_REPLY): _reply(value)
            for name, value in fields.items()
            if name.startswith(_REPLY)
        },
        is_refused="refused" in fields,
    )


def _card(fields: Mapping[str, str]) -> Message | None:
    ts = fields.get("card_ts")
    if not ts:
        return None
    return Message(fields.get("card_channel", ""), ts, fields.get("card_digest", ""))


def _reply(value: str) -> ThreadReply:
    """Parse `ts channel digest`, a dash for unknown; then what the reply names, a line each."""
    first, *names = value.split("\n")
    ts, _, rest = first.partition(" ")
    channel, _, digest = rest.partition(" ")
    message = None if ts in {"", _UNKNOWN} else Message(channel, ts, digest)
    return ThreadReply(message, tuple(name for name in names if name))
