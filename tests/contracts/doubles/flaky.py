"""A port whose calls can be made to fail, before or after their effect."""

from collections import Counter
from collections.abc import Callable
from typing import Any

Raise = Callable[[str, int], BaseException | None]


def never(_call: str, _nth: int) -> None:
    """Nothing goes wrong."""


class Flaky:
    """Something around a port: before and after each call it asks whether to raise instead.

    `before` and `after` get the call's name, such as `streams.settle`, and which call of that name it is, from 1.
    """

    def __init__(
        self, port: Any, name: str, *, before: Raise = never, after: Raise = never
    ) -> None:
        self._port = port
        self._name = name
        self.before = before
        self.after = after
        self.calls: Counter[str] = Counter()

    def __getattr__(self, method: str) -> Any:
        """The port's method, with the questions around it."""
        call = getattr(self._port, method)

        async def asked(*args: Any, **named: Any) -> Any:
            name = f"{self._name}.{method}"
            self.calls[name] += 1
            nth = self.calls[name]
            self._ask(self.before, name, nth)
            answer = await call(*args, **named)
            self._ask(self.after, name, nth)
            return answer

        return asked

    def _ask(self, whether: Raise, name: str, nth: int) -> None:
        error = whether(name, nth)
        if error is not None:
            raise error


def failing(method: str, error: BaseException, *nths: int) -> Raise:
    """Fail these calls of `method` (such as `streams.settle`); without numbers every one."""

    def whether(call: str, nth: int) -> BaseException | None:
        return error if call == method and (not nths or nth in nths) else None

    return whether
