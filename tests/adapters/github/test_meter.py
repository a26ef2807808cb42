"""Reads are counted by a meter, each call of them, on the account that pays; and a server without limits is read all the same."""

import httpx
import pytest

from monarch.core.outcome import Created, Found
from tests.adapters.github.builders import (
    DRAFT,
    TARGET,
    TOKEN,
    HandClock,
    as_bytes,
    github,
    issue_json,
    repository_json,
    yes,
)
from tests.adapters.github.hub import Hub

LIMITS = {
    "Date": "Wed, 21 Oct 2026 07:28:00 GMT",
    "X-RateLimit-Remaining": "4000",
    "X-RateLimit-Reset": "1792567740",
    "X-RateLimit-Resource": "core",
}


class Notebook:
    """`ports.Meter` that writes everything down."""

    def __init__(self) -> None:
        self.admitted: list[str] = []
        self.told: list[tuple[str, int, float]] = []

    async def admit(self, account: str) -> None:
        """Note who reads."""
        self.admitted.append(account)

    async def standing(self, account: str, remaining: int, reset_in_s: float) -> None:
        """Note how an account stands."""
        self.told.append((account, remaining, reset_in_s))


def answer(request: httpx.Request) -> httpx.Response:
    """As GitHub does, with its limits."""
    path = request.url.path.removeprefix("/api/v3")
    if path == "/user":
        return httpx.Response(200, json={"id": 9, "login": "bot"}, headers=LIMITS)
    if request.method == "POST":
        return httpx.Response(201, content=as_bytes(issue_json(1)), headers=LIMITS)
    if path.endswith("/issues"):
        more = {} if "page=2" in str(request.url) else {"Link": f'<{path}?page=2>; rel="next"'}
        return httpx.Response(200, content=b"[]", headers=LIMITS | more)
    return httpx.Response(200, content=as_bytes(repository_json()), headers=LIMITS)


async def test_each_page_is_a_read_and_a_write_is_none() -> None:
    """Writes have permissions of their own. Who pays is known once the account is."""
    meter = Notebook()
    client = github(answer, meter=meter)
    await client.credential(TARGET.full_name)
    assert meter.admitted == []

    await client.list_issues(TARGET)
    await client.read_repository(TARGET.full_name)
    await client.create_issue(TARGET, DRAFT, yes)

    # The first repository that is found is read by its id, too.
    assert meter.admitted == ["user:9"] * 4
    assert meter.told == [("user:9", 4000, 60)] * 4


async def test_each_try_is_counted() -> None:
    """GitHub counts it, too."""
    meter, tries = Notebook(), 0

    def fail(request: httpx.Request) -> httpx.Response:
        nonlocal tries
        if request.url.path == "/user":
            return answer(request)
        tries += 1
        return httpx.Response(502)

    client = github(fail, meter=meter)
    await client.credential(TARGET.full_name)
    await client.read_repository(TARGET.full_name)

    assert len(meter.admitted) == tries == 3


async def test_an_installation_pays_for_itself() -> None:
    """What the App asks in its own name is on no budget here."""
    meter, hub = Notebook(), Hub(HandClock())
    hub.installed["school"] = 5002
    client = hub.client(TOKEN, meter=meter)
    await client.read_repository("org/a")
    meter.admitted.clear()
    for name in ("org/a", "school/b", "org/a"):
        await client.read_repository(name)

    assert meter.admitted == ["installation:5001", "installation:5002", "installation:5001"]


@pytest.mark.parametrize("prefix", ["", "/api/v3"])
async def test_a_server_without_limits_says_nothing_of_them(prefix: str) -> None:
    """An Enterprise Server may have them switched off; everything works without its headers."""
    asked: list[str] = []

    def without(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        given = answer(request)
        return httpx.Response(given.status_code, content=given.content)

    meter = Notebook()
    client = github(without, meter=meter)
    if prefix:
        transport = httpx.MockTransport(without)
        client = type(client)(
            TOKEN, f"https://hub.example{prefix}/", transport=transport, meter=meter
        )
    assert isinstance(await client.credential(TARGET.full_name), Found)
    assert isinstance(await client.read_repository(TARGET.full_name), Found)
    assert isinstance(await client.list_issues(TARGET), Found)
    assert isinstance(await client.create_issue(TARGET, DRAFT, yes), Created)

    assert meter.told == []
    assert all(path.startswith(f"{prefix}/") for path in asked)
