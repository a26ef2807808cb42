"""What GitHub has left out of an issue that it created.

Labels, milestone, issue type and assignees need the right to push; without it GitHub creates the issue without them and says
nothing (docs.github.com, "Create an issue"). So what was asked for is compared with what came back.
"""

from collections.abc import Iterable

from monarch.core.copy.details import Details
from monarch.core.copy.render import Draft


def dropped(draft: Draft, shown: Details) -> tuple[str, ...]:
    """Name what `draft` asks for and the answer does not show; names are compared without case."""
    missing = [f'label "{name}"' for name in _not_in(shown.labels, draft.labels)]
    if draft.milestone is not None and draft.milestone != shown.milestone:
        missing.append("milestone")
    if draft.type.casefold() != shown.type.casefold() and draft.type:
        missing.append("type")
    missing += [f'assignee "{name}"' for name in _not_in(shown.assignees, draft.assignees)]
    return tuple(missing)


def _not_in(shown: Iterable[str], names: Iterable[str]) -> list[str]:
    there = {name.casefold() for name in shown}
    return [name for name in names if name.casefold() not in there]
