"""`monarch config`: which settings count, where each comes from, and no secret."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.cli.conftest import Give

SECRETS: Final = {
    "GH_PAT": "ghp_abcdefghijklmnop",
    "SLACK_BOT_TOKEN": "xoxb-123-abcdef",
    "VALKEY_PASSWORD": "swordfish",
    "MONARCH_MARKER_KEY": "0123456789abcdef-key",
    "MONARCH_WEB_TOKEN": "fedcba9876543210-web",
}


def _settings(shown: str) -> dict[str, dict[str, Any]]:
    return {one["variable"]: one for one in json.loads(shown)["settings"]}


def test_each_setting_says_where_it_comes_from(give: Give, tmp_path: Path) -> None:
    """The environment wins over the file, and that it does is said: the file is where people look."""
    (tmp_path / ".env").write_text(
        "MONARCH_NAMESPACE=filed\nMONARCH_RETENTION_DAYS=31\nMONARCH_WEB_PORT=0\n"
    )

    shown = give("config", "--json", MONARCH_NAMESPACE="given", MONARCH_WEB_PORT="0")

    found = _settings(shown.stdout)
    told = {
        name: (one["value"], one["source"], one["shadowed"])
        for name, one in found.items()
        if name in {"MONARCH_NAMESPACE", "MONARCH_RETENTION_DAYS", "MONARCH_WEB_PORT", "VALKEY_DB"}
    }
    assert told == {
        "MONARCH_NAMESPACE": ("given", "environment", True),
        "MONARCH_RETENTION_DAYS": ("31", ".env", False),
        "MONARCH_WEB_PORT": ("0", "environment", False),
        "VALKEY_DB": ("0", "default", False),
    }
    table = give("config", MONARCH_NAMESPACE="given").stdout
    assert (
        "MONARCH_NAMESPACE                given                          environment, not .env"
        in table
    )


@pytest.mark.parametrize(
    ("given", "overruled"),
    [
        ({"VALKEY_URL": "valkey://h:1/0"}, {"VALKEY_HOST", "VALKEY_DB"}),
        ({"VALKEY_URL": "valkey://u:p@h:1/0"}, {"VALKEY_HOST", "VALKEY_DB", "VALKEY_USERNAME"}),
        ({"VALKEY_URL": ""}, set[str]()),
    ],
)
def test_a_setting_that_another_one_overrules_does_not_look_as_if_it_counts(
    give: Give, given: dict[str, str], overruled: set[str]
) -> None:
    """The database beside an address was listed like all that counts."""
    beside = {"VALKEY_HOST": "other", "VALKEY_DB": "5", "VALKEY_USERNAME": "ada"}

    found = _settings(give("config", "--json", **beside, **given).stdout)

    assert {name for name, one in found.items() if one["overruled_by"]} == overruled
    shown = give("config", "--set", **beside, **given).stdout
    assert shown.count("environment, but VALKEY_URL counts") == len(overruled)


def test_the_sentinels_overrule_a_host(give: Give) -> None:
    """It is asked of them where Valkey is; a default that is not used is left alone."""
    sentinels = {"VALKEY_SENTINELS": "s:1", "VALKEY_SENTINEL_MASTER": "m", "VALKEY_URL": ""}

    found = _settings(give("config", "--json", VALKEY_HOST="other", **sentinels).stdout)

    overruled = {name: one["overruled_by"] for name, one in found.items() if one["overruled_by"]}
    assert overruled == {"VALKEY_HOST": "VALKEY_SENTINELS"}


def test_only_what_is_set_is_shown_on_demand(give: Give) -> None:
    """Fifty defaults hide the one value that an operator changed."""
    found = _settings(give("config", "--set", "--json", MONARCH_CHANNEL="mine").stdout)

    assert set(found) == {"VALKEY_URL", "MONARCH_CHANNEL"}


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_secret_is_shown(give: Give, form: tuple[str, ...]) -> None:
    """Neither where it belongs, nor in the place of something else, nor in an address."""
    pem = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    given = SECRETS | {
        "GITHUB_APP_ID": "17",
        "GITHUB_APP_PRIVATE_KEY": pem.decode(),
        "VALKEY_URL": "valkey://ada:trout@h:6380/1",
        "HTTPS_PROXY": "http://u:salmon@proxy.example:3128",
        "MONARCH_CHANNEL": "swordfish",
    }

    shown = give("config", *form, **given).stdout

    hidden = [*SECRETS.values(), "trout", "salmon", *pem.decode().splitlines()[1:-1]]
    assert [secret for secret in hidden if secret in shown] == []
    for told in ("valkey://h:6380/1", "http://proxy.example:3128", "set, not shown"):
        assert told in shown


TOKENS: Final = (
    "ghp_0123456789abcdefABCDEF",
    "github_pat_11ABCDEFG0_abcdefghij",
    "xoxb-1234567890-abcdefghij",
    "xapp-1-A0123-456-abcdef",
    "0123456789abcdef0123456789abcdef01234567",
    "https://hooks.slack.com/services/T0/B0/abcdefghij",
    "-----BEGIN RSA PRIVATE KEY-----\\nabcdefghij\\n-----END RSA PRIVATE KEY-----",
    "MIIEpAIBAAKCAQEA" + "abcdefghij" * 6,
)
TAKEN: Final = (
    "MONARCH_CHANNEL",
    "VALKEY_USERNAME",
    "VALKEY_SENTINEL_USERNAME",
)
REFUSED: Final = (
    "MONARCH_LOG_LEVEL",
    "MONARCH_ISSUE_TEMPLATE_FILE",
    "MONARCH_WEB_HOST",
    "MONARCH_WEB_PORT",
    "GITHUB_API_URL",
    "VALKEY_PORT",
    "VALKEY_SENTINEL_MASTER",
    "SSL_CERT_FILE",
)


@pytest.mark.parametrize("token", TOKENS, ids=range(len(TOKENS)))
@pytest.mark.parametrize("variables", [TAKEN, REFUSED], ids=["taken", "refused"])
def test_a_token_in_the_wrong_variable_is_never_shown(
    give: Give, variables: tuple[str, ...], token: str
) -> None:
    """A paste into the wrong line of `.env`, seen by everybody who is shown the settings or their mistakes."""
    shown = give("config", "--json", **dict.fromkeys(variables, token))

    assert shown.exit_code == (0 if variables is TAKEN else 2), shown.output
    assert token.removeprefix("https://hooks.slack.com/") not in shown.output


@pytest.mark.parametrize("variable", ["MONARCH_LOG_LEVEL", "VALKEY_PORT", "MONARCH_MENTIONS"])
def test_a_password_in_two_variables_is_shown_in_neither(give: Give, variable: str) -> None:
    """It has no looks of its own; that it stands where a secret belongs tells."""
    wrong = give("status", **{variable: "swordfish", "VALKEY_PASSWORD": "swordfish"})

    assert wrong.exit_code == 2
    assert variable in wrong.stderr
    assert "swordfish" not in wrong.output


@pytest.mark.parametrize("variable", ["GITHUB_API_URL", "SLACK_API_URL", "MONARCH_PAGE_URL"])
@pytest.mark.parametrize("behind", ["?token=swordfish", "/api/v3?a=swordfish", "#swordfish"])
def test_an_address_with_a_query_is_refused_unseen(give: Give, variable: str, behind: str) -> None:
    """Paths are added behind it, so it leads nowhere; and a token may stand in it."""
    wrong = give("config", **{variable: f"https://h.example{behind}"})

    assert wrong.exit_code == 2
    assert f"{variable}: expected an http(s) address without user, password, query" in wrong.stderr
    assert "swordfish" not in wrong.output


def test_the_doctor_shows_no_secret_in_the_place_of_something_else(give: Give) -> None:
    """Its lines are pasted into tickets and chats."""
    shown = give(
        "doctor",
        MONARCH_ALLOWED_SOURCES="swordfish/*",
        MONARCH_ALLOWED_TARGETS="ghp_0123456789abcdef/*",
        VALKEY_PASSWORD="swordfish",
        MONARCH_WEB_TOKEN="fedcba9876543210-web",
    ).output

    assert "***/*" in shown
    assert [one for one in ("swordfish", "ghp_0123") if one in shown] == []


def test_a_wrong_configuration_is_told_with_all_its_mistakes(give: Give) -> None:
    """As by every other command."""
    wrong = give("config", MONARCH_CONCURRENCY="many", MONARCH_WEB_PORT="70000")

    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "2 mistakes" in wrong.stderr
