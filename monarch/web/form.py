"""The fields of the form for a request: read from an address, and written into one. Pure."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

ASKS: Final = ("source", "targets", "channel", "not_before", "milestones")
"""The parameters of an address that asks for a request."""


@dataclass(frozen=True, slots=True)
class RequestForm:
    """As it was typed. `not_before` is ISO 8601 with its zone; `milestones` are titles; `""` and empty: none."""

    source: str
    targets: tuple[str, ...]
    channel: str = ""
    not_before: str = ""
    milestones: tuple[str, ...] = ()

    def query(self) -> str:
        """The same in an address."""
        given = {
            "source": self.source,
            "targets": " ".join(self.targets),
            "channel": self.channel,
            "not_before": self.not_before,
            "milestones": "\n".join(self.milestones),
        }
        return urlencode({name: value for name, value in given.items() if value})

    def command(self, verb: str) -> str:
        """The `monarch` command that does the same."""
        options = [("--not-before", self.not_before)] if self.not_before else []
        options += [("--milestone", title) for title in self.milestones]
        if self.channel and verb == "submit":
            options.insert(0, ("--channel", self.channel))
        words = [self.source, *self.targets, *(word for option in options for word in option)]
        return " ".join(["monarch", verb, *map(shlex.quote, words)])


def asked_in(given: Mapping[str, str]) -> RequestForm:
    """Read an address: targets with spaces, commas or line ends between, milestones a line each."""
    lines = given.get("milestones", "").splitlines()
    return RequestForm(
        given.get("source", "").strip(),
        tuple(given.get("targets", "").replace(",", " ").split()),
        given.get("channel", "").strip(),
        given.get("not_before", "").strip(),
        tuple(line.strip() for line in lines if line.strip()),
    )
