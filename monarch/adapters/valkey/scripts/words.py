"""The words for what the scripts of people's acts refuse: a script answers with a code and the figures of its case."""

from collections.abc import Mapping, Sequence
from typing import Final

_OF_A_REQUEST: Final = {
    "unknown": "no request {0} is known: see `monarch requests`",
    "no_target": "request {0} has no target {1}",
    "migration": "its migration is {0}",
}

HEAL: Final = _OF_A_REQUEST | {
    "cancelled": "request {0} is cancelled; replay it first (`monarch dead replay --request {0}`)",
    "not_ended": "request {0} is {1}; heal it once it has ended",
    "no_plan": "its plan is not known any more; submit it again",
    "no_ticket": "no ticket is named",
    "never": "it can never be a target, so neither healing nor a replay helps: {0}",
    "given_up": "its migration is {0}; replay it first (`monarch dead replay --request {1}`)",
}

BEGIN: Final = _OF_A_REQUEST | {
    "not_ended": "request {0} is {1}; wait until it has ended, or cancel it first (`monarch cancel {0}`)",
    "no_plan": "its plan is not known: there is nothing that it copied, or it has expired",
    "given_up": "its {0} was given up; replay that first (`monarch dead replay --request {1}`), or drop it",
    "never_copied": "nothing was ever copied there by this request",
}

REPLAY: Final = {
    "cut": "its message was too long to be kept, and wrong; send a right one",
    "trimmed": "its message went with its entry; send the message again",
    "request": "request {0} is {1}",
    "no_migration": "it names no migration",
    "bad_target": "its target can be no repository; send a message that names the right one",
    "no_plan": "its plan is not known any more; send the message again",
    "act_over": "its {0} is over",
    "act_since": "its {0} was given up since; replay or drop that first",
    "migration": "{0} is {1}",
    "cancelling": "its request is still being cancelled; try again when it has ended",
    "request_gone": "request {0} is not known any more",
    "no_stream": "the stream that it came from is unknown",
    "nothing_left": "nothing is left of it but its id",
}


def refusal(words: Mapping[str, str], told: Sequence[str]) -> str:
    """The sentence for one refusal: `told` is its code, and the figures."""
    code, *figures = told
    return words[code].format(*figures)
