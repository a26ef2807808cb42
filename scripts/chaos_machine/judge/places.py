"""Which repository a name meant, and when: the judge's only way from a name to a repository. Pure.

A message names a name. What it asks for is the repository that the name leads to when Monarch resolves it, which it does
by a call that names the name. A repository that no such call was about, before a ticket was put there, was not asked for.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from scripts.chaos_machine.record import Ask, Call, Naming, Ticket, Truth

_RESOLVES: Final = re.compile(r"/repos/([^/]+/[^/]+)")
_AROUND_S: Final = 0.5
"""A call may be noted so much earlier or later than the renaming that it met, in seconds."""


class Places:
    """The names of a run."""

    def __init__(self, truth: Truth) -> None:
        self._namings: dict[str, list[Naming]] = {}
        for naming in truth.namings:
            self._namings.setdefault(naming.name, []).append(naming)
        self._asks = truth.asks
        self._resolved: dict[int, list[tuple[float, str]]] = {}
        for at, name, repository in self._resolutions(truth.calls):
            self._resolved.setdefault(repository, []).append((at, name))

    def led_to(self, name: str, begin: float, end: float) -> set[int]:
        """Every repository that the name led to at some time between."""
        return {
            naming.repository
            for naming in self._namings.get(name.lower(), ())
            if naming.since <= end and (naming.until is None or naming.until >= begin)
        }

    def names_of(self, repository: int) -> set[str]:
        """Every name that ever led to a repository, in lower case."""
        namings = (one for row in self._namings.values() for one in row)
        return {naming.name for naming in namings if naming.repository == repository}

    def asked(self, source: str, target: str) -> float:
        """When the source was first asked for in that target, in seconds since 1970; 0 where it never was."""
        return min(self._asked_at(source, target.lower()), default=0.0)

    def is_asked_for(self, source: str, repository: int, at: float) -> bool:
        """Whether some message wanted this source in this repository by then."""
        return any(
            resolved <= at and 0.0 < self.asked(source, name) <= resolved
            for resolved, name in self._resolved.get(repository, ())
        )

    def portion(self, source: str, target: str, channel: str) -> frozenset[str] | None:
        """The milestones that the messages of this channel have asked for there; `None`: all tickets."""
        name = target.lower()
        asks = [ask for ask in self._asks if ask.channel == channel and _names(ask, source, name)]
        if not asks or not all(ask.milestones for ask in asks):
            return None
        return frozenset(title for ask in asks for title in ask.milestones)

    def due(self, repository: int, ticket: Ticket, at: float) -> float:
        """From when on a ticket may be copied into a repository, by the messages until then; infinity: not at all."""
        names = self.names_of(repository)
        return min(
            (
                max(ask.at, ask.not_before)
                for ask in self._asks
                if ask.at <= at
                and (not ask.milestones or ticket.milestone in ask.milestones)
                and names & {target.lower() for target in ask.targets}
            ),
            default=float("inf"),
        )

    def _asked_at(self, source: str, name: str) -> Iterator[float]:
        for ask in self._asks:
            if _names(ask, source, name):
                yield ask.at

    def _resolutions(self, calls: Iterable[Call]) -> Iterator[tuple[float, str, int]]:
        for call in calls:
            found = _RESOLVES.fullmatch(call.path) if call.method == "GET" else None
            if found and call.api == "github" and call.ended is not None:
                name = found[1].lower()
                around = self.led_to(name, call.at - _AROUND_S, call.ended + _AROUND_S)
                yield from ((call.at, name, repository) for repository in around)


def _names(ask: Ask, source: str, name: str) -> bool:
    return ask.source == source and name in {target.lower() for target in ask.targets}
