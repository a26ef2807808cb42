"""The blocks of code of the pages, and how what they say is compared with what comes.

A block of `console` is a row of commands (`$ …`) with what each of them says. All are run in the order of the pages, as
one story. What a page does not show is done by a comment, which GitHub does not show either:

```
<!-- run: archive nss-group-projects/cider-falls-team-6 -->
```

Numbers, times, ids and padding differ from run to run, so lines are compared by their *shape*. A line of `...` stands for
any lines. Ids in commands are those of the story that is run now: they are learned from the outputs.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PAGES: Final = tuple(ROOT / name for name in ("README.md", "docs/operating.md", "docs/valkey.md"))
ANY_LINES: Final = "..."

_BLOCK = re.compile(
    r"^<!-- run: (?P<directive>[^\n]+) -->$|^```(?P<language>\w*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_ID = re.compile(r"(?<![\w.])\d{9,}(?:-\d+)?")
_SHAPES = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|\b\d{1,2}:\d\d\b"), "#"),
    (re.compile(r"\b[0-9a-f]{8,40}(?:@\d+)?\b|\b[0-9A-F]{4}(?::[0-9A-F]+)+\b"), "#"),
    (re.compile(r"(?<![\w.#])[a-z_][\w-]*@[\w.-]+"), "WHO"),
    (re.compile(r"[\w-]+\.\d+\.[0-9a-f]{6}\b"), "WORKER"),
    (re.compile(r"\d+(?:\.\d+)*(?:-\d+)?"), "#"),
    (re.compile(r"# (?:ms|s|min|h|d)\b"), "#"),
    (re.compile(r"(?<!\S)-(?!\S)|\bnull\b"), "#"),
    (re.compile(r"\s+"), " "),
)
"""What differs from run to run, and what stands for it; where there is no number a dash may be one next time."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command and the lines that it says. These stand from `start` to `end` in the page."""

    command: str
    said: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code of a page; or a directive, whose language is `run`."""

    language: str
    body: str
    start: int

    def steps(self) -> Iterator[Step]:
        """The commands of a block of `console`."""
        at = self.start
        open_step: tuple[str, int] | None = None
        said: list[str] = []
        for line in self.body.splitlines(keepends=True):
            if line.startswith("$ "):
                if open_step:
                    yield Step(open_step[0], tuple(said), open_step[1], at)
                open_step, said = (line[2:].rstrip("\n"), at + len(line)), []
            else:
                said.append(line.rstrip("\n"))
            at += len(line)
        if open_step:
            yield Step(open_step[0], tuple(said), open_step[1], at)


def blocks(page: Path) -> Iterator[Block]:
    """Every block of code and every directive of a page, in order."""
    for found in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        if found["directive"]:
            yield Block("run", found["directive"], found.start("directive"))
        else:
            yield Block(found["language"], found["body"], found.start("body"))


def shape(line: str) -> str:
    """The line without what differs from run to run."""
    for pattern, instead in _SHAPES:
        line = pattern.sub(instead, line)
    return line.strip()


def differences(said: Sequence[str], comes: Sequence[str]) -> list[str]:
    """What the page says (`-`) and what comes instead (`+`); nothing where they have one shape."""
    if ANY_LINES in said:
        at = said.index(ANY_LINES)
        after = len(said) - at - 1
        said = [*said[:at], *said[at + 1 :]]
        comes = [*comes[:at], *comes[max(at, len(comes) - after) :]]
    left, right = [shape(line) for line in said], [shape(line) for line in comes]
    return (
        [] if left == right else [*(f"- {line}" for line in left), *(f"+ {line}" for line in right)]
    )


@dataclass
class Names:
    """The ids of the pages, and those of the story that is run now."""

    known: dict[str, str] = field(default_factory=dict)

    def learn(self, said: Sequence[str], comes: Sequence[str]) -> None:
        """Take the ids of two outputs for the same ones, in their order, where they are of one kind."""
        theirs = (_ID.findall("\n".join(one)) for one in (said, comes))
        for name, now in zip(*theirs, strict=False):
            if _kind(name) == _kind(now):
                self.known.setdefault(name, now)

    def translated(self, text: str) -> str:
        """The text with the ids of now."""
        return _ID.sub(lambda found: self.known.get(found[0], found[0]), text)


def _kind(name: str) -> tuple[int, bool]:
    """An entry's id, a moment, a number of GitHub's: they differ in length, or in their dash."""
    number, dash, _ = name.partition("-")
    return len(number), bool(dash)
