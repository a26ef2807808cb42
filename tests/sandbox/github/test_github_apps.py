"""GitHub Apps: what they sign, the tokens that they get for it, and what these are good for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest

from monarch.sandbox.control.planting import plant
from monarch.sandbox.control.planting_apps import change_installation
from monarch.sandbox.control.seed import BadSeedError, InstallationChange, Seed
from tests.sandbox.apps import APP_ID, CLIENT_ID, INSTALLATION, an_app, private_pem, signed
from tests.sandbox.world import BASE_URL, START, TEAM, Bench

if TYPE_CHECKING:
    import httpx

    from monarch.sandbox.control.client import SandboxClient
    from monarch.sandbox.http import Reply

APP = "/app"
EXPIRED = (
    "'Expiration time' claim ('exp') must be a numeric value representing the future time at "
    "which the assertion expires"
)
TOO_FAR = "'Expiration time' claim ('exp') is too far in the future"
ISSUED = (
    "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was "
    "issued"
)
UNDECODABLE = "A JSON web token could not be decoded"


@pytest.fixture
def bench(bench: Bench) -> Bench:
    """GitHub with an app."""
    plant(bench.world, bench.workspace, an_app())
    return bench


def mint(bench: Bench, number: int = INSTALLATION, **wish: Any) -> Reply:
    """Ask for a token of an installation."""
    url, assertion = f"/app/installations/{number}/access_tokens", signed(now=bench.now)
    return bench.send("POST", url, wish or None, token=assertion)


def token_of(bench: Bench, **wish: Any) -> str:
    """A fresh token."""
    reply = mint(bench, **wish)
    assert reply.status == 201
    return str(reply.json()["token"])


@pytest.mark.parametrize("issuer", [APP_ID, CLIENT_ID])
def test_an_app_says_who_it_is_by_its_signature(bench: Bench, issuer: int | str) -> None:
    """Its id as a number or its client id as text; it has limits of its own."""
    reply = bench.send("GET", APP, token=signed(iss=issuer))

    assert (reply.status, reply.json()["slug"]) == (200, "monarch")
    assert reply.json()["installations_count"] == 1
    assert reply.header("X-RateLimit-Remaining") == "4999"


@pytest.mark.parametrize(
    ("claims", "status", "message"),
    [
        ({"exp": int(START)}, 401, EXPIRED),
        ({"exp": None}, 401, EXPIRED),
        ({"exp": "soon"}, 401, EXPIRED),
        ({"exp": int(START) + 601}, 401, TOO_FAR),
        ({"iat": int(START) + 1}, 401, ISSUED),
        ({"iat": START - 0.5}, 401, ISSUED),
        ({"iat": None}, 401, "Missing 'issued at' claim ('iat')"),
        ({"iss": str(APP_ID)}, 401, "'Issuer' claim ('iss') must be an Integer"),
        ({"iss": None}, 401, "'Issuer' claim ('iss') must be an Integer"),
        ({"iss": 4711}, 404, "Integration not found"),
        ({"iss": 1002}, 401, UNDECODABLE),
    ],
)
def test_claims_that_github_refuses(
    bench: Bench, claims: dict[str, Any], status: int, message: str
) -> None:
    """Each in the words that people have seen."""
    reply = bench.send("GET", APP, token=signed(**claims))

    assert (reply.status, reply.json()["message"]) == (status, message)


def test_only_the_right_key_and_algorithm_sign(bench: Bench) -> None:
    """Another key, a symmetric algorithm, none, an object that is none, and no token at all."""
    claims = {"iss": CLIENT_ID, "iat": int(START) - 60, "exp": int(START) + 60}
    secret = "a secret that is long enough to be taken for one"
    forged: list[str | None] = [
        signed("other"),
        jwt.encode(claims, secret, algorithm="HS256"),
        jwt.encode(claims, private_pem(), algorithm="RS512"),
        jwt.encode(claims, "", algorithm="none"),
        jwt.PyJWS().encode(b"[]", private_pem(), algorithm="RS256"),
        signed()[:-8] + "AAAAAAAA",
        "ghp_bot",
        "garbage",
        None,
    ]
    for token in forged:
        reply = bench.send("GET", APP, token=token)

        assert (reply.status, reply.json()["message"]) == (401, UNDECODABLE), token


def test_an_app_finds_where_it_is_installed(bench: Bench) -> None:
    """By repository, by organization, by user; nothing elsewhere."""
    by_repository = bench.send("GET", f"{TEAM}/installation", token=signed())
    found = by_repository.json()

    assert (found["id"], found["app_id"]) == (INSTALLATION, APP_ID)
    assert (found["account"]["login"], found["repository_selection"]) == ("org", "all")
    assert found["suspended_at"] is None
    for path in ("/orgs/ORG/installation", "/users/org/installation"):
        assert bench.send("GET", path, token=signed()).json() == found
    for path in ("/repos/org/nowhere", "/repos/teacher/x", "/orgs/teacher", "/users/nobody"):
        assert bench.send("GET", f"{path}/installation", token=signed()).status == 404
    moved = bench.send("GET", "/repos/org/old-name/installation", token=signed())
    assert moved.status == 301


def test_a_selection_hides_the_rest(bench: Bench) -> None:
    """A repository that was not selected has no installation, and no token reaches it."""
    change_installation(
        bench.world, InstallationChange(id=INSTALLATION, repositories=("Team-A", "org/private"))
    )
    token = token_of(bench)

    assert bench.send("GET", f"{TEAM}/installation", token=signed()).status == 200
    assert bench.send("GET", "/repos/org/public/installation", token=signed()).status == 404
    assert bench.send("GET", "/repos/org/private", token=token).status == 200
    write = bench.send("POST", "/repos/org/public/issues", {"title": "x"}, token=token)
    assert (write.status, write.json()["message"]) == (
        403,
        "Resource not accessible by integration",
    )


def test_a_token_is_long_has_dots_and_ends(bench: Bench) -> None:
    """An hour, divided by the time scale; afterwards it is like any unknown token."""
    bench.settings = bench.settings.changed_by({"time_scale": 60})
    reply = mint(bench)
    token = reply.json()["token"]

    assert token.startswith("ghs_")
    assert len(token) > 300
    assert reply.json()["expires_at"] == "2026-09-21T14:14:20Z"
    assert bench.send("GET", TEAM, token=token).status == 200
    bench.now += 60
    ended = bench.send("GET", TEAM, token=token)
    assert (ended.status, ended.json()["message"]) == (401, "Bad credentials")
    assert bench.send("GET", TEAM, token=token_of(bench)).status == 200


def test_each_token_is_another_one_and_the_old_one_lives_on(bench: Bench) -> None:
    """Renewing early does not end what is under way."""
    first, second = token_of(bench), token_of(bench)

    assert first != second
    assert bench.send("GET", TEAM, token=first).status == 200


def test_a_token_can_be_for_less(bench: Bench) -> None:
    """Fewer permissions, fewer repositories; never for more."""
    team = bench.world.named("org/team-a")
    assert team is not None
    reply = mint(bench, permissions={"issues": "read"}, repository_ids=[team.id])
    narrowed = reply.json()

    assert narrowed["permissions"] == {"issues": "read", "metadata": "read"}
    assert [each["full_name"] for each in narrowed["repositories"]] == ["org/team-a"]
    write = bench.send("POST", f"{TEAM}/issues", {"title": "x"}, token=narrowed["token"])
    assert write.status == 403
    assert bench.send("GET", "/repos/org/private", token=narrowed["token"]).status == 404
    assert bench.send("GET", "/repos/org/private", token=token_of(bench)).status == 200
    for wish in (
        {"permissions": {"contents": "write"}},
        {"permissions": {"metadata": "write"}},
        {"permissions": ["issues"]},
        {"repositories": ["nowhere"]},
        {"repositories": "team-a"},
        {"repository_ids": [team.id] * 501},
    ):
        assert mint(bench, **wish).status == 422


def test_a_strange_or_suspended_installation_gives_no_token(bench: Bench) -> None:
    """404 and 403; a token given before the suspension is refused in the same words."""
    token = token_of(bench)
    change_installation(bench.world, InstallationChange(id=INSTALLATION, suspended=True))

    assert mint(bench, 5002).status == 404
    assert mint(bench, 9).status == 404
    for refused in (mint(bench), bench.send("GET", TEAM, token=token)):
        assert refused.status == 403
        assert refused.json()["message"] == "This installation has been suspended"
    found = bench.send("GET", f"{TEAM}/installation", token=signed())
    assert found.json()["suspended_at"] is not None
    change_installation(bench.world, InstallationChange(id=INSTALLATION, suspended=False))
    assert bench.send("GET", TEAM, token=token).status == 200


def test_what_an_app_writes_is_its_bots(bench: Bench) -> None:
    """Author and app are named; labels are taken over, for ``issues: write`` is enough."""
    body = {"title": "Copy", "labels": ["bug"]}
    reply = bench.send("POST", f"{TEAM}/issues", body, token=token_of(bench))
    issue = reply.json()

    assert (issue["user"]["login"], issue["user"]["type"]) == ("monarch[bot]", "Bot")
    assert issue["performed_via_github_app"]["id"] == APP_ID
    assert issue["author_association"] == "NONE"
    assert [label["name"] for label in issue["labels"]] == ["bug"]
    made = bench.send("POST", f"{TEAM}/labels", {"name": "new"}, token=token_of(bench))
    assert made.status == 201
    edited = bench.send("PATCH", f"{TEAM}/issues/1", {"body": "B"}, token=token_of(bench))
    assert edited.status == 200


@pytest.mark.parametrize(("contents", "pushes"), [("read", False), ("write", True)])
def test_a_repository_tells_an_app_what_it_may_push_not_what_it_may_file(
    bench: Bench, contents: str, pushes: bool
) -> None:
    """``permissions.push`` is about contents; whether issues can be written, the token tells."""
    permissions = {"issues": "write", "metadata": "read", "contents": contents}
    change = InstallationChange.model_validate({"id": INSTALLATION, "permissions": permissions})
    change_installation(bench.world, change)
    body = bench.send("GET", TEAM, token=token_of(bench)).json()

    assert (body["permissions"]["push"], body["permissions"]["pull"]) == (pushes, True)


def test_an_installation_is_nobody(bench: Bench) -> None:
    """It may not ask for its user; an app's own signature opens no repository."""
    refused = bench.send("GET", "/user", token=token_of(bench))

    assert refused.status == 403
    assert refused.json()["message"] == "Resource not accessible by integration"
    assert bench.send("GET", TEAM, token=signed()).status == 403


def test_limits_are_per_installation(bench: Bench) -> None:
    """All its tokens share them; a person's budget and another installation's are untouched."""
    more = {"apps": [an_app().apps[0].model_dump() | {"installations": [{"account": "teacher"}]}]}
    plant(bench.world, bench.workspace, Seed.model_validate(more))
    bench.settings = bench.settings.changed_by(
        {"primary_per_hour": 4, "primary_status": 429, "content_per_minute": 1}
    )
    token = token_of(bench)
    wish = {"title": "x"}
    assert bench.send("POST", f"{TEAM}/issues", wish, token=token).status == 201
    assert bench.send("POST", f"{TEAM}/issues", wish, token=token_of(bench)).status == 403
    assert bench.send("POST", f"{TEAM}/issues", wish).status == 201
    asked = bench.send("GET", "/rate_limit", token=token).json()
    assert asked["resources"]["core"]["used"] == 2
    bench.send("GET", TEAM, token=token)
    bench.send("GET", TEAM, token=token)
    limited = bench.send("GET", TEAM, token=token)

    assert limited.status == 429
    assert limited.json()["message"].startswith(
        f"API rate limit exceeded for installation ID {INSTALLATION}."
    )
    other = bench.world.installation_on(bench.world.apps[APP_ID], "teacher")
    assert other is not None
    assert bench.send("GET", TEAM, token=token_of_number(bench, other.id)).status == 200


@pytest.mark.parametrize("says_when", [True, False])
@pytest.mark.parametrize("window", ["sliding", "fixed"])
def test_a_stranger_uses_an_installations_hidden_limit_up(
    bench: Bench, window: str, says_when: bool
) -> None:
    """What others create counts, in scaled time; after the wait there is room again."""
    bench.settings = bench.settings.changed_by(
        {
            "content_per_hour": 3,
            "content_window": window,
            "secondary_retry_after": says_when,
            "time_scale": 60,
        }
    )
    bench.now = START // 60 * 60 + 70  # an hour lasts a minute, and a fixed one began 10 s ago
    token = token_of(bench)
    bench.quotas.spend(f"installation {INSTALLATION}", 0, 2, bench.settings, bench.now)
    statuses = [bench.send("POST", f"{TEAM}/issues", {"title": "x"}, token=token) for _ in range(2)]

    assert [reply.status for reply in statuses] == [201, 403]
    wait_s = 50 if window == "fixed" else 60
    assert statuses[1].header("Retry-After") == (str(wait_s) if says_when else None)
    bench.now += wait_s
    later = bench.send("POST", f"{TEAM}/issues", {"title": "x"}, token=token_of(bench))
    assert later.status == 201


def token_of_number(bench: Bench, number: int) -> str:
    """A fresh token of any installation."""
    return str(mint(bench, number).json()["token"])


@pytest.mark.parametrize(
    "installation", [{"id": INSTALLATION, "account": "else"}, {"account": "ORG"}]
)
def test_an_installation_is_there_once(bench: Bench, installation: dict[str, Any]) -> None:
    """Neither its id nor its account can be taken twice."""
    app = an_app().apps[0].model_dump() | {"installations": [installation]}
    with pytest.raises(BadSeedError):
        plant(bench.world, bench.workspace, Seed.model_validate({"apps": [app]}))


@pytest.mark.anyio
async def test_over_the_wire_tokens_end_at_will_and_strangers_spend(
    sandbox: SandboxClient, github: httpx.AsyncClient
) -> None:
    """The administrator revokes what was given; the log names account and budget of each call."""
    await sandbox.seed(an_app())
    now = (await github.get("rate_limit")).json()["resources"]["core"]["reset"] - 3600
    headers = {"Authorization": f"Bearer {signed(now=now)}"}
    url = f"app/installations/{INSTALLATION}/access_tokens"
    token = (await github.post(url, headers=headers)).json()["token"]
    as_app = {"Authorization": f"Bearer {token}"}
    await sandbox.settings(content_per_hour=3)
    await sandbox.spend(f"installation {INSTALLATION}", calls=7, content=2)
    statuses = [
        (await github.post("repos/org/team-a/issues", json={"title": "x"}, headers=as_app))
        for _ in range(2)
    ]

    assert [reply.status_code for reply in statuses] == [201, 403]
    assert statuses[0].headers["X-RateLimit-Used"] == "8"
    await sandbox.update_installation(InstallationChange(id=INSTALLATION, revoke_tokens=True))
    assert (await github.get("rate_limit", headers=as_app)).status_code == 401
    log = await sandbox.log()
    assert [(entry.account, entry.budget) for entry in log] == [
        ("bot", "bot"),
        ("monarch[bot]", f"app {APP_ID}"),
        *[("monarch[bot]", f"installation {INSTALLATION}")] * 2,
        (None, None),
    ]


@pytest.mark.anyio
async def test_an_unknown_installation_cannot_be_changed(
    sandbox: SandboxClient, github: httpx.AsyncClient
) -> None:
    """The administrator hears so."""
    url = f"{sandbox.base_url}/_sandbox/installations/update"

    assert (await github.post(url, json={"id": 9})).status_code == 400
    assert BASE_URL not in sandbox.base_url
