"""GitHub as the stages see it (`ports.GitHub`).

*Receives a question or one thing to write, sends it, and says what became of it*, as an outcome and never as an
exception. Reads may be repeated, a write is sent once.

Tokens are in the headers of single requests and nowhere else: not in a repr, not in a reason.
"""

import random
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import httpx

import monarch
from monarch.adapters.clock import BootClock
from monarch.adapters.github.addresses import Addresses
from monarch.adapters.github.auth.app import AppCaller, AppKey
from monarch.adapters.github.auth.installations import Installations
from monarch.adapters.github.auth.personal import PersonalToken
from monarch.adapters.github.auth.routing import Routing
from monarch.adapters.github.auth.signed import SignedReader
from monarch.adapters.github.finder import Finder
from monarch.adapters.github.owned import Owned
from monarch.adapters.github.reads import Reads
from monarch.adapters.github.retries import Patience, Reader
from monarch.adapters.github.writes import MaySend, Writes
from monarch.adapters.http_send import new_client
from monarch.core.after.acts import Change
from monarch.core.after.edit import Edit
from monarch.core.after.touch import Happening
from monarch.core.copy.render import Draft
from monarch.core.ids import TargetId
from monarch.core.missed.sighting import Newest, Unchanged
from monarch.core.outcome import Absent, DetailOutcome, Found, ReadFailure, WriteOutcome
from monarch.core.target.permission import Credential
from monarch.core.ticket import Issue, Label, Milestone, Repository
from monarch.core.timing import WRITE_DEADLINE_S
from monarch.ports import Clock, Meter

API_URL: Final = "https://api.github.com"

API_VERSION: Final = "2022-11-28"
"""Supported until March 2028, and the newest that every Enterprise Server knows."""

HEADERS: Final = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": API_VERSION,
    "User-Agent": f"monarch/{monarch.__version__} (copies the issues of a template)",
    "Content-Type": "application/json; charset=utf-8",
    "Cache-Control": "no-cache",
}

_READ_DEFAULTS: Final = Patience()
_CLOCK: Final = BootClock()


class HttpGitHub:
    """One GitHub, with everything that may sign for it. Use it in an `async with`, or close it."""

    def __init__(
        self,
        token: str | None,
        base_url: str = API_URL,
        *,
        app: AppKey | None = None,
        meter: Meter | None = None,
        clock: Clock = _CLOCK,
        dice: Callable[[], float] = random.random,
        transport: httpx.AsyncBaseTransport | None = None,
        write_deadline_s: float = WRITE_DEADLINE_S,
        patience: Patience = _READ_DEFAULTS,
        proxy: str | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            token: a personal access token (or any other that needs no renewal); `None`: only the App signs.
            base_url: GitHub's API; that of an Enterprise Server ends in `/api/v3`. A final slash is optional.
            app: an App that signs wherever it is installed.
            meter: counts reads; `None`: they are not counted.
            clock: measures how long tokens last.
            dice: spreads the renewal of tokens; numbers in [0, 1).
            transport: for tests; `None` is the network.
            write_deadline_s: see `core.timing`; all of a write, connecting and reading its answer included.
            patience: how long reads may take.
            proxy: the proxy that leads there; `None`: none.

        Raises:
            ValueError: there is neither a token nor an App, or the token cannot stand in a header.
        """
        self._http = new_client(base_url, HEADERS, transport, proxy)
        base, reader = self._http.base_url, Reader(self._http, patience, meter)
        personal = None if token is None else PersonalToken(token, reader, base, clock)
        caller = None if app is None else AppCaller(app, reader, base, clock)
        installations = None if caller is None else Installations(caller, clock, dice)
        self._passes = Routing(personal, installations)
        addresses, signed = Addresses(base), SignedReader(reader, self._passes)
        self._finder = Finder(signed, addresses)
        self._reads = Reads(signed, addresses, self._finder)
        self._owned = Owned(signed, base)
        self._writes = Writes(self._http, self._passes, addresses, self._finder, write_deadline_s)

    async def __aenter__(self) -> Self:
        """Begin; connections are made when they are needed."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    # -------------------------------------------------------------------------------------------- reading

    async def credential(self, name: str) -> Found[Credential] | ReadFailure:
        """See `ports.GitHub`."""
        return await self._passes.credential(name)

    async def check(self) -> ReadFailure | None:
        """See `ports.Signing`."""
        return await self._passes.check()

    async def read_repository(self, name: str) -> Found[Repository] | ReadFailure:
        """See `ports.GitHub`.

        Raises:
            BadRef: `name` is not a canonical `owner/repo`; nothing was sent.
        """
        return await self._finder.by_name(name)

    async def find_repository(self, target: TargetId, name: str) -> Found[Repository] | ReadFailure:
        """See `ports.GitHub`."""
        return await self._finder.by_id(target, name)

    async def list_issues(self, repository: Repository) -> Found[tuple[Issue, ...]] | ReadFailure:
        """See `ports.GitHub`."""
        return await self._reads.issues(repository)

    async def read_issue(
        self, repository: Repository, number: int
    ) -> Found[Issue] | Absent | ReadFailure:
        """See `ports.GitHub`.

        GitHub answers 404 for a missing *repository*, too; a look has read its listing before.
        """
        return await self._reads.issue(repository, number)

    async def list_labels(self, repository: Repository) -> Found[tuple[Label, ...]] | ReadFailure:
        """See `ports.GitHub`."""
        return await self._reads.labels(repository)

    async def list_milestones(
        self, repository: Repository
    ) -> Found[tuple[Milestone, ...]] | ReadFailure:
        """See `ports.GitHub`."""
        return await self._reads.milestones(repository)

    async def list_issue_types(
        self, repository: Repository
    ) -> Found[tuple[str, ...]] | ReadFailure:
        """See `ports.GitHub`."""
        return await self._reads.issue_types(repository)

    async def list_assignees(self, repository: Repository) -> Found[tuple[str, ...]] | ReadFailure:
        """See `ports.GitHub`."""
        return await self._reads.assignees(repository)

    async def list_sub_issues(
        self, repository: Repository, number: int
    ) -> Found[tuple[int, ...]] | ReadFailure:
        """See `ports.GitHub`."""
        return await self._reads.sub_issues(repository, number)

    async def read_timeline(
        self, repository: Repository, number: int
    ) -> Found[tuple[Happening, ...]] | ReadFailure:
        """See `ports.GitHub`."""
        return await self._reads.timeline(repository, number)

    async def list_blockers(
        self, repository: Repository, number: int
    ) -> Found[tuple[int, ...]] | ReadFailure:
        """See `ports.GitHub`."""
        return await self._reads.blockers(repository, number)

    async def newest(
        self, owner: str, until_ms: int, tag: str = ""
    ) -> Found[Newest] | Unchanged | ReadFailure:
        """See `ports.Owners`."""
        return await self._owned.newest(owner, until_ms, tag)

    # -------------------------------------------------------------------------------------------- writing

    async def create_issue(
        self, repository: Repository, draft: Draft, may_send: MaySend
    ) -> WriteOutcome:
        """See `ports.GitHub`."""
        return await self._writes.create_issue(repository, draft, may_send)

    async def create_label(
        self, repository: Repository, label: Label, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub`."""
        return await self._writes.create_label(repository, label, may_send)

    async def create_milestone(
        self, repository: Repository, milestone: Milestone, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub`."""
        return await self._writes.create_milestone(repository, milestone, may_send)

    async def edit_body(
        self, repository: Repository, number: int, body: str, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub`."""
        return await self._writes.edit_body(repository, number, body, may_send)

    async def revise_issue(
        self, repository: Repository, number: int, edit: Edit, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub`."""
        return await self._writes.revise_issue(repository, number, edit, may_send)

    async def change_state(
        self, repository: Repository, number: int, change: Change, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub`."""
        return await self._writes.change_state(repository, number, change, may_send)

    async def add_sub_issue(
        self, repository: Repository, parent: int, child: int, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub`."""
        return await self._writes.add_sub_issue(repository, parent, child, may_send)

    async def add_blocker(
        self, repository: Repository, number: int, blocker: int, may_send: MaySend
    ) -> DetailOutcome:
        """See `ports.GitHub`."""
        return await self._writes.add_blocker(repository, number, blocker, may_send)
