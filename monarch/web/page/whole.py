"""A whole page around what it shows: it has the reader's name, outside of what is sent live to all readers."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

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
    mistakes: Sequence[str] = (),
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
        mistakes: what is wrong with the query of the address, each without a full stop.
    """
    text = drawing.draw(
        "layout.html",
        wish=wish,
        title=title,
        html=html,
        at_ms=at_ms,
        trouble=trouble,
        mistakes=mistakes,
        visitor=visitor_of(request),
        can_sign_in=can_sign_in(request),
        here=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
    )
    return HTMLResponse(text, status, NOT_KEPT)


def sheet(
    request: Request,
    title: str,
    template: str,
    status: int,
    models: Mapping[str, object],
    mistakes: Sequence[str] = (),
) -> Response:
    """A page that does not change while it is open: an act, a receipt, a form, a refusal."""
    html = drawing.draw(template, title=title, **models)
    return whole(request, None, title, html, 0, status, mistakes=mistakes)


def refusal(request: Request, status: int, reason: str) -> Response:
    """The door's refusal, for people."""
    return sheet(
        request,
        "Not shown" if request.method == "GET" else "Not done",
        "trouble.html",
        status,
        {"reason": reason},
    )


def misasked(mistakes: Sequence[str]) -> Response:
    """The answer to a program whose query has these mistakes: what it would get is not what it asked for."""
    return JSONResponse({"error": "; ".join(mistakes)}, 422, NOT_KEPT)
