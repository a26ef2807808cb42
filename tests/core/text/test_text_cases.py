"""Each text that was once copied in another way than GitHub reads it, by the name that it was reported under.

The kinds they stand for are in `test_texts`; this list is what was reported, whole, so that none of it comes back.
"""

from typing import Final

import pytest

from tests.core.copy.test_references import KNOWN, written
from tests.core.text.github import html

REPORTED: Final = (
    ("escaped-hash", "see \\#3", "see #1"),
    (
        "escaped-hash-named",
        "see other/repo\\#5",
        "see [other/repo#5](https://redirect.github.com/other/repo/issues/5)",
    ),
    ("entity-hash", "see &#35;3", "see #1"),
    ("entity-at", "ask &#64;ada", "ask @\u200bada"),
    ("slash-before", "a branch feature/#3-login", "a branch feature/#1-login"),
    ("hash-before-after", "##3 and #3#x and #3@home", "##1 and #1#x and #1@home"),
    ("at-file", "read @AGENTS.md first", "read @AGENTS.md first"),
    ("npm-scope", "install @angular/core", "install @angular/core"),
    ("nested-parens", "[see #99](https://x.org/a(b(c)))", "[see #99](https://x.org/a(b(c)))"),
    (
        "nested-parens-at",
        "[ask @ada](https://x.org/?q=~(a~(b~(c))))",
        "[ask @ada](https://x.org/?q=~(a~(b~(c))))",
    ),
    ("address-with-brackets", "https://x.org/items[0]#3", "https://x.org/items[0]#3"),
    (
        "address-with-brackets-at",
        "https://cdn.x.org/npm/[name]@1.2.3/a.js",
        "https://cdn.x.org/npm/[name]@1.2.3/a.js",
    ),
    (
        "raw-anchor",
        '<a href="https://github.com/org/template/issues/3">start here</a>',
        '<a href="https://github.com/org/team-a/issues/1">start here</a>',
    ),
    (
        "raw-anchor-other",
        '<a href="https://github.com/other/repo/issues/5">x</a>',
        '<a href="https://redirect.github.com/other/repo/issues/5">x</a>',
    ),
    (
        "style-element",
        "<style>\n@media print { a { color: red } }\n</style>",
        "<style>\n@\u200bmedia print { a { color: red } }\n</style>",
    ),
    (
        "iframe-text",
        '<iframe title="see #3" src="https://x.org"></iframe>',
        '<iframe title="see #1" src="https://x.org"></iframe>',
    ),
    (
        "footnote-second-paragraph",
        "text[^1]\n\n[^1]: one\n\n    two, see #3\n",
        "text[^1]\n\n[^1]: one\n\n    two, see #1\n",
    ),
    (
        "footnote-list",
        "text[^1]\n\n[^1]:\n    one\n\n    - see #3\n",
        "text[^1]\n\n[^1]:\n    one\n\n    - see #1\n",
    ),
    ("unclosed-fence", "do:\n\n```sh\nnpm test\n", "do:\n\n```sh\nnpm test\n```"),
    ("one-column-table", "Title\n:-:|\n`#3 | b`\n", "Title\n:-:|\n`#1 | b`\n"),
    ("owner-number", "see org#3", "see #1"),
    (
        "emphasis-cjk",
        "**see #99**\u3092\u76f4\u3059",
        "**see [org/template#99](https://redirect.github.com/org/template/issues/99)\u200b**\u3092\u76f4\u3059",
    ),
    (
        "emphasis-letter",
        "**#99**s are done",
        "**[org/template#99](https://redirect.github.com/org/template/issues/99)\u200b**s are done",
    ),
    (
        "comma-addresses",
        "https://github.com/org/template/issues/3,https://github.com/org/template/issues/7",
        "#1,#7",
    ),
)
"""Name, text of the ticket, text of the copy. `comma-addresses` is one address for the grammar, and harmless as two."""

BOLD: Final = {"emphasis-cjk", "emphasis-letter"}

UNDECIDED: Final = (
    ("$#3$", "$#1$"),
    ("$`#3`$", "$`#3`$"),
    ("```math\n#3\n```", "```math\n#3\n```"),
    ("```[tasklist]\n### T\n- [ ] #3\n```", "```[tasklist]\n### T\n- [ ] #3\n```"),
    ("a <code>#3\n\n#3 b", "a <code>#3\n\n#1 b"),
    ("> <!-- open #3\n\nsee #3", "> <!-- open #3\n\nsee #1"),
    ("- <!-- open #3\n\nsee #3", "- <!-- open #3\n\nsee #1"),
    ("org/template/issues/3", "org/template/issues/3"),
    ("org/template/pull/3", "org/template/pull/3"),
)
"""Of these it is not known what GitHub links: mathematics, a retired kind of list, tags left open, addresses without a host."""


@pytest.mark.parametrize(("name", "body", "copy"), REPORTED, ids=[one[0] for one in REPORTED])
def test_a_reported_text_is_copied_as_github_reads_it(name: str, body: str, copy: str) -> None:
    """And stays bold where it was."""
    assert written(body, KNOWN) == copy
    assert (name in BOLD) is ("<strong>" in html(copy))


@pytest.mark.parametrize(("body", "copy"), UNDECIDED)
def test_where_it_is_not_known_what_github_links_a_copy_stays_what_it_was(
    body: str, copy: str
) -> None:
    """So that a change of it is a decision."""
    assert written(body, KNOWN) == copy
