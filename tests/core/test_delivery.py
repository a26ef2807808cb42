"""What a stage receives, and the names of things."""

import pytest

from monarch.core.delivery import Delivery, MigrationEntry, Stream, Token
from monarch.core.ids import RequestId, migration_id
from monarch.core.report.summary import State
from tests.core.builders import a_view

REQUEST = RequestId("1732406400000-0")


def test_a_migration_is_named_the_same_for_ever() -> None:
    """Parked, reclaimed or replayed: its id does not change."""
    first, replayed = (MigrationEntry(REQUEST, "org/team-a", 0, run) for run in (1, 2))

    assert first.migration == replayed.migration == migration_id(REQUEST, "org/team-a")
    assert first.migration == "1732406400000-0:org/team-a"


def test_a_token_of_an_earlier_delivery_is_another_token() -> None:
    """That is what fences: the count, and no clock."""
    held = Token(Stream.MIGRATIONS, "worker", "1-0", 1)

    assert held != Token(Stream.MIGRATIONS, "worker", "1-0", 2)
    assert held == Token(Stream.MIGRATIONS, "worker", "1-0", 1)


def test_a_first_delivery_has_no_attempts_and_is_its_own_first() -> None:
    """What counts as poison counts this delivery too."""
    token = Token(Stream.MIGRATIONS, "worker", "1-0", 1)
    delivery = Delivery(token, MigrationEntry(REQUEST, "org/team-a", 0, 1))

    assert (delivery.attempts, delivery.since_progress) == (0, 1)


@pytest.mark.parametrize(
    ("state", "ended"),
    [
        (State.QUEUED, False),
        (State.RUNNING, False),
        (State.PARKED, False),
        (State.DONE, True),
        (State.FAILED, True),
        (State.SKIPPED, True),
        (State.DEAD, True),
    ],
)
def test_a_request_has_ended_or_has_not(state: State, ended: bool) -> None:
    """There is nothing between."""
    assert a_view(state=state).has_ended is ended
