"""Which of several markers in one issue is its own; the memory of what was copied is gone in all of these."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.copy.seal import Seal
from monarch.core.ids import TicketId
from monarch.core.target.evidence import Evidence
from monarch.core.target.look import Seen, see
from monarch.core.target.step import Intended
from monarch.core.ticket import Issue
from tests.core.builders import OURS, TEAM, an_issue
from tests.core.target.test_evidence import NOBODY, OTHER_TEAM, SEAL, by_student, marker

TICKETS = range(1, 15)
TITLES = {TicketId(100 + ticket): f"Ticket {ticket}" for ticket in TICKETS}
KNOWN = replace(OURS, titles=TITLES)


def copy(number: int, *markers: str, **how: object) -> Issue:
    """Our copy of the ticket of that number, with these markers below its text."""
    kept = {"title": f"Ticket {number}", "body": "\n".join(("Do it.", "", *markers)), **how}
    return an_issue(number, **kept)


def copied(seen: Seen) -> dict[int, int]:
    """The number of the copy by the number of the ticket."""
    return {ticket - 100: number for ticket, number in seen.copies.items()}


def test_team_0420s_first_copy_stays_that_of_ticket_1_with_14s_marker_below_its_own() -> None:
    """Valkey is emptied before 14 is copied; else 1 would be copied again, and 14 never."""
    edited = copy(1, marker(1), marker(14))

    assert copied(see([edited, copy(2, marker(2))], KNOWN)) == {1: 1, 2: 2}


@pytest.mark.parametrize(
    "markers",
    [(marker(14), marker(1)), (marker(14, None), marker(1)), (marker(1), marker(14, None))],
    ids=["above", "of an older version above", "of an older version below"],
)
def test_it_does_not_matter_where_and_how_the_marker_was_added(markers: tuple[str, ...]) -> None:
    """An older version named no target."""
    assert copied(see([copy(1, *markers)], KNOWN)) == {1: 1}


def test_a_title_that_was_edited_too_leaves_the_ticket_that_has_no_copy_elsewhere() -> None:
    """The fourteenth copy is there, so the first is not it."""
    edited = copy(1, marker(1), marker(14), title="Ours")

    assert see([edited, copy(14, marker(14))], KNOWN) == Seen(
        {TicketId(101): 1, TicketId(114): 14}, highest=14
    )


def test_with_neither_title_nor_a_copy_elsewhere_the_earlier_ticket_counts() -> None:
    """Copies are made in order: what has none yet comes later."""
    for markers in ((marker(1), marker(14)), (marker(14), marker(1))):
        assert copied(see([copy(1, *markers, title="Ours")], KNOWN)) == {1: 1}


def test_a_signature_tells_even_where_the_title_was_made_that_of_the_other_ticket() -> None:
    """Before 14 is copied no person can have its signature; afterwards it says nothing, and the title counts."""
    evidence = replace(KNOWN, seal=SEAL)
    forged = copy(1, marker(1, seal=SEAL), marker(14), title="Ticket 14")
    pasted = copy(1, marker(1), marker(14, seal=SEAL))

    assert copied(see([forged], evidence)) == {1: 1}
    assert copied(see([pasted, copy(14, marker(14, seal=SEAL))], evidence)) == {1: 1, 14: 14}


def test_the_marker_of_another_target_takes_nothing_from_a_copy() -> None:
    """A text from another team's repository was pasted below the copy's own."""
    assert copied(see([copy(1, marker(1), marker(12, OTHER_TEAM))], KNOWN)) == {1: 1}


def test_a_ticket_of_another_template_has_a_title_that_is_not_known() -> None:
    """Its copy is not taken for that of a ticket whose title it has not."""
    other = marker(90)
    issue = copy(5, other, marker(1), title="Of the other template")

    assert copied(see([issue], KNOWN)) == {90: 5}


def test_a_paste_from_the_copy_of_another_template_takes_no_retitled_copy_away() -> None:
    """The pasted ticket has its copy, so the issue is its own ticket's, though the other's title is not known."""
    retitled = copy(6, marker(90), marker(2), title="Ticket 2 (Ann)")

    assert copied(see([retitled, copy(9, marker(90), title="Another")], KNOWN)) == {2: 6, 90: 9}


def test_an_issue_of_a_stranger_with_all_markers_answers_no_write_under_way() -> None:
    """What we have just written names one ticket, whatever its author seems to be."""
    planted = by_student(1, 1, body="\n".join(marker(ticket) for ticket in TICKETS))
    under_way = {TicketId(100 + ticket): Intended(0, "n") for ticket in TICKETS}

    assert see([planted], replace(NOBODY, records=under_way)) == Seen(planted=(1,), highest=1)


def test_a_copy_of_an_account_without_a_name_is_found_also_with_a_text_pasted_above() -> None:
    """A person edits it before the unanswered write is resolved; else its ticket would be copied twice."""
    edited = by_student(3, 12, body=f"{marker(5)}\nDo it.\n\n{marker(12)}")
    evidence = replace(NOBODY, records={TicketId(112): Intended(0, "n")})

    assert copied(see([edited], evidence)) == {12: 3}


_ADDED = st.lists(
    st.builds(
        marker,
        st.sampled_from(TICKETS),
        st.sampled_from([TEAM, OTHER_TEAM, None]),
        st.sampled_from([None, SEAL]),
    ),
    max_size=4,
)


@given(st.data(), st.sampled_from([None, SEAL]), st.integers(1, 14))
def test_whatever_is_added_to_copies_that_kept_their_title_each_stands_for_its_ticket(
    data: st.DataObject, seal: Seal | None, made: int
) -> None:
    """So far `made` of them are there; signatures can be taken from these, and are worth nothing for the others."""
    issues = []
    for number in range(1, made + 1):
        added = data.draw(_ADDED)
        honest = [one for one in added if "sig=" not in one or _ticket(one) <= made]
        own = marker(number, seal=seal)
        issues.append(copy(number, *data.draw(st.permutations([own, *honest]))))
    evidence = Evidence(OURS.target, OURS.us, {}, seal, titles=TITLES)

    found = copied(see(issues, evidence))

    assert found == {number: number for number in range(1, made + 1)}


def _ticket(text: str) -> int:
    return int(text.partition("#")[2].split()[0])
