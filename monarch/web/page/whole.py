"""A whole page around what it shows: it has the reader's name, outside of what is sent live to all readers."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from monarch.web.door.guard import can_sign_in, visitor_of
from monarch.web.page import drawing
from monarch.web.page.sights import PageRequest

NOT_KEPT: Final = {"Cache-Control": "no-store", "Vary": "Accept"}


def whole(
    request: Request,
    wish: PageRequest | None,
    title: str,
    html: str,
    at_ms: int,
    status: int,
    trouble: str = "",
) -> Response:
    """A page.

    Args:
        request: who asked.
        wish: what it then shows live; `None`: nothing.
        title: of the window.
        html: what it shows.
        at_ms: as of when, in milliseconds since 1970; 0: of no moment.
        status: of the HTTP answer.
        trouble: what is the matter with Valkey, in a few words; `""` for nothing.
    """
    text = drawing.draw(
        "layout.html",
        wish=wish,
        title=title,
        html=html,
        at_ms=at_ms,
        trouble=trouble,
        visitor=visitor_of(request),
        can_sign_in=can_sign_in(request),
        here=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
    )
    return HTMLResponse(text, status, NOT_KEPT)


def sheet(
    request: Request, title: str, template: str, status: int, models: Mapping[str, object]
) -> Response:
    """A page that does not change while it is open: an act, a receipt, a form, a refusal."""
    html = drawing.draw(template, title=title, **models)
    return whole(request, None, title, html, 0, status)


def refusal(request: Request, status: int, reason: str) -> Response:
    """The door's refusal, for people."""
    return sheet(
        request,
        "Not shown" if request.method == "GET" else "Not done",
        "trouble.html",
        status,
        {"reason": reason},
    )
