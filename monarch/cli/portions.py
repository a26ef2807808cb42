"""What the commands know of portions: the options that ask for one, and the words that show it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from monarch.cli.calling import WRONG, fail
from monarch.cli.terminal.printing import clean
from monarch.core.portions.dates import TooFar, date_ms, date_words, release_of
from monarch.core.portions.keys import Portion


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
    found = release_of(date, now_ms)
    if isinstance(found, TooFar):
        fail(f"{clean(found.reason)}{rest}", WRONG)
