"""`/requests/<id>/update`, over real HTTP: the difference of each copy, for people and as JSON, and what bounds it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from html import unescape

import httpx
import pytest
from starlette.applications import Starlette

from monarch.core.after.edit import Edit
from monarch.core.after.revision import LeftToPeople
from monarch.core.after.touch import Left, Touch
from monarch.core.report.differing import LINES_COMPARED
from monarch.core.report.update import Foreseen, Foresight, TargetUpdate
from monarch.ports import StoreError
from monarch.web.documents import update_document
from monarch.web.door.guard import Guard
from monarch.web.door.visit import Doors
from monarch.web.page.updating import LARGEST, UpdatePage, Which
from monarch.web.plain import plain
from monarch.web.views.update import ALL_LINES, LINE_SHOWN, LINES_SHOWN, update_page
from tests.core.builders import a_ticket, an_issue
from tests.web.asking import asking
from tests.web.doubles import in_words

ADDRESS, GITHUB = "/requests/1732406400000-0/update", "https://github.com"
PROGRAM = {"Accept": "application/json"}
HOSTILE = '</pre><script>alert("x")</script>\u202e<img src=x onerror=alert(1)>'


class Oracle:
    """Foresees the same for everybody; `asked` is for what."""

    def __init__(self, answer: Sequence[TargetUpdate] | str | Exception) -> None:
        self.answer = answer
        self.asked: list[Which] = []

    async def foresee(self, which: Which) -> Sequence[TargetUpdate] | str:
        """The answer, or its failure."""
        self.asked.append(which)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@asynccontextmanager
async def foreseeing(oracle: Oracle) -> AsyncIterator[httpx.AsyncClient]:
    """The address alone, behind the door."""
    app = Starlette(routes=UpdatePage(oracle.foresee, GITHUB).routes())
    async with asking(Guard(app, Doors())) as client:
        yield client


def a_copy(
    number: int, before: str, after: str, found: Edit | LeftToPeople | None = None
) -> Foreseen:
    """A copy of the ticket of that number whose text is to become another one."""
    ticket, issue = a_ticket(number, title="Set up"), an_issue(number, title="Set up", body=before)
    return Foreseen(ticket, issue, found or Edit(body=after), "Set up", after)


def an_update() -> tuple[TargetUpdate, ...]:
    """One team has an edit, a copy that a student wrote, one to be opened and one whose ticket is closed; another has no issues."""
    found = Foresight(
        new=(a_ticket(9, title=HOSTILE),),
        differing=(
            a_copy(3, "Do it.\nThen rest.", "Do it well.\nThen rest."),
            a_copy(4, HOSTILE, "Do it well.", LeftToPeople(Touch.EDITED)),
        ),
        opened=((5, 5),),
        closed=(Left(6, 6, ()), Left(7, 7, (Touch.COMMENTED,))),
    )
    return (
        TargetUpdate("org/team-a", found),
        TargetUpdate("org/team-b", problem="<b>its issues are switched off</b>"),
    )


async def test_the_difference_is_shown_copy_by_copy() -> None:
    """With what becomes of each, and of what people have changed why it stays."""
    oracle = Oracle(an_update())
    async with foreseeing(oracle) as client:
        page = (await client.get(ADDRESS)).text

    assert oracle.asked == [("1732406400000-0", "")]
    assert "1 copy would be edited, 1 new, in 2 teams" in page
    assert "edit #3 (text) · ticket #3" in page
    assert "<del>- <bdi>Do it.</bdi></del>" in page
    assert "<ins>+ <bdi>Do it well.</bdi></ins>" in page
    assert "\n  <bdi>Then rest.</bdi>\n" in page
    assert "1 new · 1 edited · 1 opened again · 3 left" in page
    assert "leave #4 (edited) · ticket #4" in page
    assert "#5, as the template has opened #5 again" in page
    assert "#6: leave #6 open, --close closes it" in page
    assert "#7: leave #7 (commented)" in page
    assert "monarch update 1732406400000-0 --dry-run" in in_words(page)
    assert 'href="https://github.com/org/team-a/issues/3"' in page


async def test_nothing_of_a_text_is_html() -> None:
    """Titles, texts and problems come from outside; each is shown as it was typed."""
    async with foreseeing(Oracle(an_update())) as client:
        page = (await client.get(ADDRESS)).text.partition("<main")[2].partition("</main>")[0]

    assert "<script" not in page
    assert "<img" not in page
    assert "<b>its issues" not in page
    assert (
        unescape(page).count(HOSTILE.replace("\u202e", "\\u202e")) == 2
    )  # what turns a line round is spelt out
    assert "its issues are switched off" in page


async def test_a_program_gets_what_the_command_prints() -> None:
    """At the same address, and made once for both."""
    oracle = Oracle(an_update())
    async with foreseeing(oracle) as client:
        await client.get(ADDRESS)
        document = await client.get(ADDRESS, headers=PROGRAM)

    assert document.json() == plain(update_document(an_update(), GITHUB, close=False))
    assert document.headers["content-type"] == "application/json"
    assert len(oracle.asked) == 1


async def test_one_target_is_asked_for_alone() -> None:
    """A request of many teams is more than a page shows."""
    oracle = Oracle(an_update()[:1])
    async with foreseeing(oracle) as client:
        page = (await client.get(f"{ADDRESS}?target=org/team-a")).text

    assert oracle.asked == [("1732406400000-0", "org/team-a")]
    assert "monarch update 1732406400000-0 --target org/team-a --dry-run" in in_words(page)


async def test_another_site_has_nothing_read() -> None:
    """Each of these costs calls of GitHub."""
    oracle = Oracle(an_update())
    async with foreseeing(oracle) as client:
        page = await client.get(ADDRESS, headers={"Sec-Fetch-Site": "cross-site"})

    assert oracle.asked == []
    assert "another site led here" in page.text


@pytest.mark.parametrize("answer", ["no such request", StoreError("no such request")])
async def test_what_cannot_be_told_is_said(answer: str | Exception) -> None:
    """In a sentence, and not as an error of the server."""
    async with foreseeing(Oracle(answer)) as client:
        page = await client.get(ADDRESS)
        document = await client.get(ADDRESS, headers=PROGRAM)

    assert page.status_code == 200
    assert "no such request" in page.text
    assert document.status_code == 422


async def test_a_document_that_is_too_large_is_refused() -> None:
    """A worker keeps it for a minute."""
    text = "x" * (LARGEST // 10)
    found = [
        TargetUpdate(f"org/{n}", Foresight(differing=(a_copy(1, text, "y"),))) for n in range(11)
    ]
    async with foreseeing(Oracle(found)) as client:
        page = await client.get(ADDRESS)

    assert "the differences are too large for the page" in page.text
    assert len(page.text) < 100_000


def test_a_page_has_a_bound_however_long_the_texts_are() -> None:
    """Of one line, of one copy, and of all of them; and what is not shown is counted."""
    long = "\n".join(f"{n} {'x' * 1_000}" for n in range(200))
    found = [TargetUpdate("org/a", Foresight(differing=(a_copy(1, "", long),) * 100))]

    [target] = update_page(found, GITHUB)

    first, last = target.copies[0], target.copies[-1]
    assert len(first.lines) == LINES_SHOWN
    assert first.more > 100
    assert max(len(line.text) for line in first.lines) <= LINE_SHOWN + 2
    assert sum(len(copy.lines) for copy in target.copies) <= ALL_LINES + LINES_SHOWN
    assert (last.words, last.lines) == ("edit #1 (text)", ())


def test_texts_of_too_many_lines_are_not_compared() -> None:
    """Two texts without a common line take the product of both, which would hold up a worker for minutes."""
    before = "\n".join(f"a{n}" for n in range(LINES_COMPARED))
    found = [TargetUpdate("org/a", Foresight(differing=(a_copy(1, before, "b"),)))]

    [target] = update_page(found, GITHUB)

    [line] = target.copies[0].lines
    assert "too long to be compared: 2002 lines here, 3 lines by the template" in line.text
