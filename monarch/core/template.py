"""The frame that an installation may put around a ticket's text: `string.Template`, checked when Monarch starts.

A frame knows these names, each as `$name` or `${name}`; `$$` is a dollar sign:

author   login of who wrote the ticket, `ghost` for a deleted account
body     the ticket's text; it must stand somewhere
date     the day on which the ticket was written, as 2026-01-31
link     address of the ticket
number   its number in the source
source   `owner/repo` that is read
target   `owner/repo` that is written
title    the ticket's title
"""

from dataclasses import dataclass
from string import Template
from typing import Final

NAMES: Final = ("author", "body", "date", "link", "number", "source", "target", "title")
"""What a frame may name."""

MAX_FRAME: Final = 16_384
"""So many characters a frame may have: most of a copy belongs to the ticket."""

_ALLOWED = ", ".join(f"${{{name}}}" for name in NAMES)


@dataclass(frozen=True, slots=True)
class BadTemplate:
    """A text that cannot be a frame; each mistake is a sentence that names its line."""

    mistakes: tuple[str, ...]


def parse_template(text: str) -> Template | BadTemplate:
    """Read the text of a template file. The line ends at its end are the editor's, and go."""
    mistakes = template_mistakes(text)
    if mistakes:
        return BadTemplate(tuple(mistakes))
    return Template(text.replace("\r\n", "\n").rstrip("\n"))


def template_mistakes(text: str) -> list[str]:
    """Everything that is wrong with a template, in the order of its lines; empty where nothing is."""
    mistakes = []
    names = set()
    for found in Template.pattern.finditer(text):
        name = found["named"] or found["braced"]
        names.add(name)
        line = text.count("\n", 0, found.start()) + 1
        if name and name not in NAMES:
            mistakes.append(f"line {line}: ${{{name}}} is not known; allowed are {_ALLOWED}")
        elif found["invalid"] is not None:
            mistakes.append(
                f"line {line}: a lone $; write $$ for a dollar sign, or one of {_ALLOWED}"
            )
    if "body" not in names:
        mistakes.append("no line has ${body}: a copy would have no text")
    if len(text) > MAX_FRAME:
        mistakes.append(f"it has {len(text)} characters; {MAX_FRAME} are the most")
    return mistakes
