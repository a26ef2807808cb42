"""The world of the demo: a template, six teams, a Slack channel, and the platform's message about them."""

import json
from collections.abc import Sequence
from typing import Any, Final

from monarch.sandbox.seed import Seed

CHANNEL: Final = "channel_migrate_issue_tickets"
SLACK_CHANNEL: Final = "C06GHMZB3M3"
GITHUB_TOKEN: Final = "ghp_demo"  # noqa: S105 - the stand-in's
SLACK_TOKEN: Final = "xoxb-demo"  # noqa: S105 - likewise

SOURCE: Final = "demo-school/cider-falls"
FIRST_TEAMS: Final = ("demo-school/team-ash", "demo-school/team-birch", "demo-school/team-cedar")
SECOND_TEAMS: Final = ("demo-school/team-elm", "demo-school/team-fir", "demo-school/team-hazel")

_TICKETS: Final = (
    ("Set up the repository", "Clone it and run `npm install`.", ("setup",)),
    ("Draw the entity relationship diagram", "Parks, areas, services, guests.\n", ("planning",)),
    (
        "List the park areas",
        "As a guest I want to see all areas.\r\n\r\n- [ ] name\r\n",
        ("story",),
    ),
    ("List the services of an area", "Costs `$5` in the café ☕.", ("story",)),
    ("Show the guests on site", None, ("story",)),
    ("Count the guests of an area", 'A click on an area says "{n} guests".', ("story",)),
    ("Filter the guests by service", "```js\nguests.filter(g => g.service)\n```\n", ("story",)),
    ("Style the header", "The colours are in the style guide.", ("design", "good first issue")),
    ("Style the map", "Grid, not floats.", ("design",)),
    ("Test on a phone", "360 pixels wide.", ("quality",)),
    ("Write the README", "How to run it, who made it.", ()),
    ("Present the project", "Ten minutes, everybody speaks.", ("planning",)),
)
TICKETS: Final = len(_TICKETS)


def seed() -> Seed:
    """Twelve open tickets, between them a closed one and a pull request; six empty teams."""
    teams = [
        {"full_name": name, "collaborators": {"monarch-bot": "write"}}
        for name in (*FIRST_TEAMS, *SECOND_TEAMS)
    ]
    return Seed.model_validate(
        {
            "accounts": [{"login": "monarch-bot"}],
            "tokens": [{"token": GITHUB_TOKEN, "login": "monarch-bot"}],
            "repositories": [_template(), *teams],
            "slack": {
                "tokens": [{"token": SLACK_TOKEN}],
                "channels": [{"id": SLACK_CHANNEL, "name": "cohort-42"}],
            },
        }
    )


def _template() -> dict[str, Any]:
    issues: list[dict[str, Any]] = [
        {"title": title, "body": body, "labels": labels} for title, body, labels in _TICKETS
    ]
    issues.insert(3, {"title": "Draft of the areas", "body": "code", "pull_request": True})
    issues.insert(7, {"title": "Choose a name", "body": "Done.", "state": "closed"})
    names = sorted({label for _, _, labels in _TICKETS for label in labels})
    labels = [{"name": name} for name in names]
    return {"full_name": SOURCE, "is_template": True, "labels": labels, "issues": issues}


def message(teams: Sequence[str]) -> str:
    """What the platform publishes, written as it writes it."""
    return json.dumps(
        {
            "notification_channel": SLACK_CHANNEL,
            "source_repo": SOURCE,
            "all_target_repositories": list(teams),
        }
    )
