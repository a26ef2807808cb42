"""What GitHub has left out of an issue that it was asked to create.

Labels, milestone and issue type are for those who may push; for others GitHub creates the issue without them and says
nothing (docs.github.com, "Create an issue"). So what was asked for is compared with what came back.
"""

from collections.abc import Collection

from monarch.core.copy.render import Draft


def dropped(
    draft: Draft, labels: Collection[str], milestone: int | None, issue_type: str
) -> tuple[str, ...]:
    """Name what `draft` asks for and the answer does not show; labels and types are compared without case.

    Args:
        draft: what was asked for.
        labels: names of the labels in the answer.
        milestone: number of the milestone in the answer, `None` for none.
        issue_type: name of the issue type in the answer, `""` for none.
    """
    shown = {name.casefold() for name in labels}
    missing = [f'label "{name}"' for name in draft.labels if name.casefold() not in shown]
    if draft.milestone is not None and draft.milestone != milestone:
        missing.append("milestone")
    if draft.type.casefold() != issue_type.casefold() and draft.type:
        missing.append("type")
    return tuple(missing)
