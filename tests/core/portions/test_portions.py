"""Portions: what a message may ask for, when it may begin, and which tickets belong to it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.mistake import Mistake
from monarch.core.outcome import Code
from monarch.core.plan import MAX_TEXT, Plan
from monarch.core.portions.dates import TooFar, Until, date_ms, date_words, release_of
from monarch.core.portions.details import portion_details, portion_of
from monarch.core.portions.message import (
    MAX_MILESTONES,
    WHOLE,
    Portion,
    read_date,
    read_titles,
)
from monarch.core.portions.sentences import milestones_words, portion_facts
from monarch.core.portions.sharing import milestones_missing, share_of, unknown_milestones
from monarch.core.ticket import Milestone
from tests.core.builders import SOURCE, a_ticket

CET = timezone(timedelta(hours=1))
MONDAY = datetime(2026, 11, 30, 8, 0, tzinfo=CET)
MONDAY_MS = 1_796_022_000_000
FIRST, SECOND, EMPTY = Milestone("Sprint 1"), Milestone("Sprint 2"), Milestone("Sprint 3")
DATES = st.datetimes(timezones=st.timezones() | st.just(UTC)).map(
    lambda date: datetime.fromisoformat(date.isoformat())
)
"""With the offset of whatever zone, as a message has it."""


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2026-11-30T08:00:00+01:00", MONDAY),
        ("2026-11-30T08:00+01:00", MONDAY),
        ("2026-11-30 08:00:00+01:00", MONDAY),
        ("2026-11-30T07:00:00Z", MONDAY),
        ("2026-11-30T07:00:00.000Z", MONDAY),
        ("2026-11-30t07:00:00z", MONDAY),
        ("20261130T070000Z", MONDAY),
        ("2026-W49-1T08:00+01", MONDAY),
        (" 2026-11-30T08:00:00+01:00\n", MONDAY),
    ],
)
def test_a_date_is_read_in_any_usual_form(text: str, date: datetime) -> None:
    """ISO 8601 has many, and the moment is what counts."""
    assert read_date(text) == date


@pytest.mark.parametrize(
    ("came", "told"),
    [
        ("2026-11-30T08:00:00", "names no zone"),
        ("2026-11-30", "names no zone"),
        ("", "got an empty text"),
        ("Monday", 'got "Monday"'),
        ("2026-13-01T08:00:00Z", 'got "2026-13-01T08:00:00Z"'),
        ("2026-02-30T08:00:00Z", "expected not_before to be a date"),
        ("2026-11-30T08:00:00 Europe/Berlin", "expected not_before to be a date"),
        ("2026-11-30T08:00:00 01:00", "expected not_before to be a date"),
        (1_796_022_000, "got the number 1796022000"),
        (True, "got true or false"),
        (["2026-11-30T08:00:00Z"], "got a list"),
        ({}, "got an object"),
    ],
)
def test_what_is_no_date_is_told_with_an_example(came: object, told: str) -> None:
    """What was expected, what came, and how it should look."""
    with pytest.raises(Mistake) as raised:
        read_date(came)

    assert raised.value.code is Code.BAD_DATE
    assert told in raised.value.reason
    assert "2026-11-30T08:00:00+01:00" in raised.value.reason


@pytest.mark.parametrize(
    ("came", "told"),
    [
        ([], "milestones is empty"),
        ("Sprint 2", 'got "Sprint 2"'),
        ({"title": "Sprint 2"}, "got an object"),
        (2, "got the number 2"),
        ([2], "got the number 2"),
        (["Sprint 2", None], "got null"),
        ([""], "got an empty text"),
        (["  "], 'to be a text, such as "Sprint 2"'),
        ([["Sprint 2"]], "got a list"),
        ([f"Sprint {n}" for n in range(MAX_MILESTONES + 1)], "has 101 titles and may have 100"),
    ],
)
def test_what_is_no_list_of_titles_is_told(came: object, told: str) -> None:
    """An empty list is a mistake: a sender who wants all tickets leaves the key out."""
    with pytest.raises(Mistake) as raised:
        read_titles(came)

    assert raised.value.code is Code.BAD_MILESTONES
    assert told in raised.value.reason


def test_without_the_keys_all_tickets_are_asked_for_at_once() -> None:
    """`null` is what some programs write for nothing."""
    assert Portion(read_date(None), read_titles(None)) == WHOLE


def test_each_milestone_counts_once() -> None:
    """Without regard to case and to white space around it."""
    titles = ["Sprint 2", " sprint 2 ", "Sprint 1"]

    assert read_titles(titles) == ("Sprint 2", "Sprint 1")


# ------------------------------------------------------------------------------------------------- dates


def test_a_request_waits_until_its_date() -> None:
    """To the millisecond, and it is said in the sender's zone."""
    waits = release_of(MONDAY, MONDAY_MS - 90_500)

    assert waits == Until(90.5, "it waits until Mon 2026-11-30 08:00 +01:00, its not_before")
    assert release_of(MONDAY, MONDAY_MS - 1) is not None
    assert release_of(MONDAY, MONDAY_MS) is None
    assert release_of(None, 0) is None


def test_a_date_beyond_a_year_is_a_mistake() -> None:
    """The last date that is still taken, and the first that is a mistake."""
    days = 400 * 86_400_000

    assert isinstance(release_of(MONDAY, MONDAY_MS - days), Until)
    assert isinstance(release_of(MONDAY, MONDAY_MS - days - 1), TooFar)


@given(date=DATES, before_ms=st.integers(1, 400 * 86_400_000))
def test_no_date_is_ever_released_early(date: datetime, before_ms: int) -> None:
    """Whatever its zone, and at the edges of what a date can be."""
    now_ms = date_ms(date) - before_ms

    waits = release_of(date, now_ms)

    assert isinstance(waits, Until)
    assert date_ms(date) <= now_ms + round(waits.wait_s * 1000)
    assert release_of(date, date_ms(date)) is None


@pytest.mark.parametrize(
    ("date", "words"),
    [
        (datetime.fromisoformat("2026-11-30T08:00:00+00:53:28"), "Mon 2026-11-30 08:00 +00:53:28"),
        (MONDAY, "Mon 2026-11-30 08:00 +01:00"),
        (MONDAY.astimezone(UTC), "Mon 2026-11-30 07:00 UTC"),
        (datetime(2026, 12, 6, 23, 59, 59, tzinfo=UTC), "Sun 2026-12-06 23:59:59 UTC"),
        (
            MONDAY.astimezone(timezone(timedelta(hours=-3, minutes=-30))),
            "Mon 2026-11-30 03:30 -03:30",
        ),
    ],
)
def test_a_date_is_told_in_the_zone_of_its_sender(date: datetime, words: str) -> None:
    """A reader can see which one that is."""
    assert date_words(date) == words


# ----------------------------------------------------------------------------------------------- sharing


def a_template() -> Plan:
    """Two tickets of the first sprint, one of the second, one of none."""
    return Plan(
        SOURCE,
        (
            a_ticket(1, milestone=FIRST),
            a_ticket(2, milestone=SECOND),
            a_ticket(3),
            a_ticket(4, milestone=FIRST),
        ),
    )


def numbers(plan: Plan) -> tuple[list[int], list[int]]:
    """What is copied, and what stands beside it."""
    return [t.number for t in plan.tickets], [t.number for t in plan.others]


@pytest.mark.parametrize(
    ("wanted", "shared"),
    [
        ((), ([1, 2, 3, 4], [])),
        (("Sprint 1",), ([1, 4], [2, 3])),
        (("SPRINT 1", "Sprint 2"), ([1, 2, 4], [3])),
        (("Sprint 3",), ([], [1, 2, 3, 4])),
    ],
)
def test_a_portion_is_the_tickets_in_its_milestones(
    wanted: tuple[str, ...], shared: tuple[list[int], list[int]]
) -> None:
    """In order; and the whole stays the whole."""
    portion = share_of(a_template(), wanted, (FIRST, SECOND, EMPTY))

    assert numbers(portion) == shared
    assert portion.everything == a_template().tickets


def test_two_milestones_that_differ_by_case_are_told_apart() -> None:
    """Where just that title exists, it is meant; GitHub lets both be."""
    upper = Milestone("SPRINT 1")
    plan = Plan(SOURCE, (a_ticket(1, milestone=FIRST), a_ticket(2, milestone=upper)))

    assert numbers(share_of(plan, ("SPRINT 1",), (FIRST, upper))) == ([2], [1])


def test_a_template_that_is_too_large_as_a_whole_goes_in_portions() -> None:
    """Then its portions do not know of one another."""
    huge = a_ticket(1, milestone=FIRST, body="x" * MAX_TEXT)
    plan = Plan(SOURCE, (huge, a_ticket(2, milestone=SECOND)))

    assert numbers(share_of(plan, ("Sprint 2",), (FIRST, SECOND))) == ([2], [])


def test_unknown_milestones_are_told_with_those_that_exist() -> None:
    """So that a person finds the right one."""
    existing = (FIRST, SECOND)
    unknown = unknown_milestones(("sprint 1", "Sprnt 2"), existing)

    assert unknown == ("Sprnt 2",)
    told = milestones_missing(SOURCE, unknown, existing)
    assert told == 'org/template has no milestone "Sprnt 2": it has "Sprint 1", "Sprint 2"'
    assert "it has no milestones at all" in milestones_missing(SOURCE, unknown, ())
    two = milestones_missing(SOURCE, ("A", "B"), existing)
    assert two.startswith('org/template has none of the milestones "A" and "B": it has')
    many = tuple(Milestone(f"Week {n:02}") for n in range(25))
    assert '"Week 19" and 5 more' in milestones_missing(SOURCE, unknown, many)


# ----------------------------------------------------------------------------------------------- details


@given(
    date=st.none() | DATES,
    titles=st.lists(st.text(min_size=1).filter(str.strip), max_size=5, unique_by=str.lower),
)
def test_what_a_request_keeps_of_its_portion_is_read_back(
    date: datetime | None, titles: list[str]
) -> None:
    """The very moment with its offset, and the titles, whatever is in them."""
    portion = Portion(milestones=read_titles(titles or None))
    portion = Portion(date, portion.milestones)

    kept = portion_of(portion_details(portion))

    assert kept == portion
    if date is not None and kept.not_before is not None:
        assert kept.not_before.utcoffset() == date.utcoffset()


def test_fields_that_cannot_be_read_count_as_absent() -> None:
    """A person has written into the hash by hand."""
    assert portion_of({"not_before": "soon", "milestones": "{"}) == WHOLE
    assert portion_of({}) == WHOLE


def test_a_portion_is_told_beside_its_request() -> None:
    """With a word where its date had passed before the message came."""
    portion = Portion(MONDAY, ("Sprint 2",))

    assert portion_facts(WHOLE) == {}
    assert portion_facts(portion, MONDAY_MS - 1) == {
        "not before": "Mon 2026-11-30 08:00 +01:00",
        "only": 'milestone "Sprint 2"',
    }
    assert portion_facts(portion, MONDAY_MS)["not before"].endswith("(had passed when it came)")


def test_many_milestones_are_counted_in_a_sentence() -> None:
    """Five are named."""
    titles = tuple(f"S{n}" for n in range(7))

    assert milestones_words(WHOLE) == ""
    assert milestones_words(Portion(milestones=titles[:1])) == 'milestone "S0"'
    assert (
        milestones_words(Portion(milestones=titles))
        == 'milestones "S0", "S1", "S2", "S3", "S4" and 2 more'
    )
