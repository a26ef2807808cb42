"""The page over HTTP: one answer for each address, as HTML, as JSON, or live.

```
/requests/<id>        Accept: application/json    the document that `monarch show <id> --json` prints
/requests/<id>        anything else               the page
/live/requests/<id>                               the same, for as long as its reader stays
/static/<hash>/<file>                             what the page loads, kept by browsers for ever
```
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import quote

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from monarch.core.entry_ids import is_entry_id
from monarch.ports import StoreError
from monarch.ports.spoiled import is_spoiled, spoiled_keys
from monarch.web.door.guard import wants_json
from monarch.web.page import drawing
from monarch.web.page.addresses import ADDRESSES, Address
from monarch.web.page.choices import AN_ID, LONGEST, mistakes
from monarch.web.page.hub import Frame, Full, Hub
from monarch.web.page.live import LiveAnswer
from monarch.web.page.sights import PageRequest, Sight, unreadable, why_unreadable
from monarch.web.page.source import Place, Source
from monarch.web.page.whole import NOT_KEPT, misasked, whole
from monarch.web.plain import plain

BROKEN_KEYS: Final = "Monarch-Broken-Keys"
"""The header of a document that lacks something: the names of the broken keys, with blanks between."""

NAMED: Final = 20
"""How many broken keys to name there."""

FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


class Page:
    """The page of one process.

    Args:
        source: what it reads.
        place: the addresses of other things.
        routes: further routes, before the page's own.
    """

    def __init__(
        self,
        source: Source,
        place: Place,
        routes: Sequence[BaseRoute] = (),
    ) -> None:
        self._source = source
        self._place = place
        self.hub = Hub(self._read, self._draw)
        self.app = Starlette(
            routes=[*routes, *self._routes()],
            exception_handlers={404: _unknown_address},
        )

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """Keep live views live for the length of a `with` block; at its end every stream ends with a word."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.hub.run)
            try:
                yield
            finally:
                tasks.cancel_scope.cancel()

    def _routes(self) -> list[BaseRoute]:
        answers = [Route(one.path, self._answer(one), methods=["GET"]) for one in ADDRESSES]
        live = [Route(f"/live{one.path}", self._live(one), methods=["GET"]) for one in ADDRESSES]
        return [*answers, *live, Route("/static/{print}/{name}", _file, methods=["GET"])]

    # ----------------------------------------------------------------------------------- answering

    def _answer(self, address: Address) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            wrong = mistakes(address.query, request.query_params.multi_items())
            if wrong and wants_json(request):
                return misasked(wrong)
            wish = _wish(address, request)
            try:
                frame = await self.hub.frame(wish)
            except StoreError as error:
                return _away(request, wish, error)
            if wants_json(request):
                return _json(wish, frame)
            return _page(request, wish, frame, wrong)

        return answer

    def _live(self, address: Address) -> Callable[[Request], Awaitable[Response]]:
        async def live(request: Request) -> Response:
            return _Live(self.hub, _wish(address, request))

        return live

    async def _read(self, wish: PageRequest) -> Sight | None:
        address = next(one for one in ADDRESSES if one.name == wish.name)
        with spoiled_keys() as met:
            sight = await address.read(self._source, self._place, wish)
        rests_on = address.rests_on_for(wish)
        if sight is None:
            return unreadable(met) if is_spoiled(met, *rests_on) else None
        return sight.without(met, rests_on, address.parts) if met else sight

    def _draw(self, sight: Sight, now_ms: int) -> str:
        models = {"command": sight.command, "spoiled": sight.spoiled, **sight.models}
        return drawing.draw(sight.template, now_ms=now_ms, **models)


class _Live(Response):
    """A `Response`, so that starlette calls it; where no more readers fit, it says so instead."""

    def __init__(self, hub: Hub, wish: PageRequest) -> None:
        super().__init__()
        self._answer = LiveAnswer(hub, wish)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, receive, send)
        except Full:
            full = PlainTextResponse(
                "Too many pages are open here: reload instead.\n", 503, NOT_KEPT
            )
            await full(scope, receive, send)


def _wish(address: Address, request: Request) -> PageRequest:
    path = address.path
    given = tuple(sorted((name, str(value)) for name, value in request.path_params.items()))
    for name, value in given:
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    asked = request.query_params
    query = tuple((name, asked[name][:LONGEST]) for name in address.query if asked.get(name))
    return PageRequest(address.name, path, given, query)


def _json(wish: PageRequest, frame: Frame) -> Response:
    if frame.sight is None:
        return JSONResponse({"error": _why_unknown(wish)}, 404, NOT_KEPT)
    sight = frame.sight
    headers = {**NOT_KEPT, **_broken(sight.spoiled)}
    if not sight.is_readable:
        return JSONResponse({"error": why_unreadable(sight.spoiled)}, 503, headers)
    return JSONResponse(plain(sight.document), sight.status, headers)


def _broken(spoiled: Collection[str]) -> Mapping[str, str]:
    """The header that tells a program that its document lacks what these keys should hold."""
    named = " ".join(quote(key, safe="{}:/<>") for key in list(spoiled)[:NAMED])
    return {BROKEN_KEYS: named} if named else {}


def _page(request: Request, wish: PageRequest, frame: Frame, wrong: Sequence[str]) -> Response:
    sight = frame.sight
    if sight is None:
        html = drawing.draw("unknown.html", why=f"{_why_unknown(wish)}.")
        return whole(request, wish, "Not known", html, frame.at_ms, 404)
    return whole(request, wish, sight.title, frame.html, frame.at_ms, sight.status, mistakes=wrong)


def _why_unknown(wish: PageRequest) -> str:
    """Why there is nothing to show, without a full stop."""
    if not is_entry_id(wish.get("id")):
        return f"An id is {AN_ID}"
    return "There is no such thing: it was never made, has expired, or Valkey has lost its memory"


_NO_ADDRESS: Final = "There is nothing at this address"


def _away(request: Request, wish: PageRequest, error: StoreError) -> Response:
    title = error.headline
    if wants_json(request):
        return JSONResponse({"error": error.sentence}, 503, NOT_KEPT)
    html = drawing.draw("away.html", title=title, why=str(error), remedy=error.remedy)
    return whole(request, wish, title, html, 0, 503, title)


async def _unknown_address(request: Request, _: Exception) -> Response:
    if wants_json(request):
        return JSONResponse({"error": _NO_ADDRESS}, 404, NOT_KEPT)
    html = drawing.draw("unknown.html", why=f"{_NO_ADDRESS}.")
    return whole(request, None, "Not known", html, 0, 404)


async def _file(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in drawing.FILES or request.path_params["print"] != drawing.fingerprint(name):
        return PlainTextResponse("There is no such file.\n", 404)
    return Response(drawing.content(name), headers=FOR_EVER, media_type=drawing.FILES[name])
