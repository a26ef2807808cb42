"""What to ask for, and what the answers show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.copy.marker import Marker
from monarch.core.ids import TicketId
from monarch.core.outcome import Absent, Found
from monarch.core.target.look import (
    PROBE_GONE,
    PROBE_MISSES,
    PROBE_MOST,
    Probe,
    Seen,
    Stray,
    after_probe,
    begin_probe,
    gaps,
    in_order,
    missing,
    see,
    skipped,
    strays_of,
    unreached,
    with_known,
)
from tests.core.builders import OURS, OWN, SOURCE, a_plan, an_issue


def marker(ticket: int) -> str:
    """The line that marks a copy of ticket number `ticket`."""
    return str(Marker(SOURCE, ticket, TicketId(100 + ticket)))


def ids(*tickets: int) -> list[TicketId]:
    """The ids of tickets by their numbers."""
    return [TicketId(100 + ticket) for ticket in tickets]


# ------------------------------------------------------------------------------------ what to ask for


@given(st.sets(st.integers(1, 300)), st.integers(0, 50))
def test_a_listing_and_its_gaps_are_all_numbers(numbers: set[int], newest: int) -> None:
    """Below the highest nothing is left out, except the oldest of too many."""
    holes = gaps(numbers, newest)
    everything = set(range(1, max(numbers, default=0))) - numbers

    assert list(holes) == sorted(everything)[-newest or len(everything) :]
    assert set(gaps(numbers)) == everything


@pytest.mark.parametrize(
    ("reached", "on_record", "numbers"),
    [(7, 0, ()), (7, 6, ()), (7, 7, (7,)), (7, 9, (7, 8, 9)), (7, 999, tuple(range(500, 1000)))],
)
def test_what_lies_up_to_a_number_on_record_is_a_gap(
    reached: int, on_record: int, numbers: tuple[int, ...]
) -> None:
    """A copy was created as that number: it was used, and so was all below it, wherever reading onwards ended."""
    assert unreached(Probe(reached), on_record) == numbers


def test_the_gaps_of_a_huge_number_are_the_newest() -> None:
    """A repository may have had half a million issues."""
    assert gaps([500_000]) == tuple(range(499_500, 500_000))


@pytest.mark.parametrize(
    ("highest", "created", "numbers"),
    [(0, 1, ()), (4, 5, ()), (4, 8, (5, 6, 7)), (7, 5, ()), (0, 1000, tuple(range(500, 1000)))],
)
def test_numbers_between_the_highest_and_a_new_one_are_somebody_elses(
    highest: int, created: int, numbers: tuple[int, ...]
) -> None:
    """They may be a zombie's copies, and are read at once."""
    assert skipped(highest, created) == numbers


def probe_all(used: dict[int, bool], highest: int) -> tuple[Probe, list[int]]:
    """Probe a repository whose numbers `used` can be read (`True`) or are gone (`False`)."""
    probe, found = begin_probe(highest), []
    while not (probe.is_over or probe.is_exhausted()):
        if used.get(probe.number):
            found.append(probe.number)
            probe = after_probe(probe, Found(an_issue(probe.number)))
        else:
            probe = after_probe(probe, Absent(taken=probe.number in used))
    return probe, found


@given(st.integers(0, 20), st.dictionaries(st.integers(1, 60), st.booleans()))
def test_a_probe_finds_all_that_lies_no_further_apart_than_five(
    highest: int, used: dict[int, bool]
) -> None:
    """It ends behind five numbers in a row that were never used."""
    probe, found = probe_all(used, highest)

    reach = highest
    while following := [n for n in used if reach < n <= reach + PROBE_MISSES]:
        reach = min(following)
    assert found == sorted(n for n, readable in used.items() if highest < n <= reach and readable)
    assert probe.is_over


def test_a_probe_of_deleted_issues_asks_now_and_then_and_ends() -> None:
    """GitHub answers 410 for every number of a repository whose issues are off, and for each deleted one."""
    probe, asked = begin_probe(0), []
    while not (probe.is_over or probe.is_exhausted()):
        probe = after_probe(probe, Absent(taken=True))
        if probe.is_unclear:
            asked.append(probe.number - 1)

    assert asked == list(range(PROBE_GONE, PROBE_MOST + 1, PROBE_GONE))
    assert probe.is_exhausted()


def test_a_probe_asks_once_for_thirty_deleted_issues() -> None:
    """The numbers behind them that were never used make nothing unclear again."""
    probe, asked = begin_probe(0), 0
    while not probe.is_over:
        probe = after_probe(probe, Absent(taken=probe.number <= PROBE_GONE))
        asked += probe.is_unclear

    assert asked == 1


@pytest.mark.parametrize("gone", [29, 30, 35, 500, PROBE_MOST - PROBE_MISSES])
def test_deleted_issues_end_like_any_others(gone: int) -> None:
    """Behind five numbers that were never used."""
    probe, _ = probe_all(dict.fromkeys(range(1, gone + 1), False), 0)

    assert probe.is_over
    assert probe.number == gone + PROBE_MISSES + 1


# ------------------------------------------------------------------------------ what the answers show


def test_copies_strays_and_planted_markers_are_told_apart() -> None:
    """Of several copies by our account the lowest number is the copy."""
    seen = see(
        [
            an_issue(7, body=marker(1)),
            an_issue(2, body=f"text\n\n{marker(1)}"),
            an_issue(3, body=marker(2), state="closed"),
            an_issue(4, body=marker(3), author="passer-by"),
            an_issue(5, body=marker(4), is_pull=True),
            an_issue(6, body=f"> {marker(5)}"),
        ],
        OURS,
    )

    url = "https://github.com/org/team/issues/7"
    assert seen.copies == {TicketId(101): 2, TicketId(102): 3}
    assert seen.strays == (Stray(TicketId(101), 7, url, 2),)
    assert seen.planted == (4,)
    assert seen.highest == 7


def test_an_empty_target_shows_nothing() -> None:
    """And its highest number is 0, or what the probe knows."""
    assert see([], OURS) == Seen()
    assert see([], OURS, 3).highest == 3
    assert see([an_issue(2)], OURS, 9).highest == 9


def test_the_later_answer_for_a_number_counts() -> None:
    """The listing came first, the reading by number later and fresher."""
    assert see([an_issue(1, body=""), an_issue(1, body=marker(1))], OURS).copies == {101: 1}


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 8), st.booleans(), st.booleans())))
def test_every_marked_issue_is_a_copy_a_stray_or_planted(
    rows: list[tuple[int, int, bool, bool]],
) -> None:
    """Nothing that carries a marker is passed over, and every ticket has one copy."""
    issues = [
        an_issue(n, body=marker(t), is_pull=pull, author=OWN if ours else "x")
        for n, t, pull, ours in rows
    ]
    seen = see(issues, OURS)

    told = [*seen.copies.values(), *(stray.number for stray in seen.strays), *seen.planted]
    last = {issue.number: issue for issue in issues}
    assert sorted(told) == sorted(n for n, issue in last.items() if not issue.is_pull)
    assert all(stray.original < stray.number for stray in seen.strays)


def test_only_the_strays_of_a_plan_are_its_own() -> None:
    """A target may have been filled from several templates."""
    stray = Stray(TicketId(101), 7, "url", 2)
    seen = Seen(strays=(stray, Stray(TicketId(999), 8, "url", 3)))

    assert strays_of(a_plan(1, 2), seen) == (stray,)


def test_a_copy_without_its_marker_is_known_by_its_number() -> None:
    """A person edited the marker away; the ledger knows better. What was seen stays."""
    seen = with_known(Seen({TicketId(101): 1}), {TicketId(101): 9, TicketId(102): 2})

    assert seen.copies == {TicketId(101): 1, TicketId(102): 2}


def test_what_should_have_a_copy_and_has_none_is_missing() -> None:
    """Refused tickets and deleted copies are not missing."""
    plan = a_plan(1, 2, 3, 4)
    seen = Seen({TicketId(101): 1})

    assert [t.number for t in missing(plan, seen, set(), set())] == [2, 3, 4]
    assert [t.number for t in missing(plan, seen, set(ids(3)), set(ids(4)))] == [2]


@pytest.mark.parametrize(
    ("copies", "ascending"),
    [
        ({}, True),
        ({1: 5, 2: 6}, True),
        ({1: 5, 3: 9}, True),
        ({1: 6, 2: 5}, False),
        ({9: 1, 1: 2}, True),
    ],
)
def test_copies_ascend_in_the_templates_order(copies: dict[int, int], ascending: bool) -> None:
    """Other plans' copies do not matter."""
    seen = Seen({TicketId(100 + ticket): number for ticket, number in copies.items()})

    assert in_order(a_plan(1, 2, 3), seen) is ascending
