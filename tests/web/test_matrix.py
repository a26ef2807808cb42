"""The matrix: which of two words a cell rests on, and what it says."""

from dataclasses import replace

import pytest

from monarch.core.after.later import Later, Recalled
from monarch.core.ids import RequestId, TicketId
from monarch.core.outcome import Code
from monarch.core.report.summary import State
from monarch.core.report.verification import Finding, Mark, Verification
from monarch.core.target.step import CreatedAs, Intended, LedgerRecord, Refused, UnreadableRecord
from monarch.ports.holdings import Holding, KeptLook, TicketLine
from monarch.web.views.dead import CAUSES
from monarch.web.views.matrix import CELLS, Cell, Row, Team, columns_of, matrix, shown, urgent_first
from tests.web.doubles import REQUEST, TEAM, a_migration

TICKET = TicketLine(TicketId(1), 3, "Set up")
GITHUB = "https://github.com"
COPY = f"{GITHUB}/{TEAM}/issues/7"


def the_row(holding: Holding, **changes: object) -> Row:
    """The row of a team with one ticket."""
    columns = columns_of([[TICKET]], "org/template", GITHUB)
    team = Team(REQUEST, a_migration(**changes))
    made = matrix(columns, [team], [holding], {REQUEST: [TICKET]}, GITHUB, (1, 1, 1))
    return made.rows[0]


def held(
    record: LedgerRecord | None, look: KeptLook | None = None, ended_ms: int | None = None
) -> Holding:
    """What is known of that ticket."""
    records = {} if record is None else {TICKET.id: record}
    return Holding(REQUEST, TEAM, ended_ms, records, look)


def read_at(
    at_ms: int, *marks: Mark, number: int | None = 7, strays: tuple[int, ...] = ()
) -> KeptLook:
    """A person has had it read."""
    finding = Finding(3, TICKET.id, "Set up", number, marks, strays)
    return KeptLook(at_ms, Verification(TEAM, (finding,)))


@pytest.mark.parametrize(
    ("record", "cell"),
    [
        (CreatedAs(7, 5), Cell(".", "ok", "#3 Set up is #7: copied", COPY)),
        (Intended(5, "a"), Cell("+", "busy", "#3 Set up: being written")),
        (Refused(1, 5, "too long"), Cell("-", "warn", "#3 Set up: refused: too long")),
        (UnreadableRecord("x"), Cell("?", "warn", "#3 Set up: not known to this version")),
        (None, Cell("\u00a0", "none", "#3 Set up: not copied yet")),
    ],
)
def test_without_a_look_the_ledger_is_shown(record: LedgerRecord | None, cell: Cell) -> None:
    """And the row says that it rests on it."""
    row = the_row(held(record))

    assert row.cells == (cell,)
    assert (row.basis, row.basis_ms) == ("the ledger", None)


def test_what_ended_well_rests_on_its_reading_back() -> None:
    """A migration is done when every ticket was found."""
    row = the_row(held(CreatedAs(7, 5), ended_ms=9), state=State.DONE)

    assert (row.basis, row.basis_ms) == ("read back", 9)


@pytest.mark.parametrize(
    ("marks", "sign", "tone"),
    [
        ((Mark.PRESENT,), ".", "ok"),
        ((Mark.EDITED, Mark.CLOSED), "e", "busy"),
        ((Mark.CLOSED,), "c", "quiet"),
        ((Mark.DOUBLED, Mark.CLOSED), "2", "bad"),
    ],
)
def test_a_look_shows_what_people_did(marks: tuple[Mark, ...], sign: str, tone: str) -> None:
    """With the same signs as `monarch verify`, and the date of the look."""
    row = the_row(held(CreatedAs(7, 5), read_at(8, *marks), ended_ms=6), state=State.DONE)

    assert (row.cells[0].sign, row.cells[0].tone, row.cells[0].href) == (sign, tone, COPY)
    assert all(mark.value in row.cells[0].label for mark in marks)
    assert (row.basis, row.basis_ms) == ("read", 8)


def test_a_row_counts_what_it_rests_on() -> None:
    """A copy that a look did not find is not there, whatever was counted when the migration ended."""
    ended = {"state": State.DONE, "copied": 1, "present": 0}
    before = the_row(held(CreatedAs(7, 5), ended_ms=6), **ended)
    after = the_row(
        held(CreatedAs(7, 5), read_at(8, Mark.MISSING, number=None), ended_ms=6), **ended
    )

    assert (before.there, before.basis) == (1, "read back")
    assert (after.there, after.basis) == (0, "read")


def test_a_missing_copy_has_no_link() -> None:
    """Whatever the ledger says of it."""
    row = the_row(held(CreatedAs(7, 5), read_at(8, Mark.MISSING, number=None), ended_ms=6))

    assert (row.cells[0].sign, row.cells[0].href) == ("!", "")


def test_a_row_leads_to_the_repository_that_was_reached() -> None:
    """Another one has the name of its target now, and has nothing of it."""
    row = the_row(held(CreatedAs(7, 5)), named_now="org/elsewhere")

    assert (row.target, row.href) == (TEAM, f"{GITHUB}/org/elsewhere/issues")
    assert row.cells[0].href == f"{row.href}/7"


def test_what_was_written_after_the_look_is_shown() -> None:
    """A healed copy is not missing because it was an hour ago."""
    row = the_row(held(CreatedAs(9, 20), read_at(8, Mark.MISSING, number=None)))

    assert (row.cells[0].sign, row.cells[0].href) == (".", f"{GITHUB}/{TEAM}/issues/9")


@pytest.mark.parametrize(("closed_ms", "sign"), [(20, "x"), (5, ".")])
def test_the_ledger_says_what_a_recall_has_closed(closed_ms: int, sign: str) -> None:
    """No look says it yet; one that is newer than the recall has the last word."""
    later = {TICKET.id: Later(recall=Recalled(7, closed_ms))}

    row = the_row(replace(held(CreatedAs(7, 3), read_at(8, Mark.PRESENT)), later=later))
    alone = the_row(replace(held(CreatedAs(7, 3)), later=later))

    assert row.cells[0].sign == sign
    assert (alone.cells[0].sign, alone.cells[0].href) == ("x", COPY)


@pytest.mark.parametrize(
    "later", [Recalled(7, 20, is_reopened=True), Recalled(6, 20)], ids=["undone", "of another copy"]
)
def test_a_copy_is_not_recalled_because_it_was_once(later: Recalled) -> None:
    """Opened again, or another copy by now."""
    known = held(CreatedAs(7, 3), read_at(8, Mark.RECALLED))

    row = the_row(replace(known, later={TICKET.id: Later(recall=later)}))

    assert row.cells[0].sign == "."


def test_deleted_copies_are_counted_where_no_look_says_which() -> None:
    """The ledger does not know of them."""
    row = the_row(held(CreatedAs(7, 5)), deleted=2)

    assert "2 deleted by people" in row.notes[0]


def test_a_page_of_a_matrix_is_bounded() -> None:
    """Five hundred teams with two hundred tickets are a hundred thousand cells."""
    teams = [Team(REQUEST, a_migration(target=f"org/team-{n}")) for n in range(500)]

    rows, page, pages = shown(teams, 200, 999)

    assert len(rows) * 200 <= CELLS
    assert (page, pages) == (100, 100)
    assert shown([], 0, 1) == ([], 1, 1)


def test_what_needs_a_person_comes_first() -> None:
    """Then what waits, what runs, and what is done."""
    states = [State.DONE, State.RUNNING, State.DEAD, State.PARKED]
    teams = [Team(RequestId("1-0"), a_migration(state=state)) for state in states]

    ordered = [team.migration.state for team in urgent_first(teams)]

    assert ordered == [State.DEAD, State.PARKED, State.RUNNING, State.DONE]


def test_every_cause_says_what_to_do() -> None:
    """The codes are a closed set, and so are these."""
    assert set(CAUSES) == set(Code)
    assert all(advice.endswith(".") for _, advice in CAUSES.values())
