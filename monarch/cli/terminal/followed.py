"""What a command follows of a request: all of it, or what it has begun in some of its targets, and in which words."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from monarch.core.after.acts import Act
from monarch.core.after.sentences import ended_word
from monarch.core.report.summary import MigrationView, State

if TYPE_CHECKING:
    from monarch.ports.readings import RequestDetails


@dataclass(frozen=True, slots=True)
class Followed:
    """What is followed. `word` says what becomes of a target, such as "copied"; without `targets` it is done in all.

    `borrows`: it is an act in migrations that had ended, which end again as they had ended before.
    """

    word: str
    targets: tuple[str, ...] = ()
    borrows: bool = False


COPYING: Final = Followed("copied")
UPDATING: Final = Followed(ended_word(Act.UPDATE))


def healing(targets: Iterable[str]) -> Followed:
    """What `verify --heal` follows."""
    return Followed("healed", tuple(targets))


def act_in(act: Act, targets: Iterable[str]) -> Followed:
    """What `recall` follows."""
    return Followed(ended_word(act), tuple(targets), borrows=True)


def part_of(details: "RequestDetails", followed: Followed) -> "RequestDetails":
    """The request as if it had the followed targets alone, and as if they had never been for anything else."""
    view, keys = details.view, {target.lower() for target in followed.targets}
    ours = tuple(m for m in view.migrations if m.target.lower() in keys)
    if not ours:
        return details
    ours = tuple(map(_of_the_act, ours)) if followed.borrows else ours
    names = {m.target for m in ours}
    return replace(
        details,
        view=replace(view, migrations=ours, state=_ended(ours) if view.has_ended else view.state),
        times=tuple(each for each in details.times if each.target in names),
    )


def _of_the_act(migration: MigrationView) -> MigrationView:
    """As the act stands: where it is over, the migration stands again as its copying had ended, perhaps given up."""
    return replace(migration, state=State.DONE, reason="") if migration.acted else migration


def _ended(migrations: tuple[MigrationView, ...]) -> State:
    states = {m.state for m in migrations}
    if State.CANCELLED in states:
        return State.CANCELLED
    return State.DONE if states == {State.DONE} else State.FAILED
