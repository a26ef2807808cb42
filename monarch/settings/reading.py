"""Reads the environment, and a `.env` file for what it leaves out, into one frozen value.

An empty variable counts as not set. Every mistake is reported at once, in one `ConfigurationError`; the value of a
secret is never part of it. Nothing else in Monarch reads the environment.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from monarch.settings import mistakes as told
from monarch.settings.mistakes import ConfigurationError
from monarch.settings.model import Settings

ENV_FILE = Path(".env")


def load_settings(*, needs_github: bool = False, env_file: Path | None = ENV_FILE) -> Settings:
    """Read the environment, and `env_file` for what it leaves out.

    Args:
        needs_github: Whether the roles to be run talk to GitHub, so that a token or an App must be there.
            A missing Slack token is never a mistake: then Slack is told nothing.
        env_file: A file of variables; it need not exist. None: the environment only.

    Raises:
        ConfigurationError: with every mistake that was found.
    """
    return settings_from(_variables(env_file), needs_github=needs_github)


def settings_from(variables: Mapping[str, str], *, needs_github: bool = False) -> Settings:
    """Do the same with `variables` in the environment's place; nothing else is read."""
    given = {name: text.strip() for name, text in variables.items() if text.strip()}
    fields = Settings.model_fields
    mistakes = [*told.unknown(given, fields), *_of_github(given, needs_github)]
    try:
        settings = Settings.model_validate({name: given[name] for name in names() if name in given})
    except ValidationError as error:
        explained = [told.explained(each, fields) for each in error.errors()]
        raise ConfigurationError([*explained, *mistakes]) from None
    if mistakes:
        raise ConfigurationError(mistakes)
    return settings


def names() -> tuple[str, ...]:
    """Every variable that is known, older names too, in the order of the fields."""
    return told.names(Settings.model_fields)


_KEYS = ("GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_PRIVATE_KEY_FILE")


def _of_github(given: Mapping[str, str], needs_github: bool) -> Iterator[str]:  # noqa: FBT001 - as it came
    """What is missing to sign in, or there twice; half an App is none."""
    keys = [name for name in _KEYS if name in given]
    has_id = "GITHUB_APP_ID" in given
    if len(keys) > 1:
        yield f"{_KEYS[1]}: expected no such variable beside {_KEYS[0]}. Remove one of them."
    if keys and not has_id:
        yield told.mistake(Settings.model_fields, "GITHUB_APP_ID", None)
    if has_id and not keys:
        yield told.mistake(Settings.model_fields, _KEYS[0], None)
    if needs_github and not (keys or has_id or "GH_PAT" in given):
        yield told.mistake(Settings.model_fields, "GH_PAT", None)


def _variables(env_file: Path | None) -> dict[str, str]:
    sources = (
        DotEnvSettingsSource(Settings, env_file=env_file),
        EnvSettingsSource(Settings),
    )
    found: dict[str, str] = {}
    for source in sources:
        found |= {name: text for name, text in source.env_vars.items() if text and text.strip()}
    return found
