"""From settings to GitHub: who signs, and what may be read and written there."""

from urllib.parse import urlsplit

from monarch.adapters.github.client import HttpGitHub
from monarch.app.whereabouts import web_url_of
from monarch.core.refs import GITHUB_HOSTS
from monarch.core.request import Rules
from monarch.settings import Settings


def github_of(settings: Settings) -> HttpGitHub:
    """The way to GitHub; nothing is sent yet, and whoever asked for it closes it."""
    token = settings.gh_pat.get_secret_value() if settings.gh_pat else ""
    return HttpGitHub(token, settings.github_api_url)


def rules_of(settings: Settings) -> Rules:
    """Which sources and targets are accepted, and by which addresses they may be named."""
    hosts = GITHUB_HOSTS | {urlsplit(web_url_of(settings)).hostname or ""}
    return Rules(settings.allowed_sources, settings.allowed_targets, hosts)
