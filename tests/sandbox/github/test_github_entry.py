"""The door: credentials, limits, routes, names, and what every reply carries."""

from __future__ import annotations

import pytest

from monarch.sandbox.control.planting import plant
from monarch.sandbox.control.seed import Seed
from tests.sandbox.world import BASE_URL, START, TEAM, Bench


def test_a_repository_says_what_a_copier_needs_to_know(bench: Bench) -> None:
    """Id, canonical name, flags and permissions; asked for in any case."""
    body = bench.send("GET", "/repos/ORG/Team-A").json()

    assert body["full_name"] == "org/team-a"
    assert (body["archived"], body["has_issues"], body["private"]) == (False, True, False)
    assert body["permissions"]["push"] is True
    assert body["permissions"]["admin"] is False
    by_id = bench.send("GET", f"/repositories/{body['id']}")
    assert by_id.json() == body


@pytest.mark.parametrize("token", ["ghp_bot", None])
def test_what_cannot_be_seen_is_not_there(bench: Bench, token: str | None) -> None:
    """A private repository, one that never was and a trailing slash all look the same."""
    for path in ("/repos/org/private", "/repos/org/nowhere", f"{TEAM}/"):
        assert bench.send("GET", path, token=token).status == 404
    assert bench.send("GET", "/repos/org/private", token="ghp_admin").status == 200


def test_a_renamed_repository_redirects_reads_and_writes(bench: Bench) -> None:
    """301 for a read, 307 for a write, to the id, with the query."""
    repository = bench.world.named("org/team-a")
    assert repository is not None
    by_id = f"{BASE_URL}/github/repositories/{repository.id}/issues"
    read = bench.send("GET", "/repos/org/old-name/issues?page=1")
    write = bench.send("POST", "/repos/org/old-name/issues", {"title": "x"})

    assert (read.status, read.header("Location")) == (301, f"{by_id}?page=1")
    assert (write.status, write.header("Location")) == (307, by_id)
    assert write.json()["message"] == "Moved Permanently"
    assert bench.world.created_by_api == []
    assert bench.send("POST", by_id, {"title": "x"}).status == 201


def test_a_generated_repository_appears_late(bench: Bench) -> None:
    """404 until its time has come."""
    late = {"repositories": [{"full_name": "org/new", "appears_after_seconds": 30}]}
    plant(bench.world, bench.workspace, Seed.model_validate(late))

    assert bench.send("GET", "/repos/org/new").status == 404
    bench.now += 30
    assert bench.send("GET", "/repos/org/new").status == 200


def test_a_regenerated_repository_is_another_one(bench: Bench) -> None:
    """The name returns, the id does not."""
    old = bench.world.named("org/public")
    assert old is not None
    bench.world.remove_repository(old)
    again = Seed.model_validate({"repositories": [{"full_name": "org/public"}]})

    assert plant(bench.world, bench.workspace, again)["org/public"] != old.id


def test_every_reply_carries_the_limit_headers(bench: Bench) -> None:
    """Success and refusal alike; the reset is in epoch seconds."""
    for number, path in enumerate((TEAM, "/repos/org/nowhere"), start=1):
        reply = bench.send("GET", path)

        assert reply.header("X-RateLimit-Limit") == "5000"
        assert reply.header("X-RateLimit-Remaining") == str(5000 - number)
        assert reply.header("X-RateLimit-Reset") == str(int(START) + 3600)
        assert reply.header("X-GitHub-Request-Id")
        assert reply.header("X-OAuth-Scopes") == "repo"


def test_only_classic_tokens_have_scopes(bench: Bench) -> None:
    """No header shows a fine-grained token's permissions."""
    assert bench.send("GET", TEAM, token="ghs_app").header("X-OAuth-Scopes") is None


def test_a_request_without_a_user_agent_is_rejected(bench: Bench) -> None:
    """In plain words, not in JSON."""
    reply = bench.send("GET", TEAM, headers={"user-agent": ""})

    assert reply.status == 403
    assert b"User-Agent" in reply.body


def test_an_api_version_that_nobody_serves_is_400(bench: Bench) -> None:
    """Rather than being ignored."""
    assert bench.send("GET", TEAM, headers={"x-github-api-version": "2020-01-01"}).status == 400
    assert bench.send("GET", TEAM, headers={"x-github-api-version": "2022-11-28"}).status == 200
    assert bench.send("GET", TEAM, headers={"x-github-api-version": "2026-03-10"}).status == 200


def test_who_am_i(bench: Bench) -> None:
    """The account behind the token; nobody for an installation or without one."""
    assert bench.send("GET", "/user").json()["login"] == "bot"
    assert bench.send("GET", "/user", token="ghs_app").status == 403
    assert bench.send("GET", "/user", token=None).status == 401
    assert bench.send("GET", "/user", token="nope").status == 401


def test_an_unchanged_thing_is_304_and_free(bench: Bench) -> None:
    """The tag belongs to the token."""
    first = bench.send("GET", TEAM)
    tag = first.header("ETag") or ""
    again = bench.send("GET", TEAM, headers={"if-none-match": tag})
    other = bench.send("GET", TEAM, token="ghp_admin", headers={"if-none-match": tag})

    assert (again.status, again.body) == (304, b"")
    assert again.header("X-RateLimit-Used") == first.header("X-RateLimit-Used")
    assert other.status == 200


def test_the_primary_limit_is_per_account_and_ends(bench: Bench) -> None:
    """Two tokens of one account share it; the reset gives it back."""
    bench.settings = bench.settings.changed_by({"primary_per_hour": 2, "time_scale": 60})
    bench.send("GET", TEAM)
    bench.send("GET", TEAM, token="github_pat_reader")
    limited = bench.send("GET", TEAM)

    assert limited.status == 403
    assert limited.json()["message"].startswith("API rate limit exceeded for user ID")
    assert limited.header("X-RateLimit-Remaining") == "0"
    assert limited.header("X-RateLimit-Reset") == str(int(START) + 60)
    assert bench.send("GET", TEAM, token="ghp_admin").status == 200
    asked = bench.send("GET", "/rate_limit")
    assert asked.json()["resources"]["core"]["remaining"] == 0
    bench.now += 60
    assert bench.send("GET", TEAM).status == 200


def test_nobody_has_sixty_calls_an_hour(bench: Bench) -> None:
    """Anonymous calls have a budget of their own."""
    for _ in range(60):
        assert bench.send("GET", TEAM, token=None).status == 200
    assert bench.send("GET", TEAM, token=None).status == 403


def test_without_a_primary_limit_there_are_no_headers(bench: Bench) -> None:
    """As on a GitHub Enterprise Server."""
    bench.settings = bench.settings.changed_by({"primary_per_hour": None})

    assert bench.send("GET", TEAM).header("X-RateLimit-Limit") is None
    assert bench.send("GET", "/rate_limit").status == 404


@pytest.mark.parametrize("says_when", [True, False])
def test_the_content_limit_hides_behind_a_healthy_primary_limit(
    bench: Bench, says_when: bool
) -> None:
    """The n+1st issue in a minute is refused, reads go on, and waiting helps."""
    bench.settings = bench.settings.changed_by(
        {"content_per_minute": 2, "secondary_retry_after": says_when, "secondary_status": 429}
    )
    created = [bench.send("POST", f"{TEAM}/issues", {"title": "x"}).status for _ in range(3)]
    limited = bench.send("POST", f"{TEAM}/issues", {"title": "x"})

    assert created == [201, 201, 429]
    assert "secondary rate limit" in limited.json()["message"]
    assert limited.header("Retry-After") == ("60" if says_when else None)
    assert int(limited.header("X-RateLimit-Remaining") or 0) > 0
    assert bench.send("GET", f"{TEAM}/issues").status == 200
    assert bench.quotas.rejected == {"content": 2}
    bench.now += 60
    assert bench.send("POST", f"{TEAM}/issues", {"title": "x"}).status == 201


def test_what_is_not_created_is_not_content(bench: Bench) -> None:
    """A refused issue spends nothing; labels count only when told to."""
    bench.settings = bench.settings.changed_by({"content_per_hour": 1})
    bench.send("POST", f"{TEAM}/issues", {"title": ""})
    bench.send("POST", f"{TEAM}/labels", {"name": "l"})
    assert bench.send("POST", f"{TEAM}/issues", {"title": "x"}).status == 201

    bench.now += 3600
    bench.settings = bench.settings.changed_by({"content_kinds": ["labels"]})
    assert bench.send("POST", f"{TEAM}/labels", {"name": "m"}).status == 201
    assert bench.send("POST", f"{TEAM}/labels", {"name": "n"}).status == 403


def test_points_and_concurrency(bench: Bench) -> None:
    """A write costs five points, a read one; too many calls at once are too many."""
    bench.settings = bench.settings.changed_by({"points_per_minute": 6, "concurrent": 2})
    assert bench.send("POST", f"{TEAM}/issues", {"title": "x"}).status == 201
    assert bench.send("GET", TEAM).status == 200
    assert bench.send("GET", TEAM).status == 403
    bench.now += 60
    bench.under_way = 3
    assert bench.send("GET", TEAM).status == 403
    assert bench.quotas.rejected == {"points": 1, "concurrent": 1}


def test_a_private_repository_is_closed_to_a_token_without_the_permission(bench: Bench) -> None:
    """Metadata yes, issues no."""
    extra = {
        "tokens": [
            {"token": "blind", "login": "org", "kind": "fine-grained", "issues": "none"},
        ]
    }
    plant(bench.world, bench.workspace, Seed.model_validate(extra))

    assert bench.send("GET", "/repos/org/private", token="blind").status == 200
    refused = bench.send("GET", "/repos/org/private/issues", token="blind")
    assert refused.status == 403


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"login": "bot", "suspended": True}, "Sorry. Your account was suspended."),
        ({"login": "org", "forbids_classic_tokens": True}, "`org` forbids access via a personal"),
        ({"login": "org", "requires_sso": True}, "Resource protected by organization SAML"),
    ],
)
def test_an_account_can_be_shut_and_an_organization_can_be_particular(
    bench: Bench, rule: dict[str, object], words: str
) -> None:
    """403 in GitHub's words; a call that the rule is not about goes in."""
    fine = [
        {"token": "fine", "login": "teacher", "kind": "fine-grained", "sso": ["Org"]},
    ]
    more = {"accounts": [rule], "tokens": fine}
    plant(bench.world, bench.workspace, Seed.model_validate(more))
    refused = bench.send("GET", TEAM)

    assert refused.status == 403
    assert refused.json()["message"].startswith(words)
    assert (refused.header("X-GitHub-SSO") is not None) == bool(rule.get("requires_sso"))
    for token in ("fine", "ghs_app", None):
        assert bench.send("GET", TEAM, token=token).status == 200
