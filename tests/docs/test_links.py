"""Every link of a Markdown page leads somewhere, and every module and script that a page names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(page for folder in (".", "docs", "tests") for page in (ROOT / folder).glob("*.md"))

_LINK = re.compile(r"\]\((?!https?://)([^)\s]*)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_NAMED = re.compile(
    r"`((?:core|stages|adapters|app|cli|ports|telemetry|scripts|tests|monarch|docs)/[\w/]+\.(?:py|lua|md))`"
)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_ROOMS = ("", "monarch/", "monarch/adapters/valkey/")


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(prose(page)))
    return {heading.replace(" ", "-") for heading in kept}


def is_there(page: Path, link: str) -> bool:
    """Whether a link of `page` leads to a file or folder, and to a heading of it where it names one."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    return not anchor or target.suffix != ".md" or anchor in anchors(target)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """A link that leads nowhere is found here, and not by a stranger."""
    links = _LINK.findall(prose(page))

    assert [link for link in links if not is_there(page, link)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_that_is_named_is_there(page: Path) -> None:
    """A module that is renamed takes its name in the pages along."""
    named = set(_NAMED.findall(page.read_text(encoding="utf-8")))

    assert [
        name for name in named if not any((ROOT / room / name).is_file() for room in _ROOMS)
    ] == []
