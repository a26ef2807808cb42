"""Checks whether the owners that are swept for missed repositories can be listed: one read for each."""

from typing import Final

from monarch.adapters.github.client import HttpGitHub
from monarch.app.doctor.refusals import LATER, when_limited
from monarch.app.doctor.valkey_checks import Check, Status
from monarch.app.wiring import app_of, github_of
from monarch.core.advice import as_sentence
from monarch.core.missed.sighting import NotModified
from monarch.core.outcome import Code, Found, Permanent, RateLimited, ReadFailure
from monarch.settings import Settings

_NEVER_MS: Final = 2**53
"""No repository is as young as this, so one page is read and nothing is kept."""

_ADVICE: Final = (
    "Correct MONARCH_MISSED_OWNERS, or give the token or the App the right to see its repositories."
)


async def missed_checks(settings: Settings) -> tuple[Check, ...]:
    """A line for each owner; none where nothing is swept, or nothing could sign."""
    signs = settings.gh_pat is not None or app_of(settings) is not None
    if not (settings.missed_owners and signs):
        return ()
    async with github_of(settings) as github:
        return tuple([await _check(github, owner) for owner in settings.missed_owners])


async def _check(github: HttpGitHub, owner: str) -> Check:
    found = await github.newest(owner, _NEVER_MS)
    if isinstance(found, Found | NotModified):
        return Check("missed owners", Status.OK, f"{owner}: its repositories can be listed")
    return Check("missed owners", Status.WARN, f"{owner}: {found.reason}", advice_on(found))


def advice_on(failure: ReadFailure) -> str:
    """Only where GitHub knows no such owner the list is to be corrected."""
    match failure:
        case RateLimited():
            return when_limited(failure)
        case Permanent(code=Code.NOT_FOUND):
            return _ADVICE
        case Permanent(advice=advice):
            return as_sentence(advice.text)
        case _:
            return LATER
