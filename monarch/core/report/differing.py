"""What a dry run of an update says of one target, in words: the terminal and the page say the same. Pure.

A difference is made of whole texts, which people and templates choose. So it has a bound: of two texts that are longer it is
only said how long they are.
"""

from collections.abc import Mapping
from difflib import unified_diff
from typing import Final

from monarch.core.after.edit import Edit
from monarch.core.after.touch import Left
from monarch.core.report.passage import PlannedWrites
from monarch.core.report.update import Foreseen

LINES_COMPARED: Final = 2_000
"""Of either text. To compare two texts without a common line takes the product of both."""


def difference(one: Foreseen) -> tuple[str, ...]:
    """From what the copy says (`-`) to what the template says now (`+`), with a line around each change; empty: the same."""
    before = [one.issue.title, "", *one.issue.body.splitlines()]
    after = [one.title, "", *one.text.splitlines()]
    if max(len(before), len(after)) > LINES_COMPARED:
        lines = f"{len(before)} lines here, {len(after)} lines by the template"
        return (f"@@ too long to be compared: {lines} @@",)
    return tuple(list(unified_diff(before, after, lineterm="", n=1))[2:])


def what_becomes(one: Foreseen) -> str:
    """Such as `edit #4 (title, text)`, or `leave #4 (edited)`."""
    if not isinstance(one.found, Edit):
        return f"leave #{one.issue.number} ({one.found.touch.value})"
    edit = one.found
    parts = {
        "title": edit.title is not None,
        "text": edit.body is not None,
        "labels": edit.labels is not None,
        "milestone": edit.milestone is not None,
        "type": edit.type is not None,
    }
    return f"edit #{one.issue.number} ({', '.join(part for part, is_so in parts.items() if is_so)})"


def closed_words(one: Left, *, close: bool) -> str:
    """What becomes of the open copy of a ticket that the template has closed."""
    if one.touches:
        return f"leave #{one.number} ({one.why})"
    return f"close #{one.number}" if close else f"leave #{one.number} open, --close closes it"


def written_beside(writes: PlannedWrites) -> Mapping[str, list[str]]:
    """What is written beside the copies themselves."""
    return {
        "new labels": writes.labels,
        "new milestones": writes.milestones,
        "references put right in": [f"#{number}" for number in writes.edited],
        "sub-issues": [f"#{one.child} under #{one.parent}" for one in writes.nested],
        "dependencies": [f"#{one.blocked} on #{one.blocker}" for one in writes.blocked],
    }
