"""What the ledger says of copies after they were created, from the fields beside their records. Nothing here raises."""

import re
from collections.abc import Sequence
from typing import Final

from monarch.core.after.acts import Change
from monarch.core.after.later import Edited, Later, Pending, Recalled
from monarch.core.ids import TicketId
from monarch.core.timing import LONGEST_LIFE_MS

_FIELD: Final = re.compile(rb"(pending|recall|edited):(\d{1,18})", re.ASCII)
_PENDING: Final = re.compile(
    r"(?P<change>close|retire|reopen|edit) #(?P<number>[1-9]\d{0,17}) until (?P<at>\d{1,15}) (?P<nonce>[!-~]{1,100})",
    re.ASCII,
)
_EDITED: Final = re.compile(r"#(?P<number>[1-9]\d{0,17}) (?P<at>\d{1,15}) .*", re.ASCII)
_RECALL: Final = re.compile(
    r"(?P<word>closed|reopened) #(?P<number>[1-9]\d{0,17}) (?P<at>\d{1,15})(?: .*?)?(?P<why> with-ticket)?",
    re.ASCII,
)
"""As permit.lua and record.lua write them. After the time come the request, for people, and then why."""


def decode_later(flat: Sequence[bytes], now_ms: int) -> dict[TicketId, Later]:
    """What a ledger says of its copies, from its `HGETALL` of `now_ms`, by the server's clock.

    A pending change that ends later than any permission granted now (the server's clock went back) ends as such a one.
    """
    found: dict[TicketId, dict[str, str]] = {}
    for name, value in zip(flat[::2], flat[1::2], strict=True):
        field = _FIELD.fullmatch(name)
        if field is not None:
            words = found.setdefault(TicketId(int(field[2])), {})
            words[field[1].decode()] = value.decode("utf-8", "replace")
    return {ticket: _later(words, now_ms) for ticket, words in found.items()}


def _later(words: dict[str, str], now_ms: int) -> Later:
    pending, recall = words.get("pending"), words.get("recall")
    change, closed = _pending(pending, now_ms), _recalled(recall)
    unread = [one for one, value in ((pending, change), (recall, closed)) if one and value is None]
    return Later(change, closed, "; ".join(unread), _edited(words.get("edited")))


def _pending(text: str | None, now_ms: int) -> Pending | None:
    found = _PENDING.fullmatch(text or "")
    if found is None:
        return None
    at_ms = min(int(found["at"]), now_ms + LONGEST_LIFE_MS)
    return Pending(Change(found["change"]), int(found["number"]), at_ms, found["nonce"])


def _edited(text: str | None) -> Edited | None:
    """An unreadable one counts for nothing: it only adds to what is reported."""
    found = _EDITED.fullmatch(text or "")
    return None if found is None else Edited(int(found["number"]), int(found["at"]))


def _recalled(text: str | None) -> Recalled | None:
    found = _RECALL.fullmatch(text or "")
    if found is None:
        return None
    is_reopened = found["word"] == "reopened"
    with_ticket = found["why"] is not None and not is_reopened
    return Recalled(int(found["number"]), int(found["at"]), is_reopened, with_ticket)
