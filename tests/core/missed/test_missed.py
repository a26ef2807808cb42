"""Which repositories were missed, and what a sweep has to read to know it."""

from hypothesis import given
from hypothesis import strategies as st

from monarch.core.ids import TargetId
from monarch.core.missed.judging import (
    BEFORE_MS,
    AskedFor,
    KnownTemplate,
    LeftAlone,
    Missed,
    SweepWindow,
    counted,
    left_alone,
    window_ms,
    with_unplanned,
)
from monarch.core.missed.messages import NAMED_MOST, missed_text
from monarch.core.missed.sighting import (
    OVERLAP_MS,
    Listed,
    Memory,
    Sighting,
    bounded,
    merged,
    read_until_ms,
    unread,
)
from monarch.core.request.message import Request
from monarch.core.request.refs import RepoRef
from monarch.core.request.rules import Rules
from monarch.core.ticket import Origin

NOW = 1_800_000_000_000
WINDOW = SweepWindow(NOW - 1_000_000, NOW, 60_000)
ORIGIN = Origin(7, "org/template")
SOURCES = {7: KnownTemplate("org/template", "C1")}


def listed(number: int = 1, created_ms: int = NOW - 500_000, name: str = "") -> Listed:
    """A repository in a list."""
    return Listed(TargetId(number), name or f"org/team-{number}", created_ms)


def sighting(number: int = 1, created_ms: int = NOW - 500_000, name: str = "") -> Sighting:
    """One that was made from the template."""
    return Sighting(listed(number, created_ms, name), ORIGIN)


def left(one: Sighting, **asked: object) -> LeftAlone | None:
    """Why it is left alone where the template is known."""
    known = AskedFor(**{"sources": SOURCES, **asked})  # type: ignore[arg-type]  # as the test says
    return left_alone(one, WINDOW, known, Rules())


memories = st.lists(
    st.tuples(st.integers(1, 60), st.integers(NOW - 2_000_000, NOW)), unique_by=lambda one: one[0]
).map(
    lambda rows: Memory(
        complete_ms=NOW - 1_500_000,
        sightings={TargetId(number): sighting(number, created) for number, created in rows},
    )
)


def test_a_name_that_was_asked_for_after_its_repository_came_is_asked_for() -> None:
    """Or a little before it; what is older was about another repository of that name."""
    created = NOW - 500_000
    one = sighting(created_ms=created)

    assert left(one, targets={"org/team-1": created}) is LeftAlone.ASKED
    assert left(one, targets={"org/team-1": created - BEFORE_MS}) is LeftAlone.ASKED
    assert left(one, targets={"org/team-1": created - BEFORE_MS - 1}) is None


def test_the_first_reason_is_the_one_that_needs_least_reading() -> None:
    """Old, archived and forked ones are recognised without their own address."""
    old = sighting(created_ms=WINDOW.since_ms - 1)

    assert left(old, targets={"org/team-1": NOW}) is LeftAlone.OLDER
    assert left(sighting(created_ms=NOW - 59_999)) is LeftAlone.YOUNG
    assert left(sighting(created_ms=NOW - 60_000)) is None


def test_an_unplanned_request_counts_with_its_own_time() -> None:
    """The newest one for each name."""
    request = Request(RepoRef("org", "template"), (RepoRef("Org", "Team-1"),))

    asked = with_unplanned(AskedFor(targets={"org/team-1": 5}), [(9, request), (3, request)])

    assert asked.targets == {"org/team-1": 9}


@given(memories, st.integers(NOW - 2_000_000, NOW))
def test_what_a_list_shows_back_to_there_and_the_memory_are_the_whole_window(
    memory: Memory, since_ms: int
) -> None:
    """Nothing since then can be missing that is older than the newest that is remembered, by an hour at most."""
    until_ms = read_until_ms(memory, since_ms)

    if memory.complete_ms is None or memory.complete_ms > since_ms:
        assert until_ms == since_ms
    newest = max((one.listed.created_ms for one in memory.sightings.values()), default=since_ms)
    assert until_ms >= since_ms
    assert until_ms <= max(since_ms, newest - OVERLAP_MS)


@given(memories, st.integers(0, 70))
def test_the_newest_are_remembered(memory: Memory, most: int) -> None:
    """So many of them, and no older one in the place of a newer."""
    kept = bounded(memory, most).sightings

    assert len(kept) == min(most, len(memory.sightings))
    ages = [one.listed.created_ms for one in kept.values()]
    gone = [one.listed.created_ms for i, one in memory.sightings.items() if i not in kept]
    assert not (ages and gone) or max(gone) <= min(ages)


@given(memories, st.lists(st.integers(1, 60), unique=True))
def test_each_repository_is_read_once(memory: Memory, numbers: list[int]) -> None:
    """Whatever lists show again."""
    shown = [listed(number) for number in numbers]
    read = [Sighting(one, ORIGIN) for one in unread(shown, memory)]

    after = merged(memory, shown, read)

    assert unread(shown, after) == ()
    assert {one.id for one in shown} | set(memory.sightings) == set(after.sightings)


def test_a_former_name_stays_known() -> None:
    """It may be the one that was asked for."""
    memory = Memory(sightings={TargetId(1): sighting(name="org/Old")})

    after = merged(memory, [listed(name="org/New")], [])
    again = merged(after, [listed(name="org/New")], [])

    assert after.sightings[TargetId(1)].names == {"org/old", "org/new"}
    assert again == after


def test_reasons_are_counted_in_their_own_order() -> None:
    """Those that do not occur are not named."""
    reasons = [LeftAlone.COPIES, LeftAlone.ASKED, LeftAlone.COPIES]

    assert list(counted(reasons).items()) == [(LeftAlone.ASKED, 1), (LeftAlone.COPIES, 2)]


def test_a_channel_is_told_what_was_missed_and_what_to_do() -> None:
    """Names are links; a single one is singular."""
    one = Missed(listed(), ORIGIN, "C1")

    told = missed_text([one], "https://github.com", submits=False)

    assert told == (
        ":mag: 1 repository was made from <https://github.com/org/template|org/template>, and no message about it"
        " arrived: <https://github.com/org/team-1|org/team-1>. Start the migration again for these teams, or run"
        " `monarch missed --submit`."
    )


def test_five_hundred_missed_repositories_fit_into_one_message() -> None:
    """Those that are not named are counted."""
    many = [Missed(listed(n, name=f"org/{'x' * 90}-{n}"), ORIGIN, "C1") for n in range(500)]

    told = missed_text(many, "https://github.com", submits=True)

    assert f" and {500 - NAMED_MOST} more. Monarch asks for the tickets now." in told
    assert len(told) < 5000


def test_a_sweep_looks_back_a_week_or_as_long_as_names_are_kept() -> None:
    """A message may come before its repository, and is forgotten before it."""
    day_ms = 86_400_000

    assert window_ms(30 * day_ms) == 7 * day_ms
    assert window_ms(3 * day_ms) == 3 * day_ms - BEFORE_MS
