"""The outside: GitHub and Slack."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from monarch.core.after.acts import Change
from monarch.core.after.edit import Edit
from monarch.core.after.touch import Happening
from monarch.core.card.messages import Words
from monarch.core.copy.render import Draft
from monarch.core.ids import TargetId
from monarch.core.outcome import Absent, DetailOutcome, Found, ReadFailure, WriteOutcome
from monarch.core.target.permission import Credential
from monarch.core.ticket import Issue, Label, Milestone, Repository


class GitHub(Protocol):
    """GitHub's REST API; every answer is an Outcome. Reads may be repeated, a write never is.

    A method that takes a `Repository` is about the one with that id, whatever its name leads to by now. If that one no
    longer exists, the answer is `Permanent` with `Code.NOT_FOUND`.
    """

    async def credential(self, name: str) -> Found[Credential] | ReadFailure:
        """Who we are towards the repository `owner/repo`. Asked once for each owner and remembered."""

    async def read_repository(self, name: str) -> Found[Repository] | ReadFailure:
        """The repository `owner/repo`, followed to its canonical name if it was renamed."""

    async def find_repository(self, target: TargetId, name: str) -> Found[Repository] | ReadFailure:
        """The repository with that id, under its present name; `name` is the last known one.

        If the server cannot be asked by id, it is asked by name, and an answer with another id is `NOT_FOUND`.
        """

    async def list_issues(self, repository: Repository) -> Found[tuple[Issue, ...]] | ReadFailure:
        """Every page of the raw listing, open and closed, pull requests included, ascending; all of it or a failure.

        Closed ones, too: a list of open issues shrinks when one is closed, and then skips another.
        """

    async def read_issue(
        self, repository: Repository, number: int
    ) -> Found[Issue] | Absent | ReadFailure:
        """One issue by its number: what listings show late, this shows at once."""

    async def read_timeline(
        self, repository: Repository, number: int
    ) -> Found[tuple[Happening, ...]] | ReadFailure:
        """All that has happened to an issue, oldest first; all of it or a failure."""

    async def create_issue(
        self, repository: Repository, draft: Draft, may_send: Callable[[], bool]
    ) -> WriteOutcome:
        """Create one issue, once, within 10 s.

        `may_send` is asked right before the bytes leave; if it says no, nothing leaves (`Withheld`).
        """

    async def list_labels(self, repository: Repository) -> Found[tuple[Label, ...]] | ReadFailure:
        """Every label of the repository; all of them or a failure."""

    async def list_milestones(
        self, repository: Repository
    ) -> Found[tuple[Milestone, ...]] | ReadFailure:
        """Every milestone of the repository, open and closed; all of them or a failure."""

    async def list_issue_types(
        self, repository: Repository
    ) -> Found[tuple[str, ...]] | ReadFailure:
        """The names of the issue types that may be used there.

        `NOT_FOUND` if the server has no such address, as Enterprise Servers up to 3.20: they may have types.
        """

    async def list_assignees(self, repository: Repository) -> Found[tuple[str, ...]] | ReadFailure:
        """The logins that can be assigned to issues there."""

    async def list_sub_issues(
        self, repository: Repository, number: int
    ) -> Found[tuple[int, ...]] | ReadFailure:
        """The ids of an issue's sub-issues, in their order; all of them or a failure.

        `NOT_FOUND` if the server has no such address, as Enterprise Servers up to 3.20.
        """

    async def list_blockers(
        self, repository: Repository, number: int
    ) -> Found[tuple[int, ...]] | ReadFailure:
        """The ids of the issues that block an issue; all of them or a failure.

        `NOT_FOUND` if the server has no such address, as Enterprise Servers up to 3.18.
        """

    async def create_label(
        self, repository: Repository, label: Label, may_send: Callable[[], bool]
    ) -> DetailOutcome:
        """Create a label with its colour and description; sent as in `create_issue`."""

    async def create_milestone(
        self, repository: Repository, milestone: Milestone, may_send: Callable[[], bool]
    ) -> DetailOutcome:
        """Create a milestone with description, state and due date; its number comes with `Accepted`."""

    async def edit_body(
        self, repository: Repository, number: int, body: str, may_send: Callable[[], bool]
    ) -> DetailOutcome:
        """Replace the body of an issue, whatever it says."""

    async def revise_issue(
        self, repository: Repository, number: int, edit: Edit, may_send: Callable[[], bool]
    ) -> DetailOutcome:
        """Replace what the edit names in an issue, and nothing else."""

    async def change_state(
        self, repository: Repository, number: int, change: Change, may_send: Callable[[], bool]
    ) -> DetailOutcome:
        """Close an issue as not planned, or open it again; an issue in that state already stays as it is."""

    async def add_sub_issue(
        self, repository: Repository, parent: int, child: int, may_send: Callable[[], bool]
    ) -> DetailOutcome:
        """Make an issue (`child`, GitHub's *id* of it) a sub-issue of issue `parent` (its *number*)."""

    async def add_blocker(
        self, repository: Repository, number: int, blocker: int, may_send: Callable[[], bool]
    ) -> DetailOutcome:
        """Have an issue (`blocker`, GitHub's *id* of it) block issue `number`."""


class Signing(Protocol):
    """Our credential at GitHub."""

    async def check(self) -> str | ReadFailure:
        """The account that it writes as, `""` if there are several; or why GitHub does not take it now."""


class Refusals(Protocol):
    """What the fleet knows about GitHub refusing the credential; kept for a few minutes, so it has to be confirmed."""

    async def turn(self) -> bool:
        """Whether it is this worker's turn to ask GitHub: once a minute it is one worker's."""

    async def note(self, reason: str | None, account: str = "") -> None:
        """GitHub refuses the credential, for this reason; `None`: it takes it. `account` as `Signing.check` gives it: it is in use."""


class Slack(Protocol):
    """Slack's Web API. A post is never repeated here."""

    async def post(
        self, channel: str, words: Words, thread: str | None = None, *, broadcast: bool = False
    ) -> "Posted | Gone | ReadFailure | Unanswered":
        """Post a new message, or a reply in the thread of the message `thread`; `broadcast`: shown in the channel as well.

        `Gone`: there is no such thread.
        """

    async def update(
        self, channel: str, ts: str, words: Words
    ) -> "Posted | Gone | ReadFailure | Unanswered":
        """Edit a message of ours in place. `channel` is its id, as the answer to the post named it."""


@dataclass(frozen=True, slots=True)
class Posted:
    """It is in the channel; `ts` names it there.

    `channel` is the channel's id, whatever name it was posted to; `""` if Slack did not say.
    """

    ts: str
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """The message can no longer be edited: a person deleted it, or (not `is_deleted`) it stays for good as it is."""

    reason: str
    is_deleted: bool = True


@dataclass(frozen=True, slots=True)
class Unanswered:
    """It may or may not be in the channel."""

    reason: str
