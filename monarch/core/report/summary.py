"""How a request stands, and the words of a notice about it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from monarch.core.after.touch import Left
from monarch.core.ids import RequestId
from monarch.core.portions.message import WHOLE, Portion
from monarch.core.redact import quote


class State(StrEnum):
    """The state of a request or of a migration.

    A request is `queued` when appended and `running` once planned; it ends `done` (every target
    migrated), `failed` (a target was dead-lettered), `skipped` (no tickets), `dead` (it could not be
    planned) or `cancelled` (a person called off what was left of it). A migration is `queued`, then
    `running`, then `done`, `dead` or `cancelled`; `parked` while it waits. `unknown` stands in no record: it is what
    any other word reads as, which a newer version or a person has written there.
    """

    QUEUED = "queued"
    RUNNING = "running"
    PARKED = "parked"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    DEAD = "dead"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


OF_REQUESTS: Final = tuple(one for one in State if one not in {State.PARKED, State.UNKNOWN})
"""The states that the record of a request can name: it is queued while it is parked."""

STRANGE: Final = (
    "its record in Valkey has the state {0}, which this version of Monarch does not know: leave it to the newer version that"
    " wrote it, or correct the field `state`"
)
"""Why a state is unknown, and what to do; `{0}` is the word."""


def state_named(word: str) -> State:
    """The state that a record names."""
    return _NAMED.get(word, State.UNKNOWN)


_NAMED: Final = {one.value: one for one in (*OF_REQUESTS, State.PARKED)}


def why_unknown(word: str) -> str:
    """Why a record's state is unknown, and what to do; `""` if it is known, or there is none yet."""
    return STRANGE.format(quote(word)) if word and state_named(word) is State.UNKNOWN else ""


ENDS = frozenset({State.DONE, State.FAILED, State.SKIPPED, State.DEAD, State.CANCELLED})
"""Nothing more happens unless a person replays it."""

_WITH_LETTER = frozenset({State.DEAD, State.FAILED, State.CANCELLED})


_WITHOUT_TARGETS = {
    State.DEAD: "it ended before it was planned",
    State.CANCELLED: "it ended before it was planned",
    State.SKIPPED: "there was nothing to copy",
}


def why_without_targets(state: State) -> str:
    """Why what ended so has no targets; `""` where it may still get some."""
    return _WITHOUT_TARGETS.get(state, "")


MAX_NOTE = 300
"""Characters of one note of a migration; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class MigrationView:
    """How one target stands. `reason` is the last failure or wait, `""` if there is none; `code` says why it was given up.

    `copied` and `present` add up to the copies that are there: those that the newest look showed, and those made since.
    `refused` counts tickets that GitHub refused, `deleted` copies that people have deleted and that are not made again,
    `strays` second copies that were found. `notes` is what people should know though nothing failed, such as a label that
    GitHub dropped. `act` is the act under way other than copying (`recall`, `undo`), `acted` the last one that has ended;
    `acted_by` asked for it, `changed` is how many copies it has changed, `left` the copies that it left to people.
    `named_now` is what the repository was called when it was last written to, `""` if it was `target`, or is not known.
    `is_dropped`: a person has dropped its dead letter, so that no replay sends it back.
    """

    target: str
    state: State
    copied: int
    present: int
    refused: int
    strays: tuple[int, ...]
    reason: str
    notes: tuple[str, ...] = ()
    deleted: int = 0
    code: str = ""
    act: str = ""
    acted: str = ""
    acted_by: str = ""
    changed: int = 0
    left: tuple[Left, ...] = ()
    named_now: str = ""
    is_dropped: bool = False

    @property
    def place(self) -> str:
        """The repository that links lead to: another one may have the name of `target` by now."""
        return self.named_now or self.target


@dataclass(frozen=True, slots=True)
class RequestView:
    """How a request stands: `version` grows with every change of it; `run` with every replay, from 1.

    `channel` is `None` if the message names none; `tickets` is the size of the plan; times are in
    milliseconds since 1970, `ended_ms` is `None` until it has ended. `cancelled_by`, `paused_by` and `first_by`
    name the person who called it off, paused the fleet, or put it first; `""` if no one did.
    `left_out` is what the template has and no copy will.
    `portion` is which part of the template it asks for, and from when on. `is_dropped` as in `MigrationView`.
    """

    id: RequestId
    state: State
    version: int
    run: int
    source: str
    channel: str | None
    tickets: int
    reason: str
    appended_ms: int
    ended_ms: int | None
    migrations: tuple[MigrationView, ...]
    cancelled_by: str = ""
    paused_by: str = ""
    code: str = ""
    first_by: str = ""
    portion: Portion = WHOLE
    left_out: tuple[str, ...] = ()
    is_dropped: bool = False

    @property
    def has_letters(self) -> bool:
        """Whether something of it was given up or called off, and a replay may send it back."""
        ended = [one for one in self.migrations if one.state in _WITH_LETTER]
        if ended:
            return not all(one.is_dropped for one in ended)
        return self.state in _WITH_LETTER and not self.is_dropped

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to it unless a person replays it."""
        return self.state in ENDS
