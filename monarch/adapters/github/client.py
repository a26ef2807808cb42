"""GitHub as the stages see it (`ports.GitHub`).

*Receives a question or one thing to write, sends it, and says what became of it*, as an outcome and never as an
exception. Reads may be repeated, a write is sent once.

Tokens are in the headers of single requests and nowhere else: not in a repr, not in a reason.
"""

import random
from collections.abc import Callable
from typing import Final

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
from monarch.adapters.github.writes import Writes
from monarch.adapters.http_owner import HttpOwner
from monarch.adapters.http_send import new_client
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


class HttpGitHub(HttpOwner):
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
        super().__init__(new_client(base_url, HEADERS, transport, proxy))
        base, reader = self._http.base_url, Reader(self._http, patience, meter)
        personal = None if token is None else PersonalToken(token, reader, base, clock)
        caller = None if app is None else AppCaller(app, reader, base, clock)
        installations = None if caller is None else Installations(caller, clock, dice)
        self._passes = passes = Routing(personal, installations)
        addresses, signed = Addresses(base), SignedReader(reader, passes)
        finder = Finder(signed, addresses)
        reads = Reads(signed, addresses, finder)
        writes = Writes(self._http, passes, addresses, finder, write_deadline_s)
        # What the ports name is done by these parts.
        self.credential, self.check = passes.credential, passes.check
        self.read_repository, self.find_repository = finder.by_name, finder.by_id
        self.newest = Owned(signed, base).newest
        self._read_with(reads)
        self._write_with(writes)

    def _read_with(self, reads: Reads) -> None:
        self.list_issues = reads.issues
        self.read_issue = reads.issue
        self.list_labels = reads.labels
        self.list_milestones = reads.milestones
        self.list_issue_types = reads.issue_types
        self.list_assignees = reads.assignees
        self.list_sub_issues = reads.sub_issues
        self.read_timeline = reads.timeline
        self.list_blockers = reads.blockers

    def _write_with(self, writes: Writes) -> None:
        self.create_issue = writes.create_issue
        self.create_label = writes.create_label
        self.create_milestone = writes.create_milestone
        self.edit_body = writes.edit_body
        self.revise_issue = writes.revise_issue
        self.change_state = writes.change_state
        self.add_sub_issue = writes.add_sub_issue
        self.add_blocker = writes.add_blocker
