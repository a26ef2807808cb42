"""From settings to the places where Valkey is (one for each process, shared by all its connections) and GitHub."""

from urllib.parse import urlsplit

from pydantic import SecretStr

from monarch.adapters.valkey.client.sentinel import Sentinels
from monarch.adapters.valkey.client.sockets import Place, place
from monarch.settings import Settings


def valkey_of(settings: Settings) -> Place:
    """The Valkey of an installation; its Sentinels lead there, if it has any. Nothing is asked yet."""
    return place(settings.valkey_url.get_secret_value(), _sentinels(settings))


def _sentinels(settings: Settings) -> Sentinels | None:
    if not settings.valkey_sentinels or settings.valkey_sentinel_master is None:
        return None
    secret = settings.valkey_sentinel_password
    return Sentinels(
        settings.valkey_sentinels,
        settings.valkey_sentinel_master,
        settings.valkey_sentinel_username,
        secret.get_secret_value() if secret else None,
    )


def proxy_of(way: SecretStr | None) -> str | None:
    """The address of a proxy, as a client wants it."""
    return way.get_secret_value() if way else None


def web_url_of(settings: Settings) -> str:
    """Where people see what the API serves.

    github.com, the address of an enterprise on GHE.com (`https://octocorp.ghe.com`, whose API is below `api.`), or that of
    an Enterprise Server, with its port.
    """
    parts = urlsplit(settings.github_api_url)
    host = parts.hostname or ""
    if host == "api.github.com" or (host.startswith("api.") and host.endswith(".ghe.com")):
        return f"https://{host.removeprefix('api.')}"
    return f"{parts.scheme}://{parts.netloc}"
