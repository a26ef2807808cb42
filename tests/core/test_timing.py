"""The lengths of time that a write rests on stand in an order."""

import re

from hypothesis import given
from hypothesis import strategies as st

from monarch.adapters.http_send import CONNECT_TIMEOUT_S
from monarch.adapters.valkey.client.sockets import SOCKET_TIMEOUT_S
from monarch.adapters.valkey.scripts import SCRIPTS
from monarch.core.budget.ceilings import Pace
from monarch.core.timing import (
    LEASE_MARGIN_S,
    LONGEST_LIFE_MS,
    PERMISSION_LIFE_MS,
    QUIET_MS,
    SETTLING_MS,
    SLACK_DEADLINE_S,
    SLOT_MS,
    TELLING_BEGINS_WITHIN_S,
    TELLING_LOCK_MS,
    WRITE_DEADLINE_S,
    life_ms,
)
from monarch.stages.lease import RENEWALS_A_LEASE
from tests.contracts.worlds import LEASE_S

WRITE_DEADLINE_MS = WRITE_DEADLINE_S * 1000


def test_each_length_of_time_is_right_beside_the_others() -> None:
    """Write deadline < slot < settling < quiet, with the life of a permission in each where it belongs."""
    assert PERMISSION_LIFE_MS <= LONGEST_LIFE_MS
    assert WRITE_DEADLINE_MS + LONGEST_LIFE_MS <= SLOT_MS < SETTLING_MS
    assert 2 * WRITE_DEADLINE_MS <= SETTLING_MS
    assert SETTLING_MS + LONGEST_LIFE_MS <= QUIET_MS
    assert 3 * CONNECT_TIMEOUT_S < WRITE_DEADLINE_S
    assert LONGEST_LIFE_MS <= SOCKET_TIMEOUT_S * 1000


def test_a_lease_outlives_the_write_that_begins_under_it() -> None:
    """Right after a renewal there is room for a permission, and for the next renewal."""
    room_s = LEASE_S - LEASE_S / RENEWALS_A_LEASE

    assert room_s >= WRITE_DEADLINE_S + LEASE_MARGIN_S


def test_a_call_to_slack_ends_while_the_lock_on_telling_holds() -> None:
    """A call that begins in time is answered or given up before the lock ends."""
    assert (TELLING_BEGINS_WITHIN_S + SLACK_DEADLINE_S) * 1000 <= TELLING_LOCK_MS
    assert 3 * CONNECT_TIMEOUT_S < SLACK_DEADLINE_S


def test_the_budget_and_the_scripts_have_the_same() -> None:
    """No script has a number of its own."""
    assert Pace().slot_ms == SLOT_MS
    for script in SCRIPTS.values():
        quiet = re.findall(r"^local QUIET_MS = (\d+)$", script.text, re.MULTILINE)
        assert quiet == [str(QUIET_MS)], script.name


@given(st.integers(0, 1000))
def test_a_life_doubles_up_to_the_longest(late: int) -> None:
    """Never shorter than the one before it."""
    assert PERMISSION_LIFE_MS <= life_ms(late) <= life_ms(late + 1) <= LONGEST_LIFE_MS
