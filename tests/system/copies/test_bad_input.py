"""Messages that cannot be carried out: each is a dead letter with its reason, and the service goes on."""

import json
from collections import Counter
from typing import Any

from monarch.sandbox.control.seed import RepositoryChange, Seed
from scripts.fleet_machine.fleet import SLACK_CHANNEL, SOURCE, Fleet, a_message, a_seed
from scripts.fleet_machine.judge import assert_all_copied, assert_copied, posts

RULES = {"MONARCH_ALLOWED_SOURCES": "school/*", "MONARCH_ALLOWED_TARGETS": "team/*,school/*"}


def _message(**changes: Any) -> bytes:
    """A good message but for what is changed; a key that is changed to `...` is missing."""
    fields = json.loads(a_message(["team/a"])) | changes
    return json.dumps({key: value for key, value in fields.items() if value is not ...}).encode()


BAD_MESSAGES: dict[bytes, str] = {
    b"": "message_not_json",
    b"{": "message_not_json",
    b"\xff\xfe{}": "message_not_json",
    b'{"source_repo": NaN}': "message_not_json",
    b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}": "message_not_json",
    b"null": "message_not_an_object",
    b"[]": "message_not_an_object",
    b'"school/template"': "message_not_an_object",
    b"{}": "message_missing_key",
    _message(source_repo=...): "message_missing_key",
    _message(all_target_repositories=...): "message_missing_key",
    _message(source_repo=5): "message_wrong_type",
    _message(all_target_repositories="team/a"): "message_wrong_type",
    _message(notification_channel={"id": 1}): "message_wrong_type",
    _message(source_repo="template"): "bad_source",
    _message(source_repo=""): "bad_source",
    _message(source_repo="other/template"): "source_not_allowed",
    _message(all_target_repositories=[]): "no_targets",
    _message(all_target_repositories=[f"team/t{n}" for n in range(501)]): "too_many_targets",
    _message(padding="x" * 1024 * 1024): "message_too_large",
}

HOSTILE = (
    "../../user",
    "team/..",
    "team/.",
    "team/a/../../../user",
    "team/%2e%2e",
    "team/a?per_page=1",
    "team/a#b",
    "team//a",
    "/team/a",
    "team/a b",
    "team/a\r\nX-Injected: yes",
    "team/a\u0000",
    "team/\u202e\u0430",
    "team\\a",
    "école/x",
    "team/" + "x" * 5000,
    "https://evil.example/team/a",
    "https://user:secret@github.com/team/a",
    "git@evil.example:team/a.git",
    "file:///etc/passwd",
    "",
    "team",
    "-team/a",
    "${HOME}/a",
)


KEPT_OF_JUNK = 4096


async def test_every_bad_message_is_a_dead_letter_with_its_reason(fleet: Fleet) -> None:
    """Each kind has its own code and a sentence for people; GitHub is not asked; a good message is done."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    fleet.start(**RULES)

    for message in BAD_MESSAGES:
        fleet.publish(message)
    fleet.client.xadd("{monarch}:requests", {"payloat": "a producer's slip"})
    fleet.until_ended(len(BAD_MESSAGES) + 1)

    letters = fleet.client.xrange("{monarch}:dead")
    codes = {fields[b"payload"]: fields[b"code"].decode() for _, fields in letters}
    # Of one that nobody can replay a letter keeps the beginning.
    found = {message: codes.get(message[:KEPT_OF_JUNK]) for message in BAD_MESSAGES}
    assert found == BAD_MESSAGES
    assert sorted(codes.values()).count("entry_unreadable") == 1
    assert len(letters) == len(BAD_MESSAGES) + 1
    assert all(len(fields[b"reason"]) > 20 for _, fields in letters)
    assert _paths_asked(await fleet.sandbox.log()) <= {"/user"}

    fleet.publish(a_message(["team/a"]))
    fleet.until_ended(len(BAD_MESSAGES) + 2)
    state = await fleet.sandbox.state()
    assert_copied(state, "team/a")
    # Whoever named a channel is told there that nothing was copied; what is too large is not even read.
    told = [
        message
        for message, code in BAD_MESSAGES.items()
        if SLACK_CHANNEL.encode() in message and code != "message_too_large"
    ]
    said = "\n".join(posts(state))
    given_up = [one for one in fleet.requests() if one["state"] == "dead" and one.get("channel")]
    assert len(given_up) == len(told)
    assert all(f"`{one['id']}`" in said for one in given_up)


async def test_hostile_names_never_reach_github(fleet: Fleet) -> None:
    """As a source or as a target: a dead letter each, and no request to any address made of it."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    fleet.start(**RULES)

    for name in HOSTILE:
        fleet.publish(_message(source_repo=name, notification_channel=""))
    fleet.until_ended(len(HOSTILE))
    assert [letter["code"] for letter in fleet.dead()] == ["bad_source"] * len(HOSTILE)
    assert _paths_asked(await fleet.sandbox.log()) <= {"/user"}

    fleet.publish(a_message([*HOSTILE, SOURCE, "other/team", "team/a"]))
    request = fleet.until_ended(len(HOSTILE) + 1)[-1]

    state = await fleet.sandbox.state()
    assert request["state"] == "failed"
    assert_copied(state, "team/a")
    letters = fleet.dead()[len(HOSTILE) :]
    codes = [letter["code"] for letter in letters]
    assert codes == ["bad_target"] * len(HOSTILE) + ["target_is_source", "target_not_allowed"]
    assert all(letter["reason"] and letter["migration"] for letter in letters)
    assert _paths_asked(await fleet.sandbox.log()) <= {"/user", f"/repos/{SOURCE}", "/repos/team/a"}
    text = posts(state)[-1]
    assert "1 done" in text
    assert "secret" not in text


async def test_what_was_renamed_to_outside_the_allow_lists_is_refused_and_said(
    fleet: Fleet,
) -> None:
    """The old name is on the list and still answers; nothing is read from there, and nothing written."""
    seed = a_seed(2, ["team/a", "team/b"])
    moved = {"full_name": "school/moved", "issues": [{"title": "Secret", "body": "x"}]}
    await fleet.sandbox.seed(seed)
    await fleet.sandbox.seed(Seed.model_validate({"repositories": [moved]}))
    for before, after in (("team/b", "outside/b"), ("school/moved", "outside/moved")):
        await fleet.sandbox.update_repository(RepositoryChange(repo=before, rename_to=after))
    fleet.start(**RULES)

    fleet.publish(a_message(["TEAM/A", "team/b", "Other/Team.git", "https://github.com/other/x"]))
    fleet.publish(a_message(["team/a"], source="school/moved"))
    fleet.until_ended(2)

    state = await fleet.sandbox.state()
    assert_copied(state, "team/a")
    assert not state.repositories["outside/b"].issues
    codes = sorted(letter["code"] for letter in fleet.dead())
    assert codes == ["source_not_allowed"] + ["target_not_allowed"] * 3
    asked = _paths_asked(await fleet.sandbox.log())
    assert not any("other" in path.lower() for path in asked)
    assert not any(call.asked.startswith("/repos/outside") for call in await fleet.sandbox.log())
    said = " ".join(posts(state))
    assert all(name in said for name in ("outside/b", "outside/moved", "Other/Team", "other/x"))


RUBBISH: tuple[dict[bytes, bytes], ...] = (
    {b"\xff": b"\xff"},
    {b"v": b""},
    {b"v": b"x", b"payload": b"{}"},
    {b"v": b"1e9"},
    {b"v": b"-1", b"request": b"1-1"},
    {b"v": b"1", b"nothing": b"\x00" * 1_000_000},
    {b"": b""},
)
ODD_MIGRATIONS: tuple[dict[bytes, bytes], ...] = (
    {b"v": b"1", b"request": b"1-1\n", b"target": b"team/a"},
    {b"v": b"1", b"request": b"1-1", b"target": b"team/../a"},
    {b"v": b"1", b"request": b"1-1", b"target": b"team/a\nteam/b"},
    {b"v": b"1", b"request": b"1-1", b"target": b"team/a", b"order": b"first"},
    {b"v": b"1", b"request": b"1-1", b"target": b"team/a", b"run": b"\xc2\xb2"},
    {b"v": b"1", b"request": b"1-1", b"target": b"team/a", b"attempts": b"many"},  # no plan
    {b"v": b"1", b"request": b"1-2", b"target": b"team/a"},  # a plan that is none
    {b"v": b"1", b"request": b"1-3", b"target": b"team/a"},  # a plan of another type
    {b"v": b"1", b"request": b"1-1", b"target": b"other/x"},
)


async def test_rubbish_in_every_stream_is_given_up_and_the_innocent_go_on(fleet: Fleet) -> None:
    """Beside rubbish that is parked, and rubbish in hashes and plans: one worker, which never falls."""
    await fleet.sandbox.seed(a_seed(2, ["team/a", "team/b"]))
    client = fleet.client
    for name in ("requests", "migrations", "notices"):
        for fields in RUBBISH:
            client.xadd(f"{{monarch}}:{name}", fields)
    for fields in ODD_MIGRATIONS:
        client.xadd("{monarch}:migrations", fields)
    client.set("{monarch}:plan:1-2", b"1:\xff")
    client.rpush("{monarch}:plan:1-3", "x")
    client.zadd("{monarch}:parked", {"rubbish": 1})
    client.hset("{monarch}:parked:entries", "rubbish", b'{"stream": "epoch", "fields": [')
    odd = {
        "state": "???",
        "version": "\u00b2",
        "tickets": "9" * 5000,
        "targets": "a\n\nb",
        "run": "-",
    }
    client.hset("{monarch}:request:1-4", mapping={**odd, "channel": SLACK_CHANNEL})
    client.xadd("{monarch}:notices", {"v": "1", "request": "1-4"})

    worker = fleet.start(**RULES, MONARCH_MAX_ATTEMPTS="2")
    fleet.publish(a_message(["team/a", "team/b"]))
    fleet.until(fleet.is_idle)

    assert worker.poll() is None
    assert_all_copied(await fleet.sandbox.state(), ["team/a", "team/b"])
    letters = fleet.dead()
    assert len(letters) == 3 * len(RUBBISH) + len(ODD_MIGRATIONS) + 1
    assert all(len(letter["reason"]) > 20 for letter in letters)
    codes = Counter(letter["code"] for letter in letters)
    assert codes == {
        "entry_unreadable": 3 * len(RUBBISH) + 5 + 1,
        "plan_missing": 2,
        "out_of_attempts": 1,
        "target_not_allowed": 1,
    }
    assert "Traceback" not in fleet.log_of(worker)
    for command in ("status", "requests", "events"):
        assert fleet.run(command, "--json").returncode == 0, command


async def test_an_entry_of_newer_code_waits_and_holds_nobody_up(fleet: Fleet) -> None:
    """A rolling upgrade is under way: it is neither given up nor counted, and what is beside it goes on."""
    await fleet.sandbox.seed(a_seed(1, ["team/a"]))
    newer = fleet.client.xadd("{monarch}:migrations", {"v": "99", "request": "1-1", "shape": "new"})
    fleet.start(**RULES)

    fleet.publish(a_message(["team/a"]))
    fleet.until(lambda: [r.get("state") for r in fleet.requests()] == ["done"])

    assert_copied(await fleet.sandbox.state(), "team/a")
    assert [entry for entry, _ in fleet.client.xrange("{monarch}:migrations")] == [newer]
    assert fleet.dead() == []


def _paths_asked(log: list[Any]) -> set[str]:
    """The repositories (or other things) that GitHub was asked for."""
    paths = [call.path for call in log if call.api == "github"]
    return {path.partition("/issues")[0] for path in paths}
