"""The page, address by address, over real HTTP."""

import hashlib
import json
import re
from dataclasses import replace
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monarch.cli.terminal.printing import as_json
from monarch.core.after.touch import Left, Touch
from monarch.core.budget.moves import FORECAST_AT_MOST
from monarch.core.budget.shares import Part
from monarch.core.card.view import Card
from monarch.core.ids import TicketId
from monarch.core.outcome import STAYS_WRONG
from monarch.core.report.summary import State
from monarch.core.target.step import CreatedAs
from monarch.ports.hearing import Gap
from monarch.ports.holdings import Holding, TicketLine
from monarch.ports.readings import (
    Event,
    FailingNotice,
    MinuteWrites,
    MissedLine,
    Parked,
    WorkerLine,
)
from monarch.ports.spoiled import note_spoiled
from monarch.telemetry import AccountSnapshot, RefusalSnapshot, Snapshot, Telemetry
from monarch.web.acts.means import Looked, Looking
from monarch.web.documents import request_document, status_document
from monarch.web.page import drawing
from monarch.web.views.dead import CAUSES
from monarch.web.views.request import request_view
from tests.web.doubles import (
    COHORT,
    REQUEST,
    TEAM,
    Given,
    a_cohort,
    a_cohort_line,
    a_letter,
    a_line,
    a_migration,
    details_of,
    in_words,
    paging,
)

PROGRAM = {"Accept": "application/json"}
HOSTILE = '"><img src=x onerror=alert(1)>{{7*7}}\u202egnp'

EVERY = (
    "/",
    "/requests",
    f"/requests/{REQUEST}",
    f"/cohorts/{COHORT}",
    "/dead",
    "/budget",
    "/workers",
    "/events",
    "/missed",
)
"""Every address that shows readings."""

TICKETS = (TicketLine(TicketId(1), 3, "Set up"), TicketLine(TicketId(2), 4, "Sign in"))

VENDORED = {
    "htmx.min.js": "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
    "hx-sse.min.js": "18ef2761356ec1fe0bb6d92612315b37517a7c1e9856b661c5ae81fef239d103",
}
"""htmx 4.0.1 and its extension, as they were published."""


@pytest.mark.parametrize("address", EVERY)
async def test_a_key_of_another_type_is_named_over_the_rest(
    telemetry: Telemetry, address: str
) -> None:
    """The page was away as a whole, and said that Valkey does not answer."""

    class Spoiled(Given):
        async def snapshot(self) -> Snapshot:
            note_spoiled("{monarch}:request:<1-1>")
            return await super().snapshot()

    source = Spoiled(
        lines=[a_line()], details=[details_of(a_migration())], cohort_views=[a_cohort()]
    )
    async with paging(source, telemetry) as (client, _):
        answer = await client.get(address)

    told = in_words(unescape(answer.text))
    assert answer.status_code == 200
    assert "The key {monarch}:request:<1-1> holds something else" in told
    assert "rename it" in told


async def test_dead_letters_that_cannot_be_read_are_not_nothing(telemetry: Telemetry) -> None:
    """Beside the banner that named the key stood "Nothing", in green."""

    class Spoiled(Given):
        async def snapshot(self) -> Snapshot:
            note_spoiled("{monarch}:dead")
            return await super().snapshot()

    async with paging(Spoiled(), telemetry) as (client, _):
        answer = await client.get("/")

    assert "the dead letters cannot be read" in in_words(unescape(answer.text))
    assert "no dead letters" not in answer.text


async def test_the_front_page_answers_four_questions(telemetry: Telemetry) -> None:
    """Does it run, what is under way, what needs a person, when is it done."""
    fleet = Snapshot(0, (), workers=2, replicas=2, open_requests=3, dead=3)
    source = Given(fleet, [a_line()], cohort_lines=[a_cohort_line()], dead=[a_letter()])
    async with paging(source, telemetry) as (client, _):
        answer = await client.get("/")

    assert answer.status_code == 200
    for words in (
        "Yes",
        "2 workers, 2 listening",
        "3 requests",
        "1 in 1 cohort, 2 more",
        "3 dead letters",
    ):
        assert words in answer.text
    assert f'href="/cohorts/{COHORT}"' in answer.text
    assert 'href="/dead?code=issues_disabled"' in answer.text
    assert f'href="/requests/{REQUEST}"' in answer.text  # it belongs to no cohort


async def test_what_has_ended_and_is_not_in_slack_yet_is_not_under_way(
    telemetry: Telemetry,
) -> None:
    """For some seconds after each end stood "1 request, in no cohort", and "Not known yet" under "When is it done?"."""
    cohort = a_cohort_line(states={"done": 2})
    fleet = Snapshot(0, (), workers=2, replicas=2, open_requests=1)
    async with paging(Given(fleet, cohort_lines=[cohort]), telemetry) as (client, _):
        ended = in_words(unescape((await client.get("/")).text))
    parked = replace(fleet, parked=1)
    async with paging(Given(parked, cohort_lines=[cohort]), telemetry) as (client, _):
        waits = in_words(unescape((await client.get("/")).text))

    assert "1 request ended; Slack is to show it yet" in ended
    assert "nothing waits" in ended
    assert "in no cohort" in waits
    assert "Not known yet" in waits


async def test_what_stops_all_work_needs_a_person(telemetry: Telemetry) -> None:
    """Under "GitHub refuses the credential" stood "What needs a person? Nothing", in green."""
    refused = RefusalSnapshot("*", 0, "GitHub answered 401; set a valid one")
    fleet = Snapshot(0, (), workers=2, replicas=2, refused=(refused,))
    async with paging(Given(fleet), telemetry) as (client, _):
        answer = in_words(unescape((await client.get("/")).text))

    needs = answer[answer.index("What needs a person?") :]
    assert "What stops the work" in needs
    assert "Work that needs it waits" in needs
    assert "no dead letters" not in answer


async def test_workers_that_may_not_be_seen_are_not_counted_as_none(telemetry: Telemetry) -> None:
    """It said that no worker is running, and asked whether the predecessor still runs."""
    fleet = Snapshot(0, (), replicas=2, lacks_rights="XINFO CONSUMERS", hides_workers=True)
    async with paging(Given(fleet), telemetry) as (client, _):
        answer = await client.get("/")

    told = in_words(unescape(answer.text))
    assert "workers not known, 2 listening" in told
    assert "lacks the right to XINFO CONSUMERS" in told
    assert "no worker is running" not in told
    assert "predecessor" not in told


async def test_a_program_gets_what_the_command_prints(telemetry: Telemetry) -> None:
    """`/` is `monarch status --json`, `/requests/<id>` is `monarch show <id> --json`; the roles are a list."""
    fleet = Snapshot(0, (), workers=1, roles=frozenset({"planner", "intake"}))
    source = Given(fleet, lines=[a_line()], details=[details_of(a_migration())])
    async with paging(source, telemetry) as (client, _):
        status = await client.get("/", headers=PROGRAM)
        listed = await client.get("/requests", headers=PROGRAM)
        shown = await client.get(f"/requests/{REQUEST}", headers=PROGRAM)

    assert status.headers["content-type"] == "application/json"
    assert status.json() == json.loads(as_json(status_document(source.fleet)))
    assert status.json()["roles"] == ["intake", "planner"]
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
    source = Given(details=[details_of(well, ill)], planned=TICKETS)
    async with paging(source, telemetry) as (client, _):
        answer = await client.get(f"/requests/{REQUEST}")

    assert "9/2" in answer.text
    assert "its issues are switched off" in answer.text
    assert f'href="https://github.com/{TEAM}/issues/14"' in answer.text
    assert answer.text.index(TEAM) < answer.text.index("org/team-b")
    assert f"monarch show {REQUEST}" in in_words(answer.text)


def test_why_slack_waits_stands_on_the_page_of_a_request() -> None:
    """While every try failed the page had no word of it."""
    failing = FailingNotice("Slack answered 500", 1732406460000)
    details = replace(details_of(a_migration()), failing_notice=failing)

    page = request_view(details, None, "https://github.com")

    assert (page.slack_waits, page.slack_next_ms) == ("Slack answered 500", 1732406460000)


@pytest.mark.parametrize("is_unanswered", [True, False])
def test_a_card_that_slack_has_not_answered_stands_on_the_page(*, is_unanswered: bool) -> None:
    """Whether it is there was not known, and the page had no word of it."""
    card = Card("C1", "", is_unanswered=is_unanswered)
    details = replace(details_of(a_migration()), card=card)

    said = request_view(details, None, "https://github.com").slack_unanswered

    assert ("has not said whether it has the progress message" in said) is is_unanswered
    assert bool(said) is is_unanswered


def test_that_slack_did_not_get_a_message_is_said_once() -> None:
    """It stood in the heading and in the reason below it."""
    refused = "Slack did not get the message: it answered is_archived"
    details = replace(details_of(a_migration()), notice_error=refused)

    assert request_view(details, None, "https://github.com").slack == "it answered is_archived"


async def test_copies_that_an_act_has_left_to_people_are_listed(telemetry: Telemetry) -> None:
    """Each a link, with what people did to it, as the confirmation of the act has promised."""
    left = (Left(1, 14, (Touch.COMMENTED, Touch.LABELLED)), Left(2, 15, (Touch.EDITED,)))
    recalled = a_migration(state=State.DONE, acted="recall", changed=3, left=left)
    source = Given(details=[details_of(recalled)], planned=TICKETS)
    async with paging(source, telemetry) as (client, _):
        answer = await client.get(f"/requests/{REQUEST}")

    said = answer.text[answer.text.index("Left to people") :]
    assert (
        f'href="https://github.com/{TEAM}/issues/14" rel="noreferrer">#14</a> (commented, labelled), '
        in said
    )
    assert "#15</a> (edited)</p>" in said


async def test_what_has_failed_does_not_count_as_done(telemetry: Telemetry) -> None:
    """Neither on a request's page nor on its cohort's: both count as the card in Slack does."""
    ended = [("org/team-b", State.DONE), ("org/team-c", State.DEAD), ("org/team-d", State.DEAD)]
    details = details_of(
        *(a_migration(target=target, state=state) for target, state in ended), state=State.FAILED
    )
    source = Given(details=[details], cohort_views=[a_cohort(details.view)], planned=TICKETS)
    async with paging(source, telemetry) as (client, _):
        for address in (f"/requests/{REQUEST}", f"/cohorts/{COHORT}"):
            answer = await client.get(address)
            assert "1 of 3 teams done, 2 failed" in answer.text
            assert "3 of 3 teams done" not in answer.text


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (State.QUEUED, "No team is known yet"),
        (State.DEAD, "It ended before it was planned"),
        (State.CANCELLED, "It ended before it was planned"),
        (State.SKIPPED, "There was nothing to copy"),
    ],
)
async def test_a_request_without_teams_is_not_counted(
    telemetry: Telemetry, state: State, why: str
) -> None:
    """Nought of nought tells nothing, and of what has ended no team will be known."""
    source = Given(details=[details_of(state=state, tickets=0)])
    async with paging(source, telemetry) as (client, _):
        answer = await client.get(f"/requests/{REQUEST}")

    assert answer.text.count(why) == 2
    assert "0 of 0" not in answer.text
    assert "0 tickets" not in answer.text


async def test_a_state_that_does_not_exist_is_said(telemetry: Telemetry) -> None:
    """All requests were shown without a word; the states that there are stand beside it. See `test_choices`."""
    async with paging(Given(lines=[a_line()]), telemetry) as (client, _):
        wrong = await client.get("/requests", params={"state": "<nonsense>"})
        right = await client.get("/requests", params={"state": "done"})

    assert "Not understood in this address: <bdi>state should be one of" in wrong.text
    assert "queued, running, done, failed" in wrong.text
    assert "not &lt;nonsense&gt;</bdi>" in wrong.text
    assert "Not understood" not in right.text


async def test_requests_of_one_template_can_be_told_apart(telemetry: Telemetry) -> None:
    """By their teams, of which some are named."""
    line = a_line(targets=5, named=("org/team-a", "org/team-b", "org/team-c"))
    async with paging(Given(lines=[line]), telemetry) as (client, _):
        answer = await client.get("/requests")

    assert "org/team-a, org/team-b, org/team-c, and 2 more" in answer.text


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (Looking("ada", 1_000), ("GitHub is being looked at by <bdi>ada</bdi>, since",)),
        (Looked("ada", 1_000), ("Last looked at from this page by <bdi>ada</bdi>",)),
        (Looked("ada", 1_000, "GitHub answered 401"), ("It failed: GitHub answered 401.",)),
        (
            Looked("ada", 1_000, "", {f"org/{n}": "it is gone" for n in range(7)}),
            ("org/0 could not be read: it is gone.", "2 more teams could not be read."),
        ),
    ],
)
async def test_a_look_stands_beside_what_it_has_found(
    telemetry: Telemetry, look: Looking | Looked, words: tuple[str, ...]
) -> None:
    """By whom, when, and what it could not read."""
    source = Given(details=[details_of(a_migration())], look=look)
    async with paging(source, telemetry) as (client, _):
        page = await client.get(f"/requests/{REQUEST}")

    assert all(said in page.text for said in words)


async def test_a_cohort_shows_the_teams_of_all_its_requests(telemetry: Telemetry) -> None:
    """Each with its tickets, and a link to each copy."""
    view = details_of(a_migration()).view
    holding = Holding(REQUEST, TEAM, None, {TicketId(1): CreatedAs(7, 1)}, None)
    source = Given(cohort_views=[a_cohort(view)], planned=TICKETS, held={TEAM: holding})
    async with paging(source, telemetry) as (client, _):
        page = await client.get(f"/cohorts/{COHORT}")
        document = await client.get(f"/cohorts/{COHORT}", headers=PROGRAM)

    assert f'href="https://github.com/{TEAM}/issues/7"' in page.text
    assert "#3 Set up is #7: copied" in page.text
    assert "#4 Sign in: not copied yet" in page.text
    assert document.json()["view"]["requests"][0]["id"] == REQUEST


async def test_dead_letters_stand_by_cause_with_what_to_do(telemetry: Telemetry) -> None:
    """And with what does it to exactly these; the address chooses which."""
    source = Given(dead=[a_letter(), a_letter(id="2-0", code="bad_target", reason="no repository")])
    async with paging(source, telemetry) as (client, _):
        every = await client.get("/dead")
        some = await client.get("/dead?code=issues_disabled&nonsense=1")
        document = await client.get("/dead?code=bad_target", headers=PROGRAM)

    assert "Issues are switched off" in every.text
    assert "A target is no repository" in every.text
    assert "A target is no repository" not in some.text
    assert "monarch dead replay --code issues_disabled" in in_words(some.text)
    assert [letter["id"] for letter in document.json()] == ["2-0"]


@pytest.mark.parametrize(
    ("code", "suggested"), [("bad_source", "drop"), ("issues_disabled", "replay")]
)
async def test_what_would_fail_again_is_not_suggested(
    telemetry: Telemetry, code: str, suggested: str
) -> None:
    """A message that is wrong in itself is to be deleted; what people can mend is to be sent back."""
    source = Given(dead=[a_letter(code=code)])
    async with paging(source, telemetry) as (client, _):
        page = await client.get("/dead")

    cause = page.text[page.text.index("By cause") :]
    assert set(re.findall(r'class="button primary" href="/acts/(\w+)', cause)) == {suggested}


def test_what_is_suggested_is_what_the_advice_says() -> None:
    """One says to delete a letter and the other suggests it: for the same codes."""
    told = {
        code for code, (_, advice) in CAUSES.items() if re.search(r"(?i)delete (it|this)", advice)
    }

    assert told == STAYS_WRONG


async def test_the_budget_shows_the_hour_and_why_nobody_writes(telemetry: Telemetry) -> None:
    """Ceilings, set and learned, and until when GitHub wants to be left alone."""
    account = AccountSnapshot(
        "user:1", 3, 60, 77, 440, 0, 60.0, "secondary limit", minute_learned=40, hour_learned=0
    )
    fleet = Snapshot(1732406460000, (), accounts=(account,), workers=1, replicas=1)
    source = Given(fleet, written=[MinuteWrites("user:1", (0,) * 58 + (12, 9))])
    async with paging(source, telemetry) as (client, _):
        page = await client.get("/budget")

    assert "60 of 500 writes" in page.text
    assert "(learned: 40)" in page.text
    assert "secondary limit" in page.text
    assert page.text.count("strip-bar") == 2


async def test_the_budget_shows_each_cohorts_share(telemetry: Telemetry) -> None:
    """As writes are given out, and by which name the account is known."""
    account = AccountSnapshot("user:1", 3, 60, 77, 440, 0, 0.0, "", login="monarch-bot")
    fleet = Snapshot(1732406460000, (), accounts=(account,), workers=1, replicas=1)
    turns = (Part(COHORT, 34, 2), Part("9-9", 1, 2))
    first = (Part(COHORT, 34, 0), Part("9-9", 1, 1, is_first=True))
    source = Given(fleet, cohort_lines=[a_cohort_line()], parted=turns)
    async with paging(source, telemetry) as (client, _):
        by_turns = await client.get("/budget")
        front = await client.get("/")
    async with paging(replace(source, parted=first), telemetry) as (client, _):
        one_first = await client.get("/budget")

    assert by_turns.text.count("one write in 2<") == 2
    assert "34 writes to go" in by_turns.text
    assert "1 write to go" in by_turns.text
    assert "waits for what was put first<" in one_first.text
    assert "goes first, with every write<" in one_first.text
    assert "monarch-bot · user:1" in by_turns.text
    assert "As it stands: about 35 min left" in by_turns.text
    assert "about 35 min left (until 00:35 UTC), and others end up to 33 min later" in by_turns.text
    assert "and no other ends later" in by_turns.text
    assert "after a pause of 10 min</dt><dd>about 45 min left" in by_turns.text
    assert "at GitHub as monarch-bot" in front.text


async def test_a_cohort_too_many_is_shown_without_its_forecast(telemetry: Telemetry) -> None:
    """Its share is shown all the same."""
    many = tuple(Part(f"{n}-0", 1, FORECAST_AT_MOST + 1) for n in range(FORECAST_AT_MOST + 1))
    async with paging(Given(parted=many), telemetry) as (client, _):
        page = await client.get("/budget")

    assert page.text.count("1 write to go") == FORECAST_AT_MOST + 1
    assert page.text.count("As it stands:") == FORECAST_AT_MOST


async def test_workers_show_what_they_hold_and_what_is_parked(telemetry: Telemetry) -> None:
    """And which of them says nothing any more."""
    heard, gap = 1732406430000, Gap(1732406410000, 1732406423000)
    held = WorkerLine(
        "host.7.abc", 0.4, {"migrations": 2}, (TEAM,), "1.2.3", 1732406400000, heard, gap
    )
    silent = WorkerLine("host.8.def", 90.0, {"requests": 1}, ())
    waiting = Parked(REQUEST, "migrations", "org/team-z", 1732406500000)
    fleet = Snapshot(1732406460000, (), workers=2, replicas=1)
    source = Given(fleet, working=[held, silent], waiting=[waiting])
    deaf = replace(source, fleet=replace(fleet, replicas=0))
    async with paging(source, telemetry) as (client, _):
        page = await client.get("/workers")
        document = await client.get("/workers", headers=PROGRAM)
    async with paging(deaf, telemetry) as (client, _):
        unheard = await client.get("/workers")

    assert ">2 migrations<" in page.text
    assert ">1 request<" in page.text
    assert page.text.count(">silent<") == 1
    assert page.text.count("version 1.2.3, since <time") == 1
    assert "Last message heard <time" in page.text
    assert "did not hear the channel for 13 s, from <time" in page.text
    assert "24 Nov 00:00:10 UTC" in page.text
    assert "1 listening to the channel, fewer than there are workers" in page.text
    assert "0 listening to the channel: <strong" in unheard.text
    assert "org/team-z" in page.text
    assert [one["host"] for one in document.json()] == ["host", "host"]
    assert [one["heard_ms"] for one in document.json()] == [heard, None]
    assert document.json()[0]["gap"] == {"since_ms": gap.since_ms, "until_ms": gap.until_ms}


async def test_missed_repositories_are_shown_and_counted_on_the_front(
    telemetry: Telemetry,
) -> None:
    """Where nothing worse needs a person."""
    asked = MissedLine("org/team-y", "org/template", "C1", 1, 2, REQUEST, "ada")
    missed = MissedLine("org/team-z", "org/template", None, 3, 4)
    fleet = Snapshot(1732406460000, (), workers=1, replicas=1, missed=2)
    async with paging(Given(fleet, unheard=[missed, asked]), telemetry) as (client, _):
        front = await client.get("/")
        page = await client.get("/missed")
        document = await client.get("/missed", headers=PROGRAM)

    assert "2 missed repositories" in front.text
    assert page.text.index("org/team-z") < page.text.index("org/team-y")
    assert f"/requests/{REQUEST}" in page.text
    assert [one["by"] for one in document.json()] == ["", "ada"]


async def test_missed_repositories_stand_on_the_front_beside_what_is_worse(
    telemetry: Telemetry,
) -> None:
    """Dead letters take the answer; the way to the missed ones is there all the same."""
    fleet = Snapshot(1732406460000, (), workers=1, replicas=1, dead=1, missed=1)
    async with paging(Given(fleet, dead=[a_letter()]), telemetry) as (client, _):
        front = await client.get("/")
        document = await client.get("/", headers=PROGRAM)

    assert "1 dead letter<" in front.text
    assert '<a href="/missed">1 missed repository</a>' in front.text
    assert document.json()["missed"] == 1


async def test_events_name_who_did_it(telemetry: Telemetry) -> None:
    """A person's act looks the same whether it came from the page, Slack or a command."""
    paused = Event("2-0", 2, "fleet.paused", {"by": "ada"})
    copied = Event("1-0", 1, "ticket.copied", {"migration": f"{REQUEST}:{TEAM}", "number": "7"})
    async with paging(Given(happened=[copied, paused]), telemetry) as (client, _):
        page = await client.get("/events")
        some = await client.get("/events?kind=fleet.paused", headers=PROGRAM)

    assert page.text.index("fleet.paused") < page.text.index("ticket.copied")
    assert "ada" in page.text
    assert f'href="/requests/{REQUEST}"' in page.text
    assert [event["id"] for event in some.json()] == ["2-0"]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("/requests/9-9", "it was never made, has expired, or Valkey has lost its memory"),
        ("/cohorts/9-9", "it was never made, has expired, or Valkey has lost its memory"),
        ("/requests/latest", "An id is two numbers with a dash between"),
        ("/requests/%3Cscript%3E", "An id is two numbers with a dash between"),
        ("/nothing", "There is nothing at this address"),
    ],
)
async def test_what_is_not_known_is_a_404(telemetry: Telemetry, address: str, why: str) -> None:
    """For people and for programs, with the same headers as any other answer, and with the reason."""
    async with paging(Given(), telemetry) as (client, _):
        page = await client.get(address)
        document = await client.get(address, headers=PROGRAM)

    assert (page.status_code, document.status_code) == (404, 404)
    assert "<script>" not in page.text.lower()
    assert why in page.text
    assert why in document.json()["error"]
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_hostile_words_are_words(telemetry: Telemetry) -> None:
    """A title, a name, a reason: nothing in them is obeyed, by a browser or by a screen."""
    team = a_migration(target=HOSTILE, reason=HOSTILE, notes=(HOSTILE,))
    details = details_of(
        team, source=HOSTILE, reason=HOSTILE, channel=HOSTILE, cancelled_by=HOSTILE
    )
    fleet = Snapshot(0, (), workers=1, replicas=1, paused=True, paused_by=HOSTILE)
    letter = a_letter(code=HOSTILE, reason=HOSTILE, migration=f"{REQUEST}:{HOSTILE}")
    source = Given(
        fleet,
        [a_line(source=HOSTILE, reason=HOSTILE)],
        [details],
        cohort_lines=[a_cohort_line(source=HOSTILE, channel=HOSTILE)],
        cohort_views=[a_cohort(details.view, source=HOSTILE)],
        planned=[TicketLine(TicketId(1), 3, HOSTILE)],
        dead=[letter],
        working=[WorkerLine(HOSTILE, 0.0, {}, (HOSTILE,))],
        waiting=[Parked(REQUEST, "migrations", HOSTILE, 1)],
        happened=[Event("1-0", 1, HOSTILE, {"by": HOSTILE, HOSTILE: HOSTILE, "target": HOSTILE})],
    )
    async with paging(source, telemetry) as (client, _):
        pages = [await client.get(at) for at in EVERY]

    for page in pages:
        assert "<img src=x" not in page.text
        assert "onerror=alert(1)&gt;{{7*7}}" in page.text
        assert "\u202e" not in page.text
        assert r"\u202egnp" in page.text


@given(st.text())
@example("`-`")
@example("`monarch dead replay --all` <b>")
def test_a_command_in_a_text_is_the_only_thing_that_is_marked(text: str) -> None:
    """Between backticks, which are left out; whatever a text tries beside that is shown as it is.

    Inside of a command, words with a hyphen are kept whole.
    """
    printed = str(drawing.coded(text))

    torn = re.sub(r"<span class=\"whole\">([^`<>]+)</span>", r"\1", printed)
    bare = re.sub(r"<code class=\"command\">([^`<>]+)</code>", r"`\1`", torn)
    assert not {"<", ">", '"'} & set(bare)
    assert unescape(bare) == drawing.shown(text)


def test_options_and_ids_are_not_torn_at_the_end_of_a_line() -> None:
    """Words without a hyphen wrap as ever, and what was escaped stays so."""
    made = str(drawing.unbroken("monarch dead replay --all of 1732406400000-0 <b>"))

    assert made == (
        'monarch dead replay <span class="whole">--all</span> of '
        '<span class="whole">1732406400000-0</span> &lt;b&gt;'
    )
    assert '<code class="command"><span class="whole">--dry-run</span></code>' in str(
        drawing.coded("with `--dry-run`")
    )


def test_a_reason_marks_its_command() -> None:
    """As it does beside a button."""
    printed = drawing.coded("unarchive it, then replay it (`monarch dead replay`)")

    assert '<code class="command">monarch dead replay</code>' in printed


async def test_a_strict_policy_stands_on_every_answer(telemetry: Telemetry) -> None:
    """Nothing in a page breaks it: no script, style or handler stands in the HTML."""
    details = details_of(a_migration())
    source = Given(
        lines=[a_line()], details=[details], cohort_views=[a_cohort(details.view)], planned=TICKETS
    )
    async with paging(source, telemetry) as (client, _):
        for address in (*EVERY, "/nothing"):
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


async def test_a_valkey_that_refuses_is_told_as_such(telemetry: Telemetry) -> None:
    """The page said that workers go on by themselves; without the right password they do not."""
    remedy = "Correct VALKEY_USERNAME and VALKEY_PASSWORD, or those in VALKEY_URL."
    source = Given(is_away=True, remedy=remedy)
    async with paging(source, telemetry) as (client, _):
        page = await client.get("/")
        document = await client.get("/", headers=PROGRAM)

    assert page.status_code == 503
    assert "Valkey refuses what it is asked" in page.text
    assert remedy in page.text
    assert "by themselves" not in page.text
    assert remedy in document.json()["error"]


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
