"""Every address, as people see it: whole, readable, and without a complaint of the browser."""

from typing import TYPE_CHECKING, Any

import pytest

from monarch.web.page.drawing import PAGES
from scripts.fleet_machine.fleet import SOURCE
from scripts.page_machine.screens import addresses
from scripts.page_machine.world import GOOD, HOSTILE, TITLES, World
from tests.browser.windows import Window, a_window

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PHONE = {
    "viewport": {"width": 375, "height": 800},
    "color_scheme": "dark",
    "reduced_motion": "reduce",
}
DESK = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["wide and light", "375 px and dark"])
def test_every_address_is_whole_and_accessible(
    world: World, browser: "Browser", options: dict[str, Any]
) -> None:
    """No breach that axe knows, no sideways scrolling, no error on the console, no text that was obeyed."""
    with a_window(browser, world.base, extra_http_headers=world.sign(), **options) as window:
        window.expected += ["404 (Not Found)"]
        for name, address in addresses(world):
            window.open(address)

            assert not window.breaches(), name
            assert not window.is_too_wide(), name
            assert window.page.title() not in {"1", ""}, name
        assert not window.troubles


def test_every_page_is_offered_on_top(window: Window) -> None:
    """And says which one it is."""
    window.open("/")
    for name, address in PAGES:
        window.page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        window.page.wait_for_url(window.base + address)
        here = window.page.locator("nav [aria-current=page]")

        assert here.inner_text() == name


def test_without_javascript_everything_is_there(world: World, browser: "Browser") -> None:
    """Looking, signing in, pressing."""
    with a_window(browser, world.base, java_script_enabled=False) as window:
        window.sign_in("grace")
        for name, address in addresses(world):
            answer = window.page.goto(world.base + address)
            assert answer is not None
            assert answer.status == (404 if name == "unknown" else 200), name
            assert window.page.get_by_role("main").inner_text().strip(), name
        window.open("/acts/pause")
        window.press("Pause")
        window.page.get_by_role("heading", name="The fleet is paused").wait_for()
        window.open("/acts/resume")
        window.press("Resume")
        window.page.get_by_role("heading", name="The fleet goes on").wait_for()


def test_hostile_texts_are_shown_and_not_obeyed(world: World, window: Window) -> None:
    """As they are, where they are shown; what would turn the direction of a text is spelled out."""
    unreadable = next(one["id"] for one in world.fleet.requests() if one["state"] == "dead")
    page = window.open(f"/requests/{unreadable}")
    text = page.get_by_role("main").inner_text()

    assert HOSTILE[0] in text
    assert page.locator("img[src=x]").count() == 0
    assert page.title() != "1"
    for address in ("/", "/requests", "/acts/drop"):
        shown = window.open(address).content()
        assert "\u202e" not in shown
        assert "<img src=x" not in shown
        assert "49" not in page.title()
    assert len(TITLES) > len(HOSTILE)


def test_hostile_titles_and_names_are_shown_and_not_obeyed(
    world: World, browser: "Browser"
) -> None:
    """In the matrix, in a plan, in the set of an act, and as the name of somebody who presses."""
    done = next(one["id"] for one in world.fleet.requests() if one["state"] == "done")
    with a_window(browser, world.base) as window:
        window.sign_in(HOSTILE[0])
        page = window.open(f"/requests/{done}")
        for title in (HOSTILE[0], HOSTILE[1], HOSTILE[3], HOSTILE[4][:50]):
            assert page.get_by_label(title).count(), title
        window.open("/acts/pause")
        window.press("Pause")
        page.get_by_role("heading", name="The fleet is paused").wait_for()
        for address in (
            page.url.removeprefix(world.base),
            "/",
            "/events",
            f"/requests/{done}",
            f"/plan?source={SOURCE}&targets={GOOD[0]}",
            f"/requests/{done}/update",
        ):
            shown = window.open(address)
            assert shown.locator("img[src=x]").count() == 0, address
            assert shown.title() != "1", address
            assert "\u202e" not in shown.content(), address
        assert HOSTILE[0] in window.open("/").get_by_role("main").inner_text()
        window.open("/acts/resume")
        window.press("Resume")
        page.get_by_role("heading", name="The fleet goes on").wait_for()
        assert not window.troubles


def test_motion_is_spared_who_asks_for_it(world: World, browser: "Browser") -> None:
    """No transition runs."""
    with a_window(
        browser, world.base, reduced_motion="reduce", extra_http_headers=world.sign()
    ) as window:
        page = window.open("/")
        moving = page.evaluate(
            "[...document.querySelectorAll('*')].filter(one => parseFloat(getComputedStyle(one).transitionDuration) > 0"
            " || getComputedStyle(one).animationName !== 'none').length"
        )

        assert moving == 0


def test_by_keyboard_alone(window: Window) -> None:
    """From the overview to a paused fleet and back, with a focus that can be seen."""
    page = window.open("/")
    for link, button, said in (
        ("Pause the fleet", "Pause", "The fleet is paused"),
        ("Resume", "Resume", "The fleet goes on"),
    ):
        page.get_by_role("link", name=link).wait_for()
        _tab_to(window, link)
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="fleet").wait_for()
        _tab_to(window, button)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name=said).wait_for()
        _tab_to(window, "To the overview")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{window.base}/")


def _tab_to(window: Window, words: str) -> None:
    for _ in range(60):
        window.page.keyboard.press("Tab")
        if window.page.evaluate("document.activeElement.textContent.trim()") == words:
            return
    raise AssertionError(f"{words!r} is not reached by the keyboard")
