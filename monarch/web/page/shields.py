"""What stands before every address of the page: which host it may be asked as, and what a browser may do with it.

A name that an attacker owns can be pointed at 127.0.0.1 (DNS rebinding), and a browser then takes the page for one of his.
So a name must be known. A bare IP address cannot be rebound: it is what it is.
"""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy: our own files, and nothing that stands in the page itself."""

HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Shields:
    """Refuses unknown hosts (421), and puts `HEADERS` on every answer.

    Args:
        hosts: names under which the page may be asked for, beside `localhost` and bare addresses, without ports.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = {"localhost", *(host.lower() for host in hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        asked = Headers(scope=scope).get("host", "")
        app = self._app if self._is_known(asked) else _unknown(asked)
        await app(scope, receive, guarded)

    def _is_known(self, asked: str) -> bool:
        try:
            host = urlsplit(f"//{asked}").hostname or ""
        except ValueError:
            return False
        return host in self._hosts or _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _unknown(asked: str) -> PlainTextResponse:
    return PlainTextResponse(
        f"This page is not known as {asked[:100]!a}. If that name is yours, add it to MONARCH_WEB_HOSTS.\n",
        status_code=421,
    )
