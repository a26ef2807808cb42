"""The ways into the page that the settings open."""

from monarch.settings import Settings
from monarch.web.door.visit import Doors


def doors_of(settings: Settings) -> Doors:
    """Who may look and press; the page also answers to the name that it listens on."""
    token = settings.web_token.get_secret_value() if settings.web_token else ""
    header = (settings.web_user_header or "").lower()
    names = frozenset({*settings.web_names, settings.web_host.lower()})
    return Doors(token, header, settings.web_trusted_proxies, names, settings.web_public)
