"""A permission that grew old on the way to the first byte: nothing leaves, and the next write finds the way open."""

import httpx
import pytest

from monarch.adapters.github.client import HttpGitHub
from monarch.core.outcome import Created, Withheld
from monarch.core.timing import LONGEST_LIFE_MS, PERMISSION_LIFE_MS
from tests.adapters.github.builders import (
    DRAFT,
    PATIENT,
    TARGET,
    TOKEN,
    HandClock,
    as_bytes,
    issue_json,
)
from tests.adapters.github.raw import answers, raw_server

BODY = as_bytes(issue_json(7))
CREATED = b"HTTP/1.1 201 X\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
TLS_S = 2.8


class SlowToConnect(httpx.AsyncHTTPTransport):
    """Its first request waits this long for a place in the pool, DNS and TLS, by a clock that is moved by hand."""

    def __init__(self, clock: HandClock, seconds: float) -> None:
        super().__init__()
        self._clock, self._seconds = clock, seconds

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        self._clock.wait(self._seconds)
        self._seconds = 0.0
        return await super().handle_async_request(request)


@pytest.mark.parametrize("life_ms", [PERMISSION_LIFE_MS, LONGEST_LIFE_MS])
@pytest.mark.parametrize("connect_s", [0.0, 0.9, TLS_S, 4.9, 5.1])
async def test_the_bytes_leave_within_the_life_of_the_permission_or_not_at_all(
    life_ms: int, connect_s: float
) -> None:
    """However long the way to the first byte took; and over the connection that is open then, they do."""
    clock, left = HandClock(), list[float]()
    async with (
        raw_server(answers(CREATED)) as server,
        HttpGitHub(
            TOKEN, server.url, patience=PATIENT, transport=SlowToConnect(clock, connect_s)
        ) as github,
    ):
        good_until = life_ms / 1000

        def may_send() -> bool:
            if clock.now() < good_until:
                left.append(clock.now())
            return clock.now() < good_until

        first = await github.create_issue(TARGET, DRAFT, may_send)
        in_time = connect_s < life_ms / 1000
        assert isinstance(first, Created if in_time else Withheld)
        assert server.requests == int(in_time)
        good_until = clock.now() + life_ms / 1000
        second = await github.create_issue(TARGET, DRAFT, may_send)

    assert isinstance(second, Created)
    assert all(at < good_until for at in left)
