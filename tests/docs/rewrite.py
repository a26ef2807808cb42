"""usage: python -m tests.docs.rewrite.

Runs every command of the pages and writes what it says into them: for when a column came, or a word changed. Takes some
minutes, because GitHub's limits are kept as they are by default, so that the pages show their usual numbers.
"""

import tempfile
from pathlib import Path

import anyio

from monarch.sandbox.process import running_sandbox
from monarch.sandbox.valkey import EmbeddedValkey
from scripts.fleet_machine.fleet import a_fleet
from tests.docs.examples import ANY_LINES, PAGES, Names, Step, blocks
from tests.docs.story import Story

DEFAULTS = {"MONARCH_WRITE_INTERVAL_SECONDS": "1", "MONARCH_WRITES_PER_MINUTE": "80"}


async def rewrite(story: Story) -> None:
    """Go through the pages; ids are those of this story from now on."""
    names = Names()
    texts = {}
    for page in PAGES:
        text, moved = page.read_text(encoding="utf-8"), 0
        for block in blocks(page):
            if block.language == "run":
                await story.do(block.body)
            for step in block.steps() if block.language == "console" else ():
                said = _said(step, story.run(names.translated(step.command)), names)
                text = text[: step.start + moved] + said + text[step.end + moved :]
                moved += len(said) - (step.end - step.start)
        texts[page] = text
    for page, text in texts.items():
        page.write_text(names.translated(text), encoding="utf-8")


def _said(step: Step, comes: list[str], names: Names) -> str:
    """The new output; where any lines may stand there, the old one."""
    names.learn(step.said, comes)
    lines = list(step.said) if ANY_LINES in step.said else comes
    return "".join(line + "\n" for line in lines)


async def main() -> None:
    """With a fleet of its own."""
    with (
        tempfile.TemporaryDirectory() as directory,
        EmbeddedValkey(Path(directory) / "v") as server,
    ):
        async with running_sandbox() as sandbox:
            with a_fleet(server, sandbox, Path(directory)) as fleet:
                story = Story(fleet, settings=DEFAULTS)
                await story.begin()
                await rewrite(story)


if __name__ == "__main__":
    anyio.run(main)
