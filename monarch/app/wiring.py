"""From settings to the parts of an installation: where its Valkey and GitHub are, who signs, what copies look like.

Nothing is sent here.
"""

from urllib.parse import urlsplit

from pydantic import SecretStr
from valkey.asyncio import Valkey

from monarch.adapters.github.auth.app import AppKey
from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.valkey.budget import ValkeyBudget
from monarch.adapters.valkey.client.sentinel import Sentinels
from monarch.adapters.valkey.client.sockets import ServerPlace, place
from monarch.adapters.valkey.kept.living import ceilings_in_force
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.meter import ValkeyMeter
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.views.outlook import ValkeyOutlook
from monarch.core.budget.ceilings import Ceilings
from monarch.core.budget.learning import proven
from monarch.core.card.messages import Places
from monarch.core.card.telling import Manner
from monarch.core.copy.seal import Seal
from monarch.core.copy.style import Style
from monarch.core.request.refs import GITHUB_HOSTS
from monarch.core.request.rules import Rules
from monarch.ports import Meter, StoreRefused
from monarch.settings import Settings

# ------------------------------------------------------------------------------------------ places


def valkey_of(settings: Settings) -> ServerPlace:
    """The Valkey of an installation, found through its Sentinels if it has any. Nothing is asked yet."""
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


def manner_of(settings: Settings) -> Manner:
    """How Slack messages are written."""
    return Manner(
        Places(web_url_of(settings), settings.page_url or ""),
        ending_in_channel=settings.slack_ending == "channel",
        ending_after_ms=1000 * settings.slack_ending_seconds,
    )


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


# ------------------------------------------------------------------------------------------ signing


def github_of(settings: Settings, meter: Meter | None = None) -> HttpGitHub:
    """The GitHub of an installation, with all that may sign there; close it. Nothing is asked yet.

    Args:
        settings: with a token, an App, or both.
        meter: counts reads; `None`: they are not counted.
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


# ------------------------------------------------------------------------------------------- budget


def ceilings_of(settings: Settings) -> Ceilings:
    """The ceilings that the installation sets."""
    return Ceilings(
        per_minute=settings.writes_per_minute,
        per_hour=settings.writes_per_hour,
        interval_ms=round(settings.write_interval_seconds * 1000),
        at_once=settings.writes_at_once,
    )


def outlook_of(client: Valkey, settings: Settings) -> ValkeyOutlook:
    """The forecast, by the ceilings of the living workers, or by learned and proven ones where those are lower.

    While no worker says its own the ceilings of these settings stand in for them.
    """
    ceilings, keys = ceilings_of(settings), Keys(settings.namespace)
    budget = ValkeyBudget(Scripts(client, keys.prefix), keys, ceilings)

    async def known_to_fit(account: str) -> Ceilings:
        in_force = await ceilings_in_force(client, keys) or ceilings
        try:
            return proven(in_force, (await budget.spent(account)).learned)
        except StoreRefused:
            # A key of another type: the snapshot names it, and a forecast is the least that is lost by it.
            return in_force

    return ValkeyOutlook(client, keys, known_to_fit)


# ---------------------------------------------------------------------------------- rules and looks


def rules_of(settings: Settings) -> Rules:
    """Which sources and targets are accepted, and by which addresses they may be named."""
    here = urlsplit(web_url_of(settings))
    # With its port, as a browser shows it, and without, as ssh does.
    hosts = GITHUB_HOSTS | {here.netloc.lower(), here.hostname or ""}
    return Rules(
        settings.allowed_sources, settings.allowed_targets, hosts, settings.private_to_public
    )


def style_of(settings: Settings) -> Style:
    """What an installation has decided about its copies."""
    return Style(
        web_url=web_url_of(settings),
        mentions=settings.mentions == "keep",
        template=settings.issue_template,
        labels=settings.copy_labels,
        milestones=settings.copy_milestones,
        assignees=settings.copy_assignees,
        seal=_seal_of(settings),
        adopt=settings.adopt,
    )


def _seal_of(settings: Settings) -> Seal | None:
    keys = tuple(key.encode() for key in settings.marker_keys)
    return Seal(settings.namespace, keys) if keys else None
