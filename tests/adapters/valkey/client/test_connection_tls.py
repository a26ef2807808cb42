"""TLS: whom it trusts, for which host, and what is said when it does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monarch.adapters.valkey.client.connection import classified, connected
from monarch.ports import StoreError
from monarch.sandbox.valkey import EmbeddedValkey
from tests.tls import AUTHORITY, CERTIFICATE, KEY, native_server, tls_in_front_of

NATIVE = native_server()


@pytest.fixture(scope="module", params=["in front of the server", "of the server itself"])
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where a Valkey is reached by TLS: by a real one with TLS, where there is one."""
    folder = tmp_path_factory.mktemp("tls")
    if request.param == "in front of the server":
        with EmbeddedValkey(folder) as server, tls_in_front_of(server.port) as found:
            yield found
        return
    if NATIVE is None:
        pytest.skip("no server with TLS is on the PATH")
    plain = EmbeddedValkey(folder, binary=NATIVE)
    secured = EmbeddedValkey(folder).port
    with_tls = {
        "tls-port": str(secured),
        "tls-cert-file": str(CERTIFICATE),
        "tls-key-file": str(KEY),
        "tls-ca-cert-file": str(AUTHORITY),
        "tls-auth-clients": "no",
    }
    plain.start(with_tls)
    yield secured
    plain.stop()


async def ping(url: str) -> bool:
    """Ask for an answer."""
    async with connected(url, "tests") as client:
        with classified("asking"):
            return bool(await client.ping())


async def test_an_authority_of_ones_own_is_named_in_the_address(port: int) -> None:
    """With its file, and nothing has to be set on the machine."""
    assert await ping(f"valkeys://127.0.0.1:{port}/0?ssl_ca_certs={AUTHORITY}")


async def test_or_by_the_usual_variable(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for every program that uses OpenSSL."""
    monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITY))

    assert await ping(f"valkeys://127.0.0.1:{port}/0")


async def test_a_certificate_of_an_unknown_authority_is_refused(port: int) -> None:
    """And it is said why."""
    with pytest.raises(StoreError, match="CERTIFICATE_VERIFY_FAILED"):
        await ping(f"valkeys://127.0.0.1:{port}/0")


async def test_a_certificate_of_another_host_is_refused_unless_told(port: int) -> None:
    """A trusted authority signs for many hosts; the client alone would not look at the name."""
    url = f"valkeys://localhost:{port}/0?ssl_ca_certs={AUTHORITY}"
    with pytest.raises(StoreError, match="Hostname mismatch"):
        await ping(url)

    assert await ping(f"{url}&ssl_check_hostname=no")


async def test_a_file_that_is_not_there_is_said(port: int, tmp_path: Path) -> None:
    """Rather than no authority being trusted."""
    with pytest.raises(StoreError, match="No such file"):
        await ping(f"valkeys://127.0.0.1:{port}/0?ssl_ca_certs={tmp_path / 'none.pem'}")
