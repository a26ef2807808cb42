"""A window: what a person does in it, and what goes wrong in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scripts.page_machine.world import TOKEN

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

AXE: Final = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@dataclass
class Window:
    """One of a person's.

    Attributes:
        page: the browser's page.
        troubles: what it complained of: errors on the console, breaches of the policy, scripts that failed.
        expected: parts of complaints that a story brings about itself, such as a refused connection.
    """

    context: "BrowserContext"
    page: "Page"
    base: str
    _heard: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Hear what the page complains of."""
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self._heard.append(f"script: {error}"))
        self.page.on("dialog", lambda dialog: self._heard.append(f"dialog: {dialog.message}"))

    def _said(self, message: "ConsoleMessage") -> None:
        if message.type in {"error", "warning"}:
            self._heard.append(f"console: {message.text} {message.location.get('url', '')}")

    @property
    def troubles(self) -> list[str]:
        """What was not expected."""
        return [one for one in self._heard if not any(part in one for part in self.expected)]

    def open(self, address: str) -> "Page":
        """Go to an address of the page."""
        self.page.goto(self.base + address)
        return self.page

    def sign_in(self, name: str) -> None:
        """By the form."""
        self.open("/sign-in")
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_label("The page's token").fill(TOKEN)
        self.page.get_by_role("main").get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.base}/")

    def press(self, words: str) -> None:
        """A button of the shown act."""
        self.page.get_by_role("main").get_by_role("button", name=words, exact=True).click()

    def breaches(self) -> list[str]:
        """What axe finds against the people who cannot see, or use no mouse."""
        self.page.evaluate(AXE)
        found: dict[str, Any] = self.page.evaluate("axe.run()")
        return [
            f"{one['id']}: {one['help']}: {[node['html'][:120] for node in one['nodes'][:3]]}"
            for one in found["violations"]
        ]

    def is_too_wide(self) -> bool:
        """Whether one has to scroll sideways."""
        return bool(
            self.page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
        )


@contextmanager
def a_window(browser: "Browser", base: str, **options: Any) -> Iterator[Window]:
    """A window with nothing remembered; `options` are those of the browser's `new_context`."""
    context = browser.new_context(**options)
    context.set_default_timeout(20_000)
    window = Window(context, context.new_page(), base)
    window.listen()
    try:
        yield window
    finally:
        context.close()
