"""An owner's repositories, and those that are made from a template."""

from __future__ import annotations

from typing import Any

import pytest

from monarch.sandbox.control.planting import plant
from monarch.sandbox.control.seed import Seed
from tests.sandbox.world import START, TEMPLATE, Bench

TEACHER = "ghp_teacher"


@pytest.fixture
def bench(bench: Bench) -> Bench:
    """GitHub with a teacher who may make repositories for the organization."""
    seed = {
        "accounts": [{"login": "org", "kind": "Organization"}],
        "tokens": [{"token": TEACHER, "login": "teacher"}],
    }
    plant(bench.world, bench.workspace, Seed.model_validate(seed))
    return bench


def made(bench: Bench, name: str, **more: Any) -> dict[str, Any]:
    """A repository that the teacher makes from the template."""
    wish = {"owner": "org", "name": name, **more}
    reply = bench.send("POST", f"{TEMPLATE}/generate", wish, token=TEACHER)
    assert reply.status == 201
    body: dict[str, Any] = reply.json()
    return body


def names(bench: Bench, url: str, token: str = TEACHER) -> list[str]:
    """What a list shows."""
    reply = bench.send("GET", url, token=token)
    return [each["full_name"] for each in reply.json()]


def test_a_generated_repository_says_what_it_was_made_from_and_holds_no_issues(
    bench: Bench,
) -> None:
    """Files are copied; issues, labels and milestones are not."""
    body = made(bench, "team-g")

    assert body["template_repository"]["full_name"] == "org/template"
    assert body["open_issues_count"] == 0
    url = "/repos/org/team-g"
    read = bench.send("GET", url, token=TEACHER).json()
    assert read["template_repository"]["id"] == body["template_repository"]["id"]


def test_lists_do_not_say_what_a_repository_was_made_from(bench: Bench) -> None:
    """Only the repository's own address does."""
    made(bench, "team-g")

    reply = bench.send("GET", "/orgs/org/repos", token=TEACHER)
    assert all("template_repository" not in each for each in reply.json())


def test_a_template_that_the_caller_may_not_see_is_not_named(bench: Bench) -> None:
    """It shows as none."""
    made(bench, "team-g")
    [template] = [r for r in bench.world.repositories.values() if r.full_name == "org/template"]
    template.private = True

    url = "/repos/org/team-g"
    read = bench.send("GET", url, token="ghp_bot").json()
    assert read["template_repository"] is None


def test_an_organizations_repositories_come_newest_first_a_page_at_a_time(bench: Bench) -> None:
    """As `sort=created` is the default there."""
    for number in range(3):
        bench.now = START + 60 + number
        made(bench, f"team-{number}")

    assert names(bench, "/orgs/org/repos?per_page=2") == ["org/team-2", "org/team-1"]
    reply = bench.send("GET", "/orgs/org/repos?per_page=2", token=TEACHER)
    assert 'page=2>; rel="next"' in dict(reply.headers)["Link"]


def test_private_repositories_are_listed_for_those_who_may_see_them(bench: Bench) -> None:
    """And in the list of a user never."""
    made(bench, "team-p", private=True)

    assert "org/team-p" in names(bench, "/orgs/org/repos")
    assert "org/team-p" not in names(bench, "/orgs/org/repos", token="ghp_bot")
    assert "org/team-p" not in names(bench, "/users/org/repos")


def test_a_user_is_no_organization(bench: Bench) -> None:
    """Its repositories have an address of their own."""
    reply = bench.send("GET", "/orgs/teacher/repos")

    assert reply.status == 404
    assert names(bench, "/users/teacher/repos?sort=created&direction=desc") == []


@pytest.mark.parametrize(
    ("wish", "status", "says"),
    [
        ({"owner": "org", "name": "team-a"}, 422, "Name already exists on this account"),
        ({"owner": "else", "name": "x"}, 422, "teacher cannot create a repository for else."),
        ({"owner": "org"}, 422, "Validation Failed"),
    ],
)
def test_what_cannot_be_made_is_refused(
    bench: Bench, wish: dict[str, str], status: int, says: str
) -> None:
    """In words that were seen."""
    reply = bench.send("POST", f"{TEMPLATE}/generate", wish, token=TEACHER)

    assert reply.status == status
    assert says in reply.json()["message"]


def test_what_is_no_template_makes_nothing(bench: Bench) -> None:
    """The address is not there."""
    reply = bench.send("POST", "/repos/org/public/generate", {"name": "x"}, token=TEACHER)

    assert reply.status == 404


def test_the_same_list_again_costs_nothing(bench: Bench) -> None:
    """A conditional request is answered 304 as long as nothing in it has changed."""
    first = dict(bench.send("GET", "/orgs/org/repos", token=TEACHER).headers)
    again = bench.send(
        "GET", "/orgs/org/repos", token=TEACHER, headers={"if-none-match": first["ETag"]}
    )
    assert again.status == 304

    made(bench, "team-g")
    changed = bench.send(
        "GET", "/orgs/org/repos", token=TEACHER, headers={"if-none-match": first["ETag"]}
    )
    assert changed.status == 200
