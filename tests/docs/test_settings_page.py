"""`docs/settings.md` lists what `.env.template` lists, and what the compose file reads."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_ROW = re.compile(r"^\| `([A-Z_]+)` \| (?:`(.*?)`|empty) \| (.+?) \| (.+) \|$", re.MULTILINE)


def test_the_page_has_every_setting_in_order_with_its_default() -> None:
    """A setting that is added to the template is added to the page."""
    template = (ROOT / ".env.template").read_text(encoding="utf-8")
    settings = re.findall(r"^#?([A-Z_]+)=(.*)$", template, re.MULTILINE)

    rows = _ROW.findall((ROOT / "docs" / "settings.md").read_text(encoding="utf-8"))

    assert [(name, default) for name, default, _, _ in rows] == settings


def test_the_page_has_what_the_compose_file_reads_with_its_default() -> None:
    """An operator looks for every variable of `.env` on this page."""
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    read = dict(re.findall(r"\$\{([A-Z_]+):-(.*?)\}", compose))
    listed = re.findall(r"^\| `([A-Z_]+)` \| (?:`(.*?)`|empty) \| [^|]+ \|$", page, re.MULTILINE)

    assert len(read) == 5
    assert dict(listed) == read
