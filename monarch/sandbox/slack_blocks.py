"""Block Kit's limits, as Slack applies them to messages.

Sources: docs.slack.dev, Block Kit's reference; the limit of all texts together is not documented there and was seen by
people (slackapi/bolt-js 2509).
"""

from __future__ import annotations

from typing import Any, Final

MAX_BLOCKS: Final = 50
MAX_TEXT: Final = 3_000
MAX_HEADER: Final = 150
MAX_ELEMENTS: Final = 10
MAX_ALL_TEXT: Final = 13_200
_FORMS: Final = {"mrkdwn", "plain_text"}
_KINDS: Final = {"section", "context", "header", "divider"}
"""The kinds that this stand-in knows; there are more."""


class SlackError(Exception):
    """One of the words that Slack puts into ``error``."""


def check_blocks(blocks: list[Any]) -> None:
    """Refuse what Slack refuses.

    Raises:
        SlackError: ``invalid_blocks`` or ``msg_blocks_too_long``.

    """
    if len(blocks) > MAX_BLOCKS:
        raise SlackError("invalid_blocks")
    characters = sum(map(_check, blocks))
    if characters > MAX_ALL_TEXT:
        raise SlackError("msg_blocks_too_long")


def _check(block: Any) -> int:
    """How many characters a block has."""
    if not isinstance(block, dict) or block.get("type") not in _KINDS:
        raise SlackError("invalid_blocks")
    match block["type"]:
        case "section":
            return _characters(block.get("text"), MAX_TEXT)
        case "header":
            return _characters(block.get("text"), MAX_HEADER)
        case "context":
            elements = block.get("elements")
            if not isinstance(elements, list) or not 1 <= len(elements) <= MAX_ELEMENTS:
                raise SlackError("invalid_blocks")
            return sum(_characters(one, MAX_TEXT) for one in elements)
        case _:
            return 0


def _characters(text: Any, most: int) -> int:
    said = text.get("text") if isinstance(text, dict) and text.get("type") in _FORMS else None
    if not isinstance(said, str) or not 1 <= len(said) <= most:
        raise SlackError("invalid_blocks")
    return len(said)
