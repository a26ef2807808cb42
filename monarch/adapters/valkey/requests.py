"""Plans, and how requests stand: `ports.Plans` and `ports.Requests`."""

from collections.abc import Awaitable, Callable
from typing import cast

from anyio import to_thread
from valkey.asyncio import Valkey

from monarch.adapters.valkey.client.connection import classified
from monarch.adapters.valkey.codec import decode_plan, pairs
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.views.request import request_view, whole
from monarch.core.delivery import Delivery, Stream
from monarch.core.ids import RequestId
from monarch.core.plan import Plan
from monarch.core.target.permission import Busy
from monarch.ports import Kind, Posted, Saying

SAYING_MS = 15_000
"""How long the right to tell of a request holds, in milliseconds: longer than any post, shorter than a lease."""


class ValkeyPlans:
    """`ports.Plans`."""

    def __init__(
        self,
        client: Valkey,
        keys: Keys,
        aside: Callable[[Callable[[], Plan | None]], Awaitable[Plan | None]] = to_thread.run_sync,
    ) -> None:
        """`aside` does what takes long beside the event loop."""
        self._client = client
        self._keys = keys
        self._aside = aside

    async def read(self, request: RequestId) -> Plan | None:
        """See `ports.Plans.read`."""
        with classified("reading a plan"):
            packed = await self._client.get(self._keys.plan(request))
        # Megabytes can come out of it: not on the event loop.
        return None if packed is None else await self._aside(lambda: decode_plan(packed))


class ValkeyRequests:
    """`ports.Requests`."""

    def __init__(self, scripts: Scripts, keys: Keys) -> None:
        self._scripts = scripts
        self._keys = keys

    async def begin_saying(self, delivery: Delivery, request: RequestId) -> Saying | Busy | None:
        """See `ports.Requests.begin_saying`."""
        token = delivery.token
        keys = [
            self._keys.stream(Stream.NOTICES),
            self._keys.saying(request),
            self._keys.request(request),
        ]
        answer = await self._scripts.call(
            "begin_saying", keys, token.consumer, token.entry, token.count, SAYING_MS, request
        )
        match cast("list[object]", answer):
            case [b"busy"]:
                return Busy()
            case [b"saying", list(flat), list(migrations), bytes(paused)]:
                paused_by = paused.decode("utf-8", "replace")
                return _saying(request, pairs(flat), [pairs(m) for m in migrations], paused_by)
            case _:
                return None

    async def sending(self, request: RequestId, kind: Kind) -> None:
        """See `ports.Requests.sending`."""
        await self._say(request, "sending", kind)

    async def said(
        self, request: RequestId, kind: Kind, version: int, posted: Posted | None
    ) -> None:
        """See `ports.Requests.said`."""
        await self._say(request, "said", kind, version, posted)

    async def gone(self, request: RequestId) -> None:
        """See `ports.Requests.gone`."""
        await self._say(request, "gone", "progress")

    async def not_sent(self, request: RequestId, kind: Kind) -> None:
        """See `ports.Requests.not_sent`."""
        await self._say(request, "not_sent", kind)

    async def end_saying(self, delivery: Delivery, request: RequestId) -> None:
        """See `ports.Requests.end_saying`."""
        token = delivery.token
        await self._say(request, "end", "", held=f"{token.consumer} {token.entry} {token.count}")

    async def _say(
        self,
        request: RequestId,
        op: str,
        kind: str,
        version: int = 0,
        posted: Posted | None = None,
        held: str = "",
    ) -> None:
        keys = [self._keys.request(request), self._keys.saying(request)]
        ts, channel = (posted.ts, posted.channel) if posted else ("", "")
        await self._scripts.call("say", keys, op, kind, version, ts, held or request, channel)


def _saying(
    request: RequestId, fields: dict[str, str], migrations: list[dict[str, str]], paused_by: str
) -> Saying:
    run = fields.get("run", "1")
    return Saying(
        view=request_view(request, fields, migrations, paused_by),
        said_version=whole(fields.get("said_version", "")) or 0,
        progress=_progress(fields),
        progress_open="progress_open" in fields,
        final_said=fields.get("final_said") == run,
        final_open=fields.get("final_open") == run,
        is_refused="notice_refused" in fields,
    )


def _progress(fields: dict[str, str]) -> Posted | None:
    ts = fields.get("progress_ts")
    return Posted(ts, fields.get("progress_channel", "")) if ts else None
