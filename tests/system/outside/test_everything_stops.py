"""What stops all work is seen wherever a person looks, without being told to look: with real processes.

A token that was refused stopped everything with every light green.
"""

import json

import httpx
import pytest

from monarch.sandbox.control.seed import Seed
from monarch.sandbox.faults import CannedAnswer, Match
from monarch.sandbox.ports import free_port
from scripts.fleet_machine.fleet import QUICK, SOURCE, Fleet, a_message, a_seed

WRONG = {"GH_PAT": "ghp_wrong"}
WORDS = "GitHub refuses the credential"


async def asked(port: int, path: str) -> httpx.Response:
    """Ask a worker."""
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://127.0.0.1:{port}{path}")


def refused_since(page: httpx.Response) -> float:
    """What the metric says."""
    name = "monarch_credential_refused_since_seconds "
    (line,) = [line for line in page.text.splitlines() if line.startswith(name)]
    return float(line.removeprefix(name))


async def test_a_token_that_is_wrong_from_the_start_is_seen_everywhere(fleet: Fleet) -> None:
    """Commands, health, metrics, log, events and Slack, with since when and what to do."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    ports = {"MONARCH_WEB_PORT": str(free_port()), "MONARCH_METRICS_PORT": str(free_port())}
    worker = fleet.start(**QUICK, **WRONG, **ports)
    fleet.until(lambda: "credential.refused" in fleet.log_of(worker))
    idle = fleet.run("status").stdout

    fleet.publish(a_message(["team/a"]))
    fleet.until(lambda: any(r.get("reason") for r in fleet.requests()))
    assert await fleet.sandbox.wait(slack_messages=1)
    [request] = fleet.requests()
    looked_at = {
        "status": fleet.run("status").stdout,
        "requests": fleet.run("requests").stderr,
        "show": fleet.run("show", request["id"]).stderr,
        "events": fleet.run("events").stderr,
    }
    shown = fleet.run("show", request["id"]).stdout
    health = await asked(int(ports["MONARCH_WEB_PORT"]), "/health")
    page = await asked(int(ports["MONARCH_METRICS_PORT"]), "/metrics")
    said = (await fleet.sandbox.state()).slack_messages

    for where, told in {"idle": idle, **looked_at}.items():
        assert WORDS in " ".join(told.split()), where
        assert "(since 2" in told, where
    assert SOURCE in shown
    assert "team/a" in shown
    assert "set a valid one (GH_PAT" in shown
    assert (health.status_code, health.json()["status"]) == (200, "blocked")
    assert [one["cause"] for one in health.json()["obstacles"]] == ["credential_refused"]
    assert refused_since(page) > 1_000_000_000
    assert "monarch_oldest_open_request_seconds" in page.text
    assert "set a valid one (GH_PAT" in said[0].text
    assert {"credential.refused", "request.parked"} <= {one["event"] for one in fleet.events()}
    errors = [json.loads(line) for line in fleet.log_of(worker).splitlines()]
    assert "error" in [one["level"] for one in errors if one["event"] == "credential.refused"]


REFUSALS = {
    "account_suspended": "lift the suspension",
    "installation_suspended": "lift the suspension",
    "jwt_from_the_future": "set a valid one",
}
"""What GitHub says when it refuses whoever signs, and what a person is told to do."""


async def test_every_refusal_of_whoever_signs_is_seen(fleet: Fleet) -> None:
    """A suspended account or App, a clock that is wrong: each with its own advice, for its owner."""
    await fleet.sandbox.seed(a_seed(1, ["team/a"]))
    fleet.start(**QUICK)

    for number, (name, advice) in enumerate(REFUSALS.items()):
        match = Match(method="GET", path_regex=f"/{SOURCE}$")
        await fleet.sandbox.add_fault(CannedAnswer(name=name), match=match, times=None)
        fleet.publish(a_message([f"team/a{number}"]))
        fleet.until(lambda: b"school" in fleet.client.hkeys("{monarch}:refused"))
        status = " ".join(fleet.run("status").stdout.split())
        await fleet.sandbox.remove_faults()
        fleet.client.delete("{monarch}:refused", *fleet.client.keys("{monarch}:gate:*"))

        assert f"{WORDS} for school" in status, name
        assert advice in status, name


@pytest.mark.slow
async def test_a_token_that_is_revoked_while_it_works_says_since_when(fleet: Fleet) -> None:
    """The time stays where it was while the gate closes again and again, and a new token ends it."""
    await fleet.sandbox.seed(a_seed(6, ["team/a"]))
    metrics = free_port()
    worker = fleet.start(MONARCH_METRICS_PORT=str(metrics), MONARCH_WRITE_INTERVAL_SECONDS="0.5")
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(repo="team/a", created=2)
    await fleet.sandbox.seed(tokens(ghp_monarch=True))

    fleet.until(lambda: b"team" in fleet.client.hkeys("{monarch}:refused"))
    since = refused_since(await asked(metrics, "/metrics"))
    status = fleet.run("status").stdout
    worker.terminate()
    worker.wait()
    await fleet.sandbox.seed(tokens(ghp_new=False))
    for member in fleet.client.zrange("{monarch}:parked", 0, -1):
        fleet.client.zadd("{monarch}:parked", {member: 0})
    fleet.start(GH_PAT="ghp_new")
    [request] = fleet.until_ended()

    assert since > 1_000_000_000
    assert f"{WORDS} for team" in " ".join(status.split())
    assert request["state"] == "done"
    assert fleet.client.hkeys("{monarch}:refused") == []


async def test_a_fleet_without_a_planner_is_not_called_healthy(fleet: Fleet) -> None:
    """A request waited for ever, with every light green."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    port = free_port()
    fleet.spawn(roles="intake,migrator,notifier", MONARCH_WEB_PORT=str(port))
    fleet.until(lambda: "no worker has the role" in fleet.run("status").stdout)

    told = " ".join(fleet.run("submit", SOURCE, "team/a").stderr.split())
    health = (await asked(port, "/health")).json()

    assert "no worker has the role planner, so requests wait to be planned" in told
    assert "Start one with `monarch run --roles planner`" in told
    assert health["status"] == "blocked"
    assert [one["cause"] for one in health["obstacles"]] == ["no_role", "no_role"]


def tokens(**revoked: bool) -> Seed:
    """These tokens, revoked or not."""
    named = [
        {"token": name, "login": "monarch-bot", "kind": "classic", "revoked": gone}
        for name, gone in revoked.items()
    ]
    return Seed.model_validate({"tokens": named})
