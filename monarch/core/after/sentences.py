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
    """What the last act has done in one target, such as "4 copies recalled"."""
    return _counted(migration.changed, ended_word(migration.acted))


def ended_word(act: str) -> str:
    """What became of a copy, such as "recalled"."""
    return _ENDED.get(act, act)


def done_words(view: RequestView) -> ActDone | None:
    """What the act that ended last has done; `None` if the last act was the copy."""
    acted = [migration for migration in view.migrations if migration.acted]
    if not acted:
        return None
    act, by = acted[0].acted, acted[0].acted_by
    counted = _counted(sum(one.changed for one in acted if one.acted == act), ended_word(act))
    left = sum(len(one.left) for one in acted)
    rest = f", {left} left to people" if left else ""
    repositories = (
        f"{len(view.migrations)} {'repository' if len(view.migrations) == 1 else 'repositories'}"
    )
    return ActDone(f"{counted} in {len(acted)} of {repositories}{rest}", by)


def _counted(copies: int, word: str) -> str:
    return f"{copies} {'copy' if copies == 1 else 'copies'} {word}"
