"""Whatever a ticket's text is, its copy carries one marker of ours that names that very ticket; what strangers plant counts for nothing."""

from hypothesis import example, given
from hypothesis import strategies as st

from monarch.core.copy.marker import Marker, read_marker, read_markers
from monarch.core.copy.render import MAX_BODY, render
from monarch.core.ids import TicketId
from monarch.core.target.look import see
from tests.core.builders import COPYING, OURS, SOURCE, TEAM, a_ticket, an_issue

MARKER = "<!-- monarch: other/old#3 id=999 -->"
PIECES = st.sampled_from(
    [
        MARKER,
        MARKER.upper(),
        f"  {MARKER}\t",
        MARKER.replace(" ", ""),
        "<!-- monarch: other/old#3 id=999",
        "<!-- monarch:",
        "<!--",
        "-->",
        " id=999 -->",
        "monarch: other/old#3 id=999 -->",
        f"> {MARKER}",
        "```",
        "~~~~",
        "````md",
        "\n",
        "\r\n",
        "\r",
        "\n\n",
        "\u2028",
        "\x0b",
        "\x00",
        "\x85",
        "\ud800",
        "\U0001f98b",
        " ",
        "text",
        "--!>",
        "<!-- <!-- -->",
    ]
)
BODIES = st.lists(PIECES | st.text(st.characters(), max_size=12), max_size=14).map("".join)
TITLES = st.text(st.characters(), max_size=300) | st.sampled_from(
    ["-->", MARKER, "", " ", "a --> b", "\n" + MARKER + "\n", "\ud800" * 300]
)
LONG = st.tuples(BODIES, st.sampled_from(["x", "\U0001f98b", f"{MARKER}\n", "\r\n", "```\n"])).map(
    lambda pair: pair[0] + pair[1] * (2 * MAX_BODY // len(pair[1]))
)


@given(BODIES | LONG, TITLES, st.integers(1, 10**15))
@example(f"{MARKER}\n" * 3000, "-->", 1)
@example(f"```\n{MARKER}", "", 1)
@example("\r" + MARKER, "t", 1)
@example(f"<!-- monarch: {SOURCE}#1 id=101 -->", "t", 101)
@example(f"{MARKER}{MARKER}\n{MARKER}", "t", 1)
def test_a_copy_has_one_marker_which_names_its_ticket(body: str, title: str, id_: int) -> None:
    """Old ones, half ones, in code blocks, at the edge of what fits: read back it is the ticket and nothing else."""
    ticket = a_ticket(body=body, title=title, id=TicketId(id_))

    draft = render(ticket, COPYING)

    assert read_markers(draft.body) == (Marker(SOURCE, ticket.number, ticket.id, TEAM),)
    assert draft.body.endswith(str(Marker(SOURCE, ticket.number, ticket.id, TEAM)))
    assert len(draft.body.encode("utf-16-le")) // 2 <= MAX_BODY
    assert 0 < len(draft.title) <= 256
    (draft.title + draft.body).encode()


@given(BODIES)
def test_a_copy_that_github_hands_back_in_other_line_ends_is_still_one(body: str) -> None:
    """Web forms turn line ends into CRLF; who edits a copy by hand changes no more than that."""
    ticket = a_ticket(body=body)
    rendered = render(ticket, COPYING).body
    stored = rendered.replace("\r\n", "\n").replace("\n", "\r\n") + "\r\n"

    marker = read_marker(stored)

    assert marker is not None
    assert marker.ticket == ticket.id


@given(
    st.lists(st.tuples(BODIES, st.booleans()), max_size=6),
    st.sampled_from(["NONE", "CONTRIBUTOR", "FIRST_TIMER", "MANNEQUIN", "", "owner!"]),
)
def test_what_a_stranger_plants_is_nobodys_copy(
    issues: list[tuple[str, bool]], association: str
) -> None:
    """Targets are public: a marker by a person who may not push neither hides a ticket nor makes a stray."""
    ticket = a_ticket()
    marked = [f"{body}\n{Marker(SOURCE, 1, ticket.id)}\n{tail}" for body, tail in issues]
    strangers = [
        an_issue(n, body=body, author=None if n % 2 else "stranger", association=association)
        for n, body in enumerate(marked, start=1)
    ]

    seen = see(strangers, OURS)

    assert seen.copies == {}
    assert seen.strays == ()
    assert set(seen.planted) == {issue.number for issue in strangers}


@given(BODIES)
def test_beside_what_was_planted_the_copy_is_found(body: str) -> None:
    """Planted earlier, under a lower number, it does not take the copy's place."""
    ticket = a_ticket(body=body)
    planted = an_issue(1, body=render(ticket, COPYING).body, author="stranger", association="NONE")
    copy = an_issue(2, body=render(ticket, COPYING).body)

    seen = see([planted, copy], OURS)

    assert seen.copies == {ticket.id: 2}
    assert seen.strays == ()
    assert seen.planted == (1,)
