"""What one outside call did: a closed set, made in one place from the bytes that came back.

```
Found        the answer to a read
Absent       a number without an issue: never used (404), deleted (410) or moved away (301)
Created      the write took effect; the answer has the number
Accepted     a write that makes no issue took effect
AlreadyThere what the write would make is there already
Withheld     the write never left: the lease would not have outlived it
RateLimited  GitHub (or Slack) said: not now. The write took no effect
Transient    it failed, certainly without an effect; trying again later may help
Permanent    it was refused, and will be again until a person changes something
Unknown      a write that may or may not have taken effect
```
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, TypeVar

from monarch.core.advice import NO_ADVICE, Advice, Advised
from monarch.core.ticket import Author

T = TypeVar("T")


class Scope(StrEnum):
    """How much a permanent refusal condemns."""

    TICKET = "ticket"
    REPOSITORY = "repository"
    CREDENTIAL = "credential"


class Code(StrEnum):
    """Why something was given up: the closed set of the dead letters' `code` field."""

    # The message as a whole
    TOO_LARGE = "message_too_large"
    NOT_JSON = "message_not_json"
    NOT_AN_OBJECT = "message_not_an_object"
    MISSING_KEY = "message_missing_key"
    WRONG_TYPE = "message_wrong_type"
    BAD_SOURCE = "bad_source"
    SOURCE_NOT_ALLOWED = "source_not_allowed"
    NO_TARGETS = "no_targets"
    TOO_MANY_TARGETS = "too_many_targets"
    BAD_DATE = "bad_not_before"
    BAD_MILESTONES = "bad_milestones"
    DATE_TOO_FAR = "not_before_too_far"
    NO_MILESTONE = "milestone_not_found"
    PLAN_TOO_LARGE = "plan_too_large"
    # One target of it
    BAD_TARGET = "bad_target"
    TARGET_IS_SOURCE = "target_is_source"
    TARGET_NOT_ALLOWED = "target_not_allowed"
    PRIVATE_SOURCE = "private_source"
    # What GitHub says about a repository
    NOT_FOUND = "repository_not_found"
    ARCHIVED = "repository_archived"
    ISSUES_DISABLED = "issues_disabled"
    LISTING_UNCLEAR = "listing_unclear"
    FORBIDDEN = "forbidden"
    REFUSED = "refused"
    # What GitHub says about a ticket, a credential
    TICKETS_REFUSED = "tickets_refused"
    COPIES_MISSING = "copies_missing"
    STRAYS = "strays_found"
    CREDENTIAL = "credential_refused"
    # What became of the delivery
    OUT_OF_ATTEMPTS = "out_of_attempts"
    POISON = "poison"
    UNREADABLE = "entry_unreadable"
    PLAN_MISSING = "plan_missing"
    TRIMMED = "entry_trimmed"
    CANCELLED = "cancelled"
    # Slack
    SLACK_REFUSED = "slack_refused"


STAYS_WRONG: Final = frozenset(
    {
        Code.TOO_LARGE,
        Code.NOT_JSON,
        Code.NOT_AN_OBJECT,
        Code.MISSING_KEY,
        Code.WRONG_TYPE,
        Code.BAD_SOURCE,
        Code.NO_TARGETS,
        Code.TOO_MANY_TARGETS,
        Code.BAD_DATE,
        Code.DATE_TOO_FAR,
        Code.BAD_MILESTONES,
        Code.BAD_TARGET,
        Code.TARGET_IS_SOURCE,
        Code.UNREADABLE,
    }
)
"""In these the message itself is wrong: sent back it fails again, and only a corrected message helps."""


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """The complete answer to a read."""

    value: T


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no issue with that number to read.

    `taken` is true if the number was used once (deleted, or moved to another repository).
    """

    taken: bool


@dataclass(frozen=True, slots=True)
class Created:
    """The issue was created, under this number; `issue_id` is GitHub's id of it.

    `dropped` names what was asked for and is not in GitHub's answer, such as `label "bug"` or `milestone`: without
    the right to push GitHub drops it silently. `author` is the author that GitHub names, `None` if it names none.
    """

    number: int
    issue_id: int
    dropped: tuple[str, ...] = ()
    author: Author | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A label, a milestone, an edit or a sub-issue took effect; `number` is that of a milestone, else `None`."""

    number: int | None = None


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """What the write would make is there already (422 `already_exists`): made by someone else, or by us."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """Nothing was sent: the lease was lost, or too short to outlive the write."""


@dataclass(frozen=True, slots=True)
class RateLimited:
    """Not now, and not counted as a failure.

    `wait_s` is how long the answer asked to wait, in seconds; `None` if it did not say.
    """

    reason: str
    wait_s: float | None


@dataclass(frozen=True, slots=True)
class Transient:
    """It failed without an effect, and may work later."""

    reason: str


@dataclass(frozen=True, slots=True)
class Permanent(Advised):
    """It was refused for a reason that only a person can change.

    `fields` are those that a validation (422) names, such as `milestone` or `type`; empty for all else.
    `keeps_out`: it is about who calls, or from where, and not about what was sent.
    """

    scope: Scope
    code: Code
    reason: str
    fields: tuple[str, ...] = ()
    advice: Advice = NO_ADVICE
    keeps_out: bool = False


UNCLEAR: Final = "it is unknown whether it was done; Monarch looks first"
"""What an unclear answer to a write means, and what happens next."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A write whose effect is not known: its deadline passed, its connection broke, or a 5xx came."""

    reason: str


ReadFailure = RateLimited | Transient | Permanent


def said_of(failure: ReadFailure) -> str:
    """What happened, and what to do if a person can do something."""
    return failure.sentence if isinstance(failure, Permanent) else failure.reason


WriteOutcome = Created | Withheld | RateLimited | Transient | Permanent | Unknown
"""The outcome of a write that creates an issue."""

DetailOutcome = Accepted | AlreadyThere | Withheld | RateLimited | Transient | Permanent | Unknown
"""The outcome of any other write. Each may be sent again: doing it twice is as good as once."""
