"""From settings to how copies look."""

from monarch.app.whereabouts import web_url_of
from monarch.core.copy.seal import Seal
from monarch.core.copy.style import Style
from monarch.settings import Settings


def style_of(settings: Settings) -> Style:
    """What an installation has decided about its copies."""
    return Style(
        web_url=web_url_of(settings),
        mentions=settings.mentions == "keep",
        template=settings.issue_template,
        labels=settings.copy_labels,
        milestones=settings.copy_milestones,
        seal=_seal_of(settings),
        adopt=settings.adopt,
    )


def _seal_of(settings: Settings) -> Seal | None:
    keys = tuple(key.encode() for key in settings.marker_keys)
    return Seal(settings.namespace, keys) if keys else None
