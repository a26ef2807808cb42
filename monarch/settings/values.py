"""What the values of settings may look like: each kind is parsed or refused here, where it comes in.

A refusal is a bare `ValueError`, or a `Wrong` if the expectation alone does not say enough; `settings` says which
variable it was, what is expected and what came.
"""

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from string import Template
from typing import Annotated, Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    InstanceOf,
    SecretStr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from monarch.core.copy.frame import BadTemplate, parse_template

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
_FORMS: Final = {
    "db": re.compile(r"[0-9]+"),
    "ssl_cert_reqs": re.compile(r"none|optional|required"),
    "ssl_check_hostname": re.compile(r"yes|no|true|false|on|off|1|0", re.IGNORECASE),
}
_BLANK: Final = re.compile(r"[\s\x00-\x1f\x7f]")
"""In an address; the parser drops line ends without a word."""

SENTINEL_PORT: Final = 26379
_NAMESPACE: Final = re.compile(r"[A-Za-z0-9_.-]+")
_OWNER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_CLASS: Final = re.compile(r"\[!?[A-Za-z0-9_.-]+\]")
_GLOB: Final = re.compile(
    rf"(?![_-])([A-Za-z0-9_*?-]|{_CLASS.pattern})+/([A-Za-z0-9_.*?-]|{_CLASS.pattern})+"
)
_IN_NAMES: Final = "abcdefghijklmnopqrstuvwxyz0123456789_.-"

_APP_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")
_MARKER_KEY: Final = re.compile(r"[!-+\--~]{16,200}")
"""Printable ASCII without commas and white space: it is pasted into files and forms."""

_PAGE_TOKEN: Final = re.compile(r"[!-~]{16,200}")
_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252})")
_TAKEN_HEADERS: Final = {
    "authorization",
    "connection",
    "cookie",
    "host",
    "origin",
    "x-forwarded-for",
}
"""Headers that a browser or any proxy sends on its own: none of them names a person."""

_MAX_FILE: Final = 256 * 1024


class Wrong(ValueError):  # noqa: N818 - a word of the contract, like BadRef
    """Why a value is refused, in words that may be shown: they contain no part of a secret.

    Attributes:
        expected: what is expected instead of what the field says, where another variable decides that.
    """

    def __init__(self, why: str = "", *, expected: str = "") -> None:
        super().__init__(why)
        self.expected = expected


def _one_line(value: SecretStr) -> SecretStr:
    """Refuse what no HTTP header can carry, such as two lines pasted as one."""
    text = value.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise Wrong("there is a blank, a line end or another sign in it that no token has")
    return value


def _globs(value: object) -> object:
    """Split `a/*, b/c`; anything but a string is left to pydantic.

    A list of nothing but commas is refused: an empty list allows everything, which was hardly meant.
    """
    if not isinstance(value, str):
        return value
    globs = tuple(filter(None, (part.strip() for part in value.split(","))))
    if not all(map(_can_match, globs)) or (value.strip() and not globs):
        raise ValueError
    return globs


def _can_match(glob: str) -> bool:
    """Whether some repository can have such a name; `owner/[` and `owner/name.git` would allow nothing, in silence."""
    name = glob.lower().partition("/")[2]
    if not _GLOB.fullmatch(glob) or name in {".", ".."} or name.endswith(".git"):
        return False
    classes = _CLASS.findall(glob.lower())
    return all(any(fnmatchcase(one, found) for one in _IN_NAMES) for found in classes)


def _owners(value: object) -> object:
    """Split `org, person`, each once; anything but a string is left to pydantic."""
    if not isinstance(value, str):
        return value
    owners = tuple(filter(None, (part.strip() for part in value.split(","))))
    if not all(_OWNER.fullmatch(owner) for owner in owners) or (value.strip() and not owners):
        raise ValueError
    return tuple({owner.lower(): owner for owner in reversed(owners)}.values())[::-1]


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    _ = parts.port  # raises ValueError when it is no port
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError
    # Paths are appended to it; and a query may hold a token.
    if "?" in value or "#" in value or _BLANK.search(value):
        raise ValueError
    return value


def _github_url(value: str) -> str:
    """Refuse what is certainly not the REST API: there each call would answer that the repository does not exist."""
    parts = urlsplit(_http_url(value))
    host = (parts.hostname or "").removeprefix("www.")
    if host == "github.com" or (host.endswith(".ghe.com") and not host.startswith("api.")):
        raise Wrong(f"the API is at https://api.{host}")
    if parts.path.rstrip("/").endswith("/graphql"):
        raise Wrong("the REST API is at the same address without /graphql")
    return value


def _slack_url(value: str) -> str:
    """Refuse Slack's pages and webhooks."""
    parts = urlsplit(_http_url(value))
    host = parts.hostname or ""
    if host == "hooks.slack.com":
        raise Wrong(
            "a webhook edits no message; Monarch needs https://slack.com/api/ and a bot token"
        )
    if host in {"slack.com", "www.slack.com", "api.slack.com"} and parts.path.rstrip("/") != "/api":
        raise Wrong("the API is at https://slack.com/api/")
    return value


def _addresses(value: object) -> object:
    """Split `host:port, host` into pairs; an IPv6 address is in brackets."""
    if not isinstance(value, str):
        return value
    parts = [urlsplit(f"//{part.strip()}") for part in value.split(",") if part.strip()]
    if not all(part.hostname and f"//{part.netloc}" == part.geturl() for part in parts):
        raise ValueError
    if any("@" in part.netloc for part in parts):
        raise ValueError
    return tuple((part.hostname, part.port or SENTINEL_PORT) for part in parts)


def _valkey_url(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    parts = urlsplit(url)
    is_socket = parts.scheme == "unix"
    place = parts.path if is_socket else parts.hostname
    database = "" if is_socket else parts.path.strip("/")
    _check_port(parts)
    if parts.scheme not in VALKEY_SCHEMES or not place:
        raise ValueError
    if not (database or "0").isdecimal():
        raise Wrong("the database behind the last / is not a number")
    # In unix://tmp/valkey.sock the first folder would count as a host, which is hardly meant.
    if _BLANK.search(url) or (is_socket and parts.hostname):
        raise ValueError
    if "#" in url:
        raise Wrong("what follows a # would be left out: in a password, a name or a path write %23")
    _check_options(parts, database)
    return value


def _check_port(parts: SplitResult) -> None:
    try:
        _ = parts.port
    except ValueError:
        raise Wrong(
            "there is no port behind the host: if a password has #, / or ? in it, write %23, %2F or %3F"
        ) from None


def _check_options(parts: SplitResult, database: str) -> None:
    """Each option once and in its form: the client would take the first of two, or end with a traceback."""
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    options = dict(pairs)
    if options.keys() & _OF_TLS and parts.scheme not in _WITH_TLS:
        raise Wrong("options that begin with ssl_ need valkeys:// or rediss://")
    if options.keys() - (_IN_QUERY | {"db"} | _OF_TLS) or len(pairs) != len(options):
        raise ValueError
    if not all(form.fullmatch(options[name]) for name, form in _FORMS.items() if name in options):
        raise ValueError
    if database and options.get("db", database) != database:
        raise Wrong(
            "it names two databases, one behind the host and one as db: leave one of them out"
        )


def _app_id(value: str) -> str:
    if not _APP_ID.fullmatch(value):
        raise ValueError
    return value


def _private_key(value: object) -> object:
    """A PEM as it is, or in one line with escapes for its line ends, so that it survives a file of variables."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str):
        return value
    pem = "\n".join(text.replace("\\r", "").replace("\\n", "\n").strip().splitlines()) + "\n"
    _check_key(pem)
    return SecretStr(pem)


def _check_key(pem: str) -> None:
    # Imported here, since most commands do not need it, and loading it takes longer than they do.
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - see above

    try:
        key = load_pem_private_key(pem.encode(), None)
    except TypeError:
        raise Wrong("it is protected by a passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Wrong("it is no private key in PEM") from None
    if not isinstance(key, RSAPrivateKey):
        raise Wrong("it is a key, and not one of RSA")


def _text_of(value: object) -> object:
    """The text of the named file; anything but a name is left to pydantic."""
    if not isinstance(value, str | Path):
        return value
    path = Path(value)
    try:
        if path.exists() and not path.is_file():
            raise Wrong("it is no file")
        if path.stat().st_size > _MAX_FILE:
            raise Wrong(f"it is larger than {_MAX_FILE // 1024} KiB")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Wrong(f"it cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Wrong("it is not in UTF-8") from None


def _template(value: object) -> object:
    if not isinstance(value, str):
        return value
    template = parse_template(value)
    if isinstance(template, BadTemplate):
        raise Wrong("; ".join(template.mistakes))
    return template


def _marker_keys(value: SecretStr) -> SecretStr:
    """Refuse what is too short to be a key, and what was split by mistake."""
    if not all(_MARKER_KEY.fullmatch(key) for key in keys_of(value)):
        raise ValueError
    return value


def keys_of(value: SecretStr) -> tuple[str, ...]:
    """The keys of a list with commas between, in their order."""
    return tuple(key.strip() for key in value.get_secret_value().split(","))


def _page_token(value: SecretStr) -> SecretStr:
    """Refuse what can be guessed, and what no header can carry."""
    if not _PAGE_TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError
    return value


def _header(value: str) -> str:
    if not _HEADER.fullmatch(value):
        raise ValueError
    if value.lower() in _TAKEN_HEADERS:
        raise Wrong("it names no person")
    return value


def _networks(value: object) -> object:
    """Split `10.0.0.0/8, ::1`; an address alone is a network of one."""
    if not isinstance(value, str):
        return value
    return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())


def _host_names(value: object) -> object:
    """Split `a.example, b`; names alone, without scheme and port."""
    if not isinstance(value, str):
        return value
    found = tuple(filter(None, (part.strip().lower() for part in value.split(","))))
    if not all(map(_HOST_NAME.fullmatch, found)):
        raise ValueError
    return found


def _listening(value: str) -> str:
    """An address, or the one name that every machine has: what another name leads to is known only when it is asked."""
    if value.lower() != "localhost":
        ip_address(value)
    return value


def _namespace(value: str) -> str:
    if not _NAMESPACE.fullmatch(value):
        raise ValueError
    return value


def _folded(
    fold: Callable[[str], str],
) -> Callable[[object, ValidatorFunctionWrapHandler], object]:
    """Take a word in upper and lower case alike; a refusal quotes it as it came, since people look for that."""

    def read(value: object, known: ValidatorFunctionWrapHandler) -> object:
        try:
            return known(fold(value) if isinstance(value, str) else value)
        except ValidationError:
            raise ValueError from None

    return read


Token = Annotated[SecretStr, AfterValidator(_one_line)]
AppId = Annotated[str, AfterValidator(_app_id)]
MarkerKeys = Annotated[SecretStr, AfterValidator(_marker_keys)]
PrivateKey = Annotated[SecretStr, BeforeValidator(_private_key)]
# One validator each: a second one would show the value that it met in place of the path.
PrivateKeyFile = Annotated[SecretStr, BeforeValidator(lambda value: _private_key(_text_of(value)))]
TemplateFile = Annotated[
    InstanceOf[Template], BeforeValidator(lambda value: _template(_text_of(value)))
]
Addresses = Annotated[tuple[tuple[str, int], ...], BeforeValidator(_addresses)]
Owners = Annotated[tuple[str, ...], BeforeValidator(_owners)]
ListenHost = Annotated[str, AfterValidator(_listening)]
Globs = Annotated[tuple[str, ...], BeforeValidator(_globs)]
HeaderName = Annotated[str, AfterValidator(_header)]
HostNames = Annotated[tuple[str, ...], BeforeValidator(_host_names)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
GitHubUrl = Annotated[str, AfterValidator(_github_url)]
SlackUrl = Annotated[str, AfterValidator(_slack_url)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_networks)]
PageToken = Annotated[SecretStr, AfterValidator(_page_token)]
ValkeyUrl = Annotated[SecretStr, AfterValidator(_valkey_url)]
Namespace = Annotated[str, AfterValidator(_namespace)]
Upper = WrapValidator(_folded(str.upper))
Lower = WrapValidator(_folded(str.lower))


def without_credentials(url: str) -> str:
    """The same address for logs and people: without user and password."""
    parts = urlsplit(url)
    query = [(key, value) for key, value in parse_qsl(parts.query) if key not in _IN_QUERY]
    host = parts.netloc.rpartition("@")[2]
    safe = urlunsplit(("", host, parts.path, urlencode(query), ""))
    return f"{parts.scheme}:{safe if host else '//' + safe}"
