"""Keys of a message that are ignored and read like one that counts: for a person who publishes one by hand."""

import difflib
import json
from contextlib import suppress
from typing import Final

from monarch.core.portions.message import MILESTONES, NOT_BEFORE
from monarch.core.request.message import CHANNEL, SOURCE, TARGETS

_NEAR: Final = 0.8
_LONGEST: Final = 40


def misspelt(payload: bytes) -> dict[str, str]:
    """Each such key, with the optional key that it reads like; none where it is no JSON object.

    A planner says nothing of them: a newer publisher may send keys that it does not know.
    """
    message: object = None
    with suppress(ValueError, RecursionError):
        message = json.loads(payload)
    if not isinstance(message, dict):
        return {}
    optional = [key for key in (CHANNEL, NOT_BEFORE, MILESTONES) if key not in message]
    unknown = [
        key for key in message if key not in {SOURCE, TARGETS, CHANNEL, NOT_BEFORE, MILESTONES}
    ]
    near = {key: difflib.get_close_matches(key[:_LONGEST], optional, 1, _NEAR) for key in unknown}
    return {key: found[0] for key, found in near.items() if found}
