"""What is in the way of a rehearsed act, in words: each ending has its own, and what may pass says so."""

import pytest

from monarch.core.ids import TargetId
from monarch.core.outcome import Code
from monarch.core.report.passage import BadEnd, obstacle
from monarch.core.verdict import Dead, Done, Handback, Migrated, Retry, Snooze, Verdict, Waits


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (Done(Migrated(TargetId(1), 1, 0)), None),
        (Dead(Code.ARCHIVED, "it is archived"), BadEnd("it is archived", Code.ARCHIVED)),
        (
            Retry("GitHub answered 502", 1),
            BadEnd("GitHub answered 502; a request would try again"),
        ),
        (Snooze("refused", 60, kind=Waits.CREDENTIAL), BadEnd("refused", Code.CREDENTIAL)),
        (
            Snooze("a limit", 42, kind=Waits.GATE),
            BadEnd("GitHub is not to be asked now: a limit; try again in 42 s"),
        ),
        (Handback(), BadEnd("stopping")),
    ],
)
def test_every_ending_is_put_into_words(verdict: Verdict, said: BadEnd | None) -> None:
    """Nothing is in the way of what ends well."""
    assert obstacle(verdict) == said


@pytest.mark.parametrize(("patience_s", "is_late"), [(120.0, True), (None, False)])
def test_a_missing_target_may_be_late(patience_s: float | None, is_late: bool) -> None:
    """A source that is not there is just not there."""
    found = obstacle(Dead(Code.NOT_FOUND, "it is not there"), patience_s)
    assert found is not None
    assert ("waits 120 s for it" in found.reason) is is_late
