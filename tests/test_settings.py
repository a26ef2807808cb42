"""The environment becomes one frozen value, or one list of everything that is wrong with it."""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError

from monarch.settings import (
    ConfigurationError,
    Settings,
    load_settings,
    names,
    settings_from,
)
from tests.keys import a_locked_key, an_elliptic_key, an_rsa_key

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / ".env.template"
OLDER_NAMES = {"SLACK_TOKEN"}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the machine that runs the tests has set."""
    for name in names():
        monkeypatch.delenv(name, raising=False)


def mistakes(**variables: str) -> tuple[str, ...]:
    """Return what is said about `variables`."""
    with pytest.raises(ConfigurationError) as raised:
        settings_from(variables)
    return raised.value.mistakes


def template() -> list[tuple[str, str, str]]:
    """Return (variable, its text, the comment above it) for each variable of the template; defaults are commented out."""
    lines = TEMPLATE.read_text(encoding="utf-8").splitlines()
    return [
        (*line.removeprefix("#").split("=", 1), above)  # type: ignore[misc]  # one "=": two parts
        for above, line in pairwise(lines)
        if re.match(r"#?[A-Z_]+=", line)
    ]


# ------------------------------------------------------------------------------ template = Settings


def test_the_template_lists_every_variable_in_the_order_of_the_fields() -> None:
    """Whoever copies the template sees everything that can be set, and nothing else."""
    assert [name for name, _, _ in template()] == [n for n in names() if n not in OLDER_NAMES]


def test_the_template_shows_the_defaults() -> None:
    """A copied template changes nothing, and freezes nothing: a later version's better default arrives in it."""
    shown = {name: text for name, text, _ in template()}

    assert settings_from(shown) == Settings() == load_settings(env_file=TEMPLATE)
    assert set(dotenv_values(TEMPLATE).values()) == {""}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, text, _ in template()])
def test_a_default_is_shown_unless_there_is_none(name: str, text: str) -> None:
    """An empty line in the template stands for "nothing", never for a value that is not shown."""
    field = next(f for f in Settings.model_fields.values() if name in str(f.validation_alias))

    assert bool(text) == (field.default not in (None, ()))


@pytest.mark.parametrize(("name", "comment"), [(name, above) for name, _, above in template()])
def test_every_variable_has_a_comment_that_ends_with_its_unit(name: str, comment: str) -> None:
    """Twenty what? The comment right above says it."""
    assert re.fullmatch(r"# .+ \([^()]+\)", comment), name


# ---------------------------------------------------------------------------------------- reading


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file fills in what the environment leaves out, and what it leaves empty."""
    file = tmp_path / ".env"
    file.write_text("VALKEY_HOST=file\nVALKEY_PORT=7241\nMONARCH_NAMESPACE=file\n")
    monkeypatch.setenv("VALKEY_HOST", "environment")
    monkeypatch.setenv("MONARCH_NAMESPACE", "")

    settings = load_settings(env_file=file)

    assert (settings.valkey_host, settings.valkey_port) == ("environment", 7241)
    assert settings.namespace == "file"


def test_a_file_that_is_not_there_is_no_mistake(tmp_path: Path) -> None:
    """Containers have none."""
    assert load_settings(env_file=tmp_path / "none") == Settings() == load_settings(env_file=None)


def test_making_settings_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo must never find a real token that happens to be set."""
    monkeypatch.setenv("GH_PAT", "real")

    assert Settings().gh_pat is None
    assert settings_from({}).gh_pat is None


def test_settings_are_frozen() -> None:
    """What started with one configuration runs with it."""
    with pytest.raises(ValidationError):
        Settings().namespace = "other"  # type: ignore[misc]  # that is the point


@pytest.mark.parametrize("text", ["", "  "])
def test_empty_counts_as_not_set(text: str) -> None:
    """A line without a value in a compose file must not become a value."""
    given = dict.fromkeys((*names(), "MONARCH_NO_SUCH_THING"), text)

    assert settings_from(given) == Settings()


def test_the_older_name_of_the_slack_token_is_accepted() -> None:
    """The predecessor's template said SLACK_TOKEN; its code read SLACK_BOT_TOKEN."""
    assert settings_from({"SLACK_TOKEN": "older"}).slack_bot_token == SecretStr("older")


def test_globs_are_split_at_commas() -> None:
    """Blanks and empty parts around commas do not count."""
    settings = settings_from({"MONARCH_ALLOWED_TARGETS": "a/*, b/c-?,"})

    assert settings.allowed_targets == ("a/*", "b/c-?")


@pytest.mark.parametrize("name", ["MONARCH_ALLOWED_SOURCES", "MONARCH_ALLOWED_TARGETS"])
@pytest.mark.parametrize(
    "glob",
    [
        *("owner/[", "owner/]", "owner/[z-a]*", "owner/[]", "owner/a!b", "own.er/*", "-owner/*"),
        *("owner/name.git", "owner/.", "owner/..", "owner/é", "owner/{a,b}", "https://owner/*"),
    ],
)
def test_a_glob_that_can_match_no_repository_is_refused(name: str, glob: str) -> None:
    """It would allow nothing, in silence; a glob beside it does not make it better."""
    (mistake,) = mistakes(**{name: f"owner/*, {glob}"})

    assert mistake.startswith(f"{name}: expected globs")


@pytest.mark.parametrize("glob", ["owner/[a-c]x*", "o?ner/[!.]*", "*/*", "o_x/.github", "[ab]c/d"])
def test_a_glob_that_can_match_is_kept(glob: str) -> None:
    """With every wildcard that names are compared with."""
    assert settings_from({"MONARCH_ALLOWED_SOURCES": glob}).allowed_sources == (glob,)


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0", "::1", "fe80::1%eth0"])  # noqa: S104 - a value, nothing listens
def test_what_is_listened_on_is_an_address_or_localhost(host: str) -> None:
    """Any other name is known only when it is asked for, and then beside no other mistake."""
    assert settings_from({"MONARCH_WEB_HOST": host}).web_host == host


def test_a_wrong_host_is_told_with_the_other_mistakes() -> None:
    """One start is enough to mend all."""
    told = mistakes(MONARCH_WEB_HOST="nowhere", MONARCH_WEB_TOKEN="short", VALKEY_PORT="x")

    assert {each.partition(":")[0] for each in told} == {
        "MONARCH_WEB_HOST",
        "MONARCH_WEB_TOKEN",
        "VALKEY_PORT",
    }


def test_sentinels_without_a_name_are_told_what_they_need() -> None:
    """And a name without Sentinels what it needs."""
    (unnamed,) = mistakes(VALKEY_SENTINELS="one")
    (alone,) = mistakes(VALKEY_SENTINEL_MASTER="monarch")

    assert unnamed == (
        "VALKEY_SENTINEL_MASTER: expected the name under which the Sentinels watch the primary;"
        " got nothing (VALKEY_SENTINELS needs VALKEY_SENTINEL_MASTER). Set it."
    )
    assert "(VALKEY_SENTINEL_MASTER needs VALKEY_SENTINELS)" in alone


def test_words_are_compared_without_case() -> None:
    """`info` and `JSON` mean what everybody takes them to mean."""
    settings = settings_from({"MONARCH_LOG_LEVEL": "debug", "MONARCH_LOG_FORMAT": "JSON"})

    assert (settings.log_level, settings.log_format) == ("DEBUG", "json")


# ------------------------------------------------------------------------------ the Valkey address


@pytest.mark.parametrize(
    ("variables", "url", "safe"),
    [
        ({}, "valkey://localhost:6379/0", "valkey://localhost:6379/0"),
        (
            {"VALKEY_HOST": "::1", "VALKEY_PORT": "7", "VALKEY_DB": "2"},
            "valkey://[::1]:7/2",
            "valkey://[::1]:7/2",
        ),
        (
            {"VALKEY_USERNAME": "me", "VALKEY_PASSWORD": "p@/:"},
            "valkey://me:p%40%2F%3A@localhost:6379/0",
            "valkey://localhost:6379/0",
        ),
        ({"VALKEY_URL": "rediss://h/3", "VALKEY_HOST": "x"}, "rediss://h/3", "rediss://h/3"),
        (
            {"VALKEY_URL": "valkeys://u:p@h", "VALKEY_PASSWORD": "x"},
            "valkeys://u:p@h",
            "valkeys://h",
        ),
        ({"VALKEY_URL": "valkey://h", "VALKEY_PASSWORD": "x"}, "valkey://:x@h", "valkey://h"),
        (
            {"VALKEY_URL": "unix:///run/v.sock?db=2&password=x"},
            "unix:///run/v.sock?db=2&password=x",
            "unix:///run/v.sock?db=2",
        ),
        (
            {"VALKEY_URL": "unix:///v.sock", "VALKEY_PASSWORD": "x"},
            "unix://:x@/v.sock",
            "unix:///v.sock",
        ),
    ],
)
def test_one_address_counts(variables: dict[str, str], url: str, safe: str) -> None:
    """VALKEY_URL wins; credentials are added only where it has none, and never shown."""
    settings = settings_from(variables)

    assert settings.valkey_url.get_secret_value() == url
    assert settings.valkey_url_safe == safe


def test_sentinels_lead_to_the_primary() -> None:
    """The usual port may be left out, and an IPv6 address stands in brackets."""
    settings = settings_from(
        {"VALKEY_SENTINELS": "one:1, two,[::1]:3", "VALKEY_SENTINEL_MASTER": "monarch"}
    )

    assert settings.valkey_sentinels == (("one", 1), ("two", 26379), ("::1", 3))
    assert settings.valkey_url_safe == "monarch (Sentinels one:1, two:26379, ::1:3)"


@pytest.mark.parametrize(
    "variables",
    [
        {"VALKEY_SENTINELS": "one"},
        {"VALKEY_SENTINEL_MASTER": "monarch"},
        {
            "VALKEY_URL": "unix:///v.sock",
            "VALKEY_SENTINELS": "one",
            "VALKEY_SENTINEL_MASTER": "monarch",
        },
    ],
)
def test_sentinels_need_a_name_and_a_network(variables: dict[str, str]) -> None:
    """Half of it would quietly be another Valkey."""
    (mistake,) = mistakes(**variables)

    assert "VALKEY_SENTINEL" in mistake


# ----------------------------------------------------------------------------------- the mistakes


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GH_PAT", "two words"),
        ("GH_PAT", "two\nlines"),
        ("SLACK_BOT_TOKEN", "ümlaut"),
        ("SLACK_TOKEN", "two words"),
        ("GITHUB_API_URL", "api.github.com"),
        ("GITHUB_API_URL", "https://api.github.com:x"),
        ("GITHUB_API_URL", "https://me:hidden@api.github.com"),
        ("GITHUB_API_URL", "https://github.com"),
        ("GITHUB_API_URL", "https://www.github.com/"),
        ("GITHUB_API_URL", "https://school.ghe.com"),
        ("GITHUB_API_URL", "https://api.github.com/graphql"),
        ("SLACK_API_URL", "ftp://slack.com"),
        ("SLACK_API_URL", "https://slack.com"),
        ("SLACK_API_URL", "https://hooks.slack.com/services/T0/B0/x"),
        ("VALKEY_URL", "http://localhost"),
        ("VALKEY_URL", "valkey://localhost:x"),
        ("VALKEY_URL", "valkey://localhost/one"),
        ("VALKEY_URL", "valkey:///0"),
        ("VALKEY_URL", "unix://"),
        ("VALKEY_URL", "valkeys://h?ssl_ca_cert=typo"),
        ("VALKEY_URL", "valkey://h?ssl_ca_certs=without-tls"),
        ("VALKEY_URL", "valkey://h?socket_timeout=0.1"),
        ("VALKEY_URL", "valkey://h?db=one"),
        ("VALKEY_URL", "valkey://h?db="),
        ("VALKEY_URL", "valkey://h?db=1&db=2"),
        ("VALKEY_URL", "valkey://h/1?db=2"),
        ("VALKEY_URL", "valkey://h\n:1"),
        ("VALKEY_URL", "valkeys://h?ssl_cert_reqs=maybe"),
        ("VALKEY_URL", "valkeys://h?ssl_check_hostname=perhaps"),
        ("VALKEY_URL", "unix://run/valkey.sock"),
        ("GITHUB_API_URL", "https://h\n.example"),
        ("VALKEY_PORT", "0"),
        ("VALKEY_PORT", "tcp://10.0.0.1:6379"),
        ("VALKEY_DB", "-1"),
        ("VALKEY_SENTINELS", "one:x"),
        ("VALKEY_SENTINELS", "me:hush@one:1"),
        ("VALKEY_SENTINELS", "one:1/0"),
        ("MONARCH_NAMESPACE", "{braces}"),
        ("MONARCH_CONCURRENCY", "0"),
        ("MONARCH_CONCURRENCY", "many"),
        ("MONARCH_LEASE_SECONDS", "14.9"),
        ("MONARCH_LEASE_SECONDS", "nan"),
        ("MONARCH_MAX_ATTEMPTS", "0"),
        ("MONARCH_MAX_DELIVERIES", "0"),
        ("MONARCH_TARGET_PATIENCE_SECONDS", "inf"),
        ("MONARCH_WRITES_PER_MINUTE", "-1"),
        ("MONARCH_WRITES_PER_HOUR", "1.5"),
        ("MONARCH_WRITE_INTERVAL_SECONDS", "-0.1"),
        ("MONARCH_WRITES_AT_ONCE", "0"),
        ("MONARCH_ALLOWED_SOURCES", "owner"),
        ("MONARCH_WEB_HOST", "nowhere"),
        ("MONARCH_WEB_HOST", "127.0.0.1:8081"),
        ("MONARCH_WEB_HOST", "*"),
        ("MONARCH_MISSED_OWNERS", "owner/*"),
        ("MONARCH_MISSED_OWNERS", ","),
        ("MONARCH_ALLOWED_TARGETS", "owner/* other/*"),
        ("MONARCH_ISSUE_TEMPLATE_FILE", "/nowhere/at/all"),
        ("MONARCH_ISSUE_TEMPLATE_FILE", "/"),
        ("MONARCH_COPY_LABELS", "perhaps"),
        ("MONARCH_ADOPT", "sometimes"),
        ("MONARCH_COPY_MILESTONES", "2"),
        ("MONARCH_MENTIONS", "shout"),
        ("MONARCH_MARKER_KEY", "too short"),
        ("MONARCH_MARKER_KEY", "0123456789abcdef,"),
        ("MONARCH_MARKER_KEY", "0123456789abcdef,short"),
        ("MONARCH_MARKER_KEY", "two words of a passphrase"),
        ("MONARCH_MARKER_KEY", "ключ, который никто не напечатает"),
        ("MONARCH_RETENTION_DAYS", "0"),
        ("MONARCH_METRICS_PORT", "65536"),
        ("MONARCH_WEB_PORT", "-1"),
        ("MONARCH_LOG_FORMAT", "xml"),
        ("MONARCH_LOG_LEVEL", "LOUD"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, text: str) -> None:
    """Variable, expectation, what came and what to do, in one line."""
    (mistake,) = mistakes(**{name: text})

    assert re.fullmatch(rf"{name}: expected .+; got .+\. Correct it, or .+\.", mistake)
    assert "\n" not in mistake


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MONARCH_LOG_LEVEL", "chatty"),
        ("MONARCH_LOG_FORMAT", "XML"),
        ("MONARCH_MENTIONS", "Shout"),
        ("MONARCH_SLACK_ENDING", "DM"),
        ("MONARCH_WEB_NAMES", "A_b"),
        ("VALKEY_SENTINELS", "ONE:x"),
    ],
)
def test_a_wrong_word_is_quoted_as_it_came(name: str, text: str) -> None:
    """`chatty` was refused as 'CHATTY', which stands in no file."""
    (mistake,) = mistakes(**{name: text})

    assert f"; got {text!r}. " in mistake


@pytest.mark.parametrize("sign", ["#", "/", "?"])
def test_a_sign_in_a_password_that_ends_the_address_is_told(sign: str) -> None:
    """The address looked just like the one that was expected."""
    (mistake,) = mistakes(VALKEY_URL=f"valkey://monarch:pa{sign}hush@127.0.0.1:6379/0")

    assert "if a password has #, / or ? in it, write %23, %2F or %3F" in mistake
    assert "hush" not in mistake


def test_an_address_with_two_databases_is_told_as_such() -> None:
    """It looked like the address that was expected."""
    (mistake,) = mistakes(VALKEY_URL="valkey://h/0?db=3")

    assert (
        "names two databases, one behind the host and one as db: leave one of them out" in mistake
    )


@pytest.mark.parametrize(
    ("given", "blamed", "whose"),
    [
        ({"MONARCH_METRICS_PORT": "8081"}, "MONARCH_METRICS_PORT", "MONARCH_WEB_PORT by default"),
        ({"MONARCH_WEB_PORT": "8080"}, "MONARCH_WEB_PORT", "MONARCH_METRICS_PORT by default"),
        (
            {"MONARCH_METRICS_PORT": "9000", "MONARCH_WEB_PORT": "09000"},
            "MONARCH_WEB_PORT",
            "MONARCH_METRICS_PORT",
        ),
    ],
)
def test_a_port_for_two_servers_is_said_of_the_variable_that_was_set(
    given: dict[str, str], blamed: str, whose: str
) -> None:
    """It named MONARCH_WEB_PORT, which stood nowhere, and advised to leave it empty, which changed nothing."""
    (mistake,) = mistakes(**given)

    assert mistake.startswith(f"{blamed}: expected a port other than that of ")
    assert f", the port of {whose}. Set one of the two to another port, or to 0" in mistake
    assert settings_from(dict.fromkeys(given, "0")).model_fields_set


def test_a_short_lease_is_refused_with_the_reason() -> None:
    """A write of ten seconds has to fit into the lease under which it began."""
    (mistake,) = mistakes(MONARCH_LEASE_SECONDS="10")

    assert "15 to 600" in mistake
    assert "10 s" in mistake
    assert "got '10'" in mistake
    assert "default, 20." in mistake


def test_all_mistakes_are_listed_at_once() -> None:
    """One start is enough to learn everything that is wrong."""
    with pytest.raises(ConfigurationError) as raised:
        settings_from({"VALKEY_PORT": "x", "VALKEY_DB": "x", "MONARCH_X": "x"}, needs_github=True)

    said = str(raised.value)
    assert said.startswith("4 mistakes in the configuration")
    assert [line.split(":")[0] for line in said.splitlines()[1:]] == [
        "- VALKEY_PORT",
        "- VALKEY_DB",
        "- MONARCH_X",
        "- GH_PAT",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("GH_PAT", "hush hush"),
        ("SLACK_BOT_TOKEN", "hush hush"),
        ("VALKEY_URL", "http://:hush@localhost"),
        ("VALKEY_SENTINELS", "me:hush@one:1"),
        ("GITHUB_API_URL", "https://me:hush@localhost"),
        ("MONARCH_MARKER_KEY", "hush,hush"),
    ],
)
def test_a_secret_is_never_part_of_a_message(name: str, text: str) -> None:
    """Messages end in logs."""
    assert "hush" not in "".join(mistakes(**{name: text}))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("valkey://:hush@h/abc", "the database behind the last / is not a number"),
        ("valkeys://h/1/2", "the database behind the last / is not a number"),
        ("valkey://:hush@h?ssl_ca_certs=/nope", "need valkeys:// or rediss://"),
        ("unix:///v.sock?ssl_cert_reqs=none", "need valkeys:// or rediss://"),
    ],
)
def test_an_address_of_valkey_is_told_its_mistake(url: str, why: str) -> None:
    """All that was said is how an address looks, and this one looks so."""
    (mistake,) = mistakes(VALKEY_URL=url)

    assert why in mistake
    assert "hush" not in mistake


def test_secrets_do_not_show_in_the_settings() -> None:
    """Neither do settings that are printed."""
    given = {"GH_PAT": "hush", "SLACK_TOKEN": "hush", "VALKEY_PASSWORD": "hush"}
    given["MONARCH_MARKER_KEY"] = "hush-hush-hush-hush"
    settings = settings_from({**given, "VALKEY_URL": "valkey://:hush@h"})

    assert "hush" not in repr(settings)
    assert "hush" not in repr(settings.valkey_url)


def test_every_secret_is_known_by_name() -> None:
    """Logs leave out what is known, and a password in an address is one, quoted or not."""
    given = {
        "GH_PAT": "a",
        "SLACK_TOKEN": "b",
        "VALKEY_PASSWORD": "c",
        "VALKEY_SENTINEL_PASSWORD": "d",
        "VALKEY_URL": "valkey://:e%2Ff@h?db=1",
    }

    assert settings_from(given).secrets() == ["a", "b", "c", "d", "e%2Ff", "e/f"]
    assert settings_from({"VALKEY_URL": "unix:///v?password=g"}).secrets() == ["g"]
    keys = {"MONARCH_MARKER_KEY": "0123456789abcdef, of-the-last-school-year"}
    assert settings_from(keys).secrets() == ["0123456789abcdef", "of-the-last-school-year"]
    assert settings_from({}).secrets() == []


def test_a_typo_is_met_with_the_nearest_name() -> None:
    """A setting that does nothing is worse than none."""
    (mistake,) = mistakes(MONARCH_CONCURENCY="4")

    assert "did you mean MONARCH_CONCURRENCY?" in mistake


def test_what_resembles_nothing_is_refused_too() -> None:
    """The template has the list."""
    (mistake,) = mistakes(MONARCH_ZZ9="4")

    assert ".env.template" in mistake


def test_a_typo_in_the_file_is_found_as_well(tmp_path: Path) -> None:
    """Most variables come from there."""
    (tmp_path / ".env").write_text("MONARCH_CHANEL=x\n")

    with pytest.raises(ConfigurationError, match="MONARCH_CHANNEL"):
        load_settings(env_file=tmp_path / ".env")


@pytest.mark.parametrize(
    "name", ["MONARCH_SERVICE_HOST", "MONARCH_SERVICE_PORT_WEB", "MONARCH_PORT_8081_TCP_ADDR"]
)
def test_what_kubernetes_adds_is_no_mistake(name: str) -> None:
    """It sets such variables by itself when a Service is called "monarch"."""
    assert settings_from({name: "tcp://10.0.0.1:8081"}) == Settings()


def test_a_github_token_is_asked_for_only_by_those_who_need_it() -> None:
    """`Bearer None` helps nobody; `monarch status` needs no token."""
    with pytest.raises(ConfigurationError, match=r"GH_PAT: expected .+; got nothing. Set it"):
        settings_from({}, needs_github=True)

    assert settings_from({"GH_PAT": "x"}, needs_github=True).gh_pat == SecretStr("x")


# ------------------------------------------------------------------------------------ a GitHub App


@pytest.fixture(scope="module")
def pem() -> str:
    """A private key as GitHub gives it out."""
    return an_rsa_key()


def test_an_app_is_told_by_its_id_and_its_key(pem: str) -> None:
    """Either id will do, and with an App no token is needed."""
    for app_id in ("123456", "Iv23liAbCdEf012345"):
        given = {"GITHUB_APP_ID": app_id, "GITHUB_APP_PRIVATE_KEY": pem}
        settings = settings_from(given, needs_github=True)

        assert settings.github_app_id == app_id
        assert settings.github_app_private_key == SecretStr(pem)


@pytest.mark.parametrize(
    "spell",
    [
        lambda pem: pem.replace("\n", "\\n"),
        lambda pem: pem.replace("\n", "\\r\\n"),
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: f"\n  {pem.strip()}\n\n",
    ],
)
def test_a_key_may_be_spelled_as_an_environment_can_hold_it(
    pem: str, spell: Callable[[str], str]
) -> None:
    """With escapes for its line ends, or with those of another system."""
    given = {"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": spell(pem)}

    assert settings_from(given).github_app_private_key == SecretStr(pem)


def test_a_key_may_stand_in_a_file(pem: str, tmp_path: Path) -> None:
    """As secrets are mounted into containers."""
    file = tmp_path / "app.pem"
    file.write_text(pem)
    given = {"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY_FILE": str(file)}

    assert settings_from(given, needs_github=True).github_app_private_key == SecretStr(pem)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (["GITHUB_APP_ID"], ["GITHUB_APP_PRIVATE_KEY"]),
        (["GITHUB_APP_PRIVATE_KEY"], ["GITHUB_APP_ID"]),
        (["GITHUB_APP_PRIVATE_KEY_FILE"], ["GITHUB_APP_ID"]),
        (
            ["GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_PRIVATE_KEY_FILE"],
            ["GITHUB_APP_PRIVATE_KEY_FILE"],
        ),
    ],
)
def test_half_an_app_is_a_mistake_and_so_are_two_keys(
    pem: str, tmp_path: Path, given: list[str], named: list[str]
) -> None:
    """Whether there is a token as well or not: who sets an App up means it."""
    file = tmp_path / "app.pem"
    file.write_text(pem)
    values = {
        "GITHUB_APP_ID": "1",
        "GITHUB_APP_PRIVATE_KEY": pem,
        "GITHUB_APP_PRIVATE_KEY_FILE": str(file),
    }
    for more in ({}, {"GH_PAT": "x"}):
        with pytest.raises(ConfigurationError) as raised:
            settings_from({name: values[name] for name in given} | more, needs_github=True)

        assert [line.split(":")[0] for line in raised.value.mistakes] == named


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hush", "no private key in PEM"),
        ("-----BEGIN RSA PRIVATE KEY-----\nhush\n-----END RSA PRIVATE KEY-----", "no private key"),
        (a_locked_key(), "passphrase"),
        (an_elliptic_key(), "not one of RSA"),
    ],
)
@pytest.mark.parametrize("in_file", [True, False])
def test_what_is_no_key_is_refused_without_showing_it(
    tmp_path: Path, text: str, why: str, *, in_file: bool
) -> None:
    """With the reason, wherever it stood."""
    name, value = "GITHUB_APP_PRIVATE_KEY", text
    if in_file:
        file = tmp_path / "hush.pem"
        file.write_text(text)
        name, value = f"{name}_FILE", str(file)
    (mistake,) = mistakes(**{name: value, "GITHUB_APP_ID": "1"})

    assert mistake.startswith(f"{name}: expected ")
    assert why in mistake
    assert not any(line in mistake for line in text.splitlines()[1:2] or ["hush"])


@pytest.mark.parametrize("what", ["nothing", "folder", "bytes", "mountain"])
def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path, what: str) -> None:
    """And says why; the start does not go on without it."""
    file = tmp_path / "frame.md"
    if what == "folder":
        file.mkdir()
    if what == "bytes":
        file.write_bytes(b"\xff\xfe\x00")
    if what == "mountain":
        file.write_text("x" * 300_000)
    why = {
        "nothing": "No such file",
        "folder": "no file",
        "bytes": "not in UTF-8",
        "mountain": "256 KiB",
    }
    (mistake,) = mistakes(MONARCH_ISSUE_TEMPLATE_FILE=str(file))

    assert why[what] in mistake
    assert "frame.md" in mistake


def test_a_wrong_template_is_told_by_its_lines(tmp_path: Path) -> None:
    """Every mistake in it, and what is allowed; the start does not go on."""
    file = tmp_path / "frame.md"
    file.write_text("From ${autor}\n\n$body\n\nPrice: 5$ \n")
    (mistake,) = mistakes(MONARCH_ISSUE_TEMPLATE_FILE=str(file))

    assert "line 1: ${autor} is not known; allowed are ${author}" in mistake
    assert "line 5: a lone $" in mistake
    assert str(file) in mistake


def test_no_part_of_a_key_may_be_shown(pem: str) -> None:
    """Who logs one line of it shows enough."""
    given = {"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": pem}
    settings = settings_from(given)
    lines = pem.splitlines()[1:-1]

    assert {pem, *lines} == set(settings.secrets())
    assert not any(line in repr(settings) for line in lines)


# --------------------------------------------------------------------------------- who presses a button


def test_the_ways_to_sign_in_are_read() -> None:
    """A token, a header with its proxies, and the names of the page."""
    found = settings_from(
        {
            "MONARCH_WEB_TOKEN": "correct-horse-battery",
            "MONARCH_WEB_USER_HEADER": "X-Auth-Request-Email",
            "MONARCH_WEB_TRUSTED_PROXIES": "10.0.0.0/8, 127.0.0.1,fd00::/8",
            "MONARCH_WEB_NAMES": "Monarch.example.org, monarch",
        }
    )

    assert "correct-horse-battery" in found.secrets()
    assert list(map(str, found.web_trusted_proxies)) == ["10.0.0.0/8", "127.0.0.1/32", "fd00::/8"]
    assert found.web_names == ("monarch.example.org", "monarch")
    assert not found.web_public


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MONARCH_WEB_TOKEN", "too-short"),
        ("MONARCH_WEB_TOKEN", "correct horse battery staple"),
        ("MONARCH_WEB_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("MONARCH_WEB_TRUSTED_PROXIES", "proxy.example"),
        ("MONARCH_WEB_TRUSTED_PROXIES", "*"),
        ("MONARCH_WEB_USER_HEADER", "Cookie"),
        ("MONARCH_WEB_USER_HEADER", "X-User: ada"),
        ("MONARCH_WEB_NAMES", "https://monarch.example"),
        ("MONARCH_WEB_NAMES", "monarch.example:8081"),
        ("MONARCH_WEB_PUBLIC", "maybe"),
    ],
)
def test_a_way_to_sign_in_that_cannot_be_one_stops_the_start(variable: str, value: str) -> None:
    """A door that is open by mistake is worse than none."""
    told = mistakes(**{variable: value})

    assert any(each.startswith(f"{variable}: expected") for each in told)


def test_a_header_and_its_proxies_belong_together() -> None:
    """Without proxies nobody would be believed; proxies without a header name nobody."""
    alone = mistakes(MONARCH_WEB_USER_HEADER="X-User")
    without = mistakes(MONARCH_WEB_TRUSTED_PROXIES="10.0.0.0/8")

    assert all(told[0].startswith("MONARCH_WEB_TRUSTED_PROXIES") for told in (alone, without))
    assert "got nothing. Set it." in alone[0]


@pytest.mark.parametrize("token", ["ghp with blanks", "ghp_tökén", "ghp_two\nlines"])
def test_a_token_that_none_can_be_says_what_is_wrong_with_it(token: str) -> None:
    """It was in one line, and "expected a GitHub token in one line" was all that was said."""
    (line,) = mistakes(GH_PAT=token)

    assert "there is a blank, a line end or another sign in it that no token has" in line
    assert token not in line


def test_a_switch_without_owners_to_look_through_is_a_mistake() -> None:
    """Without owners no sweep runs, so the switch would do nothing, silently."""
    told = mistakes(MONARCH_MISSED_SUBMIT="true")
    watched = settings_from({"MONARCH_MISSED_SUBMIT": "true", "MONARCH_MISSED_OWNERS": "org"})

    (line,) = told
    assert line == (
        "MONARCH_MISSED_SUBMIT: expected false while MONARCH_MISSED_OWNERS is empty; got 'true'."
        " Correct it, or leave it empty for the default, false."
    )
    assert watched.missed_submit
    assert not settings_from({"MONARCH_MISSED_SUBMIT": "false"}).missed_submit


@pytest.mark.parametrize(
    "host",
    ["host:6380", ":hunter2@host", "valkey://:hunter2@host", "host/0", "[::1]"],
)
def test_a_valkey_host_that_is_more_than_a_host_is_told_without_its_password(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port in it ended in a traceback, and so did a password, which was in its last line."""
    monkeypatch.setenv("VALKEY_HOST", host)

    with pytest.raises(ConfigurationError, match="VALKEY_HOST: expected a host name") as raised:
        load_settings(env_file=None)

    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("host", ["localhost", "valkey_1", "10.0.0.1", "::1", "valkey.example.org"])
def test_a_valkey_host_is_a_name_or_an_address(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of either family."""
    monkeypatch.setenv("VALKEY_HOST", host)

    assert load_settings(env_file=None).valkey_host == host


@pytest.mark.parametrize("url", ["valkey://h:1#/3", "valkey://me#ss@h:1/0", "unix:///tmp/a#b.sock"])
def test_an_address_of_valkey_is_not_cut_at_a_hash(url: str) -> None:
    """Another database, host or socket was used without a word."""
    with pytest.raises(ConfigurationError, match="write %23"):
        settings_from({"VALKEY_URL": url})
