"""usage: scripts/screens [FOLDER]

Starts a fleet with something of everything, and writes a picture of each address of the page into FOLDER (default:
`screens`, which git ignores): dark and light, 1280 and 375 pixels wide. Needs Chromium (Debian: apt install chromium).
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from monarch.web.page.drawing import PAGES
from scripts.fleet_machine.fleet import SOURCE
from scripts.page_machine.browser import a_browser, chromium
from scripts.page_machine.world import ARCHIVED, GOOD, SLOWER, World, a_world

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WIDTHS: Final = (1280, 375)
OF_REQUESTS: Final = (
    ("cancel", "running"),
    ("first", "running"),
    ("heal", "failed"),
    ("update", "done"),
    ("recall", "done"),
)
"""Acts on one request, and how the one stands that is shown: where there is one."""

PROGRAM: Final = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}

RUNNING: Final = ("request-running", "act-cancel", "act-first")
"""The pictures of what ends while the others are taken."""

SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


def addresses(world: World) -> Iterator[tuple[str, str]]:
    """The name of each picture, and what is on it."""
    known = world.fleet.requests()
    requests = {one["state"]: one["id"] for one in known}
    yield "front", "/"
    yield "requests", "/requests"
    for state, request in sorted(requests.items()):
        yield f"request-{state}", f"/requests/{request}"
    yield "cohort", f"/cohorts/{next(one['card'] for one in known if one['state'] == 'failed')}"
    for name, address in PAGES:
        if address not in {"/", "/requests"}:
            yield name.lower().replace(" ", "-"), address
    yield "missed", "/missed"
    yield "plan-made", f"/plan?source={SOURCE}&targets={SLOWER}+{ARCHIVED}"
    yield "update", f"/requests/{requests['done']}/update"
    yield "act-pause", "/acts/pause"
    yield "act-replay", "/acts/replay"
    yield "act-drop", "/acts/drop"
    for act, state in OF_REQUESTS:
        if state in requests:
            yield f"act-{act}", f"/acts/{act}?request={requests[state]}"
    yield "sign-in", "/sign-in"
    yield "unknown", "/requests/1-1"


def look(world: World) -> None:
    """A student deletes a copy, and Ada has the targets of the failed request looked at: one copy is missing."""
    copies = world.call(world.sandbox.repository, GOOD[0]).issues
    world.call(world.sandbox.delete_issue, GOOD[0], min(one.number for one in copies))
    request = next(one["id"] for one in world.fleet.requests() if one["state"] == "failed")
    with world.signed_in() as client:

        def shown(act: str) -> dict[str, Any]:
            address = f"/acts/{act}?request={request}"
            found: dict[str, Any] = client.get(address, headers=PROGRAM).json()
            return found

        form = {"digest": shown("verify")["digest"]}
        client.post(f"/acts/verify?request={request}", data=form, headers=PROGRAM)
        world.fleet.until(lambda: bool(shown("heal").get("set")))


def shoot(browser: "Browser", world: World, folder: Path) -> int:
    """Write the pictures; returns how many. What runs comes first: it will not run for ever."""
    pages = {
        f"{scheme}-{width}": browser.new_context(
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
            extra_http_headers=world.sign(),
        ).new_page()
        for scheme in SCHEMES
        for width in WIDTHS
    }
    found = sorted(addresses(world), key=lambda one: one[0] not in RUNNING)
    for name, address in found:
        for look, page in pages.items():
            page.goto(world.base + address)
            page.wait_for_load_state("load")
            if page.locator("[hx-sse\\:connect]").count():
                page.locator("html[data-link=live]").wait_for()
            page.screenshot(path=folder / f"{name}-{look}.png", full_page=True)
    return len(found) * len(pages)


def main() -> int:
    """Write them all."""
    if chromium() is None:
        print(
            "scripts/screens: no Chromium on the PATH (Debian: apt install chromium)",
            file=sys.stderr,
        )
        return 1
    asked = argparse.ArgumentParser(prog="scripts/screens", description="Picture every address.")
    asked.add_argument("folder", nargs="?", default="screens", type=Path)
    folder = asked.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, a_world(Path(scratch)) as world:
        world.start_worker()
        world.fill()
        look(world)
        with a_browser() as browser:
            count = shoot(browser, world, folder)
    print(f"scripts/screens: {count} pictures in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
