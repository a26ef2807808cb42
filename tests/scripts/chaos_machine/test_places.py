"""Names and repositories: who was asked for, and when."""

from dataclasses import replace

from scripts.chaos_machine.judge.places import Places
from scripts.chaos_machine.record import Ask, Naming
from tests.scripts.chaos_machine.truths import (
    ELSEWHERE,
    HERE,
    SOURCE,
    TEAM,
    a_resolving,
    a_truth,
)

MOVED = (
    Naming(TEAM, HERE, 900.0, 1_004.0),
    Naming("teams/old", HERE, 1_004.0),
    Naming(TEAM, ELSEWHERE, 1_006.0),
)


def test_a_name_leads_to_whoever_bears_it_at_that_time() -> None:
    """In between it may lead nowhere."""
    places = Places(a_truth(namings=MOVED))

    assert places.led_to(TEAM, 950, 1_000) == {HERE}
    assert places.led_to(TEAM.upper(), 1_004.5, 1_005.5) == set()
    assert places.led_to(TEAM, 1_000, 1_010) == {HERE, ELSEWHERE}
    assert places.names_of(HERE) == {TEAM, "teams/old"}


def test_a_repository_is_asked_for_once_somebody_resolves_the_name_that_a_message_names() -> None:
    """Not before, not by another name, not by another source's message."""
    truth = a_truth(namings=MOVED, calls=(a_resolving(1_008.0),))
    places = Places(truth)

    assert places.is_asked_for(SOURCE, ELSEWHERE, 1_008.5)
    assert not places.is_asked_for(SOURCE, ELSEWHERE, 1_007.0)
    assert not places.is_asked_for("school/large", ELSEWHERE, 1_008.5)
    assert not Places(replace(truth, asks=())).is_asked_for(SOURCE, ELSEWHERE, 1_008.5)


def test_a_name_that_was_resolved_before_the_message_asks_for_nothing() -> None:
    """Somebody else's message had named it."""
    truth = a_truth(asks=(Ask(1_000.3, SOURCE, (TEAM,)),))

    assert not Places(truth).is_asked_for(SOURCE, HERE, 1_001.0)
