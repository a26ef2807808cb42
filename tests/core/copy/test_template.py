"""The frame around a ticket's text: checked when Monarch starts, filled without a surprise."""

from string import Template

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.copy.frame import (
    MAX_FRAME,
    NAMES,
    BadTemplate,
    fill,
    parse_template,
    template_mistakes,
)

ALLOWED = "${author}, ${body}, ${date}, ${link}, ${number}, ${source}, ${target}, ${title}"


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("${body}", []),
        ("$body costs $$5 ${title}", []),
        ("a\n${boddy}\n$body", [f"line 2: ${{boddy}} is not known; allowed are {ALLOWED}"]),
        ("$body\r\n\r\n$", [f"line 3: a lone $; write $$ for it, or one of {ALLOWED}"]),
        ("${body", [f"line 1: a lone $; write $$ for it, or one of {ALLOWED}", "no line has ${body}: a copy would have no text"]),
        ("${Body} $5", [f"line 1: ${{Body}} is not known; allowed are {ALLOWED}", f"line 1: a lone $; write $$ for it, or one of {ALLOWED}", "no line has ${body}: a copy would have no text"]),
        ("", ["no line has ${body}: a copy would have no text"]),
        ("$$body", ["no line has ${body}: a copy would have no text"]),
        ("$body\n${body}", ["line 2: ${body} stands here for the second time"]),
        ("${body}" + "x" * MAX_FRAME, [f"it has {MAX_FRAME + 7} characters; {MAX_FRAME} are the most"]),
    ],
)  # fmt: skip
def test_every_mistake_names_its_line_and_what_is_allowed(text: str, mistakes: list[str]) -> None:
    """All of them at once."""
    assert template_mistakes(text) == mistakes


def test_a_text_with_mistakes_is_no_template() -> None:
    """The reader of the file stops the start with them."""
    assert parse_template("$x $body") == BadTemplate(tuple(template_mistakes("$x $body")))


def test_the_editors_line_ends_go() -> None:
    """A file ends with one, and Windows writes its own; a copy does not want them."""
    template = parse_template("a\r\n${body}\r\n\r\n")

    assert isinstance(template, Template)
    assert template.template == "a\n${body}"


@given(
    st.lists(st.sampled_from(["$$", "text", "\n", *(f"${{{name}}}" for name in NAMES)])),
    st.dictionaries(st.sampled_from(NAMES), st.text(max_size=9), min_size=len(NAMES)),
)
def test_a_frame_is_filled_as_the_standard_library_fills_it(
    pieces: list[str], words: dict[str, str]
) -> None:
    """And the result says where the ticket's own words stand."""
    template = Template("".join(pieces))

    text, (start, end) = fill(template, words)

    assert text == template.substitute(words)
    assert text[start:end] == (words["body"] if "${body}" in pieces else "")
