"""What GitHub links in a text, as far as it is known: cmark-gfm, its own parser, and the rules of its link filters.

The filters run over the text nodes of the HTML and leave alone what stands in `a`, `code`, `pre` and `tt`. Their rules are
written down here anew, in another way than in the product, so that both can be compared.
"""

import re
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

_WORD = "A-Za-z0-9_"
_REFERENCE = re.compile(
    rf"(?<![{_WORD}])(?P<where>[{_WORD}]+(?:-[{_WORD}]+)*(?:/[{_WORD}.-]+)?)?(?:\#|gh-)(?P<number>[1-9][0-9]*)(?![{_WORD}])",
    re.IGNORECASE,
)
_PERSON = re.compile(
    rf"(?<![{_WORD}`])@(?P<who>[a-z0-9][a-z0-9-]*(?:_[a-z0-9]+)?)(?![{_WORD}`/-])(?!\.[{_WORD}])",
    re.IGNORECASE,
)
# In raw HTML and in brackets nothing links an address; it is one all the same, and stays.
_ADDRESS = re.compile(r"(?<![A-Za-z])(?:https?|ftp)://[\w.-][^\s<]*|(?<![\w.-])www\.\w[^\s<]*")
_OPEN_COMMENT = re.compile(r"<!--(?!.*?-->).*", re.DOTALL)
_TEAM = re.compile(
    rf"(?<![{_WORD}])@(?P<who>[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9_-]*)", re.IGNORECASE
)


def links(text: str, owner: str) -> list[str]:
    """What is linked in a text of a repository of `owner`, in order, in small letters: `#3`, `o/r#3`, `@ada`, `@o/team`."""
    reader = _Nodes()
    reader.feed(_OPEN_COMMENT.sub("", html(text)))
    reader.close()
    reader.end_node()
    return [link.lower() for node in reader.nodes for link in _in_node(node, owner)]


def html(text: str) -> str:
    """The HTML of a text."""
    options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
    return str(cmarkgfm.github_flavored_markdown_to_html(text, options))


def _in_node(node: str, owner: str) -> list[str]:
    node = _ADDRESS.sub("\n", node)
    found: list[tuple[int, str]] = []
    for reference in _REFERENCE.finditer(node):
        where = reference["where"] or ""
        if "/" in where or where.lower() in {"", owner}:
            shown = where if "/" in where else ""
            found.append((reference.start(), f"{shown}#{reference['number']}"))
    found += [(person.start(), f"@{person['who']}") for person in _PERSON.finditer(node)]
    found += [
        (team.start(), f"@{team['who']}")
        for team in _TEAM.finditer(node)
        if team["who"].partition("/")[0].lower() == owner
    ]
    return [link for _, link in sorted(found)]


class _Nodes(HTMLParser):
    """The text nodes in which a filter looks."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[str] = []
        self._node = ""
        self._unread: list[str] = []

    def end_node(self) -> None:
        """A tag or a comment ends a node."""
        if self._node:
            self.nodes.append(self._node)
        self._node = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.end_node()
        if tag in {"a", "code", "pre", "tt"}:
            self._unread.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.end_node()
        if tag in self._unread:
            del self._unread[self._unread.index(tag) :]

    def handle_comment(self, data: str) -> None:
        self.end_node()

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self._node += data


def tags(text: str) -> list[str]:
    """The tags of its HTML but for links, in order."""
    reader = _Tags()
    reader.feed(_OPEN_COMMENT.sub("", html(text)))
    return reader.tags


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "a":
            self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "a":
            self.tags.append(f"/{tag}")
