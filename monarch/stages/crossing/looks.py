"""Looks: read a repository until absence is evidence. These are the effects; `core.target.look` decides what to read.

Source and target are read in the same way, since listings mislead about both in the same ways: they lag, and a list of
*open* issues shrinks while it is paged, so that an issue closed meanwhile hides another one.
Only a complete answer is evidence: an error on the way is an outcome, never an empty list.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from monarch.core.advice import Advice
from monarch.core.outcome import Absent, Code, Found, Permanent, ReadFailure, Scope
from monarch.core.target.evidence import Evidence
from monarch.core.target.look import (
    NEWEST_GAPS,
    PROBE_MOST,
    Probe,
    Seen,
    after_probe,
    begin_probe,
    gaps,
    see,
    unreached,
)
from monarch.core.target.step import highest_on_record
from monarch.core.ticket import Issue, Repository
from monarch.ports import GitHub
from monarch.stages.support.aside import Aside, on_the_loop


@dataclass(frozen=True, slots=True)
class Reading:
    """Every issue and pull request of a repository by number, the highest number in use, and those that are gone.

    `gone` are numbers whose issue was deleted or moved away, as far as they were read: in an old repository not all are.
    """

    issues: Mapping[int, Issue]
    highest: int
    gone: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class CompleteLook:
    """A complete look: what it shows, and every issue that it read, by its number; `gone` is as in `Reading`."""

    seen: Seen
    issues: Mapping[int, Issue]
    gone: frozenset[int] = frozenset()


async def look(
    github: GitHub,
    repository: Repository,
    evidence: Evidence,
    check: Callable[[], None],
    aside: Aside = on_the_loop,
) -> CompleteLook | ReadFailure:
    """Read a target whole, and see which copies it holds. `check` is as in `read_whole`.

    The texts of a large target are searched `aside`.
    """
    on_record = highest_on_record(evidence.records.values())
    reading = await read_whole(github, repository, check, on_record)
    if not isinstance(reading, Reading):
        return reading
    seen = await aside(lambda: see(reading.issues.values(), evidence, reading.highest))
    return CompleteLook(seen, reading.issues, reading.gone)


async def read_whole(
    github: GitHub, repository: Repository, check: Callable[[], None], on_record: int = 0
) -> Reading | ReadFailure:
    """Read the whole listing, every number that it skips, and onwards from the highest number.

    Args:
        check: called between calls to GitHub; it ends the reading by raising (`Hold.check`).
        on_record: the highest number known to have been used, 0 if none is.
    """
    return await _Whole(github, repository, check, on_record).read()


class _Whole:
    """One reading under way."""

    def __init__(
        self, github: GitHub, repository: Repository, check: Callable[[], None], on_record: int
    ) -> None:
        self._github = github
        self._repository = repository
        self._check = check
        self._on_record = on_record
        self._issues: dict[int, Issue] = {}
        self._gone: set[int] = set()

    async def read(self) -> Reading | ReadFailure:
        return (
            await self._read_listing()
            or await self._read_gaps()
            or await self._read_onwards()
            or Reading(self._issues, max([0, *self._issues, *self._gone]), frozenset(self._gone))
        )

    async def _read_listing(self) -> ReadFailure | None:
        listing = await self._github.list_issues(self._repository)
        if not isinstance(listing, Found):
            return listing
        self._issues = {issue.number: issue for issue in listing.value}
        return None

    async def _read_gaps(self) -> ReadFailure | None:
        return await self._read_all(gaps(self._issues))

    async def _read_onwards(self) -> ReadFailure | None:
        highest = max([0, *self._issues])
        if highest < self._on_record:
            probe = await self._probe(highest, NEWEST_GAPS)
            if not isinstance(probe, Probe):
                return probe
            failure = await self._read_all(unreached(probe, self._on_record))
            if failure is not None or (probe.is_over and probe.number > self._on_record):
                return failure
            highest = max(probe.number - 1, self._on_record)
        probe = await self._probe(highest, PROBE_MOST)
        if not isinstance(probe, Probe):
            return probe
        return _too_many_gone(self._repository, probe) if probe.is_exhausted() else None

    async def _probe(self, highest: int, most: int) -> Probe | ReadFailure:
        """Read onwards from `highest` until nothing follows, `most` numbers at most."""
        probe = begin_probe(highest)
        while not (probe.is_over or probe.is_exhausted(most)):
            answer = await self._read(probe.number)
            if not isinstance(answer, Found | Absent):
                return answer
            probe = after_probe(probe, answer)
            unclear = await self._ask() if probe.is_unclear else None
            if unclear is not None:
                return unclear
        return probe

    async def _read_all(self, numbers: Iterable[int]) -> ReadFailure | None:
        for number in numbers:
            answer = await self._read(number)
            if not isinstance(answer, Found | Absent):
                return answer
        return None

    async def _read(self, number: int) -> Found[Issue] | Absent | ReadFailure:
        self._check()
        answer = await self._github.read_issue(self._repository, number)
        match answer:
            case Found(issue):
                self._issues[number] = issue
            case Absent(taken=True):
                self._gone.add(number)
        return answer

    async def _ask(self) -> ReadFailure | None:
        """Whether numbers reported as deleted are: `None` if so; with issues off GitHub reports every number so."""
        self._check()
        repository = self._repository
        answer = await self._github.find_repository(repository.id, repository.full_name)
        if not isinstance(answer, Found):
            return answer
        return None if answer.value.has_issues else _switched_off(self._repository)


def _switched_off(repository: Repository) -> Permanent:
    reason = f"issues are switched off in {repository.full_name}"
    advice = Advice("switch them on")
    return Permanent(Scope.REPOSITORY, Code.ISSUES_DISABLED, reason, advice=advice)


def _too_many_gone(repository: Repository, probe: Probe) -> Permanent:
    """Ask for a later issue at the top: it turns all these numbers into gaps, of which the newest are enough."""
    reason = (
        f"the {probe.read} numbers below #{probe.number} in {repository.full_name} are not in its listing, and more"
        " seem to follow"
    )
    advice = Advice("open an issue there and close it")
    return Permanent(Scope.REPOSITORY, Code.LISTING_UNCLEAR, reason, advice=advice)
