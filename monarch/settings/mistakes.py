"""The message about a setting that cannot be used: which variable, what was expected, what came, what to do.

Never the value of a secret, nor a part of it: of the validators' own words only those of a `Wrong` are shown, since
other errors quote what they met.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from monarch.core.redact import redact
from monarch.settings.values import Wrong

OWN = "MONARCH_"

Fields = Mapping[str, FieldInfo]

FOR_GH_PAT = ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_PAT", "GITHUB_ACCESS_TOKEN")
"""Other programs' names for the token that Monarch reads from GH_PAT."""

OF_COMPOSE = frozenset(
    {
        "MONARCH_WORKERS",
        "VALKEY_HOST_PORT",
        "PROMETHEUS_HOST_PORT",
        "GRAFANA_HOST_PORT",
        "GRAFANA_PASSWORD",
    }
)
"""What docker-compose.yml reads from `.env` for itself."""

OF_OTHERS = (
    *("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "FTP_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "NO_COLOR"),
)
"""What Monarch or its libraries heed beside the settings, in upper or lower case, and what only looks like one of them."""

_PREFIXES = (OWN, "VALKEY_", "GITHUB_", "GH_", "SLACK_")
_NEAR = 0.85
"""How alike two names must be, from 0 to 1, for one to count as the other misspelt.

If it were lower, SLACK_APP_TOKEN, which other programs have, would be taken for SLACK_TOKEN.
"""

_NOWHERE: Mapping[str, str] = MappingProxyType({})

_SHORTER = {
    "VALKEY_USER": "VALKEY_USERNAME",
    "VALKEY_PASS": "VALKEY_PASSWORD",
    "VALKEY_HOSTNAME": "VALKEY_HOST",
}
"""Other programs' names for the same thing."""

# What Kubernetes adds by itself to every container for each Service, such as one called "monarch" or "valkey".
_SERVICE_LINK = re.compile(
    r"\w+_(SERVICE_(HOST|PORT\w*)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
_LINKED_PORT = re.compile(r"(tcp|udp|sctp)://.*")


class ConfigurationError(Exception):
    """The configuration cannot be used; `mistakes` has a line for each, the message has them all.

    What looks like a secret is hidden in each, no matter which variable it was put into.
    """

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = tuple(map(redact, mistakes))
        title = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        lines = "".join(f"\n- {mistake}" for mistake in self.mistakes)
        super().__init__(f"{title} in the configuration (environment and .env file):{lines}")


def names(fields: Fields) -> tuple[str, ...]:
    """Every known variable, older names too, in the order of the fields."""
    return tuple(
        name for field in fields.values() if not field.exclude for name in field_names(field)
    )


def field_names(field: FieldInfo) -> tuple[str, ...]:
    """The variables of one field: its own, and an older name if it has one."""
    alias = field.validation_alias
    return tuple(map(str, alias.choices)) if isinstance(alias, AliasChoices) else (str(alias),)


def unlinked(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables without those that Kubernetes adds: `VALKEY_PORT=tcp://10.0.0.1:6379` is not a setting."""
    return {
        name: text
        for name, text in variables.items()
        if not _SERVICE_LINK.fullmatch(name)
        and not (name.endswith("_PORT") and _LINKED_PORT.fullmatch(text))
    }


def unknown(
    given: Mapping[str, str], fields: Fields, places: Mapping[str, str] = _NOWHERE
) -> Iterator[str]:
    """Variables with our own prefix that we do not know; `places` says where those of a file stand."""
    known = {*names(fields), *OF_COMPOSE}
    for name in sorted(given):
        if not name.startswith(OWN) or name in known or _SERVICE_LINK.fullmatch(name):
            continue
        ours = [other.removeprefix(OWN) for other in sorted(known) if other.startswith(OWN)]
        near = difflib.get_close_matches(name.removeprefix(OWN), ours, n=1)
        guess = f"did you mean {OWN}{near[0]}? Rename it, or" if near else "see .env.template, or"
        yield f"{_at(name, places)}: expected no such variable; {guess} remove it."


def _at(name: str, places: Mapping[str, str]) -> str:
    return f"{places[name]}: {name}" if name in places else name


def misspelt(
    given: Mapping[str, str], fields: Fields, places: Mapping[str, str] = _NOWHERE
) -> Iterator[str]:
    """Variables of other prefixes that a person probably meant for a setting.

    Args:
        given: as they stand; empty ones count, too.
        fields: all fields of the settings.
        places: where each stands in the file that they come from, which is Monarch's own; empty: the process's
            environment, in which other programs have variables with these prefixes as well, so only what is nearly a
            setting's name counts.
    """
    in_file = bool(places)
    known = (*names(fields), *sorted(OF_COMPOSE), *(OF_OTHERS if in_file else ()))
    for name in sorted(set(given) - set(known)):
        if name.startswith(OWN) or name.upper() in OF_OTHERS:
            continue
        (near,) = difflib.get_close_matches(name.upper(), known, 1, _NEAR) or ("",)
        near = _SHORTER.get(name, near)
        if in_file and name in FOR_GH_PAT:
            near = "GH_PAT"
        if near or (in_file and name.startswith(_PREFIXES)):
            guess = f"did you mean {near}? Rename it, or" if near else "see .env.template, or"
            yield f"{_at(name, places)}: expected no such variable; {guess} remove it."


def explained(error: ErrorDetails, fields: Fields) -> str:
    """One mistake that pydantic found."""
    cause = error.get("ctx", {}).get("error")
    return mistake(fields, str(error["loc"][0]), error["input"], cause)


def mistake(fields: Fields, name: str, came: object, cause: object = None) -> str:
    """Say what is wrong with one variable.

    Args:
        fields: all fields of the settings.
        name: of the field or of the variable.
        came: its value, `None` if it is not set.
        cause: what the validator raised.
    """
    key = next(key for key, field in fields.items() if name in (key, *field_names(field)))
    field = fields[key]
    variable = field_names(field)[0] if name == key else name
    # Empty, so it is the default: another variable needs this one.
    came = None if came == () else came
    todo = "Correct it" if came is not None else "Set it"
    default = default_text(field)
    if came is not None:
        todo += f", or leave it empty for the default, {default}" if default else ", or remove it"
    why = f" ({cause})" if isinstance(cause, Wrong) and str(cause) else ""
    expected = (isinstance(cause, Wrong) and cause.expected) or field.description
    return f"{variable}: expected {expected}; got {_shown(field, came)}{why}. {todo}."


def is_secret(field: FieldInfo) -> bool:
    """Whether the value of this field must never be shown as it is."""
    return "SecretStr" in str(field.annotation)


def default_text(field: FieldInfo) -> str:
    """The default as an operator would write it; `""`: nothing."""
    return "" if field.default is None else _as_text(field.default)


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else "" if value == () else str(value)


def _shown(field: FieldInfo, came: object) -> str:
    if came is None:
        return "nothing"
    if is_secret(field):
        return "something else (not shown, it may be a secret)"
    sign = next((sign for sign in "@?#" if sign in str(came)), "")
    # A secret may follow each of them: a password, or a token in a query.
    return f"something else (not shown, it has a {sign!r})" if sign else repr(came)
