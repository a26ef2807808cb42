"""The parts of an HTTP request that the door looks at, and the ways in that an installation has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_FORWARDED: Final = frozenset(
    {"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"}
)
"""Headers by which a proxy shows itself."""

LONGEST_NAME: Final = 80
"""The longest name of a person, in characters: it is shown beside what they did, and in Slack."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The ways in, from the settings.

    Attributes:
        token: what people and programs sign in with, `""` if there is none.
        user_header: the header in which a trusted proxy names a person, in lower case; `""` if there is none.
        proxies: whose header is believed.
        names: the host names under which the page is reached, in lower case.
        is_public: whether looking needs no name.
    """

    token: str = field(default="", repr=False)
    user_header: str = ""
    proxies: Sequence[Network] = ()
    names: frozenset[str] = frozenset()
    is_public: bool = False

    @property
    def can_name(self) -> bool:
        """Whether there is a way to sign in."""
        return bool(self.token or self.user_header)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request as it came.

    Attributes:
        peer: the address at the other end of the connection, `""` without one (a Unix socket).
        headers: names in lower case, in their order, with repetitions.
    """

    method: str
    peer: str
    headers: Sequence[tuple[str, str]] = field(default=(), repr=False)

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name]

    def one(self, name: str) -> str:
        """The value of a header, `""` if it is missing or came more than once."""
        values = self.all(name)
        return values[0].strip() if len(values) == 1 else ""

    @property
    def host(self) -> str:
        """The requested host, in lower case and without its port; `""` if there is none."""
        return host_of(self.one("host"))

    @property
    def is_local(self) -> bool:
        """Whether it was sent from this machine to this machine, without a proxy's header."""
        own = self.host == "localhost" or _is_loopback(self.host)
        return own and _is_loopback(self.peer) and not any(map(self.all, _FORWARDED))


def host_of(text: str) -> str:
    """The host of a `Host` header, in lower case, without port, brackets and final dot; `""` if it is not a host."""
    host = text.strip().lower()
    if host.startswith("["):
        address, bracket, rest = host[1:].partition("]")
        return address if bracket and _is_port(rest) and address_of(address) else ""
    name, colon, port = host.partition(":")
    return name.removesuffix(".") if _is_port(colon + port) else ""


def _is_port(text: str) -> bool:
    return not text or (text[0] == ":" and text[1:].isascii() and text[1:].isdigit())


def address_of(text: str) -> Address | None:
    """An IP address; an IPv4 address in IPv6 form becomes IPv4. `None` if it is not an address."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def is_within(peer: str, networks: Iterable[Network]) -> bool:
    """Whether an address belongs to one of these networks."""
    found = address_of(peer)
    return found is not None and any(
        found.version == network.version and found in network for network in networks
    )


def _is_loopback(text: str) -> bool:
    found = address_of(text)
    return found is not None and found.is_loopback


def name_of(text: str) -> str:
    """A person's name as it is kept: runs of white space made one space; `""` if it is not a name.

    Unprintable characters are refused, and with them those that turn the direction of what follows.
    """
    name = " ".join(text.split())
    return name if name.isprintable() and len(name) <= LONGEST_NAME else ""


def in_utf_8(header: str) -> str:
    """A header's value, which was read as Latin-1, as its sender meant it: curl and most proxies send UTF-8."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header
