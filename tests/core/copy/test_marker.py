"""The marker: always there, always alone, and nothing else of a text is changed for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.copy.marker import Marker, read_marker, read_markers, without_markers
from monarch.core.copy.render import render
from monarch.core.copy.style import Copying, Style
from monarch.core.ids import TicketId
from monarch.core.text.endings import open_fence
from tests.core.builders import COPYING, TEAM, a_plan, a_ticket

MARKER = Marker("org/template", 12, TicketId(2034567890), TEAM)
LINE = "<!-- monarch: org/template#12 id=2034567890 target=7 -->"
OLD = "<!-- monarch: Elder/School#3 id=77 -->"

FRAGMENTS = st.sampled_from(
    [
        OLD,
        LINE,
        "\n",
        "\r\n",
        "\r",
        "```",
        "~~~~",
        "    ",
        "> ",
        "text",
        "😀",
        "<!--",
        "-->",
        "\0",
        "\u2028",
    ]
)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="#-/&`~"))
"""Texts in which nothing can be a reference and no code block left open, as they come over a wire: a lone surrogate is in none."""
BODIES = st.one_of(WORDS, st.lists(FRAGMENTS, max_size=30).map("".join))


KEEPING = Copying(a_plan(12), "org/team-a", TEAM, Style(mentions=True))


def copy_of(body: str) -> str:
    """The copy of a ticket with this text."""
    return render(a_ticket(12, id=TicketId(2034567890), body=body), KEEPING).body


def test_a_copy_is_the_ticket_and_a_marker() -> None:
    """A blank line between."""
    draft = render(a_ticket(12, id=TicketId(2034567890), title="Do it", body="How.\n"), COPYING)

    assert draft.title == "Do it"
    assert draft.body == f"How.\n\n\n{LINE}"


def test_an_empty_text_becomes_the_marker_alone() -> None:
    """Nothing is invented."""
    assert copy_of("") == LINE


def test_the_marker_follows_in_the_texts_own_line_ends() -> None:
    """GitHub's web form sends CRLF."""
    assert copy_of("a\r\nb") == f"a\r\nb\r\n\r\n{LINE}"


@given(WORDS)
def test_a_text_without_markers_is_kept_to_the_byte(body: str) -> None:
    """Everything before the marker is the template's."""
    made = copy_of(body)

    assert made.startswith(body)
    assert made[len(body) :].strip("\r\n") == LINE
    assert without_markers(body) == body


@given(BODIES)
def test_a_copy_carries_its_own_marker_and_no_other(body: str) -> None:
    """Whatever the text holds: code blocks, old markers, half comments."""
    assert read_markers(copy_of(body)) == (MARKER,)


@given(BODIES, st.integers(0, 3))
def test_a_copy_of_a_copy_is_a_copy(body: str, times: int) -> None:
    """A template that was filled by Monarch may be copied again and again."""
    once = copy_of(body)
    again = once
    for _ in range(times):
        again = copy_of(again)

    left = without_markers(body)
    fence = open_fence(left)
    assert without_markers(again).rstrip("\r\n").removesuffix(fence).rstrip("\r\n") == left.rstrip(
        "\r\n"
    )


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (f"text\n\n{OLD}", "text"),
        (f"text\r\n\r\n{OLD}\r\n", "text"),
        (f"text\n\n{OLD}\n\n{LINE}\n", "text"),
        (f"{OLD}\ntext\n", "text\n"),
        (f"a\n{OLD}\nb\n\n", "a\nb\n\n"),
        (f"a\r{OLD}\rb", "a\rb"),
        (f"```\n{OLD}\n```\n", "```\n```\n"),
        (OLD, ""),
        (f"> {OLD}", f"> {OLD}"),
        (f"see {OLD}", f"see {OLD}"),
        (f"{OLD} there", f"{OLD} there"),
    ],
)
def test_old_markers_are_taken_out(body: str, left: str) -> None:
    """In code blocks too, but not where they are quoted or mentioned: there they never counted."""
    assert without_markers(body) == left


@pytest.mark.parametrize(
    "body",
    [
        LINE,
        f"text\n\n{LINE}",
        f"text\r\n\r\n{LINE}\r\nmore text",
        f"text\n   {LINE}\t \n",
        "<!--monarch:org/template#12 id=2034567890 target=7-->",
        "<!--  MONARCH:  org/template#12   ID=2034567890  TARGET=7  -->",
        "<!-- monarch: org/template#12 id=2034567890 later=1 target=7 -->",
        f"```\nnever closed\n\n{LINE}",
        f"{OLD}\n{LINE}",
    ],
)
def test_a_marker_is_read_wherever_it_stands_alone(body: str) -> None:
    """People edit copies; the last marker says what it is a copy of."""
    assert read_marker(body) == MARKER


@pytest.mark.parametrize(
    "body",
    [
        "",
        "text",
        f"> {LINE}",
        f"`{LINE}`",
        f"see {LINE}",
        f"{LINE} and more",
        "<!-- monarch: org/template#12 -->",
        "<!-- monarch: org/template#x id=1 -->",
        "<!-- monarch: template#12 id=1 -->",
        "<!-- monarch: org/template#12\n id=1 -->",
        "<!-- monarch: org/template#12 id=" + "9" * 5000 + " -->",
        "<!-- monarch: org/template#12 id=2034567890 target=7; -->",
        "<!-- monarch: org/template#١٢ id=١ -->",  # noqa: RUF001 - digits, but not ours
    ],
)
def test_what_is_no_marker_is_nobodys(body: str) -> None:
    """A quoted or broken one names nothing."""
    assert read_marker(body) is None
