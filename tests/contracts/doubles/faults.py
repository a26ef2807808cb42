"""What can go wrong with an outside call, as values: said before, met at the n-th call."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import anyio


@dataclass(frozen=True, slots=True)
class Fault:
    """How one call goes wrong.

    Attributes:
        answer: what the caller gets.
        takes_effect: whether it is done all the same.
        after_s: how long the caller waits for the answer, in seconds.
        late_s: with `takes_effect`: how long after the answer it is done, in seconds.
    """

    answer: Any
    takes_effect: bool = False
    after_s: float = 0.0
    late_s: float = 0.0


class Faults:
    """Which call meets which fault: `faults.at("create_issue", 2, Fault(…))`, counted from 1; 0 is every call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self._counts: Counter[str] = Counter()
        self._planned: dict[tuple[str, int], Fault] = {}

    def at(self, method: str, nth: int, fault: Fault) -> None:
        """Let the `nth` call of `method` go wrong; 0: every call from now on."""
        self._planned[method, nth] = fault

    def never(self, method: str) -> None:
        """Let every call of `method` go well again."""
        self._planned = {key: f for key, f in self._planned.items() if key[0] != method}

    def count(self, method: str) -> int:
        """How often `method` was called."""
        return self._counts[method]

    async def meet(self, method: str, about: str) -> Fault | None:
        """Note a call, and wait as long as its fault keeps it; `None` where it goes well."""
        self.calls.append((method, about))
        self._counts[method] += 1
        fault = self._planned.get((method, self.count(method))) or self._planned.get((method, 0))
        await anyio.lowlevel.checkpoint()
        if fault is not None and fault.after_s:
            await anyio.sleep(fault.after_s)
        return fault
