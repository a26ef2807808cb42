"""A press of the page that is struck before and after its effects, and pressed again at another worker's page.

What can be struck is looked up in the classes that do it, so that an effect that is added tomorrow is struck tomorrow.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, cast

import httpx

from monarch.app.page_means import OperatorsMeans
from monarch.ports import Hands, StoreError
from monarch.web.acts.means import Means
from tests.stages.seams import methods
from tests.web.acts.house import ADA, FROM_HERE, JSON, a_page

PRESSING: Final = ADA | FROM_HERE
BY: Final = "ada (page's token)"


class Blow(StrEnum):
    """What befalls a press at a moment: it is LOST (before an effect undone, after it only its answer), or its process is KILLED."""

    LOST = "lost"
    KILLED = "killed"


class Killed(BaseException):
    """The process is gone: no answer, and no `except Exception` hides it."""


@dataclass
class Strokes:
    """Counts the moments of a press, and strikes at one of them."""

    at: int = 0
    blow: Blow = Blow.LOST
    passed: list[str] = field(default_factory=list)

    def pass_by(self, moment: str) -> None:
        """One more moment."""
        self.passed.append(moment)
        if len(self.passed) == self.at:
            if self.blow is Blow.KILLED:
                raise Killed(moment)
            raise StoreError(moment)


class Struck:
    """Means, or hands, with a moment before and after each call."""

    def __init__(self, real: object, protocol: type, strokes: Strokes) -> None:
        self._real, self._strokes = real, strokes
        self._awaited = {name for name, awaited in methods(protocol).items() if awaited}

    def __getattr__(self, name: str) -> Any:
        """What is awaited is struck; the hands of means are struck as well."""
        found = getattr(self._real, name)
        if name == "hands":
            return Struck(found, Hands, self._strokes)
        return self._around(name, found) if name in self._awaited else found

    def _around(self, name: str, call: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
        async def struck(*args: Any, **named: Any) -> Any:
            self._strokes.pass_by(f"before {name}")
            answer = await call(*args, **named)
            self._strokes.pass_by(f"after {name}")
            return answer

        return struck


def struck(means: OperatorsMeans, strokes: Strokes) -> Means:
    """The means, and their hands, under these strokes."""
    return cast("Means", Struck(means, Means, strokes))


async def pressed(here: Means, elsewhere: Means, address: str) -> list[int]:
    """Look, press here, and press the same form again elsewhere unless it was answered; what was answered."""
    async with a_page(elsewhere) as other, a_page(here) as page:
        told = (await other.get(address, headers=ADA | JSON)).json()
        form = {"digest": told["digest"], "keys": "\n".join(one["key"] for one in told["set"])}
        answers = []
        try:
            first = await page.post(address, data=form, headers=PRESSING)
            answers.append(first.status_code)
        except* Killed:
            answers.append(0)
        if answers != [303]:
            again = await other.post(address, data=form, headers=PRESSING)
            answers.append(again.status_code)
            await receipt_of(other, again)
        return answers


async def receipt_of(page: httpx.AsyncClient, answer: httpx.Response) -> None:
    """An answer that says it was done leads to a receipt that says by whom."""
    if answer.status_code == 303:
        receipt = await page.get(answer.headers["Location"], headers=ADA)
        assert BY in receipt.text
