"""The words for acts, plain and without markup; Slack and the terminal add their own elsewhere."""

from dataclasses import dataclass
from typing import Final

from monarch.core.after.acts import Act
from monarch.core.report.summary import MigrationView, RequestView

_DOING: Final = {
    Act.RECALL.value: "closing untouched copies in",
    Act.UNDO.value: "opening recalled copies again in",
    Act.UPDATE.value: "updating the copies in",
    Act.UPDATE_AND_CLOSE.value: "updating the copies in",
}
_ENDED: Final = {
    Act.RECALL.value: "recalled",
    Act.UNDO.value: "reopened",
    Act.UPDATE.value: "updated",
    Act.UPDATE_AND_CLOSE.value: "updated",
}
_UPDATES: Final = frozenset(act.value for act in Act if act.is_update)

NO_TARGET: Final = "request {0} has no target {1}: see `monarch show {0}`"

NEVER_COPIED: Final = "nothing was ever copied there by this request"
"""Why no act can begin in a target, and none can be rehearsed."""


@dataclass(frozen=True, slots=True)
class ActDone:
    """What was done in all targets of a request, and who asked for it; `by` is `""` if that is not known."""

    what: str
    by: str


def doing_words(act: str) -> str:
    """What is under way, such as "closing untouched copies in"; `""` where it is copying."""
    return _DOING.get(act, "")


def under_way_words(migration: MigrationView) -> str:
    """What is under way in one target, such as "closing untouched copies"; `""` where it is copying."""
    return _DOING.get(migration.act, "").removesuffix(" in")


def act_words(migration: MigrationView) -> str:
    """What the last act has done in one target, such as "4 copies recalled", or "1 ticket copied, 2 copies updated"."""
    return changed_words(migration.changed, ended_word(migration.acted), newly_copied(migration))


def newly_copied(migration: MigrationView) -> int:
    """How many tickets the last act has copied; any other act than an update copies none."""
    return migration.copied if migration.acted in _UPDATES else 0


def ended_word(act: str) -> str:
    """What became of a copy, such as "recalled"."""
    return _ENDED.get(act, act)


def done_words(view: RequestView) -> ActDone | None:
    """What the act that ended last has done; `None` if the last act was the copy."""
    acted = [migration for migration in view.migrations if migration.acted]
    if not acted:
        return None
    act, by = acted[0].acted, acted[0].acted_by
    same = [one for one in acted if one.acted == act]
    changed, copied = sum(one.changed for one in same), sum(map(newly_copied, same))
    counted = changed_words(changed, ended_word(act), copied)
    left = sum(len(one.left) for one in acted)
    rest = f", {left} left to people" if left else ""
    repositories = (
        f"{len(view.migrations)} {'repository' if len(view.migrations) == 1 else 'repositories'}"
    )
    return ActDone(f"{counted} in {len(acted)} of {repositories}{rest}", by)


def changed_words(copies: int, word: str, copied: int = 0) -> str:
    """What became of so many copies, after the new ones that were made, if any."""
    new = f"{copied} {'ticket' if copied == 1 else 'tickets'} copied, " if copied else ""
    return f"{new}{copies} {'copy' if copies == 1 else 'copies'} {word}"
