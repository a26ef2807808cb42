"""A worker's surroundings: its settled terms, and the world outside of it.

`assembly` puts a worker together from these two and knows nothing else. So a test with other surroundings tries the very
worker that is shipped.
"""

import os
import random
import secrets
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from valkey.asyncio import Valkey

from monarch.adapters.clock import BootClock
from monarch.adapters.github.client import HttpGitHub
from monarch.adapters.slack import HttpSlack, NoSlack
from monarch.adapters.threads import Threads
from monarch.adapters.valkey.client.connection import connect
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.subscriber import ValkeyEar
from monarch.app.wiring import (
    ceilings_of,
    github_of,
    manner_of,
    meter_of,
    outlook_of,
    proxy_of,
    rules_of,
    style_of,
    valkey_of,
)
from monarch.core.budget.ceilings import Ceilings
from monarch.core.card.telling import Manner
from monarch.core.copy.style import Style
from monarch.core.request.rules import Rules
from monarch.core.verdict import Policy
from monarch.ports import Clock, Ear, GitHub, Outlook, Signing, Slack
from monarch.settings import Settings
from monarch.stages.support.aside import Aside
from monarch.telemetry import Telemetry

if TYPE_CHECKING:
    from monarch.stages.missed.watch import MissedWatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an installation has settled on, as the stages take it.

    `places` is how many migrations one worker has in hand at once; `manner` is how Slack messages are written.
    """

    keys: Keys
    ceilings: Ceilings
    policy: Policy
    rules: Rules
    style: Style
    lease_s: float
    retention_ms: int
    places: int
    manner: Manner


def terms_of(settings: Settings) -> Terms:
    """The terms that these settings come to."""
    return Terms(
        keys=Keys(settings.namespace),
        ceilings=ceilings_of(settings),
        policy=Policy(
            settings.max_attempts, settings.max_deliveries, settings.target_patience_seconds
        ),
        rules=rules_of(settings),
        style=style_of(settings),
        lease_s=settings.lease_seconds,
        retention_ms=settings.retention_days * 86_400_000,
        places=settings.concurrency,
        manner=manner_of(settings),
    )


class Surroundings(Protocol):
    """The world outside of one worker. `assembly` asks for each part once, and nothing is sent yet.

    Attributes:
        name: the worker's, as a consumer; never the same twice.
        dice: a random number from 0 to 1.
        nonce: a name that no other write has.
    """

    name: str
    clock: Clock
    aside: Aside
    dice: Callable[[], float]
    nonce: Callable[[], str]

    def client(self, purpose: str, *, connections: int = 1) -> Valkey:
        """A client of Valkey for one purpose (why not one for all: `adapters.valkey.client.connection`)."""

    def github(self, scripts: Scripts) -> tuple[GitHub, Signing]:
        """GitHub, and the check whether it accepts our credential; `scripts` count what is read."""

    def slack(self) -> Slack:
        """Slack."""

    def ear(self, commands: Valkey) -> tuple[Ear, Callable[[], int]]:
        """The subscriber, and since when it hears (ms, by the server's clock; read at each hearing)."""

    def outlook(self, commands: Valkey) -> Outlook:
        """The forecast of when a request is done."""

    def missed(self, telemetry: Telemetry, gaps: Callable[[], int]) -> "MissedWatch | None":
        """The watch for repositories that no message named, built after `github`; `None` where nothing is watched.

        `gaps` counts how often this worker did not hear until now.
        """


class Production:
    """`Surroundings` by settings; what is opened is closed with `stack`."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self._valkey = valkey_of(settings)
        self._keys = Keys(settings.namespace)
        self._github: HttpGitHub | None = None
        self.name = consumer_name()
        self.clock: Clock = BootClock()
        self.aside: Aside = Threads()
        self.dice: Callable[[], float] = random.SystemRandom().random
        self.nonce: Callable[[], str] = lambda: secrets.token_hex(4)

    def client(self, purpose: str, *, connections: int = 1) -> Valkey:
        """See `Surroundings.client`."""
        client = connect(self._valkey, purpose, connections=connections)
        self._stack.push_async_callback(client.aclose)
        return client

    def github(self, scripts: Scripts) -> tuple[GitHub, Signing]:
        """See `Surroundings.github`."""
        self._github = github_of(self._settings, meter_of(self._settings, scripts, self._keys))
        self._stack.push_async_callback(self._github.aclose)
        return self._github, self._github

    def slack(self) -> Slack:
        """See `Surroundings.slack`; without a token nothing is sent."""
        if self._settings.slack_bot_token is None:
            return NoSlack()
        token = self._settings.slack_bot_token.get_secret_value()
        proxy = proxy_of(self._settings.slack_proxy)
        slack = HttpSlack(token, self._settings.slack_api_url, proxy=proxy)
        self._stack.push_async_callback(slack.aclose)
        return slack

    def ear(self, commands: Valkey) -> tuple[Ear, Callable[[], int]]:
        """See `Surroundings.ear`."""
        subscription = self.client("subscription")
        channel, now = self._settings.channel, self.clock.now
        ear = ValkeyEar(subscription, commands, self._keys, channel, self.name, now)
        return ear, lambda: ear.subscribed_ms

    def outlook(self, commands: Valkey) -> Outlook:
        """See `Surroundings.outlook`."""
        return outlook_of(commands, self._settings)

    def missed(self, telemetry: Telemetry, gaps: Callable[[], int]) -> "MissedWatch | None":
        """See `Surroundings.missed`."""
        if self._github is None or not self._settings.missed_owners:
            return None
        # Imported here, since most workers watch nothing, and do without its code.
        from monarch.app.missing import missed_watch  # noqa: PLC0415 - see above

        client, slack = self.client("missed"), self.slack()
        return missed_watch(self._settings, client, self._github, slack, telemetry, gaps)


def consumer_name() -> str:
    """`<host>.<pid>.<random>`: never the same twice, so that no worker takes up a dead worker's fence."""
    return f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(3)}"
