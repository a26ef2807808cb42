"""A worker is told everything by environment variables, and says at once what is wrong with them."""

import socket

from tests.system.fleet import SOURCE, Fleet, a_message, a_seed
from tests.system.judge import assert_copied

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


async def test_a_port_that_is_taken_is_said_with_its_variable(fleet: Fleet) -> None:
    """A second worker on one machine is told which setting to change."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = fleet.run("run", MONARCH_METRICS_PORT=str(taken.getsockname()[1]))

    assert ended.returncode == 1
    assert "MONARCH_METRICS_PORT" in ended.stderr
    assert "Traceback" not in ended.stderr


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
