"""Die at every seam: whatever befalls a worker, before or after whichever effect, the promises hold.

Complete by construction: all effects pass through the ports of the world outside, which are looked up in `ports`, or
through a client of Valkey, and every method and every command has its moments. What the store does is done by the
scripts and the adapters that are shipped. What is asserted stands in `story.py`: promises 1, 2, 3, 5 and 7 (docs/protocols.md).
`python -m tests.stages.every_seam` tells all the stories, where this suite takes every so-many-th.
"""

import inspect
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monarch import ports
from tests.contracts.doubles.github import WRITES
from tests.stages.every_seam import moments, quiet_run, strike
from tests.stages.scenarios import SCENARIOS
from tests.stages.seams import (
    NO_EFFECTS,
    OUTSIDE,
    STORED,
    Around,
    Blow,
    Trouble,
    all_methods,
    asking,
    effects,
    methods,
    protocols,
)
from tests.stages.story import Story, tell

OTHERS = [name for name in SCENARIOS if name != "fresh"]
WAYS = pytest.mark.parametrize("taken_over", [False, True], ids=["restarted", "taken-over"])
FRESH_EVERY, OTHERS_EVERY, DEATHS_EVERY, LEAVING_EVERY = 23, 263, 53, 11
"""So thinned out are the stories of the main path, of the other scenarios, of their deaths, and of bytes that leave.

The main path is struck at each death and at each moment at which bytes leave.
"""

RARE = [blow for blow in Blow if blow is not Blow.DEATH]
LEAVING = {Blow.MIDWAY, Blow.POSTHUMOUS}
"""These fall at the few moments at which bytes leave."""


class Anything:
    """Has every method."""

    def __getattr__(self, name: str) -> Any:
        """A method of that name."""
        return lambda *_: None


def test_whatever_leads_outside_is_wrapped_whole() -> None:
    """A method that is added to a Protocol tomorrow is found tomorrow, without anybody remembering it."""
    wrapped = {
        f"{port}.{method}"
        for port in OUTSIDE
        for method in vars(Around(port, Anything(), Trouble()))  # type: ignore[arg-type]  # it is not called
        if not method.startswith("_")
    }

    assert wrapped == all_methods(*OUTSIDE) <= effects()
    assert protocols().keys() == {*OUTSIDE, *STORED, *NO_EFFECTS}
    sources = map(
        inspect.getsource,
        (ports, ports.cards, ports.hands, ports.logins, ports.outside, ports.streams),
    )
    assert len(protocols()) == sum(source.count("(Protocol):") for source in sources)


def test_every_write_to_github_has_a_moment_right_before_its_bytes_leave() -> None:
    """It is found by what it asks, so that a write that is added tomorrow has that moment tomorrow."""
    assert asking() == {f"github.{method}" for method in WRITES}


def test_what_is_not_awaited_is_known_by_name() -> None:
    """Reading a clock changes nothing; and to listen is the one effect that is no call."""
    plain = {
        f"{port}.{method}"
        for port in (*OUTSIDE, *NO_EFFECTS)
        for method, awaited in methods(protocols()[port]).items()
        if not awaited
    }

    assert plain == {"clock.now", "clock.wall_ms", "ear.listen"}


def test_the_scenarios_cross_every_effect() -> None:
    """A scenario that passes by a method would say nothing about it."""
    crossed = {moment.call for name in SCENARIOS for moment in quiet_run(name, 0)}
    for name in ("fresh", "heard"):
        stopped = Story(SCENARIOS[name], Trouble({20: Blow.STOP}))
        tell(stopped)
        crossed |= {moment.call for moment in stopped.trouble.passed}

    assert crossed == effects()


def test_the_same_seed_tells_the_same_story() -> None:
    """A moment has a number that means something, and what broke will break again."""
    again = Story(SCENARIOS["fresh"], Trouble())
    tell(again)

    assert tuple(again.trouble.passed) == quiet_run("fresh", 0)


@WAYS
@pytest.mark.parametrize("first", range(6))
def test_whoever_dies_there_is_followed_by_another(first: int, *, taken_over: bool) -> None:
    """Whatever was done is found, whatever was not is done: at each moment of the main path, in one way or the other."""
    for number in moments("fresh", Blow.DEATH, taken_over=taken_over)[first + 6 * taken_over :: 12]:
        assert strike("fresh", {number: Blow.DEATH}, taken_over=taken_over).trouble.struck


@WAYS
@pytest.mark.parametrize("scenario", OTHERS)
def test_death_finds_nothing_lost_and_nothing_doubled(scenario: str, *, taken_over: bool) -> None:
    """On every other path, too."""
    found = moments(scenario, Blow.DEATH, taken_over=taken_over)
    for number in found[taken_over::DEATHS_EVERY]:
        strike(scenario, {number: Blow.DEATH}, taken_over=taken_over)


@WAYS
@pytest.mark.parametrize("blow", RARE)
def test_what_is_not_death_is_survived_as_well(blow: Blow, *, taken_over: bool) -> None:
    """A lost answer, a refusal, a freeze, a stop, a memory that goes back, and what GitHub does late."""
    every = 1 if blow in LEAVING else FRESH_EVERY
    for number in _thinned(moments("fresh", blow, taken_over=taken_over), every, blow):
        assert strike("fresh", {number: blow}, taken_over=taken_over).trouble.struck


@pytest.mark.parametrize("scenario", OTHERS)
def test_whatever_befalls_any_path_is_survived(scenario: str) -> None:
    """All blows on every other path, each at some of its moments."""
    for turn, blow in enumerate(RARE):
        taken_over = bool(turn % 2)
        every = LEAVING_EVERY if blow in LEAVING else OTHERS_EVERY
        for number in _thinned(moments(scenario, blow, taken_over=taken_over), every, blow):
            strike(scenario, {number: blow}, taken_over=taken_over)


@WAYS
def test_a_verdict_ends_no_other_migration_with_the_id_of_its_own(*, taken_over: bool) -> None:
    """The memory went back to before a migration was queued, and the next one got the id of its entry."""
    passed = quiet_run("put-first", 1 if taken_over else 0)
    read = {one.number for one in passed if one.call == "valkey.xreadgroup" and one.side == "after"}
    for blow in (Blow.FORGET, Blow.REVERT):
        for number in read.intersection(moments("put-first", blow, taken_over=taken_over)):
            strike("put-first", {number: blow}, taken_over=taken_over)


@WAYS
def test_what_is_learned_late_of_a_repository_counts_for_no_other(*, taken_over: bool) -> None:
    """A worker froze over its copy, the target was deleted and generated anew meanwhile, and there were 3 of 2 copies."""
    passed = quiet_run("regenerated", 1 if taken_over else 0)
    telling = {one.number for one in passed if one.call in {"github.create_issue", "valkey.record"}}
    for number in telling.intersection(moments("regenerated", Blow.FREEZE, taken_over=taken_over)):
        strike("regenerated", {number: Blow.FREEZE}, taken_over=taken_over)


@WAYS
@pytest.mark.parametrize("scenario", ["detailed", "detailed-unanswered"])
def test_a_relation_that_was_not_shown_at_once_is_copied(
    scenario: str, *, taken_over: bool
) -> None:
    """One lost answer while the template was read, and its dependencies were left out for good."""
    passed = quiet_run(scenario, 1 if taken_over else 0)
    lists = {"github.list_blockers", "github.list_sub_issues"}
    asking = {one.number for one in passed if one.call in lists}
    for blow in (Blow.LOST, Blow.TURNED_DOWN):
        for number in asking.intersection(moments(scenario, blow, taken_over=taken_over)):
            strike(scenario, {number: blow}, taken_over=taken_over)


@WAYS
def test_a_subscription_that_breaks_anywhere_is_survived(*, taken_over: bool) -> None:
    """The stand-in broke it with an error that no ear gives, and so few stories were taken that none of them met it."""
    passed = quiet_run("heard", 1 if taken_over else 0)
    hearing = {one.number for one in passed if one.call.startswith("ear.")}
    for number in hearing.intersection(moments("heard", Blow.LOST, taken_over=taken_over)):
        strike("heard", {number: Blow.LOST}, taken_over=taken_over)


def test_a_zombie_that_gives_up_looks_behind_itself_first() -> None:
    """Its second write without an answer ended its crossing, and its lease was lost meanwhile: only this worker knows."""
    last = moments("unanswered", Blow.MIDWAY, taken_over=True)[-1]

    story = strike("unanswered", {last: Blow.MIDWAY}, taken_over=True)

    assert [line["number"] for line in story.house.told("stray.found")] == [3]


def _thinned(numbers: list[int], every: int, blow: Blow) -> list[int]:
    """Not the same moments for each blow."""
    return numbers[list(Blow).index(blow) % every :: every]


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    scenario=st.sampled_from(sorted(SCENARIOS)),
    first=st.integers(1, 200),
    between=st.integers(1, 120),
    blows=st.tuples(st.sampled_from(Blow), st.sampled_from(Blow)),
    seed=st.integers(1, 1000),
    taken_over=st.booleans(),
)
def test_trouble_comes_in_pairs(
    scenario: str,
    first: int,
    between: int,
    blows: tuple[Blow, Blow],
    seed: int,
    *,
    taken_over: bool,
) -> None:
    """The worker that follows is not spared either, whatever the interleaving."""
    both = {first: blows[0], first + between: blows[1]}
    strike(scenario, both, taken_over=taken_over, seed=seed)
