"""The doctor: each finding with what to do, and the exit code."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
import valkey

from monarch.adapters.http_send import NoAnswer
from monarch.adapters.valkey.client.remedies import advice_on
from monarch.adapters.valkey.views.server import ServerFacts
from monarch.app.doctor.examination import (
    check_ceilings,
    check_dead,
    check_hearing,
    check_lists,
    check_memory,
    check_refused,
    check_slack,
    check_template,
    check_waits,
    check_writes,
)
from monarch.app.doctor.github_checks import check_app, check_github, check_installations, pages_of
from monarch.app.doctor.valkey_checks import Status, check_server
from monarch.core.budget.ceilings import Ceilings
from monarch.core.github.reply import Reply
from monarch.settings import Settings, settings_from
from monarch.telemetry import AccountSnapshot, RefusalSnapshot, Snapshot
from monarch.telemetry.obstacles import Cause, obstacles
from tests.cli.conftest import Give

UNREACHABLE = "http://127.0.0.1:1"
NOON_MS = 1_764_072_000_000


def facts(
    *,
    version: str = "9.1.2",
    role: str = "master",
    appendonly: bool = True,
    appendfsync: str | None = "always",
    policy: str | None = "noeviction",
    memory_left: int | None = None,
    subscribers: int | None = 1,
    replicas: int = 0,
    min_replicas: int | None = 0,
) -> ServerFacts:
    """A server that is set up well, but for what a test says."""
    return ServerFacts(
        version,
        "standalone",
        role,
        appendonly,
        appendfsync,
        policy,
        memory_left,
        subscribers,
        replicas,
        min_replicas,
    )


def worst(server: ServerFacts, *, watched: bool = False) -> tuple[str, Status]:
    """The check that is not OK, of those of a server; they are all OK: `("", OK)`."""
    found = [
        (c.name, c.status)
        for c in check_server(server, watched=watched)
        if c.status is not Status.OK
    ]
    assert len(found) <= 1
    return found[0] if found else ("", Status.OK)


@pytest.mark.parametrize(
    ("server", "name", "status"),
    [
        (facts(), "", Status.OK),
        (facts(version="7.2.4"), "", Status.OK),
        (facts(version="7.0.15"), "version", Status.FAIL),
        (facts(version=""), "version", Status.FAIL),
        (facts(role="slave"), "role", Status.FAIL),
        (facts(appendonly=False), "appendonly", Status.FAIL),
        (facts(appendfsync="everysec"), "appendfsync", Status.WARN),
        (facts(appendfsync="no"), "appendfsync", Status.FAIL),
        (facts(appendfsync=None), "appendfsync", Status.WARN),
        (facts(policy="allkeys-lru"), "maxmemory-policy", Status.FAIL),
        (facts(policy=None), "maxmemory-policy", Status.WARN),
        (facts(memory_left=2**30), "", Status.OK),
        (facts(memory_left=2**20), "memory", Status.WARN),
        (facts(memory_left=0), "memory", Status.FAIL),
        (replace(facts(), holds_our_keys=False), "version", Status.FAIL),
        (replace(facts(), unread_bytes=0), "", Status.OK),
        (replace(facts(), unread_bytes=2**28), "", Status.OK),
        (replace(facts(), unread_bytes=2**25), "client-output-buffer-limit pubsub", Status.WARN),
    ],
)
def test_a_server_that_may_forget_is_found(server: ServerFacts, name: str, status: Status) -> None:
    """Each setting by itself."""
    assert worst(server) == (name, status)


@pytest.mark.parametrize(
    ("server", "watched", "status"),
    [
        (facts(), False, Status.OK),
        (facts(), True, Status.WARN),
        (facts(replicas=1), False, Status.WARN),
        (facts(replicas=1, min_replicas=None), True, Status.OK),
        (facts(replicas=1, min_replicas=1), True, Status.OK),
        (facts(replicas=0, min_replicas=1), True, Status.FAIL),
    ],
)
def test_a_failover_must_be_possible_and_forget_nothing(
    server: ServerFacts, status: Status, *, watched: bool
) -> None:
    """Alone, a primary that is watched has no successor; in company, it must not confirm alone."""
    assert worst(server, watched=watched) == ("replicas" if status != Status.OK else "", status)


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("asking: AuthenticationError: invalid username-password pair", "VALKEY_PASSWORD"),
        (
            "asking: AuthenticationError: AUTH <password> called without any password configured for the default user",
            "Remove VALKEY_PASSWORD",
        ),
        ("asking: NoPermissionError: no permissions to run 'info'", "rights"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate", "ssl_ca_certs"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] Hostname mismatch", "ssl_check_hostname"),
        ("primary 'm' of the Sentinels h:1: none of them says where it is", "VALKEY_SENTINELS"),
        ("Error 111 connecting to localhost:6379", "VALKEY_URL"),
        ("asking: TimeoutError: Timeout connecting to server", "valkeys://"),
        ("asking: ConnectionError: Connection closed by server.", "valkeys://"),
        ("asking: ResponseError: DB index is out of range", "VALKEY_DB"),
        ("Error 1 connecting to h:1. [SSL: WRONG_VERSION_NUMBER] wrong version", "valkeys://"),
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert", "ssl_certfile"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate is not yet valid", "clock"),
        ("asking: ConnectionError: max number of clients reached", "maxclients"),
        ("asking: ResponseError: BUSY Valkey is busy running a script.", "SCRIPT KILL"),
        ("asking: MasterDownError: Link with MASTER is down", "REPLICAOF NO ONE"),
        ("asking: BusyLoadingError: Redis is loading the dataset in memory", "Wait"),
    ],
)
def test_the_advice_fits_the_error(error: str, advice: str) -> None:
    """What to change differs, though Valkey cannot be asked in any of them."""
    assert advice in advice_on(error)


@pytest.mark.parametrize(
    ("subscribers", "workers", "status"),
    [(2, 2, "OK"), (1, 2, "OK"), (0, 0, "FAIL"), (3, 2, "WARN"), (None, 2, "WARN")],
)
def test_more_ears_than_workers_are_somebody_elses(
    subscribers: int | None, workers: int, status: str
) -> None:
    """Two installations on one channel would double everything."""
    found = check_hearing(facts(subscribers=subscribers), Snapshot(0, (), workers=workers))

    assert found.status == status


def test_a_valkey_that_takes_no_writes_has_a_line_of_its_own() -> None:
    """Every other check reads, and so finds nothing: status sends people here."""
    reason = "it cannot write to its disk (MISCONF); free or repair the disk"

    (found,) = check_writes(Snapshot(0, (), workers=1, refuses_writes=reason))

    assert (found.status, found.detail) == (
        Status.FAIL,
        "refused: it cannot write to its disk (MISCONF)",
    )
    assert found.advice == "Free or repair the disk."
    assert check_writes(Snapshot(0, (), workers=1)) == ()


def test_a_lost_memory_is_a_warning() -> None:
    """All else looks new, and well."""
    (found,) = check_memory(Snapshot(NOON_MS, (), workers=1, lost_ms=NOON_MS))

    assert found.status is Status.WARN
    assert found.advice == "Send again what was under way then; nothing is copied twice."
    assert check_memory(Snapshot(NOON_MS, (), workers=1)) == ()


def test_a_user_without_rights_is_that_of_the_shell() -> None:
    """The workers may have another one, about which nothing is known here."""
    (rights,) = check_writes(Snapshot(0, (), workers=1, lacks_rights="XADD"))
    channel = check_server(replace(facts(), no_channel=("PUBLISH on school",)), watched=False)[-1]

    for check, lacking in ((rights, "XADD"), (channel, "PUBLISH on school")):
        assert check.status is Status.FAIL
        assert check.detail == f"this shell's user lacks the right to {lacking} (NOPERM)"
        assert "docs/valkey.md" in check.advice


def test_who_lacks_only_the_channel_of_workers_can_publish() -> None:
    """It said that `monarch publish` fails with it, and that published."""
    own = replace(facts(), no_channel=("SUBSCRIBE and PUBLISH on {monarch}:canary:*",))
    advice = check_server(own, watched=False)[-1].advice

    assert "publish" not in advice
    assert "a worker with the same user hears nothing" in advice


def test_a_worker_that_lacks_a_right_is_no_shell() -> None:
    """Its log said "this shell's user"."""
    lacking = replace(facts(), no_channel=("PUBLISH on school",))
    check = check_server(lacking, watched=False, whose="this worker's")[-1]

    assert check.detail == "this worker's user lacks the right to PUBLISH on school (NOPERM)"


def test_advice_keeps_the_names_in_it() -> None:
    """A variable in small letters is a mistake that the next start refuses."""
    reason = "it is a replica (READONLY); name the primary in VALKEY_URL"

    (found,) = check_writes(Snapshot(0, (), workers=1, refuses_writes=reason))

    assert found.advice == "Name the primary in VALKEY_URL."


def test_a_channel_that_the_workers_do_not_have_is_named() -> None:
    """Workers that are well were said not to listen, with their log and their rights as the places to look."""
    advice = check_hearing(facts(subscribers=0), Snapshot(0, (), workers=2)).advice

    assert "set MONARCH_CHANNEL as they have it" in advice


def test_a_replica_does_not_see_who_listens_at_its_primary() -> None:
    """It said that workers that were well did not listen, and that what is published is lost."""
    found = check_hearing(facts(role="slave", subscribers=0), Snapshot(0, (), workers=2))

    assert (found.status, found.detail) == (Status.WARN, "not known here, 2 working")
    assert "Ask the primary" in found.advice


def test_why_work_waits_where_nothing_is_broken_has_lines_of_its_own() -> None:
    """Everything was OK while a gate was closed for a day, or the fleet was paused."""
    account = AccountSnapshot("1", 0, 0, None, None, 1, 86_400, "GitHub answered 403.", login="bot")
    paused = Snapshot(NOON_MS, (), paused=True, paused_by="ada", paused_ms=NOON_MS)

    (fleet,) = check_waits(paused)
    (gate,) = check_waits(Snapshot(NOON_MS, (), accounts=(account,)))
    refused = RefusalSnapshot("*", NOON_MS, "GitHub answered 401")
    token = replace(account, account="token:abc")
    _, shut = check_waits(Snapshot(NOON_MS, (), accounts=(account, token), refused=(refused,)))

    assert (fleet.status, gate.status) == (Status.WARN, Status.WARN)
    assert fleet.detail == "paused by ada since 2025-11-25 12:00:00 UTC"
    assert (gate.advice[:5], shut.advice[:19]) == ("Wait:", "Mend the credential")
    assert gate.detail == "closed for bot until 2025-11-26 12:00:00 UTC: GitHub answered 403"
    assert check_waits(Snapshot(NOON_MS, (), accounts=(replace(account, gate_closed_s=0),))) == ()


def test_a_version_that_github_refuses_is_not_called_a_refused_credential() -> None:
    """`status` and the doctor had people replace a token that was fine."""
    reason = "GitHub answered 410: the server does not speak this version of the API; use a Monarch and a server that fit"
    refused = RefusalSnapshot("*", NOON_MS, reason)
    account = AccountSnapshot("token:abc", 0, 0, None, None, 1, 60, reason)
    snapshot = Snapshot(NOON_MS, (), accounts=(account,), refused=(refused,))

    (told,) = [one for one in obstacles(snapshot) if one.cause is Cause.CREDENTIAL_REFUSED]
    (line,), (gate,) = check_refused(snapshot), check_waits(snapshot)

    assert told.words == f"GitHub refuses what the workers ask: {reason}"
    assert told.advice.startswith("No other credential helps")
    assert line.advice.startswith("Use a Monarch and a server that fit.")
    assert gate.advice.startswith("Mend this: ")
    assert not any("credential" in one for one in (told.words, line.detail, gate.advice))


def test_workers_that_go_by_other_ceilings_than_the_shell_have_a_line() -> None:
    """A `.env` that was changed without a restart, and a shell of another installation, look alike and are said."""
    theirs, own = Ceilings(0, 300, interval_ms=250, at_once=4), Ceilings()

    (found,) = check_ceilings(Snapshot(NOON_MS, (), ceilings=theirs), own)

    assert found.status is Status.WARN
    assert found.detail == (
        "the workers go by any number a minute, 300 an hour, 0.25 s apart, 4 at once;"
        " this shell has 80 a minute, 500 an hour, 1 s apart, 1 at once"
    )
    assert check_ceilings(Snapshot(NOON_MS, (), ceilings=own), own) == ()
    assert check_ceilings(Snapshot(NOON_MS, ()), own) == ()


@pytest.mark.parametrize(
    ("subscribers", "workers", "refuses", "advice"),
    [
        (0, 0, "", "Start `monarch run`"),
        (0, 1, "", "See the workers' log"),
        (1, 0, "READONLY", "Mend what Valkey refuses"),
        (1, 0, "", "See what else is subscribed"),
    ],
)
def test_the_advice_on_who_listens_fits_its_cause(
    subscribers: int, workers: int, refuses: str, advice: str
) -> None:
    """A worker without the right to the channel runs already, and one whose signs Valkey refuses is no other worker."""
    snapshot = Snapshot(0, (), workers=workers, refuses_writes=refuses)

    assert check_hearing(facts(subscribers=subscribers), snapshot).advice.startswith(advice)


def test_a_right_that_this_shells_user_lacks_is_no_fault_of_the_workers() -> None:
    """Their user may be another one: "no worker can show there that it lives" was said of all."""
    lacking = Snapshot(0, (), workers=0, lacks_rights="XADD")
    hidden = replace(lacking, lacks_rights="XINFO CONSUMERS", hides_workers=True)

    seen = check_hearing(facts(subscribers=1), lacking)
    unseen = check_hearing(facts(subscribers=1), hidden)
    unheard = check_hearing(facts(subscribers=0), hidden)

    assert (seen.status, seen.detail) == (Status.WARN, "1 subscribed, 0 working")
    assert "a worker with the same user" in seen.advice
    assert (unseen.status, unseen.detail) == (Status.WARN, "1 subscribed, workers not known")
    assert "the right to see the workers" in unseen.advice
    assert unheard.advice.startswith("See the workers' log")


@pytest.mark.parametrize(
    ("entry", "said"),
    [("99999999999999-0", "days ahead of the server's clock"), ("1732406400000-0", "")],
)
def test_a_forced_id_of_the_future_is_warned_of(
    give: Give, client: "valkey.Valkey", entry: str, said: str
) -> None:
    """All later ids follow it, so ages and dates are wrong, and nothing said why; none is lost."""
    client.xadd("{monarch}:requests", {"payload": "{}"}, id=entry)

    checks = json.loads(give("doctor", "--json").stdout)["checks"]

    found = [check for check in checks if check["name"] == "ids"]
    assert [check["status"] for check in found] == (["WARN"] if said else [])
    assert all(said in check["detail"] for check in found)


def test_dead_letters_that_cannot_be_read_are_not_none(give: Give, client: "valkey.Valkey") -> None:
    """A key of another type was reported as `OK none`."""
    client.set("{monarch}:dead", "text")

    said = give("doctor", "--json")

    (found,) = [c for c in json.loads(said.stdout)["checks"] if c["name"] == "dead letters"]
    assert (found["status"], found["detail"]) == ("FAIL", "cannot be read")
    assert "Find out with `valkey-cli` (Valkey's own tool: TYPE)" in found["advice"]
    assert "the key {monarch}:dead" in found["advice"]


def test_the_doctor_shows_that_the_workers_are_refused(give: Give, client: "valkey.Valkey") -> None:
    """The token of the shell is fine, and that of the workers is not: status sends people here."""
    refusal = {
        "at": time.time_ns() // 1_000_000,
        "since": 1732406400000,
        "reason": "Bad credentials (401).",
    }
    client.hset("{monarch}:refused", "*", json.dumps(refusal))

    checks = json.loads(give("doctor", "--json").stdout)["checks"]

    (found,) = [one for one in checks if one["name"] == "workers' github"]
    assert found["status"] == "FAIL"
    assert found["detail"].endswith(
        "the workers' credential since 2024-11-24 00:00:00 UTC: Bad credentials (401)"
    )
    assert "restart them" in found["advice"]


def test_a_valkey_that_hangs_comes_first_where_nothing_answers() -> None:
    """The port of a frozen one accepts connections, and the advice sent people to the address and the firewall."""
    advice = advice_on("asking: TimeoutError: Timeout reading from 127.0.0.1:6379")

    assert advice.index("Valkey itself may hang") < advice.index("correct the address")
    assert "hang" not in advice_on("asking: ConnectionError: Connection closed by server.")


def test_dead_letters_are_worth_a_look() -> None:
    """They do not go away by themselves."""
    assert check_dead(Snapshot(0, (), dead=2)).status is Status.WARN
    assert check_dead(Snapshot(0, ())).status is Status.OK


@pytest.mark.parametrize(
    ("status", "headers", "found"),
    [
        (200, {"x-oauth-scopes": "gist, repo", "x-ratelimit-remaining": "4999"}, "OK"),
        (200, {"x-oauth-scopes": "public_repo"}, "WARN"),
        (200, {"x-oauth-scopes": "gist"}, "FAIL"),
        (200, {"x-oauth-scopes": ""}, "FAIL"),
        (200, {}, "OK"),
        (401, {}, "FAIL"),
        (403, {}, "FAIL"),
        (404, {}, "FAIL"),
    ],
)
def test_a_github_token_by_its_answer(status: int, headers: dict[str, str], found: str) -> None:
    """Valid is not enough: it must be allowed to write issues."""
    check = check_github(Reply(status, headers, b'{"login": "monarch-bot"}'))

    assert check.status == found
    assert bool(check.advice) is (found != "OK")


def test_a_token_that_does_not_say_who_it_is_is_warned_of() -> None:
    """And what happens then."""
    body = b'{"message": "Resource not accessible by integration"}'

    check = check_github(Reply(403, {}, body))

    assert check.status is Status.WARN
    assert "does not say who it is" in check.detail
    assert "first issue" in check.advice


def test_a_github_that_is_something_else() -> None:
    """A proxy's page is no answer, and no crash; it is not the token that is to be changed."""
    for body in (b"<html>", b'{"ok": false}'):
        check = check_github(Reply(200, {}, body))
        assert check.status is Status.FAIL
        assert "Correct GITHUB_API_URL" in check.advice
    assert check_github(NoAnswer("deadline")).status is Status.FAIL


RIGHTS = {"issues": "write", "metadata": "read"}
INSTALLED = {"account": {"login": "org"}, "repository_selection": "all", "permissions": RIGHTS}


@pytest.mark.parametrize(
    ("status", "body", "found", "said"),
    [
        (200, {"slug": "monarch", "permissions": RIGHTS}, "OK", "monarch[bot]"),
        (200, {"permissions": {"issues": "admin", "metadata": "write"}}, "OK", "an App[bot]"),
        (
            200,
            {"permissions": {"issues": "read", "metadata": "read"}},
            "FAIL",
            "lacks issues: write",
        ),
        (200, {"permissions": {}}, "FAIL", "lacks issues: write, metadata: read"),
        (200, [], "FAIL", "lacks"),
        (401, {"message": "A JSON web token could not be decoded"}, "FAIL", "could not be decoded"),
        (404, {"message": "Integration not found"}, "FAIL", "Integration not found"),
        (500, "?", "WARN", "500"),
        (403, {"message": "You have exceeded a secondary rate limit"}, "WARN", "rate limit"),
        (403, {"message": "Your account was suspended."}, "FAIL", "suspended"),
        (302, {}, "FAIL", "302"),
    ],
)
def test_an_app_by_its_answer(status: int, body: object, found: str, said: str) -> None:
    """Whether GitHub knows it, and whether it asks for the rights that it needs."""
    check = check_app(Reply(status, {}, json.dumps(body).encode()))

    assert check.status == found
    assert said in check.detail
    assert bool(check.advice) is (found != "OK")


@pytest.mark.parametrize(
    ("changes", "found", "said"),
    [
        ({}, "OK", "all repositories"),
        ({"repository_selection": "selected"}, "OK", "selected repositories"),
        ({"suspended_at": "2026-01-01T00:00:00Z"}, "FAIL", "suspended"),
        ({"permissions": {"metadata": "read"}}, "FAIL", "lacks issues: write"),
        ({"account": None}, "OK", "all repositories"),
        ({"account": {"slug": "octo-corp", "name": "Octo Corp"}}, "OK", "all repositories"),
    ],
)
def test_an_installation_by_its_listing(changes: dict[str, object], found: str, said: str) -> None:
    """One line for each owner, so that it can be seen what is in reach."""
    answer = Reply(200, {}, json.dumps([INSTALLED | changes]).encode())
    [check] = check_installations(answer, alone=True)

    assert check.name.startswith("github app on ")
    assert (check.status, said in check.detail) == (found, True)


def test_an_app_that_is_installed_nowhere_reaches_nothing() -> None:
    """It matters less where a personal token signs; and where GitHub does not tell, it is worth a look."""
    nowhere, untold = Reply(200, {}, b"[]"), Reply(404, {}, b"{}")

    assert [c.status for c in check_installations(nowhere, alone=True)] == [Status.FAIL]
    assert [c.status for c in check_installations(nowhere, alone=False)] == [Status.WARN]
    assert [c.status for c in check_installations(untold, alone=True)] == [Status.WARN]
    assert check_app(NoAnswer("deadline")).status is Status.FAIL


def test_an_installation_on_an_enterprise_hides_no_other() -> None:
    """An enterprise has no login: each line is read by itself."""
    enterprise = INSTALLED | {"account": {"slug": "octo-corp", "name": "Octo Corp"}}
    listed = Reply(200, {}, json.dumps([INSTALLED, enterprise]).encode())

    names = [check.name for check in check_installations(listed, alone=True)]

    assert len(names) == 2
    assert "github app on octo-corp" in names


async def test_every_page_of_installations_is_read() -> None:
    """The hundred-and-first owner was not looked at."""
    asked: list[int] = []

    async def page(number: int) -> Reply:
        asked.append(number)
        listed = [INSTALLED] * (100 if number < 3 else 1)
        return Reply(200, {}, json.dumps(listed).encode())

    pages = await pages_of(page)

    assert asked == [1, 2, 3]
    assert sum(len(check_installations(each, alone=False)) for each in pages) == 201


async def test_an_endless_listing_of_installations_is_left() -> None:
    """And a page that cannot be read ends it, too."""

    async def full(number: int) -> Reply:
        del number
        return Reply(200, {}, json.dumps([INSTALLED] * 100).encode())

    async def away(number: int) -> NoAnswer:
        del number
        return NoAnswer("deadline")

    assert len(await pages_of(full)) == 20
    assert len(await pages_of(away)) == 1


def test_what_is_open_is_said_with_its_setting() -> None:
    """A publisher may name every repository that the token reaches."""
    given = {"MONARCH_ALLOWED_TARGETS": "school/*"}
    sources, targets = check_lists(settings_from(given))

    assert sources.status is Status.WARN
    assert "MONARCH_ALLOWED_SOURCES" in sources.advice
    assert (targets.status, targets.detail) == (Status.OK, "school/*")


def test_a_template_is_told_by_what_it_names(tmp_path: Path) -> None:
    """Or that there is none."""
    frame = tmp_path / "frame.md"
    frame.write_text("$body\n\nFrom $link")
    settings = settings_from({"MONARCH_ISSUE_TEMPLATE_FILE": str(frame)})

    assert check_template(settings).detail == "17 characters with ${body}, ${link}"
    assert "none" in check_template(Settings()).detail


@pytest.mark.parametrize(
    ("body", "headers", "found"),
    [
        (b'{"ok": true, "team": "T", "user": "bot"}', {"x-oauth-scopes": "chat:write"}, "OK"),
        (b'{"ok": true}', {}, "OK"),
        (b'{"ok": true}', {"x-oauth-scopes": "files:write"}, "FAIL"),
        (b'{"ok": false, "error": "invalid_auth"}', {}, "FAIL"),
        (b"<html>", {}, "FAIL"),
        (b"[]", {}, "FAIL"),
    ],
)
def test_a_slack_token_by_its_answer(body: bytes, headers: dict[str, str], found: str) -> None:
    """`ok` decides, not the status."""
    assert check_slack(Reply(200, headers, body)).status == found


@pytest.mark.parametrize(
    ("status", "body", "advice"),
    [
        (404, b"Not Found", "Correct SLACK_API_URL"),
        (401, b'{"message": "Requires authentication"}', "Correct SLACK_API_URL"),
        (503, b"", "Look again later"),
        (429, b'{"ok": false, "error": "ratelimited"}', "Look again later"),
        (200, b'{"ok": false, "error": "invalid_auth"}', "Check SLACK_BOT_TOKEN"),
    ],
)
def test_a_slack_that_is_something_else(status: int, body: bytes, advice: str) -> None:
    """A new token helps only where Slack itself refuses this one."""
    assert advice in check_slack(Reply(status, {}, body)).advice


def test_an_unreachable_world_is_told_line_by_line(give: Give) -> None:
    """One thing that is broken hides no other, and no secret is shown."""
    result = give(
        "doctor",
        VALKEY_URL="valkey://user:secret-word@127.0.0.1:1/0",
        GH_PAT="ghp_secret",
        GITHUB_API_URL=UNREACHABLE,
        SLACK_BOT_TOKEN="xoxb-secret",
        SLACK_API_URL=UNREACHABLE,
    )

    assert result.exit_code == 1
    assert [line.split()[:2] for line in result.stdout.splitlines()[1:]] == [
        ["valkey", "FAIL"],
        ["github", "FAIL"],
        ["allowed", "sources"],
        ["allowed", "targets"],
        ["template", "OK"],
        ["slack", "FAIL"],
    ]
    assert "secret" not in result.output


def test_a_doctor_without_tokens(give: Give, client: "valkey.Valkey") -> None:
    """Without GitHub nothing works; without Slack it does."""
    client.xadd("{monarch}:dead", {"code": "poison"})

    result = give("doctor", "--json")

    document = json.loads(result.stdout)
    status = {check["name"]: check["status"] for check in document["checks"]}
    assert result.exit_code == 1
    assert document["ok"] is False
    assert status["appendonly"] == status["appendfsync"] == status["maxmemory-policy"] == "OK"
    assert (status["github"], status["slack"]) == ("FAIL", "WARN")
    assert (status["subscribers"], status["dead letters"]) == ("FAIL", "WARN")
