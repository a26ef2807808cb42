"""A clock that only events move. Processes are generators: they yield how long to wait, in seconds."""

import heapq
import itertools
from collections.abc import Callable, Generator

Process = Generator[float, None, None]


class Engine:
    """Runs processes until the clock reaches an end."""

    def __init__(self, began_s: float) -> None:
        self.now = began_s
        self._turn = itertools.count()
        self._due: list[tuple[float, int, Process]] = []

    def start(self, process: Process, after_s: float = 0.0) -> None:
        """Let a process begin in `after_s` seconds."""
        heapq.heappush(self._due, (self.now + after_s, next(self._turn), process))

    def run(
        self, ends_s: float, look: Callable[[], None] = lambda: None, every_s: float = 0
    ) -> None:
        """Until the clock has reached `ends_s`; `look` is called every so many seconds."""
        if every_s:
            self.start(self._looking(look, every_s), every_s)
        while self._due and self._due[0][0] < ends_s:
            self.now, _, process = heapq.heappop(self._due)
            try:
                wait_s = next(process)
            except StopIteration:
                continue
            heapq.heappush(self._due, (self.now + wait_s, next(self._turn), process))

    def _looking(self, look: Callable[[], None], every_s: float) -> Process:
        while True:
            look()
            yield every_s
