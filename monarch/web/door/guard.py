"""Stands before every route of the page: no route sees a request that may not look, or not press.

So a route that is added later is closed by default. `/health` and `/ready` are not behind it (`web.server`): an orchestrator
asks under any name and signs in nowhere.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monarch.web.door.access import (
    AccessRefused,
    Named,
    Nameless,
    is_from_here,
    is_reached_by_name,
    may_look,
    says_whence,
    who,
)
from monarch.web.door.methods import SIGN_IN, answered_at, only_these
from monarch.web.door.throttle import Tries
from monarch.web.door.visit import Doors, Visit

_SHOWN_TO_ALL: Final = ("/static/",)
"""The look of the page, which the form for signing in needs."""

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""The headers of every answer of the page."""


class RefusalPage(Protocol):
    """Makes a page of a refusal, for people."""

    def __call__(self, request: Request, status: int, reason: str) -> Response:
        """The answer."""


@dataclass(slots=True)
class Guard:
    """The middleware. `refusal` makes pages; programs get JSON, and where there is no `refusal`, people plain text."""

    app: ASGIApp
    doors: Doors
    refusal: RefusalPage | None = None
    tries: Tries = field(default_factory=Tries)
    now_s: Callable[[], float] = time.time
    ticks_s: Callable[[], float] = time.monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = self._answer(scope)
        await (answer or self.app)(scope, receive, _with_headers(send))

    def _answer(self, scope: Scope) -> Response | None:
        """The answer in place of the page's; `None` if the page may answer. Then the scope has the visitor."""
        request, visit = Request(scope), visit_of(scope)
        state = scope.setdefault("state", {})
        state["can_sign_in"] = bool(self.doors.token)
        if not is_reached_by_name(visit, self.doors):
            return self._refused(request, AccessRefused(HTTPStatus.BAD_REQUEST, _UNKNOWN_NAME))
        visitor = self._who(visit)
        if isinstance(visitor, AccessRefused):
            return self._refused(request, visitor)
        state["visitor"] = visitor
        if visit.method in {"GET", "HEAD"}:
            return self._looking(request, visit, visitor)
        return self._pressing(request, visit, visitor)

    def _who(self, visit: Visit) -> Named | Nameless | AccessRefused:
        sent = visit.one("authorization")
        waits_s = self.tries.wait_s(visit.peer, self.ticks_s()) if sent else 0.0
        if waits_s:
            return AccessRefused(HTTPStatus.TOO_MANY_REQUESTS, too_many(waits_s))
        visitor = who(visit, self.doors, self.now_s())
        if isinstance(visitor, AccessRefused) and visitor.status == HTTPStatus.UNAUTHORIZED:
            self.tries.wrong(visit.peer, self.ticks_s())
        return visitor

    def _looking(
        self, request: Request, visit: Visit, visitor: Named | Nameless
    ) -> Response | None:
        path = request.url.path
        is_form = path == SIGN_IN and bool(self.doors.token)
        if is_form or path.startswith(_SHOWN_TO_ALL) or may_look(visitor, visit, self.doors):
            return None
        if self.doors.token and not wants_json(request):
            back = path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"{SIGN_IN}?next={quote(back, safe='')}", HTTPStatus.SEE_OTHER)
        return self._refused(request, self._why_not_shown())

    def _why_not_shown(self) -> AccessRefused:
        if self.doors.token:
            return AccessRefused(HTTPStatus.UNAUTHORIZED, _SIGN_IN)
        if self.doors.user_header:
            return AccessRefused(HTTPStatus.FORBIDDEN, f"Sign in first. {_THROUGH_PROXY}")
        return AccessRefused(HTTPStatus.FORBIDDEN, _NOT_HERE)

    def _pressing(
        self, request: Request, visit: Visit, visitor: Named | Nameless
    ) -> Response | None:
        answered = answered_at(request.url.path)
        if visit.method not in answered:
            reason = only_these(answered)
            return self._refused(request, AccessRefused(HTTPStatus.METHOD_NOT_ALLOWED, reason))
        if not self.doors.can_name:
            return self._refused(request, AccessRefused(HTTPStatus.FORBIDDEN, _NO_HANDS))
        may_press = isinstance(visitor, Named)
        signs_in = request.url.path == SIGN_IN and bool(self.doors.token)
        # What does not say where it comes from is no browser of today: without a name it lacks the token first of all.
        is_program = not (may_press or signs_in or says_whence(visit))
        if not (is_program or is_from_here(visit, visitor)):
            return self._refused(request, AccessRefused(HTTPStatus.FORBIDDEN, _FROM_ELSEWHERE))
        if may_press or signs_in:
            return None
        how = _AT_THE_FORM if self.doors.token else _THROUGH_PROXY
        reason = f"{_SIGN_IN_FIRST} {how}"
        return self._refused(request, AccessRefused(HTTPStatus.UNAUTHORIZED, reason))

    def _refused(self, request: Request, refused: AccessRefused) -> Response:
        status, reason = refused.status, refused.reason
        if wants_json(request):
            answer: Response = JSONResponse({"error": reason}, status)
        elif self.refusal is not None:
            answer = self.refusal(request, status, reason)
        else:
            answer = PlainTextResponse(f"{reason}\n", status)
        answer.headers["Cache-Control"] = "no-store"
        if status == HTTPStatus.UNAUTHORIZED:
            answer.headers["WWW-Authenticate"] = "Bearer"
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            answer.headers["Allow"] = ", ".join(answered_at(request.url.path))
        return answer


def visit_of(scope: Scope) -> Visit:
    """What the door sees of a request."""
    client = scope.get("client")
    headers = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in scope["headers"]]
    return Visit(scope["method"], client[0] if client else "", headers)


def visitor_of(request: Request) -> Named | Nameless:
    """The visitor that the guard let through."""
    visitor: Named | Nameless = getattr(request.state, "visitor", Nameless())
    return visitor


def can_sign_in(request: Request) -> bool:
    """Whether there is a form for signing in."""
    return bool(getattr(request.state, "can_sign_in", False))


def wants_json(request: Request) -> bool:
    """Whether a program asks; browsers and curl send `*/*`, too, so that counts as people."""
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


def too_many(waits_s: float) -> str:
    """What to tell an address that guesses."""
    return f"Too many wrong tokens came from this address. Try again in {waits_s:.0f} s."


_UNKNOWN_NAME: Final = "The page is not known under this name. Ask for it at its address, or at localhost, or add the name to MONARCH_WEB_NAMES."
_SIGN_IN: Final = (
    "Sign in first: with the page's token as `Authorization: Bearer …`, or at /sign-in."
)
_AT_THE_FORM: Final = (
    "Sign in at /sign-in; a program sends the page's token as `Authorization: Bearer …`."
)
_THROUGH_PROXY: Final = "Come through the proxy that signs people in (MONARCH_WEB_TRUSTED_PROXIES)."
_NOT_HERE: Final = (
    "The page is shown to its own machine alone. To sign people in set MONARCH_WEB_TOKEN, or MONARCH_WEB_USER_HEADER with"
    " MONARCH_WEB_TRUSTED_PROXIES; to show it to everybody who can reach this port set MONARCH_WEB_PUBLIC=true."
)
_FROM_ELSEWHERE: Final = (
    "Nothing was done: this request does not come from the page itself (Sec-Fetch-Site, Origin). Press the button on the"
    " page again, and let a proxy pass the Host header on. A program sends the page's token as `Authorization: Bearer …`,"
    " and neither of these headers."
)
_NO_HANDS: Final = (
    "Nothing was done: the page is to look at only, and has no buttons. Set MONARCH_WEB_TOKEN and sign in with it (a program"
    " sends it as `Authorization: Bearer …`), or set MONARCH_WEB_USER_HEADER with MONARCH_WEB_TRUSTED_PROXIES, so that it is"
    " known who presses; or use the command."
)
_SIGN_IN_FIRST: Final = (
    "Nothing was done: it is not known who asks, and what is done carries a name."
)
