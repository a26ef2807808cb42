"""What counts in a Markdown text: references, mentions and pictures, and where they stand.

pulldown-cmark (`pyromark`) reads the Markdown itself: it says what is prose, raw HTML, a link, code. GitHub's own marks
are looked for only in the words that are left, as people see them.

All of it is pure, and its work is proportional to the text: one pass over the parser's events, one over the words.
"""

import re
from functools import lru_cache
from typing import Any, Final

from monarch.core.text import raw_html
from monarch.core.text.corrected import events
from monarch.core.text.destinations import Destination, defined, linked
from monarch.core.text.grammar import Grammar, grammar
from monarch.core.text.marks import Findings, Mark, Reference, Spelling
from monarch.core.text.places import Lines, TextPlaces
from monarch.core.text.pulldown import definitions
from monarch.core.text.signs import Signs
from monarch.core.text.words import PlainWords

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_BLOCKS: Final = frozenset({"Paragraph", "TableCell", "Heading", "HtmlBlock"})


@lru_cache(maxsize=64)
def find(text: str, web_url: str) -> Findings:
    """Find the marks and the pictures of a text, for issues that people see at `web_url`.

    The last few are remembered, since a ticket's text is read again in both passes of every target. One of the longest
    texts, full of references, takes some megabytes.
    """
    reader = _Reader(_SURROGATE.sub("\ufffd", text), grammar(web_url))
    reader.read()
    return reader.findings()


def _read(event: Any) -> tuple[str, Any]:
    """The kind of an event and what it is about."""
    return (event, None) if isinstance(event, str) else next(iter(event.items()))


class _Reader:
    """Reads the events of one text."""

    def __init__(self, text: str, rules: Grammar) -> None:
        self._text = text
        self._rules = rules
        self._places = TextPlaces(text)
        self._words = PlainWords()
        self._links: list[tuple[str, Any, int, int]] = []  # the open ones: what, and where
        self._inner = 0  # where the last event inside of a link ended, in bytes
        self._is_code = False
        self._html: list[
            tuple[str, int]
        ] = []  # the lines of a piece of raw HTML, and their positions
        self._unread = ""  # the element whose contents GitHub does not search
        self._brackets = 0  # how many are open in this block
        self._seen = 0  # where the last words ended
        self._limit = len(text)  # where this cell ends
        self._addresses: list[Reference] = []
        self._pictures: list[str] = []
        self._closings = {
            found["name"].lower(): found.start() for found in raw_html.CLOSING.finditer(text)
        }

    def read(self) -> None:
        """Read the whole text."""
        for event, start, end in events(self._text):
            kind, value = _read(event)
            if kind == "Text":
                self._take_words(value, start, end)
            elif kind == "Html":
                self._html.append((value, self._places.of(start)))
            else:
                self._words.part()
                self._take(kind, value, start, end)
        if "]:" in self._text:
            self._take_definitions(definitions(self._text))

    def findings(self) -> Findings:
        """What was found."""
        signs = Signs(self._text, self._words, self._rules)
        marks: list[Mark] = [*signs.read()]
        marks += (mark for mark in self._addresses if not signs.is_in_address(mark.start))
        marks.sort(key=lambda mark: mark.start)
        return Findings(tuple(marks), tuple(self._pictures))

    def _take_words(self, shown: str, start: int, end: int) -> None:
        if self._links:
            self._inner = end
        elif not self._is_code and not self._unread:
            self._add(shown, self._places.of(start), self._places.of(end))

    def _take(self, kind: str, value: Any, start: int, end: int) -> None:
        match kind:
            case "Start":
                self._begin(value, start, end)
            case "End":
                self._end(value if isinstance(value, str) else next(iter(value)), end)
            case "InlineHtml":
                self._read_html([(value, self._places.of(start))])
            case "FootnoteReference":
                self._end_open_link()
        if self._links and kind != "Start":
            self._inner = end

    def _begin(self, what: Any, start: int, end: int) -> None:
        match what:
            case {"Link": link} | {"Image": link}:
                self._links.append((next(iter(what)), link, start, end))
                self._inner = start + 1
            case {"CodeBlock": _}:
                self._is_code = True
            case "TableCell":
                self._limit = self._places.of(end)

    def _end(self, name: str, end: int) -> None:
        if name in {"Link", "Image"}:
            self._end_link()
            if name == "Link":
                self._end_open_link()
        elif name == "CodeBlock":
            self._is_code = False
        elif name == "HtmlBlock":
            self._read_html(self._html)
            self._html = []
        if name in _BLOCKS:
            self._brackets = 0
            self._limit = len(self._text)
            if self._unread and self._closings.get(self._unread, -1) < self._places.of(end):
                self._unread = ""  # nothing closes it: it ends with its block

    def _add(self, shown: str, start: int, end: int) -> None:
        if shown == "]":
            self._brackets = max(0, self._brackets - 1)
        elif shown in {"[", "!["}:
            self._brackets += 1
        bracketed = self._brackets > 0
        if self._seen < start and self._text[start - 1] == "\\":
            self._words.add(shown[0], start - 1, start + 1, self._limit, bracketed=bracketed)
            shown, start = shown[1:], start + 1
        if shown:
            self._words.add(shown, start, end, self._limit, bracketed=bracketed)
        self._seen = end

    def _read_html(self, lines: list[tuple[str, int]]) -> None:
        html = Lines(lines)
        for piece in raw_html.read(html.text):
            self._words.part()
            if isinstance(piece, raw_html.Tag):
                self._take_tag(piece, html)
            elif not self._unread:
                for start, end, source in html.lines(*piece):
                    for shown, begin, stop in raw_html.spelled(html.text[start:end]):
                        where = source + begin, source + stop
                        self._words.add(shown, *where, len(self._text), raw=True)
        self._words.part()

    def _take_tag(self, tag: raw_html.Tag, html: Lines) -> None:
        if tag.closes:
            self._unread = "" if tag.name == self._unread else self._unread
            return
        if tag.address and tag.name == "img" and not self._unread:
            self._pictures.append(tag.address)
        elif tag.address and tag.name == "a":
            self._refer(Destination(html.source(tag.address_at), tag.address))
        if tag.name in raw_html.UNREAD and not self._unread:
            self._unread = tag.name

    def _end_open_link(self) -> None:
        """A link within `<a>` ends both, as in a browser: there are no links in links."""
        if self._unread == "a" and not self._links:
            self._unread = ""

    def _end_link(self) -> None:
        name, link, start, end = self._links.pop()
        if name == "Image":
            self._pictures.append(link["dest_url"])
        elif link["link_type"] == "Autolink":
            self._refer(Destination(self._places.of(start) + 1, link["dest_url"]))
        elif link["link_type"] == "Inline":
            inner = self._places.of(max(start, self._inner))
            self._refer(linked(self._text, inner, self._places.of(end), link["dest_url"]))

    def _take_definitions(self, spans: list[tuple[int, int]]) -> None:
        places = TextPlaces(self._text)
        for start, end in spans:
            self._refer(defined(self._text, places.of(start), places.of(end)))

    def _refer(self, to: Destination | None) -> None:
        """Note an address that must remain one, if it is an issue's."""
        found = to and self._rules.whole.fullmatch(to.address)
        if to and found:
            where = found["repository"], found["page"], found["tail"]
            number = int(found["issue"])
            end = to.start + (to.length or len(to.address))
            self._addresses.append(Reference(to.start, end, Spelling.ADDRESS, number, *where))
