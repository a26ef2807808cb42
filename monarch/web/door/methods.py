"""Which methods are answered where: nearly every address is there to be looked at only."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

SIGN_IN: Final = "/sign-in"
SIGN_OUT: Final = "/sign-out"
_ACTS: Final = "/acts/"

LOOKS: Final = ("GET", "HEAD")
"""The methods that change nothing."""


def answered_at(path: str) -> tuple[str, ...]:
    """The methods that are answered at an address of the page: elsewhere than here nothing can be pressed."""
    if path == SIGN_OUT:
        return ("POST",)
    return (*LOOKS, "POST") if path == SIGN_IN or path.startswith(_ACTS) else LOOKS


def only_these(methods: Sequence[str]) -> str:
    """What to tell who asks with another method."""
    *before, last = methods
    words = f"{', '.join(before)} and {last} are" if before else f"{last} is"
    return f"Only {words} answered at this address."


def looked_at(path: str, answer: Callable[[Request], Awaitable[Response]]) -> Route:
    """A route that refuses every other method itself: a route that only lacks it leaves it to what is mounted behind."""

    async def answered(request: Request) -> Response:
        if request.method in LOOKS:
            return await answer(request)
        status = HTTPStatus.METHOD_NOT_ALLOWED
        headers = {"Allow": ", ".join(LOOKS), "Cache-Control": "no-store"}
        return PlainTextResponse(f"{only_these(LOOKS)}\n", status, headers)

    route = Route(path, answered)
    route.methods = None
    return route
