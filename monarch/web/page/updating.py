"""`/requests/<id>/update`: what an update would change, with the difference of each copy. It changes nothing.

It reads GitHub, so it is made when a person asks for it and never live; its bounds are its own (`web.page.slow`). As JSON it is
the document that `monarch update <id> --dry-run --json` prints. What is kept of one is what is shown, and not the texts.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from monarch.core.ids import RequestId
from monarch.core.report.update import TargetUpdate
from monarch.web.documents import update_document
from monarch.web.door.guard import wants_json
from monarch.web.page.choices import mistakes
from monarch.web.page.slow import Slow, is_from_here
from monarch.web.page.whole import NOT_KEPT, misasked, sheet
from monarch.web.plain import plain
from monarch.web.views.update import TargetUpdatePage, head_of, update_page

TARGETS: Final = 60
"""Targets of an update on the page; the command takes more."""

LARGEST: Final = 8 * 2**20
"""Bytes of a document."""

KEPT: Final = 4

FROM_ELSEWHERE: Final = (
    "another site led here, and this costs calls to GitHub: follow the link on the request's page"
)

Which = tuple[RequestId, str]
"""A request, and one of its targets; `""`: all of them."""

Foresee = Callable[[Which], Awaitable[Sequence[TargetUpdate] | str]]
"""Finds out what an update would do; a text says why it cannot find out."""


@dataclass(frozen=True, slots=True)
class _Made:
    head: str
    targets: tuple[TargetUpdatePage, ...]
    document: bytes


class UpdatePage:
    """The address. `github` is where GitHub's pages are."""

    def __init__(self, foresee: Foresee, github: str) -> None:
        self._foresee = foresee
        self._github = github
        self._slow: Slow[Which, _Made] = Slow(self._make, KEPT)

    def routes(self) -> list[BaseRoute]:
        """Where it is found."""
        return [Route("/requests/{id}/update", self._answer, methods=["GET"])]

    async def _answer(self, request: Request) -> Response:
        wrong = mistakes(("target",), request.query_params.multi_items())
        if wrong and wants_json(request):
            return misasked(wrong)
        wanted = RequestId(request.path_params["id"]), request.query_params.get("target", "")
        now_ms, found = await self._found(request, wanted)
        if wants_json(request):
            return _json(found)
        only = f" --target {wanted[1]}" if wanted[1] else ""
        models = {
            "request": wanted[0],
            "problem": found if isinstance(found, str) else "",
            "found": None if isinstance(found, str) else found,
            "command": f"monarch update {wanted[0]}{only} --dry-run",
            "now_ms": now_ms,
        }
        return sheet(request, "Update", "update.html", 200, models, wrong)

    async def _found(self, request: Request, wanted: Which) -> tuple[int, _Made | str]:
        return await self._slow.found(wanted) if is_from_here(request) else (0, FROM_ELSEWHERE)

    async def _make(self, wanted: Which) -> _Made | str:
        found = await self._foresee(wanted)
        if isinstance(found, str):
            return found
        return await to_thread.run_sync(_drawn, found, self._github)


def _drawn(found: Sequence[TargetUpdate], github: str) -> _Made | str:
    document = json.dumps(plain(update_document(found, github, close=False))).encode()
    if len(document) > LARGEST:
        return "the differences are too large for the page: add ?target=owner/repo to the address, or use the command"
    return _Made(head_of(found), update_page(found, github), document)


def _json(found: _Made | str) -> Response:
    if isinstance(found, str):
        return JSONResponse({"error": found}, 422, NOT_KEPT)
    return Response(found.document, 200, NOT_KEPT, "application/json")
