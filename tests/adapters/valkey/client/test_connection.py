"""One connection: what its address says, and when it is left for a new one."""

from pathlib import Path

import anyio
import pytest
from valkey.asyncio import Valkey
from valkey.exceptions import ReadOnlyError

from monarch.adapters.valkey.client import sockets
from monarch.adapters.valkey.client.connection import classified, connected
from monarch.adapters.valkey.client.sentinel import Sentinels
from monarch.adapters.valkey.client.sockets import TlsLink, place, pool
from monarch.ports import StoreError, StoreRefused
from monarch.sandbox.valkey import EmbeddedValkey


async def test_a_server_that_refuses_writes_is_left_for_whoever_has_its_address_now(
    tmp_path: Path,
) -> None:
    """A demoted primary answers for ever; only a new connection can lead to the new one."""
    with EmbeddedValkey(tmp_path) as own:
        async with connected(own.url, "tests") as client:
            first = await client.client_id()
            async with connected(own.url, "other") as other:
                await other.replicaof("127.0.0.1", 1)
                with pytest.raises(ReadOnlyError):
                    await client.set("a", "1")
                await other.replicaof("NO", "ONE")

            assert await client.set("a", "2")
            assert await client.client_id() != first


async def test_an_answer_in_a_batch_is_kept_when_another_is_refused(tmp_path: Path) -> None:
    """What was done before the refusal is known; only the next command needs another connection."""
    with EmbeddedValkey(tmp_path) as own:
        async with connected(own.url, "tests") as client:
            await client.replicaof("127.0.0.1", 1)
            pipe = client.pipeline(transaction=False)
            pipe.echo("before")
            pipe.set("a", "1")
            pipe.echo("after")
            before, refused, after = await pipe.execute(raise_on_error=False)

    assert (before, after) == (b"before", b"after")
    assert isinstance(refused, ReadOnlyError)


@pytest.mark.parametrize(
    ("query", "checked"),
    [("", True), ("?ssl_check_hostname=no", False), ("?ssl_cert_reqs=none", False)],
)
def test_a_certificate_must_be_the_hosts_own_unless_the_address_says_otherwise(
    query: str, *, checked: bool
) -> None:
    """The client alone would take any certificate of a trusted authority for any host."""
    where = place(f"valkeys://valkey.example{query}")

    assert where.options["tls"].get().check_hostname is checked


def test_certificates_are_loaded_once_for_all_connections() -> None:
    """Each loading takes some 50 ms of nothing else, and the Sentinels are asked every second."""
    sentinels = Sentinels((("one", 1),), "monarch")
    where = place("valkeys://h", sentinels)
    one, other = TlsLink(**pool(where).connection_kwargs), TlsLink(**pool(where).connection_kwargs)

    assert one.ssl_context is other.ssl_context


async def test_a_unix_socket(tmp_path: Path) -> None:
    """It knows no TCP options, and a password may stand in its address."""
    path = tmp_path / "v.sock"
    with EmbeddedValkey(tmp_path, options={"unixsocket": str(path)}) as own:
        async with connected(own.url, "tests") as client:
            await client.config_set("requirepass", "hush")
        async with connected(f"unix://{path}?password=hush", "tests") as client:
            assert await client.ping()


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("valkey://127.0.0.1:{port}/0", "Correct VALKEY_USERNAME and VALKEY_PASSWORD"),
        ("valkey://:wrong@127.0.0.1:{port}/0", "Correct VALKEY_USERNAME and VALKEY_PASSWORD"),
        ("valkey://:secret@127.0.0.1:{port}/99", "Correct VALKEY_DB"),
        ("valkey://nothing:more@127.0.0.1:{port}/0", "Give Monarch's user the rights"),
    ],
)
async def test_what_only_a_person_can_mend_says_what(tmp_path: Path, url: str, remedy: str) -> None:
    """It was taken for an outage, which ends by itself."""
    with EmbeddedValkey(tmp_path) as own:
        async with connected(own.url, "tests") as client:
            await client.acl_setuser(
                "nothing", enabled=True, passwords=["+more"], categories=["-@all"]
            )
            await client.config_set("requirepass", "secret")
        async with connected(url.format(port=own.port), "refused") as client:
            with pytest.raises(StoreError) as refused, classified("reading"):
                await client.get("a")
    with pytest.raises(StoreError) as away, classified("reading"):
        async with connected(f"valkey://127.0.0.1:{own.port}/0", "away") as client:
            await client.get("a")

    assert refused.value.remedy.startswith(remedy)
    assert refused.value.headline == "Valkey refuses what it is asked"
    assert (away.value.remedy, away.value.headline) == ("", "Valkey does not answer")


async def test_a_key_of_another_type_says_what_to_do(tmp_path: Path) -> None:
    """The worker's log repeated the server's words."""
    with EmbeddedValkey(tmp_path) as own:
        async with connected(own.url, "tests") as client:
            await client.set("a", "1")
            with pytest.raises(StoreRefused) as refused, classified("reading a"):
                await client.xlen("a")

    assert "Find out with `valkey-cli`" in refused.value.remedy


def pool_of(client: Valkey) -> sockets.PatientPool:
    """Its connections."""
    found = client.connection_pool
    assert isinstance(found, sockets.PatientPool)
    return found


async def press(client: Valkey, key: str) -> None:
    """One call."""
    await client.incr(key)


async def test_calls_beyond_the_connections_wait_for_their_turn(tmp_path: Path) -> None:
    """Two presses of the page at once: the second answered 503, "Too many connections", and that Valkey does not answer."""
    with EmbeddedValkey(tmp_path) as own:
        async with connected(own.url, "tests") as client, anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(press, client, "pressed")
        async with connected(own.url, "tests") as client:
            assert await client.get("pressed") == b"20"


async def test_a_turn_is_waited_for_no_longer_than_a_connection_lives_without_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it is certain that nothing was done; the next call has its turn."""
    monkeypatch.setattr(sockets, "TURN_WITHIN_S", 0.01)
    with EmbeddedValkey(tmp_path) as own:
        async with connected(own.url, "tests") as client:
            taken = await pool_of(client).get_connection("a long wait")
            with pytest.raises(StoreError, match="no turn within") as late, classified("pressing"):
                await client.incr("pressed")
            await pool_of(client).release(taken)

            assert late.value.is_untouched
            assert await client.incr("pressed") == 1


async def test_a_caller_that_leaves_while_it_waits_takes_no_turn_with_it(tmp_path: Path) -> None:
    """Neither before its turn nor as it comes."""
    with EmbeddedValkey(tmp_path) as own:
        async with connected(own.url, "tests") as client:
            for _ in range(2):
                taken = await pool_of(client).get_connection("first")
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(press, client, "never")
                    await anyio.wait_all_tasks_blocked()
                    await pool_of(client).release(taken)
                    tasks.cancel_scope.cancel()

            assert await client.exists("never") == 0
            assert await client.ping()
