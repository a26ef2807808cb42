"""What people look at, in plain columns and in JSON."""

import json
import time

import pytest
import typer
import valkey

from monarch.adapters.valkey.codec import encode_plan
from monarch.adapters.valkey.views.fleet import FleetReader
from monarch.ports import StoreError
from monarch.sandbox.valkey import EmbeddedValkey
from monarch.telemetry import Snapshot
from tests.cli.conftest import Give
from tests.core.builders import a_plan

REQUEST = "1732406400000-0"


@pytest.fixture
def told(client: "valkey.Valkey") -> "valkey.Valkey":
    """A request of which one target is done and the other was given up."""
    base = "{monarch}:"
    client.zadd(f"{base}known", {REQUEST: 1732406400000})
    request = {
        "state": "failed",
        "version": "4",
        "run": "1",
        "via": "pubsub",
        "source": "o/s",
        "channel": "C1",
        "tickets": "3",
        "targets": "o/a\no/b",
        "appended_ms": "1732406400000",
        "planned_ms": "1732406401000",
        "ended_ms": "1732406460000",
    }
    client.hset(f"{base}request:{REQUEST}", mapping=request)
    done = {"state": "done", "target": "o/a", "copied": "2", "present": "1", "strays": "9"}
    done["deleted"] = "4"
    done["notes"] = "labels: not copied\nreferences in #3: left as they are\x1b[2J"
    client.hset(f"{base}migration:{REQUEST}:o/a", mapping=done)
    reason = "o/b does not exist: create it\x1b[2J, then replay"
    gone = {"state": "dead", "target": "o/b", "code": "repository_not_found", "reason": reason}
    client.hset(f"{base}migration:{REQUEST}:o/b", mapping=gone)
    letter = {
        "v": "1",
        "stream": "migrations",
        "entry": "1732406402000-0",
        "request": REQUEST,
        "migration": f"{REQUEST}:o/b",
        "payload": '{"target": "o/b"}',
        "code": "repository_not_found",
        "reason": reason,
        "attempts": "0",
        "deliveries": "1",
        "at": "1732406460000",
    }
    client.xadd(f"{base}dead", letter, id="1732406460000-0")
    events = (("request.appended", "1732406400000-0"), ("request.failed", "1732406460000-0"))
    for name, at in events:
        client.xadd(f"{base}events", {"event": name, "request": REQUEST}, id=at)
    return client


LISTINGS = (["requests"], ["dead", "list"], ["events"])


@pytest.mark.usefixtures("told")
def test_requests_are_listed(give: Give) -> None:
    """A line each, aligned, with a head."""
    head, line = give("requests").stdout.splitlines()

    assert head.split() == [
        "REQUEST",
        "STATE",
        "SOURCE",
        "TICKETS",
        "TARGETS",
        "FAILED",
        "OPEN",
        "AGE",
        "NEXT",
        "REASON",
    ]
    assert line.split()[:7] == [REQUEST, "failed", "o/s", "3", "2", "1", "0"]
    assert head.index("STATE") == line.index("failed")


@pytest.mark.usefixtures("told")
def test_requests_are_chosen_by_state(give: Give) -> None:
    """And a state that is none is wrong usage, with those that are."""
    assert json.loads(give("requests", "--state", "done", "--json").stdout) == []
    assert len(json.loads(give("requests", "--state", "failed", "--json").stdout)) == 1

    wrong = give("requests", "--state", "lost")

    assert wrong.exit_code == 2
    assert "queued" in wrong.stderr


def test_one_broken_record_spoils_no_listing(give: Give, client: "valkey.Valkey") -> None:
    """One key of another type made all of them fail, and said "find it"."""
    broken, other = (give("submit", "o/s", team).stdout.strip() for team in ("o/a", "o/b"))
    key = f"{{monarch}}:request:{broken}"
    client.delete(key)
    client.set(key, "x")

    listed = give("requests", "--json")
    shown = [
        give(*command) for command in (("requests",), ("show", other), ("status",), ("events",))
    ]

    assert [line["id"] for line in json.loads(listed.stdout)] == [other]
    (note,) = [json.loads(line)["note"] for line in listed.stderr.splitlines() if key in line]
    assert note.startswith(f"the key {key} holds something else than Monarch's record")
    assert "Find out with `valkey-cli` (Valkey's own tool: TYPE) what it is, and rename it." in note
    assert [one.exit_code for one in (listed, *shown)] == [1, 1, 0, 0, 0]
    assert key in shown[0].stderr


def test_the_stream_of_requests_that_holds_something_else_stops_the_fleet(
    give: Give, client: "valkey.Valkey"
) -> None:
    """It was named as left out of the listing; that nothing is planned until it is mended was left to the reader."""
    client.delete("{monarch}:requests")
    client.set("{monarch}:requests", "x")

    status, doctor = give("status"), give("doctor")

    told = " ".join(status.stdout.split())
    assert "! work that needs the key {monarch}:requests stands still" in told
    assert "rename it; what waits goes on by itself then" in told
    assert "{monarch}:requests" not in status.stderr
    assert status.exit_code == 1
    assert "something else than Monarch's record: {monarch}:requests" in " ".join(
        doctor.stdout.split()
    )


def test_dead_letters_that_cannot_be_read_are_not_none(give: Give, client: "valkey.Valkey") -> None:
    """The status counted 0 of them."""
    client.set("{monarch}:dead", "x")

    status, document = give("status"), json.loads(give("status", "--json").stdout)

    (line,) = [one for one in status.stdout.splitlines() if one.startswith("dead letters")]
    assert line.split(maxsplit=2)[2] == "cannot be read"
    assert document["dead"] is None
    assert document["parked"] == 0


QUEUED, UNSEEN = "1732406500000-0", "1732406600000-0"


@pytest.fixture
def waiting(told: "valkey.Valkey") -> "valkey.Valkey":
    """Beside it one that waits to be planned, and a producer's entry that no worker has read."""
    base = "{monarch}:"
    told.zadd(f"{base}known", {QUEUED: 1732406500000})
    hash_ = {"state": "queued", "via": "submit", "entry": QUEUED, "appended_ms": "1732406500000"}
    told.hset(f"{base}request:{QUEUED}", mapping=hash_)
    for entry, team in ((QUEUED, "o/c"), (UNSEEN, "o/d")):
        payload = json.dumps({"source_repo": "o/other", "all_target_repositories": [team]})
        fields = {"payload": payload, "request": entry} if entry == QUEUED else {"payload": payload}
        told.xadd(f"{base}requests", fields, id=entry)
    return told


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--source", "o/s"], [REQUEST]),
        (["--source", "https://github.com/O/S.git"], [REQUEST]),
        (["--source", "o/other"], [UNSEEN, QUEUED]),
        (["--source", "o/nothing"], []),
        (["--target", "o/b"], [REQUEST]),
        (["--target", "O/C"], [QUEUED]),
        (["--target", "o/d"], [UNSEEN]),
        (["--target", "o/d", "--state", "failed"], []),
        (["--target", "o/d", "--source", "o/s"], []),
        (["--since", "3000d"], [UNSEEN, QUEUED, REQUEST]),
        (["--since", "1h"], []),
        (["--since", "3000d", "--limit", "1", "--state", "queued"], [UNSEEN]),
    ],
)
@pytest.mark.usefixtures("waiting")
def test_requests_are_chosen_by_what_they_are_about(
    give: Give, words: list[str], found: list[str]
) -> None:
    """A request that waits to be planned is found by what its message says."""
    lines = json.loads(give("requests", "--json", *words).stdout)

    assert [line["id"] for line in lines] == found


@pytest.mark.usefixtures("told")
def test_a_listing_of_requests_says_how_many_targets_failed(give: Give) -> None:
    """A failed request had 0 open targets and no reason, and nothing said whether one team or all had nothing."""
    (line,) = json.loads(give("requests", "--json").stdout)

    assert (line["targets"], line["failed"], line["unsettled"]) == (2, 1, 0)


@pytest.mark.parametrize(
    ("words", "told_"),
    [
        (["--source", "o/x"], "no requests of the source o/x"),
        (["--target", "o/x", "--state", "done"], "no requests that are done with the target o/x"),
        (
            ["--target", "nowhere"],
            "no requests with the target nowhere; nowhere is no owner/repo, and no target was spelled like it",
        ),
    ],
)
@pytest.mark.usefixtures("told")
def test_a_listing_that_finds_nothing_says_what_it_looked_for(
    give: Give, words: list[str], told_: str
) -> None:
    """And that a target can be none, where it is no repository."""
    assert give("requests", *words).stdout == f"{told_}\n"


@pytest.mark.parametrize("command", [["dead", "list"], ["events"]])
@pytest.mark.usefixtures("told")
def test_a_target_that_is_no_repository_is_said_to_be_none(give: Give, command: list[str]) -> None:
    """It said "no such dead letters", as if the team had none. A target that was refused is found as it was spelled."""
    shown = give(*command, "--target", "nowhere").output

    assert "nowhere is no owner/repo, and no target was spelled like it" in shown


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--source", "nowhere"], "--source: expected a repository as owner/repo"),
        (["--source", ""], "--source: expected a repository"),
        (["--target", ""], "--target should be a repository as owner/repo, not nothing"),
        (["--since", "yesterday"], "--since should be an age such as 90s, 15min, 2h or 3d"),
    ],
)
@pytest.mark.usefixtures("client")
def test_what_requests_are_chosen_by_is_checked(
    give: Give, words: list[str], expected: str
) -> None:
    """Wrong usage, and what came."""
    wrong = give("requests", *words)

    assert wrong.exit_code == 2
    assert expected in wrong.stderr


@pytest.mark.usefixtures("told")
def test_a_request_is_shown_with_its_targets(give: Give) -> None:
    """What was copied, what failed and why."""
    shown = give("show", REQUEST).stdout

    assert "2024-11-24 00:00:00 UTC" in shown
    assert "o/a     done        2        1        0      #9" in shown
    assert "o/b does not exist" in shown
    assert "\nnote on o/a: 4 deleted or moved away by a person, not made again\n" in shown
    assert "\nnote on o/a: labels: not copied\nnote on o/a: references in #3: " in shown


def unplanned(client: "valkey.Valkey", **fields: str) -> None:
    """`REQUEST`, ended before it was planned."""
    client.zadd("{monarch}:known", {REQUEST: 1732406400000})
    client.hset(f"{{monarch}}:request:{REQUEST}", mapping={"source": "o/s", **fields})


def test_a_name_of_a_request_that_is_no_text_spoils_no_listing(
    give: Give, told: "valkey.Valkey"
) -> None:
    """It ended in a traceback, and the page was away."""
    told.zadd("{monarch}:known", {b"\xff": 1999999999999})

    listed = give("requests", "--json")

    assert [line["id"] for line in json.loads(listed.stdout)] == [REQUEST]


def test_a_target_whose_record_is_gone_is_not_left_out(give: Give, told: "valkey.Valkey") -> None:
    """`verify` compared nothing and ended well, and the advice was a doctor that knows nothing of it."""
    for target in ("o/a", "o/b"):
        told.delete(f"{{monarch}}:migration:{REQUEST}:{target}")

    shown = give("show", REQUEST)
    document = json.loads(give("show", REQUEST, "--json").stdout)
    recalled = give("recall", REQUEST)
    updated = give("update", REQUEST, GH_PAT="ghp_x")

    assert "its record in Valkey is gone, or cannot be read" in shown.stdout
    assert document["lost"] == ["o/a", "o/b"]
    assert f"can be read: see `monarch show {REQUEST}`" in recalled.stderr
    assert f"can be read: see `monarch show {REQUEST}`" in updated.stderr


def test_what_a_request_named_is_shown_although_it_ended_before_it_was_planned(
    give: Give, client: "valkey.Valkey"
) -> None:
    """`no targets` was said of a request that names teams, and that a replay brings back."""
    unplanned(client, state="cancelled", cancelled_by="ann", named="o/a\no/b")

    shown, listed = give("show", REQUEST).stdout, give("requests", "--json", "--target", "O/B")
    document = json.loads(give("show", REQUEST, "--json").stdout)
    recalled = give("recall", REQUEST)

    assert "o/b     cancelled" in shown
    assert [(line["targets"], line["failed"]) for line in json.loads(listed.stdout)] == [(2, 0)]
    assert [one["target"] for one in document["view"]["migrations"]] == ["o/a", "o/b"]
    assert "nothing was copied by request" in recalled.stderr


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("dead", "it ended before it was planned"),
        ("cancelled", "it ended before it was planned"),
        ("skipped", "there was nothing to copy"),
        ("queued", "no targets"),
    ],
)
def test_a_request_without_targets_says_why(
    give: Give, client: "valkey.Valkey", state: str, why: str
) -> None:
    """Its message may not be readable, or an older version gave it up."""
    unplanned(client, state=state)

    shown = give("show", REQUEST)

    assert why in shown.stdout + shown.stderr


@pytest.mark.usefixtures("told")
def test_a_terminal_is_never_given_orders(give: Give) -> None:
    """Reasons hold text from outside; control characters are spelled out."""
    for command in (["show", REQUEST], ["dead", "list"], ["dead", "show", "1732406460000-0"]):
        shown = give(*command).stdout

        assert "\x1b" not in shown
        assert "\\x1b[2J" in shown


@pytest.mark.usefixtures("told")
def test_a_request_in_json_is_whole(give: Give) -> None:
    """One document, with the names of the code."""
    document = json.loads(give("show", REQUEST, "--json").stdout)

    assert document["view"]["state"] == "failed"
    assert document["view"]["migrations"][0]["strays"] == [9]
    assert document["times"][1]["code"] == "repository_not_found"
    assert document["forecast_seconds"] is None


def test_a_request_is_shown_with_when_it_will_be_done(give: Give, told: "valkey.Valkey") -> None:
    """While it runs; in words, and in seconds for programs."""
    told.hset(f"{{monarch}}:request:{REQUEST}", mapping={"state": "running", "tickets": "300"})
    told.sadd(f"{{monarch}}:unsettled:{REQUEST}", f"{REQUEST}:o/a")

    words = give("show", REQUEST).stdout
    document = json.loads(give("show", REQUEST, "--json").stdout)

    assert "forecast  about 5 min left (until " in words
    assert 290 <= document["forecast_seconds"] <= 300


@pytest.mark.parametrize(
    "command", [["show", "1-1"], ["dead", "show", "1-1"], ["dead", "show", "x\x1b"]]
)
def test_what_nobody_knows_fails_and_says_where_to_look(give: Give, command: list[str]) -> None:
    """Exit 1, on standard error."""
    result = give(*command)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "see `monarch" in result.stderr
    assert "\x1b" not in result.stderr


@pytest.mark.usefixtures("told")
def test_dead_letters_are_listed_by_request(give: Give) -> None:
    """The target stands for the migration, whose id is long."""
    _, line = give("dead", "list", "--request", REQUEST).stdout.splitlines()

    assert line.startswith("1732406460000-0  2024-11-24 00:01:00 UTC  migrations")
    assert f"{REQUEST}  o/b" in line
    assert json.loads(give("dead", "list", "--request", "1-1", "--json").stdout) == []


@pytest.mark.usefixtures("told")
def test_a_dead_letter_is_shown_whole(give: Give) -> None:
    """By its own id or by its entry's."""
    by_id = give("dead", "show", "1732406460000-0").stdout
    by_entry = give("dead", "show", "1732406402000-0", "--json").stdout

    assert 'payload     {"target": "o/b"}' in by_id
    assert json.loads(by_entry)["code"] == "repository_not_found"


@pytest.mark.usefixtures("told")
def test_events_are_a_log(give: Give) -> None:
    """Oldest first; a JSON line each for programs."""
    first, second = give("events").stdout.splitlines()
    (line,) = give("events", "--limit", "1", "--json").stdout.splitlines()

    assert first == f"2024-11-24 00:00:00 UTC  request.appended    request={REQUEST}"
    assert "request.failed" in second
    assert json.loads(line)["name"] == "request.failed"


def test_an_event_names_a_ticket_by_its_number(give: Give, told: "valkey.Valkey") -> None:
    """People know no id of GitHub's; programs get both. `number` is that of the copy."""
    plan = a_plan(3, 5)
    told.set(f"{{monarch}}:plan:{REQUEST}", encode_plan(plan))
    ticket = str(plan.tickets[1].id)
    fields = {"event": "ticket.copied", "request": REQUEST, "ticket": ticket, "number": "9"}
    told.xadd("{monarch}:events", fields, id="1732406470000-0")

    words = give("events", "--limit", "1").stdout
    document = json.loads(give("events", "--limit", "1", "--json").stdout)

    assert words.split()[-3:] == [f"request={REQUEST}", "ticket=#5", "number=9"]
    assert (document["fields"]["ticket"], document["fields"]["ticket_number"]) == (ticket, "5")


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (("show", REQUEST), f"request:{REQUEST}"),
        (("requests",), f"request:{REQUEST}"),
        (("dead", "list"), "dead"),
    ],
)
def test_a_key_that_holds_something_else_is_named_as_the_cause(
    give: Give, told: "valkey.Valkey", command: tuple[str, ...], key: str
) -> None:
    """The doctor would find nothing."""
    told.delete(f"{{monarch}}:{key}")
    told.set(f"{{monarch}}:{key}", "text")

    said = give(*command)

    assert said.exit_code == 1
    assert f"the key {{monarch}}:{key} holds something else than Monarch's record" in said.stderr
    assert "doctor" not in said.stderr


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (("show", REQUEST), f"request:{REQUEST}"),
        (("verify", REQUEST), f"request:{REQUEST}"),
        (("recall", REQUEST, "--dry-run"), f"request:{REQUEST}"),
        (("recall", REQUEST), f"request:{REQUEST}"),
        (("update", REQUEST, "--dry-run"), f"request:{REQUEST}"),
        (("requests",), f"request:{REQUEST}"),
        (("requests",), "known"),
        (("show", "last"), "known"),
        (("dead", "list"), "dead"),
        (("events",), "events"),
    ],
)
def test_what_cannot_be_read_is_not_taken_for_nothing(
    give: Give, told: "valkey.Valkey", command: tuple[str, ...], key: str
) -> None:
    """Each named the key, and then said that there is nothing, or that it has expired."""
    told.delete(f"{{monarch}}:{key}")
    told.set(f"{{monarch}}:{key}", "text")

    said = give(*command, GH_PAT="ghp_x")

    assert said.exit_code == 1
    assert f"the key {{monarch}}:{key} " in said.stderr
    assert "holds something else" in said.stderr
    assert "cannot be read" in said.output
    for wrong in ("expired", "no requests", "no request ", "no dead letters", "no events"):
        assert wrong not in said.output


def test_a_request_that_has_expired_beside_a_broken_key_has_expired(
    give: Give, told: "valkey.Valkey"
) -> None:
    """Only its own record casts doubt on it."""
    told.set("{monarch}:request:1-2", "text")
    told.delete("{monarch}:dead")
    told.set("{monarch}:dead", "text")

    said = give("show", "1-1")

    assert (
        "no request 1-1 is known: it was never made, has expired, or Valkey has lost its memory"
        in said.stderr
    )


def test_a_pause_that_cannot_be_read_names_its_key(give: Give, client: "valkey.Valkey") -> None:
    """The fleet was "paused by" nobody, and `pause` said WRONGTYPE without the key."""
    client.rpush("{monarch}:paused", "x")

    status, paused = give("status"), give("pause")

    fleet = next(line for line in status.stdout.splitlines() if line.startswith("fleet"))
    assert fleet.split(maxsplit=1)[1] == "cannot be read"
    assert "paused by" not in status.output
    assert "! it is unknown whether the fleet is paused" in status.stdout
    assert "{monarch}:paused" in status.stderr
    assert paused.exit_code == 1
    assert "{monarch}:paused" in paused.stderr
    tool = "Find out with `valkey-cli` (Valkey's own tool: TYPE)"
    assert tool in " ".join(paused.stderr.split())
    assert tool in " ".join(status.stdout.split())


def test_a_pause_passes_over_the_broken_record_of_a_request(
    give: Give, told: "valkey.Valkey"
) -> None:
    """It failed in the middle: the fleet was paused, and the other requests' channels did not hear it."""
    told.zadd("{monarch}:open", {"1-2": 0})
    told.set("{monarch}:request:1-2", "text")

    said = give("pause")

    assert "paused by" in said.stdout
    assert told.exists("{monarch}:paused")


def test_a_plan_that_cannot_be_read_names_its_key(give: Give, told: "valkey.Valkey") -> None:
    """The error said that a plan was read, and not where."""
    told.rpush(f"{{monarch}}:plan:{REQUEST}", "x")

    said = give("verify", REQUEST, GH_PAT="ghp_x")

    assert said.exit_code == 1
    assert f"{{monarch}}:plan:{REQUEST}" in said.stderr
    assert "rename it" in said.stderr


def test_status_of_an_empty_installation(give: Give) -> None:
    """Nothing has run yet: all zeros, and it says that no worker runs."""
    result = give("status")

    assert result.exit_code == 0
    assert "fleet         no workers" in result.stdout
    assert "migrations       0        0       -     0            -" in result.stdout


@pytest.mark.parametrize("lost", ["-xinfo", "-xinfo|consumers"])
def test_a_user_that_may_not_see_the_workers_names_its_right(
    give: Give, client: "valkey.Valkey", server: EmbeddedValkey, lost: str
) -> None:
    """`status`, `workers` and `doctor` said that no worker is running, or another installation."""
    client.acl_setuser(
        "ada", enabled=True, nopass=True, keys=["*"], channels=["*"], commands=["+@all", lost]
    )
    mine = server.url.replace("://", "://ada:x@")

    said = {one: give(one, VALKEY_URL=mine) for one in ("status", "workers", "doctor")}
    document = json.loads(give("status", "--json", VALKEY_URL=mine).stdout)
    client.acl_deluser("ada")

    assert not [one for one, result in said.items() if "no worker is running" in result.output]
    assert "workers       cannot be read" in said["status"].stdout
    assert "lacks the right to XINFO CONSUMERS" in said["status"].output
    assert (said["workers"].exit_code, said["doctor"].exit_code) == (1, 1)
    assert "docs/valkey.md" in said["workers"].stderr
    assert "lacks the right to XINFO CONSUMERS" in said["doctor"].stdout
    assert "another installation" not in said["doctor"].stdout
    assert (document["workers"], document["hides_workers"]) == (None, True)


@pytest.mark.usefixtures("told")
def test_status_in_json(give: Give) -> None:
    """The snapshot that the gauges are set from."""
    document = json.loads(give("status", "--json").stdout)

    assert document["dead"] == 1
    assert [stream["stream"] for stream in document["streams"]] == [
        "requests",
        "migrations",
        "notices",
    ]


def test_status_shows_accounts(give: Give, client: "valkey.Valkey") -> None:
    """What may still be written, and why nothing is."""
    now_ms = round(time.time() * 1000)
    gate = {"until": str(now_ms + 3_600_000), "cause": "secondary limit"}
    client.hset("{monarch}:gate:user:7", mapping=gate)
    client.zadd("{monarch}:accounts", {"user:7": now_ms})
    client.zadd("{monarch}:budget:user:7", {"a": now_ms})
    client.hset("{monarch}:learned:user:7", mapping={"minute": "20", "hour": "0"})

    shown = give("status").stdout

    assert "user:7             1        19          1     499  20/min   closed for" in shown
    assert "secondary limit" in shown


@pytest.mark.parametrize("command", [["status"], *LISTINGS])
def test_without_valkey_a_command_says_so_and_fails(give: Give, command: list[str]) -> None:
    """One line, no traceback."""
    result = give(*command, VALKEY_URL="valkey://user:secret-word@127.0.0.1:1/0")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "monarch doctor" in result.stderr
    assert "secret-word" not in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [["status"], *LISTINGS, ["doctor"], ["submit", "o/s", "o/a"]])
def test_a_wrong_configuration_is_told_whole(give: Give, command: list[str]) -> None:
    """All mistakes at once, and exit 2."""
    result = give(*command, VALKEY_PORT="many", MONARCH_LEASE_SECONDS="1")

    assert result.exit_code == 2
    assert "VALKEY_PORT" in result.stderr
    assert "MONARCH_LEASE_SECONDS" in result.stderr


@pytest.mark.parametrize("command", LISTINGS)
def test_an_empty_listing_is_no_failure(give: Give, command: list[str]) -> None:
    """Nothing to show is fine."""
    assert give(*command).exit_code == 0


@pytest.mark.usefixtures("told")
def test_events_are_chosen_by_what_they_are_about(give: Give, client: "valkey.Valkey") -> None:
    """Of fifty events all may be one target's; several filters: all hold."""
    events = "{monarch}:events"
    client.xadd(events, {"event": "fleet.paused", "by": "ada"})
    copied = {"event": "ticket.copied", "migration": f"{REQUEST}:o/a", "number": "5"}
    client.xadd(events, dict(copied))

    def names(*filters: str) -> list[str]:
        lines = give("events", "--json", *filters).stdout.splitlines()
        return [json.loads(line)["name"] for line in lines]

    assert names("--request", REQUEST) == ["request.appended", "request.failed", "ticket.copied"]
    assert names("--target", "https://github.com/O/A") == ["ticket.copied"]
    assert names("--since", "1h") == ["fleet.paused", "ticket.copied"]
    assert names("--since", "1h", "--request", REQUEST, "--limit", "1") == ["ticket.copied"]
    assert give("events", "--since", "soon").exit_code == 2


def test_workers_are_listed_with_what_they_hold(give: Give, client: "valkey.Valkey") -> None:
    """Name, machine, process, last sign of life, targets; nobody is a worker that was never there."""
    none = give("workers")
    stream = "{monarch}:migrations"
    client.xgroup_create(stream, "workers", "0", mkstream=True)
    for target in ("o/a", "o/b"):
        client.xadd(stream, {"request": REQUEST, "target": target})
    client.xreadgroup("workers", "box-1.example.42.a1b2c3", {stream: ">"}, count=1)
    client.xreadgroup("workers", "released", {stream: ">"}, count=1)

    head, line = give("workers").stdout.splitlines()
    (document,) = json.loads(give("workers", "--json").stdout)

    assert none.stdout == "no workers\n"
    assert head.split() == [
        "WORKER",
        "HOST",
        "VERSION",
        "PID",
        "LAST",
        "SIGN",
        "REQUESTS",
        "MIGRATIONS",
        "NOTICES",
        "TARGETS",
    ]
    assert line.split()[:4] == ["box-1.example.42.a1b2c3", "box-1.example", "-", "42"]
    assert line.split()[-4:] == ["0", "1", "0", "o/a"]
    assert document["held"] == {"migrations": 1}
    assert document["targets"] == ["o/a"]


# ----------------------------------------------------------------------------------- what is watched


def test_a_watched_status_tells_a_silence_once_for_each_cause(
    give: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night of silence is two lines, not thousands."""
    reading, refused = FleetReader.snapshot, "reading: ConnectionError: refused (127.0.0.1:1)."
    causes = [None, refused, refused, refused, "reading: BusyLoadingError: loading", None]
    script = iter(causes)

    async def next_one(self: FleetReader) -> Snapshot:
        cause = next(script, "ends")
        if cause == "ends":
            raise typer.Exit
        if cause is not None:
            raise StoreError(cause)
        return await reading(self)

    monkeypatch.setattr("monarch.cli.status.WATCHED_S", 0)
    monkeypatch.setattr(FleetReader, "snapshot", next_one)

    told = give("status", "--watch").stderr.splitlines()

    assert told == [
        f"Valkey does not answer ({refused.rstrip('.')}); waiting",
        "Valkey does not answer (reading: BusyLoadingError: loading); waiting",
        "Valkey answers again",
    ]


def test_what_an_act_did_stands_apart_from_the_table(give: Give, told: "valkey.Valkey") -> None:
    """In a narrow terminal it would read as one more of its rows."""
    acted = {"acted": "recall", "changed": "12"}
    told.hset(f"{{monarch}}:migration:{REQUEST}:o/a", mapping=acted)

    lines = give("show", REQUEST).stdout.splitlines()

    (place,) = [number for number, line in enumerate(lines) if line == "o/a: 12 recalled"]
    assert lines[place - 1] == ""
    assert lines[place - 2] != ""


@pytest.mark.parametrize(
    ("command", "shown"), [(["requests"], 20), (["events"], 50), (["dead", "list"], 50)]
)
def test_a_listing_that_a_default_cuts_says_so(
    give: Give, client: "valkey.Valkey", command: list[str], shown: int
) -> None:
    """Of 61 letters 50 were shown, and no word said that there are more."""
    note = f"showing the newest {shown}: --limit shows more"
    for number in range(shown + 1):
        request = f"{1732406400000 + number}-0"
        client.zadd("{monarch}:known", {request: 1732406400000 + number})
        client.hset(f"{{monarch}}:request:{request}", mapping={"state": "skipped", "source": "o/s"})
        client.xadd("{monarch}:events", {"event": "request.appended", "request": request})
        client.xadd("{monarch}:dead", {"code": "poison", "request": request})

    cut, asked = give(*command), give(*command, "--limit", str(shown))
    for_programs = give(*command, "--json")

    assert note in cut.stderr
    assert note not in cut.stdout
    assert len(cut.stdout.splitlines()) - (command != ["events"]) == shown
    assert note not in asked.stderr
    assert json.dumps({"note": note}) in for_programs.stderr.splitlines()

    client.flushall()
    assert note not in give(*command).stderr
