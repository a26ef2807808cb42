"""Whether the named files of certificates can be used: reported at the start, with the variable's name.

`SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's authorities; OpenSSL reads them, and so does httpx.
"""

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

_IN_VALKEY_URL = {
    "ssl_ca_certs": "certificates",
    "ssl_certfile": "a certificate",
    "ssl_keyfile": "a private key",
}


def certificate_mistakes(variables: Mapping[str, str], valkey_url: str) -> Iterator[str]:
    """A line for each variable that names something other than readable certificates."""
    file = variables.get("SSL_CERT_FILE", "").strip()
    if file:
        yield from _file("SSL_CERT_FILE", file, "a file of certificates in PEM")
    folder = variables.get("SSL_CERT_DIR", "").strip()
    # OpenSSL takes several, and leaves out those that are not folders; if none is left, nothing would be trusted.
    if folder and not any(Path(each).is_dir() for each in folder.split(":")):
        yield f"SSL_CERT_DIR: expected a folder of certificates; got {folder!r}. Correct it, or remove it."
    keylog = variables.get("SSLKEYLOGFILE", "").strip()
    if keylog and not _is_writable(keylog):
        yield f"SSLKEYLOGFILE: expected a file that can be written; got {keylog!r}. Correct it, or remove it."
    yield from _of_valkey(valkey_url)


def _of_valkey(url: str) -> Iterator[str]:
    for name, path in parse_qsl(urlsplit(url).query):
        if name == "ssl_ca_certs":
            yield from _file("VALKEY_URL", path, f"{_IN_VALKEY_URL[name]} in PEM for {name}")
        elif name in _IN_VALKEY_URL and not Path(path).is_file():
            yield _told("VALKEY_URL", f"a file with {_IN_VALKEY_URL[name]} for {name}", path, None)


def _file(variable: str, path: str, expected: str) -> Iterator[str]:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        yield _told(variable, expected, path, "it holds no certificate in PEM")
    except OSError as error:
        yield _told(variable, expected, path, error.strerror)


def _told(variable: str, expected: str, path: str, why: str | None) -> str:
    reason = f" ({why})" if why else ", which is no file"
    return f"{variable}: expected {expected}; got {path!r}{reason}. Correct it, or remove it."


def _is_writable(path: str) -> bool:
    try:
        with Path(path).open("a", encoding="utf-8"):
            return True
    except OSError:
        return False
