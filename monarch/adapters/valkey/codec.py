"""Stream entries to values and back. Every entry carries `v`, its version.

An entry of a newer version is told apart from one that cannot be read: the first waits for newer code, the second
is given up. Nothing that stands in a stream makes this raise.
"""

import json
import zlib
from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter, ValidationError

from monarch.core.delivery import (
    Delivery,
    Entry,
    MigrationEntry,
    NewerEntry,
    NoticeEntry,
    RequestEntry,
    Stream,
    Token,
    UnreadableEntry,
)
from monarch.core.ids import RequestId, TicketId
from monarch.core.plan import Plan
from monarch.core.refs import BadRef, parse_ref
from monarch.core.step import CreatedAs, Intended, LedgerRecord, Refused

VERSION = 1

_MAX_DIGITS = 9
"""Of a number in an entry: more is no count of anything."""

_MAX_ENTRY_ID = 41
"""Two 64-bit numbers and a dash."""

Fields = Mapping[bytes, bytes]


def decode_delivery(token: Token, fields: Fields, since_progress: int | None = None) -> Delivery:
    """Read a delivery; `since_progress` is its delivery count where it is not given."""
    return Delivery(
        token,
        decode_entry(token.stream, token.entry, fields),
        _number(fields.get(b"attempts", b"0")) or 0,
        token.count if since_progress is None else since_progress,
    )


def decode_entry(stream: Stream, entry: str, fields: Fields) -> Entry:
    """Read an entry of `stream`; what cannot be read becomes an `UnreadableEntry` that says why."""
    version = _number(fields.get(b"v", b"1"))
    if version is None or version < 1:
        return UnreadableEntry(
            f"its version should be a whole number from 1, not {_shown(fields, b'v')}"
        )
    if version > VERSION:
        return NewerEntry(version)
    if stream is Stream.REQUESTS:
        return _decode_request(entry, fields)
    request = _entry_id(fields.get(b"request", b""))
    if request is None:
        return UnreadableEntry(f"`request` should be an entry id, not {_shown(fields, b'request')}")
    if stream is Stream.NOTICES:
        return NoticeEntry(request)
    return _decode_migration(request, fields)


def _decode_request(entry: str, fields: Fields) -> Entry:
    payload = fields.get(b"payload")
    if payload is None:
        names = ", ".join(sorted(name.decode("utf-8", "replace")[:40] for name in fields)[:10])
        return UnreadableEntry(
            f"a request needs the field `payload` (the message's JSON); it has: {names}"
        )
    # A parked request comes back as another entry, and keeps its first id as its name.
    return RequestEntry(_entry_id(fields.get(b"request", b"")) or RequestId(entry), payload)


def _decode_migration(request: RequestId, fields: Fields) -> Entry:
    try:
        target = parse_ref(fields.get(b"target", b"").decode("utf-8", "replace")).full_name
    except BadRef as problem:
        return UnreadableEntry(f"`target`: {problem}")
    order, run = _number(fields.get(b"order", b"0")), _number(fields.get(b"run", b"1"))
    if order is None or run is None:
        return UnreadableEntry("`order` and `run` should be whole numbers")
    return MigrationEntry(request, target, order, run)


def _number(raw: bytes) -> int | None:
    return int(raw) if raw.isdigit() and len(raw) <= _MAX_DIGITS else None


def _entry_id(raw: bytes) -> RequestId | None:
    first, dash, second = raw.partition(b"-")
    if dash and first.isdigit() and second.isdigit() and len(raw) <= _MAX_ENTRY_ID:
        return RequestId(raw.decode("ascii"))
    return None


def _shown(fields: Fields, name: bytes) -> str:
    return ascii(fields.get(name, b"").decode("utf-8", "replace")[:40])


# --------------------------------------------------------------------------------------------- plans

_PLAN = TypeAdapter(Plan)


def encode_plan(plan: Plan) -> bytes:
    """A plan as compressed JSON, its version before it."""
    return b"1:" + zlib.compress(_PLAN.dump_json(plan), level=6)


def decode_plan(packed: bytes) -> Plan | None:
    """The plan, or `None` where these bytes are none that this code can read."""
    version, _, body = packed.partition(b":")
    if version != b"1":
        return None
    try:
        return _PLAN.validate_json(zlib.decompress(body))
    except (zlib.error, ValidationError):
        return None


# ------------------------------------------------------------------------------------------- ledgers


def decode_ledger(flat: Sequence[bytes]) -> dict[TicketId, LedgerRecord]:
    """A ledger from its `HGETALL`; a field that is no record is passed over, as if nothing were known."""
    records: dict[TicketId, LedgerRecord] = {}
    for ticket, value in zip(flat[::2], flat[1::2], strict=True):
        record = decode_record(value.decode("utf-8", "replace"))
        if record is not None and ticket.isdigit():
            records[TicketId(int(ticket))] = record
    return records


def decode_record(text: str) -> LedgerRecord | None:
    """`intended <ms> <nonce>`, `created #<number> <ms>` or `refused <run> <ms> <reason>`."""
    word, _, rest = text.partition(" ")
    parts = rest.split(" ", 2)
    try:
        if word == "intended":
            return Intended(int(parts[0]), parts[1])
        if word == "created":
            return CreatedAs(int(parts[0].removeprefix("#")), int(parts[1]))
        if word == "refused":
            return Refused(int(parts[0]), int(parts[1]), "".join(parts[2:]))
    except (ValueError, IndexError):
        return None
    return None


def pairs(flat: Sequence[bytes]) -> dict[str, str]:
    """An `HGETALL` as text."""
    items = [item.decode("utf-8", "replace") for item in flat]
    return dict(zip(items[::2], items[1::2], strict=True))


def document(fields: Mapping[str, object]) -> bytes:
    """A JSON document for a script; `None`s are left out, as Lua knows them only as absent.

    Half a surrogate pair (JSON can spell one, UTF-8 cannot) becomes a question mark: the script would refuse it, and
    the delivery could never be settled.
    """
    known = {name: value for name, value in fields.items() if value is not None}
    return json.dumps(known, ensure_ascii=False).encode("utf-8", "replace")
