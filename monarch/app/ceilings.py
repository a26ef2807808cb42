"""The ceilings of an installation, and what is foretold by them."""

from valkey.asyncio import Valkey

from monarch.adapters.valkey.budget import ValkeyBudget
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.outlook import Outlook
from monarch.adapters.valkey.scripts import Scripts
from monarch.core.budget.ceilings import Ceilings
from monarch.core.budget.learning import proven
from monarch.settings import Settings


def ceilings_of(settings: Settings) -> Ceilings:
    """The ceilings that the installation sets."""
    return Ceilings(
        per_minute=settings.writes_per_minute,
        per_hour=settings.writes_per_hour,
        interval_ms=round(settings.write_interval_seconds * 1000),
        at_once=settings.writes_at_once,
    )


def outlook_of(client: Valkey, settings: Settings) -> Outlook:
    """What foretells by the ceilings that are set, or learned and proven where those are less."""
    ceilings, keys = ceilings_of(settings), Keys(settings.namespace)
    budget = ValkeyBudget(Scripts(client, keys.prefix), keys, ceilings)

    async def known_to_fit(account: str) -> Ceilings:
        return proven(ceilings, (await budget.spent(account)).learned)

    return Outlook(client, keys, known_to_fit)
