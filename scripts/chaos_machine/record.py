"""What was done and what was seen, as plain values: the machine writes them down, the judge reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

ENDS: Final = ("done", "failed", "skipped", "dead")
"""The states in which a request has ended."""


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault that was done.

    Attributes:
        began: seconds since 1970; likewise `ended`.
        detail: whom it hit, for people.
        rule: the stand-in's number of the rule that made it, if one did.
        asks_wait_s: for how long the answers of that rule ask to wait, in seconds; 0: they do not.
    """

    kind: str
    began: float
    ended: float
    detail: str = ""
    rule: int | None = None
    asks_wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Resume:
    """A delivery that lost its worker.

    Attributes:
        why: `killed`, `frozen`, `stopped` (and handed back), or `left`: its worker stopped while Valkey was away, or
            Valkey has forgotten the handback.
        waited_s: until it was in another's hands, in seconds; `None`: it never was.
        excused_s: the part of it in which Valkey took no writes, people had paused the fleet, or no worker that works
            had a free place.
    """

    why: str
    entry: str
    waited_s: float | None
    excused_s: float


@dataclass(frozen=True, slots=True)
class Exit:
    """A worker that was asked to stop: how long it took, in seconds, and what it ended with.

    `had_started` is false where the signal met a process that was still loading its modules: it ends by the signal
    itself and has nothing in hand.
    """

    worker: str
    seconds: float
    code: int
    had_started: bool = True


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket of a source.

    Attributes:
        title: the one that it has now; no other ticket has it.
        bodies: every text that it has had, the one of now last.
        since: when it was opened, in seconds since 1970.
        is_open: whether it is open; what was closed or deleted before it was copied may be copied, or not.
        former: titles that it had before.
        milestone: its title; `""`: none.
        labels: the names of those that it has now.
        reopened_at: when it was opened again, in seconds since 1970; `None`: it was not, or is closed now.
    """

    id: int
    number: int
    title: str
    bodies: tuple[str, ...]
    since: float = 0.0
    is_open: bool = True
    former: tuple[str, ...] = ()
    milestone: str = ""
    labels: frozenset[str] = frozenset()
    reopened_at: float | None = None

    @property
    def was_closed(self) -> bool:
        """Whether it is closed, or was for a while."""
        return not self.is_open or self.reopened_at is not None


@dataclass(frozen=True, slots=True)
class Turn:
    """An issue was closed, or opened again: when it had its effect, in seconds since 1970, and whether by Monarch."""

    at: float
    is_closed: bool
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Copy:
    """An issue that Monarch created, or that the predecessor has left for it to adopt.

    Attributes:
        ticket: the id of the ticket whose title it was created with; `None`: no ticket has such a title.
        first: the text that it was created with, without its marker.
        body: the text that it has now, without its marker.
        created_at: seconds since 1970.
        is_removed: whether a person deleted it.
        turns: its closings and openings, oldest first.
        is_adopted: whether it stood there before Monarch came, under our account and with the ticket's title.
        labels: the names of those that it has now.
    """

    number: int
    ticket: int | None
    title: str
    first: str
    body: str
    created_at: float
    is_removed: bool = False
    turns: tuple[Turn, ...] = ()
    is_adopted: bool = False
    labels: frozenset[str] = frozenset()

    def last_turn(self, before: float) -> Turn | None:
        """The last closing or opening before that time."""
        return next((turn for turn in reversed(self.turns) if turn.at < before), None)

    @property
    def is_open(self) -> bool:
        """Whether it is open now."""
        return not self.turns or not self.turns[-1].is_closed


@dataclass(frozen=True, slots=True)
class Touch:
    """A person did something to an issue.

    Attributes:
        at: when it was done at the latest, in seconds since 1970.
        what: in a word.
        title: the title that the person left, and `body` the text; `None`: as it was.
    """

    at: float
    repository: int
    number: int
    what: str
    title: str | None = None
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """An act that a person asked for by a command.

    Attributes:
        kind: `recall`, `undo`, `heal`, `update`, `update-close` or `missed`.
        at: when the command was given, in seconds since 1970.
        repository: the id of the one that it was about.
        source: the template of its copies.
        ended: when its end was seen; `None`: it was not.
    """

    kind: str
    at: float
    repository: int
    source: str
    ended: float | None = None


@dataclass(frozen=True, slots=True)
class Naming:
    """A name, in lower case, led to a repository from then to then; `until` is `None` while it does."""

    name: str
    repository: int
    since: float
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A message was sent, `at` in seconds since 1970; milestones and `not_before` as `wishes.Wish` has them."""

    at: float
    source: str
    targets: tuple[str, ...]
    channel: str = ""
    milestones: tuple[str, ...] = ()
    not_before: float = 0.0


@dataclass(frozen=True, slots=True)
class Finding:
    """A breach that only the hand of a fault can see."""

    column: str
    what: str


@dataclass(frozen=True, slots=True)
class Request:
    """How a request ended, in Monarch's words.

    Attributes:
        targets: those that it was planned for, or those that its message named.
        strays: by target, the numbers of second copies that Monarch reported.
    """

    id: str
    state: str
    source: str = ""
    targets: tuple[str, ...] = ()
    channel: str = ""
    strays: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter; `migration` is `""` where it is of a request or a notice."""

    stream: str
    request: str
    migration: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Event:
    """A line of Monarch's log for people; `at` in seconds since 1970."""

    at: float
    name: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that reached GitHub or Slack; times in seconds since 1970.

    Attributes:
        text: the body of an issue, or the text of a message.
        state: that an issue is to have from now on; `""`: as it is.
        channel: of a message.
        ended: when it was answered or dropped; `None`: never.
        status: what was answered; `None`: nothing.
        account: who made it; `None`: nobody knows.
    """

    at: float
    ended: float | None
    api: str
    method: str
    path: str
    text: str
    channel: str
    status: int | None
    rule: int | None
    account: str | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a Slack channel with every text that it ever had; `at` in whole seconds since 1970."""

    channel: str
    at: float
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything that the judge may know.

    Attributes:
        copies: by the repository's id, in the order of their numbers; those of deleted repositories, too.
        namings: which repository each name led to when.
        removed_at: when repositories were deleted, by id.
        asks: every message that was sent.
        touched: copies that people have changed, by repository and number.
        acts: what people asked for after the copy.
        touches: what people did to issues while that went on.
        found: what the hands saw.
        world: what was played.
        acknowledged: ids of requests that a producer was told to be on disk.
        gone: workers that ended without having been asked to, in words.
        memory_lost: when Valkey's memory may have gone back, in seconds since 1970.
        has_ended: whether everything ended before the machine's patience did.
    """

    tickets: Mapping[str, tuple[Ticket, ...]]
    copies: Mapping[int, tuple[Copy, ...]]
    namings: tuple[Naming, ...]
    healthy: frozenset[str]
    requests: tuple[Request, ...]
    acknowledged: frozenset[str]
    dead: tuple[DeadLetter, ...]
    events: tuple[Event, ...]
    calls: tuple[Call, ...]
    messages: tuple[Message, ...]
    faults: tuple[Struck, ...]
    asks: tuple[Ask, ...] = ()
    removed_at: Mapping[int, float] = field(default_factory=dict)
    touched: frozenset[tuple[int, int]] = frozenset()
    acts: tuple[Act, ...] = ()
    touches: tuple[Touch, ...] = ()
    found: tuple[Finding, ...] = ()
    world: str = "fence"
    resumes: tuple[Resume, ...] = ()
    exits: tuple[Exit, ...] = ()
    gone: tuple[str, ...] = ()
    memory_lost: tuple[float, ...] = ()
    has_ended: bool = True
    lease_s: float = 20.0
