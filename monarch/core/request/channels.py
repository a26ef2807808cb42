"""Whether a text can be a Slack channel: checked where a person types one and can still correct it.

A published message is not refused for its channel. Its tickets matter more: it is carried out, and if Slack then refuses
the channel, only the notice becomes a dead letter.
"""

import re
from typing import Final

EXPECTED: Final = "the id of a Slack channel such as C06GHMZB3M3, or its name"

_NONE: Final = re.compile(r"""[\s<>&@!|"'`*?,;:(){}\[\]/\\]|.#|^#?$""", re.DOTALL)
"""Slack takes letters of any script, digits, hyphens and underscores, with or without a `#`. `<!channel>` calls everyone."""


def can_be_a_channel(text: str) -> bool:
    """Whether this may name a Slack channel; white space around it does not count."""
    return _NONE.search(text.strip()) is None
