"""A dry run: what a migration would do to one target, found out with the very functions that would do it.

```
survey of the target, plan, style --rehearse--> Rehearsal (what would be written, left alone and said)
```

The crossing (`stages.crossing.crossing`) is gone through without its effects: each write succeeds, a copy gets the next number
after the highest, and nobody else does anything meanwhile. What differs from that when it is done in earnest differs
from the rehearsal, too: an issue that somebody opens between moves the numbers, and with them what is rewritten; what
GitHub refuses is not written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from monarch.core.copy import notes
from monarch.core.copy.dependencies import Blocking, blockings
from monarch.core.copy.details import KINDS, Details, Stock, details_of
from monarch.core.copy.render import Draft, Rewrite, Touched, render, rewriting
from monarch.core.copy.style import Copying, Style
from monarch.core.copy.sub_issues import Nesting, nestings
from monarch.core.plan import Plan
from monarch.core.redact import quote
from monarch.core.report.lint import warnings
from monarch.core.report.rehearsal import Copy, Rehearsal, Warned
from monarch.core.target.adoption import says_the_same, unmarked
from monarch.core.target.look import missing, strays_of, with_known
from monarch.core.target.step import (
    Create,
    CreatedAs,
    Fate,
    Intended,
    Reconcile,
    Refused,
    Stop,
)
from monarch.core.target.survey import Survey, first_action, to_be_created, unseen
from monarch.core.ticket import Issue, Ticket

_SHOWN = 5


def rehearse(
    plan: Plan, survey: Survey, style: Style, *, source_private: bool = False
) -> Rehearsal:
    """Go through the crossing of one target without its effects.

    `source_private`: whether those who see the copies may be unable to see what lies in the source.
    """
    stage = _Stage(plan, survey, style)
    return replace(stage.perform(), warnings=stage.warnings(source_private=source_private))


class _Stage:
    """The target as the rehearsal has changed it so far. Used once."""

    def __init__(self, plan: Plan, survey: Survey, style: Style) -> None:
        self._plan, self._survey, self._style = plan, survey, style
        self._may_push = survey.repository.may_push is not False
        tickets = to_be_created(plan, survey.seen, survey.records, survey.looked_at_ms)
        self._wanted = _wanted(tickets, survey, style) if self._may_push else Stock()
        own = {ticket.id for ticket in plan.everything}
        self._numbers = {i: n for i, n in survey.seen.copies.items() if i in own}
        self._issues = dict(survey.issues)
        self._highest = survey.seen.highest
        self._create: list[Copy] = []
        self._kept: set[int] = set()
        self._notes = [*self._first_notes(tickets)]

    def perform(self) -> Rehearsal:
        """From the first copy to the second pass."""
        problem = self._create_all() or self._find_unseen()
        rewrite = () if problem else self._rewrite_all()
        nest = () if problem else self._nest_all()
        block = () if problem else self._block_all()
        survey, kept = self._survey, [notes.kept(sorted(self._kept))] if self._kept else []
        return Rehearsal(
            survey.repository.full_name,
            tuple(self._create),
            self._present(),
            self._adopted(),
            tuple(t.number for t in self._plan.tickets if self._fate(t) is Fate.DELETED),
            self._refused(),
            tuple(label.name for label in self._wanted.labels),
            tuple(milestone.title for milestone in self._wanted.milestones),
            rewrite,
            nest,
            block,
            notes=(*self._notes, *kept),
            problem=problem or self._ending(),
        )

    def warnings(self, *, source_private: bool) -> tuple[Warned, ...]:
        """What is to be said of the copies that were created."""
        created, copying = {copy.ticket for copy in self._create}, self._copying()
        return tuple(
            Warned(ticket.number, text)
            for ticket in self._plan.tickets
            if ticket.number in created
            for text in warnings(ticket, copying, source_private=source_private)
        )

    def _details_left_out(self, tickets: Sequence[Ticket]) -> list[str]:
        """What is said of details before anything is written; as `Detailing.prepare` has it."""
        survey = self._survey
        needed = {kind: kind.needed(tickets, self._style) for kind in KINDS}
        needing = [kind.plural for kind in KINDS if needed[kind]]
        if not self._may_push:
            return [notes.no_push(needing)] if needing else []
        told = []
        for kind, things in needed.items():
            if things and kind.is_organisations and survey.repository.is_personal:
                told.append(notes.personal(kind.names(things)))
            elif things and kind.plural in survey.withheld:
                why = survey.withheld[kind.plural]
                told.append(notes.refused(kind.plural, kind.names(things), why))
            else:
                told += kind.remarks(things, survey.stock.of(kind))
        return told

    # ------------------------------------------------------------------------------------ first pass

    def _create_all(self) -> str:
        """Create what is to be created, up to the first ticket of which nobody knows whether it may be."""
        survey = self._survey
        for ticket in self._plan.tickets:
            match first_action(ticket, survey.seen, survey.records, survey.looked_at_ms):
                case Create() | Reconcile():
                    self._copy(ticket)
                case Stop():
                    return f"the ledger says of ticket #{ticket.number} what this version cannot read: it would stop there"
        return ""

    def _copy(self, ticket: Ticket) -> None:
        number = self._highest + 1
        details = self._details(ticket)
        draft = render(ticket, self._copying(), details)
        self._issues[number] = _issue(number, draft)
        self._numbers[ticket.id] = self._highest = number
        self._create.append(Copy(ticket.number, number, draft.title))

    def _details(self, ticket: Ticket) -> Details:
        whole = Stock()
        for kind in KINDS if self._may_push else ():
            whole = whole.having(kind, (*self._survey.stock.of(kind), *self._wanted.of(kind)))
        return details_of(ticket, self._style, whole)

    def _copying(self) -> Copying:
        name, target = self._survey.repository.full_name, self._survey.repository.id
        return Copying(self._plan, name, target, self._style, dict(self._numbers), self._highest)

    # ----------------------------------------------------------------------------------- second pass

    def _find_unseen(self) -> str:
        """What a reading by number says of copies on record; why the second pass would not be reached."""
        survey = self._survey
        for ticket, number in unseen(self._plan, survey.seen, survey.records):
            if survey.fates.get(number) is Fate.THERE:
                self._numbers[ticket.id] = number
        gone = [t.id for t in self._plan.tickets if self._fate(t) is Fate.DELETED]
        lost = missing(self._plan, with_known(survey.seen, self._numbers), (), gone)
        if not lost:
            return ""
        numbers = ", ".join(f"#{ticket.number}" for ticket in lost[:20])
        return f"the ledger knows copies of {numbers} that GitHub does not show: it would fail"

    def _rewrite_all(self) -> tuple[int, ...]:
        copying, edits, touched = self._copying(), [], []
        for ticket in self._plan.everything:
            issue = self._issues.get(self._numbers.get(ticket.id, 0))
            match rewriting(issue.body, ticket, copying) if issue is not None else None:
                case Rewrite():
                    edits.append(self._numbers[ticket.id])
                case Touched() if issue is not None and says_the_same(issue, ticket):
                    self._kept.add(issue.number)
                case Touched():
                    touched.append(self._numbers[ticket.id])
        if touched:
            self._notes.append(notes.touched(sorted(touched)))
        return tuple(edits)

    def _nest_all(self) -> tuple[Nesting, ...]:
        parents = {number: issue.parent for number, issue in self._issues.items()}
        found = nestings(self._plan, self._plan.everything, self._numbers, parents)
        fixed = unmarked((one.child for one in found), self._issues)
        self._kept |= fixed
        found = tuple(one for one in found if one.child not in fixed)
        if found and not self._may_push:
            self._notes.append(notes.no_push([notes.SUB_ISSUES]))
            return ()
        if found and not self._plan.nests:
            self._notes.append(notes.no_nesting([one.child for one in found]))
            return ()
        return found

    def _block_all(self) -> tuple[Blocking, ...]:
        found = blockings(self._plan.everything, self._numbers, self._issues)
        fixed = unmarked((one.blocked for one in found), self._issues)
        self._kept |= fixed
        found = tuple(one for one in found if one.blocked not in fixed)
        waiting = [one.id for one in self._plan.everything if one.blockers]
        if found and not self._may_push:
            self._notes.append(notes.no_push([notes.DEPENDENCIES]))
            return ()
        if waiting and not self._plan.blocks:
            numbers = [self._numbers[one] for one in waiting if one in self._numbers]
            self._notes.append(notes.no_blocking(numbers))
            return ()
        return found

    # ------------------------------------------------------------------------------------- small parts

    def _fate(self, ticket: Ticket) -> Fate | None:
        """What became of the ticket's copy on record, where the look does not show it."""
        record = self._survey.records.get(ticket.id)
        if not isinstance(record, CreatedAs) or ticket.id in self._survey.seen.copies:
            return None
        return self._survey.fates.get(record.number)

    def _present(self) -> tuple[Copy, ...]:
        created = {copy.ticket for copy in self._create}
        return tuple(
            Copy(t.number, self._numbers[t.id], t.title)
            for t in self._plan.tickets
            if t.id in self._numbers and t.number not in created
        )

    def _adopted(self) -> tuple[Copy, ...]:
        """Those of the present that only say the same."""
        same = self._survey.seen.adopted
        numbers = {ticket.number for ticket in self._plan.tickets if ticket.id in same}
        return tuple(copy for copy in self._present() if copy.ticket in numbers)

    def _refused(self) -> tuple[int, ...]:
        """Those that were refused before, and are tried again."""
        records, created = self._survey.records, {copy.ticket for copy in self._create}
        return tuple(
            ticket.number
            for ticket in self._plan.tickets
            if isinstance(records.get(ticket.id), Refused) and ticket.number in created
        )

    def _ending(self) -> str:
        strays = strays_of(self._plan, self._survey.seen)
        if strays:
            issues = ", ".join(f"#{stray.number} (a second #{stray.original})" for stray in strays)
            return f"it holds second copies, and would fail for it: close {issues}"
        return ""

    def _first_notes(self, tickets: Sequence[Ticket]) -> list[str]:
        """What is known before anything is written."""
        survey, told = self._survey, self._details_left_out(tickets)
        if survey.is_busy:
            told.append(
                "another request writes to it right now: what it will have copied is left out here"
            )
        records = survey.records
        open_ones = [t.number for t in tickets if isinstance(records.get(t.id), Intended)]
        refused = {t.number: r for t in tickets if isinstance(r := records.get(t.id), Refused)}
        told += [_refused_before(refused)] if refused else []
        return [*told, _under_way(open_ones)] if open_ones else told


def _wanted(tickets: Sequence[Ticket], survey: Survey, style: Style) -> Stock:
    """What would be made for them first."""
    wanted = Stock()
    for kind in KINDS:
        if kind.can_be_made and kind.plural not in survey.withheld:
            missing = kind.missing(tickets, style, survey.stock.of(kind))
            wanted = wanted.having(kind, missing)
    return wanted


def _issue(number: int, draft: Draft) -> Issue:
    """The copy as GitHub would show it, as far as it matters here."""
    return Issue(0, number, draft.title, draft.body, "open", False, None, "", "", "")


def _refused_before(refused: Mapping[int, Refused]) -> str:
    why = quote(next(iter(refused.values())).reason, 200)
    return (
        f"{_some(tuple(refused))}: GitHub refused it to another request ({why}); it is tried again"
    )


def _some(numbers: Sequence[int]) -> str:
    told = ", ".join(f"#{number}" for number in numbers[:_SHOWN])
    return f"{told} and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else told


def _under_way(numbers: Sequence[int]) -> str:
    return f"{_some(numbers)}: a write was not answered; if it has happened after all, nothing more is written"
