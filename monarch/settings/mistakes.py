"""What is said of a setting that cannot be used: which variable, what was expected, what came, what to do.

Never the value of a secret, nor a part of it: of a validator's own words only those of a `Wrong` are shown, since
other errors quote what they met.
"""

import difflib
import re
from collections.abc import Iterator, Mapping

from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from monarch.settings.values import Wrong

OWN = "MONARCH_"

Fields = Mapping[str, FieldInfo]

# What Kubernetes adds by itself to every container beside a Service that is called "monarch".
_SERVICE_LINK = re.compile(r"MONARCH_(SERVICE_(HOST|PORT\w*)|PORT(_\d+_(TCP|UDP)\w*)?)")


class ConfigurationError(Exception):
    """The configuration cannot be used; `mistakes` has a line for each, the message has them all."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = tuple(mistakes)
        title = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        lines = "".join(f"\n- {mistake}" for mistake in mistakes)
        super().__init__(f"{title} in the configuration (environment and .env file):{lines}")


def names(fields: Fields) -> tuple[str, ...]:
    """Every variable that is known, older names too, in the order of the fields."""
    return tuple(name for field in fields.values() for name in _names(field))


def _names(field: FieldInfo) -> tuple[str, ...]:
    alias = field.validation_alias
    return tuple(map(str, alias.choices)) if isinstance(alias, AliasChoices) else (str(alias),)


def unknown(given: Mapping[str, str], fields: Fields) -> Iterator[str]:
    """Variables that look like ours and are not: probably typos."""
    known = names(fields)
    for name in sorted(given):
        if not name.startswith(OWN) or name in known or _SERVICE_LINK.fullmatch(name):
            continue
        ours = [other.removeprefix(OWN) for other in known if other.startswith(OWN)]
        near = difflib.get_close_matches(name.removeprefix(OWN), ours, n=1)
        guess = f"did you mean {OWN}{near[0]}? Rename it, or" if near else "See .env.template, or"
        yield f"{name}: expected no such variable; {guess} remove it."


def explained(error: ErrorDetails, fields: Fields) -> str:
    """One mistake that pydantic found."""
    cause = error.get("ctx", {}).get("error")
    return mistake(fields, str(error["loc"][0]), error["input"], cause)


def mistake(fields: Fields, name: str, came: object, cause: object = None) -> str:
    """Say what is wrong with one variable.

    Args:
        fields: all that there are.
        name: of the field or of the variable.
        came: its value, `None` where it is not set.
        cause: what the validator raised.
    """
    key = next(key for key, field in fields.items() if name in (key, *_names(field)))
    field = fields[key]
    variable = _names(field)[0] if name == key else name
    todo = "Correct it" if came is not None else "Set it"
    default = "" if field.default is None else _as_text(field.default)
    if came is not None:
        todo += f", or leave it empty for the default, {default}" if default else ", or remove it"
    why = f" ({cause})" if isinstance(cause, Wrong) else ""
    return f"{variable}: expected {field.description}; got {_shown(field, came)}{why}. {todo}."


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value or "")


def _shown(field: FieldInfo, came: object) -> str:
    if came is None:
        return "nothing"
    if "SecretStr" in str(field.annotation):
        return "something else (not shown, it may be a secret)"
    return repr(came) if "@" not in str(came) else "something else (not shown, it has an '@')"
