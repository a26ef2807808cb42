"""How text from outside is quoted in a sentence of ours: on one line, short, printable, without secrets.

Everything that ends up in a reason, a dead letter or a notice passes through here first. Secrets are
recognised by the known shapes of tokens, so a secret without a shape of its own is not: never pass one
in knowingly. `Redactor` hides known secrets as well.
"""

import json
import re
from collections.abc import Iterable
from typing import Final

HIDDEN = "***"
"""Stands where a secret stood."""

SHORTEST_SECRET: Final = 4
"""Characters. A shorter secret would blot out ordinary words, and protects nothing anyway."""

_SECRETS = re.compile(
    r"gh[a-z]_[A-Za-z0-9_.\-]{6,}"  # GitHub: ghp_, gho_, ghu_, ghs_ (the long form has dots), ghr_
    r"|github_pat_[A-Za-z0-9_]+"
    r"|xox[a-z]-[A-Za-z0-9\-]+"  # Slack
    r"|xapp-[A-Za-z0-9\-]+"
    r"|(?<=hooks\.slack\.com/)\S+"  # the address alone gives the right to post
    r"|\bMII[A-Za-z0-9+/]{50,}"  # a key without the lines around it
    # A JSON web token, and any run of characters into it. Tried only where such a run begins: tried at each `eyJ`,
    # a megabyte of them would keep a worker busy for minutes.
    r"|(?<![A-Za-z0-9_\-])(?=[A-Za-z0-9_\-]*eyJ)[A-Za-z0-9_\-]++\.[A-Za-z0-9_.\-]+"
    r"|\b[0-9a-fA-F]{40}\b"  # GitHub's tokens of before 2021
    r"|(?<=//)[^/\s@]*(?=@)"  # user and password in an address
    r"|(?<=bearer )\S+|(?<=basic )\S+",
    re.ASCII | re.IGNORECASE,
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_SPACE = re.compile(r"\s+")
_KINDS = {
    dict: "an object",
    list: "a list",
    type(None): "null",
    bool: "true or false",
    bytes: "bytes",
}


def redact(text: str) -> str:
    """Replace everything that looks like a secret by `***`."""
    return _SECRETS.sub(HIDDEN, _PRIVATE_KEY.sub(HIDDEN, text))


class Redactor:
    """Takes these secrets out of text, and everything that looks like one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
        longest_first = sorted(spellings, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """Return `text` with `***` in place of each secret."""
        return redact(self._known.sub(HIDDEN, text) if self._known is not None else text)


def _spellings(secret: str) -> Iterable[str]:
    """A secret as it is, and as it stands in JSON and in a `repr`."""
    if len(secret) >= SHORTEST_SECRET:
        yield from (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1])


def shorten(text: str, limit: int) -> str:
    """Cut `text` at `limit` characters (code points); a cut text ends in `…`."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def quote(text: str, limit: int = 200) -> str:
    """Make `text` fit for a sentence: one line, printable, at most `limit` characters, no secrets."""
    line = _SPACE.sub(" ", redact(text)).strip()
    return shorten("".join(c if c.isprintable() else "?" for c in line), limit)


def _exact(text: str, limit: int) -> str:
    """The same with its blanks as they are: white space that people cannot see is what makes such a text wrong."""
    shown = _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", redact(text))
    return shorten("".join(c if c.isprintable() else "?" for c in shown), limit)


_UNSEEN: Final = re.compile(r"[^\S ]")


def describe(value: object, limit: int = 80) -> str:
    """Describe an unexpected value: a text and a number are quoted, anything else is named by its kind."""
    if isinstance(value, str):
        return f'"{_exact(value, limit)}"' if value else "an empty text"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"the number {shorten(str(value), limit)}"
    return _KINDS.get(type(value), "something else")
