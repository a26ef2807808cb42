"""Each alert fires when the thing itself happens to real workers, and none on a busy day: their /metrics, judged by promtool."""

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from monarch.sandbox.control.seed import Seed
from monarch.sandbox.faults import CannedAnswer, Hold, Match
from monarch.sandbox.fleet import CHANNEL
from monarch.sandbox.judge.findings import copies_in
from monarch.sandbox.ports import free_port
from scripts.fleet_machine.fleet import Fleet, a_message, a_seed
from tests.monitoring.alarm import Scrape, assert_fires, promtool, scraped

MINUTES_3, MINUTES_12 = timedelta(minutes=3), timedelta(minutes=12)
HOURS_2, HOURS_5 = timedelta(hours=2), timedelta(hours=5)


@pytest.fixture(autouse=True)
def _promtool() -> str:
    """Skip before anything is started."""
    return promtool()


def started(fleet: Fleet, count: int = 1, **settings: str) -> list[int]:
    """Start workers; the ports of their metrics."""
    ports = [free_port() for _ in range(count)]
    for port in ports:
        fleet.start(MONARCH_METRICS_PORT=str(port), **settings)
    if "roles" not in settings:
        scraped_once(fleet, ports[-1], lambda seen: seen.value("monarch_workers") == count)
    return ports


def scraped_once(fleet: Fleet, port: int, holds: Callable[[Scrape], bool]) -> Scrape:
    """Scrape until something shows."""
    seen: list[Scrape] = []

    def shows() -> bool:
        seen.append(scraped(port))
        return holds(seen[-1])

    fleet.until(shows)
    return seen[-1]


async def test_a_busy_day_fires_nothing(fleet: Fleet, tmp_path: Path) -> None:
    """Two workers, six teams, the same message again, and a quiet night."""
    teams = [f"team/{number}" for number in range(6)]
    await fleet.sandbox.seed(a_seed(5, teams))
    ports = started(fleet, 2, MONARCH_CONCURRENCY="2")
    scrapes = [scraped(*ports)]
    for number, team in enumerate(teams):
        fleet.publish(a_message([team]))
        fleet.until(lambda n=number: len(fleet.requests()) > n)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        scrapes.append(scraped(*ports))
    fleet.publish(a_message(teams))
    scrapes.append(scraped(*ports))
    fleet.until_ended(len(teams) + 1)

    scrapes.append(scraped(*ports))

    assert scrapes[-1].value("monarch_stream_length") == 0
    assert_fires(tmp_path, scrapes, HOURS_5)


async def test_a_revoked_token(fleet: Fleet, tmp_path: Path) -> None:
    """An operator is woken within minutes, and by nothing else, however long it lasts."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    [port] = started(fleet)
    before = scraped(port)
    revoked = {"token": "ghp_monarch", "login": "monarch-bot", "kind": "classic", "revoked": True}
    await fleet.sandbox.seed(Seed.model_validate({"tokens": [revoked]}))
    fleet.publish(a_message(["team/a"]))
    fleet.until(lambda: any(request.get("reason") for request in fleet.requests()))

    after = scraped_once(
        fleet, port, lambda seen: seen.value("monarch_credential_refused_since_seconds") > 0
    )

    assert_fires(tmp_path, [before, after], timedelta(minutes=1))
    assert_fires(tmp_path, [before, after], MINUTES_3, "MonarchCredentialRefused")
    assert_fires(tmp_path, [before, after], HOURS_2, "MonarchCredentialRefused")


async def test_nobody_listens_and_then_too_many_do(fleet: Fleet, tmp_path: Path) -> None:
    """A worker without an intake hears nothing; a stranger hears what we do not know of."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    port = free_port()
    fleet.spawn(roles="planner,migrator,notifier,reclaimer", MONARCH_METRICS_PORT=str(port))
    deaf = scraped_once(fleet, port, lambda seen: seen.value("monarch_workers") == 1)
    assert_fires(tmp_path, [deaf], MINUTES_3, "MonarchNobodyListens")

    with fleet.client.pubsub() as one, fleet.client.pubsub() as another:
        one.subscribe(CHANNEL)
        another.subscribe(CHANNEL)
        crowded = scraped_once(
            fleet, port, lambda seen: seen.value("monarch_replicas_subscribed") == 2
        )

    assert_fires(tmp_path, [crowded], MINUTES_12, "MonarchSomebodyElseListens")


async def test_nobody_takes_what_comes(fleet: Fleet, tmp_path: Path) -> None:
    """A fleet that only hears: the stream is stuck in minutes, the request an hour later; a paused one is neither."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    [port] = started(fleet, roles="intake")
    fleet.publish(a_message(["team/a"]))
    stuck = scraped_once(fleet, port, lambda seen: seen.value("monarch_requests_open") == 1)

    # Its stream is no consumer's; nobody counts as a worker, so one subscriber is one too many.
    assert_fires(tmp_path, [stuck], MINUTES_12, "MonarchSomebodyElseListens", "MonarchStuck")
    assert_fires(
        tmp_path,
        [stuck],
        HOURS_2,
        "MonarchRequestDoesNotMove",
        "MonarchSomebodyElseListens",
        "MonarchStuck",
    )


async def test_a_request_that_does_not_move(fleet: Fleet, tmp_path: Path) -> None:
    """GitHub holds its write: taken, so no stream is stuck, and open for longer than an hour without a copy."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    match = Match(api="github", method="POST", path_regex="/issues$")
    held = await fleet.sandbox.add_fault(Hold(), match=match)
    [port] = started(fleet)
    fleet.publish(a_message(["team/a"]))
    assert await fleet.sandbox.wait(fault=held)

    stays = scraped(port)
    await fleet.sandbox.release(held)

    assert_fires(tmp_path, [stays], timedelta(minutes=50))
    assert_fires(tmp_path, [stays], HOURS_2, "MonarchRequestDoesNotMove")


async def test_a_forgotten_pause(fleet: Fleet, tmp_path: Path) -> None:
    """What waits for it wakes no operator; after four hours there is a ticket."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    [port] = started(fleet)
    assert fleet.run("pause", "--by", "ada").returncode == 0
    fleet.publish(a_message(["team/a"]))

    paused = scraped_once(
        fleet,
        port,
        lambda seen: seen.value("monarch_paused") == seen.value("monarch_requests_open") == 1,
    )

    assert_fires(tmp_path, [paused], HOURS_2)
    assert_fires(tmp_path, [paused], HOURS_5, "MonarchPausedLong")


async def test_valkey_goes_away_and_comes_back(fleet: Fleet, tmp_path: Path) -> None:
    """Away: a page. Back: a ticket, since no intake heard the channel meanwhile."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    [port] = started(fleet)
    before = scraped(port)
    fleet.server.stop()
    away = scraped(port)
    assert_fires(tmp_path, [before, away], MINUTES_3, "MonarchValkeyAway")

    fleet.server.start()
    fleet.until(lambda: fleet.subscribed() == 1)
    back = scraped_once(
        fleet,
        port,
        lambda seen: (
            seen.value("monarch_hearing_gaps_total") > 0 and seen.value("monarch_valkey_up") == 1
        ),
    )

    assert_fires(tmp_path, [before, away, back], MINUTES_3, "MonarchHearingGap")


async def test_valkey_is_full(fleet: Fleet, tmp_path: Path) -> None:
    """What is published now waits in the worker alone."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    [port] = started(fleet)
    fleet.client.config_set("maxmemory", "1mb")

    full = scraped(port)
    fleet.client.config_set("maxmemory", "0")

    assert_fires(tmp_path, [full], MINUTES_3, "MonarchValkeyRefusesWrites")


async def test_a_key_holds_something_else(fleet: Fleet, tmp_path: Path) -> None:
    """A text where the requests should stand: nothing was planned, and every light was green."""
    await fleet.sandbox.seed(a_seed(1, []))
    [port] = started(fleet)
    before = scraped(port)
    fleet.client.delete("{monarch}:requests")
    fleet.client.set("{monarch}:requests", "text")

    broken = scraped(port)

    assert_fires(tmp_path, [before, broken], MINUTES_3, "MonarchBrokenKey")


async def test_slack_refuses_and_a_team_is_missing(fleet: Fleet, tmp_path: Path) -> None:
    """A channel that is not there, and a repository that is not there: two tickets for people, and no page."""
    await fleet.sandbox.seed(a_seed(1, []))
    [port] = started(fleet, MONARCH_TARGET_PATIENCE_SECONDS="1")
    before = scraped(port)
    fleet.publish(a_message(["team/missing"], channel="C0NOWHERE"))
    fleet.until_ended()

    after = scraped_once(fleet, port, lambda seen: seen.value("monarch_notices_failed_total") > 0)

    assert_fires(tmp_path, [before, after], MINUTES_3, "MonarchDeadLetters", "MonarchSlackRefuses")


async def test_a_stray(fleet: Fleet, tmp_path: Path) -> None:
    """A second copy under our own name."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    [port] = started(fleet)
    fleet.publish(a_message(["team/a"]))
    fleet.until_ended()
    before = scraped(port)
    copy = copies_in((await fleet.sandbox.state()).repositories["team/a"])[0]
    second = {"title": copy.title, "body": copy.body, "author": "monarch-bot"}
    team = {"full_name": "team/a", "issues": [second]}
    await fleet.sandbox.seed(Seed.model_validate({"repositories": [team]}))
    fleet.publish(a_message(["team/a"]))
    fleet.until_ended(2)

    after = scraped_once(
        fleet,
        port,
        lambda seen: (
            seen.value("monarch_strays_total") > 0 and seen.value("monarch_dead_letters_total") > 0
        ),
    )

    assert_fires(tmp_path, [before, after], MINUTES_3, "MonarchStray", "MonarchDeadLetters")


async def test_a_limit_that_does_not_end(fleet: Fleet, tmp_path: Path) -> None:
    """An hour is what GitHub may ask for; two are not, and a request that waits for it is no second alert."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    match = Match(api="github", method="POST", path_regex="/issues$")
    await fleet.sandbox.add_fault(CannedAnswer(name="secondary_content"), match=match, times=None)
    [port] = started(fleet)
    before = scraped(port)
    fleet.publish(a_message(["team/a"]))

    closed = scraped_once(
        fleet, port, lambda seen: seen.value("monarch_gate_closed_since_seconds") > 0
    )

    assert_fires(tmp_path, [before, closed], timedelta(hours=1))
    assert_fires(tmp_path, [before, closed], HOURS_2, "MonarchGateClosed")


async def test_no_worker_is_left(fleet: Fleet, tmp_path: Path) -> None:
    """One of two is enough; none is a page."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    ports = started(fleet, 2)
    both = scraped(*ports)
    end(fleet.workers[0])
    one = scraped(*ports)
    end(fleet.workers[1])
    none = scraped(*ports)

    assert_fires(tmp_path, [both, one], MINUTES_3)
    assert_fires(tmp_path, [both, one, none], MINUTES_3, "MonarchDown")


def end(worker: "subprocess.Popen[bytes]") -> None:
    """Stop a worker."""
    worker.terminate()
    worker.wait()
