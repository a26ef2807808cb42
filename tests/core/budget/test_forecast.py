"""When it will be done: the windows replayed, and the words for it."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.budget.ceilings import Ceilings, long_wait
from monarch.core.budget.forecast import (
    HOUR_MS,
    MINUTE_MS,
    REPLAYED,
    WRITE_MS,
    Forecast,
    Load,
    forecast_s,
    in_words,
    write_ms,
)

NOW = 1_764_072_000_000
"""2025-11-25 12:00 UTC."""

NONE = Ceilings(0, 0, 0, 0)
UNUSED = Load(NOW, (), Ceilings(), write_ms=0)

CEILINGS = st.builds(Ceilings, *[st.integers(0, 60)] * 2, st.sampled_from([0, 1000, 3000]))
AGES = st.lists(st.integers(0, HOUR_MS), max_size=80)


def before(*ages_ms: int) -> tuple[int, ...]:
    """When writes of these ages were permitted."""
    return tuple(sorted(NOW - age for age in ages_ms))


@st.composite
def loads(draw: st.DrawFn) -> Load:
    """Anything that an account can stand like."""
    return Load(
        NOW,
        before(*draw(AGES)),
        draw(CEILINGS),
        draw(st.sampled_from([0, 500, 90_000])),
        draw(st.floats(0, 5000)),
    )


# ------------------------------------------------------------------------------------------ the replay


@pytest.mark.parametrize(
    ("writes", "ceilings", "seconds"),
    [
        (0, Ceilings(), 0),
        (1, Ceilings(), 0),
        (20, Ceilings(), 19),
        (81, Ceilings(), 80),
        (500, Ceilings(), 499),
        (501, Ceilings(), 3600),
        (520, Ceilings(), 3619),
        (1000, Ceilings(), 4099),
        (10_000, NONE, 0),
        (81, Ceilings(80, 0, 0, 0), 60),
        (21, Ceilings(20, 150, 3000, 1), 60),
        (151, Ceilings(20, 150, 0, 1), 3600),
        (501, Ceilings(5, 500, 0, 1), 6000),
    ],
)
def test_an_unused_budget_allows_what_its_tightest_ceiling_allows(
    writes: int, ceilings: Ceilings, seconds: float
) -> None:
    """The first write is free where a write takes no time."""
    assert forecast_s(replace(UNUSED, ceilings=ceilings), writes) == seconds


@pytest.mark.parametrize(
    ("load", "seconds"),
    [
        (replace(UNUSED, writes=before(300)), 0.7),
        (replace(UNUSED, writes=before(300), ceilings=Ceilings(1, 0, 0)), 59.7),
        (replace(UNUSED, writes=before(300, 60_000), ceilings=Ceilings(2, 0, 0)), 0),
        (replace(UNUSED, writes=before(300, 60_001), ceilings=Ceilings(0, 1, 0)), 3599.7),
        (replace(UNUSED, writes=before(50_000, 3_500_000), ceilings=Ceilings(0, 2, 0)), 100),
        (replace(UNUSED, gate_ms=45_000), 45),
        (replace(UNUSED, gate_ms=45_000, writes=before(1), ceilings=Ceilings(1, 0, 0)), 59.999),
        (replace(UNUSED, write_ms=800), 0.8),
    ],
)
def test_what_was_written_before_is_in_the_way(load: Load, seconds: float) -> None:
    """The oldest write that fills a window says when there is room; a closed gate is waited for beside that."""
    assert forecast_s(load, 1) == pytest.approx(seconds)


@given(loads(), st.integers(-1, 300), st.integers(0, 30))
def test_more_writes_ahead_never_take_less_time(load: Load, writes: int, more: int) -> None:
    """Whatever the load is."""
    assert 0 <= forecast_s(load, writes) <= forecast_s(load, writes + more)


@given(loads(), AGES, st.integers(1, 300))
def test_a_greater_load_never_takes_less_time(load: Load, more: list[int], writes: int) -> None:
    """Whichever writes were permitted besides."""
    fuller = replace(load, writes=tuple(sorted((*load.writes, *before(*more)))))

    assert forecast_s(load, writes) <= forecast_s(fuller, writes)


@given(loads(), st.integers(1, 300))
def test_a_lower_ceiling_never_takes_less_time(load: Load, writes: int) -> None:
    """So what was learned of GitHub's limits only puts the end off."""
    known = load.ceilings
    lower = replace(known, per_hour=max(1, known.per_hour // 2), per_minute=known.per_minute)

    assert forecast_s(load, writes) <= forecast_s(replace(load, ceilings=lower), writes)


@pytest.mark.parametrize("ceilings", [Ceilings(), Ceilings(20, 150, 1000), Ceilings(80, 0, 1000)])
def test_very_many_writes_go_on_as_they_do_in_the_long_run(ceilings: Ceilings) -> None:
    """Beyond those that are replayed; nothing jumps there, and twice as many take twice as long."""
    load = replace(UNUSED, ceilings=ceilings)
    last = forecast_s(load, REPLAYED)

    assert last <= forecast_s(load, REPLAYED + 1) <= last + 60
    assert forecast_s(load, 2 * REPLAYED) == pytest.approx(2 * last, rel=0.05)


def test_the_pace_is_that_of_the_newest_writes() -> None:
    """Longer gaps were waits; a few gaps say nothing."""
    at_work = [NOW + 1200 * n for n in range(8)]

    assert write_ms(at_work) == 1200
    assert write_ms([*at_work, *(NOW + 60_000 + 1200 * n for n in range(8))]) == 1200
    assert write_ms(at_work[:5]) == WRITE_MS
    assert write_ms([]) == WRITE_MS


# ------------------------------------------------------------------------------------- how far it errs


@dataclass
class Fleet:
    """Copies in no time at all what takes hours: one writer, GitHub's latency, the windows by their definition.

    It counts who is in a window, as permit.lua does, and knows nothing of the module under test.
    """

    ceilings: Ceilings
    dice: Random
    latency_ms: float
    at_ms: float = NOW
    writes: list[float] = field(default_factory=list)

    def work(self, writes: int) -> None:
        """Write so often; after a long wait the target is looked at again."""
        for _ in range(writes):
            while (wait_ms := self._wait_ms()) > 0:
                look_ms = self.dice.uniform(500, 3000) if long_wait(wait_ms / 1000) else 0
                self.at_ms += wait_ms + self.dice.uniform(1, 30) + look_ms
            self.writes.append(self.at_ms)
            self.at_ms += self.dice.lognormvariate(0, 0.5) * self.latency_ms

    def _wait_ms(self) -> float:
        minute = self._until_room(MINUTE_MS, self.ceilings.per_minute)
        hour = self._until_room(HOUR_MS, self.ceilings.per_hour)
        newest = self.writes[-1] if self.writes else self.at_ms - HOUR_MS
        return max(minute, hour, newest + self.ceilings.interval_ms - self.at_ms)

    def _until_room(self, span_ms: int, ceiling: int) -> float:
        inside = len(self.writes) - bisect_right(self.writes, self.at_ms - span_ms)
        return self.writes[-ceiling] + span_ms - self.at_ms if inside >= ceiling else 0.0

    def load(self) -> Load:
        """What Valkey would tell now."""
        recent = self.writes[bisect_right(self.writes, self.at_ms - HOUR_MS) :]
        whole = [round(at) for at in recent]
        return Load(round(self.at_ms), whole, self.ceilings, write_ms=write_ms(whole))


def runs(ceilings: Ceilings) -> Iterator[tuple[float, float]]:
    """Requests one after the other, with rests between them: what was foretold of each, and what it took, in s."""
    for seed in range(12):
        dice = Random(seed)  # noqa: S311 - repeatable, not secret
        fleet = Fleet(ceilings, dice, latency_ms=dice.uniform(300, 1500))
        for _ in range(4):
            ahead, own = dice.choice([0, 20, 120]), dice.randrange(10, 400)
            foretold, began_ms = forecast_s(fleet.load(), ahead + own), fleet.at_ms
            fleet.work(ahead + own)
            yield foretold, (fleet.at_ms - began_ms) / 1000
            fleet.at_ms += dice.choice([0, 60, 900]) * 1000


def errors(ceilings: Ceilings) -> list[float]:
    """How far each forecast was off, as a part of what it took; only of what took longer than a minute."""
    return [abs(told - took) / took for told, took in runs(ceilings) if took > 60]


@pytest.mark.parametrize(
    "ceilings", [Ceilings(80, 500), Ceilings(40, 300), Ceilings(20, 150), Ceilings(20, 150, 3000)]
)
def test_a_forecast_errs_little(ceilings: Ceilings) -> None:
    """At the median by no more than 15 % of what a request takes, whatever the latency; nine of ten by no more than 30 %."""
    found = sorted(errors(ceilings))

    assert len(found) >= 30
    assert median(found) <= 0.15
    assert found[len(found) * 9 // 10] <= 0.30


# ------------------------------------------------------------------------------------------- the words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, ""),
        (29.9, ""),
        (30, "about 1 min left (until 12:01 UTC)"),
        (89, "about 1 min left (until 12:02 UTC)"),
        (725, "about 12 min left (until 12:13 UTC)"),
        (1380, "about 25 min left (until 12:25 UTC)"),
        (3599, "about 60 min left (until 13:00 UTC)"),
        (7500, "done at about 14:05 UTC"),
        (30_000, "done at about 20:30 UTC"),
        (86_400, "done at about 2025-11-26 12:00 UTC"),
    ],
)
def test_a_forecast_in_words_pretends_no_precision(seconds: float, words: str) -> None:
    """Nothing for half a minute; the further, the rounder; the date where the day could be mistaken."""
    assert in_words(Forecast(seconds, NOW)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(10, ""), (725, "at least 12 min left"), (7500, "not done before 14:05 UTC")],
)
def test_what_is_the_least_is_told_as_that(seconds: float, words: str) -> None:
    """Where more requests are before it than were looked at."""
    assert in_words(Forecast(seconds, NOW, is_least=True)) == words


def test_no_forecast_has_no_words() -> None:
    """Where nothing is known nothing is said."""
    assert in_words(None) == ""
