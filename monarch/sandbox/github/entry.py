"""The entry to GitHub: every call passes the same checks in the same order, then finds its handler.

Order: user agent, credential, API version, primary and hidden limits, route, repository (gone,
renamed, invisible), then the handler. Conditional requests are answered last: a 304 costs nothing.
"""

from __future__ import annotations

import hashlib
from itertools import count
from typing import TYPE_CHECKING

from monarch.sandbox.github import errors
from monarch.sandbox.github.callers import caller_of, known_caller
from monarch.sandbox.github.routes import is_for_apps, path_by_name, route
from monarch.sandbox.github.visit import Visit
from monarch.sandbox.http import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from monarch.sandbox.control.settings import Settings
    from monarch.sandbox.github.callers import Caller
    from monarch.sandbox.github.state.quotas import Quotas
    from monarch.sandbox.github.state.world import World
    from monarch.sandbox.http import Call

API_VERSION = "2022-11-28"
NEWEST_VERSION = "2026-03-10"
"""Not served by Enterprise Servers before 3.21."""


class GitHub:
    """The REST API on top of a world."""

    def __init__(
        self,
        world: World,
        quotas: Quotas,
        settings: Callable[[], Settings],
        under_way: Callable[[str | None], int],
    ) -> None:
        """Serve a world.

        Args:
            world: the state.
            quotas: what each budget has spent.
            settings: asked at each call.
            under_way: how many calls on a budget are being answered, this one included.

        """
        self._world = world
        self._quotas = quotas
        self._settings = settings
        self._under_way = under_way
        self._request_ids = count(1)

    def path_by_name(self, call: Call) -> str:
        """Return the call's path, with a name if a repository was asked for by its id."""
        return path_by_name(self._world, call.path)

    def account_of(self, call: Call) -> str | None:
        """Name the account behind the credential, ``None`` if it is unknown."""
        return known_caller(self._world, call).name

    def budget_of(self, call: Call) -> str | None:
        """Name whose limits the call counts against, ``None`` if the credential is unknown."""
        return known_caller(self._world, call).budget

    def handle(self, call: Call) -> Reply:
        """Answer a call, refusals included, with the headers that every reply carries."""
        try:
            visit = self._admitted(call)
            reply = self._fresh_or_304(visit, route(visit))
        except errors.Refusal as refusal:
            reply = refusal.reply
        return reply.having(*self._common_headers(call))

    def _admitted(self, call: Call) -> Visit:
        if not call.headers.get("user-agent", "").strip():
            raise errors.no_user_agent()
        caller = caller_of(self._world, call, as_app=is_for_apps(call))
        version = call.headers.get("x-github-api-version", API_VERSION)
        if version not in self._versions():
            raise errors.refused(400, f"{version!r} is not an API version that is served here.")
        if call.path != "/rate_limit":
            self._spend(call, caller)
        visit = Visit(self._world, self._quotas, self._settings(), call, (), caller)
        visit.must_not_be_suspended()
        return visit

    def _versions(self) -> tuple[str, ...]:
        older = self._settings().enterprise_server
        return (API_VERSION,) if older else (API_VERSION, NEWEST_VERSION)

    def _spend(self, call: Call, caller: Caller) -> None:
        settings, now = self._settings(), self._world.clock()
        under_way = self._under_way(caller.budget)
        rejection = self._quotas.admit(caller.budget, call.method, under_way, settings, now)
        if rejection is not None:
            raise errors.rate_limited(rejection, caller.described, settings)

    def _fresh_or_304(self, visit: Visit, reply: Reply) -> Reply:
        """Add what caches need; answer 304 if the client has it already, and give the call back."""
        cacheable = visit.call.method == "GET" and visit.call.path != "/rate_limit"
        if not cacheable or reply.status != 200:  # noqa: PLR2004  # plainly HTTP
            return reply
        seed = (visit.call.bearer() or "").encode() + reply.body
        tag = f'W/"{hashlib.sha256(seed).hexdigest()}"'
        caching = (("ETag", tag), ("Cache-Control", "private, max-age=60, s-maxage=60"))
        if visit.call.headers.get("if-none-match") == tag:
            self._quotas.give_back(visit.caller.budget)
            return Reply(304, b"", caching)
        return reply.having(*caching)

    def _common_headers(self, call: Call) -> list[tuple[str, str]]:
        number = next(self._request_ids)
        headers = [
            ("Server", "github.com"),
            ("X-GitHub-Request-Id", f"5A1D:{number:04X}:0:0:0"),
            ("X-GitHub-Media-Type", "github.v3; format=json"),
            (
                "X-GitHub-Api-Version-Selected",
                call.headers.get("x-github-api-version", API_VERSION),
            ),
        ]
        token = self._world.token(call.bearer())
        if token is not None and token.kind == "classic":
            headers.append(("X-OAuth-Scopes", ", ".join(token.scopes)))
        return headers + self._limit_headers(call)

    def _limit_headers(self, call: Call) -> list[tuple[str, str]]:
        now, budget = self._world.clock(), self.budget_of(call)
        standing = self._quotas.standing(budget, self._settings(), now)
        if standing is None:
            return []
        return [
            ("X-RateLimit-Limit", str(standing.limit)),
            ("X-RateLimit-Remaining", str(standing.remaining)),
            ("X-RateLimit-Used", str(standing.used)),
            ("X-RateLimit-Reset", str(standing.reset)),
            ("X-RateLimit-Resource", "core"),
        ]
