"""What becomes of a reference in a copy.

A reference to a ticket of the template becomes the number of its copy in the target, `#7`, or the copy's address where it
must remain an address (in a link). As long as that copy is not there, it has one of two forms:

- the form that is right if the copy gets the ticket's own number, provided that no issue has that number yet: it may come
  true, and then nothing needs to be edited. Only for a ticket that the plan copies: a ticket of another portion may come
  at any time, or never;
- else the *neutral* one, which points to the ticket itself and leaves no trace there.

A reference to anything else (a closed issue, a pull request, a comment, another repository) is neutral for good.

A neutral link goes through `redirect.github.com`, which GitHub does not take for a reference, so that no issue shows "was
mentioned in" for each team's copy. A GitHub Enterprise Server has no such host: there a neutral link is the plain
address, and the issue that it points to will show the mention.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Final

from monarch.core.copy.style import Copying
from monarch.core.ids import TicketId
from monarch.core.text.marks import Reference, Spelling
from monarch.core.text.neighbours import Neighbours
from monarch.core.ticket import Ticket

_REDIRECT: Final = "https://redirect.github.com"
_LONGEST_NUMBER: Final = 9_999_999_999
_DIGITS: Final = re.compile(r"[0-9]{1,10}")
_COLOURS: Final = 100_000
"""A bare `#` before six digits or more is a colour or the number of something else, unless a ticket has that number."""

_ELSEWHERE: Final = (
    "#issuecomment",
    "#discussion",
    "#event",
    "#pullrequestreview",
    "#ref-",
    "#commits-pushed",
)
"""Parts of an issue's page that are not copied with it."""


@dataclass(frozen=True, slots=True)
class OpenReference:
    """A reference to the ticket `ticket` of the template; its form depends on the number of that ticket's copy.

    Attributes:
        number: the ticket's own.
        spelled: as the source spells it.
        same: its form if the copy has the ticket's own number.
        before: with `after`, the text around any other number.
        neutral: its form as long as there is no copy.
        is_coming: whether the plan makes that copy.
    """

    ticket: TicketId
    number: int
    spelled: str
    same: str
    before: str
    after: str
    neutral: str
    is_coming: bool = True

    def at(self, number: int) -> str:
        """Its form if the copy has this number."""
        return self.same if number == self.number else f"{self.before}{number}{self.after}"

    def first(self, copying: Copying) -> str:
        """Its form as far as the numbers are known."""
        number = copying.numbers.get(self.ticket)
        if number is None and self.is_coming and self.number > copying.highest:
            number = self.number
        return self.neutral if number is None else self.at(number)

    def last(self, copying: Copying) -> str:
        """Its form when all numbers are known: a ticket without one has no copy."""
        number = copying.numbers.get(self.ticket)
        return self.neutral if number is None else self.at(number)

    def forms(self, copying: Copying) -> frozenset[str]:
        """Every form that it may have in a copy of this target, as long as no person has edited it."""
        return frozenset({self.spelled, self.same, self.neutral, self.last(copying)})

    def ends(self, text: str, begin: int) -> set[int]:
        """Where it may end if it begins at `begin` in `text`, in any form and with any number."""
        fixed = (self.spelled, self.same, self.neutral)
        found = {begin + len(form) for form in fixed if text.startswith(form, begin)}
        if text.startswith(self.before, begin):
            digits = _DIGITS.match(text, begin + len(self.before))
            first, last = digits.span() if digits else (0, 0)
            found |= {
                end + len(self.after)
                for end in range(first + 1, last + 1)
                if text.startswith(self.after, end)
            }
        return found

    def longest(self) -> str:
        """The longest form that it may have."""
        return max(self.spelled, self.same, self.neutral, self.at(_LONGEST_NUMBER), key=len)

    def shortest(self) -> str:
        """The shortest form that it may have in the end."""
        return min(self.same, self.neutral, self.at(1), key=len)


class References:
    """Decides what the references of one plan become in one target."""

    def __init__(self, copying: Copying) -> None:
        web_url = copying.style.web_url
        self._copying = copying
        self._source = copying.plan.source
        self._base = _REDIRECT if web_url.lower() == "https://github.com" else web_url

    @cached_property
    def _tickets(self) -> Mapping[int, Ticket]:
        return {ticket.number: ticket for ticket in self._copying.plan.everything}

    @cached_property
    def _others(self) -> frozenset[TicketId]:
        return frozenset(ticket.id for ticket in self._copying.plan.others)

    def is_coming(self, ticket: Ticket) -> bool:
        """Whether the plan copies it; else it belongs to another portion of the template."""
        return ticket.id not in self._others

    def repository(self, reference: Reference) -> str:
        """The `owner/repo` that is meant; `""` if `owner#12` names an owner other than the source's."""
        if "/" in reference.repository:
            return reference.repository
        owner = self._source.partition("/")[0]
        return self._source if reference.repository.lower() in {"", owner.lower()} else ""

    def ticket(self, reference: Reference) -> Ticket | None:
        """The ticket that is meant, of the plan or of another portion; `None` for anything else."""
        repository = self.repository(reference)
        if repository.lower() != self._source.lower() or _is_elsewhere(reference.tail):
            return None
        return self._tickets.get(reference.number)

    def is_none(self, reference: Reference) -> bool:
        """Whether it only looks like a reference: a colour, `#123456`, or what GitHub links nowhere, `word#3`."""
        if not self.repository(reference):
            return True
        is_bare = reference.spelling is Spelling.NUMBER
        return is_bare and reference.number >= _COLOURS and self.ticket(reference) is None

    def pending(
        self, reference: Reference, spelled: str, beside: Neighbours
    ) -> OpenReference | None:
        """A reference to a ticket, in the forms that it may have; `None` for any other reference.

        `spelled`: as the source spells it, without what stands `beside` it.
        """
        ticket = self.ticket(reference)
        if ticket is None:
            return None
        if reference.spelling is Spelling.ADDRESS:
            before = f"{self._copying.style.web_url}/{self._copying.target}/issues/"
            after = reference.tail
            same = f"{before}{reference.number}{after}"
        else:
            before, _, after = beside.guarded("#1").partition("#1")
            before += "#"
            number = spelled if reference.spelling is Spelling.NUMBER else f"#{reference.number}"
            same = beside.guarded(number)
        return OpenReference(
            ticket.id,
            reference.number,
            f"{spelled}{beside.sign}",
            same,
            before,
            after,
            self.neutral(reference, beside),
            self.is_coming(ticket),
        )

    def neutral(self, reference: Reference, beside: Neighbours) -> str:
        """A link to what is meant that leaves no trace there."""
        repository = self.repository(reference)
        page = f"{repository}/{reference.page}/{reference.number}{reference.tail}"
        address = f"{self._base}/{page}"
        if reference.spelling is Spelling.ADDRESS:
            return address
        shown = f"{repository}#{reference.number}{self.part(reference)}"
        if reference.is_raw:
            return beside.guarded(f'<a href="{escape(address)}">{shown}</a>')
        return beside.guarded(f"[{shown}]({address})")

    @staticmethod
    def part(reference: Reference) -> str:
        """How GitHub shows that a part of the page is meant; `""` if the whole page is."""
        return " (comment)" if "#issuecomment" in reference.tail else ""

    def address(self, ticket: Ticket) -> str:
        """The address of a ticket of the plan; it leaves no trace there."""
        return f"{self._base}/{self._source}/issues/{ticket.number}"

    def link(self, ticket: Ticket) -> str:
        """A link to a ticket of the plan; it leaves no trace there."""
        return f"[{self._source}#{ticket.number}]({self.address(ticket)})"


def _is_elsewhere(tail: str) -> bool:
    """Whether the tail of an issue's address leads to something that is not copied with it."""
    return (tail.startswith("/") and tail.strip("/") != "") or any(
        part in tail for part in _ELSEWHERE
    )
