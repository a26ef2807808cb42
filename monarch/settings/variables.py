"""Every setting: its variable, its default, its limits and what values are expected.

`.env.template` lists every variable; a test holds the two equal.
"""

import re
from ipaddress import ip_address
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from monarch.settings.values import (
    Addresses,
    AppId,
    GitHubUrl,
    Globs,
    HeaderName,
    HostNames,
    HttpUrl,
    ListenHost,
    Lower,
    MarkerKeys,
    Namespace,
    Networks,
    Owners,
    PageToken,
    PrivateKey,
    PrivateKeyFile,
    SlackUrl,
    TemplateFile,
    Token,
    Upper,
    ValkeyUrl,
    Wrong,
)


def _variable(name: str, default: object, expected: str, *, also: str = "", **limits: Any) -> Any:
    """Declare the field of one environment variable.

    Args:
        name: The variable.
        default: Its value when it is not set.
        expected: What it has to be, with unit and limits, to follow "expected" in a message.
        also: An older name that is accepted too.
        limits: Pydantic's own constraints.
    """
    alias = AliasChoices(name, also) if also else name
    return Field(default=default, validation_alias=alias, description=expected, **limits)


_PORT = "a port, 1 to 65535, or 0 for off"
_ADDRESS = "an http(s) address without user, password, query and fragment"


_GLOBS = "globs such as owner/* that match names of repositories, with commas between"
_UNNAMED: Final = "VALKEY_SENTINELS needs VALKEY_SENTINEL_MASTER"
_ALONE: Final = "VALKEY_SENTINEL_MASTER needs VALKEY_SENTINELS"
_UNWATCHED: Final = "false while MONARCH_MISSED_OWNERS is empty"
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)


class Variables(BaseModel):
    """A field a variable. Each field's description says which values are expected."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
        validate_default=True,
    )

    gh_pat: Token | None = _variable(
        "GH_PAT",
        None,
        "a GitHub token in one line, that may read the source and write issues (or a GitHub App:"
        " GITHUB_APP_ID with its private key)",
    )
    github_app_id: AppId | None = _variable(
        "GITHUB_APP_ID", None, "the client id or the app id of a GitHub App, as its page shows it"
    )
    github_app_key_given: PrivateKey | None = _variable(
        "GITHUB_APP_PRIVATE_KEY",
        None,
        "the private key of the GitHub App, an RSA key as PEM without a passphrase, in lines or in"
        " one with \\n for the line ends (or GITHUB_APP_PRIVATE_KEY_FILE)",
    )
    github_app_key_in_file: PrivateKeyFile | None = _variable(
        "GITHUB_APP_PRIVATE_KEY_FILE",
        None,
        "a file with the private key of the GitHub App, an RSA key as PEM without a passphrase",
    )
    github_api_url: GitHubUrl = _variable("GITHUB_API_URL", "https://api.github.com", _ADDRESS)
    slack_bot_token: Token | None = _variable(
        "SLACK_BOT_TOKEN", None, "a Slack bot token (xoxb-…) in one line", also="SLACK_TOKEN"
    )
    github_proxy: SecretStr | None = Field(default=None, exclude=True)
    """The proxy that leads to GitHub's API; `None`: none. `reading` derives it from the usual variables."""
    slack_proxy: SecretStr | None = Field(default=None, exclude=True)
    """The same for Slack's API."""
    slack_api_url: SlackUrl = _variable("SLACK_API_URL", "https://slack.com/api/", _ADDRESS)

    valkey_url_given: ValkeyUrl | None = _variable(
        "VALKEY_URL",
        None,
        "an address valkey://, valkeys://, redis://, rediss:// or unix://, with no options but db,"
        " username, password and, for TLS, ssl_ca_certs, ssl_certfile, ssl_keyfile,"
        " ssl_check_hostname and ssl_cert_reqs",
    )
    valkey_host: str = _variable("VALKEY_HOST", "localhost", "a host name or IP address")
    valkey_port: int = _variable("VALKEY_PORT", 6379, "a port, 1 to 65535", ge=1, le=65535)
    valkey_db: int = _variable("VALKEY_DB", 0, "a database number, 0 or more", ge=0)
    valkey_username: str | None = _variable("VALKEY_USERNAME", None, "a user name")
    valkey_password: SecretStr | None = _variable("VALKEY_PASSWORD", None, "a password")

    valkey_sentinels: Addresses = _variable(
        "VALKEY_SENTINELS",
        (),
        "host:port of each Sentinel, with commas between; with it VALKEY_SENTINEL_MASTER, and no"
        " unix:// in VALKEY_URL",
    )
    valkey_sentinel_master: str | None = _variable(
        "VALKEY_SENTINEL_MASTER",
        None,
        "the name under which the Sentinels watch the primary",
        validate_default=True,
    )
    valkey_sentinel_username: str | None = _variable(
        "VALKEY_SENTINEL_USERNAME", None, "a user name"
    )
    valkey_sentinel_password: SecretStr | None = _variable(
        "VALKEY_SENTINEL_PASSWORD", None, "a password"
    )

    namespace: Namespace = _variable(
        "MONARCH_NAMESPACE", "monarch", "letters, digits, '_', '.' and '-' only"
    )
    channel: str = _variable(
        "MONARCH_CHANNEL", "channel_migrate_issue_tickets", "a pub/sub channel", min_length=1
    )
    concurrency: int = _variable(
        "MONARCH_CONCURRENCY", 8, "migrations at once per worker, 1 to 256", ge=1, le=256
    )
    lease_seconds: float = _variable(
        "MONARCH_LEASE_SECONDS",
        20.0,
        "seconds, 15 to 600 (one write to GitHub may take 10 s, and with a margin it has to end "
        "within the lease under which it began)",
        ge=15,
        le=600,
        allow_inf_nan=False,
    )
    max_attempts: int = _variable(
        "MONARCH_MAX_ATTEMPTS", 8, "failures before giving up, 1 or more", ge=1
    )
    max_deliveries: int = _variable(
        "MONARCH_MAX_DELIVERIES", 5, "deliveries without progress before giving up, 1 or more", ge=1
    )
    target_patience_seconds: float = _variable(
        "MONARCH_TARGET_PATIENCE_SECONDS", 120.0, "seconds, 0 or more", ge=0, allow_inf_nan=False
    )
    writes_per_minute: int = _variable(
        "MONARCH_WRITES_PER_MINUTE", 80, "writes to GitHub a minute, or 0 for no ceiling", ge=0
    )
    writes_per_hour: int = _variable(
        "MONARCH_WRITES_PER_HOUR", 500, "writes to GitHub an hour, or 0 for no ceiling", ge=0
    )
    write_interval_seconds: float = _variable(
        "MONARCH_WRITE_INTERVAL_SECONDS",
        1.0,
        "seconds between two writes to GitHub, or 0 for no pause",
        ge=0,
        allow_inf_nan=False,
    )
    writes_at_once: int = _variable(
        "MONARCH_WRITES_AT_ONCE", 1, "writes to GitHub at the same time, 1 to 100", ge=1, le=100
    )
    allowed_sources: Globs = _variable("MONARCH_ALLOWED_SOURCES", (), _GLOBS)
    allowed_targets: Globs = _variable("MONARCH_ALLOWED_TARGETS", (), _GLOBS)
    private_to_public: bool = _variable("MONARCH_PRIVATE_TO_PUBLIC", False, "true or false")
    issue_template: TemplateFile | None = _variable(
        "MONARCH_ISSUE_TEMPLATE_FILE", None, "a file with the text around the text of each copy"
    )
    marker_keys_given: MarkerKeys | None = _variable(
        "MONARCH_MARKER_KEY",
        None,
        "a key of 16 to 200 characters without white space, or several with commas between",
    )
    copy_labels: bool = _variable("MONARCH_COPY_LABELS", True, "true or false")
    copy_milestones: bool = _variable("MONARCH_COPY_MILESTONES", True, "true or false")
    copy_assignees: bool = _variable("MONARCH_COPY_ASSIGNEES", False, "true or false")
    missed_owners: Owners = _variable(
        "MONARCH_MISSED_OWNERS", (), "names of organisations or users, with commas between"
    )
    missed_submit: bool = _variable("MONARCH_MISSED_SUBMIT", False, "true or false")
    adopt: bool = _variable("MONARCH_ADOPT", True, "true or false")
    mentions: Annotated[Literal["neutralize", "keep"], Lower] = _variable(
        "MONARCH_MENTIONS", "neutralize", "neutralize or keep"
    )
    slack_ending: Annotated[Literal["channel", "thread"], Lower] = _variable(
        "MONARCH_SLACK_ENDING", "channel", "channel or thread"
    )
    slack_ending_seconds: int = _variable(
        "MONARCH_SLACK_ENDING_SECONDS", 20, "seconds, 0 to 600", ge=0, le=600
    )
    page_url: HttpUrl | None = _variable("MONARCH_PAGE_URL", None, _ADDRESS)
    retention_days: int = _variable("MONARCH_RETENTION_DAYS", 30, "days, 1 to 3650", ge=1, le=3650)
    metrics_port: int = _variable("MONARCH_METRICS_PORT", 8080, _PORT, ge=0, le=65535)
    web_port: int = _variable(
        "MONARCH_WEB_PORT", 8081, f"{_PORT}, other than MONARCH_METRICS_PORT", ge=0, le=65535
    )
    web_host: ListenHost = _variable(
        "MONARCH_WEB_HOST", "127.0.0.1", "an IP address of this machine to listen on, or localhost"
    )
    web_token: PageToken | None = _variable(
        "MONARCH_WEB_TOKEN", None, "16 to 200 printable characters of ASCII without white space"
    )
    web_user_header: HeaderName | None = _variable(
        "MONARCH_WEB_USER_HEADER",
        None,
        "the name of a header such as X-Auth-Request-Email; with it MONARCH_WEB_TRUSTED_PROXIES",
    )
    web_trusted_proxies: Networks = _variable(
        "MONARCH_WEB_TRUSTED_PROXIES",
        (),
        "addresses or networks such as 10.0.0.0/8, with commas between; with it"
        " MONARCH_WEB_USER_HEADER",
        validate_default=True,
    )
    web_names: HostNames = _variable(
        "MONARCH_WEB_NAMES", (), "host names without scheme and port, with commas between"
    )
    web_public: bool = _variable("MONARCH_WEB_PUBLIC", False, "true or false")
    log_format: Annotated[Literal["auto", "json", "console"], Lower] = _variable(
        "MONARCH_LOG_FORMAT", "auto", "auto, json or console"
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], Upper] = (
        _variable("MONARCH_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING, ERROR or CRITICAL")
    )

    @field_validator("valkey_host")
    @classmethod
    def _is_a_host(cls, value: str) -> str:
        if not _HOST_NAME.fullmatch(value):
            ip_address(value)  # raises a ValueError
        return value

    @field_validator("web_trusted_proxies")
    @classmethod
    def _with_a_header(cls, value: Any, info: ValidationInfo) -> Any:
        if bool(value) != bool(info.data.get("web_user_header", value)):
            raise ValueError
        return value

    @field_validator("missed_submit")
    @classmethod
    def _with_owners(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - as pydantic calls it
        if value and not info.data.get("missed_owners", value):
            raise Wrong(expected=_UNWATCHED)
        return value

    @field_validator("valkey_sentinels")
    @classmethod
    def _reached_by_network(cls, value: Any, info: ValidationInfo) -> Any:
        url = info.data.get("valkey_url_given")
        if value and url is not None and url.get_secret_value().startswith("unix:"):
            raise ValueError
        return value

    @field_validator("valkey_sentinel_master")
    @classmethod
    def _with_sentinels(cls, value: str | None, info: ValidationInfo) -> str | None:
        if bool(value) != bool(info.data.get("valkey_sentinels", value)):
            raise Wrong(_ALONE if value else _UNNAMED)
        return value
