"""A worker takes all its settings from environment variables, and says at once what is wrong with them."""

import socket

import pytest

from scripts.fleet_machine.fleet import SOURCE, Fleet, a_message, a_seed
from scripts.fleet_machine.judge import assert_copied

WRONG = {
    "GH_PAT": "ghp_secret one",
    "VALKEY_URL": "valkey://user:secret@:x",
    "SLACK_API_URL": "slack",
    "MONARCH_LEASE_SECONDS": "5",
    "MONARCH_ALLOWED_TARGETS": "no-slash",
    "MONARCH_CONCURENCY": "3",
}


async def test_a_wrong_configuration_is_said_whole(fleet: Fleet) -> None:
    """`run` names every variable that is wrong, in one go, shows no secret, and exits with 2."""
    ended = fleet.run("run", **WRONG)

    assert ended.returncode == 2
    said = ended.stdout + ended.stderr
    assert [name for name in WRONG if name not in said] == []
    assert f"{len(WRONG)} mistakes" in said
    assert "MONARCH_CONCURRENCY?" in said
    assert "secret one" not in said
    assert "user:secret" not in said
    assert "Traceback" not in said
    assert fleet.subscribed() == 0


async def test_a_missing_token_is_said(fleet: Fleet) -> None:
    """An empty variable counts as not set, and nothing works without GitHub's."""
    ended = fleet.run("run", GH_PAT="")

    assert ended.returncode == 2
    assert "GH_PAT" in ended.stderr


async def test_ports_that_are_taken_are_said_with_their_variables(fleet: Fleet) -> None:
    """A second worker on one machine lists the settings to change, all of them at once."""
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        socket.create_server(("127.0.0.1", 0)) as too,
    ):
        ports = taken.getsockname()[1], too.getsockname()[1]
        ended = fleet.run("run", MONARCH_METRICS_PORT=str(ports[0]), MONARCH_WEB_PORT=str(ports[1]))

    assert ended.returncode == 1
    assert f"port {ports[0]}" in ended.stderr
    assert f"port {ports[1]}" in ended.stderr
    assert "MONARCH_METRICS_PORT" in ended.stderr
    assert "MONARCH_WEB_PORT" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("host", ["nonsense.invalid", "192.0.2.1", "fe80::1%nowhere", "a b"])
async def test_a_host_that_is_not_this_machines_is_a_wrong_setting(fleet: Fleet, host: str) -> None:
    """The host is blamed, not a port."""
    ended = fleet.run("run", MONARCH_WEB_HOST=host, MONARCH_WEB_PORT="1")

    assert ended.returncode == 2
    assert "MONARCH_WEB_HOST: expected" in ended.stderr
    assert "MONARCH_WEB_PORT" not in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "command", [("run",), ("doctor",), ("plan", SOURCE, "team/a"), ("status",)]
)
async def test_a_proxy_that_is_not_spoken_is_a_wrong_setting(
    fleet: Fleet, command: tuple[str, ...]
) -> None:
    """For every command, with GitHub on another machine, as it is outside of tests."""
    ended = fleet.run(
        *command, GITHUB_API_URL="https://github.invalid/api/v3", ALL_PROXY="socks5://u:hush@p:1"
    )

    assert ended.returncode == 2
    assert "ALL_PROXY: expected" in ended.stderr
    assert "hush" not in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_no_proxy_may_name_an_ipv6_network(fleet: Fleet) -> None:
    """OrbStack puts one into every container; a proxy that does not exist is not asked where it is excepted."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    excepted = "127.0.0.1,::1,fd07:b51a:cc66::/64,*.invalid"

    fleet.start(HTTP_PROXY="http://127.0.0.1:1", NO_PROXY=excepted)
    fleet.publish(a_message(["team/a"]))
    fleet.until_ended()

    assert_copied(await fleet.sandbox.state(), "team/a")


async def test_the_predecessors_variables_are_enough(fleet: Fleet) -> None:
    """Host, port and database instead of an address, as the service that is replaced was told."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    fleet.start(
        VALKEY_URL="", VALKEY_HOST="127.0.0.1", VALKEY_PORT=str(fleet.server.port), VALKEY_DB="0"
    )

    fleet.publish(a_message(["team/a"]))
    fleet.until_ended()

    assert_copied(await fleet.sandbox.state(), "team/a")


async def test_submit_is_the_durable_way_in(fleet: Fleet) -> None:
    """What is submitted while no worker runs is not lost: the next worker does it."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    ended = fleet.run("submit", SOURCE, "team/a")
    assert ended.returncode == 0, ended.stderr

    fleet.start()
    [request] = fleet.until_ended()

    assert request["id"] in ended.stdout
    assert_copied(await fleet.sandbox.state(), "team/a")
