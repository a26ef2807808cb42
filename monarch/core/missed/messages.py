"""The message to a channel about missed repositories."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from monarch.core.listed import listed
from monarch.core.missed.judging import Missed

NAMED_MOST: Final = 20
"""How many repositories are named; the others are counted."""


def missed_text(
    missed: Sequence[Missed], web_url: str, *, submits: bool, again: bool = False
) -> str:
    """Say which repositories were missed, and what happens now; in Slack's mrkdwn.

    `again`: a worker that has died may have posted it before.
    Names of repositories hold none of the characters that are special to Slack.
    """
    sources = sorted({one.origin.full_name for one in missed})
    made = " and ".join(_link(name, web_url) for name in sources)
    names = listed([_link(one.repository.full_name, web_url) for one in missed], NAMED_MOST)
    were = "repository was" if len(missed) == 1 else "repositories were"
    head = f":mag: {len(missed)} {were} made from {made}, and no message about it arrived"
    before = (
        " (Posted again: a worker ended before it could record the first attempt.)" if again else ""
    )
    return f"{head}: {names}. {_advice(submits=submits)}{before}"


def _advice(*, submits: bool) -> str:
    if submits:
        return "Monarch asks for the tickets now."
    return "Start the migration again for these teams, or run `monarch missed --submit`."


def _link(name: str, web_url: str) -> str:
    return f"<{web_url}/{quote(name)}|{name}>"
