"""All that counts in a Markdown text: the marks of all its leaves, with what one leaf says about another.

A link may be defined anywhere in a text, and an element that one paragraph opens (`<code>`) may be closed by another.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from monarch.core.blocks import Kind, Leaf, blocks
from monarch.core.grammar import CLOSING, DEFINITION, Grammar, grammar
from monarch.core.inline import Inline, normal
from monarch.core.marks import Findings, Mark, Reference, Spelling


@lru_cache(maxsize=256)
def find(text: str, web_url: str) -> Findings:
    """Find the marks and the pictures of a text, for issues that people see at `web_url`.

    Remembered: a ticket's text is read again in both passes of every target.
    """
    rules = grammar(web_url)
    contents = [_Content(text, leaf) for leaf in blocks(text).leaves]
    addresses: dict[str, str] = {}
    defined = [tuple(_definitions(content, rules, addresses)) for content in contents]
    closed_by = {
        closing["name"].lower(): index
        for index, content in enumerate(contents)
        for closing in CLOSING.finditer(content.text)
    }
    marks: list[Mark] = []
    pictures: list[str] = []
    inside = ""
    for index, content in enumerate(contents):
        reader = Inline(content.text, rules, addresses, is_raw=content.kind is Kind.HTML)
        inside = reader.read(content.begin, inside)
        if closed_by.get(inside, index) <= index:
            inside = ""  # nothing closes it: it ends with its paragraph
        marks += map(content.placed, (*defined[index], *reader.marks))
        pictures += reader.pictures
    return Findings(tuple(marks), tuple(pictures))


class _Content:
    """The words of a leaf in one piece; its prose begins at `begin`, behind the definitions of links."""

    def __init__(self, text: str, leaf: Leaf) -> None:
        self.kind = leaf.kind
        self.text = "".join(text[start:end] for start, end in leaf.lines)
        self.begin = 0
        self._offsets: list[int] = []
        self._shifts: list[int] = []
        offset = 0
        for start, end in leaf.lines:
            self._offsets.append(offset)
            self._shifts.append(start - offset)
            offset += end - start

    def placed(self, mark: Mark) -> Mark:
        """The same mark by its offsets in the whole text; none reaches over the end of a line."""
        shift = self._shifts[bisect_right(self._offsets, mark.start) - 1]
        return replace(mark, start=mark.start + shift, end=mark.end + shift)


def _definitions(
    content: _Content, rules: Grammar, addresses: dict[str, str]
) -> Iterator[Reference]:
    """Take the definitions at the beginning of a paragraph: into `addresses`, and those that are of issues."""
    if content.kind is not Kind.PARAGRAPH:
        return
    while found := DEFINITION.match(content.text, content.begin):
        if not found["label"].strip():
            return
        content.begin = found.end()
        group = "plain" if found["angle"] is None else "angle"
        addresses.setdefault(normal(found["label"]), found[group])
        issue = rules.issue.fullmatch(found[group])
        if issue:
            yield Reference(
                *found.span(group),
                Spelling.ADDRESS,
                int(issue["issue"]),
                issue["repository"],
                issue["page"],
                issue["tail"],
            )
