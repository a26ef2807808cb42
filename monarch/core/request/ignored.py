"""What of a message is ignored, and may have been meant: for a person who publishes one by hand.

A planner says nothing of it: a newer publisher may send keys that it does not know.
"""

import difflib
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from monarch.core.portions.message import MILESTONES, NOT_BEFORE
from monarch.core.request.message import CHANNEL, SOURCE, TARGETS

_KNOWN: Final = (SOURCE, TARGETS, CHANNEL, NOT_BEFORE, MILESTONES)
_OPTIONAL: Final = (CHANNEL, NOT_BEFORE, MILESTONES)
_NEAR: Final = 0.8
_LONGEST: Final = 40


def misspelt(payload: bytes) -> dict[str, str]:
    """Each unknown key that reads like an optional one, with that one; none where it is no JSON object."""
    keys = dict.fromkeys(_keys(payload))
    optional = [key for key in _OPTIONAL if key not in keys]
    unknown = [key for key in keys if key not in _KNOWN]
    near = {key: difflib.get_close_matches(key[:_LONGEST], optional, 1, _NEAR) for key in unknown}
    return {key: found[0] for key, found in near.items() if found}


def repeated(payload: bytes) -> tuple[str, ...]:
    """The keys that are given more than once, of which the last counts; none where it is no JSON object."""
    counts = Counter(_keys(payload))
    return tuple(key for key in _KNOWN if counts[key] > 1)


class _Object(list[tuple[str, object]]):
    """An object of JSON as it came: each key with its value."""


def _keys(payload: bytes) -> Sequence[str]:
    """The keys of the message itself, in their order."""
    message: object = None
    with suppress(ValueError, RecursionError):
        message = json.loads(payload, object_pairs_hook=_Object)
    return [key for key, _ in message] if isinstance(message, _Object) else []
