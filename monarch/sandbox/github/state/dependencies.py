"""Which issue waits for which: pure, by issue id, across repositories."""

from __future__ import annotations


class Dependencies:
    """Issues and their blockers; the callers decide what may block what."""

    def __init__(self) -> None:
        """Start with none."""
        self._blockers: dict[int, list[int]] = {}

    def of(self, issue_id: int) -> list[int]:
        """Return what blocks an issue, oldest relation first."""
        return list(self._blockers.get(issue_id, ()))

    def blocked_by(self, issue_id: int) -> list[int]:
        """Return what an issue blocks."""
        return [each for each, blockers in self._blockers.items() if issue_id in blockers]

    def block(self, issue_id: int, blocker_id: int) -> None:
        """Have an issue blocked by another."""
        self._blockers.setdefault(issue_id, []).append(blocker_id)

    def unblock(self, issue_id: int, blocker_id: int) -> None:
        """Let an issue no longer be blocked by another."""
        self._blockers[issue_id].remove(blocker_id)

    def forget(self, issue_id: int) -> None:
        """Drop an issue that is gone."""
        self._blockers.pop(issue_id, None)
        for blockers in self._blockers.values():
            if issue_id in blockers:
                blockers.remove(issue_id)
