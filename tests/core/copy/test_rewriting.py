"""The second pass: it finishes what Monarch wrote, and leaves alone what people did."""

import re
from dataclasses import replace

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from monarch.core.copy.frame import parse_template
from monarch.core.copy.marker import Marker, read_marker, without_markers
from monarch.core.copy.render import (
    MAX_BODY,
    Keep,
    Rewrite,
    Touched,
    compose,
    is_ours,
    marker_of,
    render,
    rewriting,
)
from monarch.core.copy.seal import Seal
from monarch.core.copy.style import Copying, Style
from monarch.core.copy.wording import size, worded
from monarch.core.ids import TargetId, TicketId
from monarch.core.text.marks import Mention
from monarch.core.text.prose import find
from monarch.core.ticket import Ticket
from tests.core.builders import SOURCE, TEAM, a_plan, a_ticket, refers

SEAL = Seal("monarch", (b"the key of today",))
NUMBERS = (3, 7, 12)
WEB = "https://github.com"
FRAMES = ("${body}", "From @${author}, ${source}#${number} (${link}):\n\n${body}\n\nEnd of #3.")
OLD = "<!-- monarch: elder/school#3 id=77 -->"

PIECES = st.sampled_from(
    [
        *("#3", "#7", "#12", "#99", "GH-3", f"{SOURCE}#7", "o/r#1", f"{WEB}/{SOURCE}/issues/3"),
        *(f"[x]({WEB}/{SOURCE}/issues/12#a)", f"<{WEB}/{SOURCE}/pull/7>", "#3#7", "#1", "#31"),
        *(" ", "\n", "\r\n", "\n\n", "- ", "> ", "- [ ] ", "| ", "@octocat", "@\u200bx", "me@x.com"),
        *("`", "```\n", "~~~\n", "    ", "<b>", "</b>", "<!--", "-->", "<div>\n", "\n\n</div>\n"),
        *("[", "]", "![", "](x)", "word", "é", "😀", "\\", f"\n{OLD}\n", "<details>\n", "<code>", "|---|\n"),
    ]
)  # fmt: skip
BODIES = st.lists(PIECES, max_size=16).map("".join)
KNOWN = st.fixed_dictionaries(
    {},
    optional={TicketId(100 + n): st.sampled_from([1, 2, 3, 7, 12, 31, 1000]) for n in NUMBERS},
)
STYLES = st.builds(
    lambda frame, mentions: Style(template=frame, mentions=mentions),
    st.sampled_from([None, *map(parse_template, FRAMES)]),
    st.booleans(),
)


def a_copying(style: Style, numbers: dict[TicketId, int], highest: int = 0) -> Copying:
    """A target in which these copies are known."""
    return Copying(a_plan(*NUMBERS), "org/team-a", TEAM, style, numbers, highest)


@given(BODIES, STYLES, KNOWN, st.sampled_from([0, 5, 50]), st.data())
def test_whatever_was_known_at_first_the_end_is_the_same(
    body: str, style: Style, numbers: dict[TicketId, int], highest: int, data: st.DataObject
) -> None:
    """A copy of the first pass ends as if everything had been known when it was created; then nothing is left to do."""
    ticket = a_ticket(12, body=body)
    early = data.draw(st.sets(st.sampled_from(sorted(numbers)))) if numbers else set()
    first = a_copying(style, {t: numbers[t] for t in early}, highest)
    done = a_copying(style, numbers, 10_000)
    current = render(ticket, first).body
    final = render(ticket, done).body

    expected = Keep() if current == final else Rewrite(final)

    assert rewriting(current, ticket, done) == expected
    assert rewriting(final, ticket, done) == Keep()
    assert refers(ticket, first) or expected == Keep()


@given(BODIES, STYLES, st.sampled_from(["x", " ", "#3", "\n"]), st.integers(0, 400))
@example(f"<{WEB}/{SOURCE}/pull/7>", Style(), "x", 66)
def test_what_somebody_has_edited_stays(body: str, style: Style, more: str, place: int) -> None:
    """One character is enough; if there is nothing to rewrite, the text is not read."""
    ticket = a_ticket(12, body=body)
    first = a_copying(style, {}, 50)
    current = render(ticket, first).body
    at = place % (len(current) + 1)
    edited = current[:at] + more + current[at:]
    done = a_copying(style, {TicketId(103): 1, TicketId(107): 2, TicketId(112): 3}, 50)

    pending = refers(ticket, first)

    # An edit may happen to write what Monarch would have.
    assume(edited not in {render(ticket, done).body, current})
    assert rewriting(edited, ticket, done) == (Touched() if pending else Keep())


@given(BODIES, STYLES)
def test_between_references_and_mentions_the_text_is_the_tickets(body: str, style: Style) -> None:
    """Byte for byte, but for old markers: code, HTML, pictures, line ends, whatever alphabet."""
    made = render(a_ticket(12, body=body), a_copying(replace(style, template=None), {})).body

    text = without_markers(body)
    made = made.replace("\u200b", "")
    pattern, at = "", 0
    for mark in find(text, WEB).marks:
        pattern += re.escape(text[at : mark.start]) + "[^\r\n]+?"
        at = mark.name if isinstance(mark, Mention) else mark.end
    pattern = (pattern + re.escape(text[at:])).replace("\u200b", "")
    fence = r"(?:\r?\n?(?:`{3,}|~{3,}))?"
    assert re.fullmatch(pattern + fence + r"(?:\r?\n\r?\n)?<!-- monarch: [^\n]* -->", made)


@given(BODIES, STYLES, KNOWN, st.sampled_from([0, 5, 50]))
@example("#3#7 o/r#1@octocat @o/r#3 !#3 [x]#7", Style(), {}, 50)
@example("`#3 @octocat\n\n`", Style(), {}, 50)
@example(f"{SOURCE}#7{WEB}/{SOURCE}/issues/3", Style(), {}, 0)
@example("@octocatorg/template#7GH-3", Style(mentions=False), {}, 0)
@example("@org/template#7GH-3", Style(mentions=False), {}, 0)
def test_a_copy_leaves_no_trace_but_among_the_copies(
    body: str, style: Style, numbers: dict[TicketId, int], highest: int
) -> None:
    """Read as GitHub reads it, it mentions no one and points to copies, or to numbers that no issue has yet."""
    copying = a_copying(style, numbers, highest)

    marks = find(render(a_ticket(12, body=body), copying).body, WEB).marks

    for mark in marks:
        if isinstance(mark, Mention):
            # A team of another organisation is none for GitHub here.
            assert style.mentions or mark.organisation.lower() not in {"", "org"}
        elif "/" in mark.repository or mark.repository in {"", "org"}:
            assert mark.repository in {"", "org/team-a"}
            assert mark.number in numbers.values() or mark.number > highest


@given(BODIES, STYLES)
def test_a_copy_of_a_copy_changes_no_link_and_no_mention_again(body: str, style: Style) -> None:
    """A template that Monarch has filled can be a source in its turn."""
    copying = replace(a_copying(replace(style, template=None), {}), plan=a_plan())
    once = render(a_ticket(12, body=body), copying).body
    twice = render(a_ticket(12, body=once), copying).body

    assert without_markers(twice) == without_markers(once)


@pytest.mark.parametrize("form", ["#3", f"[{SOURCE}#3](https://redirect.github.com/{SOURCE}/issues/3)", "#1"])  # fmt: skip
@pytest.mark.parametrize("other", ["GH-7", f"[{SOURCE}#7](https://redirect.github.com/{SOURCE}/issues/7)", "#12"])  # fmt: skip
def test_every_mixture_of_forms_is_ours(form: str, other: str) -> None:
    """Numbers become known in any order, and a crash may come at any time."""
    ticket = a_ticket(12, body="see #3, GH-7")
    done = a_copying(Style(), {TicketId(103): 1, TicketId(107): 12, TicketId(112): 3})
    marker = f"\n\n<!-- monarch: {SOURCE}#12 id=112 target=7 -->"
    current = f"see {form}, {other}{marker}"

    final = f"see #1, #12{marker}"

    assert rewriting(current, ticket, done) == (Keep() if current == final else Rewrite(final))
    assert rewriting(f"see {form}, {other}, #1{marker}", ticket, done) == Touched()


MARKERS = (
    Marker(SOURCE, 12, TicketId(112)),
    Marker(SOURCE, 12, TicketId(112), TEAM),
    Marker(SOURCE, 12, TicketId(112), TEAM, "0" * 32),
    Marker(SOURCE, 12, TicketId(112), TEAM, SEAL.sign(TicketId(112), TEAM)),
)
"""Of an older version; without a key; with a key that is lost; and with the key of today."""


def written_beside(marker: Marker, ticket: Ticket, copying: Copying) -> str:
    """The copy as Monarch wrote it first when its marker looked like that."""
    texts = (
        worded(framed.text + ending, framed.changes).first(copying)
        for framed, ending in compose(ticket, copying, marker)
    )
    return next(text for text in texts if size(text) <= MAX_BODY)


@pytest.mark.parametrize("seal", [None, SEAL])
@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize("body", ["see #3, GH-7", "#3 " * 21_830])
def test_a_copy_with_a_marker_of_another_time_is_finished_and_not_called_touched(
    body: str, marker: Marker, seal: Seal | None
) -> None:
    """An older version has half filled the target, or the key was changed; where a long text is cut depends on it."""
    ticket = a_ticket(12, body=body)
    numbers = {TicketId(103): 1, TicketId(107): 12, TicketId(112): 3}
    done = a_copying(Style(seal=seal), numbers)
    final = render(ticket, done).body

    first = written_beside(marker, ticket, a_copying(Style(), {}))

    assert is_ours(first, ticket, done)
    assert rewriting(first, ticket, done) == Rewrite(final)
    assert rewriting(final, ticket, done) == Keep()
    assert read_marker(final) == marker_of(ticket, done)


@pytest.mark.parametrize("marker", MARKERS)
def test_for_the_markers_sake_alone_nothing_is_rewritten(marker: Marker) -> None:
    """A finished copy stays as it is."""
    ticket = a_ticket(12, body="see #3, GH-7")
    done = a_copying(Style(seal=SEAL), {TicketId(103): 1, TicketId(107): 12, TicketId(112): 3})
    finished = written_beside(marker, ticket, done)

    assert rewriting(finished, ticket, done) == Keep()
    assert is_ours(finished, ticket, done)


@pytest.mark.parametrize(
    "marker",
    [
        Marker(SOURCE, 12, TicketId(112), TargetId(8)),
        Marker(SOURCE, 3, TicketId(103), TEAM),
        Marker("other/template", 12, TicketId(112), TEAM),
    ],
)
def test_a_copy_with_the_marker_of_something_else_was_edited(marker: Marker) -> None:
    """Of another target, another ticket, another source: a person has put it there."""
    ticket = a_ticket(12, body="see #3, GH-7")
    done = a_copying(Style(), {TicketId(103): 1, TicketId(107): 12, TicketId(112): 3})
    edited = written_beside(marker, ticket, a_copying(Style(), {}))

    assert rewriting(edited, ticket, done) == Touched()
    assert not is_ours(edited, ticket, done)


@pytest.mark.parametrize("body", ["", "no number", "`#3`", "#99 and @octocat", "#3 priority"[3:]])
def test_a_text_that_refers_to_no_ticket_is_never_looked_at(body: str) -> None:
    """Whatever a person has made of its copy."""
    ticket = a_ticket(12, body=body)
    done = a_copying(Style(), {TicketId(103): 1})

    assert rewriting("something else", ticket, done) == Keep()


@given(
    st.sampled_from(["#3 ", f"{SOURCE}#7, ", f"[x]({WEB}/{SOURCE}/issues/3)\n", "a #12 😀\r\n"]),
    st.sampled_from(["", "```\n", "<!--\n", "`", "> "]),
    STYLES,
    st.integers(600, 30_000),
)
@example("#3 ", "", Style(), 21_000)
@settings(max_examples=20)  # each renders four long texts
def test_a_cut_copy_is_finished_like_any_other(
    piece: str, opening: str, style: Style, times: int
) -> None:
    """The cut falls in the same place, whichever form the references have at the time, and the marker is always there."""
    ticket: Ticket = a_ticket(12, body=opening + piece * times)
    done = a_copying(style, {TicketId(103): 1_000_000, TicketId(107): 2, TicketId(112): 3})
    ends = f"<!-- monarch: {SOURCE}#12 id=112 target=7 -->"
    final = render(ticket, done).body

    for first in (a_copying(style, {}), a_copying(style, {}, 50)):
        current = render(ticket, first).body
        units = len(current.encode("utf-16-le")) // 2
        assert units <= MAX_BODY
        assert current.endswith(ends)
        assert rewriting(current, ticket, done) in (Keep(), Rewrite(final))
    assert len(final.encode("utf-16-le")) // 2 <= MAX_BODY
