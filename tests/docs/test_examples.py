"""Every command of the pages is run, and says what the pages say."""

from pathlib import Path

import pytest

from monarch.sandbox.process import running_sandbox
from monarch.sandbox.valkey import EmbeddedValkey
from scripts.fleet_machine.fleet import a_fleet
from tests.docs.examples import PAGES, Names, blocks, differences, shape
from tests.docs.story import Story

ROOMY = {"MONARCH_WRITES_PER_MINUTE": "3000", "MONARCH_WRITES_PER_HOUR": "3000"}
"""Ceilings, so that there are numbers to show, and nobody waits for them."""


async def _breaches(story: Story) -> list[str]:
    names, found = Names(), []
    for page in PAGES:
        for block in blocks(page):
            if block.language == "run":
                await story.do(block.body)
            for step in block.steps() if block.language == "console" else ():
                comes = story.run(names.translated(step.command))
                names.learn(step.said, comes)
                if lines := differences(step.said, comes):
                    found.append("\n".join([f"{page.name}: $ {step.command}", *lines]))
    return found


@pytest.mark.timeout(900)  # each command of the pages is a process of its own, one after the other
async def test_what_the_pages_say_is_what_comes(tmp_path: Path) -> None:
    """A column that is renamed, or a word that changed, is found here and not by a stranger; programs run, too."""
    with EmbeddedValkey(tmp_path / "valkey") as server:
        async with running_sandbox() as sandbox:
            with a_fleet(server, sandbox, tmp_path) as fleet:
                story = Story(fleet, settings=ROOMY)
                await story.begin()
                breaches = await _breaches(story)
                before = len(fleet.requests())
                program = [
                    block.body for page in PAGES for block in blocks(page) if block.language == "py"
                ]
                printed = story.run_python("\n".join(program))
                requests = fleet.until_ended(before + len(program))

    assert not breaches, "\n\n".join(breaches)
    assert printed.startswith("request ")
    assert [one["state"] for one in requests[before:]] == ["done", "done"]


@pytest.mark.parametrize(
    ("said", "comes"),
    [
        (["TARGET  COPIED", "a/b        3"], ["TARGET  PRESENT", "a/b        3"]),
        (["TARGET  COPIED", "a/b        3"], ["TARGET  COPIED  STRAYS", "a/b        3       1"]),
        (["done"], []),
        (["paused by ada", "..."], ["running", "x", "y"]),
    ],
)
def test_a_column_that_is_renamed_or_missing_is_a_difference(
    said: list[str], comes: list[str]
) -> None:
    """What is compared is everything but numbers, times, ids and padding."""
    assert differences(said, comes)


def test_another_run_makes_no_difference() -> None:
    """Nor do wider columns, or a dash where there is a number next time."""
    said = ["OLDEST  HELD", "     -     1", "1795484750441-0  running  3 s  vm.20799.287d26"]
    comes = ["OLDEST    HELD", "   2 s       0", "1895484750441-12  running  500 ms  ci-7.1.aaaaaa"]

    assert differences(said, comes) == []
    assert differences(["a", "...", "z"], ["a", "b", "c", "z"]) == []
    assert shape("epoch  7118884b@1795760668378") == "epoch #"


def test_a_moment_is_not_learned_as_a_repository() -> None:
    """The fields of a hash may come in another order than the page has; its command asked for the wrong key then."""
    names = Names()

    names.learn(["800000006", "1795484750441-0"], ["1795761645556", "1795761643716-12"])

    assert (
        names.translated("GET '{monarch}:target:800000006'") == "GET '{monarch}:target:800000006'"
    )
    assert names.translated("show 1795484750441-0") == "show 1795761643716-12"
