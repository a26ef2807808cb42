"""Whether the named files of certificates can be used: reported at the start, with the variable's name.

`SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's authorities; OpenSSL and httpx read them from the process itself,
to the letter.
"""

import re
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

OF_LIBRARIES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
"""Variables that libraries read from the process itself: in a file they have no effect."""

_IN_VALKEY_URL = {"ssl_certfile": "a certificate", "ssl_keyfile": "a private key"}
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
"""The names by which OpenSSL finds a certificate in a folder; it reads no others."""


def certificates_out_of_reach(
    process: Mapping[str, str], file: Mapping[str, str], at: str
) -> Iterator[str]:
    """A line for each such variable that the libraries would not see, or not as it was meant; `at` names the file."""
    for name in OF_LIBRARIES:
        value = process.get(name, "")
        if value != value.strip():
            yield f"{name}: expected a path alone; got {value!r}, with white space around it. Correct it, or remove it."
        if file.get(name, "").strip() and not value:
            yield f"{at}: {name}: expected it in the environment; got it in this file, where it has no effect. Export it, and remove it here."


def certificate_mistakes(variables: Mapping[str, str], valkey_url: str) -> Iterator[str]:
    """A line for each variable that names something other than readable certificates."""
    file = variables.get("SSL_CERT_FILE", "").strip()
    if file:
        yield from _file("SSL_CERT_FILE", file, "a file of certificates in PEM")
    folder = variables.get("SSL_CERT_DIR", "").strip()
    # OpenSSL takes several, and leaves out those that are not folders; if none is left, nothing would be trusted.
    folders = [Path(each) for each in folder.split(":") if each and Path(each).is_dir()]
    if folder and not folders:
        yield f"SSL_CERT_DIR: expected a folder of certificates; got {folder!r}. Correct it, or remove it."
    elif folder and not file and not any(map(_has_certificates, folders)):
        yield f"SSL_CERT_DIR: expected certificates under the names that `openssl rehash FOLDER` gives them; got {folder!r}, which has none. Correct it, or remove it."
    keylog = variables.get("SSLKEYLOGFILE", "").strip()
    if keylog and not _is_writable(keylog):
        yield f"SSLKEYLOGFILE: expected a file that can be written; got {keylog!r}. Correct it, or remove it."
    yield from _of_valkey(valkey_url)


def _of_valkey(url: str) -> Iterator[str]:
    options = dict(parse_qsl(urlsplit(url).query))
    if "ssl_ca_certs" in options:
        yield from _file(
            "VALKEY_URL", options["ssl_ca_certs"], "certificates in PEM for ssl_ca_certs"
        )
    named = {name: options[name] for name in _IN_VALKEY_URL if name in options}
    lost = {name: path for name, path in named.items() if not Path(path).is_file()}
    for name, path in lost.items():
        yield _mistake("VALKEY_URL", f"a file with {_IN_VALKEY_URL[name]} for {name}", path, None)
    if named and not lost:
        yield from _own_certificate(named.get("ssl_certfile"), named.get("ssl_keyfile"))


def _own_certificate(certificate: str | None, key: str | None) -> Iterator[str]:
    """Whether Valkey can be shown it; the key may stand in the certificate's file."""
    expected = "VALKEY_URL: expected a certificate in PEM for ssl_certfile, and its private key, without a passphrase"
    if certificate is None:
        yield f"{expected}; got ssl_keyfile alone. Add ssl_certfile, or remove it."
        return
    try:
        # A password that cannot be right, or OpenSSL would ask the terminal for it.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, OSError):
        got = repr(certificate) if key is None else f"{certificate!r} and {key!r}"
        yield f"{expected}, there or for ssl_keyfile; got {got}. Correct it, or remove it."


def _file(variable: str, path: str, expected: str) -> Iterator[str]:
    if Path(path).is_fifo() or Path(path).is_char_device():
        # Reading one may wait for ever.
        yield _mistake(variable, expected, path, "it is a pipe or a device")
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        yield _mistake(variable, expected, path, "it holds no certificate in PEM")
    except OSError as error:
        yield _mistake(variable, expected, path, error.strerror)


def _mistake(variable: str, expected: str, path: str, why: str | None) -> str:
    reason = f" ({why})" if why else ", which is no file"
    return f"{variable}: expected {expected}; got {path!r}{reason}. Correct it, or remove it."


def _has_certificates(folder: Path) -> bool:
    try:
        return any(_HASHED.fullmatch(each.name) for each in folder.iterdir())
    except OSError:
        return False


def _is_writable(path: str) -> bool:
    try:
        with Path(path).open("a", encoding="utf-8"):
            return True
    except OSError:
        return False
