"""`plan` as the one who gives it sees it; that it foretells the truth is tried in tests/system."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from monarch.app import plan as module
from monarch.cli.plan import ranges
from monarch.core.copy.dependencies import Blocking
from monarch.core.copy.sub_issues import Nesting
from monarch.core.outcome import Code
from monarch.core.portions.message import Portion
from monarch.core.report.rehearsal import Copy, Rehearsal, Warned
from monarch.core.report.target_plan import DryRun, TargetPlan
from tests.cli.conftest import Give

NOWHERE = {"GH_PAT": "ghp_x", "GITHUB_API_URL": "http://127.0.0.1:1"}
MENTION = Warned(2, "it mentions `@ada`; the copies notify no one")

TEAM_A = Rehearsal(
    "org/team-a",
    create=(Copy(1, 3, "One"), Copy(2, 4, "Two"), Copy(5, 5, "Five")),
    present=(Copy(3, 1, "Three"), Copy(6, 2, "Six")),
    adopted=(Copy(6, 2, "Six"),),
    deleted=(4,),
    labels=("bug",),
    milestones=("Sprint 1",),
    rewrite=(3, 5),
    nest=(Nesting(3, 4),),
    block=(Blocking(4, 3),),
    warnings=(MENTION,),
    notes=("issue types: not copied",),
)
FOUND = DryRun(
    "org/template",
    5,
    (
        TargetPlan("org/team-a", TEAM_A),
        TargetPlan("org/then", Rehearsal("org/now", present=(Copy(1, 1, "One"),))),
        TargetPlan("org/old", Rehearsal("org/old", problem="it is archived"), Code.ARCHIVED),
    ),
    seconds=90.0,
    left_out=("comments of #1, #2", "locks of #3"),
)


@pytest.fixture
def foretell(monkeypatch: pytest.MonkeyPatch, give: Give) -> Callable[..., Any]:
    """Give the command where this was found."""

    def told(found: DryRun, *options: str) -> Any:
        async def dry_run(*_: Any) -> DryRun:
            return found

        monkeypatch.setattr(module, "dry_run", dry_run)
        return give("plan", "org/template", "org/team-a", *options, GH_PAT="ghp_x")

    return told


def test_all_that_would_be_done_is_shown(foretell: Callable[..., Any]) -> None:
    """Sums first, then each target, then what is to be known of it; a target that would fail fails the command."""
    result = foretell(FOUND)

    assert result.exit_code == 1
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "writes 9 (3 issues, 1 label, 1 milestone, 2 edits, 1 sub-issue, 1 dependency)" in lines
    assert "not copied comments of #1, #2; locks of #3" in lines
    assert "org/team-a 3 1 1 2 1 1 2 9 -" in lines
    assert "org/old 0 0 0 0 0 0 0 0 it is archived" in lines
    assert "creates #1-#2, #5 as #3-#5" in lines
    assert "there #3 as #1" in lines
    assert "adopts #6 as #2: they say the same, and carry no marker" in lines
    assert "stays deleted #4: `monarch verify REQUEST --heal` makes it again" in lines
    assert "references are put right in #3, #5" in lines
    assert "sub-issues #4 under #3" in lines
    assert "dependencies #4 on #3" in lines
    assert "note issue types: not copied" in lines
    assert "org/then, now org/now" in lines
    assert "ticket #2: it mentions `@ada`; the copies notify no one" in lines


def test_when_it_would_be_done_is_said_with_what_that_rests_on(
    foretell: Callable[..., Any],
) -> None:
    """Without Valkey the rest of the budget is unknown; with it all that goes first counts."""
    known = foretell(replace(FOUND, ahead=24, paused_by="ada")).stdout
    unknown = foretell(replace(FOUND, without_store="reading: refused")).stdout

    assert "in 1 min" in known
    assert "UTC, after 24 writes of other requests, if ada lets the fleet go on now\n" in known
    assert "after" not in foretell(FOUND).stdout
    assert "if the budget is unused; Valkey was not asked (reading: refused)" in unknown


def test_programs_get_one_document(foretell: Callable[..., Any]) -> None:
    """With everything in it."""
    result = foretell(FOUND, "--json")

    document = json.loads(result.stdout)
    assert (document["writes"], document["seconds"], document["ahead"]) == (9, 90.0, 0)
    assert [target["writes"] for target in document["targets"]] == [9, 0, 0]
    first, _, last = document["targets"]
    assert first["create"][0] == {"ticket": 1, "number": 3, "title": "One"}
    assert first["sub_issues"] == [{"parent": 3, "child": 4}]
    assert first["dependencies"] == [{"blocked": 4, "blocker": 3}]
    assert document["left_out"] == ["comments of #1, #2", "locks of #3"]
    assert first["warnings"] == [{"ticket": 2, "text": MENTION.text}]
    assert (last["code"], last["problem"]) == ("repository_archived", "it is archived")


def test_nothing_to_do_is_nothing_wrong(foretell: Callable[..., Any]) -> None:
    """A complete target, and an empty template."""
    complete = foretell(DryRun("o/s", 5, FOUND.targets[1:2]))
    rest = foretell(DryRun("o/s", 5, FOUND.targets[1:]))
    empty = foretell(DryRun("o/s"))

    assert (complete.exit_code, empty.exit_code) == (0, 0)
    assert "0: nothing is to be done\n" in complete.stdout
    assert "0: nothing is to be done where nothing is in the way\n" in rest.stdout
    assert "the source has no open issues" in empty.stdout


def test_a_portion_is_named_with_its_date_and_its_milestones(
    foretell: Callable[..., Any],
) -> None:
    """In words and in the document; and where there is nothing of it, too."""
    date = datetime(2026, 11, 30, 8, tzinfo=timezone(timedelta(hours=1)))
    portion = Portion(date, ("Sprint 2",))
    words = " ".join(foretell(replace(FOUND, portion=portion)).stdout.split())
    document = json.loads(foretell(replace(FOUND, portion=portion), "--json").stdout)
    nothing = foretell(DryRun("o/s", portion=portion)).stdout

    assert 'not before Mon 2026-11-30 08:00 +01:00 only milestone "Sprint 2" tickets 5' in words
    assert document["not_before"] == "2026-11-30T08:00:00+01:00"
    assert document["milestones"] == ["Sprint 2"]
    assert 'the source has no open issues in milestone "Sprint 2"' in nothing


def test_a_plan_for_a_later_date_in_a_paused_fleet_need_not_go_on_now(
    foretell: Callable[..., Any],
) -> None:
    """By its date is early enough."""
    later = replace(FOUND, paused_by="ada", wait_s=86_400.0, seconds=86_490.0)

    assert "if ada lets the fleet go on by then" in foretell(later).stdout
    assert "if ada lets the fleet go on now" in foretell(replace(later, wait_s=0.0)).stdout


def test_targets_that_are_all_blocked_are_not_done_at_once(foretell: Callable[..., Any]) -> None:
    """Such a plan read as if all was well."""
    blocked = foretell(DryRun("o/s", 5, FOUND.targets[2:]))

    assert blocked.exit_code == 1
    assert "something is in the way of each target" in blocked.stdout
    assert "at once" not in blocked.stdout
    assert "it is archived" in blocked.stdout


def test_a_source_that_cannot_be_read_is_a_failure(give: Give) -> None:
    """It is named, in words and in the document."""
    words = give("plan", "o/s", "o/a", **NOWHERE)
    document = give("plan", "o/s", "o/a", "--json", **NOWHERE)

    assert (words.exit_code, document.exit_code) == (1, 1)
    assert "the source o/s" in words.stdout
    assert "the source o/s" in json.loads(document.stdout)["problem"]


@pytest.mark.parametrize(
    ("source", "environment", "says"),
    [
        ("no source", NOWHERE, "expected a repository as owner/repo"),
        ("o/s", {}, "GH_PAT"),
        ("o/s", {**NOWHERE, "MONARCH_ALLOWED_SOURCES": "x/*"}, "MONARCH_ALLOWED_SOURCES"),
    ],
)
def test_bad_input_is_wrong_usage(
    give: Give, source: str, environment: dict[str, str], says: str
) -> None:
    """Nothing is asked for it, and no sentence suggests to replay what was never sent."""
    result = give("plan", source, "o/a", **environment)

    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
    assert "replay" not in result.stderr


@pytest.mark.parametrize(
    ("numbers", "said"),
    [((), ""), ((7,), "#7"), ((1, 2, 3), "#1-#3"), ((1, 3, 4, 2), "#1, #3-#4, #2")],
)
def test_numbers_are_told_as_ranges(numbers: tuple[int, ...], said: str) -> None:
    """In their order, which is that of the copies."""
    assert ranges(numbers) == said
