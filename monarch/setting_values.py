"""What the values of settings may look like: each kind is parsed or refused here, where it comes in.

A refusal is a bare `ValueError`; `settings` says which variable it was, what is expected and what came.
"""

import re
from typing import Annotated, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

VALKEY_SCHEMES: Final = ("valkey", "valkeys", "redis", "rediss", "unix")
_WITH_TLS: Final = ("valkeys", "rediss")
_OF_TLS: Final = {
    "ssl_ca_certs",
    "ssl_cert_reqs",
    "ssl_certfile",
    "ssl_check_hostname",
    "ssl_keyfile",
}
_IN_QUERY: Final = {"username", "password"}
SENTINEL_PORT: Final = 26379
_NAMESPACE: Final = re.compile(r"[A-Za-z0-9_.-]+")
_GLOB: Final = re.compile(r"[^\s/,]+/[^\s/,]+")


def _one_line(value: SecretStr) -> SecretStr:
    """Refuse what no HTTP header can carry, such as two lines pasted as one."""
    text = value.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError
    return value


def _globs(value: object) -> object:
    """Split `a/*, b/c`; anything that is no string is left to pydantic.

    A list of nothing but commas is refused: an empty one allows everything, and that was hardly meant.
    """
    if not isinstance(value, str):
        return value
    globs = tuple(filter(None, (part.strip() for part in value.split(","))))
    if not all(_GLOB.fullmatch(glob) for glob in globs) or (value.strip() and not globs):
        raise ValueError
    return globs


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    _ = parts.port  # raises ValueError when it is no port
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError
    return value


def _addresses(value: object) -> object:
    """Split `host:port, host` into pairs; an IPv6 address stands in brackets."""
    if not isinstance(value, str):
        return value
    parts = [urlsplit(f"//{part.strip()}") for part in value.split(",") if part.strip()]
    if not all(part.hostname and not part.path and "@" not in part.netloc for part in parts):
        raise ValueError
    return tuple((part.hostname, part.port or SENTINEL_PORT) for part in parts)


def _valkey_url(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    place = parts.path if parts.scheme == "unix" else parts.hostname
    database = parts.path.strip("/") if parts.scheme != "unix" else ""
    _ = parts.port  # raises ValueError when it is no port
    if parts.scheme not in VALKEY_SCHEMES or not place or not (database or "0").isdecimal():
        raise ValueError
    options = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if options - _IN_QUERY - ({"db"} | (_OF_TLS if parts.scheme in _WITH_TLS else set())):
        raise ValueError
    return value


def _namespace(value: str) -> str:
    if not _NAMESPACE.fullmatch(value):
        raise ValueError
    return value


Token = Annotated[SecretStr, AfterValidator(_one_line)]
Addresses = Annotated[tuple[tuple[str, int], ...], BeforeValidator(_addresses)]
Globs = Annotated[tuple[str, ...], BeforeValidator(_globs)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
ValkeyUrl = Annotated[SecretStr, AfterValidator(_valkey_url)]
Namespace = Annotated[str, AfterValidator(_namespace)]
Upper = BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)
Lower = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)


def without_credentials(url: str) -> str:
    """The same address for logs and people: without user and password."""
    parts = urlsplit(url)
    query = [(key, value) for key, value in parse_qsl(parts.query) if key not in _IN_QUERY]
    host = parts.netloc.rpartition("@")[2]
    safe = urlunsplit(("", host, parts.path, urlencode(query), ""))
    return f"{parts.scheme}:{safe if host else '//' + safe}"
