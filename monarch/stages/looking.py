"""To look: read a target until absence is evidence. The effects; what to ask for is decided in `core.look`.

Only a complete answer is evidence: an error on the way is an outcome, never an empty list.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from monarch.core.evidence import Evidence
from monarch.core.look import Seen, after_probe, begin_probe, gaps, see
from monarch.core.outcome import Absent, Code, Found, Permanent, ReadFailure, Scope
from monarch.core.ticket import Issue, Repository
from monarch.ports import GitHub


@dataclass(frozen=True, slots=True)
class Sight:
    """A complete look: what it shows, and every issue that it read, by its number."""

    seen: Seen
    issues: Mapping[int, Issue]


async def look(
    github: GitHub, repository: Repository, evidence: Evidence, check: Callable[[], None]
) -> Sight | ReadFailure:
    """Read the whole listing, every number that it skips, and onwards from the highest.

    `check` is asked between calls, and ends the look by raising (`Hold.check`).
    """
    listing = await github.list_issues(repository, "all")
    if not isinstance(listing, Found):
        return listing
    issues = list(listing.value)
    for number in gaps(issue.number for issue in issues):
        check()
        answer = await github.read_issue(repository, number)
        match answer:
            case Found(issue):
                issues.append(issue)
            case Absent():
                continue
            case _:
                return answer
    highest = await _read_onwards(github, repository, issues, check)
    if not isinstance(highest, int):
        return highest
    return Sight(see(issues, evidence, highest), {issue.number: issue for issue in issues})


async def _read_onwards(
    github: GitHub, repository: Repository, issues: list[Issue], check: Callable[[], None]
) -> int | ReadFailure:
    """Append what lies beyond the listing to `issues`; the highest number in use, or why it is not known."""
    probe = begin_probe(max((issue.number for issue in issues), default=0))
    while not probe.is_over:
        check()
        answer = await github.read_issue(repository, probe.number)
        if not isinstance(answer, Found | Absent):
            return answer
        if isinstance(answer, Found):
            issues.append(answer.value)
        probe = after_probe(probe, answer)
    if probe.says_issues_are_off:
        reason = f"issues are switched off in {repository.full_name}; switch them on and replay it (`monarch dead replay`)"
        return Permanent(Scope.REPOSITORY, Code.ISSUES_DISABLED, reason)
    return probe.highest
