"""Reads the environment, and a `.env` file for what the environment lacks, into one frozen value.

An empty variable counts as not set. All mistakes are reported at once, in one `ConfigurationError`; the value of a
secret is never part of it. Nothing else in Monarch reads the environment.
"""

import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import SecretStr, ValidationError

from monarch.core.redact import Redactor
from monarch.settings import mistakes
from monarch.settings.certificates import (
    OF_LIBRARIES,
    certificate_mistakes,
    certificates_out_of_reach,
)
from monarch.settings.env_file import read_env_file
from monarch.settings.mistakes import ConfigurationError, unlinked
from monarch.settings.model import Settings
from monarch.settings.proxies import proxy_for
from monarch.settings.values import Wrong

ENV_FILE = Path(".env")


def load_settings(*, needs_github: bool = False, env_file: Path | None = ENV_FILE) -> Settings:
    """Read the environment, and `env_file` for what the environment lacks.

    Args:
        needs_github: Whether the roles to be run talk to GitHub, so that a token or an App must be there.
            A missing Slack token is never a mistake: then nothing is sent to Slack.
        env_file: A file of variables; it need not exist. None: the environment only.

    Raises:
        ConfigurationError: with every mistake that was found.
    """
    given = read_given(env_file)
    hide = Redactor(_secrets_in(given.variables))
    try:
        settings = settings_from(given.variables, needs_github=needs_github, places=given.places)
    except ConfigurationError as error:
        placed = (_placed(mistake, given.places) for mistake in error.mistakes)
        found = _by_line((*given.mistakes, *placed), env_file)
        raise ConfigurationError(list(map(hide, found))) from None
    if given.mistakes:
        raise ConfigurationError(list(map(hide, _by_line(given.mistakes, env_file))))
    return settings


def _by_line(found: Iterable[str], env_file: Path | None) -> list[str]:
    """Those with a line of the file first, from its top down; the others follow as they were found."""
    begins = re.compile(rf"{re.escape(str(env_file))} line (\d+): ")

    def line(mistake: str) -> float:
        match = begins.match(mistake)
        return int(match[1]) if match else math.inf

    return sorted(found, key=line)


def _placed(mistake: str, places: Mapping[str, str]) -> str:
    """A mistake about a value, with the line of the file where that stands; as it is if it is not from a file."""
    place = places.get(mistake.partition(":")[0])
    return f"{place}: {mistake}" if place else mistake


def _secrets_in(variables: Mapping[str, str]) -> Iterator[str]:
    """The values of secret variables: they must not be shown in another variable either."""
    for field in Settings.model_fields.values():
        for name in mistakes.field_names(field) if mistakes.is_secret(field) else ():
            if name not in _NO_SECRETS:
                yield variables.get(name, "").strip()


class Given(NamedTuple):
    """What the environment and a file hold; what a library reads from the environment alone is not taken from a file.

    `variables` are those that count, `process` and `file` those of each side; `mistakes` are about the text itself, and
    `places` say where in the file those stand that the environment lacks.
    """

    variables: Mapping[str, str]
    process: Mapping[str, str]
    file: Mapping[str, str]
    mistakes: tuple[str, ...]
    places: Mapping[str, str]


def read_given(env_file: Path | None = ENV_FILE) -> Given:
    """Read both sides; if both have a value, the environment's counts."""
    process = {name: text for name, text in unlinked(os.environ).items() if text.strip()}
    problems: list[str] = []
    file: Mapping[str, str] = {}
    places: Mapping[str, str] = {}
    if env_file is not None:
        try:
            file, places, bad = read_env_file(env_file, _read_from_file())
            problems.extend(bad)
        except ConfigurationError as error:
            problems.extend(error.mistakes)
        problems.extend(mistakes.misspelt(file, Settings.model_fields, places))
    problems.extend(mistakes.misspelt(unlinked(os.environ), Settings.model_fields))
    problems.extend(certificates_out_of_reach(os.environ, file, str(env_file)))
    counts = {name: file[name] for name in file if name not in OF_LIBRARIES}
    only_there = {name: place for name, place in places.items() if name not in process}
    return Given(counts | process, process, file, tuple(problems), only_there)


def settings_from(
    variables: Mapping[str, str],
    *,
    needs_github: bool = False,
    places: Mapping[str, str] | None = None,
) -> Settings:
    """Do the same with `variables` in the environment's place; nothing else is read.

    `places` says where those of a file stand, such as `.env line 3`.

    Raises:
        ConfigurationError: with every mistake that was found, except names that only look like a setting's.
    """
    given = {name: text.strip() for name, text in variables.items() if text.strip()}
    fields = Settings.model_fields
    problems = [
        *mistakes.unknown(given, fields, places or {}),
        *_quoted(given),
        *_contradictions(given),
        *_of_github(given, needs_github),
    ]
    known: dict[str, str | None] = {
        name: given[name][1:-1] if _is_quoted(name, given[name]) else given[name]
        for name in names()
        if name in given
    }
    try:
        settings = Settings.model_validate(known)
    except ValidationError as error:
        explained = [mistakes.explained(each, fields) for each in error.errors()]
        raise ConfigurationError([*explained, *problems]) from None
    problems.extend(certificate_mistakes(given, settings.valkey_url.get_secret_value()))
    ways = _proxies(settings, given, problems)
    if problems:
        raise ConfigurationError(problems)
    return settings.model_copy(update=ways)


def names() -> tuple[str, ...]:
    """Every variable that is known, older names too, in the order of the fields."""
    return mistakes.names(Settings.model_fields)


def _read_from_file() -> frozenset[str]:
    """Every variable that is read from a file: the settings, and the proxies in upper or lower case."""
    proxies = [name for name in mistakes.OF_OTHERS if name.endswith("_PROXY")]
    return frozenset({*names(), *proxies, *map(str.lower, proxies)})


_NO_SECRETS = frozenset({"VALKEY_URL", "GITHUB_APP_PRIVATE_KEY_FILE"})
"""Kept as secrets because of what they may contain or lead to; their own text may appear in messages."""

_KEYS = ("GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_PRIVATE_KEY_FILE")


def _quoted(given: Mapping[str, str]) -> Iterator[str]:
    """Values with the quotes of a file: some readers of such files keep them, and a channel in quotes is another one."""
    for name in names():
        if _is_quoted(name, given.get(name, "")):
            yield f"{name}: expected a value without quotes around it (Docker's --env-file keeps them). Remove them."


def _is_quoted(name: str, value: str) -> bool:
    """A password may have any characters."""
    return value[:1] in {'"', "'"} and value[0] == value[-1] and not name.endswith("PASSWORD")


def _contradictions(given: Mapping[str, str]) -> Iterator[str]:
    if given.get("SLACK_TOKEN", "") not in {
        "",
        given.get("SLACK_BOT_TOKEN", given.get("SLACK_TOKEN")),
    }:
        yield "SLACK_TOKEN: expected the same as SLACK_BOT_TOKEN, or nothing; got another one. Remove one of them."
    yield from _of_ports(given)


def _of_ports(given: Mapping[str, str]) -> Iterator[str]:
    """One port cannot serve both: the variable to correct is one that was set, which the other's default may be at odds with."""
    fields = Settings.model_fields
    port, other = (
        given.get(name, str(fields[field].default)).lstrip("0") for name, field in _PORTS.items()
    )
    if port and port == other:
        blamed, beside = sorted(_PORTS, key=lambda name: name not in given)
        whose = beside if beside in given else f"{beside} by default"
        yield (
            f"{blamed}: expected a port other than that of {beside}; got {port}, the port of {whose}."
            " Set one of the two to another port, or to 0 for off."
        )


_PORTS: Final = {"MONARCH_WEB_PORT": "web_port", "MONARCH_METRICS_PORT": "metrics_port"}
"""Of the two servers of a worker: the variables, and their fields."""


def _proxies(
    settings: Settings, given: Mapping[str, str], problems: list[str]
) -> dict[str, SecretStr | None]:
    """The ways to GitHub and to Slack."""
    ways: dict[str, SecretStr | None] = {}
    for name, url in (
        ("github_proxy", settings.github_api_url),
        ("slack_proxy", settings.slack_api_url),
    ):
        try:
            proxy = proxy_for(url, given)
        except Wrong as error:
            problems.append(str(error))
            continue
        ways[name] = SecretStr(proxy) if proxy else None
    return ways


def _of_github(given: Mapping[str, str], needs_github: bool) -> Iterator[str]:  # noqa: FBT001 - as it came
    """What is missing to sign in, or given twice; half an App does not count."""
    keys = [name for name in _KEYS if name in given]
    has_id = "GITHUB_APP_ID" in given
    if len(keys) > 1:
        yield f"{_KEYS[1]}: expected no such variable beside {_KEYS[0]}. Remove one of them."
    if keys and not has_id:
        yield mistakes.mistake(Settings.model_fields, "GITHUB_APP_ID", None)
    if has_id and not keys:
        yield mistakes.mistake(Settings.model_fields, _KEYS[0], None)
    if needs_github and not (keys or has_id or "GH_PAT" in given):
        other = next((name for name in mistakes.FOR_GH_PAT if given.get(name)), None)
        hint = f" {other} is set; Monarch reads GH_PAT alone." if other else ""
        yield mistakes.mistake(Settings.model_fields, "GH_PAT", None) + hint
