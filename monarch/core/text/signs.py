"""References, mentions and addresses in the words of a text.

Each is found by the sign in it that is rare elsewhere (`#`, `@`, `gh-`, `://`, `www.`); only there the text is read closely.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from monarch.core.text.grammar import (
    NUMBER,
    SIGN,
    TEAM,
    TRAILING,
    USER,
    WORD,
    Grammar,
    address_start,
    named_before,
)
from monarch.core.text.marks import Mark, Mention, Reference, Spelling
from monarch.core.text.words import PlainWords

_ADDRESS: Final = re.compile(r"[^ \t\n\v\f\r<]++")
_ADDRESS_ELSEWHERE: Final = re.compile(r"[^\s<]++")
"""In raw HTML and in brackets GitHub makes no link of an address, so any white space ends it."""

_MARKS: Final = frozenset("*_~")
_LAST: Final = f"{TRAILING}'\")"
_BRACKET: Final = re.compile(r"[\[\]]")


class Signs:
    """Looks through the words of one text."""

    def __init__(self, text: str, words: PlainWords, rules: Grammar) -> None:
        self._text = text
        self._words = words
        self._shown = words.shown()
        self._rules = rules
        self._done = 0  # after the last mark
        self._addresses: list[tuple[int, int]] = []

    def read(self) -> Iterator[Mark]:
        """All marks, ascending. An address of anything else is skipped."""
        at = 0
        while found := SIGN.search(self._shown, at):
            sign = found.start()
            mark = self._mark(self._shown[sign], sign)
            if mark:
                yield mark
            at = max(sign + 1, self._done)

    def _mark(self, char: str, sign: int) -> Mark | None:
        match char:
            case "#":
                return self._number(sign)
            case "@":
                return self._mention(sign)
            case "g" | "G":
                return self._old_number(sign)
        return self._at_address(sign)

    def is_in_address(self, place: int) -> bool:
        """Whether this position of the source is in a bare address, whatever it looks like otherwise."""
        before = bisect_right(self._addresses, (place, len(self._text))) - 1
        return before >= 0 and place < self._addresses[before][1]

    def _before(self, at: int) -> str:
        return self._shown[at - 1] if at else "\n"

    def _refer(
        self,
        start: int,
        end: int,
        spelling: Spelling,
        number: int,
        repository: str = "",
        page: str = "issues",
        tail: str = "",
    ) -> Reference:
        self._done = end
        begin, stop = self._words.source(start, end)
        raw = self._words.kind(start)[0] or self._text[max(0, begin - 1) : begin] in {"!", "]"}
        return Reference(begin, stop, spelling, number, repository, page, tail, raw)

    def _number(self, sign: int) -> Reference | None:
        number = NUMBER.match(self._shown, sign + 1)
        if number is None:
            return None
        before = self._before(sign)
        named = named_before(self._shown, sign) if before in _IN_NAME else ""
        if named and sign - len(named) >= self._done:
            start = sign - len(named)
            return self._refer(start, number.end(), Spelling.NAME, int(number[0]), named)
        if before not in WORD:
            return self._refer(sign, number.end(), Spelling.NUMBER, int(number[0]))
        return None

    def _old_number(self, sign: int) -> Reference | None:
        number = NUMBER.match(self._shown, sign + len("GH-"))
        if number and self._before(sign) not in WORD:
            return self._refer(sign, number.end(), Spelling.NUMBER, int(number[0]))
        return None

    def _mention(self, sign: int) -> Mention | None:
        before = self._before(sign)
        if before in WORD:
            return None
        found = USER.match(self._shown, sign + 1) if before != "`" else None
        organisation = ""
        if found is None:
            found = TEAM.match(self._shown, sign + 1)
            if found is None:
                return None
            organisation = found["organisation"]
        start, name = self._words.source(sign, sign + 1)
        return Mention(start, self._words.source(sign, found.end())[1], name, organisation)

    def _at_address(self, sign: int) -> Reference | None:
        start = address_start(self._shown, sign)
        if start is None or start < self._done:
            return None
        begin, _ = self._words.source(start, start + 1)
        end = self._address_end(begin, start)
        if issue := self._rules.bare.match(self._shown, start):
            tail = issue["tail"].rstrip(TRAILING)
            stop = issue.start("tail") + len(tail)
            if not self._goes_on(self._words.source(start, stop)[1], end):
                where = issue["repository"], issue["page"], tail
                return self._refer(start, stop, Spelling.NAME, int(issue["issue"]), *where)
        self._addresses.append((begin, end))
        self._done = self._words.behind(end)
        return None

    def _goes_on(self, stop: int, end: int) -> bool:
        """Whether asterisks or the like after an issue's address belong to it: `…/issues/9**w` is one address."""
        rest = self._text[stop:end]
        return rest[:1] in _MARKS and rest.rstrip(_LAST) != ""

    def _address_end(self, begin: int, start: int) -> int:
        """Where in the source the address ends: GitHub takes all but white space and `<`, whatever it means elsewhere."""
        raw, bracketed = self._words.kind(start)
        address = _ADDRESS_ELSEWHERE if raw or bracketed else _ADDRESS
        found = address.match(self._text, begin, self._words.limit(start))
        end = found.end() if found else begin
        depth = 0
        if bracketed:
            for bracket in _BRACKET.finditer(self._text, begin, end):
                depth += 1 if bracket[0] == "[" else -1
                if depth < 0:
                    return bracket.start()
        return end


_IN_NAME: Final = frozenset(f"{WORD}-.")
