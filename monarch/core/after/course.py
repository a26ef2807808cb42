"""What an act does with one copy: a table over how the copy stands.

```
                open                          recalled     closed by anyone else
recall          close, if untouched           done         left
update-close    the same, of a ticket that the template has closed
undo            done, if a recall closed it   open it,     nothing: no recall closed it
                once, else nothing            if untouched
update          nothing: a person opened it   the same     left
```

An update asks only about copies that an update has closed with their tickets, and whose tickets are open again.
"""

from enum import Enum, auto

from monarch.core.after.acts import Act, Change
from monarch.core.after.later import Later
from monarch.core.after.standing import Standing


class Course(Enum):
    """What is to be done with a copy."""

    CHANGE = auto()
    """Change it if it is untouched; else leave it."""
    DONE = auto()
    LEFT = auto()
    NOTHING = auto()
    """The act is not about it."""


CHANGES = {
    Act.RECALL: Change.CLOSE,
    Act.UPDATE_AND_CLOSE: Change.RETIRE,
    Act.UNDO: Change.REOPEN,
    Act.UPDATE: Change.REOPEN,
}
"""What each act does to a copy."""


def course(act: Act, how: Standing, later: Later, number: int) -> Course:
    """Say what is to be done with copy `number`."""
    if CHANGES[act].closes:
        return {
            Standing.OPEN: Course.CHANGE,
            Standing.RECALLED: Course.DONE,
            Standing.CLOSED: Course.LEFT,
        }[how]
    if how is Standing.RECALLED:
        return Course.CHANGE
    if act is Act.UPDATE:
        return Course.LEFT if how is Standing.CLOSED else Course.NOTHING
    recall = later.recall
    is_undone = recall is not None and recall.is_reopened and recall.number == number
    return Course.DONE if is_undone and how is Standing.OPEN else Course.NOTHING
