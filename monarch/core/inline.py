"""What counts between two words: the marks of one leaf of a text.

It reads from left to right, as GitHub's Markdown does, and steps over what is nobody's reference: code spans, tags and
comments, the contents of `<code>` and its like, addresses, the texts of links, and whatever a backslash escapes. In raw
HTML there are only tags and addresses to step over.

Each step goes on where the last one ended, and what has no end is looked for once: the work is in proportion to the text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monarch.core import grammar as patterns
from monarch.core.grammar import Grammar
from monarch.core.marks import Mark, Mention, Reference, Spelling

_HIDDEN: Final = (("<!--", "-->", 2), ("<?", "?>", 2), ("<![CDATA[", "]]>", 9), ("<!", ">", 2))
"""What begins a comment or its like, what ends it, and from where on the end may stand."""


@dataclass(frozen=True, slots=True)
class _Bracket:
    """A `[` that may begin the text of a link; `marks` were found before it."""

    end: int
    marks: int
    is_picture: bool


class Inline:
    """Reads one leaf; all offsets are those in `text`.

    Attributes:
        marks: what was found, ascending.
        pictures: their addresses.
    """

    def __init__(
        self, text: str, grammar: Grammar, addresses: Mapping[str, str], *, is_raw: bool
    ) -> None:
        self.marks: list[Mark] = []
        self.pictures: list[str] = []
        self._text = text
        self._grammar = grammar
        self._addresses = addresses
        self._is_raw = is_raw
        self._brackets: list[_Bracket] = []
        self._no_links_below = 0
        self._ticks: dict[int, list[int]] | None = None
        self._ends: dict[str, int] = {}

    def read(self, begin: int, inside: str) -> str:
        """Read from `begin` on; the text before may have left open the element `inside`, `""` for none.

        Returns:
            The element that this text leaves open, `""` for none.
        """
        at = begin
        if inside:
            at = self._behind_element(inside, at)
            if at < 0:
                return inside
        pattern = self._grammar.raw if self._is_raw else self._grammar.prose
        while found := pattern.search(self._text, at):
            at, inside = self._step(found)
            if at < 0:
                return inside
        return ""

    def _step(self, found: re.Match[str]) -> tuple[int, str]:
        """Where to go on; below 0: nowhere, the text ends inside of the element named."""
        match found.lastgroup:
            case "ticks":
                return self._behind_code(found), ""
            case "opens":
                self._brackets.append(_Bracket(found.end(), len(self.marks), len(found[0]) > 1))
            case "closes":
                return self._behind_link(found), ""
            case "tag":
                return self._behind_tag(found.start())
            case "who":
                self.marks.append(Mention(found.start(), found.end("who")))
            case "number" | "gh":
                number = int(found["number"] or found["gh"])
                self._refer(found.start(), found.end(), Spelling.NUMBER, number)
            case "named_number":
                number = int(found["named_number"])
                self._refer(found.start(), found.end(), Spelling.NAME, number, found["named"])
            case "tail":
                return self._behind_issue(found), ""
            case _:  # an escape, or somebody's address
                pass
        return found.end(), ""

    def _refer(
        self,
        start: int,
        end: int,
        spelling: Spelling,
        number: int,
        repository: str = "",
        page: str = "issues",
        tail: str = "",
    ) -> None:
        is_raw = self._is_raw or self._text[max(0, start - 1) : start] in {"!", "]"}
        self.marks.append(Reference(start, end, spelling, number, repository, page, tail, is_raw))

    def _behind_issue(self, found: re.Match[str]) -> int:
        tail = found["tail"].rstrip(patterns.TRAILING)
        end = found.start("tail") + len(tail)
        self._refer(
            found.start(),
            end,
            Spelling.NAME,
            int(found["issue"]),
            found["repository"],
            found["page"],
            tail,
        )
        return end

    def _address(self, start: int, address: str) -> None:
        """Note an address that must remain one, if it is that of an issue."""
        found = self._grammar.issue.fullmatch(address)
        if found:
            end = start + len(address)
            number = int(found["issue"])
            where = found["repository"], found["page"], found["tail"]
            self._refer(start, end, Spelling.ADDRESS, number, *where)

    def _behind_code(self, found: re.Match[str]) -> int:
        """Behind the code span that begins here, or behind the backticks that begin none."""
        if self._ticks is None:
            self._ticks = {}
            for ticks in reversed(list(patterns.TICKS.finditer(self._text))):
                self._ticks.setdefault(len(ticks[0]), []).append(ticks.start())
        length = len(found[0])
        closings = self._ticks.get(length, [])
        while closings and closings[-1] < found.end():
            closings.pop()
        return closings[-1] + length if closings else found.end()

    def _behind_tag(self, start: int) -> tuple[int, str]:
        """Behind the tag, comment or address in `<…>` that begins here; else behind the `<`."""
        for opening, closing, skipped in _HIDDEN:
            if self._text.startswith(opening, start):
                end = self._next(closing, start + skipped)
                if end >= 0:
                    return end + len(closing), ""
                return (len(self._text) if self._is_raw else start + 1), ""
        if link := patterns.AUTOLINK.match(self._text, start):
            if link["address"]:
                self._address(start + 1, link["address"])
            return link.end(), ""
        tag = patterns.TAG.match(self._text, start)
        if tag is None:
            return start + 1, ""
        name = (tag["name"] or "").lower()
        if name == "img" and (source := patterns.SOURCE.search(tag[0])):
            self.pictures.append(source[source.lastgroup or 0])
        if name not in patterns.UNREAD or tag["lone"]:
            return tag.end(), ""
        return self._behind_element(name, tag.end()), name

    def _behind_element(self, name: str, at: int) -> int:
        """Behind the end of an element; below 0 where it has none in this text."""
        for closing in patterns.CLOSING.finditer(self._text, at):
            if closing["name"].lower() == name:
                return closing.end()
        return -1

    def _next(self, closing: str, at: int) -> int:
        """Where `closing` stands next, below 0 for nowhere. Asked with ascending `at` only."""
        known = self._ends.get(closing)
        if known is None or 0 <= known < at:
            known = self._ends[closing] = self._text.find(closing, at)
        return known

    def _behind_link(self, found: re.Match[str]) -> int:
        """Behind the link whose text ends here: what was found in its text goes. Else behind the bracket."""
        if not self._brackets:
            return found.end()
        bracket = self._brackets.pop()
        is_dead = len(self._brackets) < self._no_links_below and not bracket.is_picture
        self._no_links_below = min(self._no_links_below, len(self._brackets))
        if is_dead:
            return found.end()
        link = patterns.DESTINATION.match(self._text, found.end())
        group = "plain" if link and link["angle"] is None else "angle"
        if link:
            end, address = link.end(), link[group]
        elif label := self._label(bracket.end, found):
            end, address = label
        else:
            return found.end()
        del self.marks[bracket.marks :]
        if bracket.is_picture:
            self.pictures.append(address)
        else:
            self._no_links_below = len(self._brackets)
        if link:
            self._address(link.start(group), address)
        return end

    def _label(self, start: int, found: re.Match[str]) -> tuple[int, str] | None:
        """The end and the address of a link whose address is defined elsewhere: `[text][label]`, `[label]`."""
        if not self._addresses:
            return None
        label = patterns.LABEL.match(self._text, found.end())
        if label and label["label"].strip():
            address = self._addresses.get(normal(label["label"]))
            return None if address is None else (label.end(), address)
        inner = self._text[start : min(found.start(), start + patterns.LONGEST_LABEL + 1)]
        if len(inner) > patterns.LONGEST_LABEL or "[" in inner:
            return None
        address = self._addresses.get(normal(inner))
        end = found.end() if label is None else label.end()
        return None if address is None else (end, address)


def normal(label: str) -> str:
    """A label as it is compared."""
    return " ".join(label.split()).casefold()
