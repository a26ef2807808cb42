"""What stops all work, by the snapshot; docs/operating.md has a row for each."""

from dataclasses import replace
from pathlib import Path

import pytest

from monarch.core.delivery import Stream
from monarch.telemetry import RefusalSnapshot, Snapshot, StreamSnapshot
from monarch.telemetry.obstacles import Cause, obstacles, unreached

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"
WELL = Snapshot(0, (), workers=2, replicas=2)


def test_a_fleet_that_is_well_has_none() -> None:
    """Nor one whose Valkey does not say who listens."""
    assert obstacles(WELL) == ()
    assert obstacles(replace(WELL, replicas=None)) == ()


@pytest.mark.parametrize(
    ("found", "cause", "says"),
    [
        (replace(WELL, workers=0), Cause.NO_WORKER, "no worker is running"),
        (
            replace(WELL, roles=frozenset({"intake", "migrator", "notifier", "reclaimer"})),
            Cause.NO_ROLE,
            "no worker has the role planner, so requests wait to be planned",
        ),
        (replace(WELL, replicas=0), Cause.NO_SUBSCRIBER, "are lost"),
        (replace(WELL, paused=True, paused_by="ada"), Cause.PAUSED, "paused by ada"),
        (replace(WELL, refuses_writes="OOM"), Cause.STORE_REFUSES, "takes in no new work: OOM"),
        (replace(WELL, lacks_rights="XADD"), Cause.STORE_REFUSES, "lacks the right to XADD"),
        (
            replace(WELL, broken_keys=("{monarch}:requests",)),
            Cause.BROKEN_KEY,
            "work that needs the key {monarch}:requests stands still",
        ),
        (
            replace(WELL, refused=(RefusalSnapshot("o", 9, "it is expired."),)),
            Cause.CREDENTIAL_REFUSED,
            "refuses the credential for o: it is expired",
        ),
    ],
)
def test_each_cause_has_its_words_and_advice(found: Snapshot, cause: Cause, says: str) -> None:
    """And since when, where that is known."""
    (one,) = obstacles(found)

    assert one.cause is cause
    assert says in one.words
    assert one.advice.endswith(".")
    assert one.since_ms == (9 if cause is Cause.CREDENTIAL_REFUSED else None)


def test_a_broken_key_that_only_informs_stops_nothing() -> None:
    """It is named where it is read."""
    assert obstacles(replace(WELL, broken_keys=("{monarch}:events",))) == ()


def test_a_valkey_that_refuses_is_not_one_that_is_away() -> None:
    """Waiting does not help with the first, and nothing else with the second."""
    refuses = unreached("Valkey refuses what it is asked: NOAUTH", "Correct VALKEY_PASSWORD.")
    away = unreached("Valkey does not answer: closed", "")

    assert (refuses.cause, refuses.advice) == (Cause.VALKEY_REFUSES, "Correct VALKEY_PASSWORD.")
    assert (away.cause, "by themselves" in away.advice) == (Cause.VALKEY_AWAY, True)


def test_workers_whose_signs_of_life_are_refused_are_not_missed() -> None:
    """To start another one would not help: they run, and they are heard listening."""
    readonly = replace(WELL, workers=0, refuses_writes="READONLY")

    assert [one.cause for one in obstacles(readonly)] == [Cause.STORE_REFUSES]
    alone = obstacles(replace(readonly, replicas=0))
    assert [one.cause for one in alone] == [Cause.STORE_REFUSES, Cause.NO_WORKER]


def test_workers_that_may_not_be_seen_are_not_missed() -> None:
    """Whether one runs is unknown then; that no worker listens is known all the same."""
    hidden = replace(WELL, workers=0, lacks_rights="XINFO CONSUMERS", hides_workers=True)

    assert [one.cause for one in obstacles(hidden)] == [Cause.STORE_REFUSES]
    assert [one.cause for one in obstacles(replace(hidden, replicas=None))] == [Cause.STORE_REFUSES]
    unheard = obstacles(replace(hidden, replicas=0))
    assert [one.cause for one in unheard] == [Cause.STORE_REFUSES, Cause.NO_SUBSCRIBER]


def test_workers_of_another_namespace_may_be_the_ones_that_are_missed() -> None:
    """Who listens is seen from every namespace and database, who works from one alone."""
    (listened,) = obstacles(replace(WELL, workers=0))
    (missed,) = obstacles(replace(WELL, workers=0, replicas=0))
    (unheard,) = obstacles(replace(WELL, replicas=0))

    assert listened.words == "no worker is running in this MONARCH_NAMESPACE and database"
    assert "are at home in another one, and take what is published" in listened.advice
    assert "what was submitted waits" not in listened.advice
    assert "MONARCH_NAMESPACE" not in missed.advice
    assert "set MONARCH_CHANNEL as it has it" in unheard.advice


def test_frozen_workers_are_not_said_to_be_at_home_elsewhere() -> None:
    """A fleet that was stopped for a minute goes on listening, and people were sent to change its settings."""
    stream = StreamSnapshot(Stream.REQUESTS, consumers=1)

    (still,) = obstacles(replace(WELL, workers=0, streams=(stream,)))

    assert still.cause is Cause.NO_WORKER
    assert still.advice.startswith("Workers of this one have been silent for a minute")
    assert "Otherwise those that listen to the channel are at home in another one" in still.advice


def test_that_nobody_works_and_that_nobody_listens_is_one_line() -> None:
    """Two were two alarms about one thing, with two pieces of advice."""
    (alone,) = obstacles(replace(WELL, workers=0, replicas=0))

    assert alone.cause is Cause.NO_WORKER
    assert alone.words == "no worker is running, and messages that are published now are lost"


@pytest.mark.parametrize("cause", Cause)
def test_the_readme_says_where_each_is_seen(cause: Cause) -> None:
    """A row in its table of causes."""
    assert f"| `{cause.value}`" in PAGE.read_text("utf-8")
