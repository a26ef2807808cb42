"""From settings to GitHub, with all that may sign there."""

from monarch.adapters.github.auth.app import AppKey
from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.meter import ValkeyMeter
from monarch.adapters.valkey.scripts import Scripts
from monarch.app.ceilings import ceilings_of
from monarch.app.whereabouts import proxy_of
from monarch.ports import Meter
from monarch.settings import Settings


def github_of(settings: Settings, meter: Meter | None = None) -> HttpGitHub:
    """The GitHub of an installation, with all that may sign there; close it. Nothing is asked yet.

    Args:
        settings: with a token, an App, or both.
        meter: counts reads; `None`: nobody does.
    """
    token = settings.gh_pat.get_secret_value() if settings.gh_pat else None
    proxy = proxy_of(settings.github_proxy)
    return HttpGitHub(
        token, settings.github_api_url, app=app_of(settings), meter=meter, proxy=proxy
    )


def meter_of(settings: Settings, scripts: Scripts, keys: Keys) -> Meter:
    """What counts the reads of an installation."""
    return ValkeyMeter(scripts, keys, ceilings_of(settings))


def app_of(settings: Settings) -> AppKey | None:
    """The App that signs, if there is one."""
    key = settings.github_app_private_key
    if settings.github_app_id is None or key is None:
        return None
    return AppKey(settings.github_app_id, key.get_secret_value())
