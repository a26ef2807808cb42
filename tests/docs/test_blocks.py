"""Each block of code of the pages is tried: run, read, or named here with where it is tried."""

import json
import re

import pytest

from monarch.core.request.message import Request, parse_message
from monarch.core.request.rules import Rules
from tests.docs.examples import PAGES, ROOT, Block, blocks

ALL_PAGES = sorted({*PAGES, *(ROOT / "docs").glob("*.md"), ROOT / "CONTRIBUTING.md"})
ELSEWHERE = {
    "scripts/demo": "tests/system/shipped/test_demo.py",
    "scripts/rollout": "tests/system/shipped/test_rollout.py",
    "scripts/bench": "tests/scripts/test_programs.py",
    "scripts/chaos": ".ci/run",
    "scripts/check": ".ci/run",
    "scripts/test": ".ci/run",
    "cp": "needs no test",
    "kubectl": "tests/test_kubernetes.py, as far as it can be without a cluster",
    "docker": "tests/test_deployment.py, as far as it can be without Docker",
    "valkey-cli": "tests/system/valkey/test_valkey_tls.py",
}
"""First words of commands in `sh` blocks, and where these are tried."""


def all_blocks(language: str) -> list[Block]:
    """The blocks of one language."""
    return [block for page in ALL_PAGES for block in blocks(page) if block.language == language]


def test_every_language_is_one_that_is_tried() -> None:
    """`console` and `py` are run by test_examples.py; a block without a language is a picture."""
    languages = {block.language for page in ALL_PAGES for block in blocks(page)}

    assert languages <= {"", "run", "console", "sh", "json", "py", "yaml"}


@pytest.mark.parametrize(
    "block", all_blocks("sh"), ids=lambda block: block.body.split("\n")[0][:40]
)
def test_every_shell_command_is_tried_somewhere(block: Block) -> None:
    """`monarch …` has to be a command that there is; a setting, one that there is."""
    template = (ROOT / ".env.template").read_text(encoding="utf-8")
    help_page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for line in block.body.splitlines():
        word = line.removeprefix("# ").partition(" ")[0]
        if "=" in word:
            assert re.search(rf"^#?{word.partition('=')[0]}=", template, re.MULTILINE), line
        elif word == "monarch":
            assert re.search(rf"^## {' '.join(line.split()[:2])}\b", help_page, re.MULTILINE), line
        else:
            assert word in ELSEWHERE, line


@pytest.mark.parametrize("block", all_blocks("json"), ids=lambda block: block.body[:20])
def test_every_message_can_be_read(block: Block) -> None:
    """By the planner's own reading."""
    assert json.loads(block.body)
    assert isinstance(parse_message(block.body.encode(), Rules()), Request)
