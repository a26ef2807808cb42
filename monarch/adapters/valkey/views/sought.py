"""Which requests a person wants to see: in a state, of a source, for a target, since a time."""

from collections.abc import Iterable
from dataclasses import dataclass

from monarch.core.report.summary import State


@dataclass(frozen=True, slots=True)
class Sought:
    """The conditions that a request has to meet; `None`: any.

    Repositories are `owner/repo`, compared without case. `since_ms` is in milliseconds since 1970, and compared with when
    a request was appended.
    """

    state: State | None = None
    source: str | None = None
    target: str | None = None
    since_ms: int | None = None

    @property
    def is_every(self) -> bool:
        """Whether every request meets them."""
        return self == Sought()

    def holds(self, state: str, source: str, targets: Iterable[str], appended_ms: int) -> bool:
        """Whether a request with these properties meets them."""
        return (
            (self.state is None or self.state.value == state)
            and (self.source is None or self.source.lower() == source.lower())
            and (self.target is None or self.target.lower() in map(str.lower, targets))
            and (self.since_ms is None or appended_ms >= self.since_ms)
        )


def failed(states: Iterable[str]) -> int:
    """How many targets were given up, by the states of their migrations."""
    return sum(state == State.DEAD.value for state in states)
