"""Decides who the visitor is, whether they may look, and whether they may press: pure."""

import hmac
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final
from urllib.parse import urlsplit

from monarch.web.door.session import cookie_name, name_in
from monarch.web.door.visit import (
    LONGEST_NAME,
    Doors,
    Visit,
    address_of,
    in_utf_8,
    is_within,
    name_of,
)

_BEARER: Final = "bearer "
_BY: Final = "x-monarch-by"


class Way(Enum):
    """Where a name comes from."""

    PROXY = auto()
    """A trusted proxy has signed the person in."""
    SESSION = auto()
    """The person has the page's token, and gives their own name."""
    BEARER = auto()
    """A program sent the token."""


@dataclass(frozen=True, slots=True)
class Named:
    """A visitor who may look and press."""

    name: str
    way: Way

    @property
    def is_in_session(self) -> bool:
        """Whether there is a session that can be ended."""
        return self.way is Way.SESSION

    @property
    def by(self) -> str:
        """The name shown beside what they do; it distinguishes an unchecked name from a checked one."""
        return f"{self.name} (page)" if self.way is Way.PROXY else f"{self.name} (page's token)"


@dataclass(frozen=True, slots=True)
class Nameless:
    """A visitor who may look at most."""

    name = ""


@dataclass(frozen=True, slots=True)
class AccessRefused:
    """Nothing is shown, and nothing is done. `reason` says why and what to do, and contains no secret."""

    status: int
    reason: str


Who = Named | Nameless | AccessRefused


def is_reached_by_name(visit: Visit, doors: Doors) -> bool:
    """Whether the request names one of the page's own host names.

    An attacker's site can make its name lead to this machine (DNS rebinding), and its scripts then share an origin with
    the server that answers. It cannot do so with an IP address, nor with `localhost`.
    """
    host = visit.host
    is_plain = host == "localhost" or address_of(host) is not None
    return is_plain or host in doors.names


def who(visit: Visit, doors: Doors, now_s: float) -> Who:
    """Who the visitor is.

    Args:
        visit: the request.
        doors: the ways in.
        now_s: seconds since 1970; sessions end by it.
    """
    if doors.user_header and visit.all(doors.user_header):
        return _named_by_proxy(visit, doors)
    sent = visit.one("authorization")
    if sent.lower().startswith(_BEARER):
        return _bearer(sent[len(_BEARER) :].strip(), visit, doors)
    return _in_session(visit, doors, now_s)


def _named_by_proxy(visit: Visit, doors: Doors) -> Who:
    if not is_within(visit.peer, doors.proxies):
        reason = "The header that names a person is believed only from the proxies in MONARCH_WEB_TRUSTED_PROXIES."
        return AccessRefused(403, reason)
    if len(visit.all(doors.user_header)) > 1:
        reason = (
            "The header that names a person came twice. Let the proxy remove what its clients send."
        )
        return AccessRefused(400, reason)
    name = name_of(in_utf_8(visit.one(doors.user_header)))
    if not name:
        return AccessRefused(400, "The header that names a person holds no name.")
    return Named(name, Way.PROXY)


def is_token(given: str, doors: Doors) -> bool:
    """Whether this is the page's token, compared in constant time."""
    return bool(doors.token) and hmac.compare_digest(given.encode(), doors.token.encode())


def _bearer(given: str, visit: Visit, doors: Doors) -> Who:
    if not doors.token:
        return AccessRefused(401, "The page takes no token: MONARCH_WEB_TOKEN is not set.")
    if not is_token(given, doors):
        return AccessRefused(401, "This is not the page's token.")
    said = visit.one(_BY)
    name = name_of(in_utf_8(said))
    if said.strip() and not name:
        reason = f"X-Monarch-By should be a name of up to {LONGEST_NAME} printable characters."
        return AccessRefused(400, reason)
    return Named(name or f"a program at {visit.peer}", Way.BEARER)


def _in_session(visit: Visit, doors: Doors, now_s: float) -> Named | Nameless:
    if not doors.token:
        return Nameless()
    wanted = cookie_name(doors.token)
    for value in visit.all("cookie"):
        name = name_in(doors.token, _cookie(value, wanted), now_s)
        if name:
            return Named(name, Way.SESSION)
    return Nameless()


def _cookie(header: str, wanted: str) -> str:
    """A cookie's value. Not by `http.cookies`: there one odd cookie of another program hides all that follow."""
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return next((value for name, _, value in pairs if name == wanted), "")


def may_look(visitor: Named | Nameless, visit: Visit, doors: Doors) -> bool:
    """With a way to sign in: visitors who have signed in. Without: this machine. On a public page: anyone."""
    if isinstance(visitor, Named) or doors.is_public:
        return True
    return not doors.can_name and visit.is_local


def says_whence(visit: Visit) -> bool:
    """Whether a POST says where it comes from, as every browser's does."""
    return bool(visit.all("sec-fetch-site") or visit.all("origin"))


def is_from_here(visit: Visit, visitor: Who) -> bool:
    """Whether a POST comes from the page itself or from a program, and not from another site.

    A browser says so with `Sec-Fetch-Site`, or, if it does not trust the connection, with `Origin`. It lets no other site
    send a token, so a program with a token needs neither.
    """
    if visit.all("sec-fetch-site"):
        return visit.one("sec-fetch-site") == "same-origin"
    if visit.all("origin"):
        return _is_own(visit.one("origin"), visit)
    return isinstance(visitor, Named) and visitor.way is Way.BEARER


def _is_own(origin: str, visit: Visit) -> bool:
    """Whether it is of our own origin, ignoring the scheme: a proxy in front of us may speak TLS."""
    try:
        parts = urlsplit(origin.lower())
        default = {"http": 80, "https": 443}[parts.scheme]
        host = urlsplit(f"//{visit.one('host').lower()}")
        ours = (host.hostname, host.port or default)
        return bool(parts.hostname) and (parts.hostname, parts.port or default) == ours
    except (KeyError, ValueError):
        return False
