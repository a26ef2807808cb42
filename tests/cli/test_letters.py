"""Choosing dead letters, sending them back and throwing them away."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from monarch.core.outcome import Code
from tests.cli.conftest import Give

REQUEST, OTHER = "1732406400000-0", "1732406500000-0"
GONE = "no dead letter any more"


def bury(
    client: Any,
    target: str,
    request: str = REQUEST,
    code: str = "repository_not_found",
    at_ms: int | None = None,
) -> str:
    """A migration that was given up, with all that a replay needs; the letter's id."""
    base, migration = "{monarch}:", f"{request}:{target}"
    key = f"{base}request:{request}"
    targets = [*filter(None, (client.hget(key, "targets") or b"").decode().split("\n")), target]
    client.hset(key, mapping={"state": "failed", "run": "1", "targets": "\n".join(targets)})
    client.set(f"{base}plan:{request}", "a plan")
    gone = {"state": "dead", "target": target, "order": "0", "code": code}
    client.hset(f"{base}migration:{migration}", mapping=gone)
    letter = {"stream": "migrations", "entry": "1-1", "request": request, "migration": migration}
    more = {"payload": "", "code": code, "reason": "it is not there"}
    found = client.xadd(
        f"{base}dead", {**letter, **more}, id="*" if at_ms is None else f"{at_ms}-0"
    )
    return bytes(found).decode()


def targets_of(shown: str) -> list[str]:
    """Whose letters a JSON listing holds."""
    return [one["migration"].partition(":")[2] for one in json.loads(shown)]


@pytest.fixture
def many(client: Any) -> list[str]:
    """Four letters: three of one request, one of another; one cancelled; one of long ago."""
    return [
        bury(client, "o/Old", at_ms=1732406460000),
        bury(client, "o/a"),
        bury(client, "o/b", code="cancelled"),
        bury(client, "o/a", OTHER),
    ]


CHOICES = [
    (["--request", REQUEST], ["o/b", "o/a", "o/Old"]),
    (["--target", "O/A"], ["o/a", "o/a"]),
    (["--target", "https://github.com/o/a.git"], ["o/a", "o/a"]),
    (["--code", "cancelled"], ["o/b"]),
    (["--older-than", "2h"], ["o/Old"]),
    (["--newer-than", "15min"], ["o/a", "o/b", "o/a"]),
    (["--newer-than", "2h", "--request", REQUEST, "--target", "o/a"], ["o/a"]),
    (["--older-than", "2h", "--newer-than", "3d"], []),
    (["--limit", "2"], ["o/a", "o/b"]),
    (["--target", "not a name"], []),
]


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(("filters", "targets"), CHOICES)
def test_letters_are_chosen(give: Give, filters: Sequence[str], targets: list[str]) -> None:
    """Newest first; of several filters all hold."""
    assert targets_of(give("dead", "list", "--json", *filters).stdout) == targets


@pytest.mark.parametrize("command", ["list", "replay", "drop"])
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--code", "lost"], ", ".join(sorted(Code))),
        (["--older-than", "yesterday"], "--older-than should be an age such as 90s"),
        (["--newer-than", "-2h"], "--newer-than should be an age"),
        (["--request", "soon"], "a request's id is two numbers with a dash between"),
    ],
)
def test_a_filter_that_is_none_is_wrong_usage(
    give: Give, command: str, wrong: list[str], told: str
) -> None:
    """Exit 2, saying which there are."""
    said = give("dead", command, *wrong)

    assert (said.exit_code, said.stdout) == (2, "")
    assert told in said.stderr


@pytest.mark.parametrize("command", ["replay", "drop"])
@pytest.mark.usefixtures("many")
def test_nothing_said_is_not_all(give: Give, client: Any, command: str) -> None:
    """A command that changes something asks for words, and says which."""
    said = give("dead", command)

    assert said.exit_code == 2
    assert "--request" in said.stderr
    assert "--all" in said.stderr
    assert client.xlen("{monarch}:dead") == 4


def test_letters_are_sent_back_oldest_first(give: Give, client: Any, many: list[str]) -> None:
    """Each names its migration, and stands in its stream again."""
    said = give("dead", "replay", "--request", REQUEST, "--by", "ada")

    ids = [f"{REQUEST}:{target}" for target in ("o/Old", "o/a", "o/b")]
    assert said.exit_code == 0
    assert said.stdout.splitlines() == [
        f"replayed  {letter}  {migration}" for letter, migration in zip(many, ids, strict=False)
    ]
    assert "3 replayed, 0 refused" in said.stderr
    assert "! no worker is running" in said.stderr
    assert client.xlen("{monarch}:migrations") == 3
    assert client.xlen("{monarch}:dead") == 1
    assert client.hget(f"{{monarch}}:request:{REQUEST}", "state") == b"running"


def test_one_refused_is_a_failure_and_stays(give: Give, client: Any, many: list[str]) -> None:
    """The others are sent back all the same, and each is reported."""
    client.delete(f"{{monarch}}:plan:{OTHER}")

    said = give("dead", "replay", "--all", "--json")

    document = json.loads(said.stdout)
    assert said.exit_code == 1
    assert (document["replayed"], document["refused"]) == (3, 1)
    assert [one["letter"] for one in document["letters"]] == many
    assert "plan is not known any more" in document["letters"][3]["refused"]
    assert client.xlen("{monarch}:dead") == 1


def test_a_letter_is_sent_back_by_its_id_or_its_entrys(give: Give, many: list[str]) -> None:
    """A missing one is a failure: another person may have taken it."""
    first, again = (give("dead", "replay", many[1]) for _ in range(2))
    by_entry = give("dead", "replay", "1-1", "--target", "o/b")

    assert (first.exit_code, again.exit_code, by_entry.exit_code) == (0, 1, 0)
    assert f"refused   {many[1]}  {GONE}" in again.stdout
    assert f"replayed  {many[2]}  {REQUEST}:o/b" in by_entry.stdout


@pytest.mark.parametrize("command", ["replay", "drop"])
def test_an_id_and_a_filter_hold_together(
    give: Give, client: Any, many: list[str], command: str
) -> None:
    """What is named and not meant is left alone, and told."""
    said = give("dead", command, many[1], "--code", "cancelled")

    assert said.exit_code == 1
    assert GONE in said.stdout + said.stderr
    assert client.xlen("{monarch}:dead") == 4


def test_a_dry_run_says_what_a_replay_then_does(give: Give, client: Any, many: list[str]) -> None:
    """To the letter, with what is refused and why; and it changes nothing."""
    client.delete(f"{{monarch}}:plan:{OTHER}")
    before = {name: client.dump(name) for name in client.keys("*")}

    foreseen = give("dead", "replay", "--all", "--dry-run")
    document = json.loads(give("dead", "replay", "--all", "--dry-run", "--json").stdout)
    unknown = give("dead", "replay", "5-5", "--dry-run")
    after = {name: client.dump(name) for name in client.keys("*")}
    done = give("dead", "replay", "--all")

    assert after == before
    as_done = foreseen.stdout.replace("would refuse", "refused ").replace(
        "would replay", "replayed"
    )
    assert (as_done, foreseen.exit_code) == (done.stdout, done.exit_code)
    assert foreseen.stderr == "would replay 3, would refuse 1; nothing was changed (--dry-run)\n"
    assert (document["dry_run"], document["replayed"], document["refused"]) == (True, 3, 1)
    assert (unknown.exit_code, GONE in unknown.stdout) == (1, True)


def test_a_dry_run_of_a_drop_shows_and_changes_nothing(
    give: Give, client: Any, many: list[str]
) -> None:
    """The same listing that the command would go through; a name that is none is a failure here, too."""
    said = give("dead", "drop", "--request", REQUEST, "--dry-run")
    document = give("dead", "drop", "--all", "--dry-run", "--json").stdout
    unknown = give("dead", "drop", many[0], "5-5", "--dry-run")

    assert said.exit_code == 0
    assert [line.split()[0] for line in said.stdout.splitlines()] == ["ID", *many[:3]]
    assert "meant: 3; nothing was changed" in said.stderr
    assert [one["id"] for one in json.loads(document)] == many
    assert unknown.exit_code == 1
    assert client.xlen("{monarch}:dead") == 4
    assert client.exists("{monarch}:migrations") == 0


@pytest.mark.parametrize("id_", ["x\x1b[2J", "-", "+", "1-1-1"])
def test_a_name_that_no_letter_has_is_shown_harmlessly(give: Give, id_: str) -> None:
    """Valkey's ranges have words of their own; none of them reaches it."""
    said = give("dead", "replay", "--", id_)

    assert said.exit_code == 1
    assert "\x1b" not in said.stdout
    assert GONE in said.stdout


def test_none_that_is_meant_is_no_failure(give: Give) -> None:
    """A script may ask every night."""
    replayed, dropped = give("dead", "replay", "--all"), give("dead", "drop", "--all", "--yes")

    assert (replayed.exit_code, dropped.exit_code) == (0, 0)
    assert dropped.stdout == "0 dropped\n"
    assert "no dead letter is meant: see `monarch dead list`" in replayed.stderr


@pytest.mark.parametrize("command", ["replay", "drop"])
@pytest.mark.parametrize("option", ["--yes", "--dry-run"])
def test_no_letter_of_a_request_that_is_unknown_is_a_failure(
    give: Give, command: str, option: str
) -> None:
    """A mistyped id read like a request that is well, and a script went on."""
    options = [option] if (command, option) != ("replay", "--yes") else []
    said = give("dead", command, "--request", "99-0", *options)

    assert said.exit_code == 1
    assert "no request 99-0 is known" in said.stderr
    assert said.stdout == ""
    assert said.stderr.splitlines()[0] == give("show", "99-0").stderr.splitlines()[0]


def test_many_are_sent_back_in_chunks(
    give: Give, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the borders of chunks and of pages: none twice, none left out, and it can be seen to go on."""
    monkeypatch.setattr("monarch.cli.dead.letters.CHUNK", 2)
    monkeypatch.setattr("monarch.adapters.valkey.views.dead_letters.PAGE", 3)
    for number in range(7):
        bury(client, f"o/t{number}")

    said = give("dead", "replay", "--all")

    assert [line.rpartition(":")[2] for line in said.stdout.splitlines()] == [
        f"o/t{number}" for number in range(7)
    ]
    assert "7 so far" in said.stderr
    assert client.xlen("{monarch}:migrations") == 7


def test_a_letter_that_valkey_refuses_holds_up_no_other(
    give: Give, client: Any, many: list[str]
) -> None:
    """A key of another type in the way of one: the others go on, and that one says why it does not."""
    client.delete(f"{{monarch}}:migration:{REQUEST}:o/a")
    client.set(f"{{monarch}}:migration:{REQUEST}:o/a", "a text")

    said = give("dead", "replay", "--all")

    refused = [line for line in said.stdout.splitlines() if line.startswith("refused")]
    assert said.exit_code == 1
    assert any(many[1] in line and "WRONGTYPE" in line for line in refused)
    assert client.xlen("{monarch}:migrations") == 3


@pytest.mark.parametrize("stream", ["migrations", "notices", "requests"])
def test_the_letter_of_junk_names_no_request(give: Give, client: Any, stream: str) -> None:
    """It named its own entry, and `show` said that this request has expired. A bad request has that id, though."""
    named = {"stream": stream, "entry": "1732406402000-0", "request": "1732406402000-0"}
    rest = {"migration": "", "code": "entry_unreadable", "reason": "no", "payload": ""}
    client.xadd("{monarch}:dead", {**named, **rest})

    (letter,) = json.loads(give("dead", "list", "--json").stdout)

    assert letter["request"] == ("1732406402000-0" if stream == "requests" else "")


def test_the_letter_of_a_cohorts_notice_is_found_by_each_of_its_requests(
    give: Give, client: Any
) -> None:
    """It bears the name of the first one, and the request that told of it had "no such dead letters"."""
    client.hset("{monarch}:request:" + OTHER, mapping={"state": "done", "card": REQUEST})
    named = {"stream": "notices", "entry": "1-1", "request": REQUEST, "migration": ""}
    rest = {"code": "slack_refused", "reason": "account_inactive", "payload": "{}"}
    letter = client.xadd("{monarch}:dead", {**named, **rest}).decode()
    bury(client, "o/a")

    (found,) = json.loads(give("dead", "list", "--request", OTHER, "--json").stdout)
    looked = give("dead", "show", letter)
    dropped = give("dead", "drop", "--request", OTHER)

    assert found["id"] == letter
    assert looked.exit_code == 0
    assert dropped.stdout == "1 dropped\n"
    assert client.xlen("{monarch}:dead") == 1


def test_letters_are_thrown_away(give: Give, client: Any, many: list[str]) -> None:
    """By filter or by id; a missing one is reported."""
    by_filter = give("dead", "drop", "--request", REQUEST)
    by_id = give("dead", "drop", many[0], many[3], "--json")

    assert (by_filter.exit_code, by_filter.stdout) == (0, "3 dropped\n")
    none = give("dead", "drop", many[0])
    assert (none.exit_code, none.stdout) == (1, "0 dropped\n")
    assert none.stderr.startswith("1 not there: no dead letter any more")
    assert by_id.exit_code == 1
    assert json.loads(by_id.stdout) == {"dropped": 1, "gone": 1}
    assert client.xlen("{monarch}:dead") == 0


@pytest.mark.usefixtures("many")
def test_throwing_all_away_asks_for_a_yes(give: Give, client: Any) -> None:
    """No question on the terminal: it is for scripts, too."""
    asked = give("dead", "drop", "--all")

    assert asked.exit_code == 2
    assert "--yes" in asked.stderr
    assert client.xlen("{monarch}:dead") == 4
    assert give("dead", "drop", "--all", "--yes").stdout == "4 dropped\n"


ENTRY = "1732406700000-0"


@pytest.fixture
def of_one_entry(client: Any) -> list[str]:
    """Two letters of one entry, as of a message with two impossible targets, and one of another."""
    found = []
    for entry, target in ((ENTRY, "a b"), (ENTRY, "c/d/e"), ("1-1", "o/a")):
        letter = {"stream": "requests", "entry": entry, "request": entry, "code": "bad_target"}
        fields = {**letter, "migration": f"{entry}:{target}", "payload": "{}", "reason": "no name"}
        found.append(client.xadd("{monarch}:dead", fields).decode())
    return found


def left(client: Any) -> list[str]:
    """The letters that are there."""
    return [letter.decode() for letter, _ in client.xrange("{monarch}:dead")]


def test_the_id_of_an_entry_means_all_its_letters(
    give: Give, client: Any, of_one_entry: list[str]
) -> None:
    """`1 dropped` was said, and the other letter of the same message stayed."""
    shown = give("dead", "show", ENTRY)
    document = json.loads(give("dead", "show", ENTRY, "--json").stdout)
    foreseen = give("dead", "replay", ENTRY, "--dry-run")
    dropped = give("dead", "drop", ENTRY)

    assert [line for line in shown.stdout.splitlines() if line.startswith("target")] == [
        "target      c/d/e",
        "target      a b",
    ]
    assert (document["target"], document["others"]) == ("c/d/e", [of_one_entry[0]])
    assert [line.split()[2] for line in foreseen.stdout.splitlines()] == of_one_entry[:2]
    assert (dropped.exit_code, dropped.stdout) == (0, "2 dropped\n")
    assert left(client) == of_one_entry[2:]


def test_a_letter_alone_has_no_others(give: Give, of_one_entry: list[str]) -> None:
    """As JSON it is one document, whatever the id means."""
    assert json.loads(give("dead", "show", of_one_entry[2], "--json").stdout)["others"] == []


def test_a_letter_that_is_named_twice_is_dropped_once(
    give: Give, client: Any, of_one_entry: list[str]
) -> None:
    """By its own id and by its entry's; a filter still holds."""
    filtered = give("dead", "drop", ENTRY, "--target", "a b")
    dropped = give("dead", "drop", of_one_entry[1], ENTRY)

    assert (filtered.stdout, dropped.stdout) == ("1 dropped\n", "1 dropped\n")
    assert left(client) == of_one_entry[2:]


@pytest.fixture
def both(client: Any) -> str:
    """An id that a letter has, and the entry of another: in a burst Valkey gives it out twice."""
    bury(client, "o/a", at_ms=1732406700000)
    fields = {"stream": "migrations", "entry": ENTRY, "request": REQUEST, "code": "poison"}
    client.xadd("{monarch}:dead", {**fields, "migration": f"{REQUEST}:o/b"}, id="1732406800000-0")
    return ENTRY


@pytest.mark.parametrize("command", [["replay"], ["drop"], ["drop", "--dry-run"]])
def test_an_id_that_means_two_things_changes_nothing(
    give: Give, client: Any, both: str, command: list[str]
) -> None:
    """The letter with that id was dropped in silence, and another one was meant."""
    said = give("dead", *command, both, "--newer-than", "3000d")

    assert said.exit_code == 2
    assert (
        f"{both} is letter {both} of entry 1-1 (o/a), and also the entry of letter" in said.stderr
    )
    assert "1732406800000-0 (o/b); nothing was changed" in said.stderr
    given = f"monarch dead {command[0]} {both} --newer-than 259200000s --as"
    assert f"`{given} letter` means the one, `{given} entry` what is of the entry" in said.stderr
    assert left(client) == [both, "1732406800000-0"]


@pytest.mark.parametrize(("sense", "stays"), [("letter", ["1732406800000-0"]), ("entry", [ENTRY])])
def test_an_id_that_means_two_things_is_dropped_as_it_is_meant(
    give: Give, client: Any, both: str, sense: str, stays: list[str]
) -> None:
    """The command that the refusal names works."""
    said = give("dead", "drop", both, "--as", sense)

    assert (said.exit_code, said.stdout) == (0, "1 dropped\n")
    assert left(client) == stays


def test_a_filter_can_say_which_of_two_things_an_id_means(
    give: Give, client: Any, both: str
) -> None:
    """Only letters of the choice are meant, so nothing is left to ask."""
    assert give("dead", "drop", both, "--target", "o/b").stdout == "1 dropped\n"
    assert left(client) == [both]


@pytest.mark.usefixtures("both")
def test_a_letter_that_is_no_entry_is_not_called_unknown(give: Give) -> None:
    """The listing had it."""
    shown = give("dead", "show", "1732406800000-0", "--as", "entry")

    assert shown.exit_code == 1
    assert "no dead letter of an entry 1732406800000-0 is known" in shown.stderr


def test_what_an_id_means_is_shown_and_said(give: Give, both: str) -> None:
    """Looking changes nothing, so both are shown."""
    shown = give("dead", "show", both)
    alone = json.loads(give("dead", "show", both, "--as", "entry", "--json").stdout)

    assert [one.split()[1] for one in shown.stdout.splitlines() if one.startswith("id")] == [
        both,
        "1732406800000-0",
    ]
    assert "--as letter" in shown.stderr
    assert (alone["id"], alone["others"]) == ("1732406800000-0", [])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["drop", "1-1", "--as", "lettr"], "--as should be one of letter, entry"),
        (["show", "1-1", "--as", "x"], "--as should be one of letter, entry"),
        (["replay", "--all", "--as", "entry"], "--as says what ids mean"),
    ],
)
def test_a_wrong_sense_of_an_id_is_wrong_usage(give: Give, wrong: list[str], told: str) -> None:
    """Nothing is guessed."""
    said = give("dead", *wrong)

    assert said.exit_code == 2
    assert told in said.stderr
