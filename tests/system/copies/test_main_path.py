"""From a published message to a truthful word in Slack, with nothing going wrong that should not."""

from typing import Any

import pytest

from monarch.sandbox.control.seed import Seed, SeedRepository
from monarch.sandbox.judge.findings import copies_in, tickets_in
from monarch.sandbox.judge.texts import marker_of
from scripts.fleet_machine.fleet import SOURCE, Fleet, a_message, a_seed, a_target
from scripts.fleet_machine.judge import assert_all_copied, assert_copied, card, final, posts

TEAMS = ("team/a", "team/b", "team/c")
EIGHT = tuple(f"team/{name}" for name in "abcdefgh")


async def test_every_ticket_is_copied_once_in_order_and_no_pull_request(fleet: Fleet) -> None:
    """20 tickets for 3 targets from one PUBLISH: each once, ascending, no pull request, nothing closed."""
    seed = a_seed(20, TEAMS, pulls=3)
    closed = {"title": "Closed", "body": "done", "state": "closed"}
    await fleet.sandbox.seed(seed)
    await fleet.sandbox.seed(_more_issues([closed, {"title": "Ticket 21", "body": "The last."}]))
    fleet.start()

    fleet.publish(a_message(TEAMS))
    [request] = fleet.until_ended()

    state = await fleet.sandbox.state()
    assert len(tickets_in(state.repositories[SOURCE])) == 21
    assert_all_copied(state, TEAMS)
    assert request["state"] == "done"
    text = final(state)
    assert "done, 21 tickets for 3 repositories" in text
    assert all(f"|{team}> 21/21" in card(state) for team in TEAMS)
    assert fleet.dead() == []


NASTY: dict[str, str | None] = {
    "empty": "",
    "null": None,
    "dollar": "$title ${body} $$ $ %s %(x)s\n",
    "braces": "{title} {{ body }} {0} {} {% raw %}\n",
    "crlf": "one\r\ntwo\r\n\r\n- three\r\n",
    "no end of line": "just this",
    "blank lines": "\n\n  \n\t\n",
    "unicode": "naïve, 日本語, עברית, e\u0301, 👩‍👩‍👧‍👦, \u2013, \u2028, \u200b\n",
    "code fence": "```python\nprint('<!-- x -->')\n```\n~~~\nsecond\n~~~\n",
    "html": "<details><summary>&amp;</summary>\n\n<!-- a comment -->\n</details>\n",
    "markdown": "- [ ] a\n- [x] b\n\n| a | b |\n|---|---|\n| \\| | `|` |\n",
    "quoted marker": "> <!-- monarch: a/b#1 id=5 -->\nin a sentence <!-- monarch: a/b#1 id=5 -->.\n",
}


async def test_bodies_are_intact_but_for_the_marker(fleet: Fleet) -> None:
    """Whatever stands in a ticket stands in its copy, to the byte, and the marker below it."""
    await fleet.sandbox.seed(a_seed(0, ["team/a"]))
    issues = [{"title": title, "body": body} for title, body in NASTY.items()]
    titles = ["$HOME {x} <b>", "  spaces  ", "日本語 👩‍👩‍👧‍👦", "x" * 256]
    await fleet.sandbox.seed(_more_issues([*issues, *({"title": each} for each in titles)]))
    fleet.start()

    fleet.publish(a_message(["team/a"]))
    fleet.until_ended()

    assert_copied(await fleet.sandbox.state(), "team/a")


async def test_old_markers_go_and_a_text_that_is_too_long_is_cut_with_a_link(fleet: Fleet) -> None:
    """A copy carries its own marker alone, and fits into GitHub's 65,536 characters."""
    await fleet.sandbox.seed(a_seed(0, ["team/a"]))
    old = "<!-- monarch: old/template#7 id=77 -->"
    longest, too_long = 65_536, "The long one."
    await fleet.sandbox.seed(
        _more_issues(
            [
                {"title": "old marker", "body": f"Some text.\n\n{old}"},
                {"title": "only a marker", "body": old},
                {"title": "long", "body": (too_long + "\n").ljust(longest, "é")},
            ]
        )
    )
    fleet.start()

    fleet.publish(a_message(["team/a"]))
    fleet.until_ended()

    state = await fleet.sandbox.state()
    tickets = tickets_in(state.repositories[SOURCE])
    here = state.repositories["team/a"]
    bodies = [copy.body or "" for copy in copies_in(here)]
    markers = [marker_of(ticket, here, SOURCE) for ticket in tickets]
    assert bodies[:2] == [f"Some text.\n\n{markers[0]}", markers[1]]
    long = bodies[2]
    assert len(long) <= longest
    assert long.startswith(too_long + "\né")
    assert long.endswith(f"\n\n{markers[2]}")
    assert f"/{SOURCE}/issues/{tickets[2].number}" in long


async def test_eight_messages_of_a_cohort_with_two_workers(fleet: Fleet) -> None:
    """Eight teams are eight messages: each is one request with one final message; no ticket twice."""
    await fleet.sandbox.seed(a_seed(6, EIGHT, pulls=1))
    fleet.start(2)

    for team in EIGHT:
        fleet.publish(a_message([team]))
    requests = fleet.until_ended(8)

    state = await fleet.sandbox.state()
    assert_all_copied(state, EIGHT)
    assert [request["state"] for request in requests] == ["done"] * 8
    for team in EIGHT:
        assert card(state).count(f"|{team}> 6/6") == 1


async def test_the_same_message_again_creates_nothing_and_says_so(fleet: Fleet) -> None:
    """To migrate again is harmless: no new issue, and Slack says that all were already there."""
    await fleet.sandbox.seed(a_seed(5, TEAMS[:2]))
    fleet.start()
    fleet.publish(a_message(TEAMS[:2]))
    fleet.until_ended()
    before = await fleet.sandbox.state()

    fleet.publish(a_message(TEAMS[:2]))
    fleet.until_ended(2)

    state = await fleet.sandbox.state()
    assert state.repositories == before.repositories
    assert all(f"|{team}> 5/5 (5 already there)" in card(state) for team in TEAMS[:2])


async def test_three_workers_hear_one_message_and_it_is_one_request(fleet: Fleet) -> None:
    """Pub/sub tells everybody; one request, one set of copies and one final message come of it."""
    await fleet.sandbox.seed(a_seed(4, TEAMS))
    fleet.start(3)

    fleet.publish(a_message(TEAMS))
    requests = fleet.until_ended()

    state = await fleet.sandbox.state()
    assert len(requests) == 1
    assert_all_copied(state, TEAMS)
    assert "done, 4 tickets for 3 repositories" in final(state)
    appended = [e for e in fleet.events() if e["event"] == "request.appended"]
    assert len(appended) == 1


async def test_an_empty_source_is_skipped_and_said(fleet: Fleet) -> None:
    """A template without open issues is no failure, and no reason to be silent."""
    await fleet.sandbox.seed(a_seed(0, ["team/a"]))
    await fleet.sandbox.seed(_more_issues([{"title": "Closed", "state": "closed"}]))
    fleet.start()

    fleet.publish(a_message(["team/a"]))
    [request] = fleet.until_ended()

    state = await fleet.sandbox.state()
    assert request["state"] == "skipped"
    assert state.repositories["team/a"].issues == ()
    assert "has no open tickets: nothing was copied" in posts(state)[-1]
    assert fleet.dead() == []


async def test_a_missing_source_is_said_and_never_taken_for_empty(fleet: Fleet) -> None:
    """A source that cannot be found is a dead letter with a reason, in Slack too."""
    await fleet.sandbox.seed(a_seed(1, ["team/a"]))
    fleet.start()

    fleet.publish(a_message(["team/a"], source="school/gone"))
    [request] = fleet.until_ended()

    state = await fleet.sandbox.state()
    [dead] = fleet.dead()
    assert request["state"] == "dead"
    assert dead["code"] == "repository_not_found"
    assert "school/gone" in dead["reason"]
    text = posts(state)[-1]
    assert "nothing was copied" in text
    assert "school/gone" in text
    assert "no open tickets" not in text


async def test_a_missing_target_does_not_hold_up_a_healthy_one(fleet: Fleet) -> None:
    """The healthy target is done while the other is still waited for; that one ends with a reason."""
    await fleet.sandbox.seed(a_seed(5, ["team/a"]))
    fleet.start(MONARCH_TARGET_PATIENCE_SECONDS="8")

    fleet.publish(a_message(["team/gone", "team/a"]))
    [request] = fleet.until_ended()

    state = await fleet.sandbox.state()
    assert_copied(state, "team/a")
    healthy = fleet.migration(request, "team/a")
    gone = fleet.migration(request, "team/gone")
    took_ms = int(healthy["ended_ms"]) - int(request["appended_ms"])
    assert took_ms < 5000
    assert int(gone["ended_ms"]) - int(request["appended_ms"]) >= 8000
    [dead] = fleet.dead()
    assert dead["migration"].endswith(":team/gone")
    assert dead["code"] == "repository_not_found"
    assert dead["reason"]
    text = final(state)
    assert "1 of 2 repositories failed, 1 done" in text
    assert "|team/a> 5/5" in card(state)
    assert "|team/gone> 0/5, *failed*" in text
    assert "monarch dead list --request" in text


async def test_a_target_that_appears_later_is_done(fleet: Fleet) -> None:
    """A repository that was generated a moment ago may not be there yet; it is waited for."""
    await fleet.sandbox.seed(a_seed(5, ["team/a"]))
    late = SeedRepository.model_validate(a_target("team/late") | {"appears_after_seconds": 4})
    await fleet.sandbox.seed(Seed(repositories=(late,)))
    fleet.start()

    fleet.publish(a_message(["team/late", "team/a"]))
    [request] = fleet.until_ended()

    assert request["state"] == "done"
    assert_all_copied(await fleet.sandbox.state(), ["team/late", "team/a"])
    assert fleet.dead() == []


@pytest.mark.parametrize("spelling", ["https://github.com/team/a.git", "git@github.com:Team/A.git"])
async def test_a_target_in_any_usual_spelling_is_the_same_target(
    fleet: Fleet, spelling: str
) -> None:
    """An address names the same repository as `owner/repo` does: one migration, one set of copies."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    fleet.start()

    fleet.publish(a_message([spelling, "team/a", "TEAM/a"]))
    [request] = fleet.until_ended()

    assert len(request["targets"].splitlines()) == 1
    assert_copied(await fleet.sandbox.state(), "team/a")


def _more_issues(issues: list[dict[str, Any]]) -> Seed:
    """Further issues for the template that is there already."""
    return Seed.model_validate({"repositories": [{"full_name": SOURCE, "issues": issues}]})
