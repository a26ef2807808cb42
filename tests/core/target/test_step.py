"""What to do next for one ticket: the ledger's word against what was seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.target.step import (
    Action,
    Adopt,
    Create,
    CreatedAs,
    Fate,
    Heal,
    Inspect,
    Intended,
    LedgerRecord,
    Reconcile,
    Refused,
    Skip,
    Stop,
    UnreadableRecord,
    first_look_at_ms,
    next_action,
)
from monarch.core.timing import SETTLING_MS

INTENDED = Intended(1000, "n1")
UNREADABLE = UnreadableRecord("moved #7 1000")
SETTLED = 1000 + SETTLING_MS


@pytest.mark.parametrize(
    ("record", "seen", "looked_at_ms", "action"),
    [
        (None, None, 0, Create(None)),
        (None, 7, 0, Adopt(7)),
        (INTENDED, 7, 0, Adopt(7)),
        (INTENDED, None, SETTLED - 1, Reconcile(SETTLED)),
        (INTENDED, None, SETTLED, Create("n1")),
        (CreatedAs(7, 0), 7, 0, Skip()),
        (CreatedAs(7, 0), None, 0, Skip()),
        (CreatedAs(7, 0), 8, 0, Skip()),
        (Refused(2, 0, "no"), None, 0, Skip()),
        (Refused(2, 0, "no"), 7, 0, Skip()),
        (Refused(1, 0, "no"), None, 0, Create(None)),
        (Refused(1, 0, "no"), 7, 0, Adopt(7)),
        (UNREADABLE, 7, SETTLED, Skip()),
        (UNREADABLE, None, SETTLED, Stop(UNREADABLE)),
    ],
)
def test_the_table_in_the_modules_docstring_holds(
    record: LedgerRecord | None, seen: int | None, looked_at_ms: int, action: Action
) -> None:
    """In the second run of a migration."""
    assert next_action(record, seen, looked_at_ms, run=2) == action


@pytest.mark.parametrize(
    ("record", "looked_at_ms", "action"),
    [
        (None, 0, Adopt(7)),
        (INTENDED, SETTLED - 1, Reconcile(SETTLED)),
        (INTENDED, SETTLED, Adopt(7)),
        (Refused(2, 0, "no"), 0, Skip()),
        (Refused(1, 0, "no"), 0, Adopt(7)),
    ],
)
def test_an_issue_that_only_says_the_same_is_not_what_a_write_under_way_made(
    record: LedgerRecord | None, looked_at_ms: int, action: Action
) -> None:
    """Our own copy may still appear beside it; once it cannot any more, the issue is the copy."""
    assert next_action(record, 7, looked_at_ms, run=2, says_the_same=True) == action


@pytest.mark.parametrize(
    ("record", "seen", "fate", "action"),
    [
        (CreatedAs(7, 0), 7, None, Skip()),
        (CreatedAs(7, 0), 8, Fate.DELETED, Skip()),
        (CreatedAs(7, 0), None, None, Inspect(7)),
        (CreatedAs(7, 0), None, Fate.DELETED, Create("#7")),
        (CreatedAs(7, 0), None, Fate.THERE, Skip()),
        (CreatedAs(7, 0), None, Fate.NEVER, Skip()),
        (None, None, None, Create(None)),
        (None, 7, None, Adopt(7)),
        (INTENDED, None, None, Create("n1")),
        (UNREADABLE, None, None, Stop(UNREADABLE)),
    ],
)
def test_healing_makes_again_what_is_known_to_be_deleted(
    record: LedgerRecord | None, seen: int | None, fate: Fate | None, action: Action
) -> None:
    """And nothing else: all other rows are those of any migration."""
    assert next_action(record, seen, SETTLED, 2, Heal(fate)) == action


@pytest.mark.parametrize(("refused_at_ms", "action"), [(999, Create(None)), (1000, Skip())])
def test_what_another_request_was_refused_is_tried_again(
    refused_at_ms: int, action: Action
) -> None:
    """Each request counts its own runs; sending the message again asks for another try."""
    assert next_action(Refused(1, refused_at_ms, "no"), None, 0, run=1, asked_ms=1000) == action


RECORDS = st.one_of(
    st.builds(Intended, st.integers(0, 100_000), st.just("n")),
    st.builds(CreatedAs, st.integers(1, 9), st.integers(0, 100_000)),
    st.builds(Refused, st.integers(1, 3), st.integers(0, 100_000), st.just("no")),
    st.just(UNREADABLE),
)


@given(st.none() | RECORDS, st.none() | st.integers(1, 9), st.integers(0, 200_000))
def test_nothing_is_created_that_may_exist(
    record: LedgerRecord | None, seen: int | None, looked_at_ms: int
) -> None:
    """Promise 2: neither what was seen, nor what is on record, nor what may be under way."""
    if isinstance(next_action(record, seen, looked_at_ms, run=1), Create):
        assert seen is None
        assert not isinstance(record, CreatedAs | UnreadableRecord)
        assert not isinstance(record, Intended) or looked_at_ms >= record.at_ms + SETTLING_MS


@given(
    RECORDS,
    st.none() | st.integers(1, 9),
    st.integers(0, 200_000),
    st.none() | st.sampled_from(Fate),
)
def test_healing_creates_over_a_copy_only_if_it_was_deleted(
    record: LedgerRecord, seen: int | None, looked_at_ms: int, fate: Fate | None
) -> None:
    """Promise 2, while healing: a copy on record was read by its number, and no look shows another."""
    action = next_action(record, seen, looked_at_ms, 1, Heal(fate))

    if isinstance(action, Create) and isinstance(record, CreatedAs):
        assert (seen, fate, action.reconciled) == (None, Fate.DELETED, f"#{record.number}")


@given(st.lists(RECORDS))
def test_a_look_that_waited_for_all_intents_decides_at_once(records: list[LedgerRecord]) -> None:
    """The first look of a resumed migration leaves nothing to be reconciled."""
    looked_at_ms = first_look_at_ms(records)

    assert not any(
        isinstance(next_action(record, None, looked_at_ms, run=1), Reconcile) for record in records
    )
    assert looked_at_ms == 0 or any(isinstance(record, Intended) for record in records)
