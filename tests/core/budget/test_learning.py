"""What is believed of GitHub's hidden limits, and how refusals and quiet hours change it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.budget.ceilings import Ceilings, Pace
from monarch.core.budget.learning import Learned, Refusal, effective, learn, review, wait_ms
from monarch.core.budget.windows import UNKNOWN, Limit, peak

PACE = Pace()
SET = Ceilings()
NONE = Ceilings(0, 0, 1000, 1)
NOW = 100_000_000
HOUR = PACE.hour_ms


def burst(count: int, ended: int = NOW, every_ms: int = 1000) -> list[int]:
    """So many writes, the last one right before `ended`."""
    return [ended - every_ms * (count - n) for n in range(count)]


def paced(count: int, a_minute: int, ended: int = NOW) -> list[int]:
    """So many writes, at most so many a minute, as our own ceiling lets them through."""
    minutes = -(-count // a_minute)
    began = ended - minutes * 61_000
    times = [began + 61_000 * (n // a_minute) + 1000 * (n % a_minute) for n in range(count)]
    return [at + ended - 1000 - times[-1] for at in times]


def refused(
    writes: list[int],
    before: Learned | None = None,
    wait_s: float | None = None,
    now: int = NOW,
    ceilings: Ceilings = SET,
) -> Learned:
    """What is believed after one more write was refused."""
    asked = None if wait_s is None else round(wait_s * 1000)
    return learn(before or Learned(), Refusal(now, asked, writes), ceilings, PACE)


def ceilings_of(learned: Learned) -> tuple[int, int]:
    """A minute, an hour; 0: as set."""
    return learned.minute.ceiling, learned.hour.ceiling


def a_limit(ceiling: int, base: int | None = None, at: int = NOW - HOUR, step: int = 10) -> Limit:
    """One that was learned an hour ago; with a lower `base` it is on trial."""
    return Limit(ceiling, ceiling if base is None else base, at, PACE.quiet_ms, step)


# ------------------------------------------------------------------------------ which window was hit


def test_a_first_refusal_is_the_minutes() -> None:
    """20 were accepted, the 21st was not: cheap to disprove."""
    learned = refused(burst(20), wait_s=40)

    assert ceilings_of(learned) == (20, 0)
    assert effective(SET, learned).per_minute == 20


def test_a_wait_of_more_than_a_minute_speaks_of_the_hour() -> None:
    """What was accepted in it fits, and the minute stays as it was."""
    assert ceilings_of(refused(paced(150, 20), wait_s=3163)) == (0, 150)


def test_what_is_still_in_the_hour_after_the_wait_that_was_asked_for_fits() -> None:
    """GitHub asked for longer than until the oldest leaves: another program writes, too, so fewer are ours."""
    assert ceilings_of(refused(paced(150, 20), wait_s=3200)) == (0, 130)


def test_a_wait_of_a_minute_and_some_seconds_need_not_be_the_hours() -> None:
    """Whole seconds, rounded up, and clocks that differ."""
    assert ceilings_of(refused(burst(20), wait_s=62)) == (20, 0)


def test_a_minute_that_is_refused_empty_was_the_hour() -> None:
    """What it was suspected of is taken back."""
    first = refused(burst(150))
    second = refused(burst(150), first, now=NOW + 61_000)

    assert first.minute.ceiling == 59
    assert ceilings_of(second) == (0, 150)


def test_a_minute_that_was_known_before_is_known_again() -> None:
    """Taking a guess back leaves what was learned before it."""
    known = Learned(1, minute=a_limit(20))
    first = refused(paced(150, 20), known)
    second = refused(paced(150, 20), first, now=NOW + 61_000)

    assert second.minute == known.minute
    assert second.hour.ceiling == 150


def test_hardly_anything_in_the_minute_is_the_hour() -> None:
    """Limits as low as that were never seen; it is believed once the fleet has tried again."""
    writes = burst(300, NOW - 120_000) + burst(6)
    first = refused(writes)

    assert ceilings_of(first) == (0, 0)
    assert ceilings_of(refused(writes, first, now=NOW + 60_000)) == (0, 306)


def test_a_raise_that_is_refused_goes_back_to_what_fits() -> None:
    """And its next try comes twice as late."""
    raised = Learned(3, minute=a_limit(20), hour=a_limit(165, base=150))
    writes = paced(140, 20, NOW - 60_000) + burst(12)
    learned = refused(writes, raised)

    assert ceilings_of(learned) == (20, 152)
    assert learned.hour.quiet_ms == 2 * PACE.quiet_ms
    assert not learned.hour.is_on_trial


def test_an_hour_that_is_refused_twice_at_one_load_is_the_hours() -> None:
    """Far below what was believed, with some accepted between: no guess at the minute any more."""
    steady = [NOW - HOUR + 36_000 * n for n in range(1, 100)]
    before = replace(refused(steady, now=NOW - 600_000), refused_load=99, minute_before=None)

    assert ceilings_of(refused(steady, before))[1] == 125


def test_a_fall_while_nothing_is_accepted_is_followed_down() -> None:
    """The limit of the hour fell, and its writes leave: each refusal is of less."""
    writes = burst(500, NOW - HOUR + 500_000)
    first = refused(writes, refused(writes, now=NOW - 1000), now=NOW)
    second = refused(writes, first, now=NOW + 120_000)

    assert first.hour.ceiling == 499
    assert first.hour.ceiling - second.hour.ceiling == 120


def test_somebody_elses_block_teaches_nothing() -> None:
    """Refused at the very first write, again and again: no ceiling becomes 0, and only the wait grows."""
    learned = Learned()
    for n in range(6):
        learned = refused([], learned, now=NOW + n * HOUR)

    assert ceilings_of(learned) == (0, 0)
    assert learned.strikes == 6


def test_a_small_load_lowers_a_ceiling_by_steps() -> None:
    """Another program may have used it up: a quarter is the least at once, if a second refusal says the same."""
    first, later = refused(burst(12), wait_s=3000), NOW + HOUR + 60_000
    second = refused(burst(12) + burst(12, later), first, wait_s=3000, now=later)

    assert first.hour.ceiling == 0
    assert second.hour.ceiling == 125


@pytest.mark.parametrize("writes", [1, 5, 20, 59, 124])
@pytest.mark.parametrize("asked_s", [120, 600, 3600])
def test_a_lone_refusal_that_asks_for_minutes_teaches_no_hour_while_little_was_written(
    writes: int, asked_s: int
) -> None:
    """At five writes of 500 GitHub asked for two minutes, and for hours the fleet wrote a quarter of what it may."""
    learned = refused(paced(writes, 40), wait_s=asked_s)

    assert ceilings_of(learned) == (0, 0)
    assert effective(SET, learned) == SET


@pytest.mark.parametrize("writes", [126, 200, 300])
@pytest.mark.parametrize("asked_s", [70, 120, 600])
def test_a_lone_refusal_teaches_no_hour_that_is_as_full_after_twice_its_wait(
    writes: int, asked_s: int
) -> None:
    """GitHub asked for two minutes after 200 writes in four, and the fleet stood for 55 more."""
    first = refused(paced(writes, 60), wait_s=asked_s)

    assert ceilings_of(first) == (0, 0)
    assert effective(SET, first) == SET


def test_an_hour_that_begins_anew_before_our_own_writes_leave_it_is_learned_at_once() -> None:
    """20/150 at fixed times: what was wanted came with the next hour, and a second refusal was spent to learn it."""
    assert ceilings_of(refused(paced(150, 20), wait_s=3110)) == (0, 150)


@given(
    st.integers(1, 500), st.integers(1, 60), st.integers(PACE.minute_ms + 3000, 2 * PACE.hour_ms)
)
def test_what_one_refusal_teaches_delays_a_write_by_no_more_than_twice_its_wait(
    count: int, a_minute: int, asked_ms: int
) -> None:
    """A ceiling of the hour that is as full as it was then closes the gate until a write leaves it."""
    writes = paced(count, a_minute)
    learned = refused(writes, wait_s=asked_ms / 1000)

    if learned.hour.ceiling:
        then = NOW + 2 * asked_ms
        assert sum(at > then - PACE.hour_ms for at in writes) < learned.hour.ceiling


def test_without_any_ceiling_one_is_learned_from_two_that_agree() -> None:
    """An Enterprise Server that has limits after all: 30 fit, and again no more than 30 do."""
    first = refused(burst(30), ceilings=NONE)
    again = NOW + 90_000
    second = refused(burst(30) + burst(30, again), first, now=again, ceilings=NONE)

    assert ceilings_of(first) == (0, 0)
    assert ceilings_of(second) == (30, 0)


@pytest.mark.parametrize("writes", [0, 1, 5, 20, 59])
@pytest.mark.parametrize("asked_s", [None, 5, 3600])
def test_a_lone_refusal_where_no_ceiling_is_set_teaches_no_ceiling(
    writes: int, asked_s: int | None
) -> None:
    """At five writes it taught an hour's ceiling of 8: the fleet waited for 3,594 s, and GitHub had asked for five."""
    learned = refused(burst(writes), wait_s=asked_s, ceilings=NONE)

    assert ceilings_of(learned) == (0, 0)
    assert effective(NONE, learned) == NONE


def test_refusals_hours_apart_support_nothing() -> None:
    """Three in a day, whatever was in the windows."""
    learned, now = Learned(), NOW
    for writes in (40, 50, 30):
        now += 3 * HOUR
        learned = refused(burst(writes, now), learned, now=now, ceilings=NONE)

    assert ceilings_of(learned) == (0, 0)


def test_a_refusal_after_more_was_accepted_contradicts_the_one_before() -> None:
    """20 were the limit, and then 50 fitted: neither is believed."""
    first = refused(burst(20), ceilings=NONE)
    again = NOW + 600_000
    second = refused(burst(20) + burst(50, again), first, now=again, ceilings=NONE)

    assert ceilings_of(second) == (0, 0)
    assert second.minute_lone.load == 50


def test_two_refusals_in_a_row_at_high_speed_teach_no_hour() -> None:
    """937 in some minutes, and none of it is a limit: two refusals stopped the fleet for an hour."""
    writes = burst(937, every_ms=200)
    first = refused(writes, ceilings=NONE)
    second = refused(writes, first, now=NOW + 61_000, ceilings=NONE)

    assert ceilings_of(second) == (0, 0)
    assert wait_ms(second, Refusal(NOW, None, writes), PACE) == 120_000


def test_refusals_that_go_on_for_a_quarter_of_an_hour_are_the_hours() -> None:
    """Nothing else keeps refusing that long with an empty minute."""
    writes, learned, now = burst(150), Learned(), NOW
    for wait_s in (0, 60, 120, 240, 480):
        now += 1000 * wait_s
        learned = refused(writes, learned, now=now, ceilings=NONE)

    assert ceilings_of(learned) == (0, 150)


def test_a_lone_refusal_with_an_empty_minute_holds_nobody_for_an_hour() -> None:
    """Though ceilings are set: 300 trickled through, GitHub asked for five seconds, and then the fleet tries."""
    trickle = [NOW - HOUR + 12_000 * n for n in range(1, 300)]
    first = refused(trickle, wait_s=5)
    second = refused(trickle, first, wait_s=5, now=NOW + 6000)

    assert ceilings_of(first) == (0, 0)
    assert ceilings_of(second) == (0, 299)


# ------------------------------------------------------------------------------------------ how long


@pytest.mark.parametrize(
    ("strikes", "asked_s", "wait_s"),
    [
        (1, None, 60),
        (2, None, 120),
        (3, None, 240),
        (9, None, 900),
        (500, None, 900),
        (1, 5, 5),
        (1, 3000, 3000),
        (2, 5, 120),
        (2, 3000, 3000),
    ],
)
def test_it_is_waited_for_what_was_asked_and_longer_while_it_goes_on(
    strikes: int, asked_s: int | None, wait_s: int
) -> None:
    """60 s, doubling, where nothing is asked for, or where it did not help."""
    asked = None if asked_s is None else asked_s * 1000

    assert wait_ms(Learned(strikes=strikes), Refusal(NOW, asked, ()), PACE) == wait_s * 1000


@pytest.mark.parametrize(("accepted", "strikes"), [(0, 3), (9, 3), (10, 2), (24, 2), (25, 1)])
def test_a_door_that_is_hardly_open_goes_on_being_one(accepted: int, strikes: int) -> None:
    """A few writes between two refusals do not make it the first of a new kind."""
    before = Learned(strikes=2, refused_ms=NOW - 100_000)

    assert refused(burst(accepted), before).strikes == strikes


# ------------------------------------------------------------------------------------------ how far up


def reviewed(
    learned: Learned, writes: list[int] | None = None, now: int = NOW, ceilings: Ceilings = SET
) -> Learned:
    """What is believed after a quiet time."""
    return review(learned, writes or [], ceilings, PACE, now)


def test_nothing_is_raised_before_its_time() -> None:
    """A second less than an hour is not quiet for an hour."""
    learned = Learned(1, hour=a_limit(150, at=NOW - HOUR + 1000))

    assert reviewed(learned) == learned
    assert learned.review_ms == NOW + 1000


def test_a_quiet_hour_raises_by_a_tenth() -> None:
    """And what is known to fit stays on record."""
    after = reviewed(Learned(1, minute=a_limit(20), hour=a_limit(150)))

    assert ceilings_of(after) == (22, 165)
    assert (after.minute.base, after.hour.base) == (20, 150)
    assert after.version == 2


def test_the_smallest_raise_is_one() -> None:
    """Else a low ceiling would stay for ever."""
    assert reviewed(Learned(1, hour=a_limit(3))).hour.ceiling == 4


def test_a_raise_that_held_makes_a_larger_one() -> None:
    """A limit that went up is found within a day."""
    held = Learned(1, hour=a_limit(165, base=150))

    after = reviewed(held, paced(160, 20))

    assert after.hour == Limit(214, 165, NOW, PACE.quiet_ms, 30)


def test_a_raise_that_nobody_tried_is_left_alone() -> None:
    """More of it would be a guess upon a guess."""
    untried = Learned(1, hour=a_limit(165, base=150))

    after = reviewed(untried, paced(100, 20))

    assert ceilings_of(after) == (0, 165)
    assert after.hour.changed_ms == NOW


def test_a_ceiling_never_grows_beyond_what_is_set() -> None:
    """There it is tried, and then forgotten."""
    near = reviewed(Learned(1, hour=a_limit(480)))
    tried = replace(near, hour=replace(near.hour, changed_ms=NOW - HOUR))

    assert near.hour.ceiling == 500
    assert reviewed(tried, burst(490)).hour == UNKNOWN


def test_without_a_setting_a_ceiling_grows_on() -> None:
    """0 stands for none."""
    assert reviewed(Learned(1, hour=a_limit(480)), ceilings=NONE).hour.ceiling == 528


def test_a_limit_that_went_up_is_found_within_a_day() -> None:
    """From 150 an hour to 500, even where two raises were refuted before it went up."""
    learned = Learned(1, hour=replace(a_limit(150), quiet_ms=4 * PACE.quiet_ms))
    hours = 0
    while learned.hour.ceiling and hours < 100:
        hours += 1
        now = NOW + hours * HOUR
        learned = reviewed(learned, burst(learned.hour.ceiling, now), now)

    assert hours <= 24


# --------------------------------------------------------------------------------------- whatever comes

LIMITS = st.builds(
    lambda ceiling, more, at, quiet, step: Limit(
        ceiling + more if ceiling else 0, ceiling, NOW - at, quiet, step
    ),
    st.integers(0, 600),
    st.integers(0, 100),
    st.integers(0, 10 * HOUR),
    st.integers(1, PACE.longest_quiet_ms),
    st.integers(1, 100),
)
LEARNED = st.builds(
    Learned,
    st.integers(0, 1000),
    LIMITS,
    LIMITS,
    st.integers(NOW - 3 * HOUR, NOW),
    st.integers(0, 500),
    st.integers(0, 30),
    st.none() | LIMITS,
)
WRITES = st.lists(st.integers(NOW - 2 * HOUR, NOW), max_size=200).map(sorted)
CEILINGS = st.builds(Ceilings, st.integers(0, 100), st.integers(0, 600), st.integers(0, 3000))
WAITS = st.none() | st.integers(0, 86_400_000)


@given(LEARNED, WRITES, WAITS, CEILINGS)
def test_a_refusal_never_raises_a_ceiling_that_is_not_taken_back(
    before: Learned, writes: list[int], asked: int | None, ceilings: Ceilings
) -> None:
    """Whatever is believed, and whatever was accepted; and no ceiling becomes 0 by it."""
    after = learn(before, Refusal(NOW, asked, writes), ceilings, PACE)

    assert after.version == before.version + 1
    if after.minute != before.minute_before:
        assert effective(ceilings, after).per_minute <= (
            effective(ceilings, before).per_minute or len(writes) or 1
        )
        assert bool(after.minute.ceiling) >= bool(before.minute.ceiling)
    assert bool(after.hour.ceiling) >= bool(before.hour.ceiling)
    assert wait_ms(after, Refusal(NOW, asked, writes), PACE) >= (asked or 0)


@given(LEARNED, WRITES, CEILINGS, st.integers(0, 20 * HOUR))
def test_a_quiet_time_never_lowers_what_fits(
    before: Learned, writes: list[int], ceilings: Ceilings, later: int
) -> None:
    """And never exceeds what is set."""
    after = review(before, writes, ceilings, PACE, NOW + later)

    known, now = effective(ceilings, before), effective(ceilings, after)
    for was, is_, setting in (
        (known.per_minute, now.per_minute, ceilings.per_minute),
        (known.per_hour, now.per_hour, ceilings.per_hour),
    ):
        assert is_ >= was or is_ == 0
        assert not setting or 0 < is_ <= setting


@given(WRITES, st.integers(1, 2 * HOUR), st.integers(NOW - 2 * HOUR, NOW))
def test_a_peak_is_the_highest_load_of_any_write(writes: list[int], span: int, since: int) -> None:
    """As counting for each of them finds it."""
    loads = [
        sum(at - span < other <= at for other in writes[: n + 1]) for n, at in enumerate(writes)
    ]

    assert peak(writes, span, since) == max(
        (one for one, at in zip(loads, writes, strict=True) if at > since), default=0
    )
