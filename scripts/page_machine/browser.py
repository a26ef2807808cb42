"""A browser without a window: the system's Chromium, which asks nothing of the world outside."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REBOUND: Final = "evil.example"
"""A name that leads to this machine, as an attacker's would."""

IN_THE_HOUSE: Final = "monarch.example"
"""A name of the page to which browsers send no `Sec-Fetch-Site`: plain HTTP, and not this machine."""

FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1,MAP {IN_THE_HOUSE} 127.0.0.1",
)


def chromium() -> str | None:
    """Where it is; `None` where there is none."""
    return next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )


@contextmanager
def a_browser() -> Iterator["Browser"]:
    """A browser that is running."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - 165 MB that few programs need

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()
