"""How live a page is, as it says itself: the worker and Valkey are really killed."""

import re
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from monarch.web.connections import READERS
from scripts.page_machine.world import HOST, World
from tests.browser.test_acts import press
from tests.browser.windows import Window, a_window

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route


def until_it_says(window: Window, words: str) -> None:
    """Wait until the page says that of its connection."""
    # From the beginning: "Not live" is another word.
    window.page.locator("#link-state", has_text=re.compile(rf"^{words}")).wait_for()


def test_a_page_that_is_live_shows_what_changes_without_a_hand(
    world: World, window: Window
) -> None:
    """The age of what is shown is there; what a person has opened or focused stays."""
    page = window.open("/")
    until_it_says(window, "Live")
    assert page.locator("#link-age").inner_text().endswith("UTC")
    page.get_by_role("link", name="Pause the fleet").focus()

    with world.signed_in("grace") as client:
        press(client, "/acts/pause")
        page.get_by_text("paused by grace (page's token)").first.wait_for()
        press(client, "/acts/resume")
    page.get_by_role("link", name="Pause the fleet").wait_for()


_HTMX_HAS_HAD_ITS_TURN = """(async () => {
  const turn = () => new Promise((done) => setTimeout(done));
  while (!window.htmx) await turn();
  for (let n = 0; n < 3; n++) await turn();
})()"""


def test_a_page_is_live_whichever_script_comes_late(world: World, window: Window) -> None:
    """A stream never began where the extension came a moment after htmx, about once in twenty cold starts."""
    held: list[Route] = []
    script = "**/hx-sse.min.js"
    window.page.route(script, lambda route: held.append(route))  # noqa: PLW0108 - playwright looks into the function
    with window.page.expect_request(script):
        window.page.goto(f"{world.base}/", wait_until="commit")
    window.page.evaluate(_HTMX_HAS_HAD_ITS_TURN)

    held[0].continue_()

    until_it_says(window, "Live")


def test_paused_by_the_reader(world: World, window: Window) -> None:
    """Nothing moves until they go on; the page says why."""
    page = window.open("/")
    until_it_says(window, "Live")
    page.get_by_role("button", name="Pause", exact=True).click()
    until_it_says(window, "Paused by you")
    with world.signed_in("grace") as client:
        press(client, "/acts/pause")
        assert page.get_by_text("paused by grace").count() == 0
        page.get_by_role("button", name="Go on").click()
        page.get_by_text("paused by grace (page's token)").first.wait_for()
        press(client, "/acts/resume")
    until_it_says(window, "Live")


def test_the_worker_is_killed(world: World, browser: "Browser") -> None:
    """The page says since when it is old, and is live again by itself when there is a worker."""
    base = f"http://{HOST}:{world.other_port}"
    with a_window(browser, base, extra_http_headers=world.sign()) as window:
        window.expected += [
            "ERR_CONNECTION_REFUSED",
            "ERR_INCOMPLETE_CHUNKED",
            "ERR_EMPTY_RESPONSE",
        ]
        window.expected += ["htmx", "network error", "Failed to fetch"]
        window.open("/")
        until_it_says(window, "Live")
        worker = world.fleet.workers[1]
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        until_it_says(window, "Not connected since")
        assert (
            window.page.evaluate("getComputedStyle(document.getElementById('live')).filter")
            != "none"
        )

        world.start_worker(port=world.other_port)

        until_it_says(window, "Live")
        assert (
            window.page.evaluate("getComputedStyle(document.getElementById('live')).filter")
            == "none"
        )
        assert not window.troubles


# ------------------------------------------------------------------------------------------ many readers


@contextmanager
def _reader(world: World, address: str = "/live/") -> Iterator[socket.socket]:
    with socket.create_connection((HOST, world.port), timeout=20) as reader:
        lines = [f"GET {address} HTTP/1.1", f"Host: {HOST}"]
        lines += [f"{name}: {value}" for name, value in world.sign().items()]
        reader.sendall("\r\n".join([*lines, "", ""]).encode())
        yield reader


def _all_read(readers: list[socket.socket], said: Callable[[str], bool]) -> None:
    """Until each of them has read something of which that holds."""
    texts, give_up = dict.fromkeys(readers, b""), time.monotonic() + 30
    with selectors.DefaultSelector() as waiting:
        for reader in readers:
            waiting.register(reader, selectors.EVENT_READ, reader)
        while waiting.get_map():
            ready = waiting.select(timeout=20)
            assert ready, "some were not served"
            assert time.monotonic() < give_up, "some did not hear of it"
            for key, _ in ready:
                served: socket.socket = key.data
                texts[served] += (piece := served.recv(1 << 16))
                assert piece, texts[served][-200:]
                if said(texts[served].decode(errors="replace")):
                    waiting.unregister(served)


def test_two_hundred_open_pages_and_one_that_does_not_read(world: World) -> None:
    """All that read hear of a pause; one more is told to reload; health is answered in between."""
    with ExitStack() as stack:
        many = [stack.enter_context(_reader(world)) for _ in range(READERS)]
        _all_read(many, lambda text: "event:" in text or "data:" in text)
        asleep, awake = many[0], many[1:]
        with world.signed_in("grace") as client:
            assert client.get("/live/").status_code == 503
            assert client.get("/health").status_code == 200
            press(client, "/acts/pause")
            _all_read(awake, lambda text: "Paused by grace" in text)
            assert client.get("/health").status_code == 200
            press(client, "/acts/resume")
        assert asleep.fileno() >= 0


# ------------------------------------------------------------------------------- the last one: it restarts


def test_valkey_is_killed(world: World, window: Window) -> None:
    """Connected, but nothing new can be known: the page says so, and since when; an act is a sentence."""
    page = window.open("/")
    until_it_says(window, "Live")
    window.expected += ["503 (Service Unavailable)"]
    world.fleet.server.kill()
    until_it_says(window, "Connected, but Valkey does not answer since")
    window.open("/acts/pause")
    page.get_by_role("alert").wait_for()
    assert "Nothing was done" in page.get_by_role("alert").inner_text()
    window.open("/")
    assert page.get_by_role("heading", name="Valkey does not answer").count() == 1

    world.fleet.server.start()
    until_it_says(window, "Live")
    page.get_by_text("Does it run?").wait_for()
