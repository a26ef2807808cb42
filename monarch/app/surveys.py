"""What commands that look at GitHub need: a rehearser, and what Valkey knows of its targets.

They write only the cost of the reads, and their findings. Without Valkey it depends on the command: a plan is made without
it, and says so.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import anyio
import structlog
from prometheus_client import CollectorRegistry
from valkey.asyncio import Valkey

from monarch.adapters.threads import Threads
from monarch.adapters.valkey.budget import ValkeyBudget
from monarch.adapters.valkey.client.connection import connected
from monarch.adapters.valkey.kept.verifications import Verifications
from monarch.adapters.valkey.keys import Keys
from monarch.adapters.valkey.logins import ValkeyLogins
from monarch.adapters.valkey.scripts import Scripts
from monarch.adapters.valkey.views.outlook import Newcomer, Traffic
from monarch.adapters.valkey.views.plans import ValkeyPlans
from monarch.adapters.valkey.views.requests import RequestReader
from monarch.app.wiring import github_of, meter_of, outlook_of, rules_of, style_of, valkey_of
from monarch.core.ids import RequestId, TargetId
from monarch.core.plan import Plan
from monarch.core.report.summary import State
from monarch.core.target.logins import Us, us_of
from monarch.core.target.permission import Credential, GateClosed
from monarch.ports import StoreError
from monarch.ports.holdings import LedgerReading
from monarch.ports.readings import RequestDetails
from monarch.ports.spoiled import why_unknown
from monarch.settings import Settings
from monarch.stages.rehearsal.rehearsal import Rehearser
from monarch.stages.rehearsal.store import Sources
from monarch.telemetry import Telemetry

T = TypeVar("T")

LOOKED_AT: Final = 200
"""How many requests, the newest, to search for those of the same template."""

OTHERS: Final = 10
"""How many of their plans to read, as in `begin.lua`."""

PLANNED: Final = frozenset({State.RUNNING, State.DONE, State.FAILED, State.CANCELLED})
"""The states of requests that may have a plan."""

AT_ONCE: Final = 4
"""How many targets to read at once: a cohort takes seconds, far from GitHub's limits for reads."""


class Store:
    """The questions to Valkey.

    `trouble` says why it is not asked (any more), `""` while it is; a store that is required raises instead.
    """

    def __init__(
        self, client: Valkey, scripts: Scripts, settings: Settings, *, is_needed: bool
    ) -> None:
        keys = Keys(settings.namespace)
        self.trouble = ""
        self.reader = RequestReader(client, keys)
        self.plans = ValkeyPlans(client, keys)
        self.verifications = Verifications(client, keys, settings.retention_days * 86_400_000)
        self._budget = ValkeyBudget(scripts, keys)
        self._logins = ValkeyLogins(scripts, keys)
        self._outlook = outlook_of(client, settings)
        self._is_needed = is_needed

    async def bases(self, details: RequestDetails) -> tuple[RequestId, ...]:
        """Other requests for the same template, newest first: an update may have written from the plan of one of them.

        Raises:
            StoreError: Valkey cannot be asked.
        """
        lines = await self.reader.requests(LOOKED_AT)
        others = [one for one in lines if one.id != details.view.id and one.state in PLANNED]
        same = [one.id for one in others if one.template.is_same(details.template)]
        return tuple(same[:OTHERS])

    async def planned(self, request: RequestId) -> tuple[RequestDetails, Plan] | str:
        """A request and its plan; where there is none, a sentence that says why.

        Raises:
            StoreError: Valkey cannot be asked.
        """
        details = await self.reader.request(request)
        if details is None:
            return why_unknown(request)
        plan = await self.plans.read(request)
        return _why_without_plan(request, details.view.state) if plan is None else (details, plan)

    async def others(self, details: RequestDetails) -> list[Plan]:
        """Their plans.

        Raises:
            StoreError: Valkey cannot be asked.
        """
        bases = await self.bases(details)
        read = [await self.plans.read(base) for base in bases]
        return [one for one in read if one is not None]

    async def ledger(self, target: TargetId) -> LedgerReading:
        """See `stages.rehearsal.store.Sources`."""
        return await self._ask(lambda: self.reader.ledger(target), LedgerReading({}, 0))

    async def gate(self, credential: Credential) -> GateClosed | None:
        """See `stages.rehearsal.store.Sources`."""
        return await self._ask(lambda: self._budget.gate(credential), None)

    async def us(self, credential: Credential) -> Us:
        """See `stages.rehearsal.store.Sources`."""
        return await self._ask(lambda: self._logins.us(credential), us_of((), credential))

    async def traffic(self, newcomer: Newcomer) -> Traffic | None:
        """What a request would meet if it were submitted now; `None` if Valkey is not asked."""
        return await self._ask(lambda: self._outlook.traffic(newcomer), None)

    async def _ask(self, question: Callable[[], Awaitable[T]], otherwise: T) -> T:
        if self.trouble:
            return otherwise
        try:
            return await question()
        except StoreError as error:
            if self._is_needed:
                raise
            self.trouble = str(error)
            return otherwise


@dataclass(frozen=True, slots=True)
class SurveyTools:
    """What a command looks at GitHub with."""

    rehearser: Rehearser
    store: Store


@asynccontextmanager
async def surveying(
    settings: Settings, tell: Callable[[str], None], *, needs_store: bool
) -> AsyncIterator[SurveyTools]:
    """The means to read the installation that `settings` name; their connections are closed at the end.

    Their reads count together with those of the workers: a look at a large cohort must not use up what these need.
    """
    keys = Keys(settings.namespace)
    async with AsyncExitStack() as stack:
        link = connected(valkey_of(settings), "survey", connections=AT_ONCE + 1)
        client = await stack.enter_async_context(link)
        scripts = Scripts(client, keys.prefix)
        github = github_of(settings, meter_of(settings, scripts, keys))
        stack.push_async_callback(github.aclose)
        store = Store(client, scripts, settings, is_needed=needs_store)
        sources = Sources(github, store.ledger, store.gate, store.us)
        rules, style = rules_of(settings), style_of(settings)
        rehearser = Rehearser(
            sources, rules, style, _unheard(), tell, plans=store.plans, aside=Threads()
        )
        yield SurveyTools(rehearser, store)


def _unheard() -> Telemetry:
    """Telemetry for a dry run, which goes nowhere: what it reports has not happened."""
    log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[])
    return Telemetry(CollectorRegistry(), log)


async def in_order(names: Sequence[str], work: Callable[[str], Awaitable[T]]) -> list[T]:
    """Do it for each of these distinct names, some at once; the results are in the order of the names.

    Raises:
        StoreError: as one of them raised it; the others are cancelled.
    """
    found: dict[str, T] = {}
    failed: list[StoreError] = []
    places = anyio.CapacityLimiter(AT_ONCE)

    async def one(name: str) -> None:
        async with places:
            try:
                found[name] = await work(name)
            except StoreError as error:
                failed.append(error)
                tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        for name in names:
            tasks.start_soon(one, name)
    if failed:
        raise failed[0]
    return [found[name] for name in names]


def _why_without_plan(request: RequestId, state: State) -> str:
    """Why a request has no plan, for people."""
    match state:
        case State.QUEUED:
            return f"request {request} is not planned yet: see `monarch show {request}`"
        case State.UNKNOWN:
            return f"it is not known how request {request} stands: see `monarch show {request}`"
        case State.SKIPPED:
            return f"request {request} was skipped, since its source had no tickets: there is nothing to verify"
        case State.DEAD | State.CANCELLED:
            return (
                f"request {request} is {state} and was never planned: see `monarch show {request}`"
            )
        case _:
            return f"the plan of request {request} is gone: it has expired, was removed, or cannot be read; submit it again"
