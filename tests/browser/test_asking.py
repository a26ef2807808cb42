"""New work, asked for on the page: from a plan to copies, to the template's next edition, and back."""

from functools import partial

from monarch.sandbox.control.seed import IssueChange
from scripts.fleet_machine.fleet import SOURCE
from scripts.page_machine.world import SLOWEST, SPARE, World
from tests.browser.test_acts import last_event, state_of
from tests.browser.windows import Window

BY = "ada (page's token)"


def _copy(world: World, number: int) -> tuple[str, str]:
    """Title and state of one of the copies in `SPARE`."""
    copies = world.call(world.sandbox.repository, SPARE).issues
    return next((one.title, one.state) for one in copies if one.number == number)


def _stands(world: World, state: str) -> bool:
    return _copy(world, 2)[1] == state


def test_from_a_plan_to_its_update_and_back(world: World, window: Window) -> None:
    """Each step is a button; what it does in the team's repository is what its page has said."""
    page = window.open("/plan")
    page.get_by_label("template").fill(SOURCE)
    page.get_by_label("teams").fill(SPARE)
    window.press("Plan it")
    page.get_by_role("link", name="Submit this").click()
    assert SPARE in page.get_by_role("main").inner_text()
    window.press("Submit it")
    page.get_by_role("heading", name="is submitted").wait_for()
    assert last_event(world, "request.appended")["by"] == BY
    page.get_by_role("link", name="To the request").click()
    request = page.url.rpartition("/")[2]
    world.fleet.until(lambda: state_of(world, request) == "done")

    change = IssueChange(repo=SOURCE, number=2, title="Draw better wireframes", by="teacher")
    world.call(world.sandbox.update_issue, change)
    page.get_by_role("link", name="Update the copies").click()
    window.press("Update them")
    page.get_by_role("heading", name="updates them").wait_for()
    world.fleet.until(lambda: _copy(world, 2)[0] == "Draw better wireframes")
    assert last_event(world, "request.appended")["by"] == BY
    page.get_by_role("link", name="To the update").click()
    update = page.url.rpartition("/")[2]
    world.fleet.until(lambda: state_of(world, update) == "done")

    for link, button, done, state in (
        ("Close untouched copies", "Close them", "Untouched copies are being closed", "closed"),
        ("Open recalled copies", "Open them again", "Recalled copies are being opened", "open"),
    ):
        page.get_by_role("link", name=link).click()
        assert SPARE in page.get_by_role("main").inner_text()
        window.press(button)
        page.get_by_role("heading", name=done).wait_for()
        world.fleet.until(partial(_stands, world, state))
        page.get_by_role("link", name="To the request").click()
        world.fleet.until(lambda: state_of(world, update) == "done")
        page.reload()


def test_putting_a_request_first(world: World, window: Window) -> None:
    """It says so on the request, with the name."""
    world.release()
    request = world.hold(SLOWEST)
    page = window.open(f"/requests/{request}")
    page.get_by_role("link", name="Put it first").click()
    window.press("Put it first")
    page.get_by_role("heading", name=f"Request {request} goes first").wait_for()
    page.get_by_role("link", name="To the request").click()
    page.get_by_text("put first by", exact=True).wait_for()
    assert last_event(world, "request.put_first")["by"] == BY
    world.release()
    world.fleet.until(lambda: state_of(world, request) == "done")
