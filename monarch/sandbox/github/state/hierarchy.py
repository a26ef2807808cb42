"""Which issue is a part of which: pure, by issue id, across repositories.

An issue has at most one parent; a parent keeps its sub-issues in the order in which they came.
"""

from __future__ import annotations


class Hierarchy:
    """Parents and their sub-issues; the callers decide what may be put under what."""

    def __init__(self) -> None:
        """Start without any relations."""
        self._parents: dict[int, int] = {}
        self._children: dict[int, list[int]] = {}

    def parent_of(self, issue_id: int) -> int | None:
        """Return the issue's parent, if it has one."""
        return self._parents.get(issue_id)

    def children_of(self, issue_id: int) -> list[int]:
        """Return the sub-issues, oldest relation first."""
        return list(self._children.get(issue_id, ()))

    def is_above(self, issue_id: int, other_id: int) -> bool:
        """Whether an issue is another one, or its parent, or the parent's parent, and so on."""
        current: int | None = other_id
        while current is not None and current != issue_id:
            current = self.parent_of(current)
        return current is not None

    def levels_above(self, issue_id: int) -> int:
        """Return how many levels of issues are above this one."""
        parent = self.parent_of(issue_id)
        return 0 if parent is None else 1 + self.levels_above(parent)

    def levels_below(self, issue_id: int) -> int:
        """Return how many levels of sub-issues are below this one."""
        return max((1 + self.levels_below(each) for each in self.children_of(issue_id)), default=0)

    def put_under(self, parent_id: int, issue_id: int) -> None:
        """Make an issue a part of another; it leaves the one that it was a part of."""
        self.take_out(issue_id)
        self._parents[issue_id] = parent_id
        self._children.setdefault(parent_id, []).append(issue_id)

    def take_out(self, issue_id: int) -> None:
        """Take an issue out of its parent."""
        parent_id = self._parents.pop(issue_id, None)
        if parent_id is not None:
            self._children[parent_id].remove(issue_id)

    def forget(self, issue_id: int) -> None:
        """Drop an issue that is gone; its sub-issues have no parent from now on."""
        self.take_out(issue_id)
        for child_id in self.children_of(issue_id):
            self.take_out(child_id)
