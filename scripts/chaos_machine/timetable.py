"""The timetable: a seed becomes everything that will be done, and when. Pure; the same seed, the same plan.

What it cannot plan is what processes make of it: which worker holds which ticket when the kill comes.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from scripts.chaos_machine.catalogue import (
    ACTS,
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
from scripts.chaos_machine.scenery import Scenery
from scripts.chaos_machine.scenes import Scene, Template
from scripts.chaos_machine.wishes import Wish, Wishes

SOURCES: Final = {
    "school/small": 5,
    "school/middle": 12,
    "school/large": 40,
    "school/empty": 0,
}
"""The templates, and how many tickets each has."""

FIRST_FAULT_S: Final = 5.0


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
class Timetable:
    """All of a run.

    With `is_watched`, Valkey has a replica, and Sentinels that let it take over.

    Attributes:
        world: `fence`, `edges` or `acts`, see the catalogue.
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

    Raises:
        ValueError: no kind of this world and seed begins like one of `only`.
    """
    dice = random.Random(seed)  # noqa: S311 - a plan, no secret
    is_watched, workers = seed % 2 == 1, dice.randint(3, 5)
    # Where most messages belong to a scene, half as many others beside them leave the fleet its breath.
    wishes = Wishes(dice, minutes * 60, every_s=60 if world == "fence" else 120)
    decks = _decks(world, only, is_watched=is_watched)
    faults = tuple(_faults(dice, minutes, workers, *decks))
    made = sorted(wishes.all(), key=lambda wish: wish.at_s)
    scenery = Scenery(wishes, made)
    return Timetable(
        seed,
        minutes,
        is_watched,
        workers,
        tuple(replace(one, scene=scenery.of(one.kind, one.at_s)) for one in faults),
        tuple(made),
        tuple(wishes.healthy),
        tuple(wishes.archived),
        tuple(wishes.channels),
        world,
        tuple(scenery.late),
        tuple(scenery.others),
        tuple(scenery.templates),
    )


def _decks(
    world: str, only: tuple[str, ...], *, is_watched: bool
) -> tuple[tuple[Kind, ...], tuple[Kind, ...]]:
    """The kinds of a run: those that begin no epoch, and those that do."""
    common = KINDS + (BESIDE_WATCHED if is_watched else BESIDE_ALONE)
    if world == "edges":
        common += EDGES + (EDGES_WATCHED if is_watched else EDGES_ALONE)
    elif world == "acts":
        common += ACTS
    epochs = WATCHED if is_watched else ALONE
    if not only:
        return common, epochs
    chosen = _beginning(common, only), _beginning(epochs, only)
    if not any(chosen):
        names = ", ".join(kind.name for kind in common + epochs)
        raise ValueError(
            f"expected kinds of this run, or how they begin: {names}; got {' '.join(only)}"
        )
    return chosen


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
