"""The golden template through real workers: numbers that differ in every target, and workers killed in both passes."""

from typing import Any

from monarch.sandbox.control.seed import Seed
from monarch.sandbox.control.views import IssueView, StateView
from monarch.sandbox.faults import Hold, Match
from monarch.sandbox.judge.texts import marker_of
from scripts.fleet_machine.fleet import SLACK_CHANNEL, Fleet, a_message, a_target
from tests.golden import Golden, golden

TARGETS = tuple(f"school/team-{n}" for n in range(1, 11))
FREELY = {
    "MONARCH_WRITES_PER_HOUR": "0",
    "MONARCH_WRITES_AT_ONCE": "8",
    "MONARCH_LEASE_SECONDS": "15",
}
ISSUES = ("POST", "^/repos/school/team-2/issues$", 17)
EDITS = ("PATCH", "^/repos/school/team-3/issues/", 11)
"""The writes at which a worker is killed: which method, which path, the how manieth of them."""


async def test_the_golden_template_becomes_the_golden_copies(fleet: Fleet) -> None:
    """Ten teams get them byte for byte, whichever worker is killed; the same message again edits nothing."""
    template = golden(fleet.sandbox.base_url)
    await fleet.sandbox.seed(a_seed(template))
    held = {
        place: await fleet.sandbox.add_fault(
            Hold(), match=Match(api="github", method=place[0], path_regex=place[1]), nth=place[2]
        )
        for place in (ISSUES, EDITS)
    }
    fleet.start(3, **FREELY)
    fleet.publish(a_message(TARGETS, template.source))

    for place, fault in held.items():
        assert await fleet.sandbox.wait(fault=fault), place
        fleet.holder_of("/".join(place[1].split("/")[2:4])).kill()
        await fleet.sandbox.release(fault)
        fleet.spawn(**FREELY)
    [request] = fleet.until_ended()

    assert request["state"] == "done"
    state = await fleet.sandbox.state()
    for target in TARGETS:
        assert_golden(state, golden(fleet.sandbox.base_url, target))
    wrote = len(await fleet.sandbox.writes())

    fleet.publish(a_message(TARGETS, template.source))
    fleet.until_ended(2)

    assert len(await fleet.sandbox.writes()) == wrote


def a_seed(template: Golden) -> Seed:
    """The template, teams without an issue, and who writes."""
    seed: dict[str, Any] = template.seed
    repositories = [*seed["repositories"], *(a_target(target) for target in TARGETS)]
    return Seed.model_validate(
        {
            "accounts": [*seed["accounts"], {"login": "monarch-bot", "kind": "User"}],
            "tokens": [{"token": "ghp_monarch", "login": "monarch-bot", "kind": "classic"}],
            "repositories": repositories,
            "slack": {
                "tokens": [{"token": "xoxb-monarch"}],
                "channels": [{"id": SLACK_CHANNEL, "name": "cohort"}],
            },
        }
    )


def assert_golden(state: StateView, template: Golden) -> None:
    """All copies in order, each with its text, labels, milestone, type and parent."""
    tickets = {ticket.number: ticket for ticket in state.repositories[template.source].issues}
    here = state.repositories[template.target]
    copies = here.issues

    assert [issue.number for issue in copies] == [copy.number for copy in template.copies]
    for issue, copy in zip(copies, template.copies, strict=True):
        parent = None if copy.parent is None else f"{template.target}#{copy.parent}"
        marker = marker_of(tickets[copy.ticket], here, template.source)
        assert issue.body == copy.text(marker), f"#{copy.ticket}"
        assert issue.title == copy.title
        assert _details(issue) == (copy.labels, copy.milestone, copy.type, parent)


def _details(issue: IssueView) -> tuple[tuple[str, ...], str | None, str | None, str | None]:
    return tuple(issue.labels), issue.milestone, issue.type, issue.parent
