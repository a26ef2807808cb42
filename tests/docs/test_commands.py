"""`docs/commands.md` is made from the program's own help."""

from pathlib import Path

from scripts.command_page import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "commands.md"


def test_the_page_says_what_the_help_says() -> None:
    """`scripts/commands` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == page().rstrip() + "\n"
