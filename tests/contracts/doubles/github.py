"""`ports.GitHub` as a small stateful world: repositories with issues, listings that lag, and faults.

Use: `github.add("org/template", "One", "Two")`, `github.add("org/team")`, run, look at `github.titles("org/team")`.
Let a call go wrong with `github.faults.at("create_issue", 2, LOST)`. What a write does there stands in `repositories`.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar, cast

import anyio

from monarch.core.after.acts import Change
from monarch.core.after.edit import Edit
from monarch.core.after.touch import Happening
from monarch.core.copy.render import Draft
from monarch.core.ids import TargetId
from monarch.core.outcome import (
    Absent,
    Code,
    DetailOutcome,
    Found,
    Permanent,
    RateLimited,
    ReadFailure,
    Scope,
    Unknown,
    Withheld,
    WriteOutcome,
)
from monarch.core.target.permission import Credential
from monarch.core.ticket import Author, Issue, Label, Milestone, Repository
from tests.contracts.doubles.faults import Fault, Faults
from tests.contracts.doubles.repositories import FakeRepository

T = TypeVar("T")

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

KEPT_OPEN_S: Final = 5.0
"""So long an idle connection is kept, in seconds."""

WRITES: Final = (
    "create_issue",
    "create_label",
    "create_milestone",
    "edit_body",
    "change_state",
    "revise_issue",
    "add_sub_issue",
    "add_blocker",
)
"""The calls that change something."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write as it was asked for: the method, the repository it goes to, and its other arguments."""

    method: str
    repository: Repository
    what: tuple[Any, ...]


class FakeGitHub:
    """All of GitHub that Monarch knows.

    `me` is what a token says of itself, `writes_as` whom it writes as.
    `listing_lag_s` is how long a new issue is missing in listings; what has one of `refused_titles` (an issue, a label,
    a milestone, a sub-issue) cannot be made. `did` is every write that took effect, in order. `by_name`: it is a server that
    does not know addresses by id, and every name changes hands right after it was checked. `connects_in_s` is how
    long it takes to connect (a place in the pool, DNS, TLS); a connection stays open for `KEPT_OPEN_S`. `departures` is
    when each create left.
    """

    def __init__(self, login: str = "monarch-bot") -> None:
        self.faults = Faults()
        self.refused_titles: set[str] = set()
        self.did: list[Write] = []
        self.me = Credential("account-1", "fingerprint-1", login, 4242)
        self.signers: dict[str, Credential] = {}
        """Who signs for an owner's repositories, where that is another than `me`: an App has an installation for each."""
        self.writes_as = Author(login, 4242)
        self.by_name = False
        self.connects_in_s = 0.0
        self.departures: list[float] = []
        self._open_until = 0.0
        self._lag_s = 0.0
        self._world: dict[str, FakeRepository] = {}
        self._former: dict[str, FakeRepository] = {}
        self._ids = itertools.count(1000)
        self._late: list[tuple[float, Write]] = []

    # ------------------------------------------------------------------------------------ for the tests

    @property
    def listing_lag_s(self) -> float:
        """How long a new issue is missing in listings, in seconds."""
        return self._lag_s

    @listing_lag_s.setter
    def listing_lag_s(self, seconds: float) -> None:
        self._lag_s = seconds
        for here in self._world.values():
            here.listing_lag_s = seconds

    def add(self, name: str, *titles: str, **settings: Any) -> TargetId:
        """Make a repository with these issues; `settings` are fields of `Repository`."""
        known = {"archived": False, "has_issues": True, "may_push": True, **settings}
        repository = Repository(id=TargetId(next(self._ids)), full_name=name, **known)
        self._world[name] = FakeRepository(
            repository, self._ids, self._lag_s, refused=self.refused_titles
        )
        for title in titles:
            self.add_issue(name, title)
        return repository.id

    def at(self, name: str) -> FakeRepository:
        """The inside of a repository: its labels, its milestones, and who is whose sub-issue."""
        self._do_what_is_late()
        return self._world[name]

    def change(self, name: str, **settings: Any) -> None:
        """Change fields of the repository."""
        here = self._world[name]
        here.repository = replace(here.repository, **settings)

    def rename(self, name: str, new_name: str) -> None:
        """Somebody renames or transfers a repository; its old name leads to it until another one takes it."""
        here = self._world.pop(name)
        here.repository = replace(here.repository, full_name=new_name)
        self._world[new_name] = here
        self._former[name] = here

    def swap(self, name: str, other: str) -> None:
        """Somebody gives each of two repositories the name of the other."""
        here, there = self._world[name], self._world[other]
        self._world[name], self._world[other] = there, here
        here.repository = replace(here.repository, full_name=other)
        there.repository = replace(there.repository, full_name=name)

    def delete(self, name: str) -> TargetId:
        """Somebody deletes a repository, with all that it holds; its id, which is never used again."""
        return self._world.pop(name).repository.id

    def regenerate(self, name: str, **settings: Any) -> TargetId:
        """Somebody deletes a repository and makes it anew: another one of that name."""
        self.delete(name)
        return self.add(name, **settings)

    def add_issue(self, name: str, title: str, body: str = "", **settings: Any) -> int:
        """Somebody opens an issue; its number."""
        return self._world[name].open(Draft(title, body), settings).number

    def act_late(self, method: str, args: tuple[Any, ...], after_s: float) -> None:
        """Whoever called this write is gone; it is done in so many seconds all the same."""
        repository, *what, _may_send = args
        write = Write(method, repository, tuple(what))
        self._late.append((anyio.current_time() + after_s, write))

    def delete_issue(self, name: str, number: int) -> None:
        """Somebody deletes an issue."""
        here = self._world[name]
        del here.issues[number]
        here.gone.add(number)

    def hide(self, name: str, number: int) -> None:
        """Let an issue be as if it had never been."""
        del self._world[name].issues[number]

    def edit_issue(self, name: str, number: int, **settings: Any) -> None:
        """Somebody edits an issue."""
        here = self._world[name]
        here.issues[number] = replace(here.issues[number], **settings)

    def happen(self, name: str, number: int, kind: str, actor: str | None = "student") -> None:
        """Something happens to an issue; `None`: the account was deleted since."""
        self._world[name].happen(number, kind, None if actor is None else Author(actor, 7))

    def issues(self, name: str) -> list[Issue]:
        """All issues, ascending, whatever listings show."""
        return [issue for _, issue in sorted(self.at(name).issues.items())]

    def titles(self, name: str) -> list[str]:
        """Their titles."""
        return [issue.title for issue in self.issues(name)]

    # ------------------------------------------------------------------------------------- port: reading

    async def credential(self, name: str) -> Found[Credential] | ReadFailure:
        """See `ports.GitHub.credential`."""
        fault = await self.faults.meet("credential", name)
        signer = self.signers.get(name.partition("/")[0], self.me)
        return Found(signer) if fault is None else fault.answer

    async def read_repository(self, name: str) -> Found[Repository] | ReadFailure:
        """See `ports.GitHub.read_repository`."""
        fault = await self._meet("read_repository", name)
        if fault is not None:
            return fault.answer  # type: ignore[no-any-return]  # a fault's
        named = self._world.get(name) or self._former.get(name)
        same = [here for here in self._world.values() if here is named]
        return Found(same[0].repository) if same else _not_found(name)

    async def find_repository(self, target: TargetId, name: str) -> Found[Repository] | ReadFailure:
        """See `ports.GitHub.find_repository`."""
        fault = await self._meet("find_repository", name)
        if fault is not None:
            return fault.answer  # type: ignore[no-any-return]  # a fault's
        asked = [self._world.get(name)] if self.by_name else self._world.values()
        same = [here for here in asked if here is not None and here.repository.id == target]
        return Found(same[0].repository) if same else _not_found(name)

    async def list_issues(self, repository: Repository) -> Found[tuple[Issue, ...]] | ReadFailure:
        """See `ports.GitHub.list_issues`."""

        def listed(here: FakeRepository) -> tuple[Issue, ...]:
            now = anyio.current_time()
            return tuple(i for n, i in sorted(here.issues.items()) if here.listed_from[n] <= now)

        return await self._list("list_issues", repository, listed)

    async def list_blockers(
        self, repository: Repository, number: int
    ) -> Found[tuple[int, ...]] | ReadFailure:
        """See `ports.GitHub.list_blockers`."""
        return await self._list("list_blockers", repository, lambda here: here.blockers_of(number))

    async def list_labels(self, repository: Repository) -> Found[tuple[Label, ...]] | ReadFailure:
        """See `ports.GitHub.list_labels`."""
        return await self._list("list_labels", repository, lambda here: (*here.labels.values(),))

    async def list_milestones(
        self, repository: Repository
    ) -> Found[tuple[Milestone, ...]] | ReadFailure:
        """See `ports.GitHub.list_milestones`."""
        return await self._list(
            "list_milestones", repository, lambda here: (*here.milestones.values(),)
        )

    async def list_issue_types(
        self, repository: Repository
    ) -> Found[tuple[str, ...]] | ReadFailure:
        """See `ports.GitHub.list_issue_types`."""
        return await self._list("list_issue_types", repository, lambda here: here.types)

    async def list_assignees(self, repository: Repository) -> Found[tuple[str, ...]] | ReadFailure:
        """See `ports.GitHub.list_assignees`."""
        return await self._list("list_assignees", repository, lambda here: here.assignable)

    async def list_sub_issues(
        self, repository: Repository, number: int
    ) -> Found[tuple[int, ...]] | ReadFailure:
        """See `ports.GitHub.list_sub_issues`."""
        return await self._list(
            "list_sub_issues", repository, lambda here: here.sub_issues_of(number)
        )

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
        if not here.repository.has_issues:
            return Absent(taken=True)
        issue = here.issues.get(number)
        return Absent(taken=number in here.gone) if issue is None else Found(issue)

    # ------------------------------------------------------------------------------------- port: writing

    async def read_timeline(
        self, repository: Repository, number: int
    ) -> Found[tuple[Happening, ...]] | ReadFailure:
        """See `ports.GitHub.read_timeline`."""
        return await self._list(
            "read_timeline", repository, lambda here: (*here.timelines.get(number, ()),)
        )

    async def create_issue(
        self, repository: Repository, draft: Draft, may_send: Callable[[], bool]
    ) -> WriteOutcome:
        """See `ports.GitHub.create_issue`."""
        outcome = await self._write(may_send, "create_issue", repository, draft)
        return cast("WriteOutcome", outcome)

    async def create_label(
        self, repository: Repository, label: Label, may_send: Callable[[], bool]
    ) -> DetailOutcome:
        """See `ports.GitHub.create_label`."""
        outcome = await self._write(may_send, "create_label", repository, label)
        return cast("DetailOutcome", outcome)

    async def create_milestone(
        self, repository: Repository, milestone: Milestone, may_send: Callable[[], bool]
    ) -> DetailOutcome:
        """See `ports.GitHub.create_milestone`."""
        outcome = await self._write(may_send, "create_milestone", repository, milestone)
        return cast("DetailOutcome", outcome)

    async def edit_body(
        self, repository: Repository, number: int, body: str, may_send: Callable[[], bool]
    ) -> DetailOutcome:
        """See `ports.GitHub.edit_body`."""
        outcome = await self._write(may_send, "edit_body", repository, number, body)
        return cast("DetailOutcome", outcome)

    async def revise_issue(
        self, repository: Repository, number: int, edit: Edit, may_send: Callable[[], bool]
    ) -> DetailOutcome:
        """See `ports.GitHub.revise_issue`."""
        outcome = await self._write(may_send, "revise_issue", repository, number, edit)
        return cast("DetailOutcome", outcome)

    async def change_state(
        self, repository: Repository, number: int, change: Change, may_send: Callable[[], bool]
    ) -> DetailOutcome:
        """See `ports.GitHub.change_state`."""
        outcome = await self._write(may_send, "change_state", repository, number, change)
        return cast("DetailOutcome", outcome)

    async def add_sub_issue(
        self, repository: Repository, parent: int, child: int, may_send: Callable[[], bool]
    ) -> DetailOutcome:
        """See `ports.GitHub.add_sub_issue`."""
        outcome = await self._write(may_send, "add_sub_issue", repository, parent, child)
        return cast("DetailOutcome", outcome)

    async def add_blocker(
        self, repository: Repository, number: int, blocker: int, may_send: Callable[[], bool]
    ) -> DetailOutcome:
        """See `ports.GitHub.add_blocker`."""
        outcome = await self._write(may_send, "add_blocker", repository, number, blocker)
        return cast("DetailOutcome", outcome)

    # -------------------------------------------------------------------------------------- small parts

    async def _list(
        self, method: str, repository: Repository, listed: Callable[[FakeRepository], T]
    ) -> Found[T] | ReadFailure:
        fault = await self._meet(method, repository.full_name)
        if fault is not None:
            return fault.answer  # type: ignore[no-any-return]  # a fault's
        here = self._here(repository)
        return _not_found(repository.full_name) if here is None else Found(listed(here))

    async def _write(
        self, may_send: Callable[[], bool], method: str, repository: Repository, *what: Any
    ) -> object:
        self._do_what_is_late()
        write = Write(method, repository, what)
        if not may_send():
            return Withheld()
        await self._connect()
        if not may_send():
            return Withheld()
        if method == "create_issue":
            self.departures.append(anyio.current_time())
        if self._here(repository) is None:
            return _not_found(repository.full_name)
        fault = await self.faults.meet(method, repository.full_name)
        if fault is None:
            return self._do(write)
        if fault.takes_effect and fault.late_s:
            self._late.append((anyio.current_time() + fault.late_s, write))
        elif fault.takes_effect:
            self._do(write)
        return fault.answer

    def _do(self, write: Write) -> object:
        here = self._here(write.repository)
        if here is None:
            return _not_found(write.repository.full_name)
        outcome: object = getattr(here, write.method)(*write.what, self.writes_as)
        if not isinstance(outcome, Permanent):
            self.did.append(write)
        return outcome

    async def _connect(self) -> None:
        """Wait for a connection, unless one is open."""
        if not self.connects_in_s:
            return
        if anyio.current_time() >= self._open_until:
            await anyio.sleep(self.connects_in_s)
        self._open_until = anyio.current_time() + KEPT_OPEN_S

    async def _meet(self, method: str, about: str) -> Fault | None:
        await self._connect()
        fault = await self.faults.meet(method, about)
        self._do_what_is_late()
        return fault

    def _here(self, repository: Repository) -> FakeRepository | None:
        """By id, since names change; by name where the server knows nothing else."""
        if self.by_name:
            return self._world.get(repository.full_name)
        same = (here for here in self._world.values() if here.repository.id == repository.id)
        return next(same, None)

    def _do_what_is_late(self) -> None:
        now = anyio.current_time() if self._late else 0.0
        due = [write for at, write in self._late if at <= now]
        self._late = [late for late in self._late if late[0] > now]
        for write in due:
            self._do(write)


def _not_found(name: str) -> Permanent:
    return Permanent(Scope.REPOSITORY, Code.NOT_FOUND, f"there is no {name}")
