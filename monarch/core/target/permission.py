"""What the ledger answers, and what is recorded in it: permissions are fenced, facts are not."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monarch.core.after.acts import Change
from monarch.core.after.later import Later
from monarch.core.ids import Epoch, TargetId, TicketId
from monarch.core.target.step import Intended, LedgerRecord
from monarch.core.ticket import Author
from monarch.core.timing import PERMISSION_LIFE_MS


@dataclass(frozen=True, slots=True)
class Credential:
    """Who pays for a call: the account whose budget it uses, and the token's fingerprint (not a secret).

    `login` is the name that our copies are written under, `None` if GitHub does not say; `user_id` is GitHub's number of
    that user, 0 if it does not say.
    """

    account: str
    fingerprint: str
    login: str | None = None
    user_id: int = 0

    @property
    def author(self) -> Author | None:
        """The author of our copies, as far as the credential itself says it."""
        return None if self.login is None else Author(self.login, self.user_id)


@dataclass(frozen=True, slots=True)
class Lost:
    """The delivery, or the target's lock, is not ours any more: end at once and settle nothing."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Another migration writes to this target."""


@dataclass(frozen=True, slots=True)
class GivesWay:
    """Another cohort has its turn and no place yet: this one comes back in `wait_s` seconds."""

    wait_s: float


@dataclass(frozen=True, slots=True)
class GateClosed:
    """No worker calls with this credential for `wait_s` seconds, because of `cause`."""

    wait_s: float
    cause: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """A new epoch began: no writes for `wait_s` seconds, and every migration looks again before writing."""

    wait_s: float


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A person called the request off: nothing more of it is written."""

    by: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a migration comes from, by what is on record.

    `target` is the repository that it took last, `None`: it has not taken any. It is the one that was asked for, whichever
    bears its name by now. `asked_ms` is when its request was made, by the server's clock. Its id says so, but an id can
    be ahead of the clock: a producer may force one, a clock may be set back, and later ids follow the newest. Such a
    request was made when it was planned. `act_ms` is when a person asked for the act that it lends itself to, `None` if
    there is none, or an older version began it.
    """

    target: TargetId | None
    asked_ms: int
    act_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The target's lock is ours.

    `records` is its ledger; `now_ms` the server's time of this answer; `epoch` names the server's memory. `later` is what the
    ledger says about copies after they were created, only for those about which it says something.
    """

    records: Mapping[TicketId, LedgerRecord]
    now_ms: int
    epoch: Epoch
    later: Mapping[TicketId, Later] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Granted:
    """Write now, once: the intent `nonce` is on record and the budget is taken.

    `at_ms` is when it was granted, and the bytes must have left by `until_ms`; both by the server's clock.
    """

    nonce: str
    at_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class AlreadyCreated:
    """The ledger has its copy meanwhile."""

    number: int


@dataclass(frozen=True, slots=True)
class MustReconcile:
    """The ledger has an intent that was not reconciled by the caller."""

    intended: Intended


@dataclass(frozen=True, slots=True)
class Wait:
    """The budget has room again in `wait_s` seconds, unless a delivery earlier in line takes it first.

    `in_place`: the wait is short enough to keep place and target for it.
    """

    wait_s: float
    in_place: bool = True


@dataclass(frozen=True, slots=True)
class Intention:
    """The wish to change an existing copy: what goes on record as pending before the write.

    `reconciled` is the nonce of the pending change whose result the caller has seen, `None` if there was none.
    """

    ticket: TicketId
    change: Change
    number: int
    reconciled: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """One write that a crossing asks for.

    Attributes:
        epoch: the one that the caller's look belongs to.
        ticket: the ticket to create a copy of; `None` for any other write (a label, an edit), which the ledger does not
            record, since it may be done twice.
        reconciled: nonce of the intent that the caller has reconciled, if any; `#<number>` of the copy that the caller
            has to make again and has seen to be deleted.
        life_ms: the bytes leave within this many milliseconds after the call, or not at all. The intent on record names
            the end of that time, by the server's clock.
        intention: a change of an existing copy, which goes on record as pending; `ticket` is `None` then.
    """

    epoch: Epoch
    ticket: TicketId | None = None
    reconciled: str | None = None
    life_ms: int = PERMISSION_LIFE_MS
    intention: Intention | None = None


Taking = Taken | Busy | GivesWay | GateClosed | Quiet | Cancelled | Lost
Permission = Granted | AlreadyCreated | MustReconcile | Wait | GateClosed | Quiet | Cancelled | Lost


@dataclass(frozen=True, slots=True)
class WasCreated:
    """A 201: the copy is `number`. `nonce` names the write, `issue` is GitHub's id of the copy (0: not known)."""

    number: int
    nonce: str
    issue: int = 0


@dataclass(frozen=True, slots=True)
class WasFound:
    """A look showed the copy under this number. `issue` is GitHub's id of it (0: not known)."""

    number: int
    issue: int = 0


@dataclass(frozen=True, slots=True)
class WasRefused:
    """GitHub refused this ticket for good; the intent `nonce` came to nothing."""

    nonce: str
    run: int
    reason: str


@dataclass(frozen=True, slots=True)
class WasNotCreated:
    """The write certainly had no effect: the intent `nonce` is withdrawn."""

    nonce: str


@dataclass(frozen=True, slots=True)
class WasUnanswered:
    """It is not known whether the write took effect: the intent stays; only the slot in the budget is given back."""

    nonce: str


@dataclass(frozen=True, slots=True)
class WasStray:
    """A look showed a second copy under this number, beside the one under `original`.

    The ledger has the last word. If it says that `number` is the copy, `original` is the second one. If it knows of a write
    under way, the worker that reconciles it looks again, and nothing is reported before that.
    """

    number: int
    original: int


@dataclass(frozen=True, slots=True)
class WasAnswered:
    """A write that makes no issue was answered, with anything but a limit: the slot of `nonce` is free."""

    nonce: str


@dataclass(frozen=True, slots=True)
class WasChanged:
    """A change of copy `number` took effect, and its pending intent `nonce` ends.

    It counts only while that intent is on record. `is_seen`: not an answer said so, but a read after it had settled.
    """

    change: Change
    number: int
    nonce: str
    is_seen: bool = False


@dataclass(frozen=True, slots=True)
class WasRecalled:
    """A person recalls copy `number`, which an update has closed with its ticket: from now on it is recalled like the others.

    It counts only while that is what the ledger says of it.
    """

    number: int


@dataclass(frozen=True, slots=True)
class WasNoted:
    """Something that people should know about this migration though nothing failed, such as a dropped label.

    The same text again changes nothing: it is reported once.
    """

    text: str


@dataclass(frozen=True, slots=True)
class WasLooked:
    """A complete look showed how many of the plan's copies are there, and how many people have deleted.

    It counts only while the worker that looked has the target: reports show what the newest look showed, and the copies
    made since. It is not a step, so a delivery that dies after each of its looks makes no progress by them.
    """

    there: int
    deleted: int


Fact = (
    WasCreated
    | WasFound
    | WasRefused
    | WasNotCreated
    | WasUnanswered
    | WasStray
    | WasAnswered
    | WasNoted
    | WasLooked
    | WasChanged
    | WasRecalled
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The fact is on record. `stray` is the number of a second copy that is reported now, `None` if there is none."""

    stray: int | None = None
