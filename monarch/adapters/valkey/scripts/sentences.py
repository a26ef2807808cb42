"""The sentences for people that scripts cause: scripts know codes and figures, and the words are here.

An immediate answer to a person is made from the code and the figures that a script gives. What a script writes down, a
dead letter's reason above all, must be readable in Valkey, by an older worker too: for that it receives the words
(`WORDS`).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from monarch.core.advice import NO_ADVICE, Advice
from monarch.core.after.sentences import NEVER_COPIED, NO_TARGET
from monarch.core.outcome import Code
from monarch.core.report.summary import STRANGE
from monarch.core.verdict import Dead, called_off


def _letter(code: Code, reason: str, advice: Advice = NO_ADVICE) -> str:
    return Dead(code, reason, advice=advice).letter


WRITTEN: Final = {
    "cancelled": called_off("%s").letter,
    "stray": _letter(Code.STRAYS, "issue #%s is a second copy", Advice("close it")),
    "strays": _letter(Code.STRAYS, "second copies were found (%s)", Advice("close them")),
    "impostor": "its field `request` names request %s, which is another entry: append it without that field",
    "removed_unplanned": "its entry was removed from the stream before it was planned; send the message again",
    "removed": "this entry was removed while it was being worked on",
    "parked_unreadable": "this entry was parked and cannot be read any more",
    "cut": " (of its %s bytes the first %s are kept here: it cannot be replayed)",
    "dropped": "Monarch: it keeps the newest %s of messages that cannot be read",
    "more_notes": "there is more of this; the log has it all",
    "unanswered": "what became of writes to two targets is not known: GitHub gave no answer, or none that can be read",
    "epoch_first": "nothing was on record",
    "epoch_restarted": "the server was started anew",
    "epoch_promoted": "the server was promoted",
    "epoch_forgot": "the server knew less than a worker had seen",
}
"""What scripts write down, by the name that they use for it; `%s` is a figure."""

_LUA: Final = ", ".join(f"{name} = {json.dumps(text)}" for name, text in WRITTEN.items())
WORDS: Final = f"local WORDS = {{{_LUA}}}\n"
"""The same as Lua; it goes before the shared parts."""

_OF_A_REQUEST: Final = {
    "unknown": "no request {0} is known: see `monarch requests`",
    "strange": STRANGE,
    "cancelling": "request {0} is being cancelled by {1}; wait until a worker has ended it",
    "no_target": NO_TARGET,
    "migration": "its migration is {0}",
}

HEAL: Final = _OF_A_REQUEST | {
    "cancelled": "request {0} is cancelled; replay it first (`monarch dead replay --request {0}`)",
    "not_ended": "request {0} is {1}; heal it once it has ended",
    "no_plan": "its plan is not known any more; submit it again",
    "no_ticket": "no ticket is named",
    "never": "it can never be a target, so neither healing nor a replay helps: {0}",
    "given_up": "its migration is {0}; replay it first (`monarch dead replay --request {1}`)",
    "dropped": "its migration is {0}, and its dead letter was dropped; send the message again",
    "not_shown": "GitHub does not show copies that it has confirmed, and a healing makes only those that were deleted; see `monarch show {0}`",
}

BEGIN: Final = _OF_A_REQUEST | {
    "not_ended": "request {0} is {1}; wait until it has ended, or cancel it first (`monarch cancel {0}`)",
    "no_plan": "its plan is not known: there is nothing that it copied, or it has expired",
    "given_up": "its {0} was given up; replay that first (`monarch dead replay --request {1}`), or drop it",
    "never_copied": NEVER_COPIED,
}

NOT_RECALLED: Final = (
    "no recalled copy is on record there: only what GitHub shows as recalled is opened"
)

REPLAY: Final = {
    "cut": "its message was too long to be kept, and wrong; send a right one",
    "no_payload": "it has no message: have its sender write that into the field `payload`, and send it again",
    "trimmed": "its message went with its entry; send the message again",
    "request": "request {0} is {1}",
    "no_migration": "it names no migration; drop it (`monarch dead drop`)",
    "no_request": "it names no request; drop it (`monarch dead drop`)",
    "bad_target": "its target can be no repository; send a message that names the right one",
    "no_plan": "its plan is not known any more; send the message again",
    "act_over": "its {0} is over",
    "act_runs": "its {0} is under way: wait until it has ended (see `monarch show {1}`)",
    "act_since": "its {0} was given up since; replay or drop that first",
    "migration": "{0} is {1}",
    "cancelling": "its request is still being cancelled; try again when it has ended",
    "request_gone": "request {0} is not known any more",
    "no_stream": "the stream that it came from is unknown",
    "nothing_left": "nothing is left of it but its id",
}


def refusal(words: Mapping[str, str], answer: Sequence[str]) -> str:
    """The sentence for one refusal: `told` is its code, and the figures."""
    code, *figures = answer
    return words[code].format(*figures)
