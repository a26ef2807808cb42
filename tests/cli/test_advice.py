"""Advice that is true: what is said of a cause, by making the cause happen."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from valkey.exceptions import ResponseError

from monarch.sandbox.valkey import EmbeddedValkey
from tests.cli.conftest import Give
from tests.cli.test_letters import bury, targets_of

NOT_SUBMITTED = "Nothing was submitted. "
DOCTOR = "See `monarch doctor`."
MAYBE = "It may have been submitted: to repeat it safely, add --key "

Cause = Callable[[Any, EmbeddedValkey], Iterator[dict[str, str]]]


def _config(name: str, value: str, usual: str) -> Cause:
    def cause(client: Any, _: EmbeddedValkey) -> Iterator[dict[str, str]]:
        client.config_set(name, value)
        yield {}
        client.config_set(name, usual)

    return cause


def closed_port(_: Any, __: EmbeddedValkey) -> Iterator[dict[str, str]]:
    """No server listens there."""
    yield {"VALKEY_URL": "valkey://127.0.0.1:1/0"}


def wrong_password(client: Any, server: EmbeddedValkey) -> Iterator[dict[str, str]]:
    """It answers, and lets no client in."""
    client.acl_setuser("ada", enabled=True, passwords=["+right"], categories=["+@all"])
    yield {"VALKEY_URL": server.url.replace("://", "://ada:wrong@")}
    client.acl_deluser("ada")


def missing_right(client: Any, server: EmbeddedValkey) -> Iterator[dict[str, str]]:
    """It lets in, and scripts are not allowed."""
    client.acl_setuser("ada", enabled=True, nopass=True, categories=["+@all", "-@scripting"])
    yield {"VALKEY_URL": server.url.replace("://", "://ada:x@")}
    client.acl_deluser("ada")


def replica(client: Any, _: EmbeddedValkey) -> Iterator[dict[str, str]]:
    """It takes writes from its primary alone."""
    client.replicaof("127.0.0.1", "1")
    yield {}
    client.replicaof("NO", "ONE")


def missing_database(_: Any, server: EmbeddedValkey) -> Iterator[dict[str, str]]:
    """It refuses the connection's database, before any command."""
    yield {"VALKEY_URL": f"{server.url.removesuffix('/0')}/99"}


def no_more_clients(client: Any, _: EmbeddedValkey) -> Iterator[dict[str, str]]:
    """No other client is let in."""
    usual = client.config_get("maxclients")["maxclients"]
    client.config_set("maxclients", 1)
    yield {}
    client.config_set("maxclients", usual)


def key_of_another_type(client: Any, _: EmbeddedValkey) -> Iterator[dict[str, str]]:
    """Another client uses this name."""
    client.set("{monarch}:requests", "x")
    yield {}


def frozen(_: Any, server: EmbeddedValkey) -> Iterator[dict[str, str]]:
    """It takes the bytes, and answers nothing."""
    server.freeze()
    yield {}
    server.thaw()


@contextmanager
def happening(cause: Cause, client: Any, server: EmbeddedValkey) -> Iterator[dict[str, str]]:
    """The cause, for the length of a `with` block; gives the environment to be in."""
    steps = cause(client, server)
    with ExitStack() as stack:
        stack.callback(lambda: next(steps, None))
        yield next(steps)


@pytest.mark.parametrize(
    ("cause", "names", "told", "to_do"),
    [
        (closed_port, "Connect call failed", NOT_SUBMITTED, DOCTOR),
        (wrong_password, "AuthenticationError", NOT_SUBMITTED, "Correct VALKEY_USERNAME"),
        (missing_right, "NoPermissionError", NOT_SUBMITTED, "docs/valkey.md"),
        (replica, "ReadOnlyError", NOT_SUBMITTED, DOCTOR),
        (_config("maxmemory", "1", "0"), "OutOfMemoryError", NOT_SUBMITTED, DOCTOR),
        (_config("min-replicas-to-write", "1", "0"), "NOREPLICAS", NOT_SUBMITTED, DOCTOR),
        (missing_database, "DB index is out of range", NOT_SUBMITTED, "Correct VALKEY_DB"),
        (no_more_clients, "max number of clients", NOT_SUBMITTED, "Raise `maxclients`"),
        (key_of_another_type, "should be a stream", NOT_SUBMITTED, "TYPE"),
        (_config("appendonly", "no", "yes"), "WAITAOF", MAYBE, "Set `appendonly yes` in Valkey"),
        (frozen, "Timeout", MAYBE, DOCTOR),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_was_not_submitted_is_not_called_maybe_submitted(
    give: Give,
    client: Any,
    server: EmbeddedValkey,
    cause: Cause,
    names: str,
    told: str,
    to_do: str,
) -> None:
    """Only where nobody knows it is said so, with what makes a repetition safe; and each names its cause and its remedy."""
    with happening(cause, client, server) as surroundings:
        result = give("submit", "o/s", "o/a", "--key", "k1", **surroundings)

    assert result.exit_code == 1
    assert names in result.stderr
    assert told in result.stderr
    assert to_do in result.stderr
    assert (MAYBE in result.stderr) is (told is MAYBE)
    if told is NOT_SUBMITTED:
        client.delete("{monarch}:requests") if cause is key_of_another_type else None
        assert client.xlen("{monarch}:requests") == 0


def test_a_replica_is_not_said_to_have_no_listener(
    give: Give, client: Any, server: EmbeddedValkey
) -> None:
    """Who subscribes at its primary is not known there; `status` said that what is published is lost."""
    with happening(replica, client, server):
        said = give("status")

    assert "it is a replica (READONLY)" in said.output
    assert "no worker listens" not in said.output


# ------------------------------------------------------------------------------------- one key, one message


def test_what_was_not_submitted_is_not_sent_to_a_replay(give: Give) -> None:
    """There was no dead letter: the list of what is allowed is read before anything is submitted."""
    result = give("submit", "o/s", "o/a", MONARCH_ALLOWED_TARGETS="other/*", GH_PAT="ghp_x")

    said = " ".join(result.stderr.split())
    assert result.exit_code == 2
    assert "add it to MONARCH_ALLOWED_TARGETS; nothing was submitted" in said
    assert "replay" not in said


def test_a_key_stands_for_one_message(give: Give, client: Any) -> None:
    """Another team under the same key got nothing, without a word."""
    first = give("submit", "o/s", "o/a", "--key", "abc")

    other = give("submit", "o/s", "o/b", "--key", "abc")
    again = give("submit", "o/s", "o/a", "--key", "abc")

    request = first.stdout.strip()
    assert (first.exit_code, "under this key" in first.stderr) == (0, False)
    assert (other.exit_code, other.stdout) == (1, "")
    assert f"another message was submitted under this key: request {request}" in other.stderr
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert again.stderr.startswith(f"request {request} was submitted already under this key\n")
    assert client.xlen("{monarch}:requests") == 1


@pytest.mark.parametrize("key", ["", "  ", "a\nb", "k" * 201])
def test_a_key_has_limits(give: Give, key: str) -> None:
    """It becomes the name of a key of Valkey's; an error about it is no longer than it need be."""
    result = give("submit", "o/s", "o/a", "--key", key)

    assert result.exit_code == 2
    assert "--key should be up to 200 printable characters" in result.stderr
    assert len(result.stderr) < 300


# -------------------------------------------------------------------------------------- what somebody typed


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("show", ""), "got nothing: see `monarch requests`"),
        (("show", "nonsense"), "got nonsense: see `monarch requests`"),
        (("show", "x" * 100_000), "(100,000 characters)"),
        (("cancel", "nonsense"), "got nonsense"),
        (("verify", "nonsense"), "got nonsense"),
        (("requests", "--state", ""), "cancelled; got nothing"),
        (("requests", "--state", "parked"), "cancelled; got parked"),
        (("requests", "--state", "done,failed"), "got done,failed. Give one of them alone."),
        (("requests", "--state", "don"), "got don. Did you mean done?"),
        (("dead", "list", "--code", ""), "too_many_targets; got nothing"),
        (("dead", "list", "--older-than", ""), "not nothing"),
        (("pause", "--by", ""), "not nothing"),
        (("pause", "--by", "x" * 100_000), "(100,000 characters)"),
        (("verify", "17-0", "--by", "ada"), "give --heal, too"),
        (("verify", "17-0", "--wait"), "give both"),
        (("heal", "17-0"), "Did you mean `monarch verify REQUEST --heal`?"),
        (("stauts",), "Did you mean `monarch status`?"),
        (("nonsense",), "there is no command nonsense. See `monarch --help`."),
        (("dead", "repla"), "Did you mean `monarch dead replay`?"),
        (("dead", "delete"), "Did you mean `monarch dead drop`?"),
        (("dead", "heal"), "See `monarch dead --help`."),
        (("dead", "nope"), "See `monarch dead --help`."),
        (("update",), "give a request, or a template by --source"),
        (("pause", "--by", "a\x07b"), "100 characters that can be printed"),
        (("publish", "--payload", "{}", "o/s"), "and not both"),
        (("publish", "--payload", "{}", "--channel", "C1"), "and not both"),
        (("submit", "notarepo", "o/a"), "nothing was submitted"),
        (("submit", "", "o/a"), "nothing was submitted"),
        (("submit", "o/s", "o/s"), "there is no target that can be one: o/s is the source itself"),
        (("submit", "o/s", "a/b c", "../x"), 'got "../x"; write it as owner/repo'),
        (("submit", "o/s", "o/a,o/b"), "name each repository by itself, without commas between;"),
        (("submit", "o/s", ""), "there is no target that can be one"),
        (("publish", "notarepo", "o/a"), "nothing was published (--payload publishes anything)"),
        (("publish", "o/s", ""), "there is no target that can be one"),
        (("publish", "o/s", "o/a", "--channel", "a b"), "--channel should be the id of a Slack"),
        (("pause", "--by", "  "), "not white space alone"),
        (("submit", "o/s", "o/a", "--key", "\t"), "not white space alone"),
        (("show", "   "), "got white space alone"),
        (("dead", "show", ""), "ID should be the id of a dead letter, not nothing"),
        (("dead", "drop", "17-0", " "), "not nothing"),
        (("dead", "replay", ""), "not nothing"),
        (("dead", "list", "--target", ""), "not nothing"),
        (("events", "--target", " "), "not nothing"),
        (("dead", "replay", "--all", "--code", "poison"), "--all means every letter"),
        (("dead", "drop", "--all", "--yes", "17-0"), "--all means every letter"),
        (("dead", "replay"), "or --all; `monarch dead list` takes the same filters"),
        (("dead", "drop", "--all"), "--all deletes every dead letter: add --yes"),
        (("--json", "status"), '"--json goes after the command"'),
        (("--json", "status"), "Write `monarch status --json`."),
        (("dead", "--json", "lst"), "Write `monarch dead COMMAND --json`."),
        (("--json",), "Write `monarch COMMAND --json`."),
        (("dead", "list", "--older-than", "2h", "--newer-than", "1h"), "older than 2h and newer"),
        (("run", "--roles", ""), "reclaimer; got nothing"),
        (("run", "--roles", ","), "reclaimer; got ,"),
        (("run", "--roles", "intake,plannr"), "got plannr. Did you mean planner?"),
        (("dead", "list", "--code", "repositry_not_found"), "Did you mean repository_not_found?"),
        (("requests", "--state", "DONE"), "got DONE. Did you mean done?"),
        (("requests", "--since", f"{'9' * 20}d"), "should be at most 999999999d, not 9999"),
        (("events", "--since", "1000000000.5 min"), "should be at most 999999999min, not 1000"),
        (("recall", "17-0", "--dry-run", "--by", "ada"), "leave them out"),
        (("update", "17-0", "--dry-run", "--by", "ada"), "leave them out"),
        (("update", "17-0", "--dry-run", "--wait"), "leave them out"),
        (("missed", "school", "--by", "ada"), "give --submit, too"),
        (("requests", "--limit", "0"), "1 to 1,000,000, not 0"),
        (("requests", "-n", "-3"), "1 to 1,000,000, not -3"),
        (("events", "--limit", "many"), "1 to 1,000,000, not many"),
        (("dead", "list", "--limit", ""), "1 to 1,000,000, not nothing"),
        (("dead", "list", "--limit", "9" * 5_000), "(5,000 characters)"),
        (("sandbox", "--port", "65536"), "0 to 65,535, not 65536"),
        (("sandbox", "--valkey-port", "-1"), "0 to 65,535, not -1"),
        (("sandbox", "--port", "7001", "--valkey-port", "7001"), "are both 7001: give two ports"),
        (("requests", "--limit", "1_0"), "1 to 1,000,000, not 1_0"),
        (("requests", "--state", " done"), 'got " done". Did you mean done?'),
        (("requests", "--limit", "3", "-n", "5"), "it takes one value, and was given 2"),
        (("dead", "drop", "--target=o/a", "--target", "o/b"), "it takes one value, and was given"),
        (("submit", "o/s", "o/a", "--wait", "false"), "it takes no value: leave false out"),
        (("submit", "o/s", "--json", "True", "o/a"), "it takes no value: leave True out"),
        (("missed", "--submit", "no", "school"), "an argument called no goes behind --"),
        (("dead", "drop", "--all", "yes"), "it takes no value: leave yes out"),
        (("verify", "--heal", "0", "17-0"), "it takes no value: leave 0 out"),
        (("status", "-w", "off"), "it takes no value: leave off out"),
    ],
)
def test_wrong_usage_says_what_came_and_what_was_expected(
    give: Give, command: tuple[str, ...], says: str
) -> None:
    """Exit 2, shortly, and nothing is done."""
    result = give(*command, GH_PAT="ghp_x")

    assert (result.exit_code, result.stdout) == (2, "")
    assert says in " ".join(result.stderr.replace("│", " ").split())
    assert len(result.stderr) < 1_000


@pytest.mark.parametrize(
    ("command", "goes_on"),
    [
        (("recall", "17-0", "--target"), "no request 17-0 is known"),
        (("update", "17-0", "--target"), "no request 17-0 is known"),
        (("update", "--source"), "no request for o/a is known"),
    ],
)
def test_a_repository_is_asked_for_by_the_address_of_ones_own_server(
    give: Give, command: tuple[str, ...], goes_on: str
) -> None:
    """What `submit` takes of an Enterprise Server, an act takes too, and no hint leads to github.com."""
    server = {"GITHUB_API_URL": "https://git.school.example/api/v3", "GH_PAT": "ghp_x"}

    wrong = give(*command, "nowhere", **server)
    right = give(*command, "https://git.school.example/o/a", **server)

    assert wrong.exit_code == 2
    assert "(or its address on git.school.example)" in wrong.stderr
    assert right.exit_code == 1
    assert goes_on in right.stdout + right.stderr


def test_a_letter_is_found_by_the_address_of_ones_own_server(give: Give, client: Any) -> None:
    """As it stands in the browser's address bar."""
    bury(client, "o/a")

    found = give(
        *("dead", "list", "--json", "--target", "https://git.school.example/o/a"),
        GITHUB_API_URL="https://git.school.example/api/v3",
    )

    assert targets_of(found.stdout) == ["o/a"]


def test_a_target_that_cannot_be_one_is_told_of_at_once(give: Give) -> None:
    """The others go on, as they do for the platform."""
    result = give("submit", "o/s", "o/a", "no repository")

    assert result.exit_code == 0
    assert "! no repository will end as a dead letter: " in result.stderr


def test_an_update_says_which_request_has_not_worked_on_a_target(give: Give, client: Any) -> None:
    """Another request may well have filled it, so "never worked on" was not true."""
    request = give("submit", "o/s", "o/a").stdout.strip()
    queued = give("update", request)
    client.hset(f"{{monarch}}:migration:{request}:o/a", mapping={"state": "done", "target": "o/a"})
    done = {"state": "done", "targets": "o/a", "tickets": "2", "source": "o/s"}
    client.hset(f"{{monarch}}:request:{request}", mapping=done)

    by_request = give("update", request, "--target", "o/b")
    by_source = give("update", "--source", "o/s", "--target", "o/b")

    assert f"request {request} is queued: there is nothing of it to update" in queued.stderr
    assert f"request {request} has not worked on o/b: see `monarch show" in by_request.stderr
    assert "no request for o/s has worked on o/b: see `monarch requests`" in by_source.stderr


def test_an_update_leaves_no_target_out_in_silence(give: Give, client: Any) -> None:
    """A typo in the second of two targets, and a target that was never reached: the others were updated, and no word said so."""
    request = give("submit", "o/s", "o/a", "o/b").stdout.strip()
    for target, reached in (("o/a", {"target_id": "7"}), ("o/b", {})):
        fields = {"state": "done", "target": target, **reached}
        client.hset(f"{{monarch}}:migration:{request}:{target}", mapping=fields)
    done = {"state": "done", "targets": "o/a\no/b", "tickets": "2", "source": "o/s"}
    client.hset(f"{{monarch}}:request:{request}", mapping=done)
    before = client.xlen("{monarch}:requests")

    by_request = give("update", request, "--target", "o/a", "--target", "o/x")
    by_source = give("update", "--source", "o/s", "--target", "o/a", "--target", "o/x")
    refused = client.xlen("{monarch}:requests") - before
    whole = give("update", request)

    assert (by_request.exit_code, by_source.exit_code, refused) == (1, 1, 0)
    assert f"request {request} has not worked on o/x: see" in by_request.stderr
    assert "no request for o/s has worked on o/x: see" in by_source.stderr
    assert whole.exit_code == 0
    assert (
        "! nothing is updated in o/b: nothing was ever copied there by this request" in whole.stderr
    )


def test_an_update_knows_a_template_by_its_id(give: Give, client: Any) -> None:
    """Under a new name nothing of before counted: what Monarch had written was called edited by people."""
    requests = {}
    for source, source_id in (("o/old", "7"), ("o/new", "7"), ("o/old", "8")):
        request = give("submit", source, f"o/team-{source_id}").stdout.strip()
        target = {"state": "done", "target": f"o/team-{source_id}", "target_id": "9"}
        client.hset(f"{{monarch}}:migration:{request}:o/team-{source_id}", mapping=target)
        done = {"state": "done", "targets": f"o/team-{source_id}", "tickets": "2"}
        fields = {**done, "source": source, "source_id": source_id}
        client.hset(f"{{monarch}}:request:{request}", mapping=fields)
        requests[source, source_id] = request

    asked = [
        give("update", *of).stdout.strip()
        for of in (
            ("--source", "o/new"),
            (requests["o/old", "7"],),
            ("--source", "o/old"),
        )
    ]

    both = f"{requests['o/new', '7']} {requests['o/old', '7']}"
    records = [
        client.hmget(f"{{monarch}}:request:{one}", "source_id", "bases", "reached") for one in asked
    ]
    assert [[value.decode() for value in record] for record in records] == [
        ["7", both, "o/team-7 9"],
        ["7", both, "o/team-7 9"],
        ["8", requests["o/old", "8"], "o/team-8 9"],
    ]


def test_the_newest_request_is_called_last(give: Give) -> None:
    """What people look for most."""
    none = give("show", "last")
    give("submit", "o/s", "o/a")
    newest = give("submit", "o/s", "o/b").stdout.strip()

    assert (none.exit_code, none.stderr) == (1, "monarch: there is no request yet\n")
    assert json.loads(give("show", "last", "--json").stdout)["view"]["id"] == newest


def test_who_could_not_be_reached_is_named(give: Give) -> None:
    """There is GitHub, Slack, and a proxy; "all connection attempts failed" names none of them."""
    away = {"GH_PAT": "ghp_x", "GITHUB_API_URL": "http://127.0.0.1:1"}

    assert "127.0.0.1:1" in give("doctor", **away).stdout
    assert "127.0.0.1:1" in give("plan", "o/s", "o/a", **away).stdout


def test_a_server_that_is_too_old_to_confirm_is_named(
    give: Give, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`unknown command 'WAITAOF'`, as Redis 7.0 says it, tells of no server that would do; the request is there."""

    async def unknown(*_: object) -> None:
        raise ResponseError("unknown command 'WAITAOF', with args beginning with: '1' '0'")

    monkeypatch.setattr("valkey.asyncio.Valkey.waitaof", unknown)
    result = give("submit", "o/s", "o/a")

    assert result.exit_code == 1
    assert "this server is too old, use Valkey 7.2 or newer. It may have been" in result.stderr
    assert client.xlen("{monarch}:requests") == 1
