"""A draft: a title that GitHub takes, a text that fits, and what goes with it."""

from dataclasses import replace
from string import Template

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monarch.core.copy.details import Details
from monarch.core.copy.frame import parse_template
from monarch.core.copy.marker import Marker, read_marker, read_markers
from monarch.core.copy.render import MAX_BODY, MAX_TITLE, Draft, render
from monarch.core.copy.style import Copying, Style
from monarch.core.ids import TicketId
from monarch.core.plan import Plan
from tests.core.builders import COPYING, SOURCE, TEAM, a_plan, a_ticket

MARKER = Marker(SOURCE, 12, TicketId(2034567890), TEAM)
LINE = str(MARKER)
REST = f"[{SOURCE}#12](https://redirect.github.com/{SOURCE}/issues/12)"
NOTICE = f"*The text is too long for a copy. It goes on here: {REST}*"


def copy_of(body: str, copying: Copying = COPYING) -> str:
    """The copy of ticket 12 with this text."""
    return render(a_ticket(12, id=MARKER.ticket, body=body), copying).body


def framed(text: str) -> Copying:
    """Copying in this frame."""
    template = parse_template(text)
    assert isinstance(template, Template)
    return replace(COPYING, style=Style(template=template))


def units(text: str) -> int:
    """How long a text is in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def test_a_draft_carries_what_goes_with_the_ticket() -> None:
    """Labels, a milestone and a type, as the target knows them."""
    assert render(
        a_ticket(12, title="Do it", body="How.\n"), COPYING, Details(("bug",), 4, "Task")
    ) == Draft(
        "Do it", f"How.\n\n\n<!-- monarch: {SOURCE}#12 id=112 target=7 -->", ("bug",), 4, "Task"
    )


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
    copying = framed("${title}\n${body}")

    render(a_ticket(body="half \ud83d", title="half \ud83d"), copying).body.encode()


@given(
    st.sampled_from(["a", "é", "😀", "a\r\n", "```\n", "~~~~\ncode\n", "\n", "`" * 95 + "\n"]),
    st.integers(MAX_BODY - 300, MAX_BODY + 300),
    # Without what makes a mention or a reference, which is changed wherever it stands.
    st.text(st.characters(exclude_characters="@#&-", exclude_categories=["Cs"]), max_size=5),
)
@settings(max_examples=25)  # long texts
def test_a_text_that_leaves_no_room_is_cut_and_says_so(piece: str, length: int, end: str) -> None:
    """The marker always fits; what is missing is one click away."""
    body = (piece * (length // len(piece) + 1))[:length] + end
    made = copy_of(body)

    assert units(made) <= MAX_BODY
    assert read_marker(made) == MARKER
    if not made.startswith(body):
        assert NOTICE in made


def test_what_was_cut_is_linked_to_where_it_stands() -> None:
    """On an Enterprise Server that link looks like any other reference, and must not become one to the copy itself."""
    ticket = a_ticket(12, id=MARKER.ticket, body="a" * MAX_BODY)
    web_url = "https://hub.school.example"
    copying = replace(
        COPYING, style=Style(web_url), plan=Plan(SOURCE, (ticket,)), numbers={ticket.id: 7}
    )

    made = render(ticket, copying).body

    assert f"[{SOURCE}#12]({web_url}/{SOURCE}/issues/12)*\n\n{LINE}" in made


def test_a_text_that_just_fits_is_not_cut() -> None:
    """The boundary, from both sides."""
    room = MAX_BODY - len(LINE) - 2

    assert copy_of("a" * room) == "a" * room + f"\n\n{LINE}"
    assert copy_of("a" * (room + 1)).endswith(f"aaa\n\n{NOTICE}\n\n{LINE}")


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("```python\n", "a\n```\n\n*The"),
        ("~~~~\n```\n", "a\n~~~~\n\n*The"),
        ("```\nx\n```\n", "a\n\n*The"),
        ("- ```\n  ", "a\n\n*The"),
        ("<!-- ", "a\n-->\n\n*The"),
        ("<pre>\n", "a\n</pre>\n\n*The"),
        ("`" * 300 + "\n", "a\n" + "`" * 300 + "\n\n*The"),
        ("text\r\n```\r\n", "a\r\n```\r\n\r\n*The"),
    ],
)
def test_a_block_that_the_cut_leaves_open_is_closed(opening: str, closing: str) -> None:
    """The link must be one, and no line of code."""
    assert closing in copy_of(opening + "a" * MAX_BODY)


def test_a_cut_goes_through_no_reference() -> None:
    """It is there with all that it becomes, or not at all."""
    link = f"[{SOURCE}#3](https://redirect.github.com/{SOURCE}/issues/3)"
    for length in range(64_900, 65_500, 9):
        made = copy_of("a" * length + " #3 " + "b" * 1000)
        rest = made.removeprefix("a" * length)
        assert units(made) <= MAX_BODY
        assert (
            rest.startswith((f" {link}", f" \n\n{NOTICE}", f"\n\n{NOTICE}", "\n\n*"))
            or rest == made
        )


def test_a_cut_through_code_lets_nobody_out() -> None:
    """Without the end of its code span a mention would count."""
    made = copy_of("` @octocat o/r#5 " + "a " * MAX_BODY + "`")

    assert "@octocat" not in made
    assert "o/r#5 " not in made


def test_a_cut_makes_no_marker() -> None:
    """Of a line that goes on behind one, or of a half one."""
    old = "<!-- monarch: elder/school#3 id=77 -->"
    most = MAX_BODY - units(f"\n\n{NOTICE}\n\n{LINE}") - 100
    for kept in range(most - 3, most + 3):
        body = "a" * (kept - len(old) - 1) + f"\n{old} and more" + "b" * 300
        assert read_markers(copy_of(body)) == (MARKER,)


def test_a_frame_stands_around_the_text() -> None:
    """With all it may name; of the text itself no dollar is touched."""
    copying = framed(
        "${title} ($number) by @$author, $date\n\n${body}\n\n$$5 $source → $target ${link}\n"
    )
    ticket = a_ticket(12, title="Do #3", body="costs $body ${title} $$")

    assert render(ticket, copying).body == (
        f"Do [{SOURCE}#3](https://redirect.github.com/{SOURCE}/issues/3) (12) by @\u200bteacher, 2026-01-01\n"
        "\ncosts $body ${title} $$\n\n"
        f"$5 {SOURCE} → org/team-a https://redirect.github.com/{SOURCE}/issues/12"
        f"\n\n<!-- monarch: {SOURCE}#12 id=112 target=7 -->"
    )


def test_a_frame_speaks_of_the_tickets_and_the_text_of_the_copies() -> None:
    """`${source}#${number}` in a frame is where the copy came from."""
    copying = replace(
        framed("${source}#${number} #12\n\n${body}"),
        plan=a_plan(3, 12),
        numbers={TicketId(103): 1, TicketId(112): 2},
    )
    link = f"[{SOURCE}#12](https://redirect.github.com/{SOURCE}/issues/12)"

    made = render(a_ticket(12, body="#12 after #3"), copying).body

    assert made.startswith(f"{link} {link}\n\n#2 after #1\n\n")


def test_a_ticket_of_a_deleted_account_is_a_ghosts() -> None:
    """As GitHub shows it."""
    ticket = a_ticket(author=None, body="x")

    assert render(ticket, framed("by $author: ${body}")).body.startswith("by ghost: x\n")


@pytest.mark.parametrize("piece", ["a" * 30, "#3 " * 10, "`@x` " * 4])
def test_a_frame_is_whole_whatever_is_cut(piece: str) -> None:
    """And so are the notice and the marker."""
    copying = framed("begin #12 @me\n\n${body}\n\nend #12")

    made = copy_of(piece * (MAX_BODY // 15), copying)

    assert units(made) <= MAX_BODY
    assert made.startswith(f"begin {REST} @\u200bme\n\n{copy_of(piece)[:20]}")
    assert made.endswith(f"\n\n{NOTICE}\n\nend {REST}\n\n{LINE}")


@pytest.mark.parametrize(
    "frame",
    ["$title" * 2000 + "${body}", "<!-- monarch: o/r#1 id=5 -->\n${body}", "<!-- ${title} -->\n${body}"],
)  # fmt: skip
def test_a_frame_that_cannot_be_is_left_out(frame: str) -> None:
    """It leaves no room for the text, or would say that this is the copy of something else."""
    ticket = a_ticket(12, id=MARKER.ticket, body="text", title="monarch: o/r#1 id=5" + " " * 40)

    assert render(ticket, framed(frame)).body == f"text\n\n{LINE}"


@pytest.mark.parametrize(
    "piece", ["`", "#", "@", "[", "]", "<", "#3 ", "@a ", "`` ` ", "[a](", "<!-- ", "> ", "- ", "|-", "\\", "a/", "_"]
)  # fmt: skip
def test_no_text_keeps_a_worker_busy(piece: str) -> None:
    """A megabyte of it takes a moment: nothing is read twice, and nothing beyond what GitHub takes."""
    assert units(copy_of(piece * (1_000_000 // len(piece)))) <= MAX_BODY
