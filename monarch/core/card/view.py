"""How a cohort stands: the requests of one source and one channel that came together."""

from dataclasses import dataclass
from typing import Final

from monarch.core.ids import CohortId
from monarch.core.moments import date_of
from monarch.core.portions.dates import date_words
from monarch.core.report.summary import RequestView


@dataclass(frozen=True, slots=True)
class Card:
    """Where the card of a cohort is in Slack, for people.

    `channel` is as the message spelled it until Slack has named its id, `ts` is `""` before it is posted; `error` is why
    Slack did not get it, `""` if it did. `shown_version` is the newest version of the cohort that Slack shows.
    `is_unanswered`: it was sent, and Slack's answer is not there, so it may be in the channel or not.
    """

    channel: str
    ts: str
    error: str = ""
    shown_version: int = 0
    is_unanswered: bool = False


UNANSWERED: Final = (
    "Slack has not said whether it has the progress message: look in the channel. It is not posted again, and cannot be"
    " brought up to date; the ending comes as a message of its own"
)
"""What people should know of a card that `is_unanswered`."""


def unanswered(card: "Card | None") -> str:
    """What people should know of where Slack has left its answer out; `""` if it has not."""
    return UNANSWERED if card is not None and card.is_unanswered else ""


def held_by_limit(until_ms: int) -> str:
    """Why what Slack did not get is not tried at once; `until_ms` in milliseconds since 1970."""
    until = date_words(date_of(until_ms))
    return f"Slack has answered that its limit is reached; what it did not get is sent no earlier than {until}"


@dataclass(frozen=True, slots=True)
class CohortView:
    """How a cohort stands: `requests` in the order in which they joined.

    `version` grows with every change of one of them. `card` is `None` if the message names no channel. Times are in
    milliseconds since 1970; `source_id` is GitHub's, `None` if it is not known.
    """

    id: CohortId
    version: int
    source: str
    source_id: int | None
    opened_ms: int
    joined_ms: int
    requests: tuple[RequestView, ...]
    card: Card | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to any of its requests unless a person replays one, or another one joins."""
        return all(request.has_ended for request in self.requests)
