"""What acts are done with, in memory, and a page that says in text what its templates would be given."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from monarch.core.after.acts import Act
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId, TicketId
from monarch.core.report.summary import MigrationView, RequestView, State
from monarch.ports import (
    Begun,
    Cancelling,
    Hands,
    Healing,
    NotDone,
    Paused,
    Replayed,
    StoreError,
)
from monarch.ports.hands import PutFirst
from monarch.ports.holdings import Holding
from monarch.ports.readings import Choice, DeadLetter, MigrationTimes, RequestDetails
from monarch.ports.spoiled import note_spoiled
from monarch.telemetry import Snapshot, StreamSnapshot
from monarch.web.acts import means as acts
from monarch.web.acts.means import Looked, Looking, NotUpdated, Wished
from monarch.web.acts.meant import ActResult, Receipt
from monarch.web.acts.routes import Acts
from monarch.web.door.guard import Guard
from monarch.web.door.session import cookie_name, issued
from monarch.web.door.signing_in import SigningIn
from monarch.web.door.throttle import Tries
from monarch.web.door.visit import Doors
from monarch.web.form import RequestForm
from tests.web.doubles import times_of

TOKEN = "correct-horse-battery"
NOW_S = 1_795_630_000.0
REQUEST = RequestId("1795630000000-0")
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
ADA = {"Cookie": f"{cookie_name(TOKEN)}={issued(TOKEN, 'ada', NOW_S)}"}
JSON = {"Accept": "application/json"}


def a_letter(
    number: int, target: str = "org/team-a", code: str = "repository_archived"
) -> DeadLetter:
    """A dead letter of `REQUEST`."""
    return DeadLetter(
        f"{number}-0",
        number,
        "migrations",
        "1-1",
        REQUEST,
        f"{REQUEST}:{target}",
        code,
        "why",
        1,
        1,
        "",
    )


def a_migration(target: str, state: State) -> MigrationView:
    """How one target stands."""
    return MigrationView(target, state, 0, 0, 0, (), "")


def a_request(*migrations: MigrationView, state: State = State.RUNNING) -> RequestDetails:
    """`REQUEST`, with these targets."""
    view = RequestView(REQUEST, state, 1, 1, "org/template", None, 2, "", 1, None, migrations)
    return RequestDetails(view, "submit", "", 1, tuple(times_of(m.target) for m in migrations))


@dataclass
class Means:
    """`web.acts.means.Means`, and its own hands. `done` is what was done, in order.

    The methods in `trouble_at` raise its errors, once they were called `trouble_after` times without.
    """

    paused_by: str = ""
    known: RequestDetails | None = None
    dead: list[DeadLetter] = field(default_factory=list)
    found: Looking | Looked | None = None
    held: Sequence[Holding] = ()
    """What is known of targets; nothing of the others."""
    refuses: frozenset[str] = frozenset()
    """The letters whose replay is refused, and was not foreseen to be."""
    stuck: frozenset[str] = frozenset()
    """The letters whose replay would be refused, as is foreseen."""
    reads_github: bool = True
    trouble_at: Mapping[str, StoreError] = field(default_factory=dict)
    trouble_after: int = 0
    done: list[tuple[object, ...]] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    made: dict[str, RequestId] = field(default_factory=dict)

    newest: str = "1-0"
    """The newest request for every source."""
    wrong: str = ""
    """Why nothing can be asked for."""
    spoiled: Sequence[str] = ()
    """The broken keys that every reading meets."""
    no_targets: Mapping[str, str] = field(default_factory=dict)
    """What can be no target, and why."""

    def wished(self, asked: RequestForm) -> Wished | str:
        """See `Means`."""
        targets = tuple(one for one in asked.targets if one not in self.no_targets)
        refused = tuple(self.no_targets[one] for one in asked.targets if one in self.no_targets)
        return self.wrong or Wished(asked.source, targets, refused, repr(asked).encode())

    async def newest_for(self, source: str) -> str:
        """See `Means`."""
        self._try("newest_for")
        return self.newest

    async def submit(self, wished: Wished, key: str, by: str) -> RequestId:
        """See `Means`."""
        self.done.append(("submit", wished.payload, by))
        return self._made(key)

    async def update(
        self, request: RequestId, targets: Sequence[str], key: str, by: str, *, closes: bool
    ) -> RequestId | NotUpdated:
        """See `Means`."""
        if self.wrong:
            return NotUpdated(self.wrong)
        self.done.append(("update", request, tuple(targets), closes, by))
        return self._made(key)

    def _made(self, key: str) -> RequestId:
        """The same key is the same request."""
        self.newest = self.made.setdefault(key, RequestId(f"2-{len(self.made)}"))
        return RequestId(self.newest)

    @property
    def hands(self) -> Hands:
        """Itself."""
        return self

    def _try(self, method: str) -> None:
        for key in self.spoiled:
            note_spoiled(key)
        error = self.trouble_at.get(method)
        if error is not None and not self.trouble_after:
            raise error
        self.trouble_after -= error is not None

    async def snapshot(self) -> Snapshot:
        """Three in hand, four waiting."""
        self._try("snapshot")
        streams = (StreamSnapshot(Stream.MIGRATIONS, 7, 3),)
        paused = bool(self.paused_by)
        return Snapshot(0, streams, paused=paused, paused_by=self.paused_by)

    async def request(self, request: RequestId) -> RequestDetails | None:
        """The one that is known."""
        self._try("request")
        return self.known if request == REQUEST else None

    async def letters(self, limit: int, choice: Choice) -> Sequence[DeadLetter]:
        """Those that are meant."""
        self._try("letters")
        return [one for one in reversed(self.dead) if choice.means(one)][:limit]

    async def letter(self, letter: str) -> DeadLetter | None:
        """By its id."""
        self._try("letter")
        return next((one for one in self.dead if one.id == letter), None)

    async def pause(self, by: str) -> Paused:
        """See `Hands`."""
        self._try("pause")
        changed, self.paused_by = not self.paused_by, self.paused_by or by
        self.done.append(("pause", by))
        return Paused(changed, self.paused_by)

    async def resume(self, by: str) -> Paused:
        """See `Hands`."""
        before, self.paused_by = self.paused_by, ""
        self.done.append(("resume", by))
        return Paused(bool(before), before)

    async def cancel(self, request: RequestId, by: str) -> Cancelling | NotDone:
        """See `Hands`."""
        self.done.append(("cancel", request, by))
        return Cancelling(1)

    async def first(self, request: RequestId, by: str) -> PutFirst | NotDone:
        """See `Hands`."""
        self.done.append(("first", request, by))
        return PutFirst(by)

    async def replay(self, letters: Sequence[str], by: str) -> tuple[Replayed, ...]:
        """See `Hands`."""
        self.done.append(("replay", tuple(letters), by))
        self.dead = [one for one in self.dead if one.id not in letters or one.id in self.refuses]
        return tuple(
            Replayed(one, one, "its plan is gone" if one in self.refuses else "") for one in letters
        )

    async def hurry(self, request: RequestId, by: str) -> int | NotDone:
        """See `Hands`."""
        self.done.append(("hurry", request, by))
        return NotDone(self.wrong) if self.wrong else 1

    async def foresee_replay(self, letters: Sequence[str]) -> tuple[Replayed, ...]:
        """See `Hands`."""
        return tuple(
            Replayed(one, one, "its plan is gone" if one in self.stuck else "") for one in letters
        )

    async def drop(self, letters: Sequence[str], by: str) -> int:
        """See `Hands`."""
        self._try("drop")
        self.done.append(("drop", tuple(letters), by))
        before = len(self.dead)
        self.dead = [one for one in self.dead if one.id not in letters]
        return before - len(self.dead)

    async def heal(
        self, request: RequestId, missing: Mapping[str, Collection[TicketId]], by: str
    ) -> tuple[Healing, ...]:
        """See `Hands`."""
        self.done.append(
            ("heal", request, {target: tuple(ids) for target, ids in missing.items()}, by)
        )
        return tuple(Healing(target, f"{request}:{target}") for target in missing)

    async def begin(
        self, request: RequestId, act: Act, targets: Sequence[str], by: str
    ) -> tuple[Begun, ...]:
        """See `Hands`."""
        self.done.append(("begin", request, act, tuple(targets), by))
        return tuple(Begun(target, f"{request}:{target}") for target in targets)

    async def begin_look(self, request: RequestId, by: str) -> Looking | None:
        """See `Means`."""
        if isinstance(self.found, Looking):
            return self.found
        self.done.append(("begin_look", request, by))
        return None

    async def look(self, request: RequestId, by: str) -> None:
        """See `Means`."""
        self.done.append(("look", request, by))
        self._try("look")

    async def looked(self, request: RequestId) -> Looking | Looked | None:
        """See `Means`."""
        return self.found

    async def holdings(self, request: RequestId, targets: Sequence[str]) -> Sequence[Holding]:
        """See `Means`."""
        held = {one.target: one for one in self.held}
        return [held.get(name, Holding(request, name, None, {}, None)) for name in targets]

    async def keep_receipt(self, act: str, by: str, done: ActResult) -> str:
        """See `Means`."""
        self._try("keep_receipt")
        self.receipts.append(
            Receipt(act, by, 1, done.title, done.lines, done.back, done.back_words)
        )
        return str(len(self.receipts) - 1)

    async def receipt(self, name: str) -> Receipt | None:
        """See `Means`."""
        self._try("receipt")
        return (
            self.receipts[int(name)] if name.isdigit() and int(name) < len(self.receipts) else None
        )


def with_letters(*letters: DeadLetter) -> Means:
    """Dead letters, and nothing else."""
    return Means(known=a_request(), dead=list(letters))


def with_times(
    details: RequestDetails, reached: Sequence[str] = (), not_yet: Sequence[str] = ()
) -> RequestDetails:
    """The same request, of whose targets some have been worked on."""
    times = [MigrationTimes(one, 1, 0, "", "", 7, None, None, None, None) for one in reached]
    times += [MigrationTimes(one, 1, 0, "", "", None, None, None, None, None) for one in not_yet]
    return replace(details, times=tuple(times))


def moved(details: RequestDetails, target: str, state: State) -> RequestDetails:
    """The same request after one of its targets went on."""
    view = details.view
    found = tuple(
        replace(one, state=state) if one.target == target else one for one in view.migrations
    )
    return replace(details, view=replace(view, migrations=found))


def _draw(
    request: Request, title: str, template: str, status: int, models: Mapping[str, object]
) -> Response:
    return PlainTextResponse(f"{template} {title} {models!r}", status)


def a_page(means: acts.Means, doors: Doors | None = None) -> httpx.AsyncClient:
    """A client on this machine of a page with a token."""
    known, tries = doors or Doors(token=TOKEN), Tries()
    signing_in = SigningIn(known, tries, _draw, lambda: NOW_S, lambda: 0.0)
    app = Starlette(routes=[*Acts(means, known, _draw).routes(), *signing_in.routes()])
    guard = Guard(app, known, tries=tries, now_s=lambda: NOW_S, ticks_s=lambda: 0.0)
    transport = httpx.ASGITransport(guard, client=("127.0.0.1", 5000))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost:8081")
