"""Pausing, resuming and calling off, as the one who does it sees it."""

import json
import re
from typing import Any

import pytest

from monarch.adapters.valkey.settlement import member_of_notice, member_of_request
from monarch.core.delivery import Stream
from tests.cli.conftest import Give, requests_in
from tests.cli.terminals import screen_for

ADA = ("--by", "ada")


def test_a_pause_says_what_runs_on(give: Give, client: Any) -> None:
    """A worker holds one request and one waits; both are reported, and nothing is touched."""
    for _ in range(2):
        give("submit", "o/s", "o/a")
    client.xgroup_create("{monarch}:requests", "workers", "0")
    client.xreadgroup("workers", "host.1.a", {"{monarch}:requests": ">"}, count=1)

    said = give("pause", *ADA)

    assert said.exit_code == 0
    assert (
        "paused by ada: within 3 s nothing new is begun any more, until `monarch resume`"
        in said.stdout
    )
    assert "in hand, and runs on to its end: 1; waits, with all that comes in: 1" in said.stdout
    assert client.get("{monarch}:paused") == b"ada"


def test_what_waits_is_tried_at_once(give: Give, client: Any) -> None:
    """Where nothing waits, that is no failure; what is not known is one."""
    request = give("submit", "o/s", "o/a").stdout.strip()
    client.hset(f"{{monarch}}:request:{request}", "state", "queued")

    nothing = give("try", request, *ADA)
    document = json.loads(give("try", request, "--json", *ADA).stdout)
    unknown = give("try", "1-1")

    give("pause", *ADA)
    assert "begins after `monarch resume`" in give("try", request).stdout
    assert nothing.stdout.startswith("nothing of it waits for a later time")
    assert "paused" not in nothing.stdout
    assert document == {"request": request, "by": "ada", "tried": 0}
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert (
        "no request 1-1 is known: it was never made, has expired, or Valkey has lost its memory: see `monarch requests`"
        in unknown.stderr
    )


def test_what_an_act_says_fits_its_terminal(monkeypatch: pytest.MonkeyPatch, give: Give) -> None:
    """Also behind a long name."""
    request, name = give("submit", "o/s", "o/a").stdout.strip(), " ".join(["Ada Lovelace"] * 7)
    screen = screen_for(monkeypatch)

    for command in (("pause",), ("first", request), ("cancel", request), ("resume",)):
        shown = screen(80, *command, "--by", name)
        assert max(map(len, shown.splitlines())) <= 80, command


def test_what_was_handed_back_is_in_nobodys_hands(give: Give, client: Any) -> None:
    """The pseudo-consumer works on nothing: it waits, and the status says so, too."""
    give("submit", "o/s", "o/a")
    client.xgroup_create("{monarch}:requests", "workers", "0")
    client.xreadgroup("workers", "released", {"{monarch}:requests": ">"})

    document = json.loads(give("pause", "--json", *ADA).stdout)

    assert document == {"paused": True, "changed": True, "by": "ada", "in_hand": 0, "waiting": 1}
    assert "requests         1        1       -     0" in give("status").stdout


def test_what_is_parked_waits_for_the_fleet_and_what_slack_gets_does_not(
    give: Give, client: Any
) -> None:
    """`waits: 0`, while two were parked."""
    request = "1732406400000-0"
    members = [member_of_request(request, Stream.REQUESTS), member_of_notice(request)]
    client.zadd("{monarch}:parked", dict.fromkeys(members, 9e15))

    assert json.loads(give("pause", "--json", *ADA).stdout)["waiting"] == 1


def test_pausing_twice_says_who_was_first(give: Give) -> None:
    """It is as was wished, so it is no failure; the name stays that of the first."""
    give("pause", *ADA)

    again = give("pause", "--by", "bob")

    assert again.exit_code == 0
    assert "was paused already, by ada" in again.stdout
    assert "paused by ada" in give("status").stdout


def test_resuming_says_who_had_paused(give: Give, client: Any) -> None:
    """And where no person had paused it, that: no failure either."""
    give("pause", *ADA)

    first, second = give("resume", "--by", "bob"), give("resume")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "resumed (it was paused by ada)" in first.stdout
    assert second.stdout == "it was not paused\n"
    assert client.exists("{monarch}:paused") == 0


def test_resuming_without_a_worker_does_not_say_that_it_goes_on(give: Give) -> None:
    """It said "goes on now: 1", and nothing went on."""
    give("submit", "o/s", "o/a")
    give("pause", *ADA)

    said = give("resume", "--by", "bob")

    assert "resumed (it was paused by ada); waits: 1" in said.stdout
    assert "! no worker is running" in said.stderr


def close_the_gate(client: Any) -> None:
    """As GitHub asked a worker to, for 50 s."""
    seconds, _micros = client.time()
    client.zadd("{monarch}:accounts", {"user:1": seconds * 1000})
    gate = {"until": (seconds + 50) * 1000, "cause": "GitHub answered 401", "closed_at": 1}
    client.hset("{monarch}:gate:user:1", mapping=gate)


def test_resuming_behind_a_closed_gate_says_when_it_goes_on(give: Give, client: Any) -> None:
    """It said "goes on now: 1", and that waited for a day."""
    give("submit", "o/s", "o/a")
    give("pause", *ADA)
    close_the_gate(client)

    said = give("resume").stdout

    assert "; waits: 1" in said
    assert "it goes on when GitHub may be asked again, in " in said


def test_trying_at_once_behind_a_closed_gate_says_when(give: Give, client: Any) -> None:
    """It was "tried at once", and went on 51 s later."""
    give("submit", "o/s", "o/a")
    [(request, _)] = requests_in(client)
    member = member_of_request(request, Stream.REQUESTS)
    client.zadd("{monarch}:parked", {member: 9e15})
    packed = {"stream": "requests", "fields": ["payload", "{}"], "request": request}
    client.hset("{monarch}:parked:entries", member, json.dumps(packed))
    close_the_gate(client)

    said = give("try", request)

    assert client.zscore("{monarch}:parked", member) is None
    assert re.search(
        r"1 piece of work is tried when GitHub may be asked again, in \d+ s \(GitHub answered 401\)",
        " ".join(said.stdout.split()),
    )


def test_who_does_it_is_user_and_host_unless_told(
    give: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name for the others to ask; a number without a name is unknown."""
    monkeypatch.setattr("getpass.getuser", lambda: "grace")
    monkeypatch.setattr("socket.gethostname", lambda: "desk")

    assert json.loads(give("pause", "--json").stdout)["by"] == "grace@desk"

    def nameless() -> str:
        raise KeyError(1234)

    monkeypatch.setattr("getpass.getuser", nameless)
    give("resume")

    assert json.loads(give("pause", "--json").stdout)["by"] == "unknown@desk"


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x1b[2J"])
def test_a_name_that_is_none_is_wrong_usage(give: Give, client: Any, name: str) -> None:
    """It is shown to everybody; nothing is changed."""
    said = give("pause", "--by", name)

    assert said.exit_code == 2
    assert "--by should be a name" in said.stderr
    assert "\x1b" not in said.stderr
    assert client.exists("{monarch}:paused") == 0


def test_a_request_is_called_off(give: Give, client: Any) -> None:
    """On record before it is logged, and `show` and `requests` show it."""
    give("submit", "o/s", "o/a")
    [(request, _)] = requests_in(client)

    said = give("cancel", request, *ADA)

    assert said.exit_code == 0
    assert "cancelled by ada: it was not planned yet" in said.stdout
    assert f"`monarch dead replay --request {request}` undoes it" in said.stdout
    assert "cancelled by  ada" in give("show", request).stdout
    assert client.hget(f"{{monarch}}:request:{request}", "cancelled_by") == b"ada"


def test_calling_off_while_paused_says_that_it_waits(give: Give, client: Any) -> None:
    """No worker takes anything up, not even to end it."""
    give("submit", "o/s", "o/a")
    [(request, _)] = requests_in(client)
    give("pause", "--by", "bob")

    said = give("cancel", request, *ADA)

    assert "the fleet is paused by bob: it ends after `monarch resume`" in said.stdout
    assert "paused by     bob" in give("show", request).stdout


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "no request 1-1 is known: see `monarch requests`; nothing was changed\n"),
        ({"state": "done"}, "request 1-1 has ended: it is done"),
        ({"state": "running", "cancelled_by": "bob"}, "was cancelled by bob already"),
    ],
)
def test_what_cannot_be_called_off_fails_and_says_why(
    give: Give, client: Any, fields: dict[str, str], why: str
) -> None:
    """Exit 1, on standard error, with where to look."""
    if fields:
        client.hset("{monarch}:request:1-1", mapping=fields)

    said = give("cancel", "1-1", *ADA)

    assert (said.exit_code, said.stdout) == (1, "")
    assert why in said.stderr
    assert ("monarch show 1-1" in said.stderr) is bool(fields)


def test_a_request_that_is_called_off_in_json(give: Give, client: Any) -> None:
    """One document."""
    give("submit", "o/s", "o/a")
    [(request, _)] = requests_in(client)

    said = give("cancel", request, "--json", *ADA)

    assert json.loads(said.stdout) == {"request": request, "by": "ada", "targets": 0}


def test_putting_a_request_first_says_so_and_shows_by_whom(give: Give, client: Any) -> None:
    """Twice is no failure; what has ended, or is not known, is one."""
    give("submit", "o/s", "o/a")
    ((entry, _),) = requests_in(client)

    said = give("first", entry, *ADA)
    again = give("first", entry, "--by", "bob", "--json")
    shown = give("show", entry).stdout

    assert (said.exit_code, said.stdout.startswith("put first by ada: its writes go")) == (0, True)
    assert "! no worker is running" in said.stderr
    assert json.loads(again.stdout) == {"request": entry, "by": "ada", "changed": False}
    assert "put first by  ada" in shown
    client.hset(f"{{monarch}}:request:{entry}", "state", "done")
    ended, unknown = give("first", entry), give("first", "1-1")
    assert (ended.exit_code, unknown.exit_code) == (1, 1)
    assert "has ended: it is done; nothing was changed: see `monarch show" in ended.stderr
    assert "no request 1-1 is known" in unknown.stderr
