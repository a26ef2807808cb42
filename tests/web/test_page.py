"""The page, address by address, over real HTTP."""

import hashlib
import json
import re

import pytest

from monarch.cli.terminal.printing import as_json
from monarch.core.report.summary import State
from monarch.telemetry import Snapshot, Telemetry
from monarch.web.documents import request_document, status_document
from monarch.web.page import drawing
from tests.web.doubles import REQUEST, TEAM, Given, a_line, a_migration, details_of, paging

PROGRAM = {"Accept": "application/json"}
HOSTILE = '"><img src=x onerror=alert(1)>{{7*7}}\u202egnp'

VENDORED = {
    "htmx.min.js": "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
    "hx-sse.min.js": "18ef2761356ec1fe0bb6d92612315b37517a7c1e9856b661c5ae81fef239d103",
}
"""htmx 4.0.1 and its extension, as they were published."""


async def test_the_front_page_answers_four_questions(telemetry: Telemetry) -> None:
    """Does it run, what is under way, what needs a person, when is it done."""
    fleet = Snapshot(0, (), workers=2, replicas=2, open_requests=1, dead=3)
    async with paging(Given(fleet, [a_line()]), telemetry) as (client, _):
        answer = await client.get("/")

    assert answer.status_code == 200
    for words in ("Yes", "2 workers, 2 listening", "1 request", "1 team to go", "3 dead letters"):
        assert words in answer.text
    assert f'href="/requests/{REQUEST}"' in answer.text


async def test_a_program_gets_what_the_command_prints(telemetry: Telemetry) -> None:
    """`/` is `monarch status --json`, `/requests/<id>` is `monarch show <id> --json`."""
    source = Given(lines=[a_line()], details=[details_of(a_migration())])
    async with paging(source, telemetry) as (client, _):
        status = await client.get("/", headers=PROGRAM)
        listed = await client.get("/requests", headers=PROGRAM)
        shown = await client.get(f"/requests/{REQUEST}", headers=PROGRAM)

    assert status.headers["content-type"] == "application/json"
    assert status.json() == json.loads(as_json(status_document(source.fleet)))
    assert listed.json() == json.loads(as_json(source.lines))
    assert shown.json() == json.loads(as_json(request_document(source.details[0], None)))


@pytest.mark.parametrize("accept", ["*/*", "text/html,application/json", "", "text/html"])
async def test_whoever_takes_anything_gets_the_page(telemetry: Telemetry, accept: str) -> None:
    """A wildcard is no wish for JSON."""
    async with paging(Given(), telemetry) as (client, _):
        answer = await client.get("/", headers={"Accept": accept})

    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_a_request_shows_every_team(telemetry: Telemetry) -> None:
    """With what it waits for, and whatever needs a person first."""
    well = a_migration(target="org/team-b", state=State.DONE, copied=12)
    ill = a_migration(reason="its issues are switched off", strays=(14,), state=State.DEAD)
    async with paging(Given(details=[details_of(well, ill)]), telemetry) as (client, _):
        answer = await client.get(f"/requests/{REQUEST}")

    assert "9/12" in answer.text
    assert "its issues are switched off" in answer.text
    assert f'href="https://github.com/{TEAM}/issues/14"' in answer.text
    assert answer.text.index(TEAM) < answer.text.index("org/team-b")
    assert f"monarch show {REQUEST}" in answer.text


@pytest.mark.parametrize("address", ["/requests/9-9", "/nothing", "/requests/%3Cscript%3E"])
async def test_what_is_not_known_is_a_404(telemetry: Telemetry, address: str) -> None:
    """For people and for programs, with the same headers as any other answer."""
    async with paging(Given(), telemetry) as (client, _):
        page = await client.get(address)
        document = await client.get(address, headers=PROGRAM)

    assert (page.status_code, document.status_code) == (404, 404)
    assert "<script>" not in page.text.lower()
    assert "error" in document.json()
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_hostile_words_are_words(telemetry: Telemetry) -> None:
    """A title, a name, a reason: nothing in them is obeyed, by a browser or by a screen."""
    team = a_migration(target=HOSTILE, reason=HOSTILE, notes=(HOSTILE,))
    details = details_of(
        team, source=HOSTILE, reason=HOSTILE, channel=HOSTILE, cancelled_by=HOSTILE
    )
    fleet = Snapshot(0, (), workers=1, replicas=1, paused=True, paused_by=HOSTILE)
    source = Given(fleet, [a_line(source=HOSTILE, reason=HOSTILE)], [details])
    async with paging(source, telemetry) as (client, _):
        pages = [await client.get(at) for at in ("/", "/requests", f"/requests/{REQUEST}")]

    for page in pages:
        assert "<img src=x" not in page.text
        assert "onerror=alert(1)&gt;{{7*7}}" in page.text
        assert "\u202e" not in page.text
        assert r"\u202egnp" in page.text


async def test_a_strict_policy_stands_on_every_answer(telemetry: Telemetry) -> None:
    """Nothing in a page breaks it: no script, style or handler stands in the HTML."""
    source = Given(lines=[a_line()], details=[details_of(a_migration())])
    async with paging(source, telemetry) as (client, _):
        for address in ("/", "/requests", f"/requests/{REQUEST}", "/nothing"):
            answer = await client.get(address)
            assert "unsafe" not in answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert not re.search(
                r"<style|\sstyle=|\son[a-z]+=\"|<script(?! src=\"/static/)", answer.text
            )


async def test_without_valkey_the_page_says_so(telemetry: Telemetry) -> None:
    """503, and no empty lists that would look like "nothing to do"."""
    async with paging(Given(is_away=True), telemetry) as (client, _):
        page = await client.get("/")
        document = await client.get("/", headers=PROGRAM)

    assert (page.status_code, document.status_code) == (503, 503)
    assert "Valkey does not answer" in page.text
    assert "connection refused" in document.json()["error"]


async def test_a_crowd_costs_one_reading(telemetry: Telemetry) -> None:
    """Within a second everybody is shown the same."""
    source = Given()
    async with paging(source, telemetry) as (client, _):
        for _time in range(20):
            await client.get("/")

    assert source.asked < 20


async def test_files_are_kept_by_browsers_for_ever(telemetry: Telemetry) -> None:
    """Their content is in their address; another address of the same name is unknown."""
    async with paging(Given(), telemetry) as (client, _):
        page = await client.get("/")
        for address in re.findall(r"(?:src|href)=\"(/static/[^\"]+)\"", page.text):
            answer = await client.get(address)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
        stale = await client.get("/static/000000000000/page.css")
        outside = await client.get("/static/000000000000/..%2Fserver.py")

    assert (stale.status_code, outside.status_code) == (404, 404)


@pytest.mark.parametrize("name", VENDORED)
def test_what_is_vendored_is_what_was_published(name: str) -> None:
    """Nothing was put into it on the way."""
    assert hashlib.sha256(drawing.content(name)).hexdigest() == VENDORED[name]
