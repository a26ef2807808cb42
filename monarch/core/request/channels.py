"""Whether a text can be a channel of Slack's: asked where a person types one, who can still correct it.

A published message is not refused for it. Its tickets matter more than its channel: it is carried out, and what Slack
then refuses is a dead letter of the notice alone.
"""

import re
from typing import Final

EXPECTED: Final = "the id of a Slack channel such as C06GHMZB3M3, or its name"

_NONE: Final = re.compile(r"""[\s<>&@!|"'`*?,;:(){}\[\]/\\]|.#|^#?$""", re.DOTALL)
"""Slack takes letters of any script, digits, hyphens and underscores, behind a `#` or not. `<!channel>` is a call to all."""


def can_be_a_channel(text: str) -> bool:
    """Whether Slack may know a channel by this; white space around it does not count."""
    return _NONE.search(text.strip()) is None
