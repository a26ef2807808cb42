"""A short version of `scripts/bench budget`: the policy against hidden limits, on a virtual clock."""

import pytest

from scripts.budget_machine import moods
from scripts.budget_machine.cases import BEGAN_S, CASES, MOST_WRONG, Case, run
from scripts.budget_machine.hidden import Hidden, Kind, Limits, ideal


@pytest.mark.parametrize(
    "case",
    [
        Case("20/150", 0.0, "sliding", hints=True, workers=8),
        Case("20/150", 1 / 3, "sliding", hints=False, workers=1),
        Case("40/300", 0.0, "fixed", hints=True, workers=1),
        Case("80/500, after 1 h 20/150", 0.0, "sliding", hints=False, workers=8),
    ],
    ids=lambda case: case.name,
)
def test_a_hidden_limit_is_used_and_not_run_into(case: Case) -> None:
    """Two hours and a half instead of six: at least 90 % of the ideal, few refusals, none of them early."""
    result = run(case, seed=1, hours=2.5)

    assert result.ours.created >= 0.9
    assert result.ours.rejected <= 0.02
    assert result.ours.early == 0
    assert result.rivals["predecessor"].together < result.ours.together
    if "after" not in case.limits:
        assert result.wrong is not None
        assert result.wrong <= MOST_WRONG


def test_every_case_of_the_issue_is_run() -> None:
    """Limits, a fall, a stranger, both kinds of windows, with and without hints, one worker and eight."""
    assert len({case.name for case in CASES}) == len(CASES) == 64


@pytest.mark.parametrize(("mood", "hints"), [(moods.MOODS[0], False), (moods.MOODS[2], True)])
def test_a_refusal_that_has_nothing_to_do_with_counts_costs_little(
    mood: moods.Mood, *, hints: bool
) -> None:
    """Where no ceiling is set: at least 95 % of what the same fleet creates without it, in half an hour."""
    result = moods.run(moods.MoodCase(mood, hints, workers=1), seed=1, hours=0.5)

    assert result.problems == []
    assert result.refused == 1


@pytest.mark.parametrize("kind", ["sliding", "fixed"])
def test_the_ideal_uses_the_whole_limit(kind: Kind) -> None:
    """In two hours twice the limit of the hour; what a stranger takes is not there."""
    limits = [Limits(20, 150)]

    assert ideal(Hidden(limits, kind, 0.0, BEGAN_S), BEGAN_S, BEGAN_S + 7200) == 300
    assert ideal(Hidden(limits, "sliding", 1 / 3, BEGAN_S), BEGAN_S, BEGAN_S + 7200) == 200


def test_a_sliding_window_opens_when_its_oldest_write_leaves() -> None:
    """And a refusal says how long that is."""
    hidden = Hidden([Limits(2, 100)], "sliding", 0.0, BEGAN_S)

    assert [hidden.admit(BEGAN_S + at) for at in (0, 10, 20, 59, 60, 61)] == [0, 0, 40, 1, 0, 9]


def test_a_fixed_window_opens_for_all_at_once() -> None:
    """At the full minute."""
    hidden = Hidden([Limits(2, 100)], "fixed", 0.0, BEGAN_S)

    assert [hidden.admit(BEGAN_S + at) for at in (50, 51, 52, 60, 61, 62)] == [0, 0, 8, 0, 0, 58]


def test_a_limit_that_falls_counts_what_was_written_before() -> None:
    """A window that is fuller than its limit opens when enough have left."""
    hidden = Hidden([Limits(9, 100), Limits(1, 100, BEGAN_S + 10)], "sliding", 0.0, BEGAN_S)

    assert [hidden.admit(BEGAN_S + at) for at in (0, 1, 2, 10, 61, 62)] == [0, 0, 0, 52, 1, 0]
