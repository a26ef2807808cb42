"""Raw HTML as a browser reads it: its words, and what its tags say."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Final

_TAG: Final = re.compile(
    r"""<(?P<closes>/?)(?P<name>[A-Za-z][^\s/>]*+)(?P<rest>(?:=\s*+(?:"[^"]*+"|'[^']*+')|[^>])*+)>"""
)
_ATTRIBUTE: Final = re.compile(
    r"""(?P<name>[^\s"'>/=]++)\s*+=\s*+(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<bare>[^\s"'>]++))"""
)
_ENTITY: Final = re.compile(
    r"&(?:\#[0-9]{1,7}+|\#[xX][0-9a-fA-F]{1,6}+|[A-Za-z][A-Za-z0-9]{1,31}+);"
)
_OPENINGS: Final = (("<!--", "-->", 2), ("<!", ">", 2), ("<?", ">", 2), ("</", ">", 2))
"""What begins a comment or the like, what ends it, and after how many characters the end may come."""

DISARMED: Final = frozenset(
    {"title", "textarea", "style", "xmp", "iframe", "noembed", "noframes", "script", "plaintext"}
)
"""GitHub shows these tags as words (GFM 6.11), and so what is between them."""

UNREAD: Final = frozenset({"a", "code", "pre", "tt"})
"""Elements whose contents GitHub does not search."""

CLOSING: Final = re.compile(rf"</(?P<name>{'|'.join(sorted(UNREAD))})\s*+>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag; `name` in lower case. `address` is that of a link or a picture, as it is spelled; `""` for none."""

    name: str
    closes: bool
    address: str = ""
    address_at: int = 0


def read(html: str) -> Iterator[Tag | tuple[int, int]]:
    """The tags of a piece of raw HTML and the words between them, as (start, end), in order.

    A tag without an end takes in all that follows, as in a browser.
    """
    at = words = 0
    while (less := html.find("<", at)) >= 0:
        tag = _TAG.match(html, less)
        if tag is None:
            at = _behind_hidden(html, less)
            if at == less + 1:
                continue
        else:
            at = tag.end()
        name = tag["name"].lower() if tag else ""
        if name in DISARMED:
            continue
        if words < less:
            yield words, less
        words = at
        if tag:
            yield Tag(name, bool(tag["closes"]), *_address(name, tag))
    if words < len(html):
        yield words, len(html)


def spelled(text: str) -> Iterator[tuple[str, int, int]]:
    """The words of raw HTML as people see them, each run with where it is spelled in `text`."""
    at = 0
    for entity in _ENTITY.finditer(text):
        shown = unescape(entity[0])
        if shown == entity[0]:
            continue
        if at < entity.start():
            yield text[at : entity.start()], at, entity.start()
        yield shown, entity.start(), entity.end()
        at = entity.end()
    if at < len(text):
        yield text[at:], at, len(text)


def _behind_hidden(html: str, less: int) -> int:
    """The position after the comment or the like that begins here, or the tag that never ends; else after the `<`."""
    for opening, closing, skipped in _OPENINGS:
        if html.startswith(opening, less):
            end = html.find(closing, less + skipped)
            return len(html) if end < 0 else end + len(closing)
    return (
        len(html) if html[less + 1 : less + 2].isalpha() and html[less + 1].isascii() else less + 1
    )


def _address(name: str, tag: re.Match[str]) -> tuple[str, int]:
    wanted = {"a": "href", "img": "src"}.get(name)
    if wanted and not tag["closes"]:
        for found in _ATTRIBUTE.finditer(tag["rest"]):
            if found["name"].lower() == wanted:
                group = found.lastgroup or "bare"
                return found[group], tag.start("rest") + found.start(group)
    return "", 0
