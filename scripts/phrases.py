"""Phrases that no page, no text for operators, no docstring and no comment of the program has.

Each hides who acts, and plain words say it better. Looked for in Markdown outside of code, in the Python and Lua of the
program, and in what operators read beside it: the page, the alerts and the board, and the files that deploy Monarch.
"""

import ast
import re
import tokenize
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Final

REFUSED: Final = {
    r"nobody": 'name who does not: "no worker", "no account", "unknown"',
    r"somebody|anybody": 'name the role: "a person", "another worker", "anyone"',
    r"whoever": 'name the role: "the caller", "a worker that"',
    r"(?:is|are|was|were|be|been)(?: not)? told(?! apart)": '"learns", "gets a message", "is reported"',
    r"told of|tells? of": '"reports", "names", "mentions"',
    r"so long(?! as)": '"for N seconds", "as long as"',
    r"lest": '"so that … not"',
    r"that is none": '"not a …"',
    r"by the hand of": '"by", "with"',
}
"""What is refused, and what to write instead."""

_PATTERN = re.compile(
    r"\b(?:" + "|".join(f"(?P<p{n}>{phrase})" for n, phrase in enumerate(REFUSED)) + r")\b",
    re.IGNORECASE,
)
OPERATED: Final = frozenset({"monarch", "deploy", "monitoring"})
"""Folders whose files operators read or edit; they read those at the top level as well."""

# Of these files every line counts: they hold text, comments and names, and a name of several words is one word here.
_WHOLE: Final = frozenset({".html", ".json", ".yaml", ".yml", ".service", ".env"})
_NAMES: Final = frozenset({".env.template", "Dockerfile"})
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`|<!--.*?-->", re.MULTILINE | re.DOTALL)
_LUA_STRING = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")


def refused(path: Path, text: str) -> Iterator[str]:
    """Each phrase of this file that is refused, with its line and what to write instead."""
    for number, words in _texts(path, text):
        for found in _PATTERN.finditer(words):
            instead = list(REFUSED.values())[int(str(found.lastgroup)[1:])]
            yield f"{path}:{number}: {found[0]!r} is hard to read: {instead}"


def _texts(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """The texts of a file that people read, each with its line."""
    if path.suffix == ".md" and path.name != "CHANGELOG.md":
        yield from enumerate(_without_code(text).splitlines(), start=1)
    elif path.parts[0] == "monarch" and path.suffix == ".py":
        yield from _prose(text)
        if "sandbox" not in path.parts:
            yield from _strings(_parsed(text))
    elif path.parts[0] == "monarch" and path.suffix == ".lua":
        for number, line in enumerate(text.splitlines(), start=1):
            code, _, comment = line.partition("--")
            strings = " ".join(one for one in _LUA_STRING.findall(code) if " " in one)
            yield number, f"{strings} {_without_code(comment)}"
    elif _is_operators(path):
        yield from enumerate(text.splitlines(), start=1)


def _is_operators(path: Path) -> bool:
    """Whether operators see all of this file: templates, alerts, boards, settings, deployments."""
    at_the_top = len(path.parts) == 1
    return (at_the_top or path.parts[0] in OPERATED) and (
        path.suffix in _WHOLE or path.name in _NAMES
    )


def _without_code(text: str) -> str:
    return _CODE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), text)


def _prose(text: str) -> Iterator[tuple[int, str]]:
    """Every line of a docstring, and every comment."""
    tree = _parsed(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            words = _without_code(str(node.value.value))
            yield from enumerate(words.splitlines(), start=node.lineno)
    for token in tokenize.generate_tokens(StringIO(text).readline) if tree.body else ():
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _parsed(text: str) -> ast.Module:
    """The module; an empty one where it is no Python, which others report."""
    try:
        return ast.parse(text)
    except SyntaxError:
        return ast.Module([], [])


def _strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every string that is no docstring. A single word is a name."""
    comments = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    for node in strings:
        text = node.value
        if isinstance(text, str) and id(node) not in comments and " " in text.strip():
            yield node.lineno, text
