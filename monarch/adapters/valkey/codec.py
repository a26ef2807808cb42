"""Stream entries to values and back. Every entry carries `v`, its version.

An entry of a newer version differs from an unreadable one: the first waits for newer code, the second is given up.
Nothing in a stream makes this module raise.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import TypeAdapter, ValidationError

from monarch.core.after.acts import Act
from monarch.core.delivery import (
    Delivery,
    Entry,
    FormerNoticeEntry,
    MigrationEntry,
    NewerEntry,
    NoticeEntry,
    RequestEntry,
    Stream,
    Token,
    UnreadableEntry,
)
from monarch.core.ids import CohortId, RequestId, TargetId, TicketId
from monarch.core.plan import Plan
from monarch.core.request.refs import BadRef, parse_ref
from monarch.core.target.step import CreatedAs, Intended, LedgerRecord, Refused, UnreadableRecord
from monarch.core.timing import LONGEST_LIFE_MS

VERSIONS = {Stream.REQUESTS: 2, Stream.MIGRATIONS: 2, Stream.NOTICES: 2}
"""The newest versions that this code reads. Entries that ask for an act, and notices of a cohort, are of version 2, so code
that knows neither hands them back."""

_MAX_DIGITS = 9
"""Digits of a number in an entry: nothing that is counted has more."""

_MAX_ID = 18
"""Digits of GitHub's ids, far more than they have today."""

_MAX_ENTRY_ID = 41
"""Two 64-bit numbers and a dash."""

_TELLING = (b"request", b"target", b"card", b"payload")
"""The fields that tell entries with the same id apart; settle.lua names the same."""

_ENCODER = json.JSONEncoder(ensure_ascii=False)

Fields = Mapping[bytes, bytes]


def decode_delivery(token: Token, fields: Fields, since_progress: int | None = None) -> Delivery:
    """Read a delivery; `since_progress` defaults to its delivery count."""
    return Delivery(
        token,
        decode_entry(token.stream, token.entry, fields),
        _number(fields.get(b"attempts", b"0")) or 0,
        token.count if since_progress is None else since_progress,
        _content(fields),
    )


def _content(fields: Fields) -> str:
    told = b"\n".join(fields.get(name, b"") for name in _TELLING)
    return hashlib.sha1(told, usedforsecurity=False).hexdigest()


def decode_entry(stream: Stream, entry: str, fields: Fields) -> Entry:
    """Read an entry of `stream`; an unreadable one becomes an `UnreadableEntry` that says why."""
    version = _number(fields.get(b"v", b"1"))
    if version is None or version < 1:
        return UnreadableEntry(
            f"its version should be a whole number from 1, not {_shown(fields, b'v')}"
        )
    if version > VERSIONS[stream]:
        return NewerEntry(version)
    if stream is Stream.REQUESTS:
        return _decode_request(entry, fields)
    if stream is Stream.NOTICES and version == VERSIONS[stream]:
        return _decode_notice(fields)
    request = _entry_id(fields.get(b"request", b""))
    if request is None:
        return UnreadableEntry(f"`request` should be an entry id, not {_shown(fields, b'request')}")
    if stream is Stream.NOTICES:
        return FormerNoticeEntry(request)
    return _decode_migration(request, fields)


def _decode_request(entry: str, fields: Fields) -> Entry:
    payload = fields.get(b"payload")
    if payload is None:
        names = ", ".join(sorted(name.decode("utf-8", "replace")[:40] for name in fields)[:10])
        return UnreadableEntry(
            f"a request needs the field `payload` (the message's JSON); it has: {names}"
        )
    # A parked request comes back as a new entry, and keeps its first id as its name.
    act = _act(fields.get(b"act", Act.COPY.value.encode()))
    if act is None:
        return UnreadableEntry(f"`act` is unknown: {_shown(fields, b'act')}")
    named = _entry_id(fields.get(b"request", b"")) or RequestId(entry)
    source = _ticket(fields.get(b"source_id", b""))
    return RequestEntry(named, payload, act, None if source is None else TargetId(source))


def _decode_notice(fields: Fields) -> Entry:
    card = _entry_id(fields.get(b"card", b""))
    if card is None:
        return UnreadableEntry(f"`card` should be an entry id, not {_shown(fields, b'card')}")
    return NoticeEntry(CohortId(card))


def _decode_migration(request: RequestId, fields: Fields) -> Entry:
    try:
        target = parse_ref(fields.get(b"target", b"").decode("utf-8", "replace")).full_name
    except BadRef as problem:
        return UnreadableEntry(f"`target`: {problem}")
    order, run = _number(fields.get(b"order", b"0")), _number(fields.get(b"run", b"1"))
    if order is None or run is None:
        return UnreadableEntry("`order` and `run` should be whole numbers")
    heal = [_ticket(word) for word in fields.get(b"heal", b"").split()]
    if None in heal:
        return UnreadableEntry("`heal` should be ids of tickets with spaces between")
    act = _act(fields.get(b"act", Act.COPY.value.encode()))
    if act is None:
        known = ", ".join(one.value for one in Act)
        return UnreadableEntry(f"`act` should be one of {known}, not {_shown(fields, b'act')}")
    healed = frozenset(ticket for ticket in heal if ticket is not None)
    bases = tuple(one for word in fields.get(b"bases", b"").split() if (one := _entry_id(word)))
    return MigrationEntry(request, target, order, run, healed, act, bases)


def _act(raw: bytes) -> Act | None:
    return next((act for act in Act if act.value.encode() == raw), None)


def _ticket(raw: bytes) -> TicketId | None:
    return TicketId(int(raw)) if raw.isdigit() and len(raw) <= _MAX_ID else None


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


_MAX_PLAN = 1 << 28
"""Bytes of a plan, unpacked: a few bytes can unpack to more than a machine has."""


def encode_plan(plan: Plan) -> bytes:
    """A plan as compressed JSON, its version before it."""
    return b"1:" + zlib.compress(_PLAN.dump_json(plan), level=6)


def decode_plan(packed: bytes) -> Plan | None:
    """The plan; `None` if this code cannot read these bytes."""
    version, _, body = packed.partition(b":")
    if version != b"1":
        return None
    try:
        unpacking = zlib.decompressobj()
        unpacked = unpacking.decompress(body, _MAX_PLAN)
        return _PLAN.validate_json(unpacked) if unpacking.eof else None
    except (zlib.error, ValidationError):
        return None


# ------------------------------------------------------------------------------------------- ledgers

_RECORD = re.compile(
    r"intended (?:until )?(?P<at>\d{1,15}) (?P<nonce>[!-~]{1,100})"
    r"|created #(?P<number>[1-9]\d{0,17}) (?P<since>\d{1,15})"
    r"|refused (?P<run>\d{1,9}) (?P<then>\d{1,15})(?: (?P<reason>.*))?",
    re.ASCII | re.DOTALL,
)
"""As record.lua and permit.lua write them."""


def decode_ledger(flat: Sequence[bytes], now_ms: int) -> dict[TicketId, LedgerRecord]:
    """A ledger from its `HGETALL` of `now_ms`, by the server's clock.

    A value that cannot be parsed becomes an `UnreadableRecord`, never a missing one: newer code may have written it. A
    field that names no ticket is skipped. An intent that ends later than any permission granted now (the server's clock
    went back) ends as such a one: it was on record before it was read. A refusal after `now_ms` is one of an unknown
    moment, so of any request: its ticket is tried again.
    """
    fields = dict(zip(flat[::2], flat[1::2], strict=True))
    records: dict[TicketId, LedgerRecord] = {}
    for ticket, value in fields.items():
        if (known := _ticket(ticket)) is not None:
            record = _not_after(decode_record(value.decode("utf-8", "replace")), now_ms)
            records[known] = _with_issue(record, fields.get(b"issue:" + ticket, b""))
    return records


def _not_after(record: LedgerRecord, now_ms: int) -> LedgerRecord:
    """The same record; an intent ends, at the latest, with the longest-lived permission granted at `now_ms`."""
    if isinstance(record, Intended):
        return replace(record, at_ms=min(record.at_ms, now_ms + LONGEST_LIFE_MS))
    if isinstance(record, Refused) and record.at_ms > now_ms:
        return replace(record, at_ms=0)
    return record


_ISSUE = re.compile(rb"#([1-9]\d{0,17}) ([1-9]\d{0,17})", re.ASCII)


def _with_issue(record: LedgerRecord, beside: bytes) -> LedgerRecord:
    """The same record; a copy gets GitHub's id, from the field beside it: `#<number> <id>`.

    The id has a field of its own, because older code skips that field and could not read a record that contains it.
    Older code writes a new number without an id, so the id counts only for the number that it names.
    """
    found = _ISSUE.fullmatch(beside)
    if isinstance(record, CreatedAs) and found and int(found[1]) == record.number:
        return replace(record, issue=int(found[2]))
    return record


def decode_record(text: str) -> LedgerRecord:
    """`intended until <ms> <nonce>` (older code: without `until`), `created #<number> <ms>` or `refused <run> <ms> <reason>`."""
    found = _RECORD.fullmatch(text)
    if found is None:
        return UnreadableRecord(text)
    if found["at"]:
        return Intended(int(found["at"]), found["nonce"])
    if found["number"]:
        return CreatedAs(int(found["number"]), int(found["since"]))
    return Refused(int(found["run"]), int(found["then"]), found["reason"] or "")


def pairs(flat: Sequence[bytes]) -> dict[str, str]:
    """An `HGETALL` as text."""
    items = [item.decode("utf-8", "replace") for item in flat]
    return dict(zip(items[::2], items[1::2], strict=True))


def document(fields: Mapping[str, object]) -> bytes:
    """A JSON document for a script; `None`s are left out, since Lua knows them only as absent.

    Half a surrogate pair (JSON can spell one, UTF-8 cannot) becomes a question mark: the script would refuse it, and
    the delivery could never be settled.
    """
    known = {name: value for name, value in fields.items() if value is not None}
    return _ENCODER.encode(known).encode("utf-8", "replace")
