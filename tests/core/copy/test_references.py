"""What becomes of a reference: the number of a copy, a link that leaves no trace, or nothing at all."""

from dataclasses import replace

import pytest

from monarch.core.copy.render import Keep, Rewrite, render, rewriting
from monarch.core.copy.style import Copying, Style
from monarch.core.ids import TicketId
from tests.core.builders import SOURCE, TEAM, a_plan, a_ticket, refers

TARGET = "org/team-a"
PLAN = a_plan(3, 7, 12)
VIRGIN = Copying(PLAN, TARGET, TEAM)
KNOWN = replace(VIRGIN, numbers={TicketId(103): 1, TicketId(107): 7, TicketId(112): 40}, highest=40)
"""In the target the copies of #3, #7 and #12 are #1, #7 and #40."""

WEB = "https://github.com"
NEUTRAL = "https://redirect.github.com"
ENTERPRISE = replace(KNOWN, style=Style(web_url="https://code.school.example"))


def written(body: str, copying: Copying) -> str:
    """The text of a copy, without the marker and the blank line before it."""
    made = render(a_ticket(12, body=body), copying).body
    return made[: made.rindex("<!-- monarch:")].removesuffix("\r\n\r\n" if "\r" in body else "\n\n")


def neutral(number: int, repository: str = SOURCE, page: str = "issues") -> str:
    """The link to an issue that leaves no trace there."""
    return f"[{repository}#{number}]({NEUTRAL}/{repository}/{page}/{number})"


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        ("#3", "#1"),
        ("see #3, #12; and #7.", "see #1, #40; and #7."),
        ("(#3)", "(#1)"),
        ("[#3]", "[#1]"),
        ("#3: do", "#1: do"),
        ("#3-#12", "#1-#40"),
        ("#3/#12", "#1/#40"),
        ("*#3* **#3** _#3_ __#3__ ~~#3~~", "*#1* **#1** _#1_ __#1__ ~~#1~~"),
        ('"#3"', '"#1"'),
        ("GH-3 gh-3", "#1 #1"),
        ("GH-7", "GH-7"),
        (f"{SOURCE}#3", "#1"),
        ("ORG/Template#3", "#1"),
        (f"{SOURCE}#7", "#7"),
        (f"{WEB}/{SOURCE}/issues/3", "#1"),
        (f"{WEB}/{SOURCE}/pull/3", "#1"),
        (f"{WEB}/{SOURCE}/issues/3?x=1#issue-5", "#1"),
        ("HTTPS://GitHub.com/Org/TEMPLATE/issues/3.", "#1."),
        (f"http://www.github.com/{SOURCE}/issues/3/)", "#1)"),
        (f"({WEB}/{SOURCE}/issues/3), then", "(#1), then"),
        (f"_{WEB}/{SOURCE}/issues/3_", "_#1_"),
        (f"[x]({WEB}/{SOURCE}/issues/3)", f"[x]({WEB}/{TARGET}/issues/1)"),
        (f"[x](<{WEB}/{SOURCE}/issues/3> 't')", f"[x](<{WEB}/{TARGET}/issues/1> 't')"),
        (f"[x]({WEB}/{SOURCE}/issues/3#steps)", f"[x]({WEB}/{TARGET}/issues/1#steps)"),
        (f"[x][y]\n\n[y]: {WEB}/{SOURCE}/issues/3\n", f"[x][y]\n\n[y]: {WEB}/{TARGET}/issues/1\n"),
        (f"<{WEB}/{SOURCE}/issues/3>", f"<{WEB}/{TARGET}/issues/1>"),
        ("# Heading #3 #", "# Heading #1 #"),
        ("#3\n===", "#1\n==="),
        ("- #3\n- [ ] #12\n  1. #7 and #3", "- #1\n- [ ] #40\n  1. #7 and #1"),
        ("> #3\n> > #12\nlazy #3", "> #1\n> > #40\nlazy #1"),
        ("| a #3 | b |\n|---|:-:|\n| #12 | `#3` |", "| a #1 | b |\n|---|:-:|\n| #40 | `#3` |"),
        ("<details>\n<summary>#3</summary>\n\n#12\n</details>", "<details>\n<summary>#1</summary>\n\n#40\n</details>"),
        ("<b>#3</b>", "<b>#1</b>"),
        ("![#3](x.png) #3", "![#3](x.png) #1"),
        ("a\r\n#3\r\n", "a\r\n#1\r\n"),
        ("参照#3。", "参照#1。"),
        ("text\n    #3 goes on", "text\n    #1 goes on"),
        (">\t#3\n>\t\t#3", ">\t#1\n>\t\t#1"),
        (">\t#3\n\n>\t\t#3", ">\t#1\n\n>\t\t#3"),
        ("-\t#3\n\n\t#3\n\n\t\t  #3", "-\t#1\n\n\t#1\n\n\t\t  #3"),
        ("[a [b #3](https://x.org) #3](https://y.org)", "[a [b #3](https://x.org) #1](https://y.org)"),
        (f"[{'a ' * 500} #3]\n\n[x]: y", f"[{'a ' * 500} #1]\n\n[x]: y"),
        (f"[ ]: {WEB}/{SOURCE}/issues/3", "[ ]: #1"),
        ("<code><a>#3</a> #3</code> #3", "<code><a>#3</a> #3</code> #1"),
        ("- a\n\n      - deep #3\n\n  back #3", "- a\n\n      - deep #3\n\n  back #1"),
    ],
)  # fmt: skip
def test_a_reference_to_a_ticket_becomes_the_number_of_its_copy(source: str, copy: str) -> None:
    """However it is written, and wherever words stand."""
    assert written(source, KNOWN) == copy


@pytest.mark.parametrize(
    "text",
    [
        "`#3` ``a ` #3`` `a\n#3`",
        "```\n#3\n```",
        "~~~ text #3\n#3 ```\n#3\n~~~",
        "    #3 is code",
        "para\n\n\t#3 is code",
        "- item\n\n  ```\n  #3\n  ```",
        "1. item\n\n       #3 is code in the item",
        "> ```\n> #3\n> ```",
        ">     #3 is code in the quote",
        "<!-- #3 -->",
        "text <!-- #3\n#12 --> text",
        "<!--\n\n#3\n\n-->",
        "<pre>\n#3\n\n#12</pre>",
        "<code>#3</code> <a href='#3'>#12</a> <tt>#3</tt>",
        "<code>\n\n#3\n\n</code>",
        "<img alt='#3' src=x>",
        "https://github.com/org/template/issues/3@x",
        "abc#3 #3abc C#3 #3_x #3_ a_#3 &#3; #03 #0 you#3 example.com#3 #3@x.org",
        "# 3",
        "xGH-3 high-3",
        "org/template#3x",
        "[see #3](https://example.com) [#3][x] [x #3]\n\n[x]: https://example.com\n[x #3]: y",
        "![#3][x]\n\n[x]: /y.png",
        "https://example.com/#3 https://example.com/a#3 www.example.com/#3",
        f"{WEB}/{SOURCE}/issues/3abc {WEB}/{SOURCE}/issues {WEB}/{SOURCE}/discussions/3",
        "#123456 #000000 #1234567890123",
        "#fff",
    ],
)
def test_nothing_is_touched_where_nobody_would_follow_it(text: str) -> None:
    """Code, comments, tags, addresses, the texts of links, words, colours."""
    assert written(text, KNOWN) == text
    assert not refers(a_ticket(12, body=text), VIRGIN)


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        ("#99", neutral(99)),
        ("GH-99", neutral(99)),
        (f"{SOURCE}#99", neutral(99)),
        ("other/repo#5", neutral(5, "other/repo")),
        ("Other/Repo.js#3", neutral(3, "Other/Repo.js")),
        (f"{WEB}/{SOURCE}/issues/99", neutral(99)),
        (f"{WEB}/other/repo/pull/5", neutral(5, "other/repo", "pull")),
        (f"{WEB}/{SOURCE}/pull/3/files", f"[{SOURCE}#3]({NEUTRAL}/{SOURCE}/pull/3/files)"),
        (
            f"{WEB}/{SOURCE}/issues/3#issuecomment-5!",
            f"[{SOURCE}#3 (comment)]({NEUTRAL}/{SOURCE}/issues/3#issuecomment-5)!",
        ),
        (
            f"[x]({WEB}/{SOURCE}/issues/3#issuecomment-5)",
            f"[x]({NEUTRAL}/{SOURCE}/issues/3#issuecomment-5)",
        ),
        (f"[x]({WEB}/other/repo/issues/5)", f"[x]({NEUTRAL}/other/repo/issues/5)"),
        (f"<{WEB}/other/repo/issues/5>", f"<{NEUTRAL}/other/repo/issues/5>"),
        (f"[y]: {WEB}/o/r/issues/5 'z'", f"[y]: {NEUTRAL}/o/r/issues/5 'z'"),
        ("!#99", f'!<a href="{NEUTRAL}/{SOURCE}/issues/99">{SOURCE}#99</a>'),
        (
            f"<p>#99 {WEB}/o/r/issues/5?a=1&b=2</p>",
            (
                f'<p><a href="{NEUTRAL}/{SOURCE}/issues/99">{SOURCE}#99</a>'
                f' <a href="{NEUTRAL}/o/r/issues/5?a=1&amp;b=2">o/r#5</a></p>'
            ),
        ),
    ],
)
def test_a_reference_to_anything_else_becomes_a_link_that_leaves_no_trace(
    source: str, copy: str
) -> None:
    """Closed issues, pull requests, comments, other repositories: none shows "was mentioned in" for each team."""
    assert written(source, KNOWN) == copy
    assert not refers(a_ticket(12, body=source), VIRGIN)


@pytest.mark.parametrize(
    ("source", "hopeful", "waiting"),
    [
        ("#3", "#3", neutral(3)),
        ("GH-3", "GH-3", neutral(3)),
        (f"{SOURCE}#3", "#3", neutral(3)),
        (f"{WEB}/{SOURCE}/issues/3", "#3", neutral(3)),
        (
            f"[x]({WEB}/{SOURCE}/issues/3)",
            f"[x]({WEB}/{TARGET}/issues/3)",
            f"[x]({NEUTRAL}/{SOURCE}/issues/3)",
        ),
    ],
)
def test_until_a_copy_is_there_the_tickets_number_stands_or_a_link(
    source: str, hopeful: str, waiting: str
) -> None:
    """The ticket's own number, if no issue has it in the target; else a link, so that it points to no other issue."""
    assert written(source, replace(VIRGIN, highest=2)) == hopeful
    assert written(source, replace(VIRGIN, highest=3)) == waiting
    assert refers(a_ticket(12, body=source), VIRGIN)


def test_an_enterprise_server_links_plainly() -> None:
    """It has no host for links that leave no trace, and github.com's issues are not its own."""
    own = "https://code.school.example"

    assert written("#99", ENTERPRISE) == f"[{SOURCE}#99]({own}/{SOURCE}/issues/99)"
    assert written(f"{own}/{SOURCE}/issues/3", ENTERPRISE) == "#1"
    assert written(f"[x]({own}/a/b/pull/5)", ENTERPRISE) == f"[x]({own}/a/b/pull/5)"
    assert written(f"{WEB}/{SOURCE}/issues/3", ENTERPRISE) == f"{WEB}/{SOURCE}/issues/3"


def test_a_six_digit_ticket_is_a_ticket() -> None:
    """What looks like a colour is one only if no ticket of the plan has that number."""
    plan = a_plan(12, 123456)
    copying = Copying(plan, TARGET, TEAM, numbers={TicketId(123556): 2})

    assert written("#123456 #123457", copying) == "#2 #123457"


@pytest.mark.parametrize("form", ["#3 GH-7", f"{SOURCE}#3", f"{WEB}/{SOURCE}/issues/3"])
def test_where_numbers_agree_nothing_is_edited(form: str) -> None:
    """The first pass hopes so, and the second finds nothing to do."""
    ticket = a_ticket(12, body=f"see {form}")
    first = render(ticket, VIRGIN).body
    done = replace(VIRGIN, numbers={TicketId(103): 3, TicketId(107): 7, TicketId(112): 12})

    assert rewriting(first, ticket, done) == Keep()
    assert render(ticket, done).body == first


def test_a_reference_to_a_ticket_without_a_copy_ends_as_a_link() -> None:
    """It was refused, or a person deleted its copy."""
    ticket = a_ticket(12, body="see #3 and #7")
    first = render(ticket, VIRGIN).body
    done = replace(VIRGIN, numbers={TicketId(107): 2}, highest=3)

    final = rewriting(first, ticket, done)

    assert isinstance(final, Rewrite)
    assert final.body.startswith(f"see {neutral(3)} and #2\n")
