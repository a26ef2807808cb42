"""Texts from the world, and what GitHub makes of them: each was read in another way once."""

from dataclasses import replace

import pytest

from monarch.core.copy.cut import fitted
from monarch.core.copy.marker import read_markers
from monarch.core.copy.render import MAX_BODY, Keep, Rewrite, Touched, is_ours, render, rewriting
from monarch.core.copy.style import Copying
from monarch.core.report.lint import warnings
from tests.core.builders import SOURCE, a_ticket
from tests.core.copy.test_references import KNOWN, NEUTRAL, VIRGIN, WEB, neutral, written
from tests.core.text.github import html, links, tags

ZW = "\u200b"


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        (r"see \#3", "see #1"),
        ("see &#35;3, &#x23;3 and &num;3", "see #1, #1 and #1"),
        (r"\#99", neutral(99)),
        (r"see other/repo\#5", f"see {neutral(5, 'other/repo')}"),
        ("other/repo&#35;5", neutral(5, "other/repo")),
        (r"org\/template#3, GH\-3 and org/template\#3", "#1, #1 and #1"),
        (r"\\#3 `\#3`", r"\\#1 `\#3`"),
        ("<p>&#35;3 \\#3 &nosuch;#3</p>", "<p>#1 \\#1 &nosuch;#1</p>"),
        ("> \\#3\n> &#35;3", "> #1\n> #1"),
        ("| \\#3 | \\| &#35;3 |\n|-|-|", "| #1 | \\| #1 |\n|-|-|"),
        (rf"[x]({WEB}/org/template/issues/3#a\_b)", f"[x]({WEB}/org/team-a/issues/1#a_b)"),
        (f"[x]({WEB}/org/template/issues/3?a&amp;b)", f"[x]({WEB}/org/team-a/issues/1?a&b)"),
        (rf"[x]({WEB}\/org/template/issues/3)", f"[x]({WEB}/org/team-a/issues/1)"),
    ],
)
def test_a_reference_counts_when_backslashes_and_entities_are_gone(source: str, copy: str) -> None:
    r"""As GitHub's API shows it; converters write `\#` for every number sign."""
    assert written(source, KNOWN) == copy


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        ("ask &#64;ada", f"ask @{ZW}ada"),
        ("ask &commat;ada", f"ask @{ZW}ada"),
        (r"ask \@ada", rf"ask \@{ZW}ada"),
        ("<p>&#64;ada</p>", f"<p>@{ZW}ada</p>"),
        ("&#64;org/team", f"@{ZW}org/team"),
        (r"ada\@x.org &#64;x.org", r"ada\@x.org &#64;x.org"),
    ],
)
def test_a_mention_counts_when_backslashes_and_entities_are_gone(source: str, copy: str) -> None:
    """Likewise."""
    assert written(source, KNOWN) == copy


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        ("a branch feature/#3-login", "a branch feature/#1-login"),
        ("docs/#3 a.#3 a-#3 .#3 -#3", "docs/#1 a.#1 a-#1 .#1 -#1"),
        ("##3 and #3#x and #3@home", "##1 and #1#x and #1@home"),
        ("@#3 &#3 &amp;#3", "@#1 &#1 &amp;#1"),
        ("GH-3-fix -gh-3 .GH-3 /GH-3 @GH-3", f"#1-fix -#1 .#1 /#1 @{ZW}#1"),
        (
            "/org/template#3 -org/template#3 x/org/template#3 x--org/template#3",
            "/#1 -#1 x/#1 x--#1",
        ),
        ("see org#3, ORG#3, (org#3) and -org#3", "see #1, #1, (#1) and -#1"),
        ("see org#99", f"see {neutral(99)}"),
        ("*#3*a b_#3_ c**#3**", "*#1*a b_#3_ c**#1**"),
        ("a<b>#3</b>", "a<b>#1</b>"),
    ],
)
def test_what_may_stand_before_and_behind_a_reference(source: str, copy: str) -> None:
    """Anything but a letter, a digit or an underscore."""
    assert written(source, KNOWN) == copy


@pytest.mark.parametrize(
    "text",
    [
        "read @AGENTS.md first",
        "@ben.kaduk, @a.b",
        "install @angular/core and @types/node@18",
        "`@ada",
        "@ada` @ada_ @ada/ _x_@ada_",
        "`x`@ada`",
        "you#3 a.you#3 you/#x",
        "#3@x.org",
        "https://x.org/items[0]#3",
        "https://cdn.x.org/npm/[name]@1.2.3/a.js",
        "https://x.org/a|b#3 https://x.org/`#3` https://x.org/*a*#3",
        r"https://x.org/a\#3 https://x.org/&#35;3",
        "[https://x.org/a#3] ftp://x.org/#3",
        f"https://x.org/[a]({WEB}/org/template/issues/3)",
        "[see #99](https://x.org/a(b(c)))",
        "[ask @ada](https://x.org/?q=~(a~(b~(c))))",
        "[#3](a(b(c(d(e)))) 'title #3') [#3](<a(b #3>)",
        "![#3](a((b)).png)",
        r"[#3](<a\<b>) [#3][x] [#3]() [#3]( <> )" + "\n\n" + r"[x]: <a\<b>",
        f"{WEB}/org/template/issues/3**w {WEB}/org/template/issues/3~~~w",
    ],
)
def test_nothing_is_touched_where_github_links_nothing(text: str) -> None:
    """Files, packages, e-mail, addresses to their end, the texts of links whatever their address."""
    assert written(text, KNOWN) == text


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        ("<a href='https://x.org'>x [y](https://y.org) #3", "<a href='https://x.org'>x [y](https://y.org) #1"),
        ("<a name=top> #3 <https://y.org> #3 @ada", f"<a name=top> #3 <https://y.org> #1 @{ZW}ada"),
        ("<a name=top> #3[^1] #3\n\n[^1]: x", "<a name=top> #3[^1] #1\n\n[^1]: x"),
        ("<a name=top> ![#3](y.png) #3", "<a name=top> ![#3](y.png) #3"),
        ("<code>[x](https://y.org) #3</code>", "<code>[x](https://y.org) #3</code>"),
    ],
)  # fmt: skip
def test_a_link_within_an_anchor_ends_the_anchor(source: str, copy: str) -> None:
    """There are no links in links; an anchor that nothing closes hid all that follows."""
    assert written(source, KNOWN) == copy
    assert links(source, "org") != [] or source == copy


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        ("https://x.org/\u3000#3 @ada", f"https://x.org/\u3000#3 @{ZW}ada"),
        ("https://x.org/\u00a0@ada #3", "https://x.org/\u00a0@ada #1"),
        (f"{WEB}/org/template/issues/3\u3000を", "#1\u3000を"),
        ("[https://x.org/\u3000#3]", "[https://x.org/\u3000#1]"),
        ("<p>https://x.org/\u00a0#3</p>", "<p>https://x.org/\u00a0#1</p>"),
    ],
)
def test_only_the_white_space_of_ascii_ends_an_address(source: str, copy: str) -> None:
    """GFM takes a wide or a hard space into the link; where it makes none, each ends the address."""
    assert written(source, KNOWN) == copy


def test_a_team_is_one_only_in_its_own_organisation() -> None:
    """`@angular/core` is a package, and `@ORG/team` gets mail."""
    assert written("@ORG/team @other/team", KNOWN) == f"@{ZW}ORG/team @other/team"


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        (f"<a href='{WEB}/org/template/issues/3'>x</a>", f"<a href='{WEB}/org/team-a/issues/1'>x</a>"),
        (f"<p>\n<a class=b\nhref={WEB}/org/template/issues/3>#3</a>\n</p>", f"<p>\n<a class=b\nhref={WEB}/org/team-a/issues/1>#3</a>\n</p>"),
        (f'<A title="href" HREF = "{WEB}/other/repo/issues/5">#3</A>', f'<A title="href" HREF = "{NEUTRAL}/other/repo/issues/5">#3</A>'),
        (f'<a href="{WEB}/other/repo/pull/5?a=1&amp;b=2">x</a>', f'<a href="{NEUTRAL}/other/repo/pull/5?a=1&amp;b=2">x</a>'),
        (f"> <div><a href='{WEB}/org/template/issues/3'>\n> x</a>", f"> <div><a href='{WEB}/org/team-a/issues/1'>\n> x</a>"),
        ("<style>\n@media print { a { color: red } }\n</style>", f"<style>\n@{ZW}media print {{ a {{ color: red }} }}\n</style>"),
        ("<script>\n#3\n\n#3\n</script>", "<script>\n#1\n\n#1\n</script>"),
        ('<iframe title="see #3" src="https://x.org/#3"></iframe>', '<iframe title="see #1" src="https://x.org/#3"></iframe>'),
        ("a <textarea>#3</textarea> <xmp>#3</xmp> <title x=#3>", "a <textarea>#1</textarea> <xmp>#1</xmp> <title x=#1>"),
        ("<noembed>#3 <noframes>#3 <plaintext>#3 <b title='#3'>", "<noembed>#1 <noframes>#1 <plaintext>#1 <b title='#3'>"),
        ("<iframe title='see #99'>", f"<iframe title='see <a href=\"{NEUTRAL}/org/template/issues/99\">org/template#99</a>'>"),
        ("<div @click='go' #3 v-on:x=\"a > #3\">#3</div>", "<div @click='go' #3 v-on:x=\"a > #3\">#1</div>"),
        ("<i @click='go' #3>", f"<i @{ZW}click='go' #1>"),
        ("<div>\n<!-- #3 > @ada --> <!-- > #3 --> #3 <? #3 > <!x #3> </ #3>\n</div>", "<div>\n<!-- #3 > @ada --> <!-- > #3 --> #1 <? #3 > <!x #3> </ #3>\n</div>"),
        ("<div>\n<b title='#3\n#3' #3\n\n#3", "<div>\n<b title='#3\n#3' #3\n\n#1"),
        ("<pre>\n#3\n<b>#3</b>\n</pre>\n#3", "<pre>\n#3\n<b>#3</b>\n</pre>\n#1"),
    ],
)  # fmt: skip
def test_raw_html_is_read_as_a_browser_reads_it(source: str, copy: str) -> None:
    """Links are links, what GitHub disarms (GFM 6.11) is words, and attributes are neither."""
    assert written(source, KNOWN) == copy


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        ("text[^1]\n\n[^1]: one\n\n    two, see #3\n", "text[^1]\n\n[^1]: one\n\n    two, see #1\n"),
        ("text[^1]\n\n[^1]:\n    one\n\n    - see #3\n", "text[^1]\n\n[^1]:\n    one\n\n    - see #1\n"),
        ("a[^b]#3\n\n[^b]: #3\n\n        #3 is code", "a[^b]#1\n\n[^b]: #1\n\n        #3 is code"),
        ("[^1] stands alone\n\n    #3 is code", "[^1] stands alone\n\n    #3 is code"),
    ],
)  # fmt: skip
def test_a_footnote_may_have_more_than_one_paragraph(source: str, copy: str) -> None:
    """Four columns put them into it; they make no code."""
    assert written(source, KNOWN) == copy


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        ("Title\n:-:|\n`#3 | b`\n", "Title\n:-:|\n`#1 | b`\n"),
        ("é\r\n#3 text\r\n|-|\r\n`#3 | #3`\r\n\r\n#3", "é\r\n#1 text\r\n|-|\r\n`#1 | #3`\r\n\r\n#1"),
        ("> #3\n> -|\n> `#3 | b`\n\nB #3\n|-\n`#3|`", "> #1\n> -|\n> `#1 | b`\n\nB #1\n|-\n`#1|`"),
        ("Steps:\nStep #3 | what\n--|:-:\n`a #3 | b` | #3", "Steps:\nStep #1 | what\n--|:-:\n`a #1 | b` | #3"),
        ("1. #3\n   -|\n   `#3 | b`", "1. #1\n   -|\n   `#1 | b`"),
        ("# #3\n-|\n`#3 | b` #3", "# #1\n-|\n`#3 | b` #1"),
        ("- a #3\nb #3\n-|\n`#3 | b` #3", "- a #1\nb #1\n-|\n`#3 | b` #1"),
        ("```\n#3\n-|\n#3\n```\n#3", "```\n#3\n-|\n#3\n```\n#1"),
        ("<p>\n#3\n-|\n#3", "<p>\n#1\n-|\n#1"),
    ],
)  # fmt: skip
def test_a_table_of_one_column_needs_no_bar_in_its_header(source: str, copy: str) -> None:
    """A cell ends at its bar, also in what would be a code span elsewhere."""
    assert written(source, KNOWN) == copy


@pytest.mark.parametrize(
    "text",
    [
        "**see #99**を直す",
        "**#99**s are done, _#99_s",
        "~~#99~~s",
        "***#99***x **_#99_**x",
        "で**GH-99** は",
        "で**org/template#3 を**",
        "#99**#99** x**#99**#99",
        "*~~#99~~*を **#99**~x **#99**。**x** a~*GH-99*b",
        f"**{WEB}/o/r/issues/9**を **{WEB}/o/r/issues/9** を",
        r"\GH-99 &org/template#3; \\GH-99",
        "a[^1]#99\n\n[^1]: **other/repo#5**を",
    ],
)
def test_what_a_reference_becomes_leaves_its_neighbours_alone(text: str) -> None:
    """Bold stays bold also where no space follows, as in Japanese, and no backslash takes a bracket."""
    assert [tag for tag in tags(written(text, KNOWN)) if tag != "sup"] == [
        tag for tag in tags(text) if tag != "sup"
    ]
    assert "[" not in html(written(text, KNOWN)).replace("[^", "")


def test_what_stands_behind_a_link_begins_nothing() -> None:
    """Behind `#99` neither the name nor the number counts; behind a link they would."""
    assert written("#99@home #99#7 #99&#64;ada", KNOWN) == (
        f"{neutral(99)}@{ZW}home {neutral(99)}#{ZW}7 {neutral(99)}&#64;{ZW}ada"
    )
    assert written("#3@home", VIRGIN) == "#3@home"


@pytest.mark.parametrize(
    ("body", "closed"),
    [
        ("do:\n\n```sh\nnpm test\n", "do:\n\n```sh\nnpm test\n```\n\n"),
        ("do:\n\n```sh\nnpm test", "do:\n\n```sh\nnpm test\n```\n\n"),
        ("~~~~\r\n```\r\nx", "~~~~\r\n```\r\nx\r\n~~~~\r\n\r\n"),
        ("- a\n  ```\n  x", "- a\n  ```\n  x\n\n"),
        ("> ```\n> x", "> ```\n> x\n\n"),
        ("```\n```\n\n    ```", "```\n```\n\n    ```\n\n"),
        ("<pre>\n```\nx", "<pre>\n```\nx\n\n"),
    ],
)
def test_the_marker_is_hidden_also_behind_an_open_code_block(body: str, closed: str) -> None:
    """Two chapters of a real course end in one; the marker stood there for all to see."""
    made = render(a_ticket(12, body=body), KNOWN).body
    marker = str(read_markers(made)[-1])

    assert made == closed + marker
    assert "monarch:" not in html(made).replace(marker, "")
    assert made.encode() == render(a_ticket(12, body=made), KNOWN).body.encode()


@pytest.mark.parametrize("piece", ["- [ ] #7\n", "#3 ", f"{WEB}/{SOURCE}/issues/3\n"])
def test_only_what_is_too_long_is_cut(piece: str) -> None:
    """A hundred references to a copy are a hundred numbers; how long they might have been does not matter."""
    ticket = a_ticket(12, body=piece * (65_000 // len(piece)))
    whole = ticket.body.replace("#3", "#1").replace(f"{WEB}/{SOURCE}/issues/3", "#1")

    first = render(ticket, VIRGIN).body
    waiting = render(ticket, _waiting()).body

    assert render(ticket, KNOWN).body.startswith(whole)
    assert first.startswith(ticket.body.replace(f"{WEB}/{SOURCE}/issues/3", "#3"))
    assert "too long" in waiting
    for current in (first, waiting):
        final = rewriting(current, ticket, KNOWN)
        text = final.body if isinstance(final, Rewrite) else current
        assert text == render(ticket, KNOWN).body
        assert len(text) <= MAX_BODY
        assert rewriting(text, ticket, KNOWN) == Keep()
        assert is_ours(current, ticket, KNOWN)
    assert not any(
        "too long" in warning for warning in warnings(ticket, VIRGIN, source_private=False)
    )


def test_where_nothing_has_room_nothing_is_left() -> None:
    """Not even the line that says so; the marker is put behind it all the same."""
    (nothing,) = fitted(a_ticket(12), "a" * 100, KNOWN, 10)

    assert nothing.text == ""


def _waiting() -> Copying:
    """Nothing is copied yet, and every number is taken."""
    return replace(VIRGIN, highest=1000)


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        (f"{WEB}/org/template/issues/3,{WEB}/org/template/issues/7", "#1,#7"),
        (f"({WEB}/org/template/issues/3).", "(#1)."),
        (f"[{WEB}/org/template/issues/3]", "[#1]"),
        (f"**{WEB}/org/template/issues/3**", "**#1**"),
        (f"#3{WEB}/org/template/issues/7", f"#1{ZW}#7"),
        (f"です{WEB}/org/template/issues/3", "です#1"),
    ],
)
def test_addresses_of_issues_end_where_their_sentence_goes_on(source: str, copy: str) -> None:
    """Two of them with a comma between are one address for GFM, and two for their author."""
    assert written(source, KNOWN) == copy


def test_a_copy_that_an_older_version_has_begun_is_finished_or_left_alone() -> None:
    r"""It took `\#3` for words and `@AGENTS.md` for a name; what it wrote is never damaged, and its marker still counts."""
    marker = f"\n\n<!-- monarch: {SOURCE}#12 id=112 -->"
    escaped = a_ticket(12, body="see \\#3 and #7")
    file = a_ticket(12, body="read @AGENTS.md and #7")

    finished = rewriting(f"see \\#3 and {neutral(7)}{marker}", escaped, KNOWN)

    assert finished == Rewrite(render(escaped, KNOWN).body)
    assert rewriting(f"read @{ZW}AGENTS.md and {neutral(7)}{marker}", file, KNOWN) == Touched()


def test_a_copy_of_at_gh_number_is_stable() -> None:
    """What was freed of its `@` in the first copy was a reference in the second."""
    once = written("@GH-3 @GH-99", KNOWN)

    assert once == f"@{ZW}#1 @{ZW}{neutral(99)}"
    assert written(f"@{ZW}{neutral(99)} @{ZW}x", VIRGIN) == f"@{ZW}{neutral(99)} @{ZW}x"
