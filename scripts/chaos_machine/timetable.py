"""The timetable: a seed becomes everything that will be done, and when. Pure; the same seed, the same plan.

What it cannot plan is what processes make of it: which worker holds which ticket when the kill comes.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from scripts.chaos_machine.catalogue import (
    ALONE,
    BESIDE_ALONE,
    BESIDE_WATCHED,
    EDGES,
    EDGES_ALONE,
    EDGES_WATCHED,
    EPOCHS_IN_A_DECK,
    KINDS,
    PER_MINUTE,
    WATCHED,
    Kind,
)
from scripts.chaos_machine.scenes import (
    MIDDLE,
    WRONG_CHANNEL,
    WRONG_CHANNEL_TARGETS,
    Scene,
    Template,
    template_of,
)

SOURCES: Final = {
    "school/small": 5,
    "school/middle": 12,
    "school/large": 40,
    "school/empty": 0,
}
"""The templates, and how many tickets each has."""

GONE: Final = "school/gone"
"""A source that does not exist."""

FIRST_FAULT_S: Final = 5.0
LAST_WISH_S: Final = 15.0
"""How long before the end of the faults the last request is made, in seconds."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault to come. `victim` picks a worker; `length_s` is in seconds."""

    at_s: float
    kind: str
    victim: int
    length_s: float
    scene: Scene | None = None

    @property
    def stage(self) -> Scene:
        """The scene of a fault that has one."""
        if self.scene is None:
            raise LookupError(f"{self.kind} has no scene")
        return self.scene


@dataclass(frozen=True, slots=True)
class Wish:
    """A message to come.

    Attributes:
        story: why it is sent.
        way: `submit` (durable, acknowledged), `command` (likewise, by `monarch submit`) or `publish`.
        source: `""` where the message names none.
        targets: as named; those that cannot be one included.
        by_hand: whether the hand of a fault sends it, at its moment.
    """

    at_s: float
    story: str
    way: str
    payload: bytes
    source: str = ""
    targets: tuple[str, ...] = ()
    channel: str = ""
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Timetable:
    """All of a run.

    With `is_watched`, Valkey has a replica, and Sentinels that let it take over.

    Attributes:
        world: `fence` or `edges`, see the catalogue.
        healthy: the targets that can be written to.
        archived: those that cannot.
        late: those of the healthy ones that a hand makes at its time.
        others: repositories that no message names.
        templates: the sources that belong to a scene.
    """

    seed: int
    minutes: float
    is_watched: bool
    workers: int
    faults: tuple[Fault, ...]
    wishes: tuple[Wish, ...]
    healthy: tuple[str, ...]
    archived: tuple[str, ...]
    channels: tuple[str, ...]
    world: str = "fence"
    late: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    templates: tuple[Template, ...] = ()

    @property
    def tickets(self) -> int:
        """How many copies there will be when all goes well."""
        healthy = set(self.healthy)
        pairs = {(w.source, t) for w in self.wishes for t in w.targets if t in healthy}
        sizes = SOURCES | {template.name: template.tickets for template in self.templates}
        return sum(sizes.get(source, 0) for source, _ in pairs)


def timetable(
    seed: int, minutes: float, world: str = "fence", only: tuple[str, ...] = ()
) -> Timetable:
    """Plan a run of so many minutes; every other seed is one with failovers.

    Args:
        world: see the catalogue.
        only: beginnings of names; other kinds of faults are left out. None: all are drawn.
    """
    dice = random.Random(seed)  # noqa: S311 - a plan, no secret
    is_watched, workers = seed % 2 == 1, dice.randint(3, 5)
    # In the edges most messages belong to a scene: beside them half as many others leave the fleet its breath.
    wishes = _Wishes(dice, minutes * 60, every_s=120 if world == "edges" else 60)
    decks = _decks(world, only, is_watched=is_watched)
    faults = tuple(_faults(dice, minutes, workers, *decks))
    made = sorted(wishes.all(), key=lambda wish: wish.at_s)
    scenes = _Scenes(wishes, made)
    return Timetable(
        seed,
        minutes,
        is_watched,
        workers,
        tuple(scenes.set_up(fault) for fault in faults),
        tuple(made),
        tuple(wishes.healthy),
        tuple(wishes.archived),
        tuple(wishes.channels),
        world,
        tuple(scenes.late),
        tuple(scenes.others),
        tuple(scenes.templates),
    )


def _decks(
    world: str, only: tuple[str, ...], *, is_watched: bool
) -> tuple[tuple[Kind, ...], tuple[Kind, ...]]:
    """The kinds of a run: those that begin no epoch, and those that do."""
    common = KINDS + (BESIDE_WATCHED if is_watched else BESIDE_ALONE)
    if world == "edges":
        common += EDGES + (EDGES_WATCHED if is_watched else EDGES_ALONE)
    epochs = WATCHED if is_watched else ALONE
    if not only:
        return common, epochs
    return _beginning(common, only), _beginning(epochs, only)


def _beginning(kinds: tuple[Kind, ...], names: tuple[str, ...]) -> tuple[Kind, ...]:
    return tuple(kind for kind in kinds if kind.name.startswith(names))


# ------------------------------------------------------------------------------------------- faults


def _faults(
    dice: random.Random,
    minutes: float,
    workers: int,
    common: tuple[Kind, ...],
    epochs: tuple[Kind, ...],
) -> Iterator[Fault]:
    """One in each slot of time, at a random moment of it, so that no minute is empty and none is only noise."""
    count = max(1, round(minutes * PER_MINUTE))
    slot_s = (minutes * 60 - FIRST_FAULT_S) / count
    kinds = _kinds(dice, common, epochs)
    for number in range(count):
        kind = next(kinds)
        at_s = FIRST_FAULT_S + slot_s * (number + dice.random())
        length_s = dice.uniform(kind.shortest_s, kind.longest_s)
        yield Fault(round(at_s, 3), kind.name, dice.randrange(workers), round(length_s, 3))


def _kinds(
    dice: random.Random, common: tuple[Kind, ...], epochs: tuple[Kind, ...]
) -> Iterator[Kind]:
    """Deck after deck, each shuffled: every kind comes before one comes too often."""
    turn = dice.randrange(len(epochs) or 1)
    while True:
        these = [epochs[(turn + n) % len(epochs)] for n in range(EPOCHS_IN_A_DECK) if epochs]
        turn += EPOCHS_IN_A_DECK
        deck = [kind for kind in common for _ in range(kind.often)]
        dice.shuffle(deck)
        # Not in one half: two epochs in a row would leave the fleet no room.
        for place, kind in enumerate(these):
            half = len(deck) // EPOCHS_IN_A_DECK
            deck.insert(half * place + dice.randrange(half or 1), kind)
        yield from deck


class _Scenes:
    """Sets up the scenes of the faults that need one; adds their messages to the `made` ones."""

    def __init__(self, wishes: "_Wishes", made: list[Wish]) -> None:
        self._wishes = wishes
        self._made = made
        self.late: list[str] = []
        self.others: list[str] = []
        self.templates: list[Template] = []

    def set_up(self, fault: Fault) -> Fault:
        """The fault with its scene."""
        if fault.kind.partition(".")[0] not in _WITH_A_SCENE and fault.kind not in _WITH_A_SCENE:
            return fault
        return replace(fault, scene=self._scene(fault))

    def _scene(self, fault: Fault) -> Scene:
        source = self._source(fault.kind)
        if fault.kind == "heavy.burst":
            return Scene(source)
        is_wrong = fault.kind == "heavy.wrong_channel"
        channel = WRONG_CHANNEL if is_wrong else self._wishes.new_channel()
        targets = [self._wishes.team() for _ in range(WRONG_CHANNEL_TARGETS if is_wrong else 1)]
        if fault.kind == "clock.slow":
            targets = [f"teams/never-{len(self._made)}"]
        late = targets if fault.kind == "clock.fast" else []
        others = [f"{targets[0]}-other"] if fault.kind == "repository.swapped" else []
        self.late += late
        self.others += others
        wish = len(self._made)
        self._made.append(
            Wish(
                fault.at_s,
                f"the scene of {fault.kind}",
                "submit",
                message(source, targets, channel),
                source,
                tuple(targets),
                channel,
                by_hand=True,
            )
        )
        return Scene(source, tuple(targets), tuple(others), tuple(late), channel, wish)

    def _source(self, kind: str) -> str:
        template = template_of(kind, f"school/scene-{len(self.templates):04d}")
        if template is None:
            return MIDDLE
        self.templates.append(template)
        return template.name


_WITH_A_SCENE: Final = frozenset(
    {
        *("repository", "source", "strangers", "heavy", "account", "clock"),
        *("people.change_copies", "people.delete_all_copies"),
    }
)
"""Groups of kinds, and kinds."""


def message(source: str, targets: list[str], channel: str) -> bytes:
    """A message as the platform makes it."""
    fields = {
        "notification_channel": channel,
        "source_repo": source,
        "all_target_repositories": targets,
    }
    return json.dumps(fields).encode()


# ------------------------------------------------------------------------------------------- wishes


class _Wishes:
    """Makes the wishes of a run, so many every minute or two; remembers what can be repeated or overlapped."""

    def __init__(self, dice: random.Random, length_s: float, every_s: float) -> None:
        self._dice = dice
        self._every_s = every_s
        self._last_s = max(1.0, length_s - LAST_WISH_S)
        self._made: list[Wish] = []
        self.healthy: list[str] = []
        self.archived: list[str] = []
        self.channels: list[str] = []

    def all(self) -> list[Wish]:
        """Everything, in no order."""
        wishes: list[Wish] = []
        start_s = 0.0
        while start_s < self._last_s:
            made = [wish for story in _STORIES for wish in story(self, start_s)]
            # The last minute is as full as it is long.
            wishes += [wish for wish in made if wish.at_s <= self._last_s]
            start_s += self._every_s
        return wishes

    def wish(
        self, start_s: float, story: str, source: str, targets: list[str], channel: str = ""
    ) -> Wish:
        """A message as the platform makes it, at a random moment of the minute."""
        channel = channel or self.new_channel()
        wish = Wish(
            self._moment(start_s),
            story,
            self._way(),
            message(source, targets, channel),
            source,
            tuple(targets),
            channel,
        )
        self._made.append(wish)
        return wish

    def fresh(self, start_s: float) -> Iterator[Wish]:
        """New teams of each size of template."""
        for source, teams in (("school/middle", 3), ("school/small", 4), ("school/large", 1)):
            yield self.wish(start_s, "fresh", source, [self.team() for _ in range(teams)])

    def cohort(self, start_s: float) -> Iterator[Wish]:
        """A message for each team, the same source and channel, seconds apart."""
        channel, at_s = self.new_channel(), self._moment(start_s)
        for number in range(4):
            wish = self.wish(start_s, "cohort", "school/small", [self.team()], channel)
            yield _again(wish, at_s + number)

    def overlap(self, start_s: float) -> Iterator[Wish]:
        """Two templates for one team, and one template for it by two requests."""
        team, other = self.team(), self.team()
        yield self.wish(start_s, "overlap", "school/small", [team, other])
        yield self.wish(start_s, "overlap", "school/middle", [team])
        yield self.wish(start_s, "overlap", "school/small", [other])

    def repeat(self, start_s: float) -> Iterator[Wish]:
        """The button "migrate again": the same bytes, soon or much later."""
        for _ in range(2):
            yield _again(self._dice.choice(self._made), self._moment(start_s))

    def wrong(self, start_s: float) -> Iterator[Wish]:
        """Something that cannot be done as it stands."""
        yield self.wish(start_s, "missing target", "school/small", [self.team(), "teams/nobody"])
        kind = self._dice.choice(("gone", "empty", "archived", "bad name"))
        if kind == "gone":
            yield self.wish(start_s, "missing source", GONE, [self.team()])
        elif kind == "empty":
            yield self.wish(start_s, "empty source", "school/empty", [self.team()])
        elif kind == "archived":
            self.archived.append(f"teams/archived-{len(self.archived)}")
            targets = [self.archived[-1], self.team()]
            yield self.wish(start_s, "archived target", "school/small", targets)
        else:
            targets = [self.team(), "no/such/name", "school/small"]
            yield self.wish(start_s, "bad target", "school/small", targets)

    def malformed(self, start_s: float) -> Iterator[Wish]:
        """What nobody can read."""
        payload = self._dice.choice(_MALFORMED) or self._dice.randbytes(40)
        yield Wish(self._moment(start_s), "malformed", self._way(), payload)

    def new_channel(self) -> str:
        """A channel of one's own: what it hears is about one message alone."""
        self.channels.append(f"C{len(self.channels):08d}")
        return self.channels[-1]

    def team(self) -> str:
        """A repository that was generated moments ago."""
        self.healthy.append(f"teams/team-{len(self.healthy):04d}")
        return self.healthy[-1]

    def _moment(self, start_s: float) -> float:
        span_s = min(self._every_s, self._last_s - start_s)
        return round(start_s + self._dice.random() * span_s, 3)

    def _way(self) -> str:
        return self._dice.choices(("submit", "publish", "command"), (6, 6, 1))[0]


_STORIES: Final = (
    _Wishes.fresh,
    _Wishes.cohort,
    _Wishes.overlap,
    _Wishes.wrong,
    _Wishes.malformed,
    _Wishes.repeat,
)

_MALFORMED: Final = (
    b"",
    b"{",
    b"[]",
    b'"school/small"',
    b"{}",
    b'{"source_repo": 7, "all_target_repositories": ["teams/a"]}',
    b'{"source_repo": "school/small", "all_target_repositories": []}',
    b'{"source_repo": "school/small", "all_target_repositories": "teams/a"}',
    b"\xff\xfe\x00",
)
"""An empty one stands for random bytes."""


def _again(wish: Wish, at_s: float) -> Wish:
    return Wish(at_s, wish.story, wish.way, wish.payload, wish.source, wish.targets, wish.channel)
