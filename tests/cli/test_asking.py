"""The two ways in."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import cast

import pytest
import valkey
from valkey.client import PubSub

from monarch.app.operator import message
from monarch.cli.choice import actor
from monarch.core.request.channels import EXPECTED
from monarch.sandbox.valkey import EmbeddedValkey
from tests.cli.conftest import Give, requests_in

CHANNEL = "channel_migrate_issue_tickets"


@contextmanager
def somebody_listening(client: "valkey.Valkey") -> Iterator[Callable[[], bytes]]:
    """A subscriber of the channel; the value gives what it heard."""
    pubsub = PubSub(client.connection_pool, ignore_subscribe_messages=True)
    pubsub.subscribe(CHANNEL)  # type: ignore[no-untyped-call]  # valkey-py leaves it untyped
    pubsub.get_message(timeout=5)

    def heard() -> bytes:
        found = pubsub.get_message(timeout=5)
        data: bytes = found["data"] if found else b""
        return data

    try:
        yield heard
    finally:
        pubsub.close()


def end(server: EmbeddedValkey, state: str) -> threading.Thread:
    """A worker's part: wait for a request and end it; started at once."""

    def work() -> None:
        client = valkey.Valkey.from_url(server.url)
        client.xread({"{monarch}:requests": "0"}, count=1, block=10_000)
        ((name, _),) = requests_in(client)
        target = {"state": "done" if state == "done" else "dead", "target": "o/a", "copied": "2"}
        client.hset(f"{{monarch}}:migration:{name}:o/a", mapping=target)
        fields = {"state": state, "targets": "o/a", "tickets": "2", "source": "o/s"}
        client.hset(f"{{monarch}}:request:{name}", mapping=fields)
        client.connection_pool.disconnect()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_who_has_submitted_a_request_is_on_record(give: Give) -> None:
    """`came by submit` named no person, and at night an operator wants to know whom to ask."""
    given = give("submit", "o/s", "o/a", "--by", "  Ada\tLovelace ")
    request = given.stdout.strip()

    shown = give("show", request).stdout
    events = give("events", "--request", request).stdout

    assert "\ncame by   submit\nasked by  Ada Lovelace\n" in shown
    assert json.loads(give("show", request, "--json").stdout)["asked_by"] == "Ada Lovelace"
    assert "Ada Lovelace" in events


def test_a_submission_without_a_name_is_asked_for_by_the_user(give: Give) -> None:
    """As every other command does it."""
    request = give("submit", "o/s", "o/a").stdout.strip()

    assert f"asked by  {actor(None)}\n" in give("show", request).stdout


def test_submit_prints_the_id_of_a_request_on_disk(give: Give, client: "valkey.Valkey") -> None:
    """The id alone, so that a script can take it; the payload is the platform's."""
    result = give("submit", "o/s", "o/a", "o/b", "--channel", "C1")

    ((entry, fields),) = requests_in(client)
    assert (result.exit_code, result.stdout) == (0, f"{entry}\n")
    assert json.loads(fields[b"payload"]) == {
        "source_repo": "o/s",
        "all_target_repositories": ["o/a", "o/b"],
        "notification_channel": "C1",
    }


def test_submit_without_a_channel_tells_nobody(give: Give, client: "valkey.Valkey") -> None:
    """The key is left out, as the message contract allows."""
    give("submit", "o/s", "o/a")

    ((_, fields),) = requests_in(client)
    assert "notification_channel" not in json.loads(fields[b"payload"])


def test_submit_asks_for_a_portion(give: Give, client: "valkey.Valkey") -> None:
    """The date as it was typed, so that its zone is kept, and the titles."""
    date = (datetime.now(UTC) + timedelta(days=7)).isoformat(timespec="seconds")
    sprints = ("--milestone", "Sprint 2", "--milestone", "Sprint 3")

    result = give("submit", "o/s", "o/a", *sprints, "--not-before", date)

    assert result.exit_code == 0
    ((_, fields),) = requests_in(client)
    message = json.loads(fields[b"payload"])
    assert (message["not_before"], message["milestones"]) == (date, ["Sprint 2", "Sprint 3"])


@pytest.mark.parametrize("command", ["submit", "plan"])
@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--not-before", "2026-11-30T08:00:00", "names no zone"),
        ("--not-before", "Monday", "expected --not-before to be a date in ISO 8601"),
        ("--not-before", "", "got an empty text"),
        (
            "--not-before",
            "2020-01-06T08:00:00+01:00",
            "is Mon 2020-01-06 08:00 +01:00, which has passed",
        ),
        ("--not-before", "2999-01-01T00:00:00Z", "and may be 400"),
        ("--milestone", " ", 'expected each title of --milestone to be a text, such as "Sprint 2"'),
    ],
)
def test_a_wrong_portion_is_wrong_usage(
    give: Give, client: "valkey.Valkey", command: str, option: str, value: str, says: str
) -> None:
    """It says so at once, and nothing is submitted."""
    result = give(command, "o/s", "o/a", option, value, GH_PAT="ghp_x")

    assert (result.exit_code, result.stdout) == (2, "")
    assert says in " ".join(result.stderr.split())
    assert requests_in(client) == []


_MESSAGE_WORDS = re.compile(
    "all_target_repositories|source_repo|not_before|milestones|message|publish"
)


@pytest.mark.parametrize("command", ["submit", "plan"])
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("o/s", *(f"o/t{n}" for n in range(501))), "TARGETS has 501 entries and may have 500"),
        (("o/s", "o/a", "--not-before", "2999-01-01T00:00:00Z"), "--not-before is Tue 2999-01-01"),
        (("o/s", "o/a", "--not-before", "2026-11-30T08:00"), "--not-before is"),
        (("o/s", "o/a", "--milestone", ""), 'such as "Sprint 2", got an empty text'),
        (("o/s", "o/a", *(f"--milestone={n}" for n in range(101))), "--milestone has 101 titles"),
        (
            ("o/s", "o/a", *(f"--milestone={n}{'x' * 20_000}" for n in range(99))),
            "split it into several",
        ),
        (("nothing", "o/a"), "SOURCE: expected a repository as owner/repo"),
    ],
)
def test_what_is_wrong_with_a_command_is_said_of_its_arguments(
    give: Give, command: str, arguments: tuple[str, ...], says: str
) -> None:
    """A person who types it has written no message, and can publish none again."""
    result = give(command, *arguments, GH_PAT="ghp_x")

    words = " ".join(result.stderr.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in words
    assert _MESSAGE_WORDS.search(words) is None


def test_a_source_among_its_targets_is_left_out_of_them(give: Give) -> None:
    """Alone and beside others, in words for a person who submits and for one who reads the dead letter."""
    alone = give("submit", "o/s", "o/s")
    beside = give("submit", "o/s", "o/s", "o/a")

    assert (alone.exit_code, beside.exit_code) == (2, 0)
    for told in (alone, beside):
        assert "o/s is the source itself; leave it out of the targets" in told.stderr


def test_each_bad_target_has_a_line_of_its_own(give: Give) -> None:
    """Five of them were strung together in one sentence, and a program had to take that apart."""
    told = give("submit", "o/s", "nonsense", "o/s")
    document = json.loads(give("submit", "o/s", "nonsense", "o/s", "--json").stderr)["error"]

    first, *lines = told.stderr.splitlines()
    assert (told.exit_code, first) == (
        2,
        "monarch: there is no target that can be one, and nothing was submitted:",
    )
    assert [line.split()[1] for line in lines] == ["expected", "o/s"]
    assert [f"- {mistake}" for mistake in document["mistakes"]] == lines


def test_a_submission_is_repeated_although_its_date_has_passed(
    give: Give, client: "valkey.Valkey"
) -> None:
    """To repeat it under its key is the advice after a lost answer; without the date it was called another message."""
    past = ("o/s", "o/a", "--not-before", "2020-01-01T00:00:00Z")
    payload = message("o/s", ["o/a"], None, past[-1])
    submission = {"entry": "17-0", "digest": sha1(payload, usedforsecurity=False).hexdigest()}
    client.hset("{monarch}:inbox:submission:known", mapping=submission)

    again = give("submit", *past, "--key", "known")
    refused = give("submit", *past, "--key", "unknown")

    assert (again.exit_code, again.stdout) == (0, "17-0\n")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "which has passed" in refused.stderr
    assert client.xlen("{monarch}:requests") == 0


def test_submitting_again_under_a_key_gives_the_same_request(
    give: Give, client: "valkey.Valkey"
) -> None:
    """A script that does not know whether it got through may simply repeat."""
    first = give("submit", "o/s", "o/a", "--key", "cohort-12", "--json")
    again = give("submit", "o/s", "o/a", "--key", "cohort-12", "--json")

    assert json.loads(first.stdout) == json.loads(again.stdout)
    assert client.xlen("{monarch}:requests") == 1


@pytest.mark.parametrize(
    ("state", "status"), [("done", 0), ("skipped", 0), ("failed", 1), ("dead", 1)]
)
def test_submit_waits_for_the_end(
    give: Give, server: EmbeddedValkey, state: str, status: int
) -> None:
    """And its exit code says how it went; what happens meanwhile is no result."""
    worker = end(server, state)

    result = give("submit", "o/s", "o/a", "--wait")

    worker.join()
    assert result.exit_code == status
    assert len(result.stdout.splitlines()) == 1
    assert f"request: {state}" in result.stderr
    assert "o/a: " in result.stderr


def test_submit_waits_and_ends_in_json(give: Give, server: EmbeddedValkey) -> None:
    """One document: the request as it stands at its end."""
    worker = end(server, "done")

    result = give("submit", "o/s", "o/a", "--wait", "--json")

    worker.join()
    document = json.loads(result.stdout)
    assert document["view"]["state"] == "done"
    assert document["request"] == document["view"]["id"]
    assert result.stderr == ""


@pytest.mark.parametrize(
    "channel",
    ["<!channel>", "<#C06GHMZB3M3>", "@ada", "a,b", "C1 C2", "#", "##a", "https://x.slack.com/C1"],
)
@pytest.mark.parametrize("command", ["submit", "publish"])
def test_a_channel_that_can_be_none_is_refused_while_it_can_be_corrected(
    give: Give, client: "valkey.Valkey", command: str, channel: str
) -> None:
    """Slack would refuse it when all is copied, and the ending would not be heard."""
    said = give(command, "o/s", "o/a", "--channel", channel)

    assert (said.exit_code, said.stdout) == (2, "")
    assert f"--channel should be {EXPECTED}, not {channel}" in said.stderr
    assert requests_in(client) == []


@pytest.mark.parametrize("channel", ["C06GHMZB3M3", "#cohort-12", "größe_1", " C1 ", ""])
def test_a_channel_may_be_an_id_or_a_name(
    give: Give, client: "valkey.Valkey", channel: str
) -> None:
    """In any script; an empty one means no channel."""
    assert give("submit", "o/s", "o/a", "--channel", channel).exit_code == 0
    assert len(requests_in(client)) == 1


def test_publish_says_how_many_heard(give: Give, client: "valkey.Valkey") -> None:
    """As the platform does it; but the platform does not look."""
    with somebody_listening(client) as heard:
        result = give("publish", "o/s", "o/a", "--channel", "C1")

        assert (result.exit_code, result.stdout) == (0, "heard by 1\n")
        assert json.loads(heard())["source_repo"] == "o/s"


def test_publish_sends_a_payload_as_it_is(give: Give, client: "valkey.Valkey") -> None:
    """To try what happens to an unreadable message."""
    with somebody_listening(client) as heard:
        result = give("publish", "--payload", "{not json", "--json")

        assert json.loads(result.stdout) == {"receivers": 1}
        assert heard() == b"{not json"
        assert "it will end as a dead letter: expected a JSON object" in result.stderr


def test_a_published_target_that_cannot_be_one_is_told_of(
    give: Give, client: "valkey.Valkey"
) -> None:
    """It said "heard by 2" alone; the same as arguments was warned of."""
    message = {"source_repo": "o/s", "all_target_repositories": ["o/a", "foo", {"name": "o/b"}]}
    with somebody_listening(client):
        said = " ".join(give("publish", "--payload", json.dumps(message)).stderr.split())

    assert "! foo will end as a dead letter: " in said
    assert "! an object will end as a dead letter: " in said


def test_a_published_date_too_far_ahead_is_foretold(give: Give, client: "valkey.Valkey") -> None:
    """It was heard, and was a dead letter a moment later."""
    message = {
        "source_repo": "o/s",
        "all_target_repositories": ["o/a"],
        "not_before": "2099-01-01T00:00:00Z",
    }
    with somebody_listening(client):
        said = " ".join(give("publish", "--payload", json.dumps(message)).stderr.split())

    assert "! it will end as a dead letter: not_before is Thu 2099-01-01 00:00 UTC" in said


def test_a_published_key_that_reads_like_another_is_told_of(
    give: Give, client: "valkey.Valkey"
) -> None:
    """`milestone` was ignored in silence, and everything would have been copied."""
    message = {
        "source_repo": "o/s",
        "all_target_repositories": ["o/a"],
        "milestone": ["Sprint 1"],
        "note": "of a newer publisher",
    }
    with somebody_listening(client):
        said = " ".join(give("publish", "--payload", json.dumps(message)).stderr.split())

    assert "! its key milestone is ignored: did you mean milestones?" in said
    assert "note" not in said


def test_a_published_key_that_is_given_twice_is_named(give: Give, client: "valkey.Valkey") -> None:
    """The first list of targets was dropped in silence, as JSON readers do."""
    payload = (
        '{"source_repo": "o/s", "all_target_repositories": ["o/a"],'
        ' "all_target_repositories": ["o/b"], "note": {"a": 1, "a": 2}}'
    )
    with somebody_listening(client):
        said = " ".join(give("publish", "--payload", payload).stderr.split())

    assert (
        "! its key all_target_repositories is given more than once: only the last one counts"
        in said
    )
    assert "note" not in said


def test_a_message_in_the_place_of_a_source_is_led_to_its_option(give: Give) -> None:
    """It said to give SOURCE and TARGETS, and a newcomer had given both, in the message."""
    result = give("publish", '{"source_repo": "o/s", "all_target_repositories": ["o/a"]}')

    assert result.exit_code == 2
    assert "a message as JSON goes behind --payload" in " ".join(result.stderr.split())


def test_publish_to_nobody_fails_and_says_what_to_do(give: Give) -> None:
    """Pub/sub keeps nothing, and perhaps the workers listen to another channel."""
    result = give("publish", "o/s", "o/a")

    assert result.exit_code == 1
    assert "monarch submit" in result.stderr
    assert "no worker listens to the channel channel_migrate_issue_tickets" in result.stderr
    assert "set MONARCH_CHANNEL as the workers have it" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["publish"], ["publish", "o/s"], ["publish", "o/s", "o/a", "--payload", "x"]]
)
def test_publish_wants_one_kind_of_message(give: Give, arguments: list[str]) -> None:
    """Wrong usage is 2."""
    assert give(*arguments).exit_code == 2


def test_what_is_published_while_valkey_takes_nothing_in_is_at_risk(
    give: Give, client: "valkey.Valkey"
) -> None:
    """It said "heard by 1", and the message waited in the worker, to be lost with it."""
    worker = PubSub(client.connection_pool)
    worker.subscribe("channel_migrate_issue_tickets")  # type: ignore[no-untyped-call]  # valkey-py leaves it untyped
    try:
        worker.get_message(timeout=5)
        before = cast("dict[str, str]", client.config_get("maxmemory"))["maxmemory"]
        client.config_set("maxmemory", "1mb")
        try:
            said = give("publish", "o/s", "o/a")
        finally:
            client.config_set("maxmemory", before)
    finally:
        worker.close()

    assert said.stdout == "heard by 1\n"
    assert "! Valkey takes in no new work" in said.stderr


def test_what_is_submitted_to_no_worker_says_so(give: Give) -> None:
    """It printed an id, as ever, and nothing happened; only the other commands said that no worker was running."""
    people, program = give("submit", "o/s", "o/a"), give("submit", "o/s", "o/b", "--json")

    assert (people.exit_code, program.exit_code) == (0, 0)
    assert (
        "! no worker is running, and messages that are published now are lost. Start one with `monarch run`"
        in people.stderr
    )
    assert (
        "no worker is running, and messages that are published now are lost. Start one with `monarch run`"
        in program.stderr
    )
    assert json.loads(program.stdout)["request"]


def test_a_key_whose_record_is_broken_is_not_sent_to_the_doctor(
    give: Give, client: "valkey.Valkey"
) -> None:
    """The doctor finds nothing, as it cannot know the key; the way out is another one, or a look at what it holds."""
    client.rpush("{monarch}:inbox:submission:week-8", "x")

    said = give("submit", "o/s", "o/a", "--key", "week-8")

    assert said.exit_code == 1
    assert "{monarch}:inbox:submission:week-8 is a list and should be a hash" in said.stderr
    assert "Nothing was submitted" in said.stderr
    assert "TYPE" in said.stderr
    assert "doctor" not in said.stderr


def test_what_is_submitted_beside_a_broken_key_is_submitted(
    give: Give, client: "valkey.Valkey"
) -> None:
    """A look at the fleet behind an act must not make the act a failure: a script would repeat it, and ask for two."""
    client.set("{monarch}:parked", "text")
    client.set("{monarch}:swept", "text")

    said = give("submit", "o/s", "o/a")

    assert said.exit_code == 0
    assert len(requests_in(client)) == 1
    assert "! work that needs the key {monarch}:parked stands still" in said.stderr
