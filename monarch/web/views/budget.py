"""GitHub's limits: an hour of writes against the ceilings, the gate, and who writes next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from monarch.core.budget.forecast import Forecast, in_words
from monarch.core.budget.moves import Move, Moves, Shares
from monarch.core.budget.shares import Part
from monarch.core.span import span
from monarch.ports.readings import CohortLine, MinuteWrites
from monarch.telemetry import AccountSnapshot, Snapshot
from monarch.web.views.cohort import CohortCard, cohort_card

MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class Bar:
    """A minute of the strip: its position and its height, in hundredths of the strip."""

    x: int
    height: float
    writes: int


@dataclass(frozen=True, slots=True)
class Account:
    """An account. A ceiling is `None` if there is none; `learned_…` is our estimate of GitHub's own, 0: none."""

    name: str
    minute: int
    minute_ceiling: int | None
    hour: int
    hour_ceiling: int | None
    minute_learned: int
    hour_learned: int
    calls_left: int | None
    gate: str
    gate_opens_ms: int | None
    gate_since_ms: int | None
    bars: tuple[Bar, ...]
    peak: int
    line: float | None


@dataclass(frozen=True, slots=True)
class BudgetShare:
    """A cohort that has something to write, and its part of the writes in words: one of `of`, 0 for none now.

    `source` is `""` where the cohort is too old to be listed. `stands` says when it is done, `first` what changes if it is
    put first: `""` where nothing does, and both where it is not foretold.
    """

    id: str
    source: str
    state: str
    tone: str
    left: int
    of: int
    words: str
    stands: str
    first: str


@dataclass(frozen=True, slots=True)
class BudgetPage:
    """Accounts, and the cohorts that share them. `paused_by`: the person whose pause stops all writes now.

    `ends` says when everything will be done, as things are and after pauses: names and forecasts.
    """

    accounts: tuple[Account, ...]
    shares: tuple[BudgetShare, ...]
    paused_by: str
    ends: tuple[tuple[str, str], ...]


def budget_page(
    snapshot: Snapshot,
    writes: Sequence[MinuteWrites],
    cohorts: Sequence[CohortLine],
    shares: Shares,
    moved: Moves,
) -> BudgetPage:
    """Make the page of the budget. `writes` are those of each account in the last hour; `shares` who writes now."""
    by_account = {one.account: one for one in writes}
    cards = {str(one.id): cohort_card(one) for one in cohorts}
    move_of = {one.cohort: one for one in moved.cohorts}
    return BudgetPage(
        tuple(
            _account(one, by_account.get(one.account), snapshot.at_ms) for one in snapshot.accounts
        ),
        tuple(
            _share(
                part, cards.get(part.cohort), move_of.get(part.cohort), partial(_in_words, shares)
            )
            for part in shares.parts
        ),
        snapshot.paused_by if snapshot.paused else "",
        _ends(shares, moved) if shares.parts else (),
    )


def _ends(shares: Shares, moved: Moves) -> tuple[tuple[str, str], ...]:
    """When everything will be done, and what a pause changes about that."""
    name = "resumed now" if shares.paused_by else "as it stands"
    paused = ((f"after a pause of {n} min", end_s) for n, end_s in moved.paused)
    return tuple(
        (words, _in_words(shares, end_s)) for words, end_s in ((name, moved.all_s), *paused)
    )


def _in_words(shares: Shares, seconds: float) -> str:
    words = in_words(Forecast(seconds, shares.load.now_ms, shares.is_least))
    return words or "done in less than a minute"


def _first(part: Part, move: Move | None, say: Callable[[float], str]) -> str:
    """What changes if it is put first; `""` if it is first or alone, or not foretold."""
    if move is None or part.is_first or part.of == 1:
        return ""
    later = ", and no other ends later"
    if move.others_s >= 1:
        later = f", and others end up to {span(move.others_s)} later"
    return f"{say(move.first_s)}{later}"


def _share(
    part: Part, card: CohortCard | None, move: Move | None, say: Callable[[float], str]
) -> BudgetShare:
    if not part.of:
        words = "waits for what was put first"
    elif part.of == 1:
        words = "goes first, with every write" if part.is_first else "every write"
    else:
        words = f"one write in {part.of}"
    return BudgetShare(
        part.cohort,
        card.source if card else "",
        card.state if card else "",
        card.tone if card else "quiet",
        part.left,
        part.of,
        words,
        say(move.stands_s) if move else "",
        _first(part, move, say),
    )


def _account(one: AccountSnapshot, writes: MinuteWrites | None, now_ms: int) -> Account:
    minute_ceiling = None if one.minute_left is None else one.written_minute + one.minute_left
    hour_ceiling = None if one.hour_left is None else one.written_hour + one.hour_left
    counts = writes.by_minute if writes else ()
    top = max([minute_ceiling or 0, *counts, 1])
    # Rounded to ten seconds: each reading computes the end of a wait anew, and it would move by milliseconds.
    opens_ms = round((now_ms + one.gate_closed_s * 1000) / 10_000) * 10_000
    return Account(
        name=" · ".join(filter(None, (one.login, one.account))),
        minute=one.written_minute,
        minute_ceiling=minute_ceiling,
        hour=one.written_hour,
        hour_ceiling=hour_ceiling,
        minute_learned=one.minute_learned,
        hour_learned=one.hour_learned,
        calls_left=one.calls_left,
        gate=one.gate_cause if one.gate_closed_s else "",
        gate_opens_ms=opens_ms if one.gate_closed_s else None,
        gate_since_ms=one.gate_since_ms,
        bars=tuple(Bar(x, round(100 * n / top, 1), n) for x, n in enumerate(counts)),
        peak=max(counts, default=0),
        line=round(100 - 100 * minute_ceiling / top, 1) if minute_ceiling else None,
    )
