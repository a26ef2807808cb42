"""Keys of another type, on the page: what cannot be read is neither nothing nor the whole, for people and for programs."""

from dataclasses import dataclass
from html import unescape

import pytest

from monarch.core.ids import RequestId
from monarch.core.report.summary import State
from monarch.ports.readings import RequestLine
from monarch.ports.spoiled import note_spoiled
from monarch.telemetry import Snapshot, Telemetry
from tests.web.doubles import COHORT, REQUEST, Given, a_line, in_words, paging

PROGRAM = {"Accept": "application/json"}
HEADER = "Monarch-Broken-Keys"


@dataclass
class Spoiled(Given):
    """A source that meets one broken key."""

    key: str = ""

    async def snapshot(self) -> Snapshot:
        """See `Given`."""
        note_spoiled(self.key)
        return await super().snapshot()

    async def request(self, request: RequestId) -> None:
        """See `Given`; a reader notes the key where it meets it."""
        note_spoiled(self.key)

    async def cohort(self, cohort: str) -> None:
        """See `Given`."""
        note_spoiled(self.key)


LISTS = [
    ("/dead", "{monarch}:dead", "Nothing was given up"),
    ("/dead?code=issues_disabled", "{monarch}:dead", "None of these"),
    ("/requests", "{monarch}:known", "None."),
    ("/requests?state=done", "{monarch}:request:1-1", "None that is done"),
    ("/requests", "{monarch}:requests", "None."),
    ("/events", "{monarch}:events", "No event of this kind"),
    ("/missed", "{monarch}:missed", "Sweeps are switched on"),
    ("/workers", "{monarch}:migrations", "starts one"),
]


@pytest.mark.parametrize(("address", "key", "untrue"), LISTS)
async def test_a_list_that_cannot_be_read_is_not_nothing(
    telemetry: Telemetry, address: str, key: str, untrue: str
) -> None:
    """Under the line that named the key stood "None. Nothing was given up.", and programs got `[]` with 200."""
    async with paging(Spoiled(key=key), telemetry) as (client, _):
        seen = await client.get(address)
        told = await client.get(address, headers=PROGRAM)

    words = in_words(unescape(seen.text))
    assert seen.status_code == 200
    assert "What there is cannot be read." in words
    assert untrue not in words
    assert told.status_code == 503
    assert told.headers[HEADER] == key
    assert (
        f"What there is cannot be read. The key {key} holds something else" in told.json()["error"]
    )


@pytest.mark.parametrize(
    ("address", "key", "untrue"),
    [
        ("/", "{monarch}:open", "every request has ended"),
        ("/", "{monarch}:open", "nothing waits"),
        ("/", "{monarch}:cohorts", "begins one"),
        ("/budget", "{monarch}:accounts", "No account has written"),
        ("/budget", "{monarch}:open", "No cohort has anything to write"),
        ("/workers", "{monarch}:parked", "Nothing waits for a later moment"),
    ],
)
async def test_nor_is_a_part_of_a_page_that_cannot_be_read(
    telemetry: Telemetry, address: str, key: str, untrue: str
) -> None:
    """The document has the rest, and its header names the key."""
    async with paging(Spoiled(key=key), telemetry) as (client, _):
        seen = await client.get(address)
        told = await client.get(address, headers=PROGRAM)

    words = in_words(unescape(seen.text))
    assert "cannot be read" in words
    assert untrue not in words
    assert (told.status_code, told.headers[HEADER]) == (200, key)


async def test_a_document_that_lacks_something_says_so(telemetry: Telemetry) -> None:
    """It looked whole; readers of the list go on reading a list."""
    lines = [a_line()]
    async with paging(Spoiled(key="{monarch}:request:é 1", lines=lines), telemetry) as (client, _):
        marred = await client.get("/requests", headers=PROGRAM)
    async with paging(Given(lines=lines), telemetry) as (client, _):
        whole = await client.get("/requests", headers=PROGRAM)

    assert marred.json() == whole.json()
    assert marred.headers[HEADER] == "{monarch}:request:%C3%A9%201"
    assert HEADER not in whole.headers


async def test_a_list_whose_index_is_broken_is_no_list(telemetry: Telemetry) -> None:
    """What the workers have not seen yet is in a stream, and came alone, as if it were all."""

    class Unseen(Spoiled):
        async def requests(self, limit: int, state: State | None = None) -> list[RequestLine]:
            return [a_line(state=State.QUEUED)]

    async with paging(Unseen(key="{monarch}:known"), telemetry) as (client, _):
        told = await client.get("/requests", headers=PROGRAM)
        seen = await client.get("/requests")

    assert told.status_code == 503
    assert f"/requests/{REQUEST}" in seen.text


@pytest.mark.parametrize(
    ("address", "key"),
    [
        (f"/requests/{REQUEST}", f"{{monarch}}:request:{REQUEST}"),
        (f"/cohorts/{COHORT}", f"{{monarch}}:card:{COHORT}"),
    ],
)
async def test_a_record_that_cannot_be_read_has_not_expired(
    telemetry: Telemetry, address: str, key: str
) -> None:
    """The page said that there is no such thing, with 404; another broken key leaves that as it is."""
    async with paging(Spoiled(key=key), telemetry) as (client, _):
        seen = await client.get(address)
        told = await client.get(address, headers=PROGRAM)
        other = await client.get(f"{address[:-1]}1", headers=PROGRAM)

    assert (seen.status_code, told.status_code, other.status_code) == (503, 503, 404)
    assert f"The key {key} holds something else" in in_words(unescape(seen.text))
    assert "has expired" not in seen.text
    assert key in told.json()["error"]
