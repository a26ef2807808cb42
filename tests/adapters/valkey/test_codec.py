"""Stream entries to values: nothing that stands in a stream makes reading it raise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.adapters.valkey.codec import (
    decode_delivery,
    decode_ledger,
    decode_plan,
    decode_record,
    document,
    encode_plan,
)
from monarch.core.delivery import Stream, Token, UnreadableEntry
from monarch.core.ids import TicketId
from monarch.core.step import CreatedAs, Intended, LedgerRecord, Refused
from tests.contracts.moves import a_plan

NAMES = st.sampled_from([b"v", b"request", b"target", b"order", b"run", b"attempts", b"payload"])
VALUES = st.binary(max_size=20) | st.sampled_from([b"1", b"2", b"1-1", b"org/team-a"])
FIELDS = st.dictionaries(NAMES | st.binary(max_size=8), VALUES)


@given(st.sampled_from(Stream), FIELDS)
def test_any_entry_becomes_a_delivery(stream: Stream, fields: dict[bytes, bytes]) -> None:
    """Of one kind or another."""
    delivery = decode_delivery(Token(stream, "worker-1", "1-1", 1), fields)

    assert delivery.attempts >= 0


@pytest.mark.parametrize("version", [b"0", b"-1", b"one", b"", b"\xff", "²".encode()])
def test_a_version_that_is_no_number_is_unreadable(version: bytes) -> None:
    """And no newer one."""
    delivery = decode_delivery(Token(Stream.NOTICES, "w", "1-1", 1), {b"v": version})

    assert isinstance(delivery.entry, UnreadableEntry)


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("intended 17 nonce", Intended(17, "nonce")),
        ("created #5 17", CreatedAs(5, 17)),
        ("refused 2 17 no, says GitHub", Refused(2, 17, "no, says GitHub")),
        ("refused 2 17", Refused(2, 17, "")),
        ("created #x 17", None),
        ("intended", None),
        ("", None),
        ("what ever", None),
    ],
)
def test_a_ledger_is_read_as_the_scripts_write_it(text: str, record: LedgerRecord | None) -> None:
    """What is no record is as if nothing were known: a look will tell."""
    assert decode_record(text) == record


def test_a_ledger_passes_over_what_it_does_not_know() -> None:
    """One odd field hides no other."""
    flat = [b"1", b"created #5 17", b"x", b"created #6 17", b"2", b"odd"]

    assert decode_ledger(flat) == {TicketId(1): CreatedAs(5, 17)}


def test_a_plan_comes_back_as_it_was() -> None:
    """Compressed and versioned."""
    assert decode_plan(encode_plan(a_plan(50))) == a_plan(50)


@given(st.binary(max_size=50))
def test_what_is_no_plan_is_none(packed: bytes) -> None:
    """Whatever it is."""
    assert decode_plan(packed) is None
    assert decode_plan(b"1:" + packed) is None


def test_a_document_leaves_out_what_is_not_there() -> None:
    """Lua knows `None` only as absent."""
    assert document({"a": None, "b": "é"}) == '{"b": "é"}'.encode()
