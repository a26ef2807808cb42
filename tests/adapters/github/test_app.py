"""An App beside a personal token: who signs where, and what becomes of tokens that end or are refused."""

from dataclasses import replace
from typing import Final

import anyio
import httpx
import jwt
import pytest

from monarch.adapters.github.auth.app import AppKey
from monarch.core.outcome import (
    Code,
    Created,
    Found,
    Permanent,
    RateLimited,
    Scope,
    Transient,
    WriteOutcome,
)
from monarch.core.target.permission import Credential
from tests.adapters.github.builders import DRAFT, TARGET, TOKEN, Always, HandClock, github, yes
from tests.adapters.github.hub import LASTS_S, Hub
from tests.keys import an_rsa_key, public_part

REPO: Final = TARGET.full_name
OTHER: Final = replace(TARGET, full_name="school/team-b")
MINT: Final = "/app/installations/5001/access_tokens"
RENEWED_AT_S: Final = LASTS_S - 300


@pytest.fixture
def clock() -> HandClock:
    """It stands until a test moves it."""
    return HandClock()


@pytest.fixture
def hub(clock: HandClock) -> Hub:
    """The App is installed on `org`."""
    return Hub(clock)


def account_of(answer: object) -> str:
    """Whose budget."""
    assert isinstance(answer, Found), answer
    credential: Credential = answer.value
    return credential.account


# ----------------------------------------------------------------------------------------- who signs, and how


async def test_an_app_is_its_installation_and_its_bot(hub: Hub) -> None:
    """The budget belongs to the installation, the fingerprint to the token, the name on copies is the bot's."""
    answer = await hub.client().credential(REPO)

    assert isinstance(answer, Found)
    assert (answer.value.account, answer.value.login) == ("installation:5001", "monarch[bot]")
    assert len(answer.value.fingerprint) == 8


async def test_an_app_says_who_it_is_as_github_wants_it(hub: Hub, clock: HandClock) -> None:
    """Issued a minute ago, ending within ten, RS256; the app id as a number."""
    await hub.client().credential(REPO)

    claims = hub.claims[0]
    assert claims["iss"] == 1001
    assert claims["iat"] == int(clock.true_s()) - 60
    assert 0 < claims["exp"] - clock.true_s() <= 540


async def test_a_client_id_is_text() -> None:
    """GitHub recommends it over the app id."""
    refuse = Always(404)
    app = AppKey("Iv23liMonarch", an_rsa_key())
    await github(refuse, None, app=app).credential(REPO)

    assertion = refuse.asked[0].headers["Authorization"].removeprefix("Bearer ")
    options = {"verify_exp": False}
    told = jwt.decode(assertion, public_part(), algorithms=["RS256"], options=options)  # type: ignore[arg-type]  # one option of many
    assert told["iss"] == "Iv23liMonarch"


async def test_one_token_serves_every_call_until_it_nears_its_end(
    hub: Hub, clock: HandClock
) -> None:
    """For all repositories of the owner, however they are spelled."""
    client = hub.client()
    for name in (REPO, "Org/team-b", "ORG/team-c"):
        assert account_of(await client.credential(name)) == "installation:5001"
        clock.wait(RENEWED_AT_S / 4)
    await client.create_issue(TARGET, DRAFT, yes)

    assert hub.given == 1
    assert set(hub.signed) == {hub.token(1)}


async def test_a_token_is_renewed_before_it_ends(hub: Hub, clock: HandClock) -> None:
    """Five minutes before, so that no call meets the end."""
    client = hub.client()
    await client.read_repository(REPO)
    clock.wait(RENEWED_AT_S + 1)
    await client.read_repository(REPO)

    # The first one that is found is read by its id, too.
    assert hub.signed == [hub.token(1), hub.token(1), hub.token(2)]


async def test_a_token_that_lives_shorter_than_that_is_renewed_in_the_middle(
    hub: Hub, clock: HandClock
) -> None:
    """GitHub says how long it lasts; nothing is assumed."""
    hub.lasts_s = 60.0
    client = hub.client()
    await client.read_repository(REPO)
    hub.signed.clear()
    for _ in range(4):
        await client.read_repository(REPO)
        clock.wait(20)

    assert hub.signed == [hub.token(1), hub.token(1), hub.token(2), hub.token(2)]


async def test_a_fleet_spreads_its_renewals(clock: HandClock) -> None:
    """Up to a minute earlier, by chance."""
    hub = Hub(clock)
    client = github(hub, None, app=AppKey("1001", an_rsa_key()), clock=clock, dice=lambda: 0.999)
    await client.read_repository(REPO)
    clock.wait(RENEWED_AT_S - 50)
    await client.read_repository(REPO)

    assert hub.given == 2


async def test_many_who_need_a_token_ask_for_one(hub: Hub) -> None:
    """One at a time for each installation, and the others take what it brings."""
    client = hub.client()
    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(client.read_repository, REPO)

    assert hub.given == 1
    assert hub.asked[f"/repos/{REPO}/installation"] == 1


@pytest.mark.parametrize("status", [500, 429, 403])
async def test_while_renewing_fails_the_old_token_goes_on(
    hub: Hub, clock: HandClock, status: int
) -> None:
    """It is good for five minutes more, and GitHub is not asked for another one with each call."""
    client = hub.client()
    await client.read_repository(REPO)
    clock.wait(RENEWED_AT_S + 1)
    hub.failing[MINT] = httpx.Response(status, json={"message": "no"})

    for _ in range(3):
        assert isinstance(await client.read_repository(REPO), Found)
    assert hub.given <= 1 + 3  # one token, and one failure with its tries
    clock.wait(400)

    assert not isinstance(await client.read_repository(REPO), Found)


# --------------------------------------------------------------------------------------------- side by side


async def test_the_owner_of_the_repository_decides_who_signs(hub: Hub) -> None:
    """Two installations and a personal token over one client, each on a budget of its own."""
    hub.installed["school"] = 5002
    client = hub.client(TOKEN)
    accounts = [
        account_of(await client.credential(name))
        for name in (REPO, OTHER.full_name, "somebody/template")
    ]
    for target in (TARGET, OTHER, replace(TARGET, full_name="somebody/template")):
        assert isinstance(await client.create_issue(target, DRAFT, yes), Created)

    assert accounts == ["installation:5001", "installation:5002", "user:9"]
    assert hub.signed[-3:] == [hub.token(1), hub.token(2, 5002), TOKEN]


async def test_where_nobody_signs_a_person_is_told_what_to_do(hub: Hub) -> None:
    """That owner's repositories alone are concerned."""
    answer = await hub.client().read_repository(OTHER.full_name)
    written = await hub.client().create_issue(OTHER, DRAFT, yes)

    assert isinstance(answer, Permanent)
    assert isinstance(written, Permanent)
    assert (answer.scope, answer.code) == (Scope.REPOSITORY, Code.FORBIDDEN)
    assert "not installed on school; install it there" in answer.sentence
    assert "GH_PAT" in answer.sentence
    assert hub.signed == []


async def test_an_app_is_missed_for_a_minute_only(hub: Hub, clock: HandClock) -> None:
    """A person may be about to install it; and until then not every call asks."""
    client = hub.client(TOKEN)
    for _ in range(3):
        assert account_of(await client.credential(OTHER.full_name)) == "user:9"
    assert hub.asked[f"/repos/{OTHER.full_name}/installation"] == 1
    hub.installed["school"] = 5002
    clock.wait(61)

    assert account_of(await client.credential(OTHER.full_name)) == "installation:5002"


async def test_a_target_that_does_not_exist_yet_is_found_by_its_owner(hub: Hub) -> None:
    """It is about to be generated; it would be a pity to give it up for that."""
    hub.missing.add(REPO)

    assert account_of(await hub.client().credential(REPO)) == "installation:5001"


async def test_an_app_that_was_taken_away_gives_way_to_the_personal_token(
    hub: Hub, clock: HandClock
) -> None:
    """Its installation is forgotten as soon as GitHub gives out no token for it."""
    client = hub.client(TOKEN)
    await client.credential(REPO)
    hub.installed.clear()
    hub.refused.add(hub.token(1))

    assert isinstance(await client.read_repository(REPO), Found)
    assert account_of(await client.credential(REPO)) == "user:9"
    hub.installed["org"] = 5009
    clock.wait(61)
    assert account_of(await client.credential(REPO)) == "installation:5009"


async def test_a_role_that_apps_do_not_have_says_nothing(hub: Hub) -> None:
    """An App has permissions; that it may not push does not mean that its labels are dropped."""
    by_app = await hub.client().read_repository(REPO)
    by_user = await hub.client(TOKEN).read_repository(OTHER.full_name)

    assert isinstance(by_app, Found)
    assert isinstance(by_user, Found)
    assert (by_app.value.may_push, by_user.value.may_push) == (None, False)


# -------------------------------------------------------------------------------------- tokens that are refused


async def test_a_read_with_a_token_that_was_revoked_is_asked_again_with_a_new_one(hub: Hub) -> None:
    """The caller does not notice."""
    client = hub.client()
    await client.credential(REPO)
    hub.refused.add(hub.token(1))

    assert isinstance(await client.read_repository(REPO), Found)
    assert hub.signed[:2] == [hub.token(1), hub.token(2)]


async def test_a_write_with_a_token_that_was_revoked_was_not_done(hub: Hub) -> None:
    """It is never repeated here; the next try has a new token, and no credential is closed."""
    client = hub.client()
    await client.credential(REPO)
    hub.refused.add(hub.token(1))

    refused = await client.create_issue(TARGET, DRAFT, yes)
    again = await client.create_issue(TARGET, DRAFT, yes)

    assert isinstance(refused, Transient)
    assert isinstance(again, Created)
    assert hub.signed == [hub.token(1), hub.token(2)]


@pytest.mark.parametrize("writing", [True, False])
async def test_an_installation_whose_fresh_tokens_are_refused_is_closed_and_no_other(
    hub: Hub, clock: HandClock, *, writing: bool
) -> None:
    """It is not the token then. For a minute no call is made; the other owners notice nothing."""
    hub.installed["school"] = 5002
    client = hub.client()
    await client.credential(REPO)
    hub.refused |= {hub.token(1), hub.token(2)}

    async def call() -> WriteOutcome | object:
        if writing:
            return await client.create_issue(TARGET, DRAFT, yes)
        return await client.read_repository(REPO)

    await call()
    last = await call()
    assert isinstance(last, Permanent)
    assert last.scope is Scope.CREDENTIAL
    asked = hub.given
    closed = await client.credential(REPO)
    assert isinstance(closed, Permanent)
    assert "not suspended" in closed.sentence
    assert hub.given == asked

    assert isinstance(await client.create_issue(OTHER, DRAFT, yes), Created)
    clock.wait(61)
    assert isinstance(await client.create_issue(TARGET, DRAFT, yes), Created)


async def test_a_token_that_is_revoked_every_hour_closes_nothing(
    hub: Hub, clock: HandClock
) -> None:
    """Only a token that is refused right after another one tells that it is not the token."""
    client = hub.client()
    for number in range(1, 5):
        await client.credential(REPO)
        hub.refused.add(hub.token(number))
        assert isinstance(await client.create_issue(TARGET, DRAFT, yes), Transient)
        assert isinstance(await client.create_issue(TARGET, DRAFT, yes), Created)
        clock.wait(600)


async def test_two_who_meet_the_same_refusal_ask_for_one_token(hub: Hub) -> None:
    """The second one's token is an old one by then, and that says nothing about the new one."""
    client = hub.client()
    await client.credential(REPO)
    hub.refused.add(hub.token(1))
    found: list[object] = []

    async def read() -> None:
        found.append(await client.read_repository(REPO))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        tasks.start_soon(read)

    assert [type(each) for each in found] == [Found, Found]
    assert hub.given == 2


async def test_a_suspended_installation_says_what_to_do(hub: Hub) -> None:
    """And is not asked for a token again at once."""
    hub.failing[MINT] = httpx.Response(
        403, json={"message": "This installation has been suspended"}
    )
    client = hub.client(TOKEN)
    for _ in range(3):
        answer = await client.credential(REPO)

        assert isinstance(answer, Permanent)
        assert answer.scope is Scope.CREDENTIAL
        assert "lift the suspension" in answer.sentence
    assert hub.given == 1


async def test_a_limit_on_tokens_is_a_limit(hub: Hub) -> None:
    """And waited for."""
    hub.failing[MINT] = httpx.Response(429, headers={"Retry-After": "20"})
    client = hub.client()
    answer = await client.credential(REPO)

    assert isinstance(answer, RateLimited)
    assert answer.wait_s == 20
    assert await client.create_issue(TARGET, DRAFT, yes) == answer
    assert hub.given == 1


# ------------------------------------------------------------------------------------------- the App itself


async def test_an_app_that_is_refused_is_not_tried_with_every_call(
    hub: Hub, clock: HandClock
) -> None:
    """Repeated bad credentials close GitHub for good ones. The personal token goes on where the App was not."""
    client = hub.client(TOKEN)
    assert account_of(await client.credential(OTHER.full_name)) == "user:9"
    clock.wait(61)
    for owner in ("org/a", "third/b"):
        hub.failing[f"/repos/{owner}/installation"] = httpx.Response(401)
    hub.failing[f"/repos/{OTHER.full_name}/installation"] = httpx.Response(401)

    first = await client.credential("org/a")
    second = await client.credential("third/b")

    assert isinstance(first, Permanent)
    assert first == second
    assert first.scope is Scope.CREDENTIAL
    assert "GITHUB_APP_ID" in first.sentence
    assert hub.asked["/repos/third/b/installation"] == 0
    assert account_of(await client.credential(OTHER.full_name)) == "user:9"


@pytest.mark.parametrize("skew_s", [-7200.0, -50.0, 59.0, 500.0, 7200.0])
async def test_a_wrong_clock_is_corrected_by_githubs(clock: HandClock, skew_s: float) -> None:
    """Ahead or behind; and how long a token lasts is measured, not compared."""
    clock.skew_s = skew_s
    hub = Hub(clock)
    client = hub.client()

    assert account_of(await client.credential(REPO)) == "installation:5001"
    clock.wait(RENEWED_AT_S - 10)
    await client.read_repository(REPO)
    assert hub.given == 1
    clock.wait(20)
    await client.read_repository(REPO)
    assert hub.given == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"<html>",
        b'{"token": "a b", "expires_at": "2026-01-01T01:00:00Z"}',
        b'{"token": "x"}',
    ],
)
async def test_a_token_that_cannot_be_read_is_asked_for_again_later(hub: Hub, body: bytes) -> None:
    """Nothing was written; no gate is closed."""
    hub.failing[MINT] = httpx.Response(201, content=body)
    client = hub.client()

    assert isinstance(await client.credential(REPO), Transient)
    assert isinstance(await client.create_issue(TARGET, DRAFT, yes), Transient)


async def test_a_repository_that_was_given_away_is_followed_and_no_other_of_its_owner(
    hub: Hub,
) -> None:
    """GitHub redirects the question to the new owner, whose installation it is: not that of the former one."""
    hub.installed["old"] = 5003
    elsewhere = {"Location": f"/repos/{REPO}/installation"}
    hub.failing["/repos/old/team-a/installation"] = httpx.Response(301, headers=elsewhere)
    client = hub.client()

    accounts = [
        account_of(await client.credential(name))
        for name in ("old/team-a", "old/team-b", "Old/Team-A", REPO)
    ]

    assert accounts == [f"installation:{n}" for n in (5001, 5003, 5001, 5001)]
    assert hub.given == 2


# ------------------------------------------------------------------------------------------------ the rest


async def test_a_write_waits_for_its_pass_within_its_deadline(clock: HandClock) -> None:
    """A reconciling worker counts from the intent; so what would leave later than that must not leave."""
    hub, never = Hub(clock), anyio.Event()

    async def hang(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/access_tokens"):
            await never.wait()
        return hub(request)

    client = github(hang, None, app=AppKey("1001", an_rsa_key()), write_deadline_s=0.2)  # type: ignore[arg-type]  # a mock's handler may be async
    outcome = await client.create_issue(TARGET, DRAFT, yes)

    assert isinstance(outcome, Transient)
    assert "no pass in time" in outcome.reason
    assert hub.signed == []


async def test_neither_key_nor_token_stands_in_a_repr(hub: Hub) -> None:
    """Of whatever is kept."""
    client = hub.client(TOKEN)
    await client.credential(REPO)
    app = client._passes._app
    assert app is not None
    kept = [client, vars(client), vars(client._passes), vars(app), *app._there.values()]
    shown = "".join(map(repr, [*kept, *(vars(each) for each in app._there.values())]))

    assert TOKEN not in shown
    assert hub.token(1) not in shown
    assert not any(line in shown for line in an_rsa_key().splitlines()[1:-1])


def test_somebody_has_to_sign() -> None:
    """Without a token and without an App nothing works, so nothing starts."""
    with pytest.raises(ValueError, match="neither"):
        github(lambda _: httpx.Response(200), None)
