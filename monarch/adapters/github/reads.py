"""Everything that is read of a repository.

A read that is refused for its pass (401) is asked once more with another one, if there is one: a token of an App may
end, or be revoked, in the middle of a crossing.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

import httpx

from monarch.adapters.github.addresses import issue_path, path_of, url_of
from monarch.adapters.github.outcomes import Answer, read_outcome
from monarch.adapters.github.paging import Foreign, next_page, resolve
from monarch.adapters.github.passes import Pass, Passes
from monarch.adapters.github.reading import Reader
from monarch.adapters.github.wire import (
    read_issue,
    read_issues,
    read_labels,
    read_milestones,
    read_repository,
    read_types,
)
from monarch.adapters.http_send import Failure
from monarch.core.outcome import (
    Absent,
    Code,
    Found,
    Permanent,
    ReadFailure,
    Transient,
)
from monarch.core.reply import Reply
from monarch.core.ticket import Issue, Label, Milestone, Repository

T = TypeVar("T")

MAX_PAGES: Final = 1000
"""A listing that does not end by then (100,000 issues) is going round in circles."""

_MOVED: Final = 301
_UNAUTHORIZED: Final = 401


class Reads:
    """Reads for whoever `passes` sign for."""

    def __init__(self, reader: Reader, passes: Passes, base: httpx.URL) -> None:
        self._reader = reader
        self._passes = passes
        self._base = base

    async def repository(self, name: str) -> Found[Repository] | ReadFailure:
        """See `ports.GitHub.read_repository`."""
        url = url_of(self._base, path_of(name))
        answer = await self._signed(name, lambda signed: self._reader.follow(url, signed))
        found = read_outcome(answer, read_repository)
        if isinstance(found, Found) and found.value.may_push is False and await self._by_app(name):
            return Found(replace(found.value, may_push=None))
        return found

    async def issues(self, repository: Repository) -> Found[tuple[Issue, ...]] | ReadFailure:
        """See `ports.GitHub.list_issues`."""
        query = "issues?state=all&sort=created&direction=asc&per_page=100"
        listing = await self._list(repository, query, read_issues)
        if not isinstance(listing, Found):
            return listing
        # A list that moves while it is read shows some of its issues twice.
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
        """See `ports.GitHub.list_issue_types`.

        Users have none, and older servers do not know what they are: both answer 404.
        """
        types = await self._list(repository, "issue-types?per_page=100", read_types)
        if isinstance(types, Permanent) and types.code is Code.NOT_FOUND:
            return Found(())
        return types

    async def issue(
        self, repository: Repository, number: int
    ) -> Found[Issue] | Absent | ReadFailure:
        """See `ports.GitHub.read_issue`."""
        url = url_of(self._base, issue_path(repository, number))
        answer = await self._get(repository, url)
        if _moved_away(answer, url, repository, number):
            return Absent(taken=True)
        outcome = read_outcome(answer, read_issue)
        match outcome:
            case Permanent(code=Code.NOT_FOUND):
                return Absent(taken=False)
            case Permanent(code=Code.ISSUES_DISABLED):
                return Absent(taken=True)
            case Found(issue) if issue.number != number:
                return Transient(f"GitHub was asked for issue {number} and told of {issue.number}")
            case _:
                return outcome

    async def _list(
        self, repository: Repository, query: str, parse: Callable[[bytes], Sequence[T] | None]
    ) -> Found[tuple[T, ...]] | ReadFailure:
        """Every page; a failed one fails the whole, for half a listing is evidence of nothing."""
        url = url_of(self._base, f"{path_of(repository.full_name)}/{query}")
        found: list[T] = []
        for _ in range(MAX_PAGES):
            answer = await self._get(repository, url)
            page = read_outcome(answer, parse)
            if not isinstance(page, Found):
                return page
            found.extend(page.value)
            target = next_page(answer.headers, url) if isinstance(answer, Reply) else None
            if target is None:
                return Found(tuple(found))
            if isinstance(target, Foreign):
                return Transient(f"the next page was not read: {target.reason}")
            url = target
        return Transient(f"the listing did not end after {MAX_PAGES} pages")

    async def _by_app(self, name: str) -> bool:
        """Whether an App signs: it has permissions and no role, so that it may not push says nothing about issues."""
        signed = await self._passes.pass_for(name)
        return isinstance(signed, Pass) and signed.installation is not None

    async def _get(self, repository: Repository, url: httpx.URL) -> Answer:
        return await self._signed(
            repository.full_name, lambda signed: self._reader.get(url, signed)
        )

    async def _signed(
        self, name: str, call: Callable[[Pass], Awaitable[Reply | Failure]]
    ) -> Answer:
        signed = await self._passes.pass_for(name)
        if not isinstance(signed, Pass):
            return signed
        answer = await call(signed)
        if not (_is_refused(answer) and self._passes.refused(signed)):
            return answer
        again = await self._passes.pass_for(name)
        if not isinstance(again, Pass):
            return again
        answer = await call(again)
        if _is_refused(answer):
            self._passes.refused(again)
        return answer


def _is_refused(answer: Answer) -> bool:
    return isinstance(answer, Reply) and answer.status == _UNAUTHORIZED


def _moved_away(answer: Answer, here: httpx.URL, repository: Repository, number: int) -> bool:
    """Whether the issue was moved to another repository.

    A repository that was renamed redirects its issues too, to itself by its id: that one is not away.
    """
    if not (isinstance(answer, Reply) and answer.status == _MOVED):
        return False
    target = resolve(answer.headers.get("location", ""), here)
    itself = f"/repositories/{repository.id}/issues/{number}"
    return isinstance(target, httpx.URL) and not target.path.endswith(itself)
