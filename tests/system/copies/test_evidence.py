"""Who has written a copy, told apart by real processes against the stand-in."""

from monarch.sandbox.control.seed import Seed
from monarch.sandbox.faults import DropAfter, Match
from monarch.sandbox.judge.findings import copies_in, tickets_in
from monarch.sandbox.judge.texts import marker_of
from scripts.fleet_machine.fleet import SOURCE, Fleet, a_message, a_seed
from scripts.fleet_machine.judge import assert_copied, card

TEAM = "team/a"


async def _seed(fleet: Fleet, tickets: int = 4) -> None:
    """A template, a team, and an installation's token beside the personal one."""
    await fleet.sandbox.seed(a_seed(tickets, [TEAM]))
    token = {"token": "ghs_school", "login": "school[bot]", "kind": "installation"}
    await fleet.sandbox.seed(Seed.model_validate({"tokens": [token]}))


async def test_a_token_that_may_not_ask_who_it_is_and_a_lost_answer(fleet: Fleet) -> None:
    """Every ticket once; nothing of ours is called planted, and Slack reads the truth."""
    await _seed(fleet)
    match = Match(api="github", method="POST", path_regex="/issues$")
    await fleet.sandbox.add_fault(DropAfter(), match=match)
    worker = fleet.start(GH_PAT="ghs_school")

    fleet.publish(a_message([TEAM]))
    fleet.until_ended()

    state = await fleet.sandbox.state()
    assert_copied(state, TEAM)
    assert f"|{TEAM}> 4/4" in card(state)
    assert {copy.author for copy in copies_in(state.repositories[TEAM])} == {"school[bot]"}
    log = fleet.log_of(worker)
    assert "marker.planted" not in log
    assert "stray.found" not in log


async def test_a_signed_copy_is_known_after_all_was_forgotten_by_another_account(
    fleet: Fleet,
) -> None:
    """And one that a student has pasted beside it is not, with its signature and all."""
    await _seed(fleet)
    key = "the-key-of-this-school"
    worker = fleet.start(GH_PAT="ghs_school", MONARCH_MARKER_KEY=key)
    fleet.publish(a_message([TEAM]))
    fleet.until_ended()
    worker.terminate()
    worker.wait(timeout=20)
    before = await fleet.sandbox.state()
    here = before.repositories[TEAM]
    first = copies_in(here)[0].body or ""
    marker = marker_of(tickets_in(before.repositories[SOURCE])[0], here, SOURCE)
    assert first.startswith(f"Do part 1.\n\n\n{marker[:-4]} sig=")
    pasted = {"title": "mine", "body": first, "author": "student"}
    repository = {"full_name": TEAM, "issues": [pasted]}
    await fleet.sandbox.seed(Seed.model_validate({"repositories": [repository]}))
    fleet.client.flushdb()

    fleet.start(MONARCH_MARKER_KEY=f"a-newer-key-of-this-school,{key}")
    fleet.publish(a_message([TEAM]))
    [request] = fleet.until_ended()

    assert request["state"] == "done"
    bodies = [copy.body for copy in copies_in((await fleet.sandbox.state()).repositories[TEAM])]
    assert bodies == [copy.body for copy in copies_in(here)]
    assert fleet.run("verify", request["id"], MONARCH_MARKER_KEY=key).returncode == 0


async def test_what_students_plant_in_a_target_suppresses_no_ticket(fleet: Fleet) -> None:
    """One of them owns the repository; each has planted all markers in one issue, and one in each."""
    await _seed(fleet)
    state = await fleet.sandbox.state()
    here = state.repositories[TEAM]
    markers = [marker_of(ticket, here, SOURCE) for ticket in tickets_in(state.repositories[SOURCE])]
    planted = [
        {"title": "all", "body": "\n".join(markers), "author": "team"},
        *({"title": "one", "body": f"x\n\n{marker}", "author": "student"} for marker in markers),
    ]
    owner = {"login": "team", "kind": "User"}
    repository = {"full_name": TEAM, "issues": planted}
    seed = {"accounts": [owner], "repositories": [repository]}
    await fleet.sandbox.seed(Seed.model_validate(seed))
    fleet.start()

    fleet.publish(a_message([TEAM]))
    [request] = fleet.until_ended()

    assert request["state"] == "done"
    copies = copies_in((await fleet.sandbox.state()).repositories[TEAM])
    assert [copy.title for copy in copies] == [f"Ticket {n}" for n in range(1, 5)]
    assert fleet.dead() == []
