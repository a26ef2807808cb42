"""Which proxy leads to an address: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in either case.

Read here and not by the HTTP library, which ends with a traceback if it cannot use one of them. As in curl and others,
the lower-case name wins, a proxy without a scheme is an `http://` one, and `NO_PROXY` names hosts (with all below them),
addresses, networks, each with or without a port, or `*` for all. Quotes around a value (Docker keeps those of an
`--env-file`), a scheme, semicolons and brackets around a network are understood, too.
A host of this machine is never reached through a proxy: no proxy reaches its loopback.
"""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from monarch.settings.values import Wrong

_AROUND: Final = " \t\r\n\"'"
_LONGEST_HOST: Final = 253
_HOST: Final = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)


def proxy_for(url: str, variables: Mapping[str, str]) -> str | None:
    """The proxy for an http(s) address; `None`: it is reached directly.

    Raises:
        Wrong: the variable that counts does not hold a proxy; the message names the variable, never its value.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if is_loopback(host) or _is_excepted(host, port, _value("no_proxy", variables)[1]):
        return None
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        variable, value = _value(name, variables)
        if value:
            return _checked(variable, value, host)
    return None


def is_loopback(host: str) -> bool:
    """Whether a host name or an address is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


def _value(name: str, variables: Mapping[str, str]) -> tuple[str, str]:
    lower, upper = (variables.get(each, "").strip(_AROUND) for each in (name, name.upper()))
    return (name, lower) if lower else (name.upper(), upper)


def _checked(variable: str, value: str, host: str) -> str:
    url = value if "://" in value else f"http://{value}"
    advice = f"Correct it, or name {host} in NO_PROXY"
    try:
        parts = urlsplit(url)
        # The port raises ValueError if it is none. A path is that of a script (PAC) that would choose a proxy.
        is_proxy = parts.port != 0 and _is_host(parts.hostname or "")
        is_proxy &= parts.path in {"", "/"} and not re.search(r"[\s\x00-\x1f?#]", url)
    except ValueError:
        is_proxy = False
    else:
        if parts.scheme.lower().startswith("socks"):
            message = f"{variable}: expected the address of an http or https proxy; got one of SOCKS, which Monarch does not speak. {advice}."
            raise Wrong(message)
        is_proxy = is_proxy and parts.scheme.lower() in {"http", "https"}
    if not is_proxy:
        message = f"{variable}: expected the address of an http or https proxy; got something else (not shown, it may hold a password). {advice}."
        raise Wrong(message)
    return url


def _is_host(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return len(name) <= _LONGEST_HOST and bool(_HOST.fullmatch(name))
    return True


def _is_excepted(host: str, port: int, no_proxy: str) -> bool:
    """Whether `no_proxy` names this host. An entry that cannot be read names none."""
    return any(_names(entry, host.lower(), port) for entry in _entries(no_proxy))


def _entries(no_proxy: str) -> Iterator[str]:
    return (_bare(entry.lower()) for entry in re.split(r"[\s,;\"']+", no_proxy) if entry)


def _bare(entry: str) -> str:
    """Without a scheme and what follows its host, and without the brackets of a network."""
    scheme, found, rest = entry.rpartition("://")
    bare = rest.partition("/")[0] if found and scheme else entry
    return re.sub(r"^\[([^]]+)\](/[0-9]+)$", r"\1\2", bare)


def _names(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    bare, its_port = _split_port(entry)
    if its_port not in {None, port}:
        return False
    try:
        address = ip_address(host)
    except ValueError:
        domain = bare.removeprefix("*").lstrip(".").rstrip(".")
        return bool(domain) and (host == domain or host.endswith(f".{domain}"))
    try:
        return address in ip_network(bare, strict=False)
    except ValueError:
        return False


def _split_port(entry: str) -> tuple[str, int | None]:
    """`[::1]:443` and `host:443`; an IPv6 address without brackets has no port."""
    found = re.fullmatch(
        r"\[(?P<v6>[^]]+)\](?::(?P<a>[0-9]{1,5}))?|(?P<host>[^:]+):(?P<b>[0-9]{1,5})", entry
    )
    if found is None:
        return entry, None
    port = found["a"] or found["b"]
    return found["v6"] or found["host"], int(port) if port else None
