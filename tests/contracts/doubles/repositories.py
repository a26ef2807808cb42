"""A repository as GitHub keeps it: what each write does there, and what it answers."""

import itertools
from dataclasses import dataclass, field, replace
from typing import Any, Final

import anyio

from monarch.core.after.acts import Change
from monarch.core.after.edit import Edit
from monarch.core.after.touch import Happening
from monarch.core.copy.render import Draft
from monarch.core.outcome import (
    Accepted,
    AlreadyThere,
    Code,
    Created,
    DetailOutcome,
    Permanent,
    Scope,
    WriteOutcome,
)
from monarch.core.ticket import Author, Issue, Label, Milestone, Repository

GREY: Final = "ededed"
"""The colour of a label that GitHub made up by itself, since an issue asked for it."""


@dataclass(slots=True)
class FakeRepository:
    """One repository: its issues, since when each is listed, and what belongs to them.

    Attributes:
        labels: by name, without case.
        timelines: what has happened to each issue.
        children: the sub-issues of an issue, in order, by their numbers.
        blockers: the ids of the issues that block one, in order, by its number.
        refused: titles and names of what cannot be made.
        drops: whether issues lose their details silently, although everything says that we may push.
        forbids_labels: whether an issue with labels is forbidden, and one without is not.
        may_push_unsaid: whether we may push where the repository does not say, as it does not to an App.
    """

    repository: Repository
    ids: "itertools.count[int]"
    listing_lag_s: float = 0.0
    issues: dict[int, Issue] = field(default_factory=dict)
    listed_from: dict[int, float] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    highest: int = 0
    labels: dict[str, Label] = field(default_factory=dict)
    milestones: dict[int, Milestone] = field(default_factory=dict)
    types: tuple[str, ...] = ()
    assignable: tuple[str, ...] = ()
    children: dict[int, list[int]] = field(default_factory=dict)
    timelines: dict[int, list[Happening]] = field(default_factory=dict)
    blockers: dict[int, list[int]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    drops: bool = False
    forbids_labels: bool = False
    may_push_unsaid: bool = True

    # ------------------------------------------------------------------------------- what a write does

    def create_issue(self, draft: Draft, author: Author) -> WriteOutcome:
        """Open an issue; without the right to push, labels, milestone and type are dropped silently."""
        if draft.title in self.refused:
            return Permanent(Scope.TICKET, Code.TICKETS_REFUSED, "no, says GitHub")
        if self.forbids_labels and draft.labels:
            return self._forbidden()
        if not self._may_push and any(name.lower() not in self.labels for name in draft.labels):
            return self._forbidden()
        if not self._drops:
            wrong = self._wrong(draft)
            if wrong is not None:
                return Permanent(
                    Scope.TICKET, Code.TICKETS_REFUSED, f"{wrong} is invalid", (wrong,)
                )
        issue = self.open(
            draft, {"author": author.login, "author_id": author.id, "is_by_bot": author.is_bot}
        )
        for _ in issue.labels:
            self.happen(issue.number, "labeled", author)
        return Created(issue.number, issue.id, self._dropped(draft), author)

    def create_label(self, label: Label, _author: Author) -> DetailOutcome:
        """Make a label, once."""
        if not self._may_push:
            return self._forbidden()
        if label.name in self.refused:
            return Permanent(Scope.TICKET, Code.REFUSED, "name is invalid", ("name",))
        if label.name.lower() in self.labels:
            return AlreadyThere()
        self.labels[label.name.lower()] = label
        return Accepted()

    def create_milestone(self, milestone: Milestone, _author: Author) -> DetailOutcome:
        """Make a milestone, once; its number is the next one."""
        if not self._may_push:
            return self._forbidden()
        if milestone.title in self.refused:
            return Permanent(Scope.TICKET, Code.REFUSED, "title is invalid", ("title",))
        if any(known.title == milestone.title for known in self.milestones.values()):
            return AlreadyThere()
        number = len(self.milestones) + 1
        self.milestones[number] = replace(milestone, number=number)
        return Accepted(number)

    def edit_body(self, number: int, body: str, author: Author) -> DetailOutcome:
        """Replace a body; one's own may be edited by anybody."""
        issue = self.issues.get(number)
        if issue is None:
            return Permanent(Scope.TICKET, Code.NOT_FOUND, f"there is no issue #{number}")
        if not self._may_push and issue.author != author.login:
            return self._forbidden()
        self.issues[number] = replace(issue, body=body)
        return Accepted()

    def revise_issue(self, number: int, edit: Edit, author: Author) -> DetailOutcome:
        """Replace parts of an issue; labels that are not there are made, in grey."""
        issue = self.issues.get(number)
        if issue is None:
            return Permanent(Scope.TICKET, Code.NOT_FOUND, f"there is no issue #{number}")
        if not self._may_push and issue.author != author.login:
            return self._forbidden()
        parts: dict[str, Any] = {"title": edit.title, "body": edit.body, "type": edit.type}
        if edit.milestone is not None:
            parts["milestone"] = self.milestones[edit.milestone]
        for name in edit.labels or ():
            self.labels.setdefault(name.lower(), Label(name, GREY, ""))
        if edit.labels is not None:
            parts["labels"] = tuple(self.labels[name.lower()] for name in edit.labels)
        given = {name: value for name, value in parts.items() if value is not None}
        self.issues[number] = replace(issue, **given)
        return Accepted()

    def change_state(self, number: int, change: Change, author: Author) -> DetailOutcome:
        """Close or open an issue; one's own may be closed and opened by anybody."""
        issue = self.issues.get(number)
        if issue is None:
            return Permanent(Scope.TICKET, Code.NOT_FOUND, f"there is no issue #{number}")
        state = "closed" if change is Change.CLOSE else "open"
        if issue.state == state:
            return Accepted()
        reason = "not_planned" if state == "closed" else "reopened"
        by = author if state == "closed" else None
        self.issues[number] = replace(issue, state=state, state_reason=reason, closed_by=by)
        self.happen(number, "closed" if state == "closed" else "reopened", author)
        return Accepted()

    def happen(self, number: int, kind: str, actor: Author | None) -> None:
        """Write an event into an issue's timeline."""
        self.timelines.setdefault(number, []).append(Happening(kind, actor))

    def add_sub_issue(self, parent: int, child: int, author: Author) -> DetailOutcome:
        """Put the issue with that id under another one, behind those that are there."""
        if not self._may_push:
            return self._forbidden()
        issue = next((issue for issue in self.issues.values() if issue.id == child), None)
        if issue is None or parent not in self.issues:
            return Permanent(Scope.TICKET, Code.NOT_FOUND, "there is no such issue")
        if issue.parent == parent:
            return AlreadyThere()
        if issue.parent is not None or issue.title in self.refused:
            return Permanent(
                Scope.TICKET, Code.REFUSED, "sub issue may only have one parent", ("sub_issue",)
            )
        self.issues[issue.number] = replace(issue, parent=parent)
        self.children.setdefault(parent, []).append(issue.number)
        self.happen(parent, "sub_issue_added", author)
        self.happen(issue.number, "parent_issue_added", author)
        return Accepted()

    def sub_issues_of(self, parent: int) -> tuple[int, ...]:
        """The ids of an issue's sub-issues: in the order in which they were added, those planted last."""
        added = self.children.get(parent, [])
        planted = [n for n, issue in self.issues.items() if issue.parent == parent]
        numbers = [*added, *(n for n in planted if n not in added)]
        return tuple(self.issues[n].id for n in numbers if n in self.issues)

    def add_blocker(self, number: int, blocker: int, author: Author) -> DetailOutcome:
        """Have the issue with that id block another one; twice is refused."""
        if not self._may_push:
            return self._forbidden()
        ids = {issue.id for issue in self.issues.values()}
        if number not in self.issues or blocker not in ids:
            return Permanent(Scope.TICKET, Code.NOT_FOUND, "there is no such issue")
        there = self.blockers.setdefault(number, [])
        if blocker in there or self.issues[number].title in self.refused:
            return Permanent(Scope.TICKET, Code.REFUSED, "it cannot be blocked by that")
        self.block(number, blocker)
        self.happen(number, "blocked_by_added", author)
        return Accepted()

    def block(self, number: int, blocker: int) -> None:
        """The issue with that id, here or elsewhere, blocks one of here."""
        there = self.blockers.setdefault(number, [])
        there.append(blocker)
        self.issues[number] = replace(self.issues[number], blockers=len(there))

    def blockers_of(self, number: int) -> tuple[int, ...]:
        """The ids of the issues that block one."""
        return tuple(self.blockers.get(number, ()))

    # ----------------------------------------------------------------------------------- small parts

    def open(self, draft: Draft, settings: dict[str, Any]) -> Issue:
        """An issue with the next number; `settings` are fields of `Issue`."""
        self.highest += 1
        number, name = self.highest, self.repository.full_name
        known = {
            "state": "open",
            "is_pull": False,
            "author": "somebody",
            "association": "NONE",
            "created_at": "2026-01-01T00:00:00Z",
            "url": f"https://github.com/{name}/issues/{number}",
            **self._details(draft),
            **settings,
        }
        issue = Issue(next(self.ids), number, draft.title, draft.body, **known)
        self.issues[number] = issue
        # Only where there is a lag: somebody may open an issue before there is a clock.
        lag_s = self.listing_lag_s
        self.listed_from[number] = anyio.current_time() + lag_s if lag_s else 0.0
        return issue

    def _details(self, draft: Draft) -> dict[str, Any]:
        """What an issue has beside its text. A label that is not there is made, in grey."""
        if self._drops:
            return {}
        for name in draft.labels:
            self.labels.setdefault(name.lower(), Label(name, GREY, ""))
        return {
            "labels": tuple(self.labels[name.lower()] for name in draft.labels),
            "milestone": self.milestones.get(draft.milestone or 0),
            "type": draft.type,
            "assignees": draft.assignees,
        }

    @property
    def _drops(self) -> bool:
        return self.drops or not self._may_push

    @property
    def _may_push(self) -> bool:
        told = self.repository.may_push
        return self.may_push_unsaid if told is None else told

    def _wrong(self, draft: Draft) -> str | None:
        """The field that a validation would name."""
        if draft.milestone is not None and draft.milestone not in self.milestones:
            return "milestone"
        if draft.type and draft.type not in self.types:
            return "type"
        if not {*draft.assignees} <= {*self.assignable}:
            return "assignees"
        return None

    def _dropped(self, draft: Draft) -> tuple[str, ...]:
        if not self._drops:
            return ()
        labels = [f'label "{name}"' for name in draft.labels]
        milestone = ["milestone"] if draft.milestone is not None else []
        people = [f'assignee "{name}"' for name in draft.assignees]
        return (*labels, *milestone, *(["type"] if draft.type else []), *people)

    def _forbidden(self) -> Permanent:
        reason = f"no right to push to {self.repository.full_name}"
        return Permanent(Scope.REPOSITORY, Code.FORBIDDEN, reason)
