"""What acts need. `app` implements it with what the commands use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from monarch.core.ids import RequestId
from monarch.core.report.summary import State
from monarch.ports import Hands, Replayed
from monarch.ports.holdings import Holding
from monarch.ports.readings import Choice, DeadLetter, RequestDetails
from monarch.telemetry import Snapshot
from monarch.web.acts.meant import ActResult, Receipt
from monarch.web.form import RequestForm


@dataclass(frozen=True, slots=True)
class Looked:
    """The last look that was started on the page. Its findings are kept for each target, as those of a command are.

    Attributes:
        by: who started it.
        at_ms: when, in milliseconds since 1970.
        problem: why none could be read, or why the findings could not be kept; `""`: neither.
        unread: why some could not be read, by their names.
    """

    by: str
    at_ms: int
    problem: str = ""
    unread: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Looking:
    """A look under way: `by` whom, and since when in milliseconds since 1970."""

    by: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class Wished:
    """A request that could be made: as it is submitted, and as its planner would read it.

    `refused` has a sentence for each name that cannot be a target.
    """

    source: str
    targets: tuple[str, ...]
    refused: tuple[str, ...]
    payload: bytes


@dataclass(frozen=True, slots=True)
class NotUpdated:
    """Nothing can be updated; `reason` is a sentence."""

    reason: str


class Means(Protocol):
    """Every method raises `StoreError` where Valkey cannot be asked, or where it is unknown what Valkey did."""

    @property
    def hands(self) -> Hands:
        """The changes to running work."""
        ...

    async def snapshot(self) -> Snapshot:
        """The state of the fleet."""
        ...

    async def request(self, request: RequestId) -> RequestDetails | None:
        """One request with its targets; `None` where it is not known."""
        ...

    async def letters(self, limit: int, choice: Choice) -> Sequence[DeadLetter]:
        """The newest dead letters of this choice, newest first."""
        ...

    async def letter(self, letter: str) -> DeadLetter | None:
        """One letter, by its id."""
        ...

    async def foresee_replay(self, letters: Sequence[str]) -> Sequence[Replayed]:
        """What `replay` would answer for each now; nothing is changed."""
        ...

    async def replay(self, letters: Sequence[str], by: str) -> Sequence[Replayed]:
        """Send dead letters back; returns an answer for each."""
        ...

    def wished(self, asked: RequestForm) -> Wished | str:
        """Read what a person asks for; a text says why it cannot be carried out."""
        ...

    async def newest_for(self, source: str) -> str:
        """The id of the newest request for a source; `""` where none is known."""
        ...

    async def submit(self, wished: Wished, key: str, by: str) -> RequestId:
        """Submit a request, durably; the same key again is the same request."""
        ...

    async def update(
        self, request: RequestId, targets: Sequence[str], key: str, by: str, *, closes: bool
    ) -> RequestId | NotUpdated:
        """Submit an update of these targets' copies to the present template; the same key again is the same request.

        With `closes` it also closes the untouched copies of tickets that the template has closed since.
        """
        ...

    @property
    def reads_github(self) -> bool:
        """Whether targets can be looked at: there is a credential for GitHub."""
        ...

    async def begin_look(self, request: RequestId, by: str) -> Looking | None:
        """Record that a look at the targets of a request begins; returns the one that is under way, if any."""
        ...

    async def look(self, request: RequestId, by: str) -> None:
        """Look at them, after `begin_look`, and keep the findings: it may take minutes."""
        ...

    async def looked(self, request: RequestId) -> Looking | Looked | None:
        """The look that is under way, or the last one; `None` if none was started on the page."""
        ...

    async def holdings(self, request: RequestId, targets: Sequence[str]) -> Sequence[Holding]:
        """What is known of these targets, in their order."""
        ...

    async def keep_receipt(self, act: str, by: str, done: ActResult) -> str:
        """Keep what was done for a day; returns its id."""
        ...

    async def receipt(self, name: str) -> Receipt | None:
        """What was kept; `None` if it is gone."""
        ...


async def named(means: Means, asked: Mapping[str, str]) -> tuple[RequestId, RequestDetails | None]:
    """The request that an address names; its details are `None` where it is not known."""
    request = RequestId(asked.get("request", ""))
    return request, await means.request(request)


def unknown(request: RequestId) -> str:
    """Why nothing can be done to it."""
    return f"No request {request} is known."


def why_closed(request: RequestId, details: RequestDetails | None) -> str:
    """Why what a request still has to do cannot be changed; `""` if it can."""
    if details is None:
        return unknown(request)
    view = details.view
    if view.state is State.UNKNOWN:
        return f"Request {request} is left as it is: {view.reason}."
    return f"Request {request} has ended: it is {view.state.value}." if view.has_ended else ""
