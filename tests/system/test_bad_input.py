"""Messages that nobody can carry out: each is a dead letter with its reason, and the service goes on."""

import json
from typing import Any

from tests.system.fleet import SLACK_CHANNEL, SOURCE, Fleet, a_message, a_seed
from tests.system.judge import assert_copied, posts

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
    assert {message: codes.get(message) for message in BAD_MESSAGES} == BAD_MESSAGES
    assert sorted(codes.values()).count("entry_unreadable") == 1
    assert len(letters) == len(BAD_MESSAGES) + 1
    assert all(len(fields[b"reason"]) > 20 for _, fields in letters)
    assert [call for call in await fleet.sandbox.log() if call.api == "github"] == []

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
    assert sum("nothing was copied" in text for text in posts(state)) == len(told)


async def test_hostile_names_never_reach_github(fleet: Fleet) -> None:
    """As a source or as a target: a dead letter each, and no request to any address made of it."""
    await fleet.sandbox.seed(a_seed(2, ["team/a"]))
    fleet.start(**RULES)

    for name in HOSTILE:
        fleet.publish(_message(source_repo=name, notification_channel=""))
    fleet.until_ended(len(HOSTILE))
    assert [letter["code"] for letter in fleet.dead()] == ["bad_source"] * len(HOSTILE)
    assert [call for call in await fleet.sandbox.log() if call.api == "github"] == []

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


def _paths_asked(log: list[Any]) -> set[str]:
    """The repositories (or other things) that GitHub was asked for."""
    paths = [call.path for call in log if call.api == "github"]
    return {path.partition("/issues")[0] for path in paths}
