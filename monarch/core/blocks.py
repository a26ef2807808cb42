"""Where a Markdown text has prose, and where code: its blocks, as GitHub's Markdown (GFM) sees them.

It receives a text and gives back its *leaves*: the runs of lines in which a reference or a mention counts (paragraphs,
headings, cells of tables, raw HTML), each without the `>`, bullets and spaces that put it into a quote or a list.
What is in no leaf is fenced or indented code, or a line that holds no words.

It is the block structure of CommonMark, all of it, since lists decide what is indented code and where a fence ends. What
is left to `inline` is what happens between two words: code spans, links, tags.
"""

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from monarch.core.line import SPACE, Line
from monarch.core.tables import header, row

_DEEPEST: Final = 64
"""So many quotes and lists are told in one another; what is nested more deeply is read as prose."""

_CODE_INDENT: Final = 4

_LINE = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n|\Z)")
_FENCE = re.compile(r"(`{3,}+)[^`\r\n]*+(?=[\r\n]|\Z)|(~{3,}+)")
_FENCE_END = re.compile(r"(`{3,}+|~{3,}+)[ \t]*+(?=[\r\n]|\Z)")
_HEADING = re.compile(r"#{1,6}+(?=[ \t\r\n]|\Z)")
_UNDERLINE = re.compile(r"(?:=++|-++)[ \t]*+(?=[\r\n]|\Z)")
_RULE = re.compile(r"(?:(?:-[ \t]*+){3,}+|(?:_[ \t]*+){3,}+|(?:\*[ \t]*+){3,}+)(?=[\r\n]|\Z)")
_ITEM = re.compile(r"(?:[-+*]|(?P<number>\d{1,9}+)[.)])(?=[ \t\r\n]|\Z)", re.ASCII)

_BLOCK_TAGS = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|"
    "fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|"
    "menuitem|nav|noframes|ol|optgroup|option|p|param|section|source|summary|table|tbody|td|tfoot|th|thead|title|tr|"
    "track|ul"
)
_ATTRIBUTES = r"""(?:[ \t]++[A-Za-z_:][\w.:-]*+(?:[ \t]*+=[ \t]*+(?:[^\s"'=<>`]++|'[^'\r\n]*+'|"[^"\r\n]*+"))?+)*+"""
_HTML = re.compile(
    r"<(?:(?P<verbatim>script|pre|style|textarea)(?=[\s>]|\Z)"
    r"|(?P<comment>!--)|(?P<instruction>\?)|(?P<cdata>!\[CDATA\[)|(?P<declaration>![A-Z])"
    rf"|/?(?:{_BLOCK_TAGS})(?=[\s>]|/>|\Z)"
    rf"|(?P<lone>(?:/[A-Za-z][A-Za-z0-9-]*+[ \t]*+|[A-Za-z][A-Za-z0-9-]*+{_ATTRIBUTES}[ \t]*+/?)>[ \t]*+(?=[\r\n]|\Z)))",
    re.ASCII | re.IGNORECASE,
)
_HTML_ENDS: Final = {
    "verbatim": re.compile(r"</(?:script|pre|style|textarea)>", re.IGNORECASE),
    "comment": re.compile("-->"),
    "instruction": re.compile(r"\?>"),
    "cdata": re.compile(r"\]\]>"),
    "declaration": re.compile(">"),
}
"""What ends a piece of raw HTML; all other kinds end with a blank line."""

_HTML_CLOSING: Final = {"comment": "-->", "instruction": "?>", "cdata": "]]>", "declaration": ">"}


class Kind(Enum):
    """What a leaf is."""

    PARAGRAPH = auto()
    """Prose; it may begin with definitions of links."""
    LINE = auto()
    """A heading or a cell."""
    HTML = auto()
    """Raw HTML: Markdown's own marks mean nothing in it."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A run of lines as (start, end) in the text, with their line ends."""

    kind: Kind
    lines: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Blocks:
    """A text's leaves in order; `closing` is the line that would end a block that is open at its end, `""` for none."""

    leaves: tuple[Leaf, ...]
    closing: str


def blocks(text: str) -> Blocks:
    """Tell the leaves of a text."""
    reader = _Reader(text)
    for found in _LINE.finditer(text):
        if found.start() == len(text):
            break
        reader.read(Line(text, found.start(), found.end(1), found.end()))
    closing = reader.closing()
    reader.close(0)
    return Blocks(tuple(reader.leaves), closing)


@dataclass(slots=True)
class _Container:
    """A quote (`width` 0), or an item of a list whose content stands `width` columns to the right.

    `bare` is an item whose first line is empty: a second empty line ends it.
    """

    width: int
    bare: bool = False


@dataclass(slots=True)
class _Fence:
    marker: str


@dataclass(slots=True)
class _Paragraph:
    lines: list[tuple[int, int]]


@dataclass(slots=True)
class _Html:
    """Raw HTML that ends as `kind` says, one of `_HTML_ENDS`; `""`: with a blank line."""

    kind: str
    lines: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Table:
    columns: int


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._containers: list[_Container] = []
        self._open: _Fence | _Html | _Paragraph | _Table | None = None
        self.leaves: list[Leaf] = []

    def read(self, line: Line) -> None:
        """Take the next line."""
        going_on = self._go_on(line)
        if going_on == len(self._containers) and self._inside(line):
            return
        self._begin(line, going_on)

    def close(self, containers: int) -> None:
        """Close what is open but so many containers."""
        match self._open:
            case _Paragraph(lines) if lines:
                self.leaves.append(Leaf(Kind.PARAGRAPH, tuple(lines)))
            case _Html(_, lines):
                self.leaves.append(Leaf(Kind.HTML, tuple(lines)))
        self._open = None
        del self._containers[containers:]

    def closing(self) -> str:
        """The line that would end what is open; in a quote or a list any line at the margin does."""
        if self._containers:
            return ""
        match self._open:
            case _Fence(marker):
                return marker
            case _Html("verbatim", lines):
                found = _HTML.match(self._text, lines[0][0])
                return f"</{found['verbatim']}>" if found else ""
            case _Html(kind):
                return _HTML_CLOSING.get(kind, "")
        return ""

    def _go_on(self, line: Line) -> int:
        """Of how many containers is this line a part?"""
        for depth, container in enumerate(self._containers):
            indent = line.indent()
            if container.width:
                if line.is_blank:
                    if container.bare:
                        return depth
                    continue
                if indent < container.width:
                    return depth
                line.skip_space(container.width)
            elif indent < _CODE_INDENT and line.first == ">":
                _skip_quote(line, indent)
            else:
                return depth
            container.bare = False
        return len(self._containers)

    def _inside(self, line: Line) -> bool:
        """Give the line to a fence or to raw HTML, if such is open."""
        match self._open:
            case _Fence(marker):
                indent = line.indent()
                if indent < _CODE_INDENT:
                    line.skip_space(indent)
                    end = line.match(_FENCE_END)
                    if end and end[1].startswith(marker):
                        self._open = None
                return True
            case _Html(kind) as html if kind or not line.is_blank:
                self._add_html(html, line)
                return True
        return False

    def _add_html(self, html: _Html, line: Line) -> None:
        html.lines.append((line.at, line.stop))
        end = _HTML_ENDS.get(html.kind)
        if end and end.search(line.text, line.at, line.end):
            self.close(len(self._containers))

    def _begin(self, line: Line, going_on: int) -> None:
        """Open the blocks that begin on this line, in the containers that go on."""
        while not line.is_blank:
            indent = line.indent()
            in_paragraph = isinstance(self._open, _Paragraph)
            if indent >= _CODE_INDENT:
                if in_paragraph:
                    break
                self.close(going_on)
                return
            interrupts = in_paragraph and going_on == len(self._containers)
            line.skip_space(indent)
            if self._begin_leaf(line, going_on, in_paragraph=in_paragraph, interrupts=interrupts):
                return
            container = None
            if going_on < _DEEPEST:
                container = _quote(line) or _item(line, indent, interrupts=interrupts)
            if container is None:
                break
            self.close(going_on)
            self._containers.append(container)
            going_on += 1
        self._add(line, going_on)

    def _begin_leaf(
        self, line: Line, going_on: int, *, in_paragraph: bool, interrupts: bool
    ) -> bool:
        """Open the leaf that begins here, if one does that is no paragraph."""
        if fence := line.match(_FENCE):
            self.close(going_on)
            self._open = _Fence(fence[1] or fence[2])
        elif (html := line.match(_HTML)) and not (html["lone"] and in_paragraph):
            self.close(going_on)
            kind = next((kind for kind in _HTML_ENDS if html[kind]), "")
            self._open = _Html(kind)
            self._add_html(self._open, line)
        elif line.match(_HEADING):
            self.close(going_on)
            self.leaves.append(Leaf(Kind.LINE, ((line.at, line.end),)))
        elif (interrupts and line.match(_UNDERLINE)) or line.match(_RULE):
            self.close(going_on)
        else:
            return False
        return True

    def _add(self, line: Line, going_on: int) -> None:
        """Add words to a paragraph, which takes them also from outside of its quote or list, or to a table."""
        inside = going_on == len(self._containers)
        match self._open:
            case _Paragraph(lines) if not line.is_blank:
                cells = header(self._text, lines[-1], (line.at, line.end)) if inside else ()
                if cells and line.indent() < _CODE_INDENT:
                    lines.pop()
                    self.close(going_on)
                    self._add_cells(cells)
                    self._open = _Table(len(cells))
                else:
                    lines.append((line.at, line.stop))
            case _Table(columns) if inside and not line.is_blank:
                self._add_cells(row(self._text, (line.at, line.end), columns))
            case _:
                self.close(going_on)
                if not line.is_blank:
                    self._open = _Paragraph([(line.at, line.stop)])

    def _add_cells(self, cells: tuple[tuple[int, int], ...]) -> None:
        self.leaves += (Leaf(Kind.LINE, (cell,)) for cell in cells)


def _skip_quote(line: Line, indent: int) -> None:
    line.skip_space(indent)
    line.skip(1)
    line.skip_space(1)


def _quote(line: Line) -> _Container | None:
    if line.first != ">":
        return None
    _skip_quote(line, 0)
    return _Container(0)


def _item(line: Line, indent: int, *, interrupts: bool) -> _Container | None:
    """The item of a list that begins here. A paragraph is interrupted only by one with words, and by a number 1."""
    found = line.match(_ITEM)
    if found is None:
        return None
    bare = SPACE.match(line.text, found.end(), line.end).end() == line.end  # type: ignore[union-attr] # likewise
    if interrupts and (bare or (found["number"] and int(found["number"]) != 1)):
        return None
    width = len(found[0])
    line.skip(width)
    space = line.indent()
    padding = 1 if bare or space > _CODE_INDENT else space
    line.skip_space(padding)
    return _Container(indent + width + padding, bare)
