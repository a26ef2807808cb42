"""What was said to be done, by whom and when: read from what was sent to Slack and from Monarch's own log. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from monarch.sandbox.judge.claims import done_lines
from scripts.chaos_machine.record import Call, Truth

FINALS: Final = (":white_check_mark:", ":x:", ":information_source:")
"""How a final message begins: done, failed, skipped."""

_SOURCE = re.compile(r"\A\S+ <[^|>]*\|([^>]+)>")


@dataclass(frozen=True, slots=True)
class Claim:
    """At that time somebody said that all tickets of the source are in the target.

    `channel` is the one of whose messages it is said.
    """

    at: float
    by: str
    source: str
    target: str
    channel: str = ""


def claims(truth: Truth) -> Iterator[Claim]:
    """Every "done" that left Monarch, whoever heard it."""
    for call in truth.calls:
        if call.api == "slack":
            yield from _said(call)
    requests = {request.id: request for request in truth.requests}
    for event in truth.events:
        if event.name == "migration.done":
            name, _, target = event.fields.get("migration", "").partition(":")
            if name in requests:
                request = requests[name]
                yield Claim(event.at, "the state", request.source, target, request.channel)


def _said(call: Call) -> Iterator[Claim]:
    source = _SOURCE.search(call.text)
    if source:
        for target, _ in done_lines(call.text):
            yield Claim(call.at, f"Slack, {call.channel}", source[1], target, call.channel)


def is_final(text: str) -> bool:
    """Whether a message says how a request ended."""
    return text.startswith(FINALS)
