"""A GitHub of a few owners that an App may be installed on, moved by hand.

It knows what its tests need: who signs, until when a token lasts, and how often it was asked for what. The stand-in,
which knows the rules, is met in `tests/system/outside/test_app.py`.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

import httpx
from jwt.api_jws import decode

from monarch.adapters.github.auth.app import AppKey
from monarch.adapters.github.client import HttpGitHub
from tests.adapters.github.builders import HandClock, as_bytes, github, issue_json, repository_json
from tests.keys import an_rsa_key, public_part

APP: Final = AppKey("1001", an_rsa_key())
LASTS_S: Final = 3600.0


@dataclass
class Hub:
    """Answers as GitHub does to an App.

    Attributes:
        installed: owner -> number of the installation there.
        lasts_s: how long a token lives.
        refused: tokens that are not taken (any more).
        failing: path -> how it is answered instead, as often as it is asked for.
        missing: repositories that do not exist (yet).
    """

    clock: HandClock
    installed: dict[str, int] = field(default_factory=lambda: {"org": 5001})
    lasts_s: float = LASTS_S
    refused: set[str] = field(default_factory=set)
    failing: dict[str, httpx.Response] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)
    signed: list[str] = field(default_factory=list)
    claims: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        answer = self._answer(request)
        answer.headers["Date"] = format_datetime(
            datetime.fromtimestamp(int(self.clock.true_s()), UTC), usegmt=True
        )
        return answer

    def client(self, token: str | None = None, **more: Any) -> HttpGitHub:
        """A client of the App, with a personal token beside it or without."""
        return github(self, token, app=APP, clock=self.clock, dice=lambda: 0.0, **more)

    def token(self, number: int, installation: int = 5001) -> str:
        """The token that was given out as the `number`th."""
        return f"ghs_{installation}_{number}.with.dots"

    @property
    def given(self) -> int:
        """How many tokens were given out or asked for."""
        return sum(n for path, n in self.asked.items() if path.endswith("/access_tokens"))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path, bearer = request.url.path, request.headers["Authorization"].removeprefix("Bearer ")
        self.asked[path] += 1
        if path in self.failing:
            given = self.failing[path]
            return httpx.Response(given.status_code, headers=given.headers, content=given.content)
        if path.endswith(("/installation", "/access_tokens")):
            return self._to_app(path, bearer)
        self.signed.append(bearer)
        if bearer in self.refused:
            return httpx.Response(401, json={"message": "Bad credentials"})
        return self._to_anybody(request)

    def _to_app(self, path: str, assertion: str) -> httpx.Response:
        claims = json.loads(decode(assertion, public_part(), algorithms=["RS256"]))
        self.claims.append(claims)
        now_s = self.clock.true_s()
        if not (claims["iat"] <= now_s < claims["exp"] <= now_s + 600):
            return httpx.Response(401, json={"message": "'Expiration time' claim ('exp') …"})
        if path.endswith("/access_tokens"):
            return self._mint(int(path.split("/")[3]))
        owner = path.split("/")[2]
        there = self.installed.get(owner.lower())
        if (
            there is None
            or path.removeprefix("/repos/").removesuffix("/installation") in self.missing
        ):
            return httpx.Response(404, json={"message": "Not Found"})
        body = {"id": there, "app_slug": "monarch", "account": {"login": owner}}
        return httpx.Response(200, json=body)

    def _mint(self, installation: int) -> httpx.Response:
        if installation not in self.installed.values():
            return httpx.Response(404, json={"message": "Not Found"})
        ends = datetime.fromtimestamp(self.clock.true_s() + self.lasts_s, UTC)
        body = {
            "token": self.token(self.given, installation),
            "expires_at": ends.isoformat().replace("+00:00", "Z"),
        }
        return httpx.Response(201, json=body)

    def _to_anybody(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/user":
            return httpx.Response(200, json={"id": 9, "login": "somebody"})
        if request.method == "POST":
            return httpx.Response(201, content=as_bytes(issue_json(7)))
        if request.url.path.endswith("/issues"):
            return httpx.Response(200, content=b"[]")
        body = repository_json(permissions={"push": False, "pull": False})
        return httpx.Response(200, content=as_bytes(body))
