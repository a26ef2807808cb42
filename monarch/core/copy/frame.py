"""The frame that an installation may put around a ticket's text: `string.Template`, checked when Monarch starts.

A frame knows these names, each as `$name` or `${name}`; `$$` is a dollar sign:

author   login of the ticket's author, `ghost` for a deleted account
body     the ticket's text; it must stand somewhere
date     the day on which the ticket was written, as 2026-01-31
link     address of the ticket
number   its number in the source
source   `owner/repo` that is read
target   `owner/repo` that is written
title    the ticket's title
"""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Final

from monarch.core.copy.references import References
from monarch.core.copy.style import Copying
from monarch.core.ticket import Ticket

UNFRAMED: Final = Template("${body}")
"""The ticket's text alone."""

NAMES: Final = ("author", "body", "date", "link", "number", "source", "target", "title")
"""What a frame may name."""

MAX_FRAME: Final = 16_384
"""How many characters a frame may have: most of a copy belongs to the ticket."""

_LF = "\n"
_ALLOWED = ", ".join(f"${{{name}}}" for name in NAMES)


@dataclass(frozen=True, slots=True)
class BadTemplate:
    """A text that cannot be a frame; each mistake is a sentence that names its line."""

    mistakes: tuple[str, ...]


def parse_template(text: str) -> Template | BadTemplate:
    """Read the text of a template file. The line ends at its end come from the editor and are dropped."""
    mistakes = template_mistakes(text)
    if mistakes:
        return BadTemplate(tuple(mistakes))
    return Template(text.replace("\r\n", "\n").rstrip("\n"))


def template_mistakes(text: str) -> list[str]:
    """Everything that is wrong with a template, in the order of its lines; empty if nothing is."""
    mistakes = []
    bodies = 0
    for found in Template.pattern.finditer(text):
        name = found["named"] or found["braced"]
        where = f"line {text.count(_LF, 0, found.start()) + 1}"
        if name == "body":
            bodies += 1
            if bodies == 2:  # noqa: PLR2004 - that is what "twice" means
                mistakes.append(f"{where}: ${{body}} stands here for the second time")
        elif name and name not in NAMES:
            mistakes.append(f"{where}: ${{{name}}} is not known; allowed are {_ALLOWED}")
        elif found["invalid"] is not None:
            mistakes.append(f"{where}: a lone $; write $$ for it, or one of {_ALLOWED}")
    if not bodies:
        mistakes.append("no line has ${body}: a copy would have no text")
    if len(text) > MAX_FRAME:
        mistakes.append(f"it has {len(text)} characters; {MAX_FRAME} are the most")
    return mistakes


def words(ticket: Ticket, copying: Copying) -> dict[str, str]:
    """The values for a frame, from a ticket and its target, without the body."""
    return {
        "author": ticket.author or "ghost",
        "date": ticket.created_at.partition("T")[0],
        "link": References(copying).address(ticket),
        "number": str(ticket.number),
        "source": copying.plan.source,
        "target": copying.target,
        "title": ticket.title,
    }


def fill(template: Template, named: Mapping[str, str]) -> tuple[str, tuple[int, int]]:
    """Fill a frame; the values themselves are not searched for names.

    Returns:
        The text, and where the ticket's own words (`body`) stand in it.
    """
    text = template.template
    made: list[str] = []
    own = (0, 0)
    at = length = 0
    for found in template.pattern.finditer(text):
        name = found["named"] or found["braced"]
        word = named.get(name, found[0]) if name else "$"
        made += text[at : found.start()], word
        length += found.start() - at + len(word)
        if name == "body":
            own = (length - len(word), length)
        at = found.end()
    made.append(text[at:])
    return "".join(made), own
