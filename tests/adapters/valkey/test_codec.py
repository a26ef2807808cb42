"""Stream entries to values: nothing that stands in a stream makes reading it raise."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.adapters.valkey.codec import (
    decode_delivery,
    decode_entry,
    decode_ledger,
    decode_plan,
    decode_record,
    document,
    encode_plan,
)
from monarch.adapters.valkey.views.request import request_view
from monarch.core.delivery import MigrationEntry, Stream, Token, UnreadableEntry
from monarch.core.ids import RequestId, TicketId
from monarch.core.target.step import CreatedAs, Intended, LedgerRecord, Refused, UnreadableRecord
from monarch.core.timing import LONGEST_LIFE_MS
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
    ("heal", "tickets"),
    [(b"", set()), (b"5", {5}), (b"5 17", {5, 17}), (b" 5  5 ", {5})],
)
def test_a_migration_may_be_told_to_heal(heal: bytes, tickets: set[int]) -> None:
    """Ids of tickets with spaces between; none of them is an ordinary run."""
    fields = {b"request": b"1-1", b"target": b"org/team-a", b"heal": heal}

    entry = decode_entry(Stream.MIGRATIONS, "2-1", fields)

    assert entry == MigrationEntry(
        RequestId("1-1"), "org/team-a", 0, 1, frozenset(map(TicketId, tickets))
    )


@pytest.mark.parametrize("heal", [b"x", b"5,17", b"-5", "²".encode(), b"9" * 19, b"5 \xff"])
def test_a_wish_to_heal_that_cannot_be_read_is_not_taken_for_none(heal: bytes) -> None:
    """It would be an ordinary run, which heals nothing, without a reason."""
    fields = {b"request": b"1-1", b"target": b"org/team-a", b"heal": heal}

    assert isinstance(decode_entry(Stream.MIGRATIONS, "2-1", fields), UnreadableEntry)


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("intended until 17 nonce", Intended(17, "nonce")),
        ("intended 17 nonce", Intended(17, "nonce")),
        ("created #5 17", CreatedAs(5, 17)),
        ("refused 2 17 no, says GitHub", Refused(2, 17, "no, says GitHub")),
        ("refused 2 17", Refused(2, 17, "")),
        ("refused 2 17 ", Refused(2, 17, "")),
        *(
            (odd, UnreadableRecord(odd))
            for odd in (
                "created #x 17",
                "created #0 17",
                "created #-5 17",
                "created #5",
                "created #² 17",
                "created #5 17 by newer code",
                "intended",
                "intended 17",
                "intended until 17",
                "intended 1e9 nonce",
                "refused",
                "moved #5 17",
                "CREATED #5 17",
                "",
                "\n",
            )
        ),
    ],
)
def test_a_ledger_is_read_as_the_scripts_write_it(text: str, record: LedgerRecord) -> None:
    """What is no record of ours is something all the same: newer code may have meant a copy by it."""
    assert decode_record(text) == record


def test_a_ledger_takes_nothing_it_cannot_read_for_absence() -> None:
    """One odd value hides no other; a field that names no ticket says nothing of one."""
    flat = [
        b"1",
        b"created #5 17",
        b"x",
        b"created #6 17",
        b"2",
        b"odd",
        b"9" * 5000,
        b"created #7 17",
    ]

    assert decode_ledger(flat, 20) == {
        TicketId(1): CreatedAs(5, 17),
        TicketId(2): UnreadableRecord("odd"),
    }


def test_the_id_of_a_copys_issue_stands_beside_its_record() -> None:
    """In a field that older code passes over; a change of another number is older than the record."""
    flat = [
        b"1",
        b"created #5 17",
        b"issue:1",
        b"#5 77",
        b"2",
        b"created #6 17",
        b"issue:2",
        b"#4 78",
    ]

    assert decode_ledger(flat, 20) == {
        TicketId(1): CreatedAs(5, 17, 77),
        TicketId(2): CreatedAs(6, 17),
    }


def test_an_intent_of_the_future_is_one_of_now() -> None:
    """The server's clock went back: waiting for it to come round again could take for ever."""
    assert decode_ledger([b"1", b"intended 999999999999999 n"], 20) == {
        TicketId(1): Intended(20 + LONGEST_LIFE_MS, "n")
    }


@given(st.lists(st.tuples(st.binary(max_size=12), st.binary(max_size=40))))
def test_any_ledger_can_be_read_and_nothing_of_a_ticket_is_lost(
    fields: list[tuple[bytes, bytes]],
) -> None:
    """Every field that names a ticket is a record of one kind or another."""
    flat = [part for field in fields for part in field]

    records = decode_ledger(flat, 20)

    assert set(records) == {int(name) for name, _ in fields if name.isdigit()}


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


HASHES = st.dictionaries(
    st.sampled_from(
        [
            "state",
            "version",
            "run",
            "tickets",
            "appended_ms",
            "ended_ms",
            "targets",
            "strays",
            "copied",
            "said_version",
        ]
    ),
    st.sampled_from(["???", "²", "9" * 5000, "-1", "1e9", "٣", "", "a\nb", "DONE", "\ud800"])
    | st.text(max_size=9),
)


@given(HASHES, st.lists(HASHES, max_size=3))
def test_any_hash_of_a_request_can_be_shown(
    fields: dict[str, str], migrations: list[dict[str, str]]
) -> None:
    """A rubbish state, counts that are no numbers: people are shown what can be read of it."""
    view = request_view(RequestId("1-1"), fields, migrations)

    assert view.version >= 0
    assert view.tickets >= 0
    assert all(stray > 0 for migration in view.migrations for stray in migration.strays)


def test_a_few_bytes_do_not_unpack_to_more_than_a_machine_has() -> None:
    """A plan is bounded; what is cut off by that is no plan."""
    bomb = zlib.compressobj(9)
    packed = b"".join(bomb.compress(b" " * 10_000_000) for _ in range(27)) + bomb.flush()

    assert decode_plan(b"1:" + packed) is None
