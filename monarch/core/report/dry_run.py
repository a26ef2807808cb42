"""A dry run for people: from what the crossing of one target has remembered to its report."""

from dataclasses import replace

from monarch.core.copy.style import Style
from monarch.core.listed import numbered
from monarch.core.redact import quote
from monarch.core.report.lint import warnings
from monarch.core.report.passage import BadEnd, Passage
from monarch.core.report.rehearsal import Copy, Rehearsal, Warned
from monarch.core.target.adoption import says_the_same
from monarch.core.target.step import CreatedAs, Fate, Intended, Refused
from monarch.core.ticket import Ticket

_SHOWN = 5
_BUSY = "another request writes to it right now: what it will have copied is left out here"


def rehearsal_of(passed: Passage, in_the_way: BadEnd | None) -> Rehearsal:
    """What a migration would do to a target, without warnings."""
    tickets, writes = passed.plan.tickets, passed.writes
    present = [t for t in tickets if t.id in passed.survey.numbers and t.id not in passed.created]
    adopted = [ticket for ticket in present if _is_adopted(ticket, passed)]
    refused = [
        t.number
        for t in tickets
        if t.id in passed.created and isinstance(passed.survey.records.get(t.id), Refused)
    ]
    return Rehearsal(
        passed.survey.repository.full_name,
        create=tuple(
            Copy(t.number, number, writes.created[number])
            for t in tickets
            if (number := passed.created.get(t.id)) is not None
        ),
        present=tuple(Copy(t.number, passed.survey.numbers[t.id], t.title) for t in present),
        adopted=tuple(Copy(t.number, passed.survey.numbers[t.id], t.title) for t in adopted),
        deleted=tuple(ticket.number for ticket in tickets if _is_deleted(ticket, passed)),
        refused=tuple(refused),
        labels=tuple(writes.labels),
        milestones=tuple(writes.milestones),
        rewrite=tuple(writes.edited),
        nest=tuple(writes.nested),
        block=tuple(writes.blocked),
        notes=(*_known_before(passed), *passed.notes),
        problem="" if in_the_way is None else in_the_way.reason,
    )


def warned(rehearsal: Rehearsal, passed: Passage, style: Style) -> Rehearsal:
    """The same, with warnings about the created copies. It works on whole texts."""
    copying = passed.copying(style)
    found = tuple(
        Warned(ticket.number, text)
        for ticket in passed.plan.tickets
        if ticket.id in passed.created
        for text in warnings(ticket, copying, source_private=passed.plan.private)
    )
    return replace(rehearsal, warnings=found)


def _is_adopted(ticket: Ticket, passed: Passage) -> bool:
    """Whether its copy goes on record only now, because it says the same."""
    issue = passed.survey.issues.get(passed.survey.numbers[ticket.id])
    return ticket.id in passed.found and issue is not None and says_the_same(issue, ticket)


def _is_deleted(ticket: Ticket, passed: Passage) -> bool:
    record = passed.survey.records.get(ticket.id)
    if not isinstance(record, CreatedAs) or ticket.id in passed.survey.numbers:
        return False
    return passed.survey.fates.get(record.number) is Fate.DELETED


def _known_before(passed: Passage) -> list[str]:
    """What people should know before, beside the notes."""
    notes = [_BUSY] if passed.is_busy else []
    tried = [t for t in passed.plan.tickets if t.id in passed.created]
    refused = {
        t.number: r for t in tried if isinstance(r := passed.survey.records.get(t.id), Refused)
    }
    under_way = [t.number for t in tried if isinstance(passed.survey.records.get(t.id), Intended)]
    if refused:
        why = quote(next(iter(refused.values())).reason, 200)
        notes.append(
            f"{numbered(tuple(refused), _SHOWN)}: GitHub refused it to another request ({why}); it is tried again"
        )
    if under_way:
        notes.append(
            f"{numbered(under_way, _SHOWN)}: a write was not answered; if it has happened after all, nothing more is written"
        )
    return notes
