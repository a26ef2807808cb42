"""What can be pressed where, and the command that does the same. The button leads to the act, which names its set."""

import shlex
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from monarch.core.after.acts import Act
from monarch.core.outcome import STAYS_WRONG
from monarch.core.report.summary import State
from monarch.ports.readings import RequestDetails
from monarch.telemetry import Snapshot


@dataclass(frozen=True, slots=True)
class Button:
    """A button. `kind` is `primary` for what the page suggests, `destructive` for what cannot be undone, or `""`."""

    href: str
    words: str
    command: str
    kind: str = ""


def fleet_buttons(snapshot: Snapshot) -> tuple[Button, ...]:
    """For the fleet as a whole."""
    if snapshot.paused:
        return (Button("/acts/resume", "Resume", "monarch resume", "primary"),)
    return (Button("/acts/pause", "Pause the fleet", "monarch pause"),)


_GIVEN_UP: Final = frozenset({State.DEAD, State.FAILED, State.CANCELLED})


def request_buttons(details: RequestDetails) -> tuple[Button, ...]:
    """For a request as it stands."""
    view = details.view
    found = []
    goes_on = not (view.has_ended or view.cancelled_by or view.state is State.UNKNOWN)
    if goes_on:
        found.append(_of(view.id, "cancel", "Cancel", f"monarch cancel {view.id}"))
        if not view.first_by:
            found.append(_of(view.id, "first", "Put it first", f"monarch first {view.id}"))
    failing = details.failing_notice
    if (goes_on and _waits(details)) or (failing and not failing.is_limit):
        found.append(_of(view.id, "try", "Try it now", f"monarch try {view.id}"))
    if view.state in _GIVEN_UP and view.has_letters:
        command = f"monarch dead replay --request {view.id}"
        kind = "" if details.code in STAYS_WRONG else "primary"
        found.append(_of(view.id, "replay", "Send back what was given up", command, kind))
    if view.migrations and not details.never_begun:
        found.append(_of(view.id, "verify", "Look at GitHub", f"monarch verify {view.id}"))
    if view.has_ended and not details.never_begun:
        found.append(
            _of(view.id, "heal", "Make missing copies again", f"monarch verify {view.id} --heal")
        )
        command = f"monarch update {view.id}"
        found.append(_of(view.id, "update", "Update the copies", command))
        command = f"monarch recall {view.id}"
        found.append(_of(view.id, "recall", "Close untouched copies", command))
        if any(one.acted == Act.RECALL for one in view.migrations):
            found.append(_of(view.id, "undo", "Open recalled copies again", f"{command} --undo"))
    return tuple(found)


def _waits(details: RequestDetails) -> bool:
    """Whether something of it is tried later, and not because a date was asked for."""
    if details.next_ms is not None:
        return details.view.portion.not_before is None
    return any(one.next_ms is not None for one in details.times)


def letter_buttons(code_of_all: str = "", **chosen: str) -> tuple[Button, ...]:
    """For the dead letters that are chosen by request, target, code or letter.

    Args:
        code_of_all: their code, if they have one in common.
        chosen: the filters that choose them.
    """
    given = {name: value for name, value in chosen.items() if value}
    query = f"?{urlencode(given)}" if given else ""
    options = " ".join(
        value if name == "letter" else f"--{name} {shlex.quote(value)}"
        for name, value in given.items()
    )
    said, gone = options or "--all", options or "--all --yes"
    back = Button(f"/acts/replay{query}", "Send back", f"monarch dead replay {said}")
    away = Button(f"/acts/drop{query}", "Delete", f"monarch dead drop {gone}")
    if code_of_all in STAYS_WRONG:
        return replace(away, kind="primary"), back
    return replace(back, kind="primary"), away


def but_sending_back(buttons: tuple[Button, ...]) -> tuple[Button, ...]:
    """What is left to press for letters that no replay sends back."""
    return tuple(replace(one, kind="primary") for one in buttons if "/replay" not in one.href)


def _of(request: str, act: str, words: str, command: str, kind: str = "") -> Button:
    return Button(f"/acts/{act}?{urlencode({'request': request})}", words, command, kind)
