"""What a sweep sees of an owner's repositories, and what it remembers about them, so that each is read once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from monarch.core.ids import TargetId
from monarch.core.ticket import Origin


def name_within(owner: str) -> str:
    """The name of a repository of that owner, to find the credential by. It need not exist."""
    return f"{owner}/.github"


OVERLAP_MS = 3_600_000
"""How much further back each sweep reads than it has to, in milliseconds: lists show new repositories late."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A repository as its owner's list shows it, which does not include what it was made from."""

    id: TargetId
    full_name: str
    created_ms: int
    archived: bool = False
    is_fork: bool = False
    is_template: bool = False


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest repositories of an owner, the newest first.

    `tag` names this very answer: while it is current, asking again costs nothing of GitHub's budget. `pages` is how many
    reads it took.
    """

    repositories: tuple[Listed, ...]
    tag: str = ""
    pages: int = 1


@dataclass(frozen=True, slots=True)
class NotModified:
    """The newest repositories are the same as last time."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A repository and what its own address said, once.

    Attributes:
        origin: what it was made from; `None`: nothing that our account may see.
        former: other names under which it was seen, in lower case.
        is_empty: a look into it found no copies.
        has_copies: a look into it found copies.
    """

    listed: Listed
    origin: Origin | None = None
    former: tuple[str, ...] = ()
    is_empty: bool = False
    has_copies: bool = False

    @property
    def names(self) -> frozenset[str]:
        """Every name that it is known to have had, in lower case."""
        return frozenset({self.listed.full_name.lower(), *self.former})


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered about an owner.

    Attributes:
        tag: of the newest page, `""` if not all that it shows is remembered.
        complete_ms: every repository created between then and the newest remembered one is remembered, except those
            that were forgotten because there were too many; `None`: that cannot be said.
        sightings: by GitHub's id.
    """

    tag: str = ""
    complete_ms: int | None = None
    sightings: Mapping[TargetId, Sighting] = field(default_factory=dict)


def read_until_ms(memory: Memory, since_ms: int) -> int:
    """How far back a list has to be read so that, together with the memory, nothing since `since_ms` is missing."""
    if memory.complete_ms is None or memory.complete_ms > since_ms:
        return since_ms
    newest = max((one.listed.created_ms for one in memory.sightings.values()), default=since_ms)
    return max(since_ms, newest - OVERLAP_MS)


def unread(listed: Iterable[Listed], memory: Memory) -> tuple[Listed, ...]:
    """The repositories whose own address was not read yet, in their order."""
    return tuple(one for one in listed if one.id not in memory.sightings)


def merged(memory: Memory, listed: Iterable[Listed], read: Iterable[Sighting]) -> Memory:
    """The memory with what lists say now, and with what was read."""
    sightings = {**memory.sightings, **{one.listed.id: one for one in read}}
    for one in listed:
        known = sightings.get(one.id)
        if known is not None:
            sightings[one.id] = _seen_as(known, one)
    return replace(memory, sightings=sightings)


def _seen_as(known: Sighting, listed: Listed) -> Sighting:
    names = known.names - {listed.full_name.lower()}
    return replace(known, listed=listed, former=tuple(sorted(names)))


def bounded(memory: Memory, most: int) -> Memory:
    """Forget all but the newest."""
    newest = sorted(memory.sightings.values(), key=lambda one: -one.listed.created_ms)
    return replace(memory, sightings={one.listed.id: one for one in newest[:most]})
