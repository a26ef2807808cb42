"""Prints view models: templates from this package, every text escaped, every character that a screen could obey spelled out.

jinja2 is imported and templates are read for the first page: a worker whose page is never opened does without.
"""

import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

FILES: Final = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
    "hx-sse.min.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""What a page loads besides its HTML, and the type of each file."""

PAGES: Final = (
    ("Now", "/"),
    ("Requests", "/requests"),
    ("Dead letters", "/dead"),
    ("Budget", "/budget"),
    ("Workers", "/workers"),
    ("Events", "/events"),
    ("Plan", "/plan"),
)
"""The links on top of every page, and their addresses."""

_TICKED: Final = re.compile("`([^`\n]{1,200})`")

_HYPHENED: Final = re.compile(r"[^\s-]*-\S*")
"""A word that a browser would break; in escaped text, where no word contains markup."""

_OBEYED: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
"""Control characters, marks that turn the direction of a text, and what is not text."""


def shown(value: object) -> object:
    r"""A text with what a screen could obey spelled out (`\u202e`); any other value as it is."""
    if type(value) is not str:
        return value
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode(), value)


def coded(text: str) -> "Markup":
    """A text in which words between backticks become code; everything else in it is only shown."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - with jinja2

    marked = _TICKED.sub(
        lambda found: f'<code class="command">{_whole_words(found[1])}</code>',
        str(escape(shown(text))),
    )
    return Markup(marked)  # noqa: S704 - escaped before


def unbroken(text: str) -> "Markup":
    """A text whose hyphenated words, such as options and ids, do not break at the end of a line."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - with jinja2

    return Markup(_whole_words(str(escape(shown(text)))))  # noqa: S704 - escaped before


def _whole_words(escaped: str) -> str:
    return _HYPHENED.sub(r'<span class="whole">\g<0></span>', escaped)


def draw(template: str, **models: object) -> str:
    """Print a template.

    Raises:
        jinja2.UndefinedError: the template asks for what no model has; a mistake of ours.
    """
    return _environment().get_template(template).render(**models)


def prepare() -> None:
    """Load what drawing needs and read every template: some tenths of a second, in a thread, which later drawings save."""
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - lazily

    from monarch.ports.spoiled import is_spoiled  # noqa: PLC0415 - with its first use
    from monarch.web.views import formats  # noqa: PLC0415 - with its first use

    made = Environment(
        loader=PackageLoader("monarch.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(file=address_of, pages=PAGES, is_spoiled=is_spoiled)
    made.filters.update(
        iso=formats.iso,
        clock=formats.clock,
        moment=formats.moment,
        number=formats.number,
        coded=coded,
        unbroken=unbroken,
    )
    return made


@cache
def content(name: str) -> bytes:
    """A file of `FILES`."""
    return files("monarch.web").joinpath("static", name).read_bytes()


@cache
def address_of(name: str) -> str:
    """Where a file is found: its content is in the address, so that a browser may keep it for ever."""
    return f"/static/{fingerprint(name)}/{name}"


def fingerprint(name: str) -> str:
    """Names the content of a file."""
    return hashlib.sha256(content(name)).hexdigest()[:12]
