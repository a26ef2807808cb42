"""The matrix: a row for each team, a cell for each ticket, each cell with its sign, its link and what it rests on.

A cell rests on the newer of two sources: what a person last had read (`monarch verify`), and what the ledger knows. The
ledger knows what Monarch wrote and what a recall closed, and not what people have done to it since: so a row says which
of the two it shows, and from when that is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from monarch.core.after.touch import Left
from monarch.core.ids import RequestId, TicketId
from monarch.core.report.summary import ENDS, MigrationView, State
from monarch.core.report.verification import SIGNS, Finding, Mark
from monarch.core.target.step import CreatedAs, Intended, LedgerRecord, Refused, UnreadableRecord
from monarch.ports.holdings import Holding, TicketLine
from monarch.web.views.listing import TONES

CELLS: Final = 1_000
"""How many cells one page of a matrix has; further teams are on its next page."""

_WRITING, _NOT_YET, _UNKNOWN = "+", "\u00a0", "?"

_TONES: Final = {
    Mark.MISSING: "bad",
    Mark.DOUBLED: "bad",
    Mark.REFUSED: "warn",
    Mark.EDITED: "busy",
    Mark.RECALLED: "quiet",
    Mark.CLOSED: "quiet",
    Mark.REFERS: "warn",
    Mark.PRESENT: "ok",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A ticket: `label` names it, `href` leads to it."""

    id: TicketId
    number: int
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A ticket in a target. `label` says its state in words; `href` is `""` where there is no copy."""

    sign: str
    tone: str
    label: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A target. `read_ms` is when a person last had it read, `None` where that is not kept.

    `basis` says what the row rests on, as of `basis_ms` (`None`: as of now). `left` are the copies that the last recall
    or update left to people.
    """

    request: RequestId
    target: str
    href: str
    state: str
    tone: str
    there: int
    of: int
    strays: tuple[int, ...]
    why: str
    notes: tuple[str, ...]
    basis: str
    basis_ms: int | None
    cells: tuple[Cell, ...]
    next_ms: int | None
    left: tuple[Left, ...] = ()

    @property
    def owner(self) -> str:
        """The target's owner; `""` where its name has no slash."""
        return self.target.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The target's name without its owner."""
        return self.target.rpartition("/")[2]

    @property
    def has_more(self) -> bool:
        """Whether there is more to say about it than its cells show."""
        return bool(self.why or self.notes or self.strays or self.next_ms or self.left)


@dataclass(frozen=True, slots=True)
class Matrix:
    """`page` of `pages`, from 1. `legend` explains the signs in it."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    legend: tuple[tuple[str, str, str], ...]
    page: int
    pages: int
    teams: int


@dataclass(frozen=True, slots=True)
class Team:
    """A target of a request, as its migration stands."""

    request: RequestId
    migration: MigrationView
    next_ms: int | None = None


def urgent_first(teams: Iterable[Team]) -> list[Team]:
    """The teams that need a person first, those that are done last."""
    return sorted(teams, key=lambda one: _ORDER.index(tone_of(one.migration)))


def tone_of(migration: MigrationView) -> str:
    """The tone of a target: by its state, and what is to be said beside it."""
    if migration.strays:
        return "bad"
    tone = TONES[migration.state]
    return "warn" if tone == "ok" and (migration.refused or migration.notes) else tone


_ORDER: Final = ("bad", "warn", "busy", "quiet", "ok")


def shown(teams: Sequence[Team], tickets: int, page: int) -> tuple[Sequence[Team], int, int]:
    """The teams on a page of the matrix, which page that is, and how many there are."""
    rows = max(1, CELLS // max(1, tickets))
    pages = max(1, -(-len(teams) // rows))
    page = min(max(1, page), pages)
    return teams[(page - 1) * rows : page * rows], page, pages


def columns_of(
    tickets: Iterable[Sequence[TicketLine]], source: str, github: str
) -> tuple[Column, ...]:
    """The tickets of all these plans, each once, by their numbers."""
    known = {line.id: line for plan in tickets for line in plan}
    return tuple(
        Column(
            line.id,
            line.number,
            f"#{line.number} {line.title}",
            f"{github}/{source}/issues/{line.number}",
        )
        for line in sorted(known.values(), key=lambda one: one.number)
    )


def matrix(
    columns: tuple[Column, ...],
    teams: Sequence[Team],
    holdings: Sequence[Holding],
    planned: Mapping[RequestId, Sequence[TicketLine]],
    github: str,
    place: tuple[int, int, int],
) -> Matrix:
    """Make a matrix of these teams.

    Args:
        holdings: what is known of each of them, in their order.
        planned: the tickets of each request: others do not concern its teams.
        place: which page this is, of how many, and how many teams there are in all.
    """
    rows = tuple(
        _row(columns, team, holding, {line.id for line in planned.get(team.request, ())}, github)
        for team, holding in zip(teams, holdings, strict=True)
    )
    return Matrix(columns, rows, _legend(rows), *place)


def _row(
    columns: Sequence[Column], team: Team, holding: Holding, own: set[TicketId], github: str
) -> Row:
    migration = team.migration
    href = f"{github}/{migration.place}/issues"
    basis, basis_ms = _basis(holding, migration.state)
    teller = _Teller(holding, migration.state, href)
    cells = tuple(teller.cell(one) if one.id in own else _NONE for one in columns)
    read = sum(bool(one.href) for one in cells)
    return Row(
        request=team.request,
        target=migration.target,
        href=href,
        state=migration.state.value,
        tone=tone_of(migration),
        there=read if basis == _READ else migration.copied + migration.present,
        of=len(own),
        strays=migration.strays,
        left=migration.left,
        why=migration.reason,
        notes=_notes(migration, holding),
        basis=basis,
        basis_ms=basis_ms,
        cells=cells,
        next_ms=team.next_ms,
    )


_READ: Final = "read"

_NONE: Final = Cell(_NOT_YET, "none", "not a ticket of this request")


def _notes(migration: MigrationView, holding: Holding) -> tuple[str, ...]:
    """What the cells cannot show: without a look it is unknown which copies people have deleted."""
    if migration.deleted and holding.look is None:
        return (
            f"{migration.deleted} deleted by people; `monarch verify` shows which",
            *migration.notes,
        )
    return migration.notes


def _basis(holding: Holding, state: State) -> tuple[str, int | None]:
    if holding.look is not None and holding.look.at_ms >= (holding.ended_ms or 0):
        return _READ, holding.look.at_ms
    if state is State.DONE and holding.ended_ms:
        return "read back", holding.ended_ms
    return "the ledger", None


class _Teller:
    """Says what is known of the tickets of one target."""

    def __init__(self, holding: Holding, state: State, href: str) -> None:
        self._holding = holding
        self._findings = holding.findings
        self._has_ended = state in ENDS
        self._href = href

    def cell(self, column: Column) -> Cell:
        """What is known of this ticket."""
        finding = self._findings.get(column.id)
        if finding is not None:
            return self._found(column, finding)
        return self._recorded(column, self._holding.records.get(column.id))

    def _found(self, column: Column, finding: Finding) -> Cell:
        mark = next(mark for mark in SIGNS if mark in finding.marks)
        words = ", ".join(one.value for one in finding.marks)
        copy = "" if finding.number is None else f" is #{finding.number}"
        close = "".join(f", close #{number}" for number in finding.strays)
        why = f": {finding.reason}" if finding.reason else ""
        return self._cell(
            SIGNS[mark], _TONES[mark], f"{column.label}{copy}: {words}{close}{why}", finding.number
        )

    def _recorded(self, column: Column, record: LedgerRecord | None) -> Cell:
        match record:
            case CreatedAs(number) if self._holding.is_recalled(column.id):
                words = f"{column.label} is #{number}: {Mark.RECALLED.value}"
                return self._cell(SIGNS[Mark.RECALLED], _TONES[Mark.RECALLED], words, number)
            case CreatedAs(number):
                return self._cell(".", "ok", f"{column.label} is #{number}: copied", number)
            case Intended():
                return self._cell(_WRITING, "busy", f"{column.label}: being written")
            case Refused():
                return self._cell("-", "warn", f"{column.label}: refused: {record.reason}")
            case UnreadableRecord():
                return self._cell(_UNKNOWN, "warn", f"{column.label}: not known to this version")
            case None:
                words = "not copied" if self._has_ended else "not copied yet"
                return self._cell(_NOT_YET, "none", f"{column.label}: {words}")
            case _:
                assert_never(record)

    def _cell(self, sign: str, tone: str, label: str, number: int | None = None) -> Cell:
        return Cell(sign, tone, label, "" if number is None else f"{self._href}/{number}")


_WORDS: Final = (
    *((sign, mark.value, _TONES[mark]) for mark, sign in SIGNS.items()),
    (_WRITING, "being written", "busy"),
    (_UNKNOWN, "not known to this version", "warn"),
    (_NOT_YET, "no copy", "none"),
)


def _legend(rows: Iterable[Row]) -> tuple[tuple[str, str, str], ...]:
    """Sign, words and tone of each sign in the matrix."""
    used = {cell.sign for row in rows for cell in row.cells}
    return tuple(one for one in _WORDS if one[0] in used)
