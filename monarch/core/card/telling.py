"""The next message about a cohort. Pure: from what Slack knows already to the one message that is due.

The rules, first that applies:

1. No channel, or one that Slack refuses while something goes on: nothing.
2. The card is not there: it is posted, once. If the answer was lost, the card may be there, and a second one would be
   noise, so none is posted. A card that a person has deleted is posted anew once.
3. A failure for a new cause is reported at once, as a reply in the card's thread.
4. The card does not show the newest version: it is edited, at the earliest 3 s after the last edit.
5. A reply is out of date: it is edited.
6. All requests have ended and this ending was not posted: it is posted, at the earliest 20 s after the last request joined.
   If the answer was lost, it is posted again and says so: better twice than never.

An ending that failed goes before everything else the next time: an edit that Slack refuses must not delay it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from monarch.core.budget.forecast import Forecast
from monarch.core.card.messages import (
    Places,
    Words,
    card_words,
    causes,
    ending_words,
    named_for,
    needs_a_person,
    reply_words,
)
from monarch.core.card.view import CohortView

EDIT_EVERY_MS: Final = 3_000
"""The least time between two edits of a card, in milliseconds: Slack takes 50 edits a minute from an app."""

ENDING_AFTER_MS: Final = 20_000
"""How long after the last request joined the ending waits, in milliseconds: the platform's messages come within seconds."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message in Slack: its channel's id, its `ts`, and the digest of what it says."""

    channel: str
    ts: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class ThreadReply:
    """What is known about a reply. `message` is `None` if its answer was lost; `names` is what it reported as failed."""

    message: Message | None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Telling:
    """The right to report on a cohort, and all that Slack knows about it; times in milliseconds by the server's clock.

    Attributes:
        view: how the cohort stands now; channel: where to post, `None`: nowhere.
        now_ms: when this was read; edited_ms: when the card was posted or edited last.
        said_version: the newest version that the card shows, 0: none.
        card: the card's message, `None`: there is none, or its place is not known.
        card_open: it was sent, and its answer never came.
        reposted: a person has deleted it, and it was posted anew.
        dropped: a person has deleted it again: there will be none.
        frozen: it is there and can no longer be edited.
        ended_version: the newest version whose ending was posted, 0: none; endings: how many were posted.
        ending_open: an ending was sent, and its answer never came.
        replies: by cause.
        is_refused: Slack refused this channel for good, and a dead letter says so.
    """

    view: CohortView
    channel: str | None
    now_ms: int
    said_version: int = 0
    edited_ms: int = 0
    card: Message | None = None
    card_open: bool = False
    reposted: bool = False
    dropped: bool = False
    frozen: bool = False
    ended_version: int = 0
    endings: int = 0
    ending_open: bool = False
    replies: Mapping[str, ThreadReply] | None = None
    is_refused: bool = False


CARD: Final = "card"
ENDING: Final = "ending"
_REPLY: Final = "reply:"


@dataclass(frozen=True, slots=True)
class Post:
    """Post a message: `what` it is, and in whose thread (`None`: in the channel).

    `broadcast`: it is shown in the channel as well. `names`: what a reply reports as failed.
    """

    what: str
    words: Words
    thread: Message | None = None
    broadcast: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EditMessage:
    """Edit an existing message."""

    what: str
    words: Words
    message: Message
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The existing message says it already: only the version has to be put on record."""

    what: str
    message: Message


@dataclass(frozen=True, slots=True)
class WaitLonger:
    """Nothing now; look again in `wait_ms` milliseconds."""

    wait_ms: int
    is_ending: bool = False


@dataclass(frozen=True, slots=True)
class UpToDate:
    """Slack shows everything that it should."""


Step = Post | EditMessage | Unchanged | WaitLonger | UpToDate


@dataclass(frozen=True, slots=True)
class Manner:
    """How messages are posted: where links lead, whether a first ending is shown in the channel, and how long it waits."""

    places: Places
    ending_in_channel: bool = True
    ending_after_ms: int = ENDING_AFTER_MS


def reply_of(cause: str) -> str:
    """The name of the reply for a cause."""
    return _REPLY + cause


def next_step(
    telling: Telling, manner: Manner, forecast: Forecast | None, *, ending_first: bool = False
) -> Step:
    """The one thing to do next. See the module for the rules."""
    ended = telling.view.has_ended
    if telling.channel is None or (telling.is_refused and not ended):
        return UpToDate()
    if ending_first and isinstance(step := _ending(telling, manner), Post):
        return step
    return (
        _card_post(telling, manner, forecast)
        or _new_reply(telling, manner)
        or _card_edit(telling, manner, forecast)
        or _changed_reply(telling, manner)
        or _ending(telling, manner)
        or UpToDate()
    )


def _card_post(telling: Telling, manner: Manner, forecast: Forecast | None) -> Post | None:
    is_there = telling.card is not None or telling.card_open or telling.dropped
    if is_there or telling.is_refused:
        return None
    return Post(CARD, card_words(telling.view, manner.places, forecast))


def _card_edit(telling: Telling, manner: Manner, forecast: Forecast | None) -> Step | None:
    view, card = telling.view, telling.card
    if card is None or telling.frozen or telling.said_version >= view.version:
        return None
    words = card_words(view, manner.places, forecast)
    if words.digest == card.digest:
        return Unchanged(CARD, card)
    wait_ms = telling.edited_ms + EDIT_EVERY_MS - telling.now_ms
    # A clock that went back must not delay the edit for longer.
    if 0 < wait_ms <= EDIT_EVERY_MS:
        return WaitLonger(wait_ms)
    return EditMessage(CARD, words, card)


def _new_reply(telling: Telling, manner: Manner) -> Post | None:
    if telling.card is None:
        return None
    known = telling.replies or {}
    for cause in causes(telling.view):
        if cause not in known:
            words = reply_words(telling.view, cause, (), manner.places)
            names = named_for(telling.view, cause)
            return Post(reply_of(cause), words, telling.card, names=names)
    return None


def _changed_reply(telling: Telling, manner: Manner) -> EditMessage | None:
    for cause, reply in (telling.replies or {}).items():
        if reply.message is None:
            continue
        words = reply_words(telling.view, cause, reply.names, manner.places)
        if words.digest != reply.message.digest:
            names = dict.fromkeys((*reply.names, *named_for(telling.view, cause)))
            return EditMessage(reply_of(cause), words, reply.message, tuple(names))
    return None


def _ending(telling: Telling, manner: Manner) -> Post | WaitLonger | None:
    view = telling.view
    if not view.has_ended or telling.ended_version >= view.version:
        return None
    wait_ms = view.joined_ms + manner.ending_after_ms - telling.now_ms
    if 0 < wait_ms <= manner.ending_after_ms:
        return WaitLonger(wait_ms, is_ending=True)
    words = ending_words(view, manner.places, repeated=telling.ending_open)
    first = manner.ending_in_channel and telling.endings == 0
    broadcast = telling.card is not None and (first or needs_a_person(view))
    return Post(ENDING, words, telling.card, broadcast=broadcast)


# --------------------------------------------------------------------------------- what was done meanwhile


def after(telling: Telling, step: Post | EditMessage | Unchanged, message: Message) -> Telling:
    """What Slack knows once a step was taken; `message` is what was posted or edited."""
    version = telling.view.version
    if step.what == CARD:
        return replace(
            telling,
            card=message,
            card_open=False,
            said_version=version,
            edited_ms=telling.edited_ms if isinstance(step, Unchanged) else telling.now_ms,
        )
    if step.what == ENDING:
        endings = telling.endings + 1
        return replace(telling, ended_version=version, ending_open=False, endings=endings)
    names = () if isinstance(step, Unchanged) else step.names
    return _with_reply(telling, step.what, ThreadReply(message, names))


def after_loss(telling: Telling, step: Post) -> Telling:
    """What is known once a post got no answer: it may be there."""
    if step.what == CARD:
        return replace(telling, card_open=True)
    if step.what == ENDING:
        return replace(telling, ending_open=True)
    return _with_reply(telling, step.what, ThreadReply(None, step.names))


def _with_reply(telling: Telling, what: str, reply: ThreadReply) -> Telling:
    known = {**(telling.replies or {}), what.removeprefix(_REPLY): reply}
    return replace(telling, replies=known)


def after_gone(telling: Telling, what: str, *, deleted: bool) -> Telling:
    """What is known once a message turned out to be gone, or can no longer be edited."""
    if what != CARD:
        return _with_reply(telling, what, ThreadReply(None))
    if not deleted:
        return replace(telling, frozen=True)
    return replace(telling, card=None, reposted=True, dropped=telling.reposted)
