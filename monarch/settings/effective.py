"""Which value of each setting counts, and where it comes from; never a secret."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from pydantic.fields import FieldInfo

from monarch.core.redact import Redactor
from monarch.settings.mistakes import default_text, field_names, is_secret
from monarch.settings.model import Settings
from monarch.settings.reading import Given
from monarch.settings.values import without_credentials

HIDDEN: Final = "set, not shown"
"""Stands in place of a secret."""

_ADDRESS: Final = "VALKEY_URL"
"""A secret only because of the credentials in it."""

_IN_SIGHT: Final = frozenset({_ADDRESS, "GITHUB_APP_PRIVATE_KEY_FILE"})
"""Kept as secrets, and shown: an address without its credentials, and the name of a file."""


@dataclass(frozen=True, slots=True)
class Effective:
    """A setting in effect.

    Attributes:
        variable: its name, or the older name under which it was given.
        value: as it was given; `""` for nothing, and for a default that is nothing.
        source: `default`, `environment` or `.env`.
        shadowed: whether the file has another value, which does not count.
        is_secret: whether `value` is not shown.
        overruled_by: the variable that is given, too, and wins over this one; `""`: there is none.
    """

    variable: str
    value: str
    source: str
    shadowed: bool = False
    is_secret: bool = False
    overruled_by: str = ""


def effective(settings: Settings, given: Given) -> Iterator[Effective]:
    """Every setting, in the order of the template."""
    hide = Redactor(settings.secrets())
    winners = settings.winners()
    for field in Settings.model_fields.values():
        if not field.exclude:
            one = _effective(field, given, hide)
            winner = "" if one.source == "default" else winners.get(one.variable, "")
            yield replace(one, overruled_by=winner)


def _effective(field: FieldInfo, given: Given, hide: Redactor) -> Effective:
    names = field_names(field)
    variable = next((name for name in names if given.variables.get(name, "").strip()), None)
    if variable is None:
        return Effective(names[0], default_text(field), "default")
    raw = given.variables[variable].strip()
    shown, hidden = _shown(field, variable, raw, hide)
    in_file = given.file.get(variable, "").strip()
    return Effective(
        variable,
        shown,
        "environment" if variable in given.process else ".env",
        shadowed=variable in given.process and in_file not in {"", raw},
        is_secret=hidden,
    )


def _shown(field: FieldInfo, variable: str, raw: str, hide: Redactor) -> tuple[str, bool]:
    """What may be shown of a value, and whether something had to be hidden."""
    shown = without_credentials(raw) if variable == _ADDRESS else raw
    # A token in place of a host, say: what contains a secret is one, and so is what looks like one.
    if hide(shown) != shown or "@" in shown or (is_secret(field) and variable not in _IN_SIGHT):
        return HIDDEN, True
    return shown, shown != raw
