"""What a person can do about a failure, apart from what happened.

The two become one sentence only where people read them. A person replays a dead letter after following the advice, so a
dead letter says that. A dry run, in which nothing has died, does not.
"""

from dataclasses import dataclass
from typing import Final

_REPLAY: Final = "replay it (`monarch dead replay`)"


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, as a clause without a full stop; `""`: nothing.

    `replay` is true if a dead letter is worth a replay after that.
    """

    text: str = ""
    replay: bool = True


RESTART: Final = "and restart workers that run with the old one"
"""Behind a setting to be mended: true for a worker, and for a command, which reads its settings anew each time."""


def find_out(what: str) -> str:
    """What to do about a key of Valkey that holds something else, as a sentence without a full stop."""
    return f"Find out with `valkey-cli` (Valkey's own tool: TYPE) {what}, and rename it"


def as_sentence(clause: str) -> str:
    """A clause of advice as a sentence of its own; the names in it stay as they are."""
    return f"{clause[:1].upper()}{clause[1:]}."


FIT: Final = "use a Monarch and a server that fit"
"""What to do where GitHub refuses the version of its API, which no other credential changes."""

NO_ADVICE: Final = Advice(replay=False)

UNDONE: Final = "a replay undoes it"
"""Behind what a person has called off."""

_AGAIN: Final = "send the message again, since its dead letter was dropped"


def after_the_drop(letter: str) -> str:
    """The sentence of a dead letter that a person has dropped: its advice to replay it cannot be followed any more."""
    for replay in (_REPLAY, UNDONE):
        if letter.endswith(replay):
            return letter.removesuffix(replay) + _AGAIN
    return letter


def sentence(reason: str, advice: Advice) -> str:
    """What happened, and what to do."""
    return "; ".join(filter(None, (reason, advice.text)))


class Advised:
    """Something with a `reason`, which says what happened, and an `advice`."""

    __slots__ = ()
    reason: str
    advice: Advice

    @property
    def sentence(self) -> str:
        """What happened, and what to do."""
        return sentence(self.reason, self.advice)

    @property
    def letter(self) -> str:
        """The same sentence for a dead letter: it may end with the replay."""
        if not self.advice.replay:
            return self.sentence
        return self.sentence + (", then " if self.advice.text else "; ") + _REPLAY
