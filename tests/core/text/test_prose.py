"""What is code and what is prose, where it stands, and how much work it is to tell."""

import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from monarch.core.copy.render import is_ours, render, rewriting
from monarch.core.text import grammar, raw_html
from monarch.core.text.endings import open_block, open_fence
from monarch.core.text.marks import Findings, Mention, Reference
from monarch.core.text.prose import find
from tests.core.builders import a_ticket
from tests.core.copy.test_references import KNOWN

ORACLE = MarkdownIt("commonmark").enable("table")
NUMBER = re.compile(r"(?<!\w)#(\d+)(?!\w)", re.ASCII)
RAW = re.compile(r"<!--.*?(?:-->|\Z)|<[^<>]*>", re.DOTALL)
WEB = "https://github.com"

PIECES = st.sampled_from(
    [
        *("`", "``", "```\n", "```py\n", "~~~\n", "> ", "- ", "* ", "+ ", "1. ", "2) ", "10. ", "-"),
        *("    ", "\t", "  ", " ", "\n", "\n\n", "\r\n", "\\", "word ", "---\n", "===\n", "# ", "***\n"),
        *("[", "]", "](x)", "](<x y>)", "](x 'y')", "![", "[x]", "[x #N]", "<b>", "</b>", "<span>\n"),
        *("<!-- ", " -->", "<div>\n", "</div>\n", "`#N`", "    #N\n", "- #N\n", "> #N\n", "#N\n"),
        *(" #N ", "\n #N\n", "é", " \\#N", " &#35;N"),
    ]
)  # fmt: skip
TABLE = "\n\n| a #N | `b |\n|:--|---|\n| #N | c` #N | #N |\n| \\| `#N` | #N\n\n"
TEXTS = st.builds(
    lambda pieces, end: numbered("".join(pieces) + end),
    st.lists(PIECES | st.just(TABLE), max_size=14),
    st.sampled_from(["", "\n\n[x]: y\n"]),
)


def numbered(text: str) -> str:
    """The text with another number for each N."""
    first, *others = text.split("N")
    return first + "".join(f"{100 + n}{part}" for n, part in enumerate(others))


def ours(text: str) -> set[str]:
    """The numbers that we take for references."""
    return {str(m.number) for m in find(text, WEB).marks if isinstance(m, Reference)}


def theirs(text: str) -> set[str]:
    """The numbers that another parser shows as words, outside of links."""
    return {number for words in _words(ORACLE.parse(text)) for number in NUMBER.findall(words)}


def _words(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "html_block":
            yield RAW.sub("", token.content).replace("&#35;", "#")
        in_link = 0
        words = ""
        for child in token.children or ():
            in_link += child.nesting if child.type in {"link_open", "link_close"} else 0
            words += child.content if child.type == "text" and not in_link else "\n"
        yield words


@given(TEXTS)
@example("- a\n\n      #100\n\n  #101")
@example("> ```\n#100")
@example("1. ```\n   #100\n#101\n```\n#102")
@example("a\n2. `b\n3. #100`")
@example("<div>\n`#100`\n\n`#101`\n")
@example("- \n\n  #100\n\n    #101")
def test_what_we_take_for_words_another_parser_shows_as_words(text: str) -> None:
    """Fences, indents, lists, quotes, raw HTML, code spans and links, escapes and entities, in any order."""
    # The other parser reads `    > a` below a list not as CommonMark has it, nor a tab before `>`; it has no `[x]` for tasks.
    assume(not re.search(r"(?:\t| {4})\s*>|[-+*.)]\s+\[x", text))

    assert ours(text) == theirs(text)


@pytest.mark.parametrize(
    ("text", "closing"),
    [
        ("", ""),
        ("a", ""),
        ("```", "```"),
        ("```\n~~~\n```x", "```"),
        ("~~~~ py\n```\n~~~", "~~~~"),
        ("   ````\na\n", "````"),
        ("```\n```", ""),
        ("- ```\n  a", ""),
        ("> ```", ""),
        ("    ```", ""),
        ("é ❤\n\n```\né", "```"),
        ("<!-- a\n\nb", "-->"),
        ("<!-- a -->", ""),
        ("<PRE>\na", "</PRE>"),
        ("<div>\na", ""),
        ("<?php", "?>"),
        ("<![CDATA[", "]]>"),
        ("<!DOCTYPE", ">"),
    ],
)
def test_what_is_open_at_the_end_says_how_it_closes(text: str, closing: str) -> None:
    """In a list or a quote any line at the margin closes it."""
    assert open_block(text) == closing
    assert open_fence(text) == (closing if closing[:1] in {"`", "~"} else "")


@given(st.text(st.sampled_from("`~>-+*1.) \t\n\r#@|:=<!?ab[]\\&;\x00é😀\ud83d")))
def test_every_mark_is_a_part_of_the_text(text: str) -> None:
    """Ascending, without overlaps, whatever characters there are."""
    at = 0
    for mark in find(text, WEB).marks:
        assert at <= mark.start < mark.end <= len(text)
        at = mark.name if isinstance(mark, Mention) else mark.end


SLOW = [
    *("#1\n", "- [ ] #1\n", "#1,#2,", "\n\n/", "&#35;1 ", "\\#1 ", "[", "]", "<", ">", "*", "`", "|", "*a_", "- "),
    *("[a](", "<a ", "<a >", "<div>\n<a ", '<div>\n<a ="', "<b>#1</b>", "@a ", "@org/b ", "o/r#1 ", "https://x.org/#3 "),
    *("[https://x.org/", "www.", "a-a/", "a.", "gh-1", "@", "#", "a@b.c", "://", "http://", "```\n", "**#9**x ", "<code>"),
    *("<pre>\n\n", "[^1]: #1\n\n", "[x]: https://github.com/o/r/issues/1\n", "[x](https://github.com/o/r/issues/1)", "é#1 "),
    *("<!--", "<?", "</", "<p>&", "\\", "|a|b|\n|-|-|\n|#1|", "1@a.", "#1@", "_#1", "<iframe #1>", "***#9*** "),
]  # fmt: skip


def steps(work: Callable[[], Any]) -> int:
    """How many functions are called for it, ours and those of Python."""
    count = 0

    def count_one(_frame: FrameType, event: str, _arg: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    find.cache_clear()
    sys.setprofile(count_one)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("piece", SLOW)
def test_twice_the_text_is_twice_the_work(piece: str) -> None:
    """Counted in steps, not in time: nothing is read again for each thing that was found."""
    once, twice, again = (steps(partial(find, piece * n, WEB)) for n in (200, 400, 800))

    assert twice <= 2.2 * once + 200
    assert again <= 2.2 * twice + 200


@pytest.mark.parametrize("piece", ["#1,#2,", "#99 ", "**#3**x @ada\n", "&#35;7 "])
def test_twice_the_references_are_twice_the_work(piece: str) -> None:
    """In both passes, also where a text is cut."""
    found: list[int] = []
    for times in (1000, 2000):
        ticket = a_ticket(12, body=piece * times)
        copy = render(ticket, KNOWN).body
        found.append(steps(partial(render, ticket, KNOWN)))
        found.append(steps(partial(rewriting, copy, ticket, KNOWN)))
        found.append(steps(partial(is_ours, copy, ticket, KNOWN)))

    assert all(twice <= 2.2 * once for once, twice in zip(found[:3], found[3:], strict=True))


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """The patterns that texts are searched with."""
    for module in (grammar, raw_html):
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                yield name, value
    yield "bare", grammar.grammar(WEB).bare
    yield "whole", grammar.grammar(WEB).whole


@pytest.mark.parametrize(("name", "pattern"), list(patterns()))
def test_no_pattern_can_go_back(name: str, pattern: re.Pattern[str]) -> None:
    """Every quantifier without a bound is possessive, so a pattern reads no character twice."""
    bare = re.sub(r"\\.|\[(?:\\.|[^\]\\])+\]", "x", pattern.pattern).replace("(?", "(")

    for quantifier in re.findall(r"(?:[*+?]|\{\d*(?:,\d*)?\})\+?", bare):
        assert quantifier.endswith(("++", "*+")) or quantifier[0] in "?{", name


def test_half_a_character_stands_in_nobodys_way() -> None:
    """GitHub has none, but what reads a text must read any."""
    assert find("\ud83d #3 é #4", WEB) != Findings((), ())
