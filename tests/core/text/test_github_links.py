"""What we take for a reference or a mention, and what GitHub does: its own Markdown parser and the rules of its filters."""

import random
from itertools import product

import pytest

from monarch.core.copy.render import render
from monarch.core.copy.style import Copying
from monarch.core.text.marks import Mark, Mention, Spelling
from monarch.core.text.prose import find
from tests.core.builders import TEAM, a_plan, a_ticket
from tests.core.text.corpus import TEXTS
from tests.core.text.github import links, tags

OWNER = "org"
WEB = "https://github.com"
COPYING = Copying(a_plan(12), "org/team-a", TEAM, highest=1_000_000)

PIECES = (
    *("`", "``", "```\n", "```py\n", "~~~\n", "> ", "- ", "* ", "+ ", "1. ", "2) ", "10. ", "-", "    ", "\t", "  ", " "),
    *("\n", "\n\n", "\r\n", "word ", "---\n", "===\n", "# ", "***\n", "[", "]", "](x)", "](<x y>)", "](x 'y')", "![", "[x]"),
    *("[x #N]", "<b>", "</b>", "<span>\n", "<!-- ", " -->", "<div>\n", "</div>\n", "`#N`", "    #N\n", "- #N\n", "> #N\n"),
    *("#N\n", " #N ", "\n #N\n", "\n\n| a #N | `b |\n|:--|---|\n| #N | c` #N | #N |\n| \\| `#N` | #N\n\n", "\\", "\\#N"),
    *("&#35;N ", "&amp;", "&", "@ada", "&#64;bob ", "\\@cy", "@a.b ", "@org/t1", "@o/t2", "*", "**", "_", "~~", "**#N**"),
    *("~~#N~~s", "_#N_", "/#N", "##N", "-#N", ".#N", "@#N", "(#N)", " o/r#N", " x/o/r#N", " org#N ", " you#N ", " GH-N "),
    *(" -gh-N ", "#N-x ", "#N_", " aGH-N", "#Nx", " https://x.org/#N ", " https://x.org/a[0]#N ", " https://x.org/*a*#N "),
    *(" www.x.org/#N ", "<https://x.org/#N>", " a@b.org ", " https://github.com/o/r/issues/N ", "<textarea>", "</textarea>"),
    *("<style>\n", "</style>\n", "<iframe title='#N'>", "<i @x #N>", "[^1]", "é", "を", "<code>#N</code>", "-|-\n", "-|\n", "#N | `#N\n-|:-\n`#N | `#N\n", "<"),
    *("<a href='https://github.com/o/r/issues/N'>#N</a>", "\n\n<pre>\n#N\n\n#N</pre>\n\n"),
)  # fmt: skip
MARKS = (
    "#N",
    "\\#N",
    "&#35;N",
    "@ada",
    "o/r#N",
    "GH-N",
    "@org/team",
    "&#64;ada",
    "**#N**",
    "(#N)",
    "/#N",
)


def numbered(text: str) -> str:
    """The text with another number for each N."""
    first, *others = text.split("N")
    return first + "".join(f"{1000 + n}{part}" for n, part in enumerate(others))


def random_texts(seed: int, count: int, longest: int) -> list[str]:
    """The same ones each time."""
    choice = random.Random(seed)  # noqa: S311 - no secret
    made = []
    for _ in range(count):
        pieces = choice.choices(PIECES, k=choice.randint(1, longest))
        made.append(numbered(f"[^1]\n\n{''.join(pieces)}\n\n[^1]: a #N\n\n    b #N\n\n[x]: y\n"))
    return made


def corpus(seed: int, times: int) -> list[str]:
    """Each text of the corpus, with references and mentions of all kinds in its places."""
    choice = random.Random(seed)  # noqa: S311 - no secret
    made = []
    for text in TEXTS * times:
        first, *others = text.split("§")
        marks = (choice.choice(MARKS).replace("N", f"{1000 + n}") for n in range(len(others)))
        made.append(
            first + "".join(f"{mark}{part}" for mark, part in zip(marks, others, strict=True))
        )
    return made


def ours(text: str) -> list[str]:
    """What we find in a text of a repository of the owner, in small letters."""
    return sorted(filter(None, (_shown(text, mark).lower() for mark in find(text, WEB).marks)))


def _shown(text: str, mark: Mark) -> str:
    if isinstance(mark, Mention):
        return f"@{text[mark.name : mark.end]}" if mark.organisation in {"", OWNER} else ""
    is_address = mark.spelling is Spelling.ADDRESS or "//" in text[mark.start : mark.end]
    if is_address or (mark.repository not in {"", OWNER} and "/" not in mark.repository):
        return ""
    return f"{mark.repository if '/' in mark.repository else ''}#{mark.number}"


@pytest.mark.parametrize(
    ("seed", "count", "longest", "most"), [(1, 1500, 5, 10), (2, 500, 14, 15), (3, 100, 60, 15)]
)
def test_random_texts_are_read_as_github_reads_them(
    seed: int, count: int, longest: int, most: int
) -> None:
    """Disagreements are rare and of known kinds: `GH-1#2`, emphasis beside an emoji, an address right behind a number."""
    differ = [
        text
        for text in random_texts(seed, count, longest)
        if ours(text) != sorted(links(text, OWNER))
    ]

    assert len(differ) <= most, differ[:3]


def test_texts_as_people_write_them_are_read_as_github_reads_them() -> None:
    """Not one of them differs."""
    for text in corpus(4, 20):
        assert ours(text) == sorted(links(text, OWNER)), text


def test_a_copy_looks_like_its_ticket() -> None:
    """All tags but those of links: emphasis, lists, code and quotes stay what they are, and nothing is linked."""
    for text in corpus(5, 20):
        copy = render(a_ticket(12, body=text), COPYING).body
        assert tags(copy) == tags(text), text
        assert links(copy, OWNER) == [], text


SIGNS = ["", *" !\"#&'()*+,-./:;<=>?@[]`|~aZ9éを❤\u200b\n", "..", "--", "&amp;", "]("]
SIDES = ["", *" を。w.(~!\n"]


@pytest.mark.parametrize(
    "mark", ["#77", "GH-77", "o/r#77", "org#77", "you#77", "@ada", "@org/team", "@a_b"]
)
def test_whatever_stands_before_and_behind_is_read_as_github_reads_it(mark: str) -> None:
    """Each sign before with each behind, alone and beside a letter."""
    for before, behind in product(SIGNS, SIGNS):
        if (before, mark) == ("@", "GH-77"):
            continue  # `w@GH-77.w` is an e-mail address
        for text in (f"w {before}{mark}{behind}", f"w{before}{mark}{behind}w"):
            assert ours(text) == sorted(links(text, OWNER)), text


@pytest.mark.parametrize("form", ["#99", "GH-99", "o/r#99", f"{WEB}/o/r/issues/9 ", r"\#99"])
def test_emphasis_stays_whatever_stands_on_either_side_of_it(form: str) -> None:
    """Also where no space parts it from a word, and where another one begins or ends beside it."""
    for before, sign, behind in product(SIDES, ["**", "*", "~~", "***", "_"], SIDES):
        for inner in (form, f"x {form}", f"{form} x"):
            text = f"w{before}{sign}{inner}{sign}{behind}w"
            assert tags(render(a_ticket(12, body=text), COPYING).body) == tags(text), text


@pytest.mark.parametrize(("seed", "count", "longest", "most"), [(6, 1000, 5, 8), (7, 300, 14, 15)])
def test_a_copy_of_a_random_text_looks_like_its_ticket(
    seed: int, count: int, longest: int, most: int
) -> None:
    """Likewise, with rare exceptions."""
    differ = []
    for text in random_texts(seed, count, longest):
        copy = render(a_ticket(12, body=text), COPYING).body
        if tags(copy) != tags(text) or links(copy, OWNER):
            differ.append((text, copy))

    assert len(differ) <= most, differ[:3]
