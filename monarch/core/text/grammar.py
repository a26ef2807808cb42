"""What GitHub takes for a reference, a mention or an address, in words whose Markdown has been read already.

The rules are those of GitHub Desktop's and html-pipeline's filters, and of cmark-gfm for addresses. A non-ASCII letter
is not part of a name or a word.

All quantifiers are possessive or bounded, so that no text makes a pattern backtrack.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

_NUMBER = r"[1-9][0-9]{0,9}+"
_REPOSITORY = r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}+/[A-Za-z0-9._-]{1,100}+"

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
WORD: Final = f"{_LETTERS}0123456789_"
"""None of these may stand right before or after a reference."""

OWNER: Final = f"{WORD}-"
REPOSITORY: Final = f"{OWNER}."
LONGEST_OWNER: Final = 39
LONGEST_REPOSITORY: Final = 100

SIGN: Final = re.compile(
    r"[#@:wWgG](?:(?<=\#)(?=[1-9])|(?<=@)(?=[A-Za-z0-9])|(?<=:)(?=//)"
    r"|(?<=[wW])[wW][wW]\.|(?<=[gG])[hH]-(?=[1-9]))"
)
"""The part of a reference, a mention or an address that is rare elsewhere."""

_MAIL: Final = r"[A-Za-z0-9.+_-]*+@(?:[A-Za-z0-9_-]++\.)++[A-Za-z0-9]"

NUMBER: Final = re.compile(
    rf"{_NUMBER}(?:(?![A-Za-z0-9_])(?!{_MAIL})|(?=(?i:https?|ftp)://[A-Za-z0-9._-]))"
)
"""After the `#`. A number with more digits is no issue's, and a number before `@name.tld` is part of an e-mail address."""

USER: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9-]*+(?:_[A-Za-z0-9]++)?+(?=\.(?![A-Za-z0-9_])|[^A-Za-z0-9_.`/-]|\Z)"
    rf"(?!{_MAIL})"
)
"""After the `@`. Accounts of an enterprise end in `_name`; `@name.tld` is a file or part of an e-mail address."""

TEAM: Final = re.compile(
    rf"(?P<organisation>[A-Za-z0-9][A-Za-z0-9-]*+)/[A-Za-z0-9][A-Za-z0-9_-]*+(?!{_MAIL})"
)

_HOST_BEGINS: Final = re.compile(r"[A-Za-z0-9._-]|[^\x00-\x7F\s]")
_SCHEMES: Final = ("https", "http", "ftp")
_BEFORE_WWW: Final = "*_~("

TRAILING: Final = "?!.,:;*_~"
"""At the end of a bare address these belong to the sentence."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """The patterns that depend on where people see the issues.

    Attributes:
        bare: the address of an issue at the beginning of other words, its `tail` included.
        whole: an address that is an issue's as a whole, its `tail` included.
    """

    bare: re.Pattern[str]
    whole: re.Pattern[str]


@cache
def grammar(web_url: str) -> Grammar:
    """The patterns for issues at `web_url`, such as `https://github.com`."""
    host = re.escape(web_url.rpartition("://")[2].rstrip("/"))
    issue = (
        rf"(?i:https?://(?:www\.)?{host}/)(?P<repository>{_REPOSITORY})/(?P<page>issues|pull)/"
        rf"(?P<issue>{_NUMBER})(?![A-Za-z0-9@-]|_++[A-Za-z0-9])"
    )
    return Grammar(
        re.compile(rf"{issue}(?P<tail>(?:[/?\#][A-Za-z0-9/?\#&=%+_.~:@!$,;-]*+)?+)"),
        re.compile(rf"{issue}(?P<tail>(?:[/?\#]\S*+)?+)"),
    )


def address_start(text: str, sign: int) -> int | None:
    """Where the address with its `://` or `www.` at `sign` begins; `None` if GitHub makes no link of it."""
    if text[sign] != ":":
        before = text[max(0, sign - 1) : sign]
        begins = not before or before.isspace() or before in _BEFORE_WWW
        return sign if begins and _HOST_BEGINS.match(text, sign + 4) else None
    if not _HOST_BEGINS.match(text, sign + 3):
        return None
    for scheme in _SCHEMES:
        start = sign - len(scheme)
        if start >= 0 and text[start:sign].lower() == scheme:
            return None if start and text[start - 1] in _LETTERS else start
    return None


def named_before(text: str, sign: int) -> str:
    """The `owner/repo` or the `owner` that stands right before the `#` at `sign`, `""` for none."""
    near = text[max(0, sign - LONGEST_REPOSITORY - 1) : sign]
    rest = near.rstrip(REPOSITORY)
    slash = sign - len(near) + len(rest) - 1
    if rest.endswith("/") and slash + 1 < sign and (owner := _owner_before(text, slash)):
        return f"{owner}{text[slash:sign]}"
    owner = _owner_before(text, sign)
    return "" if owner.endswith("-") else owner


def _owner_before(text: str, end: int) -> str:
    near = text[max(0, end - LONGEST_OWNER - 1) : end]
    run = near[len(near.rstrip(OWNER)) :]
    # A hyphen may precede a name, and two of them are a dash.
    name = run.rpartition("--")[2].lstrip("-")
    return "" if len(name) > LONGEST_OWNER or name.startswith("_") else name
