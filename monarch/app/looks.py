"""From settings to how copies look."""

from string import Template

from monarch.app.whereabouts import web_url_of
from monarch.core.style import Style
from monarch.settings import Settings


def style_of(settings: Settings) -> Style:
    """What an installation has decided about its copies."""
    text = settings.issue_template
    return Style(
        web_url=web_url_of(settings),
        mentions=settings.mentions == "keep",
        template=None if text is None else Template(text),
        labels=settings.copy_labels,
        milestones=settings.copy_milestones,
    )
