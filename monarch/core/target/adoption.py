"""Adoption: issues without a marker that are copies all the same, since one of our accounts wrote them and they say the same.

The predecessor, or a person who copied by hand under our account, has left such issues. Copying their tickets once more
would double a team's work, so a look takes them for copies, below all other evidence (`core.target.evidence` says when):

- The title is the same and so is the text, except for the kind of line ends, white space at the ends, and one `$` before
  the text, which the predecessor put there. Ticked boxes of a task list do not matter, since that is how a team works on a
  ticket; nor do labels, milestone and state: a closed issue is work that was done.
- Each issue stands for one ticket, and each ticket has one issue at most. Of equal tickets the first gets the issue with
  the lowest number, so the same issues always give the same pairs, even after the ledger is lost.

An adopted issue is not as Monarch writes: it gets no marker, and no pass edits it or moves it under a parent. From then on
the ledger knows it by its id, whatever people make of it. The `$` shows an issue that is still as the predecessor wrote it,
and such an issue can be recalled. An issue that a person wrote by hand looks like a copy whose marker was edited away.
What can still go wrong: once the ledger is lost, an adopted issue that a person has edited, or whose ticket was edited in
the template, no longer says the same, and the ticket is copied.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from monarch.core.copy.marker import read_marker, without_markers
from monarch.core.ids import TicketId
from monarch.core.ticket import Issue, Ticket

_PREFIX: Final = "$"
"""What the predecessor wrote before every text."""

_TICKED: Final = re.compile(r"^([ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+)\[[xX]\]", re.MULTILINE)
"""A ticked box of a task list, and what stands before it in its line."""

_Words = tuple[str, str]


def adopted(tickets: Iterable[Ticket], issues: Iterable[Issue]) -> dict[TicketId, int]:
    """Pair tickets without a copy with issues that say the same; the number of each ticket's issue.

    Args:
        tickets: each once, in the template's order.
        issues: those by our own accounts that are not copies yet, each once.
    """
    ascending = sorted(issues, key=lambda each: each.number)
    titles = {issue.title.strip() for issue in ascending}
    waiting: dict[_Words, deque[TicketId]] = {}
    for ticket in tickets:
        if ticket.title.strip() in titles:  # as a rule there is none, and no text is read
            waiting.setdefault(_words_of(ticket), deque()).append(ticket.id)
    found: dict[TicketId, int] = {}
    for issue in ascending if waiting else ():
        line = next((line for words in _readings(issue) if (line := waiting.get(words))), None)
        if line and read_marker(issue.body) is None:
            found[line.popleft()] = issue.number
    return found


def says_the_same(issue: Issue, ticket: Ticket) -> bool:
    """Whether an issue without a marker says what the ticket says, as it does when it was adopted."""
    return read_marker(issue.body) is None and _words_of(ticket) in _readings(issue)


def is_the_predecessors(issue: Issue, ticket: Ticket) -> bool:
    """Whether an issue is what the predecessor made of the ticket, with every box as the ticket has it."""
    body = issue.body.strip()
    is_its_form = body.startswith(_PREFIX) and read_marker(body) is None
    if not is_its_form or issue.title.strip() != ticket.title.strip():
        return False
    return _unified(body.removeprefix(_PREFIX)) == _unified(without_markers(ticket.body))


def _words_of(ticket: Ticket) -> _Words:
    return ticket.title.strip(), _text(without_markers(ticket.body))


def _readings(issue: Issue) -> Iterator[_Words]:
    """What an issue may say: its words as they stand, and without the predecessor's prefix."""
    title, body = issue.title.strip(), issue.body.strip()
    yield title, _text(body)
    if body.startswith(_PREFIX):
        yield title, _text(body.removeprefix(_PREFIX))


def _text(body: str) -> str:
    return _TICKED.sub(r"\1[ ]", _unified(body))


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def unmarked(numbers: Iterable[int], issues: Mapping[int, Issue]) -> frozenset[int]:
    """Those of these numbers whose issues carry no marker: they are not as Monarch writes."""
    return frozenset(
        number
        for number in numbers
        if (issue := issues.get(number)) is not None and read_marker(issue.body) is None
    )
