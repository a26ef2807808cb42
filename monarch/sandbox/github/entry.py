"""The door to GitHub: every call passes the same checks in the same order, then finds its handler.

Order: user agent, credential, API version, primary and hidden limits, route, repository (gone,
renamed, invisible), then the handler. Conditional requests are answered last: a 304 costs nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from monarch.sandbox.github import accounts, details, errors, issues
from monarch.sandbox.github.visit import Visit
from monarch.sandbox.http import Reply

if TYPE_CHECKING:
    from monarch.sandbox.http import Call
    from monarch.sandbox.quotas import Quotas
    from monarch.sandbox.settings import Settings
    from monarch.sandbox.world import Account, Repository, Token, World

API_VERSION = "2022-11-28"

PlainHandler = Callable[[Visit], Reply]
RepositoryHandler = Callable[[Visit, "Repository"], Reply]

PLAIN: dict[tuple[str, str], PlainHandler] = {
    ("GET", "/user"): accounts.get_user,
    ("GET", "/rate_limit"): accounts.get_rate_limit,
}
BELOW_REPOSITORY: list[tuple[str, re.Pattern[str], RepositoryHandler]] = [
    ("GET", re.compile(""), accounts.get_repository),
    ("GET", re.compile("/issues"), issues.list_issues),
    ("POST", re.compile("/issues"), issues.create_issue),
    ("GET", re.compile(r"/issues/(\d+)"), issues.get_issue),
    ("PATCH", re.compile(r"/issues/(\d+)"), issues.update_issue),
    ("GET", re.compile("/labels"), details.list_labels),
    ("POST", re.compile("/labels"), details.create_label),
    ("GET", re.compile("/milestones"), details.list_milestones),
    ("POST", re.compile("/milestones"), details.create_milestone),
]
BY_NAME = re.compile(r"/repos/([^/]+/[^/]+)(/.*)?")
BY_ID = re.compile(r"/repositories/(\d+)(/.*)?")


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
            quotas: the accounts' spending.
            settings: asked at each call.
            under_way: how many calls of an account are being answered, this one included.

        """
        self._world = world
        self._quotas = quotas
        self._settings = settings
        self._under_way = under_way
        self._request_ids = count(1)

    def account_of(self, call: Call) -> str | None:
        """Name the account behind the token, ``None`` if nobody knows it."""
        token = self._world.tokens.get(call.bearer() or "")
        return token.login if token and not token.revoked else None

    def handle(self, call: Call) -> Reply:
        """Answer a call, refusals included, with the headers that every reply carries."""
        try:
            visit = self._admitted(call)
            reply = self._fresh_or_304(visit, self._route(visit))
        except errors.Refusal as refusal:
            reply = refusal.reply
        return reply.having(*self._common_headers(call))

    def _admitted(self, call: Call) -> Visit:
        if not call.headers.get("user-agent", "").strip():
            raise errors.no_user_agent()
        token, account = self._credential(call)
        version = call.headers.get("x-github-api-version", API_VERSION)
        if version != API_VERSION:
            raise errors.refused(400, f"{version!r} is not an API version that is served here.")
        if call.path != "/rate_limit":
            self._spend(call, account)
        return Visit(self._world, self._quotas, self._settings(), call, (), token, account)

    def _credential(self, call: Call) -> tuple[Token | None, Account | None]:
        if "authorization" not in call.headers:
            return None, None
        token = self._world.tokens.get(call.bearer() or "")
        if token is None or token.revoked:
            raise errors.bad_credentials()
        return token, self._world.account(token.login)

    def _spend(self, call: Call, account: Account | None) -> None:
        settings, login = self._settings(), account.login if account else None
        now, under_way = self._world.clock(), self._under_way(login)
        rejection = self._quotas.admit(login, call.method, under_way, settings, now)
        if rejection is not None:
            raise errors.rate_limited(
                rejection,
                account.id if account else None,
                settings.secondary_status,
                says_when=settings.secondary_retry_after,
            )

    def _route(self, visit: Visit) -> Reply:
        plain = PLAIN.get((visit.call.method, visit.call.path))
        if plain is not None:
            return plain(visit)
        repository, rest = self._repository(visit)
        visit.must_see(repository)
        for method, pattern, handler in BELOW_REPOSITORY:
            match = pattern.fullmatch(rest)
            if match and method == visit.call.method:
                return handler(replace(visit, parts=match.groups()), repository)
        raise errors.not_found()

    def _repository(self, visit: Visit) -> tuple[Repository, str]:
        by_id = BY_ID.fullmatch(visit.call.path)
        by_name = BY_NAME.fullmatch(visit.call.path)
        found, rest = None, ""
        if by_id:
            found, rest = self._world.repositories.get(int(by_id[1])), by_id[2]
        elif by_name:
            found, rest = self._world.named(by_name[1]), by_name[2]
            if found is None:
                self._redirect(visit, by_name[1], rest or "")
        if found is None:
            raise errors.not_found()
        return found, rest or ""

    def _redirect(self, visit: Visit, name: str, rest: str) -> None:
        """Send callers of a former name to the id, if they may see the repository at all."""
        renamed = self._world.once_named(name)
        if renamed is not None:
            visit.must_see(renamed)
            query = f"?{urlencode(visit.call.query)}" if visit.call.query else ""
            status = 301 if visit.call.method == "GET" else 307
            raise errors.moved(status, f"{visit.api_url}/repositories/{renamed.id}{rest}{query}")

    def _fresh_or_304(self, visit: Visit, reply: Reply) -> Reply:
        """Add what caches need; answer 304 to whoever has it already, and give the call back."""
        cacheable = visit.call.method == "GET" and visit.call.path != "/rate_limit"
        if not cacheable or reply.status != 200:  # noqa: PLR2004  # plainly HTTP
            return reply
        seed = (visit.call.bearer() or "").encode() + reply.body
        tag = f'W/"{hashlib.sha256(seed).hexdigest()}"'
        caching = (("ETag", tag), ("Cache-Control", "private, max-age=60, s-maxage=60"))
        if visit.call.headers.get("if-none-match") == tag:
            self._quotas.give_back(visit.account.login if visit.account else None)
            return Reply(304, b"", caching)
        return reply.having(*caching)

    def _common_headers(self, call: Call) -> list[tuple[str, str]]:
        number = next(self._request_ids)
        headers = [
            ("Server", "github.com"),
            ("X-GitHub-Request-Id", f"5A1D:{number:04X}:0:0:0"),
            ("X-GitHub-Media-Type", "github.v3; format=json"),
            ("X-GitHub-Api-Version-Selected", API_VERSION),
        ]
        token = self._world.tokens.get(call.bearer() or "")
        if token is not None and token.kind == "classic":
            headers.append(("X-OAuth-Scopes", ", ".join(token.scopes)))
        return headers + self._limit_headers(call)

    def _limit_headers(self, call: Call) -> list[tuple[str, str]]:
        now, login = self._world.clock(), self.account_of(call)
        standing = self._quotas.standing(login, self._settings(), now)
        if standing is None:
            return []
        return [
            ("X-RateLimit-Limit", str(standing.limit)),
            ("X-RateLimit-Remaining", str(standing.remaining)),
            ("X-RateLimit-Used", str(standing.used)),
            ("X-RateLimit-Reset", str(standing.reset)),
            ("X-RateLimit-Resource", "core"),
        ]
