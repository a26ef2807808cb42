"""What an address gives (a document for programs, a view model for people), and the request for it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import urlencode

from monarch.ports.spoiled import is_spoiled, told
from monarch.web.views.banner import Banner, marred

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PageRequest:
    """An address as it was requested; equal wishes are shown the same.

    Attributes:
        name: of the address.
        path: without a host, such as `/requests/1732406400000-0`.
        given: what the path names (`id`).
        query: the parameters that the address knows, sorted; all others were left out.
    """

    name: str
    path: str
    given: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()

    @property
    def address(self) -> str:
        """Path and query, as a link has them."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    def get(self, name: str) -> str:
        """A parameter, or what the path names; `""` where it was not given."""
        return dict(self.query + self.given).get(name, "").strip()


@dataclass(frozen=True, slots=True)
class Sight:
    """What there is to see.

    Attributes:
        title: of the window.
        template: the file that prints `models`.
        models: the view models, by their names in the template.
        document: the same thing for programs, as `monarch … --json` prints it.
        command: the `monarch` command that shows the same; `""` if there is none.
        status: of the HTTP answer.
        spoiled: the broken keys that were met when it was read.
        is_readable: whether the document is worth its name; `False` if a broken key holds what it rests on.
    """

    title: str
    template: str
    document: object
    command: str
    models: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    status: int = 200
    spoiled: tuple[str, ...] = ()
    is_readable: bool = True

    def without(
        self, spoiled: Collection[str], rests_on: Collection[str], parts: Collection[str]
    ) -> "Sight":
        """The same, with a banner that names the keys whose records are left out.

        It rests on some records; where others of its `parts` are broken, nothing is worth less than something.
        """
        models = {
            name: marred(one, spoiled) if isinstance(one, Banner) else one
            for name, one in self.models.items()
        }
        needed = rests_on if self.document else (*rests_on, *parts)
        is_readable = not is_spoiled(spoiled, *needed)
        return replace(self, models=models, spoiled=tuple(spoiled), is_readable=is_readable)


def unreadable(spoiled: Collection[str]) -> Sight:
    """What there is to see of a thing whose record is broken: that it cannot be read is not that there is none."""
    title = "This cannot be read"
    models = {"title": title, "reason": why_unreadable(spoiled)}
    return Sight(title, "trouble.html", None, "", models, 503, tuple(spoiled), is_readable=False)


def why_unreadable(spoiled: Collection[str]) -> str:
    """What is broken, and what to do."""
    return f"What there is cannot be read. {' '.join(left_out(spoiled))}"


def left_out(spoiled: Collection[str]) -> tuple[str, ...]:
    """A sentence about each broken key, and what to do."""
    return tuple(_capital(told(key)) for key in spoiled)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
