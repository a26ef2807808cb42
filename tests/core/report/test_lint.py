"""What is warned of before anything is written."""

from dataclasses import replace
from string import Template

import pytest

from monarch.core.copy.style import Copying, Style
from monarch.core.report.lint import warnings
from tests.core.builders import SOURCE, TEAM, a_plan, a_ticket

COPYING = Copying(a_plan(3, 12), "org/team-a", TEAM)
UPLOAD = "https://github.com/user-attachments/assets/5f1c"
EXPIRING = "https://private-user-images.githubusercontent.com/1/2.png?jwt=x"


def warned(body: str, copying: Copying = COPYING, *, private: bool = False) -> tuple[str, ...]:
    """What is warned of this text."""
    return warnings(a_ticket(12, body=body), copying, source_private=private)


@pytest.mark.parametrize(
    ("body", "warning"),
    [
        ("#99 and #98, `#97`, #99", f"it refers to #99 and #98, of which no copy is made; a link leads to {SOURCE}"),
        (f"[x](https://github.com/{SOURCE}/issues/3#issuecomment-1)", f"it refers to #3 (comment), of which no copy is made; a link leads to {SOURCE}"),
        ("see o/r#5", "it refers to o/r#5 in other repositories; a link leads there"),
        ("#41 #42 #43 #44 #45 #46 #47", f"it refers to #41, #42, #43, #44, #45 and 2 more, of which no copy is made; a link leads to {SOURCE}"),
        ("@a, @org/b and `@c`", "it mentions @a and @org/b; the copies notify no one"),
        (f"![x]({EXPIRING})", f"its pictures at {EXPIRING} can be seen for some minutes only"),
        ("![x](docs/a.png) <img src='./b.png'>", "its pictures at docs/a.png and ./b.png have no full address and are not shown in an issue"),
        ("[![x][y]](z)\n\n[y]: /c.png", "its pictures at /c.png have no full address and are not shown in an issue"),
    ],
)  # fmt: skip
def test_each_kind_is_told(body: str, warning: str) -> None:
    """In a sentence, each thing once, the first few by name."""
    assert warned(body) == (warning,)


@pytest.mark.parametrize(
    "body",
    ["", "#3, #12", "#123456", f"![x]({UPLOAD})", "![x](https://example.com/a.png)", "![x](data:image/png;base64,x)", "`![x](a.png)`"],
)  # fmt: skip
def test_of_what_is_well_nothing_is_said(body: str) -> None:
    """Tickets of the plan, pictures that everybody sees."""
    assert warned(body) == ()


@pytest.mark.parametrize(
    "address",
    [
        UPLOAD,
        "https://user-images.githubusercontent.com/1/2.png",
        f"https://github.com/{SOURCE}/blob/main/a.png?raw=true",
        f"https://raw.githubusercontent.com/{SOURCE}/main/a.png",
    ],
)
def test_pictures_of_a_private_source_are_not_for_everybody(address: str) -> None:
    """GitHub shows them only to those who may see the source."""
    seen = f"its pictures at {address} can be seen only by who may see {SOURCE}"

    assert warned(f"<img width=9 src='{address}'>", private=True) == (seen,)
    assert warned(f"<img width=9 src='{address}'>") == ()


def test_what_is_too_long_is_told() -> None:
    """Title, text, and a frame that leaves no room; and a title that is missing."""
    narrow = replace(COPYING, style=Style(template=Template("x" * 65_400 + "$body")))
    long = a_ticket(12, title="t" * 300, body="a" * 70_000)

    assert warnings(long, COPYING, source_private=False) == (
        "its title has 300 characters and is cut at 256",
        "its text is too long for GitHub's 65536 characters; it is cut and links to the rest",
    )
    assert warned("a" * 900, narrow) == (
        "the template leaves no room for its text, or would forge a marker; it is copied without",
    )
    assert warnings(a_ticket(12, title=" "), COPYING, source_private=False) == (
        'it has no title; its copy is called "(no title)"',
    )


def test_mentions_that_are_kept_are_mail() -> None:
    """`MONARCH_MENTIONS=keep` is a decision that a person should see."""
    keeping = replace(COPYING, style=Style(mentions=True))

    assert warned("@a", keeping) == ("it mentions @a; each copy sends mail about it",)
