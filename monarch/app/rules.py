"""From settings to the rules for what may be copied, and where to."""

from urllib.parse import urlsplit

from monarch.app.whereabouts import web_url_of
from monarch.core.request.message import Rules
from monarch.core.request.refs import GITHUB_HOSTS
from monarch.settings import Settings


def rules_of(settings: Settings) -> Rules:
    """Which sources and targets are accepted, and by which addresses they may be named."""
    here = urlsplit(web_url_of(settings))
    # With its port, as a browser shows it, and without, as ssh does.
    hosts = GITHUB_HOSTS | {here.netloc.lower(), here.hostname or ""}
    return Rules(
        settings.allowed_sources, settings.allowed_targets, hosts, settings.private_to_public
    )
