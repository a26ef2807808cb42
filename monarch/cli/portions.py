"""What the commands know of portions: the options that ask for one, and the words that show it."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monarch.cli.calling import WRONG, fail
from monarch.cli.terminal.printing import clean
from monarch.core.portions.dates import TooFar, date_mistake, date_ms, date_words, release_of
from monarch.core.portions.message import MILESTONES, NOT_BEFORE, Portion

_WORD: Final = re.compile(r'"[^"]*"|(?<!\S)[a-z_]+(?=[ :;,]|$)')
"""A word of a sentence, or all that stands in quotes. A name such as `org/milestones` is none."""


@dataclass(frozen=True, slots=True)
class RequestArguments:
    """The arguments of a command that asks for a migration."""

    source: str
    targets: Sequence[str]
    channel: str | None = None
    not_before: str | None = None
    milestones: Sequence[str] = ()

    def message(self) -> bytes:
        """The message that says the same."""
        from monarch.app.operator import message  # noqa: PLC0415 - lazily

        return message(self.source, self.targets, self.channel, self.not_before, self.milestones)


def in_arguments(sentence: str) -> str:
    """What is wrong with a message, said of the arguments that it was made from."""
    from monarch.core.request.message import CHANNEL, SOURCE, TARGETS  # noqa: PLC0415 - lazily

    arguments = {
        SOURCE: "SOURCE",
        TARGETS: "TARGETS",
        CHANNEL: "--channel",
        NOT_BEFORE: "--not-before",
        MILESTONES: "--milestone",
    }
    return _WORD.sub(lambda found: arguments.get(found[0], found[0]), sentence)


def has_mistaken_date(portion: Portion) -> bool:
    """Whether `demand_date` refuses it."""
    return bool(date_mistake(portion.not_before, round(time.time() * 1000)))


def demand_date(portion: Portion, untouched: str = "") -> None:
    """Refuse a date that has passed or is too far ahead.

    A person who types such a date has made a mistake. A message with a past date is carried out: it may be an old one,
    sent again for a late team. `untouched` says what the refusal left undone.
    """
    date, now_ms = portion.not_before, round(time.time() * 1000)
    if date is None:
        return
    rest = f"; {untouched}" if untouched else ""
    if date_ms(date) <= now_ms:
        fail(
            f"--not-before is {date_words(date)}, which has passed; leave it out to begin at once{rest}",
            WRONG,
        )
    if (reason := too_far(portion)) is not None:
        fail(f"{clean(in_arguments(reason))}{rest}", WRONG)


def too_far(portion: Portion) -> str | None:
    """Why its date is too far ahead; `None` if it is not."""
    found = release_of(portion.not_before, round(time.time() * 1000))
    return found.reason if isinstance(found, TooFar) else None
