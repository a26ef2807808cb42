"""Signing in with the page's token, and out again."""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from monarch.web.acts.form import BadForm, form_of
from monarch.web.acts.routes import Drawing
from monarch.web.door.access import is_token
from monarch.web.door.guard import too_many, visit_of
from monarch.web.door.methods import SIGN_IN, SIGN_OUT
from monarch.web.door.session import LASTS_S, cookie_name, issued
from monarch.web.door.throttle import Tries
from monarch.web.door.visit import LONGEST_NAME, Doors, name_of


class SigningIn:
    """The form. Wrong tokens count together with those that programs send."""

    def __init__(
        self,
        doors: Doors,
        tries: Tries,
        draw: Drawing,
        now_s: Callable[[], float] = time.time,
        ticks_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._doors, self._tries, self._draw = doors, tries, draw
        self._now_s, self._ticks_s = now_s, ticks_s

    def routes(self) -> list[BaseRoute]:
        """The routes to add to the page's own; none without a token."""
        if not self._doors.token:
            return []
        return [
            Route(SIGN_IN, self._form, methods=["GET"]),
            Route(SIGN_IN, self._sign_in, methods=["POST"]),
            Route(SIGN_OUT, self._sign_out, methods=["POST"]),
        ]

    async def _form(self, request: Request) -> Response:
        return self._shown(request, _own(request.query_params.get("next", "")))

    async def _sign_in(self, request: Request) -> Response:
        peer, now = visit_of(request.scope).peer, self._ticks_s()
        if waits_s := self._tries.wait_s(peer, now):
            return self._shown(request, "/", too_many(waits_s), HTTPStatus.TOO_MANY_REQUESTS)
        try:
            form = await form_of(request)
        except BadForm as error:
            return self._shown(request, "/", str(error), HTTPStatus.BAD_REQUEST)
        name, back = name_of(form.get("name", "")), _own(form.get("next", ""))
        if not is_token(form.get("token", "").strip(), self._doors):
            self._tries.wrong(peer, now)
            return self._shown(request, back, _WRONG, HTTPStatus.FORBIDDEN, name)
        if not name:
            return self._shown(request, back, _NAMELESS, HTTPStatus.BAD_REQUEST)
        answer = RedirectResponse(back, HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})
        self._set(request, answer, issued(self._doors.token, name, self._now_s()), LASTS_S)
        return answer

    async def _sign_out(self, request: Request) -> Response:
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})
        self._set(request, answer, "", 0)
        return answer

    def _set(self, request: Request, answer: Response, value: str, lasts_s: int) -> None:
        answer.set_cookie(
            cookie_name(self._doors.token),
            value,
            max_age=lasts_s,
            path="/",
            # Over TLS, which a proxy may speak for us. A client that forges the header only loses its own cookie.
            secure="https" in (request.url.scheme, request.headers.get("x-forwarded-proto")),
            httponly=True,
            samesite="strict",
        )

    def _shown(
        self,
        request: Request,
        back: str,
        problem: str = "",
        status: int = HTTPStatus.OK,
        name: str = "",
    ) -> Response:
        models: Mapping[str, object] = {
            "next": back,
            "problem": problem,
            "name": name,
            "longest": LONGEST_NAME,
            "hours": LASTS_S // 3600,
        }
        return self._draw(request, "Sign in", "sign-in.html", status, models)


def _own(address: str) -> str:
    r"""An address of this page, else the front page: `//evil.example` and `/\evil.example` lead elsewhere."""
    is_own = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if is_own and address.isprintable() else "/"


_WRONG: Final = "This is not the page's token."
_NAMELESS: Final = (
    f"Say what you are called, in up to {LONGEST_NAME} characters: it stands beside what you do."
)
