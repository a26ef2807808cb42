"""From bytes to a request, or to the reason why they are none."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.outcome import Code
from monarch.core.request.channels import EXPECTED
from monarch.core.request.message import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_TARGETS,
    BadMessage,
    Request,
    parse_message,
)
from monarch.core.request.refs import RepoRef
from monarch.core.request.rules import Rules, is_allowed, source_refusal, target_refusal

RULES = Rules()
GOOD: dict[str, Any] = {
    "source_repo": "org/template",
    "all_target_repositories": ["org/team-a", "org/team-b"],
    "notification_channel": "C06GHMZB3M3",
}
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=20,
)


def parse(rules: Rules = RULES, **changes: Any) -> Request | BadMessage:
    """Parse the good message with `changes`; a key whose value is `...` is left out."""
    message = {key: value for key, value in {**GOOD, **changes}.items() if value is not ...}
    return parse_message(json.dumps(message).encode(), rules)


def good(**changes: Any) -> Request:
    """Parse the good message with `changes`, and expect a request."""
    request = parse(**changes)
    assert isinstance(request, Request)
    return request


def test_a_message_of_the_platform_is_a_request() -> None:
    """The contract as the platform publishes it."""
    assert good() == Request(
        RepoRef("org", "template"),
        (RepoRef("org", "team-a"), RepoRef("org", "team-b")),
        channel="C06GHMZB3M3",
    )


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b" " * (MAX_BYTES + 1), Code.TOO_LARGE),
        (b"", Code.NOT_JSON),
        (b"{", Code.NOT_JSON),
        (b"\xff\xfe{\x00}\x00", Code.NOT_JSON),
        (b'{"source_repo": "\xff"}', Code.NOT_JSON),
        (b'{"x": NaN}', Code.NOT_JSON),
        (b"[" * 500_000, Code.NOT_JSON),
        (b'{"x":' + b"[" * 60 + b"]" * 60 + b"}", Code.NOT_JSON),
        (b'{"x": ' + b"9" * 5000 + b"}", Code.NOT_JSON),
        (b"[]", Code.NOT_AN_OBJECT),
        (b"null", Code.NOT_AN_OBJECT),
        (b'"text"', Code.NOT_AN_OBJECT),
        (b"{}", Code.MISSING_KEY),
    ],
)
def test_what_nobody_can_read_is_told_apart(payload: bytes, code: Code) -> None:
    """Each kind of mistake has its code, and a sentence."""
    bad = parse_message(payload, RULES)

    assert isinstance(bad, BadMessage)
    assert bad.code is code
    assert 10 < len(bad.reason) < 500
    assert bad.channel is None


def test_bytes_that_are_no_text_are_told_in_words_of_people() -> None:
    """It said that a codec can't decode a byte in position 17: invalid start byte."""
    bad = parse_message(b'\xef\xbb\xbf{"source_repo": "\xff"}', RULES)

    assert isinstance(bad, BadMessage)
    assert bad.reason.endswith("(the byte 0xff is not UTF-8 there)")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"source_repo": ...}, Code.MISSING_KEY),
        ({"all_target_repositories": ...}, Code.MISSING_KEY),
        ({"source_repo": None}, Code.WRONG_TYPE),
        ({"source_repo": 12}, Code.WRONG_TYPE),
        ({"source_repo": ["org/template"]}, Code.WRONG_TYPE),
        ({"all_target_repositories": "org/team-a"}, Code.WRONG_TYPE),
        ({"all_target_repositories": None}, Code.WRONG_TYPE),
        ({"all_target_repositories": {}}, Code.WRONG_TYPE),
        ({"source_repo": ""}, Code.BAD_SOURCE),
        ({"source_repo": "template"}, Code.BAD_SOURCE),
        ({"source_repo": "https://gitlab.com/org/template"}, Code.BAD_SOURCE),
        ({"all_target_repositories": []}, Code.NO_TARGETS),
        ({"all_target_repositories": ["org/t"] * (MAX_TARGETS + 1)}, Code.TOO_MANY_TARGETS),
    ],
)
def test_what_is_wrong_with_the_whole_message_is_told_to_its_channel(
    changes: dict[str, Any], code: Code
) -> None:
    """The channel was readable, so it can be told."""
    bad = parse(**changes)

    assert isinstance(bad, BadMessage)
    assert bad.code is code
    assert bad.channel == "C06GHMZB3M3"


def test_the_missing_keys_are_named_at_once() -> None:
    """A sender need not find them one after the other."""
    bad = parse_message(b"{}", RULES)

    assert isinstance(bad, BadMessage)
    assert bad.reason == (
        "the message lacks source_repo and all_target_repositories; it has no keys at all"
    )


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            {"sourceRepo": "o/s"},
            'lacks source_repo and all_target_repositories; it has "sourceRepo"',
        ),
        (
            {"source_repo": "o/s", "allTargetRepositories": ["o/a"]},
            'lacks all_target_repositories; it has "source_repo" and "allTargetRepositories"',
        ),
        (dict.fromkeys("abcdefg", 1), '; it has "a", "b", "c", "d", "e" and 2 more'),
        ({"x" * 50: 1, "a\nb": 1}, f'; it has "{"x" * 39}…" and "a b"'),
        ({"ghp_" + "a" * 36: 1}, '; it has "***"'),
    ],
)
def test_keys_in_another_spelling_are_quoted(message: dict[str, Any], told: str) -> None:
    """Of camelCase keys it said twice which keys should be there, and not once which came."""
    bad = parse_message(json.dumps(message).encode(), RULES)

    assert isinstance(bad, BadMessage)
    assert bad.code is Code.MISSING_KEY
    assert bad.reason.endswith(told)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"all_target_repositories": ..., "notification_channel": 7}, Code.MISSING_KEY),
        ({"source_repo": "template", "all_target_repositories": 7}, Code.WRONG_TYPE),
        ({"source_repo": "template", "notification_channel": 7}, Code.WRONG_TYPE),
        ({"all_target_repositories": [], "notification_channel": 7}, Code.WRONG_TYPE),
        ({"source_repo": "template", "all_target_repositories": []}, Code.BAD_SOURCE),
        ({"all_target_repositories": [], "not_before": "soon"}, Code.NO_TARGETS),
        ({"not_before": "soon", "milestones": []}, Code.BAD_DATE),
    ],
)
def test_of_several_mistakes_the_first_is_reported(changes: dict[str, Any], code: Code) -> None:
    """Missing keys, then wrong types, then the keys in the order of the contract."""
    bad = parse(**changes)

    assert isinstance(bad, BadMessage)
    assert bad.code is code


@pytest.mark.parametrize(
    "channel", [7, True, [], {}, "C1\nC2", "C1 C2", "\ud800", "C" * 101, "xoxb-1-a"]
)
def test_a_channel_that_cannot_be_one_is_a_wrong_type(channel: object) -> None:
    """People in that channel would wait for ever."""
    bad = parse(notification_channel=channel)

    assert isinstance(bad, BadMessage)
    assert (bad.code, bad.channel) == (Code.WRONG_TYPE, None)
    assert bad.source == "org/template"


@pytest.mark.parametrize("channel", [..., None, "", "  "])
def test_without_a_channel_nobody_is_told(channel: object) -> None:
    """Missing, null and empty mean the same."""
    assert good(notification_channel=channel).channel is None


def test_the_channel_is_kept_without_the_space_around_it() -> None:
    """Slack would not find it."""
    assert good(notification_channel=" C1 ").channel == "C1"


def test_targets_are_deduplicated_in_order_and_without_case() -> None:
    """Two spellings of one repository are one target, spelled as it came first."""
    request = good(
        all_target_repositories=[
            "Org/B",
            "org/a",
            "https://github.com/org/b.git",
            "git@github.com:ORG/A.git",
        ]
    )

    assert [ref.full_name for ref in request.targets] == ["Org/B", "org/a"]


def test_a_bad_target_is_refused_by_itself() -> None:
    """The others go on; each refused one is named once, with its reason."""
    rules = Rules(allowed_targets=("org/team-*",))
    request = good(
        rules=rules,
        all_target_repositories=[
            "org/team-a",
            "nonsense",
            "NONSENSE",
            "ORG/Template",
            "other/team-b",
            7,
            "",
        ],
    )

    assert [ref.full_name for ref in request.targets] == ["org/team-a"]
    assert [(no.target, no.code) for no in request.refused] == [
        ("nonsense", Code.BAD_TARGET),
        ("ORG/Template", Code.TARGET_IS_SOURCE),
        ("other/team-b", Code.TARGET_NOT_ALLOWED),
        ("the number 7", Code.BAD_TARGET),
        ("(empty)", Code.BAD_TARGET),
    ]
    assert all(no.reason for no in request.refused)


def test_a_request_whose_targets_are_all_refused_goes_on() -> None:
    """Each of them is dead-lettered under its own name."""
    request = good(all_target_repositories=["nonsense"])

    assert request.targets == ()
    assert len(request.refused) == 1


def test_unknown_keys_are_kept() -> None:
    """A program may need them later; no code stumbles over them."""
    assert good(cohort=72, team={"id": 1}).extra == {"cohort": 72, "team": {"id": 1}}


def test_half_characters_in_unknown_keys_are_kept() -> None:
    """They are legal JSON, whatever else reads the message."""
    assert good(**{"\ud800": ["\udfff"]}).extra == {"\ud800": ["\udfff"]}


def test_nesting_up_to_the_limit_is_read() -> None:
    """The message itself is the first level."""
    deep: object = 1
    for _ in range(MAX_DEPTH - 2):
        deep = [deep]
    assert good(deep=deep).extra == {"deep": deep}


def test_a_number_of_thousands_of_digits_is_said_in_plain_words() -> None:
    """Python's words came: a limit of its own, and the function that lifts it."""
    bad = parse_message(b'{"source_repo": "o/s", "n": ' + b"9" * 6000 + b"}", RULES)

    assert isinstance(bad, BadMessage)
    assert bad.reason.endswith("(a number in it has thousands of digits)")
    assert "sys." not in bad.reason


def test_a_message_that_was_encoded_twice_is_recognized() -> None:
    """What came looked like what was expected."""
    twice = json.dumps(json.dumps({"source_repo": "o/s", "all_target_repositories": ["o/t"]}))
    bad = parse_message(twice.encode(), RULES)

    assert isinstance(bad, BadMessage)
    assert bad.code is Code.NOT_AN_OBJECT
    assert bad.reason.endswith("; it is an object that was encoded twice")


@pytest.mark.parametrize(
    ("value", "times", "end"),
    [
        ({"a": 1}, 3, '"; it is an object that was encoded three times'),
        ({"a": 1}, 5, '"; it is an object that was encoded 5 times'),
        ([{"a": 1}], 2, '"; it is a list that was encoded twice'),
        ('{"oops', 1, 'got "{"oops"'),
        ("[oops]", 1, 'got "[oops]"'),
        ("7", 1, 'got "7"'),
        ("[" * 100_000, 1, '…"'),
        ([1], 1, "got a list"),
    ],
)
def test_only_what_was_encoded_again_is_called_so(value: object, times: int, end: str) -> None:
    """`{"oops` began like an object, and that was enough; what was encoded three times was not told at all."""
    payload = value
    for _ in range(times):
        payload = json.dumps(payload)
    bad = parse_message(str(payload).encode(), RULES)

    assert isinstance(bad, BadMessage)
    assert bad.code is Code.NOT_AN_OBJECT
    assert bad.reason.endswith(end)


@pytest.mark.parametrize("number", [7, -1.5, 10**100])
def test_a_number_among_the_targets_is_named(number: float) -> None:
    """Two wrong ones were one and the same "a number"."""
    first, second = good(all_target_repositories=[number, 8]).refused

    assert first.target.startswith(f"the number {str(number)[:70]}")
    assert second.target == "the number 8"


@pytest.mark.parametrize("levels", [100, 100_000])
def test_what_is_nested_too_deeply_is_said_in_plain_words(levels: int) -> None:
    """Whether the parser gives up or we do; it is about the message and not about a program's stack."""
    bad = parse_message(b"[" * levels + b"]" * levels, Rules())
    inside = parse_message(b'{"a":' + b"[" * levels + b"]" * levels + b"}", Rules())

    assert isinstance(bad, BadMessage)
    assert isinstance(inside, BadMessage)
    assert inside.reason.endswith("(it is nested too deeply)")
    assert "recursion" not in bad.reason


def test_a_channel_is_described_as_on_the_command_line() -> None:
    """One sentence for both ways in."""
    bad = parse(notification_channel=7)

    assert isinstance(bad, BadMessage)
    assert (
        bad.reason
        == f"expected notification_channel to be {EXPECTED}, or nothing, got the number 7"
    )


def test_a_byte_order_mark_is_forgiven() -> None:
    """Some editors begin a file with one."""
    payload = b"\xef\xbb\xbf" + json.dumps(GOOD).encode()

    assert isinstance(parse_message(payload, RULES), Request)


def test_a_source_that_is_not_allowed_is_refused() -> None:
    """The allow list stands above the message."""
    bad = parse(rules=Rules(allowed_sources=("org/other",)))

    assert isinstance(bad, BadMessage)
    assert (bad.code, bad.source) == (Code.SOURCE_NOT_ALLOWED, "org/template")


def test_an_address_on_another_host_needs_that_host_in_the_rules() -> None:
    """A GitHub Enterprise Server."""
    rules = Rules(hosts=frozenset({"git.example.org"}))

    request = good(rules=rules, source_repo="https://git.example.org/o/r")

    assert request.source == RepoRef("o", "r")


@pytest.mark.parametrize(
    ("globs", "allowed"),
    [
        ((), True),
        (("org/team-a",), True),
        (("ORG/Team-*",), True),
        (("*/*",), True),
        (("other/*", "org/*"), True),
        (("org/team-?",), True),
        (("org/[st]eam-a",), True),
        (("*",), False),
        (("org",), False),
        (("org*",), False),
        (("org/*/*",), False),
        (("other/*",), False),
        (("org/team-b",), False),
        (("",), False),
    ],
)
def test_a_glob_stays_within_its_side_of_the_slash(globs: tuple[str, ...], allowed: bool) -> None:
    """So that `org*` cannot open `organisation/repo` by mistake."""
    assert is_allowed(RepoRef("Org", "team-A"), globs) is allowed


SPELLINGS = (
    "other/team-a",
    "Other/Team-A",
    "OTHER/TEAM-A",
    "https://github.com/other/team-a",
    "HTTPS://GITHUB.COM/other/team-a.git",
    "https://github.com/other/team-a.GIT",
    "git@github.com:other/team-a.git",
    "ssh://git@github.com/other/team-a",
    "github.com/other/team-a/tree/main?org=org",
    "https://github.com/other/team-a#org/team-a",
    " other/team-a ",
    "other/team-a.git",
    "other/team-a/",
    "other/org",
    "org-other/team-a",
)


@pytest.mark.parametrize("spelled", SPELLINGS)
@pytest.mark.parametrize("key", ["source_repo", "all_target_repositories"])
def test_no_spelling_slips_past_an_allow_list(spelled: str, key: str) -> None:
    """Upper case, `.git`, addresses, queries: what is compared is the canonical name."""
    rules = Rules(allowed_sources=("org/*",), allowed_targets=("org/*", "*/org/*", "other"))
    read = parse(rules, **{key: spelled if key == "source_repo" else [spelled]})

    if isinstance(read, BadMessage):
        assert key == "source_repo"
        assert read.code is (
            Code.BAD_SOURCE if spelled.startswith("HTTPS") else Code.SOURCE_NOT_ALLOWED
        )
    else:
        assert read.targets == ()
        (refused,) = read.refused
        assert refused.code in {Code.TARGET_NOT_ALLOWED, Code.BAD_TARGET}


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,9}/[A-Za-z0-9._-]{1,9}", fullmatch=True))
def test_only_one_owner_is_let_in_by_a_glob_of_one_owner(name: str) -> None:
    """Whatever the name is."""
    read = parse(Rules(allowed_targets=("Org/*",)), all_target_repositories=[name])

    assert isinstance(read, Request)
    assert all(target.owner.lower() == "org" for target in read.targets)
    assert len(read.targets) + len(read.refused) == 1


@pytest.mark.parametrize(
    ("glob", "allowed"),
    [
        ("OTHER/TEAM-?", True),
        ("other/team-[ab]", True),
        ("other/team-[!b]", True),
        ("other/team", False),
        ("other/team-a/*", False),
        ("other", False),
        ("", False),
        ("/", False),
        ("*", False),
        ("*/*", True),
    ],
)
def test_a_glob_says_what_shells_say(glob: str, allowed: bool) -> None:
    """Compared without case; what is no `owner/repo` allows nothing."""
    assert is_allowed(RepoRef("Other", "Team-a"), (glob,)) is allowed


@pytest.mark.parametrize(
    ("name", "asked", "said"),
    [
        ("org/team", "", None),
        ("Org/Team", "other/team", None),
        ("other/team", "org/team", "org/team is other/team now, which is not among the allowed"),
        ("Other/team", "other/team", "Other/team is not among the allowed"),
    ],
)
def test_a_renamed_repository_is_judged_by_what_it_is(
    name: str, asked: str, said: str | None
) -> None:
    """And the sentence says how it came there, and what to do."""
    rules = Rules(allowed_sources=("org/*",), allowed_targets=("org/*",))
    refusals = (source_refusal(name, rules, asked), target_refusal(name, rules, asked))

    if said is None:
        assert refusals == (None, None)
    else:
        assert all(refusal and refusal.reason.startswith(said) for refusal in refusals)
        assert "MONARCH_ALLOWED_SOURCES" in str(refusals[0])
        assert "MONARCH_ALLOWED_TARGETS" in str(refusals[1])


@given(st.binary())
def test_no_bytes_raise(payload: bytes) -> None:
    """Whatever is published."""
    bad = parse_message(payload, RULES)

    assert isinstance(bad, BadMessage)
    assert bad.reason.isprintable()


@given(st.dictionaries(st.sampled_from([*GOOD, "extra"]), JSON_VALUES))
def test_no_json_raises(changes: dict[str, Any]) -> None:
    """Whatever has the right keys: what comes of it can be encoded and kept."""
    read = parse(**changes)

    if isinstance(read, BadMessage):
        read.reason.encode()
        (read.source or "").encode()
        return
    names = [ref.key for ref in read.targets]
    assert len(names) == len(set(names))
    assert read.source.key not in names
    for no in read.refused:
        f"{no.target}{no.reason}".encode()
    (read.channel or "").encode()
    json.dumps(read.extra)
