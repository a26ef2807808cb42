"""Every act: how to read its set, and how to do it."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monarch.web.acts import after, asking, fleet, letters, requests, trying
from monarch.web.acts.means import Means
from monarch.web.acts.meant import ActResult, Meant
from monarch.web.form import ASKS

_ENTRY: Final = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")
_LONGEST: Final = 200
"""The longest value of a parameter, in characters: no repository's name is longer."""


_LONG: Final = {"targets": 10_000, "milestones": 4_000}
"""The parameters that may be longer, and have several lines."""


@dataclass(frozen=True, slots=True)
class PageAct:
    """An act.

    Attributes:
        name: in the address.
        asks: the parameters that it knows.
        read: the set that is meant, as it is now.
        do: do it to exactly this set.
        rests_on: the record without which no set can be read, as its key is named; `""`: that of the request.
    """

    name: str
    asks: tuple[str, ...]
    read: Callable[[Means, Mapping[str, str]], Awaitable[Meant]]
    do: Callable[[Means, Meant, str], Awaitable[ActResult]]
    rests_on: str = ""

    def rests_on_for(self, given: Mapping[str, str]) -> str:
        """The record without which no set can be read for what an address asks for."""
        return self.rests_on or f"request:{given.get('request', '')}"


ACTS: Final = {
    act.name: act
    for act in (
        PageAct("pause", (), fleet.to_pause, fleet.pause, "paused"),
        PageAct("resume", (), fleet.to_resume, fleet.resume, "paused"),
        PageAct("cancel", ("request",), requests.to_cancel, requests.cancel),
        PageAct("first", ("request",), requests.to_first, requests.first),
        PageAct("try", ("request",), trying.to_try, trying.try_now),
        PageAct("verify", ("request",), requests.to_verify, requests.verify),
        PageAct("heal", ("request",), requests.to_heal, requests.heal),
        PageAct("recall", ("request",), after.to_recall, after.recall),
        PageAct("undo", ("request",), after.to_undo, after.undo),
        PageAct("update", ("request",), asking.to_update, asking.update),
        PageAct("update-close", ("request",), asking.to_update_and_close, asking.update_and_close),
        PageAct("submit", ASKS, asking.to_submit, asking.submit),
        PageAct("replay", letters.FILTERS, letters.to_replay, letters.replay, "dead"),
        PageAct("drop", letters.FILTERS, letters.to_drop, letters.drop, "dead"),
    )
}


class BadQuestion(ValueError):  # noqa: N818 - said to people, not raised past the page
    """The address asks for something impossible; the message says why."""


def asked(act: PageAct, given: Sequence[tuple[str, str]]) -> dict[str, str]:
    """What an address asks for; `given` are its parameters.

    Raises:
        BadQuestion: a parameter that the act does not know, that is empty or comes twice, or a malformed id: it may have
            been meant to make the set smaller.
    """
    found = {name: value.strip() for name, value in given}
    if twice := next((name for name in found if [one for one, _ in given].count(name) > 1), ""):
        raise BadQuestion(f"Give {twice[:40]!r} once.")
    for name, value in found.items():
        if name not in act.asks:
            raise BadQuestion(f"There is no choice by {name[:40]!r} here.")
        if not value and name not in ASKS:
            raise BadQuestion(f"The choice by {name!r} is empty: give it a value, or leave it out.")
        read = "".join(value.splitlines()) if name in _LONG else value
        if len(value) > _LONG.get(name, _LONGEST) or not read.isprintable():
            raise BadQuestion(f"This cannot be a {name}.")
        if name in {"request", "letter"} and not _ENTRY.fullmatch(value):
            raise BadQuestion(
                f"The id of a {name} is two numbers with a dash between, such as 1732406400000-0."
            )
    if act.asks == ("request",) and not found:
        raise BadQuestion("Say which request.")
    return {name: value for name, value in found.items() if value}
