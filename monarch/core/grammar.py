"""The patterns of what stands between two words of GitHub's Markdown.

All quantifiers that could go back are possessive or bounded, so that no text makes a pattern try twice.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

_NUMBER = r"[1-9][0-9]{0,9}+"
# Nor before `#` or `@`: behind the link that this one may become, what they begin would count.
_END = r"(?!_*+[A-Za-z0-9])(?![#@])"
# An underscore may be the beginning or the end of an emphasis; between letters it is a part of the word.
_START = r"(?<![A-Za-z0-9])(?<![A-Za-z0-9]_)"
_REPOSITORY = r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}+/[A-Za-z0-9._-]{1,100}+"
_LOGIN = r"[A-Za-z0-9][A-Za-z0-9_-]*+"
_IN_ADDRESS = r"[^\s<>|`\[\]]"

_ISSUE = rf"(?P<repository>{_REPOSITORY})/(?P<page>issues|pull)/(?P<issue>{_NUMBER})(?![A-Za-z0-9@-]|_++[A-Za-z0-9])"
_TAIL = r"(?P<tail>(?:[/?\#][A-Za-z0-9/?\#&=%+_.~:@!$,;-]*+)?+)"

_MARKS = rf"""
    # An address without a scheme has none of them: `docs/#12`. These are two: `#1/#2`.
    {_START}(?<![#&@\\])(?<![^0-9]/)(?<!^/)\#(?P<number>{_NUMBER}){_END}
    |{_START}(?<![./#&@\\-])(?i:GH-)(?P<gh>{_NUMBER}){_END}(?!-[A-Za-z0-9])
    |{_START}(?<![./#&\\-])(?P<named>{_REPOSITORY})\#(?P<named_number>{_NUMBER}){_END}
    # GitHub takes a letter that is none of ASCII for no part of a name; what goes on like a domain is an e-mail address.
    # Only the sign is stepped over: without it `@owner/repo#1` is a reference.
    |{_START}@(?:(?<![^\x00-\x7F]@)|(?!{_LOGIN}\.[A-Za-z0-9]))(?=(?P<who>{_LOGIN}(?:/[A-Za-z0-9][A-Za-z0-9_.-]*+)?+))
"""
_ADDRESS = rf"(?P<address>://{_IN_ADDRESS}*+|(?<![A-Za-z0-9])(?i:www\.){_IN_ADDRESS}++)"
# `\@` is none: GitHub looks for mentions when the backslash has gone.
_ESCAPE = r"(?P<escape>\\[!-/:-?\[-`{-~])"


@dataclass(frozen=True, slots=True)
class Grammar:
    """The patterns that depend on where people see the issues.

    Attributes:
        prose: the next thing in prose that is worth a look.
        raw: the same in raw HTML.
        issue: a whole address of an issue, its `tail` included.
    """

    prose: re.Pattern[str]
    raw: re.Pattern[str]
    issue: re.Pattern[str]


@cache
def grammar(web_url: str) -> Grammar:
    """The patterns for issues at `web_url`, such as `https://github.com`."""
    host = re.escape(web_url.rpartition("://")[2].rstrip("/"))
    issue = rf"(?i:https?://(?:www\.)?{host}/){_ISSUE}"
    shared = rf"(?P<tag><)|(?<![A-Za-z0-9\\]){issue}{_TAIL}|{_ADDRESS}|{_MARKS}"
    prose = rf"{_ESCAPE}|(?P<ticks>`++)|(?P<opens>!?\[)|(?P<closes>\])|{shared}"
    return Grammar(
        re.compile(prose, re.VERBOSE),
        re.compile(shared, re.VERBOSE),
        re.compile(rf"{issue}(?P<tail>(?:[/?\#]\S*+)?+)", re.VERBOSE),
    )


TRAILING: Final = "?!.,:;*_~"
"""At the end of a bare address these belong to the sentence."""

TICKS: Final = re.compile("`++")

TAG: Final = re.compile(
    r"<(?:/[A-Za-z][A-Za-z0-9-]*+\s*+"
    r"|(?P<name>[A-Za-z][A-Za-z0-9-]*+)"
    r"""(?:\s++[A-Za-z_:][\w.:-]*+(?:\s*+=\s*+(?:[^\s"'=<>`]++|'[^']*+'|"[^"]*+"))?+)*+\s*+(?P<lone>/?))>""",
    re.ASCII,
)
AUTOLINK: Final = re.compile(
    r"<(?:(?P<address>[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*+)"
    r"|[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]++@[A-Za-z0-9.-]++)>"
)
SOURCE: Final = re.compile(
    r"""\ssrc\s*+=\s*+(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<bare>[^\s"'>]++))""",
    re.IGNORECASE,
)
"""The attribute of a tag that says where a picture is."""

UNREAD: Final = frozenset({"a", "code", "pre", "script", "style", "textarea", "tt"})
"""Elements in whose contents GitHub looks for nothing."""

CLOSING: Final = re.compile(
    rf"</(?P<name>{'|'.join(sorted(UNREAD))})\s*+>", re.ASCII | re.IGNORECASE
)

_TITLE = r"""(?:"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\))"""
_PLAIN = r"(?!<)(?:[^\s()\\]|\\\S|\((?:[^\s()\\]|\\\S)*+\))"
DESTINATION: Final = re.compile(
    rf"\(\s*+(?:<(?P<angle>[^<>\r\n]*+)>|(?P<plain>(?:{_PLAIN}(?:[^\s()\\]|\\\S|\((?:[^\s()\\]|\\\S)*+\))*+)?+))"
    rf"(?:\s++{_TITLE})?+\s*+\)",
    re.DOTALL,
)
"""What makes a link of the text in brackets before it: `(address "title")`."""

LABEL: Final = re.compile(r"\[(?P<label>(?:[^\[\]\\]|\\.){0,999}+)\]", re.DOTALL)
LONGEST_LABEL: Final = 999

_BREAK = r"(?:\r\n|\r|\n)"
DEFINITION: Final = re.compile(
    rf"[ \t]*+\[(?P<label>(?!\^)(?:[^\[\]\\]|\\.){{1,999}}+)\]:[ \t]*+{_BREAK}?+[ \t]*+"
    r"(?:<(?P<angle>[^<>\r\n]*+)>|(?P<plain>(?!<)\S++))"
    rf"(?:(?:[ \t]++|[ \t]*+{_BREAK}[ \t]*+){_TITLE}(?=[ \t]*+(?:[\r\n]|\Z)))?+"
    rf"[ \t]*+(?:{_BREAK}|\Z)",
    re.DOTALL,
)
"""`[label]: address "title"`, at the beginning of a paragraph."""
