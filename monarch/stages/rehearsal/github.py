"""A GitHub that is really read and never written to: a write changes only what is read here afterwards.

Each address is read once, and stays the same from then on: a dry run is about one moment, and all its looks cost as much as
one. A failure is not an answer, and is asked for again. What was written here is shown on top: a copy has the next number
after the highest in use, and no one else writes meanwhile.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from monarch.core.after.acts import Change
from monarch.core.after.edit import Edit
from monarch.core.after.standing import NOT_PLANNED
from monarch.core.after.touch import Happening
from monarch.core.copy.dependencies import Blocking
from monarch.core.copy.render import Draft
from monarch.core.copy.sub_issues import Nesting
from monarch.core.ids import TargetId
from monarch.core.outcome import (
    Absent,
    Accepted,
    Created,
    DetailOutcome,
    Found,
    ReadFailure,
    Withheld,
    WriteOutcome,
)
from monarch.core.report.passage import PlannedWrites
from monarch.core.target.permission import Credential
from monarch.core.ticket import Author, Issue, Label, Milestone, Repository
from monarch.ports import GitHub

T = TypeVar("T")
MaySend = Callable[[], bool]


class RememberingGitHub:
    """See `ports.GitHub`, for the crossing of one target. Used once.

    `writes` is what was written so far; `author` is the author of copies, set once it is known.
    """

    def __init__(
        self, github: GitHub, tell: Callable[[], None], unsigned: dict[str, ReadFailure]
    ) -> None:
        """`tell` is called for each reading; `unsigned` are owners that we cannot sign for, shared with other targets."""
        self._github = github
        self._unsigned = unsigned
        self._tell = tell
        self._answers: dict[tuple[Any, ...], Any] = {}
        self._repositories: dict[TargetId, Repository] = {}
        self._issues: dict[int, Issue] = {}
        self._milestones: dict[int, Milestone] = {}
        self._highest = 0
        self.writes = PlannedWrites()
        self.author: Author | None = None

    # ---------------------------------------------------------------------------------------- reading

    async def credential(self, name: str) -> Found[Credential] | ReadFailure:
        """See `ports.GitHub`."""
        owner = name.partition("/")[0].lower()
        if owner in self._unsigned:
            return self._unsigned[owner]
        answer = await self._github.credential(name)
        if not isinstance(answer, Found):
            self._unsigned[owner] = answer
        return answer

    async def read_repository(self, name: str) -> Found[Repository] | ReadFailure:
        """See `ports.GitHub`."""
        answer = await self._once(self._github.read_repository, name)
        return self._known(answer)

    async def find_repository(self, target: TargetId, name: str) -> Found[Repository] | ReadFailure:
        """See `ports.GitHub`; a repository that was read before still exists."""
        if target in self._repositories:
            return Found(self._repositories[target])
        return self._known(await self._once(self._github.find_repository, target, name))

    def _known(self, answer: Found[Repository] | ReadFailure) -> Found[Repository] | ReadFailure:
        if isinstance(answer, Found):
            self._repositories[answer.value.id] = answer.value
        return answer

    async def list_issues(self, repository: Repository) -> Found[tuple[Issue, ...]] | ReadFailure:
        """See `ports.GitHub`."""
        answer = await self._once(self._github.list_issues, repository)
        if not isinstance(answer, Found):
            return answer
        listed = {issue.number: issue for issue in answer.value}
        self._highest = max([self._highest, *listed])
        there = {n: one for n, one in self._issues.items() if n in listed or one.id < 0}
        return Found(tuple(one for _, one in sorted({**listed, **there}.items())))

    async def read_issue(
        self, repository: Repository, number: int
    ) -> Found[Issue] | Absent | ReadFailure:
        """See `ports.GitHub`; no number follows those that were created here."""
        if number in self._issues:
            return Found(self._issues[number])
        if self.writes.created and number > self._highest:
            return Absent(taken=False)
        answer = await self._once(self._github.read_issue, repository, number)
        if answer == Absent(taken=True) or isinstance(answer, Found):
            self._highest = max(self._highest, number)
        return answer

    async def read_timeline(
        self, repository: Repository, number: int
    ) -> Found[tuple[Happening, ...]] | ReadFailure:
        """See `ports.GitHub`."""
        return await self._once(self._github.read_timeline, repository, number)

    async def list_labels(self, repository: Repository) -> Found[tuple[Label, ...]] | ReadFailure:
        """See `ports.GitHub`."""
        return await self._once(self._github.list_labels, repository)

    async def list_milestones(
        self, repository: Repository
    ) -> Found[tuple[Milestone, ...]] | ReadFailure:
        """See `ports.GitHub`."""
        answer = await self._once(self._github.list_milestones, repository)
        if isinstance(answer, Found):
            self._milestones |= {one.number: one for one in answer.value}
        return answer

    async def list_issue_types(
        self, repository: Repository
    ) -> Found[tuple[str, ...]] | ReadFailure:
        """See `ports.GitHub`."""
        return await self._once(self._github.list_issue_types, repository)

    async def list_assignees(self, repository: Repository) -> Found[tuple[str, ...]] | ReadFailure:
        """See `ports.GitHub`."""
        return await self._once(self._github.list_assignees, repository)

    async def list_sub_issues(
        self, repository: Repository, number: int
    ) -> Found[tuple[int, ...]] | ReadFailure:
        """See `ports.GitHub`."""
        return await self._once(self._github.list_sub_issues, repository, number)

    async def list_blockers(
        self, repository: Repository, number: int
    ) -> Found[tuple[int, ...]] | ReadFailure:
        """See `ports.GitHub`; only what was decided here blocks an issue that was created here."""
        if number in self.writes.created:
            return Found(())
        return await self._once(self._github.list_blockers, repository, number)

    async def _once(self, ask: Callable[..., Awaitable[T]], *about: object) -> T:
        key = (ask, *about)
        if key in self._answers:
            known: T = self._answers[key]
            return known
        answer = await ask(*about)
        self._tell()
        if isinstance(answer, Found | Absent):
            self._answers[key] = answer
        return answer

    # ---------------------------------------------------------------------------------------- writing

    async def create_issue(
        self, repository: Repository, draft: Draft, may_send: MaySend
    ) -> WriteOutcome:
        """See `ports.GitHub`; an issue that is only remembered has an id below 0."""
        if not may_send():
            return Withheld()
        self._highest = number = self._highest + 1
        self._issues[number] = self._drafted(number, draft)
        self.writes.created[number] = draft.title
        return Created(number, -number)

    def _drafted(self, number: int, draft: Draft) -> Issue:
        by = self.author or Author("")
        return Issue(
            id=-number,
            number=number,
            title=draft.title,
            body=draft.body,
            state="open",
            is_pull=False,
            author=by.login or None,
            association="",
            url="",
            created_at="",
            labels=_labels(draft.labels),
            milestone=self._milestones.get(draft.milestone or 0),
            type=draft.type,
            author_id=by.id,
            is_by_bot=by.is_bot,
            assignees=draft.assignees,
        )

    async def create_label(
        self, repository: Repository, label: Label, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub`."""
        return self._accept(may_send, self.writes.labels, label.name)

    async def create_milestone(
        self, repository: Repository, milestone: Milestone, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub`."""
        number = max([0, *self._milestones]) + 1
        self._milestones[number] = milestone
        outcome = self._accept(may_send, self.writes.milestones, milestone.title)
        return Accepted(number) if isinstance(outcome, Accepted) else outcome

    async def edit_body(
        self, repository: Repository, number: int, body: str, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub`."""
        after = replace(await self._there(repository, number), body=body)
        return self._accept(may_send, self.writes.edited, number, after)

    async def revise_issue(
        self, repository: Repository, number: int, edit: Edit, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub`."""
        issue = await self._there(repository, number)
        labels, moved = edit.labels, edit.milestone
        after = replace(
            issue,
            title=issue.title if edit.title is None else edit.title,
            body=issue.body if edit.body is None else edit.body,
            labels=issue.labels if labels is None else _labels(labels),
            milestone=issue.milestone if moved is None else self._milestones.get(moved),
            type=issue.type if edit.type is None else edit.type,
        )
        return self._accept(may_send, self.writes.revised, (issue, edit), after)

    async def change_state(
        self, repository: Repository, number: int, change: Change, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub`."""
        issue = await self._there(repository, number)
        if not may_send():
            return Withheld()
        if change is Change.CLOSE:
            after = replace(issue, state="closed", state_reason=NOT_PLANNED, closed_by=self.author)
        else:
            after = replace(issue, state="open", state_reason="", closed_by=None)
        self._issues[number] = after
        return Accepted()

    async def add_sub_issue(
        self, repository: Repository, parent: int, child: int, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub`."""
        issue = self._of_id(child)
        nesting, after = Nesting(parent, issue.number), replace(issue, parent=parent)
        return self._accept(may_send, self.writes.nested, nesting, after)

    async def add_blocker(
        self, repository: Repository, number: int, blocker: int, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub`."""
        blocking = Blocking(number, self._of_id(blocker).number)
        return self._accept(may_send, self.writes.blocked, blocking)

    def _accept(
        self, may_send: MaySend, remembered: list[T], write: T, after: Issue | None = None
    ) -> Accepted | Withheld:
        """Remember a write; `after` is the issue as it shows from then on."""
        if not may_send():
            return Withheld()
        remembered.append(write)
        if after is not None:
            self._issues[after.number] = after
        return Accepted()

    async def _there(self, repository: Repository, number: int) -> Issue:
        """The issue that is written to: the writer has just read it."""
        answer = await self.read_issue(repository, number)
        if isinstance(answer, Found):
            return answer.value
        message = f"#{number} of {repository.full_name} is written to and was not read"
        raise AssertionError(message)

    def _of_id(self, issue: int) -> Issue:
        """The issue with this id: the caller has just read it."""
        read = (answer.value for answer in self._answers.values() if isinstance(answer, Found))
        known = [*(one for one in read if isinstance(one, Issue)), *self._issues.values()]
        return next(one for one in reversed(known) if one.id == issue)


def _labels(names: Iterable[str]) -> tuple[Label, ...]:
    return tuple(Label(name, "", "") for name in names)
