"""What an installation decides about its copies, from its environment."""

from pathlib import Path

from monarch.app.wiring import style_of
from monarch.core.copy.seal import Seal
from monarch.core.copy.style import Style
from monarch.settings import settings_from


def test_by_default_everything_is_copied_and_nobody_is_notified() -> None:
    """The text alone, with labels and milestones."""
    assert style_of(settings_from({})) == Style()


def test_what_is_decided_is_handed_on(tmp_path: Path) -> None:
    """Each setting, and the address that people see."""
    frame = tmp_path / "frame.md"
    frame.write_text("From $link\n\n$body\n", encoding="utf-8")
    style = style_of(
        settings_from(
            {
                "GITHUB_API_URL": "https://hub.school.example:8443/api/v3",
                "MONARCH_ISSUE_TEMPLATE_FILE": str(frame),
                "MONARCH_COPY_LABELS": "false",
                "MONARCH_COPY_MILESTONES": "no",
                "MONARCH_ADOPT": "off",
                "MONARCH_MENTIONS": "Keep",
                "MONARCH_MARKER_KEY": "0123456789abcdef, the-key-of-last-year",
                "MONARCH_NAMESPACE": "school",
            }
        )
    )

    assert style.web_url == "https://hub.school.example:8443"
    assert style.template is not None
    assert style.template.template.startswith("From $link")
    assert style.seal == Seal("school", (b"0123456789abcdef", b"the-key-of-last-year"))
    assert (style.labels, style.milestones, style.mentions) == (False, False, True)
    assert not style.adopt
