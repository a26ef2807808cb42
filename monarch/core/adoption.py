"""Adoption: issues without a marker that are copies all the same, since one of our accounts wrote them and they say the same.

The predecessor, or a person who copied by hand under our account, has left such issues. Copying their tickets once more
would double a team's work, so a look takes them for copies, below all other evidence (`core.evidence` says when):

- The title is the same and so is the text, but for the kind of line ends, white space at the ends, and one `$` before the
  text: the predecessor put that there. Labels, milestone and state do not matter; a closed issue is work that was done.
- Each issue stands for one ticket, and each ticket has one issue at most. Of equal tickets the first gets the issue with
  the lowest number, so the same issues always give the same pairs, also after a loss of memory.

An adopted issue is not as Monarch writes: it gets no marker, and no pass edits it or moves it under a parent. The ledger
knows it, by its id, from then on, whatever people make of it. What can still go wrong: once the ledger is lost, an
adopted issue that somebody has edited, or whose ticket was edited in the template, does not say the same any more, and
the ticket is copied.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from monarch.core.ids import TicketId
from monarch.core.marker import read_marker, without_markers
from monarch.core.ticket import Issue, Ticket

_PREFIX = "$"
"""The predecessor wrote it before every text."""

_Words = tuple[str, str]


def adopted(tickets: Iterable[Ticket], issues: Iterable[Issue]) -> dict[TicketId, int]:
    """Pair tickets without a copy with issues that say the same; the number of each ticket's issue.

    Args:
        tickets: each once, in the template's order.
        issues: those by our own accounts that are no copies yet, each once.
    """
    waiting: dict[_Words, deque[TicketId]] = {}
    for ticket in tickets:
        waiting.setdefault(_words_of(ticket), deque()).append(ticket.id)
    found: dict[TicketId, int] = {}
    for issue in sorted(issues, key=lambda each: each.number) if waiting else ():
        line = next((line for words in _readings(issue) if (line := waiting.get(words))), None)
        if line and read_marker(issue.body) is None:
            found[line.popleft()] = issue.number
    return found


def says_the_same(issue: Issue, ticket: Ticket) -> bool:
    """Whether an issue without a marker says what the ticket says, as it does when it was adopted."""
    return _words_of(ticket) in _readings(issue) and read_marker(issue.body) is None


def _words_of(ticket: Ticket) -> _Words:
    return ticket.title.strip(), _text(without_markers(ticket.body))


def _readings(issue: Issue) -> Iterator[_Words]:
    """What an issue may say: its words as they stand, and without the predecessor's prefix."""
    title, text = issue.title.strip(), _text(issue.body)
    yield title, text
    if text.startswith(_PREFIX):
        yield title, text.removeprefix(_PREFIX).lstrip()


def _text(body: str) -> str:
    return body.replace("\r\n", "\n").replace("\r", "\n").strip()


def unmarked(numbers: Iterable[int], issues: Mapping[int, Issue]) -> frozenset[int]:
    """Those of the copies of these numbers that carry no marker: they are not as Monarch writes."""
    return frozenset(
        number
        for number in numbers
        if (issue := issues.get(number)) is not None and read_marker(issue.body) is None
    )
