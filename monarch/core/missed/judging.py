"""Whether a repository was missed, or why it is left alone."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from monarch.core.ids import TargetId
from monarch.core.missed.sighting import Listed, Sighting
from monarch.core.request.message import BadMessage, Request
from monarch.core.request.rules import Rules, source_refusal, target_refusal
from monarch.core.ticket import Origin

BEFORE_MS = 180_000
"""How long before its repository a message may come, in milliseconds: Monarch waits for a target, and clocks differ.

An older message with this name was about another repository, which was deleted since.
"""


_WEEK_MS = 7 * 86_400_000


def window_ms(kept_ms: int) -> int:
    """How far back a sweep looks by itself: a week, or as long as the names are kept that requests have named.

    A repository whose message is forgotten would count as missed. All in milliseconds.
    """
    return min(_WEEK_MS, kept_ms - BEFORE_MS)


class LeftAlone(StrEnum):
    """Why a repository is left alone."""

    OLDER = "older"
    YOUNG = "young"
    ARCHIVED = "archived"
    FORK = "fork"
    TEMPLATE = "template"
    NO_TEMPLATE = "no-template"
    UNKNOWN_TEMPLATE = "unknown-template"
    NOT_ALLOWED = "not-allowed"
    ASKED = "asked"
    COPIES = "copies"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class SweepWindow:
    """Which repositories count: those created since `since_ms`, in milliseconds since 1970.

    A repository younger than `young_ms` may still be asked for: the message about it comes after it was created.
    """

    since_ms: int
    now_ms: int
    young_ms: int = 0

    def ripe_ms(self, one: Listed) -> int | None:
        """When a young repository is old enough; `None` if it is already."""
        ripe_ms = one.created_ms + self.young_ms
        return ripe_ms if ripe_ms > self.now_ms else None


@dataclass(frozen=True, slots=True)
class KnownTemplate:
    """A source that was asked for. `channel`: where its requests were reported last, `None`: nowhere."""

    full_name: str
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What requests named.

    Attributes:
        sources: by GitHub's id.
        targets: when each name, in lower case, was asked for last, in milliseconds since 1970.
        ids: the repositories that a migration has reached, whatever name it was asked for by.
    """

    sources: Mapping[int, KnownTemplate] = field(default_factory=dict)
    targets: Mapping[str, int] = field(default_factory=dict)
    ids: frozenset[TargetId] = frozenset()

    def named(self, sighting: Sighting) -> bool:
        """Whether a request was about this repository."""
        earliest = sighting.listed.created_ms - BEFORE_MS
        return sighting.listed.id in self.ids or any(
            self.targets.get(name, 0) >= earliest for name in sighting.names
        )

    def source(self, origin: Origin) -> KnownTemplate | None:
        """The source that this origin is, if it was asked for."""
        return self.sources.get(origin.id)


@dataclass(frozen=True, slots=True)
class Missed:
    """A repository that was missed, and what its request would say."""

    repository: Listed
    origin: Origin
    channel: str | None


def left_unread(one: Listed, window: SweepWindow) -> LeftAlone | None:
    """Why it is left alone without reading its own address; `None`: it has to be read."""
    if one.created_ms < window.since_ms:
        return LeftAlone.OLDER
    if one.archived:
        return LeftAlone.ARCHIVED
    if one.is_fork:
        return LeftAlone.FORK
    return LeftAlone.TEMPLATE if one.is_template else None


def left_alone(
    sighting: Sighting, window: SweepWindow, asked: AskedFor, rules: Rules
) -> LeftAlone | None:
    """Why it is left alone by all that is known without a look into it; `None`: it is not."""
    unread = left_unread(sighting.listed, window)
    if unread is not None:
        return unread
    origin = sighting.origin
    if origin is None:
        return LeftAlone.NO_TEMPLATE
    if sighting.listed.id in asked.sources:
        return LeftAlone.TEMPLATE
    if not _is_known(origin, asked, rules):
        return LeftAlone.UNKNOWN_TEMPLATE
    if not _is_allowed(sighting, origin, rules):
        return LeftAlone.NOT_ALLOWED
    if asked.named(sighting):
        return LeftAlone.ASKED
    if sighting.has_copies:
        return LeftAlone.COPIES
    return None if window.ripe_ms(sighting.listed) is None else LeftAlone.YOUNG


def missed(sighting: Sighting, origin: Origin, asked: AskedFor) -> Missed:
    """The repository as one that was missed."""
    source = asked.source(origin)
    return Missed(sighting.listed, origin, source.channel if source else None)


def with_unplanned(
    asked: AskedFor, unplanned: Iterable[tuple[int, Request | BadMessage]]
) -> AskedFor:
    """What was asked for, with requests that are not planned yet, each with its time in milliseconds."""
    named = dict(asked.targets)
    for at_ms, request in unplanned:
        for target in request.targets if isinstance(request, Request) else ():
            named[target.key] = max(at_ms, named.get(target.key, 0))
    return replace(asked, targets=named)


def counted(reasons: Iterable[LeftAlone]) -> dict[LeftAlone, int]:
    """How many are left alone for each reason, in the order of the reasons."""
    counts = Counter(reasons)
    return {left: counts[left] for left in LeftAlone if counts[left]}


def _is_known(origin: Origin, asked: AskedFor, rules: Rules) -> bool:
    """Whether it was asked for before, or is on the allow list; a list that allows everything names nothing."""
    if asked.source(origin) is not None:
        return True
    return bool(rules.allowed_sources) and source_refusal(origin.full_name, rules) is None


def _is_allowed(sighting: Sighting, origin: Origin, rules: Rules) -> bool:
    """Whether the planner would take such a request."""
    return (
        source_refusal(origin.full_name, rules) is None
        and target_refusal(sighting.listed.full_name, rules) is None
    )
