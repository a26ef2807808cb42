"""What an address gives (a document for programs, a view model for people), and the request for it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import urlencode

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
        command: the `monarch` command that shows the same.
        status: of the HTTP answer.
    """

    title: str
    template: str
    document: object
    command: str
    models: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    status: int = 200

    def without(self, spoiled: Collection[str]) -> "Sight":
        """The same, with a banner that names the keys whose records are left out."""
        models = {
            name: marred(one, spoiled) if isinstance(one, Banner) else one
            for name, one in self.models.items()
        }
        return replace(self, models=models)
