"""Signatures of markers: for one installation, one ticket and one target."""

import re

from hypothesis import given
from hypothesis import strategies as st

from monarch.core.copy.marker import Marker, read_marker
from monarch.core.copy.seal import Seal
from monarch.core.ids import TargetId, TicketId

KEYS = st.binary(min_size=1, max_size=40)
IDS = st.integers(1, 10**17)


def signed(seal: Seal, ticket: int, target: int) -> Marker:
    """A marker, as it stands in an issue and is read back."""
    signature = seal.sign(TicketId(ticket), TargetId(target))
    read = read_marker(
        str(Marker("org/template", 12, TicketId(ticket), TargetId(target), signature))
    )
    assert read is not None
    return read


@given(KEYS, KEYS, IDS, IDS)
def test_what_a_key_has_signed_is_proven_for_as_long_as_it_is_listed(
    new: bytes, old: bytes, ticket: int, target: int
) -> None:
    """The first one signs, all verify."""
    before = signed(Seal("monarch", (old,)), ticket, target)
    after = signed(Seal("monarch", (new, old)), ticket, target)

    assert Seal("monarch", (new, old)).proves(before, TargetId(target))
    assert Seal("monarch", (old,)).proves(after, TargetId(target)) == (old == new)
    assert re.fullmatch("[0-9a-f]{32}", after.signature)


@given(IDS, IDS, IDS, IDS)
def test_a_signature_is_worth_nothing_for_another_ticket_or_target(
    ticket: int, target: int, other_ticket: int, other_target: int
) -> None:
    """No matter who pastes it."""
    seal = Seal("monarch", (b"key",))
    signature = signed(seal, ticket, target).signature
    pasted = Marker("a/b", 1, TicketId(other_ticket), TargetId(other_target), signature)

    is_same = (ticket, target) == (other_ticket, other_target)
    assert seal.proves(pasted, TargetId(other_target)) == is_same


def test_a_known_signature() -> None:
    """It must never change by itself: copies carry it."""
    seal = Seal("monarch", (b"0123456789abcdef",))

    assert (
        seal.sign(TicketId(2034567890), TargetId(800000003)) == "94b6c752a8300d52387ea22e53df49c6"
    )


def test_a_seal_shows_no_key() -> None:
    """No matter which code logs it."""
    assert "secret" not in repr(Seal("monarch", (b"secret",)))
