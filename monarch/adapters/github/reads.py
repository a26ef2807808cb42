"""All reads of a repository that was found, by its id if the server offers that (`addresses`)."""

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import httpx

from monarch.adapters.github.addresses import Addresses
from monarch.adapters.github.auth.signed import SignedReader
from monarch.adapters.github.finder import Finder
from monarch.adapters.github.outcomes import Answer, read_outcome
from monarch.adapters.github.paging import Foreign, next_page, resolve
from monarch.adapters.github.timeline import read_happenings
from monarch.adapters.github.wire import (
    read_issue,
    read_issues,
    read_labels,
    read_logins,
    read_milestones,
    read_types,
)
from monarch.core.advice import Advice
from monarch.core.after.touch import Happening
from monarch.core.github.reply import Reply
from monarch.core.outcome import (
    Absent,
    Code,
    Found,
    Permanent,
    ReadFailure,
    Scope,
    Transient,
)
from monarch.core.ticket import Issue, Label, Milestone, Repository

T = TypeVar("T")

MAX_PAGES: Final = 1000
"""A listing that does not end by then (100,000 issues) goes round in circles."""

MAX_LISTING: Final = 256 * 1024 * 1024
"""Bytes of a whole listing: all its issues are in memory at once. A hundred issues of ordinary length are about 1 MB."""

_MOVED: Final = 301
_REPOSITORY = re.compile(r"/repositories/([0-9]+)/")


class Reads:
    """Reads of repositories that `finder` has found."""

    def __init__(self, reader: SignedReader, addresses: Addresses, finder: Finder) -> None:
        self._reader = reader
        self._addresses = addresses
        self._finder = finder

    async def issues(self, repository: Repository) -> Found[tuple[Issue, ...]] | ReadFailure:
        """See `ports.GitHub.list_issues`."""
        query = "issues?state=all&sort=created&direction=asc&per_page=100"
        listing = await self._list(repository, query, read_issues)
        if not isinstance(listing, Found):
            return listing
        other = await self._finder.confirm(repository)
        if other is not None:
            return other
        # A list that changes while it is read shows some of its issues twice.
        by_number = {issue.number: issue for issue in listing.value}
        return Found(tuple(by_number[number] for number in sorted(by_number)))

    async def labels(self, repository: Repository) -> Found[tuple[Label, ...]] | ReadFailure:
        """See `ports.GitHub.list_labels`."""
        return await self._list(repository, "labels?per_page=100", read_labels)

    async def milestones(
        self, repository: Repository
    ) -> Found[tuple[Milestone, ...]] | ReadFailure:
        """See `ports.GitHub.list_milestones`."""
        return await self._list(repository, "milestones?state=all&per_page=100", read_milestones)

    async def issue_types(self, repository: Repository) -> Found[tuple[str, ...]] | ReadFailure:
        """See `ports.GitHub.list_issue_types`."""
        return await self._list(repository, "issue-types", read_types)

    async def assignees(self, repository: Repository) -> Found[tuple[str, ...]] | ReadFailure:
        """See `ports.GitHub.list_assignees`."""
        return await self._list(repository, "assignees?per_page=100", read_logins)

    async def sub_issues(
        self, repository: Repository, number: int
    ) -> Found[tuple[int, ...]] | ReadFailure:
        """See `ports.GitHub.list_sub_issues`."""
        return await self._ids(repository, f"issues/{number:d}/sub_issues?per_page=100")

    async def blockers(
        self, repository: Repository, number: int
    ) -> Found[tuple[int, ...]] | ReadFailure:
        """See `ports.GitHub.list_blockers`."""
        query = f"issues/{number:d}/dependencies/blocked_by?per_page=100"
        return await self._ids(repository, query)

    async def _ids(
        self, repository: Repository, query: str
    ) -> Found[tuple[int, ...]] | ReadFailure:
        listed = await self._list(repository, query, read_issues)
        return (
            Found(tuple(each.id for each in listed.value)) if isinstance(listed, Found) else listed
        )

    async def timeline(
        self, repository: Repository, number: int
    ) -> Found[tuple[Happening, ...]] | ReadFailure:
        """See `ports.GitHub.read_timeline`."""
        query = f"issues/{number:d}/timeline?per_page=100"
        return await self._list(repository, query, read_happenings)

    async def issue(
        self, repository: Repository, number: int
    ) -> Found[Issue] | Absent | ReadFailure:
        """See `ports.GitHub.read_issue`."""
        url = self._addresses.below(repository, f"issues/{number:d}")
        answer = await self._reader.get(repository.full_name, url)
        if _moved_away(answer, url, repository, number):
            return Absent(taken=True)
        outcome = read_outcome(answer, read_issue)
        match outcome:
            case Permanent(code=Code.NOT_FOUND):
                return Absent(taken=False)
            case Permanent(code=Code.ISSUES_DISABLED):
                return Absent(taken=True)
            case Found(issue) if issue.number != number:
                return Transient(
                    f"GitHub was asked for issue {number} and answered with {issue.number}"
                )
            case _:
                return outcome

    async def _list(
        self, repository: Repository, query: str, parse: Callable[[bytes], Sequence[T] | None]
    ) -> Found[tuple[T, ...]] | ReadFailure:
        """Every page; a failed one fails the whole, since half a listing is no evidence."""
        url = self._addresses.below(repository, query)
        found: list[T] = []
        size = 0
        for _ in range(MAX_PAGES):
            answer = await self._reader.get(repository.full_name, url)
            page = read_outcome(answer, parse)
            if not isinstance(page, Found):
                return page
            found.extend(page.value)
            size += len(answer.body) if isinstance(answer, Reply) else 0
            if size > MAX_LISTING:
                return _too_large(repository)
            target = next_page(answer.headers, url) if isinstance(answer, Reply) else None
            if target is None:
                return Found(tuple(found))
            if isinstance(target, Foreign):
                return Transient(f"the next page was not read: {target.reason}")
            if _is_of_another(target, repository):
                return Transient(
                    "the next page is one of another repository; it is looked up again"
                )
            url = target
        return Transient(f"the listing did not end after {MAX_PAGES} pages")


def _too_large(repository: Repository) -> Permanent:
    reason = f"a listing of {repository.full_name} is larger than {MAX_LISTING // 2**20} MB, which is more than is read"
    advice = Advice("use a repository with fewer or shorter issues", replay=False)
    return Permanent(Scope.REPOSITORY, Code.LISTING_UNCLEAR, reason, advice=advice)


def _is_of_another(page: httpx.URL, repository: Repository) -> bool:
    """Whether an address names another repository by its id."""
    named = _REPOSITORY.search(page.path)
    return named is not None and int(named[1]) != repository.id


def _moved_away(answer: Answer, here: httpx.URL, repository: Repository, number: int) -> bool:
    """Whether the issue was moved to another repository.

    A renamed repository redirects its issues, too, to itself by its id: such an issue was not moved.
    """
    if not (isinstance(answer, Reply) and answer.status == _MOVED):
        return False
    target = resolve(answer.headers.get("location", ""), here)
    itself = f"/repositories/{repository.id}/issues/{number}"
    return isinstance(target, httpx.URL) and not target.path.endswith(itself)
