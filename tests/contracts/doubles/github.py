"""`ports.GitHub` as a small stateful world: repositories with issues, listings that lag, and faults.

Use: `github.add("org/template", "One", "Two")`, `github.add("org/team")`, run, look at `github.titles("org/team")`.
Let a call go wrong with `github.faults.at("create_issue", 2, LOST)`.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import anyio

from monarch.core.ids import TargetId
from monarch.core.outcome import (
    Absent,
    Code,
    Created,
    Found,
    Permanent,
    RateLimited,
    ReadFailure,
    Scope,
    Unknown,
    Withheld,
    WriteOutcome,
)
from monarch.core.permission import Credential
from monarch.core.render import Draft
from monarch.core.ticket import Issue, Repository
from tests.contracts.doubles.faults import Fault, Faults

LOST = Fault(Unknown("the answer was lost"), takes_effect=True)
"""It was done, and nobody was told."""

DROPPED = Fault(Unknown("the connection broke"))
"""It was not done, and nobody was told."""

BAD_GATEWAY = Fault(Unknown("GitHub answered 502"), takes_effect=True, after_s=3.0)
"""A 502 for something that was done."""

HANG = Fault(Unknown("no answer within 10 s"), after_s=10.0)
"""Nothing at all until the deadline, and it was not done."""

LATE = Fault(Unknown("no answer within 10 s"), takes_effect=True, after_s=10.0, late_s=8.0)
"""Done 18 s after it was sent: as late as GitHub is believed to be."""

LIMITED = Fault(RateLimited("a secondary rate limit", 60.0))

ASSOCIATION = "MEMBER"


@dataclass(slots=True)
class FakeRepository:
    """One repository, and since when each of its issues is listed."""

    repository: Repository
    issues: dict[int, Issue] = field(default_factory=dict)
    listed_from: dict[int, float] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    highest: int = 0


class FakeGitHub:
    """All of GitHub that Monarch knows.

    `listing_lag_s` is how long a new issue is missing in listings; no issue with one of `refused_titles` can be made.
    """

    def __init__(self, login: str = "monarch-bot") -> None:
        self.faults = Faults()
        self.listing_lag_s = 0.0
        self.refused_titles: set[str] = set()
        self.me = Credential("account-1", "fingerprint-1", login)
        self._world: dict[str, FakeRepository] = {}
        self._ids = itertools.count(1000)
        self._late: list[tuple[float, FakeRepository, Draft]] = []

    # ------------------------------------------------------------------------------------ for the tests

    def add(self, name: str, *titles: str, **settings: Any) -> TargetId:
        """Make a repository with these issues; `settings` are fields of `Repository`."""
        known = {"archived": False, "has_issues": True, "may_push": True, **settings}
        repository = Repository(id=TargetId(next(self._ids)), full_name=name, **known)
        self._world[name] = FakeRepository(repository)
        for title in titles:
            self.add_issue(name, title)
        return repository.id

    def change(self, name: str, **settings: Any) -> None:
        """Change fields of the repository."""
        here = self._world[name]
        here.repository = replace(here.repository, **settings)

    def add_issue(self, name: str, title: str, body: str = "", **settings: Any) -> int:
        """Somebody opens an issue; its number."""
        return self._open(self._world[name], Draft(title, body), settings).number

    def act_late(self, repository: Repository, draft: Draft, after_s: float) -> None:
        """Whoever sent this is gone; it is done in so many seconds all the same."""
        here = self._here(repository)
        if here is not None and draft.title not in self.refused_titles:
            self._late.append((_now() + after_s, here, draft))

    def delete_issue(self, name: str, number: int) -> None:
        """Somebody deletes an issue."""
        here = self._world[name]
        del here.issues[number]
        here.gone.add(number)

    def edit_issue(self, name: str, number: int, **settings: Any) -> None:
        """Somebody edits an issue."""
        here = self._world[name]
        here.issues[number] = replace(here.issues[number], **settings)

    def issues(self, name: str) -> list[Issue]:
        """All issues, ascending, whatever listings show."""
        self._do_what_is_late()
        return [issue for _, issue in sorted(self._world[name].issues.items())]

    def titles(self, name: str) -> list[str]:
        """Their titles."""
        return [issue.title for issue in self.issues(name)]

    # --------------------------------------------------------------------------------------------- port

    async def credential(self, name: str) -> Found[Credential] | ReadFailure:
        """See `ports.GitHub.credential`."""
        fault = await self.faults.meet("credential", "")
        return Found(self.me) if fault is None else fault.answer

    async def read_repository(self, name: str) -> Found[Repository] | ReadFailure:
        """See `ports.GitHub.read_repository`."""
        fault = await self._meet("read_repository", name)
        if fault is not None:
            return fault.answer  # type: ignore[no-any-return]  # a fault's
        here = self._world.get(name)
        return _not_found(name) if here is None else Found(here.repository)

    async def list_issues(
        self, repository: Repository, state: Literal["open", "all"]
    ) -> Found[tuple[Issue, ...]] | ReadFailure:
        """See `ports.GitHub.list_issues`."""
        fault = await self._meet("list_issues", repository.full_name)
        if fault is not None:
            return fault.answer  # type: ignore[no-any-return]  # a fault's
        here = self._here(repository)
        if here is None:
            return _not_found(repository.full_name)
        now = anyio.current_time()
        shown = [i for n, i in sorted(here.issues.items()) if here.listed_from[n] <= now]
        return Found(tuple(i for i in shown if state in {"all", i.state}))

    async def read_issue(
        self, repository: Repository, number: int
    ) -> Found[Issue] | Absent | ReadFailure:
        """See `ports.GitHub.read_issue`."""
        fault = await self._meet("read_issue", f"{repository.full_name}#{number}")
        if fault is not None:
            return fault.answer  # type: ignore[no-any-return]  # a fault's
        here = self._here(repository)
        if here is None:
            return _not_found(repository.full_name)
        issue = here.issues.get(number)
        return Absent(taken=number in here.gone) if issue is None else Found(issue)

    async def create_issue(
        self, repository: Repository, draft: Draft, may_send: Callable[[], bool]
    ) -> WriteOutcome:
        """See `ports.GitHub.create_issue`."""
        self._do_what_is_late()
        here = self._here(repository)
        if not may_send():
            return Withheld()
        if here is None:
            return _not_found(repository.full_name)
        fault = await self.faults.meet("create_issue", repository.full_name)
        if draft.title in self.refused_titles:
            return Permanent(Scope.TICKET, Code.TICKETS_REFUSED, "no, says GitHub")
        if fault is None:
            issue = self._open(here, draft, {"author": self.me.login})
            return Created(issue.number, issue.id)
        if fault.takes_effect and fault.late_s:
            self._late.append((anyio.current_time() + fault.late_s, here, draft))
        elif fault.takes_effect:
            self._open(here, draft, {"author": self.me.login})
        return fault.answer  # type: ignore[no-any-return]  # a fault's

    # -------------------------------------------------------------------------------------- small parts

    async def _meet(self, method: str, about: str) -> Fault | None:
        fault = await self.faults.meet(method, about)
        self._do_what_is_late()
        return fault

    def _here(self, repository: Repository) -> FakeRepository | None:
        """By id: names change."""
        same = (here for here in self._world.values() if here.repository.id == repository.id)
        return next(same, None)

    def _open(self, here: FakeRepository, draft: Draft, settings: dict[str, Any]) -> Issue:
        here.highest += 1
        number, name = here.highest, here.repository.full_name
        known = {
            "state": "open",
            "is_pull": False,
            "author": "somebody",
            "association": "NONE",
            "created_at": "2026-01-01T00:00:00Z",
            "url": f"https://github.com/{name}/issues/{number}",
            **settings,
        }
        issue = Issue(next(self._ids), number, draft.title, draft.body, **known)
        here.issues[number] = issue
        here.listed_from[number] = _now() + self.listing_lag_s if self.listing_lag_s else 0.0
        return issue

    def _do_what_is_late(self) -> None:
        now = _now() if self._late else 0.0
        due = [late for late in self._late if late[0] <= now]
        self._late = [late for late in self._late if late[0] > now]
        for _, here, draft in due:
            self._open(here, draft, {"author": self.me.login})


def _now() -> float:
    return anyio.current_time()


def _not_found(name: str) -> Permanent:
    return Permanent(Scope.REPOSITORY, Code.NOT_FOUND, f"there is no {name}")
