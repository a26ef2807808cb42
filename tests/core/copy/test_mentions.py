"""Who gets mail from a copy: no one, unless the installation wants it."""

from dataclasses import replace

import pytest

from monarch.core.copy.render import render
from monarch.core.copy.style import Copying, Style
from tests.core.builders import TEAM, a_plan, a_ticket

COPYING = Copying(a_plan(12), "org/team-a", TEAM)


def written(body: str, copying: Copying = COPYING) -> str:
    """The text of a copy, without the marker and the blank line before it."""
    made = render(a_ticket(12, body=body), copying).body
    return made[: made.rindex("\n\n<!-- monarch:")]


@pytest.mark.parametrize(
    "text",
    [
        "@octocat",
        "(@octocat), @a-b: and @org/team-x.",
        "*@a* **@b** _@c_ __@d__ '@e' \"@f\"",
        "/@octocat .@octocat -@octocat",
        r"\@octocat",
        "你好@octocat 👋@octocat",
        "- [ ] @octocat\n- [x] ask @org/team",
        "> @octocat\n> > @octocat",
        "# @octocat",
        "| @a | b |\n|---|---|\n| `_@b_ | @c ` |",
        "<b>@octocat</b> <summary>@octocat</summary>",
        "<p>\n*@octocat*\n</p>",
        "`never closed @octocat",
        "[@octocat] and [a](b c) @octocat",
        "@octocat@octocat",
        "@name_company",
    ],
)
def test_a_mention_is_silenced(text: str) -> None:
    """By an invisible space of no width after the `@`; all else stays."""
    silent = text.replace("@", "@\u200b")
    expected = silent.replace("octocat@\u200boctocat", "octocat@octocat")

    assert written(text) == expected
    assert written(expected) == expected
    assert written(text, replace(COPYING, style=Style(mentions=True))) == text


def test_the_code_beside_a_mention_stays() -> None:
    """One text, both kinds."""
    assert written("`@a` @b\n```\n@c\n```") == "`@a` @\u200bb\n```\n@c\n```"


@pytest.mark.parametrize(
    "text",
    [
        "me@example.com a.b_@example.com ü@example.com <me@example.com>",
        "mailto:me@example.com git@github.com:o/r.git ssh://git@github.com/o/r",
        "https://example.com/@octocat www.example.com/@octocat",
        "`@octocat` ``@a `@b` ``",
        "```\n@octocat\n```\n\n    @octocat",
        "<!-- @octocat --> <a href='@octocat'>@octocat</a> <code>@octocat</code>",
        "[@octocat](https://github.com/octocat) ![@octocat](x.png)",
        "@ octocat @@ @_x @-x user@sha owner/repo@sha",
        "@\u200boctocat",
    ],
)
def test_what_notifies_nobody_stays(text: str) -> None:
    """E-mail, addresses, code, links, lone signs."""
    assert written(text) == text


def test_a_title_stays() -> None:
    """GitHub looks for mentions and references in texts only."""
    assert render(a_ticket(12, title="Ask @octocat about #12"), COPYING).title == (
        "Ask @octocat about #12"
    )


def test_what_a_silenced_mention_leaves_is_no_reference() -> None:
    """Without its `@` the name of a team and a number would be one."""
    link = "[org/team#5](https://redirect.github.com/org/team/issues/5)"

    assert written("@org/team#5") == f"@\u200b{link}"
