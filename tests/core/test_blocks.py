"""What is code and what is prose: as CommonMark has it, whoever else reads the text."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt  # rich brings it along
from markdown_it.token import Token

from monarch.core.blocks import Kind, blocks
from monarch.core.prose import find

ORACLE = MarkdownIt("commonmark").enable("table")
NUMBER = re.compile(r"#(\d+)")
RAW = re.compile(r"<!--.*?(?:-->|\Z)|<[^<>]*>", re.DOTALL)

PIECES = st.sampled_from(
    [
        *("`", "``", "```\n", "```py\n", "~~~\n", "> ", "- ", "* ", "+ ", "1. ", "2) ", "10. ", "-"),
        *("    ", "\t", "  ", " ", "\n", "\n\n", "\r\n", "\\", "word ", "---\n", "===\n", "# ", "***\n"),
        *("[", "]", "](x)", "](<x y>)", "](x 'y')", "![", "[x]", "[x #N]", "<b>", "</b>", "<span>\n"),
        *("<!-- ", " -->", "<div>\n", "</div>\n", "`#N`", "    #N\n", "- #N\n", "> #N\n", "#N\n"),
        *(" #N ", "\n #N\n"),
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
    return {text[mark.start + 1 : mark.end] for mark in find(text, "https://github.com").marks}


def theirs(text: str) -> set[str]:
    """The numbers that another parser shows as words, outside of links."""
    return {number for words in _words(ORACLE.parse(text)) for number in NUMBER.findall(words)}


def _words(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "html_block":
            yield RAW.sub("", token.content)
        in_link = 0
        for child in token.children or ():
            in_link += child.nesting if child.type in {"link_open", "link_close"} else 0
            if child.type == "text" and not in_link:
                yield child.content


@given(TEXTS)
@example("- a\n\n      #100\n\n  #101")
@example("> ```\n#100")
@example("1. ```\n   #100\n#101\n```\n#102")
@example("a\n2. `b\n3. #100`")
@example("<div>\n`#100`\n\n`#101`\n")
@example("- \n\n  #100\n\n    #101")
def test_what_we_take_for_words_another_parser_shows_as_words(text: str) -> None:
    """Fences, indents, lists, quotes, raw HTML, code spans and links, in any order."""
    # We leave alone what a backslash escapes; and the other parser reads `    > a` below a list not as CommonMark has it.
    assume("\\#" not in text and not re.search(r"(?:\t| {4})\s*>", text))

    assert ours(text) == theirs(text)


@pytest.mark.parametrize(
    ("text", "closing"),
    [
        ("", ""),
        ("a", ""),
        ("```", "```"),
        ("```\n~~~\n```x", "```"),
        ("~~~~ py\n```\n~~~", "~~~~"),
        ("```\n```", ""),
        ("- ```\n  a", ""),
        ("> ```", ""),
        ("    ```", ""),
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
    assert blocks(text).closing == closing


@given(st.text(st.sampled_from("`~>-+*1.) \t\n\r#|:=<!?ab[]")))
def test_every_leaf_is_a_part_of_the_text(text: str) -> None:
    """Ascending, without overlaps, and no line of one twice."""
    lines = [line for leaf in blocks(text).leaves for line in leaf.lines]

    assert all(0 <= start <= end <= len(text) for start, end in lines)
    assert lines == sorted(lines)
    assert all(end <= start for (_, end), (start, _) in pairwise(lines))


def test_what_is_nested_without_end_is_read_as_words() -> None:
    """Nobody writes it, and nobody may keep a worker busy with it."""
    (leaf,) = blocks(">" * 1000 + "#1").leaves

    assert leaf.kind is Kind.PARAGRAPH
    assert leaf.lines == ((64, 1002),)
