"""Which value of each setting counts, and where it comes from; no secret is ever part of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic.fields import FieldInfo

from monarch.settings.mistakes import default_text, field_names
from monarch.settings.model import Settings
from monarch.settings.reading import Given
from monarch.settings.values import without_credentials

HIDDEN: Final = "set, not shown"
"""Stands in the place of a secret."""

_ADDRESS: Final = "VALKEY_URL"
"""A secret for the credentials in it alone."""

_TELLING: Final = 4
"""A password of fewer characters stands in many a value by chance."""

_PATHS: Final = frozenset({"GITHUB_APP_PRIVATE_KEY_FILE"})
"""Names where a secret is, and is none."""


@dataclass(frozen=True, slots=True)
class Effective:
    """A setting as it counts.

    Attributes:
        variable: its name, or the older one by which it was given.
        value: as it was given; `""` for nothing, and for a default that is nothing.
        source: `default`, `environment` or `.env`.
        shadowed: whether the file has another value, which does not count.
        is_secret: whether `value` is not shown.
    """

    variable: str
    value: str
    source: str
    shadowed: bool = False
    is_secret: bool = False


def effective(settings: Settings, given: Given) -> Iterator[Effective]:
    """Every setting, in the order of the template."""
    secrets = settings.secrets()
    for field in Settings.model_fields.values():
        if not field.exclude:
            yield _effective(field, given, secrets)


def _effective(field: FieldInfo, given: Given, secrets: list[str]) -> Effective:
    names = field_names(field)
    variable = next((name for name in names if given.variables.get(name, "").strip()), None)
    if variable is None:
        return Effective(names[0], default_text(field), "default")
    raw = given.variables[variable].strip()
    shown, is_secret = _shown(field, variable, raw, secrets)
    in_file = given.file.get(variable, "").strip()
    return Effective(
        variable,
        shown,
        "environment" if variable in given.process else ".env",
        shadowed=variable in given.process and in_file not in {"", raw},
        is_secret=is_secret,
    )


def _shown(field: FieldInfo, variable: str, raw: str, secrets: list[str]) -> tuple[str, bool]:
    """What may be shown of a value, and whether something had to be hidden."""
    if variable == _ADDRESS:
        safe = without_credentials(raw)
        return safe, safe != raw
    if "SecretStr" in str(field.annotation) and variable not in _PATHS:
        return HIDDEN, True
    # A password in the place of a host, say: whatever holds a secret is one, and so is what looks like an address with one.
    is_secret = "@" in raw or any(secret in raw for secret in secrets if len(secret) >= _TELLING)
    return (HIDDEN, True) if is_secret else (raw, False)
