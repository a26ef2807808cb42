"""What a copy looks like: its text untouched, its marker always there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.ids import TicketId
from monarch.core.render import (
    MAX_BODY,
    MAX_TITLE,
    Marker,
    append_marker,
    read_marker,
    read_markers,
    render,
    without_markers,
)
from tests.core.builders import COPYING, a_ticket

MARKER = Marker("org/template", 12, TicketId(2034567890))
LINE = "<!-- monarch: org/template#12 id=2034567890 -->"
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
BODIES = st.one_of(st.text(), st.lists(FRAGMENTS, max_size=30).map("".join))


def units(text: str) -> int:
    """How long a text is in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def test_a_copy_is_the_ticket_and_a_marker() -> None:
    """A blank line between."""
    draft = render(a_ticket(12, id=TicketId(2034567890), title="Do it", body="How.\n"), COPYING)

    assert draft.title == "Do it"
    assert draft.body == f"How.\n\n\n{LINE}"


def test_an_empty_text_becomes_the_marker_alone() -> None:
    """Nothing is invented."""
    assert append_marker("", MARKER, "url") == LINE


def test_the_marker_follows_in_the_texts_own_line_ends() -> None:
    """GitHub's web form sends CRLF."""
    assert append_marker("a\r\nb", MARKER, "url") == f"a\r\nb\r\n\r\n{LINE}"


@given(st.text())
def test_a_text_without_markers_is_kept_to_the_byte(body: str) -> None:
    """Everything before the marker is the template's."""
    made = append_marker(body, MARKER, "url")

    assert made.startswith(body)
    assert made[len(body) :].strip("\r\n") == LINE
    assert without_markers(body) == body


@given(BODIES)
def test_a_copy_carries_its_own_marker_and_no_other(body: str) -> None:
    """Whatever the text holds: code blocks, old markers, half comments."""
    assert read_markers(append_marker(body, MARKER, "url")) == (MARKER,)


@given(BODIES, st.integers(0, 3))
def test_a_copy_of_a_copy_is_a_copy(body: str, times: int) -> None:
    """A template that was filled by Monarch may be copied again and again."""
    once = append_marker(body, MARKER, "url")
    again = once
    for _ in range(times):
        again = append_marker(again, MARKER, "url")

    assert without_markers(again).rstrip("\r\n") == without_markers(body).rstrip("\r\n")


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
        "<!--monarch:org/template#12 id=2034567890-->",
        "<!--  MONARCH:  org/template#12   ID=2034567890  -->",
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
        "<!-- monarch: org/template#١٢ id=١ -->",  # noqa: RUF001 - digits, but not ours
    ],
)
def test_what_is_no_marker_is_nobodys(body: str) -> None:
    """A quoted or broken one names nothing."""
    assert read_marker(body) is None


@given(
    st.sampled_from(["a", "é", "😀", "a\r\n", "```\n", "~~~~\ncode\n", "\n", "`" * 95 + "\n"]),
    st.integers(MAX_BODY - 300, MAX_BODY + 300),
    st.text(max_size=5),
)
def test_a_text_that_leaves_no_room_is_cut_and_says_so(piece: str, length: int, end: str) -> None:
    """The marker always fits; what is missing is one click away."""
    body = (piece * (length // len(piece) + 1))[:length] + end
    made = append_marker(body, MARKER, "https://github.com/org/template/issues/12")

    assert units(made) <= MAX_BODY
    assert read_marker(made) == MARKER
    if not made.startswith(body):
        assert "goes on here: https://github.com/org/template/issues/12*" in made


def test_a_text_that_just_fits_is_not_cut() -> None:
    """The boundary, from both sides."""
    room = MAX_BODY - len(LINE) - 2

    assert append_marker("a" * room, MARKER, "url") == "a" * room + f"\n\n{LINE}"
    assert "goes on here: url" in append_marker("a" * (room + 1), MARKER, "url")


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("```python\n", "\n```\n\n*The"),
        ("~~~~\n```\n", "\n~~~~\n\n*The"),
        ("```\nx\n```\n", "a\n\n*The"),
    ],
)
def test_a_code_block_that_the_cut_leaves_open_is_closed(opening: str, closing: str) -> None:
    """The link must be one, and no line of code."""
    assert closing in append_marker(opening + "a" * MAX_BODY, MARKER, "url")


@pytest.mark.parametrize(
    ("title", "copied"),
    [
        ("Do it", "Do it"),
        ("a" * MAX_TITLE, "a" * MAX_TITLE),
        ("a" * (MAX_TITLE + 1), "a" * (MAX_TITLE - 1) + "…"),
        ("", "(no title)"),
        (" \t", "(no title)"),
        ("half \ud83d", "half \ufffd"),
    ],
)
def test_a_title_is_one_that_github_takes(title: str, copied: str) -> None:
    """At most 256 characters, and never none."""
    assert render(a_ticket(title=title), COPYING).title == copied


def test_half_a_character_is_replaced() -> None:
    """It could not be encoded, so the ticket could never be sent."""
    render(a_ticket(body="half \ud83d"), COPYING).body.encode()
