"""The sockets to Valkey: what an address means, and when a connection is replaced.

A connection is dropped before its next command, and a new one made, when

- the server has answered `READONLY`: it was the primary and is a replica now. Whether an address or a name leads to
  the new one, or the Sentinels do, only a new connection finds out;
- the Sentinels name another primary (see `sentinel`), even though the old one still answers.

A server that Sentinels name is believed to be the primary only once its own `ROLE` says so.

TLS (`valkeys://`) trusts the system's authorities, those of `SSL_CERT_FILE`, and those of `?ssl_ca_certs=<file>`; and
it checks that the certificate is the host's, which the client by itself does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
from valkey.asyncio import Connection, ConnectionPool, SSLConnection, UnixDomainSocketConnection
from valkey.asyncio.connection import AbstractConnection, ValkeySSLContext, parse_url
from valkey.connection import LibvalkeyRespSerializer
from valkey.exceptions import ConnectionError as ConnectionLostError
from valkey.exceptions import MaxConnectionsError, ReadOnlyError

from monarch.adapters.valkey.client.sentinel import Guide, Sentinels

SOCKET_TIMEOUT_S = 5.0
"""How long a connection may go without an answer before it is dead, in seconds. Longer than `BLOCK_MS`, as a test checks."""

TURN_WITHIN_S = SOCKET_TIMEOUT_S
"""How long a call waits for a connection that others use, in seconds: by then a dead one is dropped."""

# TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT on Linux: a peer that vanished is noticed after 60 s at the latest.
_KEEPALIVE: Final = {4: 30, 5: 10, 6: 3}

_PACKER: Final = LibvalkeyRespSerializer()


@dataclass(frozen=True, slots=True)
class ServerPlace:
    """Where Valkey is, made once (by `place`) for all connections of a process.

    Attributes:
        kind: how it is reached.
        options: of each connection; they share the trusted certificates, which take a while to load.
        guide: asks the Sentinels; `None` where there are none.
    """

    kind: type[AbstractConnection]
    options: Mapping[str, Any] = field(repr=False)
    guide: Guide | None = None


def place(url: str, sentinels: Sentinels | None = None) -> ServerPlace:
    """Say where Valkey is; nothing is asked yet.

    Args:
        url: `valkey://`, `valkeys://`, `redis://`, `rediss://` or `unix://`, with its credentials.
        sentinels: they name the primary; then the host and the port of `url` mean nothing, and the rest of it
            counts. They are asked over TLS if `url` asks for TLS.
    """
    kind, options = _kind_and_options(url)
    if sentinels is None:
        return ServerPlace(kind, options)
    shared = {name: value for name, value in options.items() if name.startswith(("tls", "socket_"))}
    credentials = {"username": sentinels.username, "password": sentinels.password}
    guide = Guide(sentinels, TlsLink if kind is TlsLink else TcpLink, {**shared, **credentials})
    # Not even by accident to the host that the URL names.
    return ServerPlace(kind, {**options, "host": "", "port": 0}, guide)


class PatientPool(ConnectionPool):
    """A pool whose callers wait for their turn while all its connections are in use, `TURN_WITHIN_S` at most.

    The client's own waiting pool loses a turn where a caller is cancelled as it comes.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._turns = anyio.Semaphore(self.max_connections)

    async def get_connection(self, command_name: Any, *keys: Any, **options: Any) -> Any:
        """A connection; where there is none to be had, its turn is given back by `release`.

        Raises:
            MaxConnectionsError: the others kept theirs for too long.
        """
        try:
            self._turns.acquire_nowait()
        except anyio.WouldBlock:
            await self._wait_for_turn()
        return await super().get_connection(  # type: ignore[no-untyped-call]  # valkey-py leaves it untyped
            command_name, *keys, **options
        )

    async def release(self, connection: AbstractConnection) -> None:
        """Take a connection back, and let the next caller have its turn."""
        await super().release(connection)
        self._turns.release()

    async def _wait_for_turn(self) -> None:
        try:
            with anyio.fail_after(TURN_WITHIN_S):
                await self._turns.acquire()
        except TimeoutError:
            raise MaxConnectionsError(
                f"Timeout: no turn within {TURN_WITHIN_S:g} s on any of our connections ({self.max_connections})"
            ) from None


def pool(where: ServerPlace, **options: Any) -> PatientPool:
    """A pool of connections to a place, whose own options win over `options`."""
    guided = {"guide": where.guide} if where.guide else {}
    return PatientPool(connection_class=where.kind, **{**options, **where.options, **guided})


def _kind_and_options(url: str) -> tuple[type[AbstractConnection], dict[str, Any]]:
    given: dict[str, Any] = dict(parse_url(url))
    options = {"socket_timeout": SOCKET_TIMEOUT_S, "socket_connect_timeout": SOCKET_TIMEOUT_S}
    by_tcp = {"socket_keepalive": True, "socket_keepalive_options": _KEEPALIVE}
    kind = given.pop("connection_class", Connection)
    if kind is UnixDomainSocketConnection:
        return UnixLink, {**options, **given}
    if kind is not SSLConnection:
        return TcpLink, {**options, **by_tcp, **given}
    of_tls = {name: given.pop(name) for name in tuple(given) if name.startswith("ssl_")}
    return TlsLink, {**options, **by_tcp, **given, "tls": _trust(of_tls)}


def _trust(options: Mapping[str, Any]) -> ValkeySSLContext:
    """Whom to trust; loaded at first use, and kept."""
    named = {name.removeprefix("ssl_"): value for name, value in options.items()}
    # A certificate that is not looked at cannot be compared with a name.
    verified = named.get("cert_reqs", "required") == "required"
    return ValkeySSLContext(**{"cert_reqs": "required", "check_hostname": verified, **named})


class _Link(AbstractConnection):
    """What every kind of connection adds to the client's own, which is the other base of each class."""

    host: str
    port: int

    def __init__(self, *, guide: Guide | None = None, **options: Any) -> None:
        self._guide = guide
        self._is_demoted = False
        super().__init__(**options)

    async def connect(self) -> None:
        """Connect, if need be to another server than before; called before every command."""
        if self.is_connected and await self._must_leave():
            await self.disconnect(nowait=True)
        await super().connect()  # type: ignore[no-untyped-call]  # valkey-py leaves it untyped

    async def _connect(self) -> None:
        self._is_demoted = False
        if self._guide is not None:
            self.host, self.port = await self._guide.locate()
        await super()._connect()  # type: ignore[safe-super, no-untyped-call]  # the class beside has it

    async def on_connect(self) -> None:
        """Introduce the connection; with Sentinels, ask for the role, since they may not know yet that it has changed."""
        await super().on_connect()
        if self._guide is None:
            return
        await self.send_command("ROLE", check_health=False)
        role = (await self.read_response())[0].decode()
        if role != "master":
            raise ConnectionLostError(f"{self.host}:{self.port} is no primary, it says {role!r}")

    def pack_command(self, *args: Any) -> list[bytes]:
        """A command as bytes for the wire, packed in C; the library does that only for its blocking connections."""
        return _PACKER.pack(*args)

    async def read_response(
        self,
        disable_decoding: bool = False,  # noqa: FBT001, FBT002  # the client's own signature
        timeout: float | None = None,
        *,
        disconnect_on_error: bool = True,
        push_request: bool | None = False,
    ) -> Any:
        """Read an answer, and remember when it says that writes are refused here from now on.

        Only a subscribed connection sets a time to wait; it sends no commands before which it could be left.
        """
        if timeout is not None and await self._must_leave():
            raise ConnectionLostError(f"{self.host}:{self.port} is no longer the primary")
        try:
            return await super().read_response(
                disable_decoding,
                timeout,
                disconnect_on_error=disconnect_on_error,
                push_request=push_request,
            )
        except ReadOnlyError:
            self._is_demoted = True
            raise

    async def _must_leave(self) -> bool:
        if self._guide is None:
            return self._is_demoted
        return self._is_demoted or await self._guide.has_moved_from((self.host, self.port))


class TcpLink(_Link, Connection):
    """A connection by TCP."""


class TlsLink(_Link, SSLConnection):
    """A connection by TCP with TLS."""

    def __init__(self, *, tls: ValkeySSLContext, **options: Any) -> None:
        super().__init__(**options)
        self.ssl_context = tls


class UnixLink(_Link, UnixDomainSocketConnection):
    """A connection by a Unix socket; there are no Sentinels for it."""
