"""One sweep over the repositories of an owner.

It receives an owner and a window of time, reads what it does not remember, decides by what Valkey knows of requests
which repositories were missed, and promises that none of those that it names carries a copy of ours and that it writes
nothing to GitHub.

Its cost: one read for each hundred repositories in the window, and none where the newest hundred are unchanged (GitHub
says 304); one for each repository that it sees for the first time, since no list says what a repository was made from;
one or two more for each that seems to be missed. It remembers all answers, so a sweep that finds nothing new costs one
read.

What can still go wrong: a message is on its way while the sweep looks. Then the repository is asked for twice, which
copies nothing twice. A repository that is transferred to the owner is older than what is remembered, and only a sweep
with a longer window sees it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from monarch.core.copy.seal import Seal
from monarch.core.ids import TargetId
from monarch.core.missed.judging import (
    AskedFor,
    LeftAlone,
    Missed,
    SweepWindow,
    counted,
    left_alone,
    left_unread,
    missed,
    with_unplanned,
)
from monarch.core.missed.sighting import (
    Listed,
    Memory,
    Newest,
    NotModified,
    Sighting,
    bounded,
    merged,
    name_within,
    read_until_ms,
    unread,
)
from monarch.core.outcome import Found, Permanent, RateLimited, ReadFailure, Scope, said_of
from monarch.core.request.message import parse_message
from monarch.core.request.rules import Rules
from monarch.core.span import span
from monarch.core.target.evidence import Evidence, Rank
from monarch.core.target.logins import Us
from monarch.core.target.permission import Credential
from monarch.core.ticket import Issue, Repository
from monarch.ports import Budget, GitHub
from monarch.ports.missed import Missing
from monarch.ports.owners import Owners

T = TypeVar("T")

REMEMBERED_MOST: Final = 5000
"""How many repositories of one owner, the newest, to remember."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep found.

    Attributes:
        missed: the newest first.
        left: how many others there are, by the reason why they are left alone.
        repositories: how many the window holds.
        unread: how many of these were not read, since a sweep reads only `Options.most`; the next sweep goes on.
        reads: how many answers of GitHub it took, not counting the pages of long lists of issues.
        ripe_ms: when the first of the too young repositories is old enough, in ms since 1970; `None` without one.
        problem: why it did not finish, `""` if it did.
    """

    owner: str
    missed: tuple[Missed, ...] = ()
    left: Mapping[LeftAlone, int] = field(default_factory=dict)
    repositories: int = 0
    unread: int = 0
    reads: int = 0
    ripe_ms: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SweepTools:
    """Where a sweep reads.

    `us` says who we are. `budget` says whether GitHub may be called, and receives limits.
    """

    github: GitHub
    owners: Owners
    missing: Missing
    budget: Budget
    us: Callable[[Credential], Awaitable[Us]]


@dataclass(frozen=True, slots=True)
class Options:
    """How a sweep is done.

    Attributes:
        most: how many repositories to read at their own addresses.
        is_fresh: look again into those that were looked into before.
        tell: receives the name of each reading's subject.
    """

    rules: Rules
    seal: Seal | None = None
    most: int = 200
    is_fresh: bool = False
    tell: Callable[[str], None] = lambda _name: None


async def sweep(reading: SweepTools, owner: str, window: SweepWindow, options: Options) -> Sweep:
    """Look through the repositories of `owner`. What was read before a failure is still remembered.

    Raises:
        StoreError: Valkey cannot be asked; without it nothing is known to be missed.
    """
    return await _Sweeper(reading, owner, window, options).run()


class _Stopped(Exception):  # noqa: N818 - the end of a sweep, and no error of the program's
    """The sweep ends here; the message says why."""


class _Sweeper:
    """One sweep: what it remembers, and what it has cost so far."""

    def __init__(
        self, reading: SweepTools, owner: str, window: SweepWindow, options: Options
    ) -> None:
        self._from = reading
        self._owner = owner
        self._window = window
        self._options = options
        self._memory = Memory()
        self._credential = Credential("", "")
        self._repositories: dict[TargetId, Repository] = {}
        self._unread = 0
        self._reads = 0

    async def run(self) -> Sweep:
        before = self._memory = await self._from.missing.memory(self._owner)
        try:
            await self._begin()
            await self._look()
            found = await self._judge()
        except _Stopped as stopped:
            found = Sweep(self._owner, problem=str(stopped))
        finally:
            if self._memory != before:
                await self._from.missing.remember(self._owner, self._memory)
        return replace(found, unread=self._unread, reads=self._reads)

    async def _begin(self) -> None:
        """Find out which credential reads, and whether GitHub may be called at all."""
        who = await self._from.github.credential(name_within(self._owner))
        self._credential = await self._found(who)
        closed = await self._from.budget.gate(self._credential)
        if closed is not None:
            raise _Stopped(f"the gate is closed for {span(closed.wait_s)}: {closed.cause}")

    # ------------------------------------------------------------------------------------------- reading

    async def _look(self) -> None:
        """Bring the memory up to date."""
        since_ms, known = self._window.since_ms, self._memory
        is_whole = known.complete_ms is not None and known.complete_ms <= since_ms
        until_ms = read_until_ms(known, since_ms)
        self._options.tell(self._owner)
        newest = await self._from.owners.newest(
            self._owner, until_ms, known.tag if is_whole else ""
        )
        if isinstance(newest, NotModified):
            self._reads += 1
            return
        await self._read(await self._found(newest))

    async def _read(self, newest: Newest) -> None:
        self._reads += newest.pages
        self._memory = replace(merged(self._memory, newest.repositories, ()), tag="")
        wanted = [
            one
            for one in unread(newest.repositories, self._memory)
            if left_unread(one, self._window) is None
        ]
        self._unread = len(wanted)
        for one in wanted[: self._options.most]:
            repository = await self._repository(one)
            self._unread -= 1
            if repository is not None:
                self._memory = merged(self._memory, (), (Sighting(one, repository.origin),))
        self._memory = bounded(self._with_completeness(newest), REMEMBERED_MOST)

    def _with_completeness(self, newest: Newest) -> Memory:
        """Note whether the memory is complete; if not, the next sweep lists the whole window again."""
        if self._unread:
            return replace(self._memory, complete_ms=None)
        since_ms, known_ms = self._window.since_ms, self._memory.complete_ms
        complete_ms = since_ms if known_ms is None else min(since_ms, known_ms)
        return replace(self._memory, tag=newest.tag, complete_ms=complete_ms)

    async def _repository(self, one: Listed) -> Repository | None:
        """The repository as its own address shows it, read once in a sweep; `None` if it is gone."""
        if one.id in self._repositories:
            return self._repositories[one.id]
        self._options.tell(one.full_name)
        self._reads += 1
        found = await self._from.github.find_repository(one.id, one.full_name)
        if _is_of_one(found):
            return None
        self._repositories[one.id] = await self._found(found)
        return self._repositories[one.id]

    async def _found(self, outcome: Found[T] | ReadFailure) -> T:
        if isinstance(outcome, Found):
            return outcome.value
        if isinstance(outcome, RateLimited):
            await self._from.budget.close(self._credential, outcome.wait_s, outcome.reason)
        raise _Stopped(said_of(outcome))

    # ------------------------------------------------------------------------------------------- judging

    async def _judge(self) -> Sweep:
        window, rules = self._window, self._options.rules
        seen = [
            one
            for one in self._memory.sightings.values()
            if one.listed.created_ms >= window.since_ms
        ]
        seen.sort(key=lambda one: (-one.listed.created_ms, one.listed.id))
        asked = await self._asked(seen)
        found: list[Missed] = []
        left: list[LeftAlone] = []
        ripe: list[int] = []
        for one in seen:
            reason = left_alone(one, window, asked, rules) or await self._look_into(one, asked)
            if reason is None and one.origin is not None:
                found.append(missed(self._memory.sightings[one.listed.id], one.origin, asked))
            elif reason is not None:
                left.append(reason)
            ripe_ms = window.ripe_ms(one.listed)
            if reason is LeftAlone.YOUNG and ripe_ms is not None:
                ripe.append(ripe_ms)
        return Sweep(
            self._owner,
            tuple(found),
            counted(left),
            len(seen),
            ripe_ms=min(ripe, default=None),
        )

    async def _asked(self, seen: Sequence[Sighting]) -> AskedFor:
        unplanned = await self._from.missing.unplanned()
        if unplanned is None:
            raise _Stopped(
                "too many messages wait for a planner: which repositories they name is not known yet"
            )
        asked = await self._from.missing.asked(seen)
        rules = self._options.rules
        return with_unplanned(asked, ((at, parse_message(raw, rules)) for at, raw in unplanned))

    async def _look_into(self, one: Sighting, asked: AskedFor) -> LeftAlone | None:
        """Look into a repository: why it is left alone after all; `None`: it was missed."""
        if one.is_empty and not self._options.is_fresh:
            return None
        repository = await self._repository(one.listed)
        if repository is None:
            self._forget(one.listed.id)
            return LeftAlone.GONE
        has_copies = await self._has_copies(repository)
        listed = replace(one.listed, full_name=repository.full_name, archived=repository.archived)
        looked = replace(one, is_empty=not has_copies, has_copies=has_copies)
        self._memory = merged(self._memory, (listed,), (looked,))
        seen = self._memory.sightings[listed.id]
        return left_alone(seen, self._window, asked, self._options.rules)

    async def _has_copies(self, repository: Repository) -> bool:
        """Whether an issue there carries a credible marker.

        With issues switched off there is none, and the request for it would say what to do.
        """
        if not repository.has_issues:
            return False
        self._reads += 1
        listed = await self._from.github.list_issues(repository)
        issues = () if _is_of_one(listed) else await self._found(listed)
        us = await self._from.us(self._credential)
        evidence = Evidence(repository.id, us, seal=self._options.seal)
        return any(_is_copy(issue, evidence) for issue in issues)

    def _forget(self, gone: TargetId) -> None:
        kept = {i: one for i, one in self._memory.sightings.items() if i != gone}
        self._memory = replace(self._memory, sightings=kept)


def _is_of_one(outcome: object) -> bool:
    """Whether only this one repository is refused, so that the others can still be read."""
    return isinstance(outcome, Permanent) and outcome.scope is not Scope.CREDENTIAL


def _is_copy(issue: Issue, evidence: Evidence) -> bool:
    marker = None if issue.is_pull else evidence.marker_of(issue)
    return marker is not None and evidence.rank(issue, marker) <= Rank.SIGNED
