"""One HTTP request, sent once: did its bytes leave, and what came back?

The caller of a write has to know whether a failed request *may* have taken effect. The type of an exception
does not tell: a timeout can strike before the first byte and after the last. So this module watches
the connection itself (httpcore's trace) and answers with one of

```
Reply      an answer came, whole
HeldBack   `may_send` said no right before the first byte, or right before the body's: no whole request left
NeverLeft  it failed before the first byte: certainly without an effect
NoAnswer   it failed after the first byte may have left: its effect is unknown
TooLarge   the same, because the answer is larger than `http_body.MAX_BYTES`; asking again brings the same
```

Nothing is sent twice and no redirect is followed; httpx's exceptions go no further.
What remains: a process may be frozen between the last `may_send` and the system call that sends the body.
"""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final

import anyio
import httpx

from monarch.adapters.http_body import ACCEPTED, MAX_BYTES, TooLargeError, read_body
from monarch.core.github.reply import Reply
from monarch.core.redact import HIDDEN, quote

CONNECT_TIMEOUT_S = 3.0
"""For each of: a place in the pool, the connection (with finding the host), TLS. Together less than a
write's deadline, so that what fails before the first byte fails by itself and is known as such."""

KEPT_OPEN_S = 8.0
"""How long an idle connection is kept, in seconds: longer than a slow permission takes to arrive, so that a connection
that was opened for a write is still open when the write may leave."""

PROXIED: Final = "by way of the proxy"
"""Stands in the reason of a `NeverLeft` if a proxy was asked."""

_BEFORE_THE_REQUEST = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Nothing that a server could act on was sent: `may_send` said no."""


@dataclass(frozen=True, slots=True)
class NeverLeft:
    """Nothing was sent: it failed before."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """It may have been sent, and no whole answer came."""

    reason: str


class TooLarge(NoAnswer):
    """An answer came that is too large to be read. It says nothing of what was done."""


Failure = NeverLeft | NoAnswer
Sent = Reply | HeldBack | Failure


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that are trusted: loaded once, for they take megabytes."""
    return httpx.create_ssl_context()


class Client(httpx.AsyncClient):
    """A client that can say which proxy it asks: if it cannot be reached, the other end is not to blame."""

    def __init__(self, *, proxy: str | None, **options: Any) -> None:
        super().__init__(proxy=proxy, **options)
        self.by_way_of = None if proxy is None else httpx.URL(proxy)


def new_client(
    base_url: str,
    headers: Mapping[str, str],
    transport: httpx.AsyncBaseTransport | None,
    proxy: str | None = None,
) -> Client:
    """Make a client that repeats nothing, follows nothing, caches nothing and keeps no cookies.

    Args:
        base_url: with or without a final slash.
        transport: for tests; `None` is the network.
        proxy: the address of an http(s) proxy; `None`: the way is direct. The environment is not asked.
    """
    limits = httpx.Limits(
        max_connections=20, max_keepalive_connections=10, keepalive_expiry=KEPT_OPEN_S
    )
    return Client(
        verify=_trusted(),
        base_url=base_url.rstrip("/") + "/",
        headers={"Accept-Encoding": ACCEPTED, **headers},
        transport=transport,
        limits=limits,
        timeout=httpx.Timeout(10.0, connect=CONNECT_TIMEOUT_S, pool=CONNECT_TIMEOUT_S),
        follow_redirects=False,
        trust_env=False,
        proxy=proxy,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
    )


async def send_once(
    client: httpx.AsyncClient,
    method: str,
    url: httpx.URL | str,
    *,
    deadline_s: float,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    may_send: Callable[[], bool] | None = None,
) -> Sent:
    """Send one request and read its answer, all within `deadline_s` seconds.

    Args:
        url: whole, or relative to the client's base.
        headers: beside those of the client.
        may_send: asked before connecting, right before the first byte and right before the body; `None` is always yes.
    """
    departure = _Departure(may_send or _always)
    reason = f"no answer within {deadline_s:.2g} s"
    with anyio.move_on_after(deadline_s):
        try:
            departure.ask()
            extensions = {"trace": departure.watch}
            request = client.build_request(
                method, url, content=content, headers=headers, extensions=extensions
            )
            return await _receive(client, request)
        except _HeldBackError:
            return HeldBack()
        except TooLargeError:
            return TooLarge(f"its answer is larger than {MAX_BYTES // 2**20} MB")
        # OSError: a broken TLS record comes through httpx as a bare ssl.SSLError.
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            reason = _describe(error, client)
            departure.note(error)
    return NoAnswer(reason) if departure.may_have_left else NeverLeft(reason)


_ABOUT_TO_SEND = (".send_request_headers.started", ".send_request_body.started")
"""A body that was announced and never came is no request: so the last check is the one before the body."""


class _HeldBackError(Exception):
    """`may_send` said no; it never leaves this module."""


class _Departure:
    """Watches whether a request begins to leave.

    A transport that does not trace proves nothing by its silence, so a failure counts as *never left*
    only where a trace was seen or where the failure itself is one of getting connected.
    """

    def __init__(self, may_send: Callable[[], bool]) -> None:
        self._may_send = may_send
        self._began = False
        self._proven = False

    @property
    def may_have_left(self) -> bool:
        return self._began or not self._proven

    def ask(self) -> None:
        if not self._may_send():
            raise _HeldBackError

    def note(self, error: Exception) -> None:
        self._proven = self._proven or isinstance(error, _BEFORE_THE_REQUEST)

    async def watch(self, event: str, info: Mapping[str, object]) -> None:
        """Be httpcore's trace extension; raising here stops the request."""
        self._proven = True
        if event.endswith(_ABOUT_TO_SEND) and not _is_tunnel(info):
            self.ask()
            self._began = True


def _is_tunnel(info: Mapping[str, object]) -> bool:
    """Whether what leaves is only a proxy's CONNECT, which carries nothing of ours."""
    request = info.get("request")
    return getattr(request, "method", b"") == b"CONNECT"


def _always() -> bool:
    return True


async def _receive(client: httpx.AsyncClient, request: httpx.Request) -> Reply:
    """The answer as it came; a refusal without the secret that was sent, a success as it is: it is content."""
    response = await client.send(request, stream=True)
    try:
        body = await read_body(response)
    finally:
        with anyio.CancelScope(shield=True):
            await response.aclose()
    reply = Reply(response.status_code, dict(response.headers), body)
    return reply if response.is_success else without_secret(reply, response.request.headers)


def without_secret(reply: Reply, sent: httpx.Headers) -> Reply:
    """The answer to a request with the headers `sent`, its credential taken out wherever it was repeated.

    Some proxies show a request's headers in their error pages, and the words of a refusal end in dead letters and in
    Slack, where no secret is known that could be hidden.
    """
    secret = sent.get("authorization", "").rpartition(" ")[2]
    if not secret:
        return reply
    headers = {name: value.replace(secret, HIDDEN) for name, value in reply.headers.items()}
    return Reply(reply.status, headers, reply.body.replace(secret.encode(), HIDDEN.encode()))


def _describe(error: Exception, client: httpx.AsyncClient) -> str:
    """Say what broke, on one line; httpx's messages carry no headers, so no secret either.

    They do not say either who could not be reached, and there are several, or whether a proxy stood between.
    """
    text = quote(str(error), 200).rstrip(".")  # more is joined to it
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if not isinstance(error, _BEFORE_THE_REQUEST):
        return said
    proxy = client.by_way_of if isinstance(client, Client) else None
    way = f", {PROXIED} {_place(proxy)}" if proxy is not None else ""
    return f"{said} ({_place(client.base_url)}{way})"


def _place(url: httpx.URL) -> str:
    return f"{url.host}:{url.port or (443 if url.scheme == 'https' else 80)}"
