"""`run` and `web`: work until they are stopped."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Final

from monarch.cli.calling import WRONG, fail, refuse_word, settings

if TYPE_CHECKING:
    from monarch.app.assembly import Role


_OPTIONAL: Final = ("greenlet", "httpx._main", "pygments", "rich", "trio")
"""What libraries load if they find it and do without if not; a worker needs none of it.

structlog loads rich for its tracebacks and greenlet for a context of its own, httpx its command line and with it
pygments, httpcore trio: 12 MB of the 60 that an idle worker may use.
"""

_STOOD_IN_FOR: Final = {
    "http.server": ("BaseHTTPRequestHandler",),
    "uvicorn.main": ("Server", "main", "run"),
    "valkey.asyncio.cluster": ("ValkeyCluster",),
    "valkey.cluster": ("ValkeyCluster",),
    "wsgiref.simple_server": ("WSGIRequestHandler", "WSGIServer", "make_server"),
}
"""Modules that libraries need and a worker does not, and the names that they take from there: 2.5 MB more.

uvicorn's own command line, with the library that reads its arguments; the servers of prometheus-client (ours are made of
`uvicorn.server`); and the clients for a Valkey Cluster, which Monarch does not use: `valkey` only re-exports them.
"""


def run_roles(names: str | None) -> None:
    """Work in the roles in `names` (separated by commas; `None`: all of them) until a signal."""
    with _left_out(*_OPTIONAL):
        import httpcore  # noqa: F401, PLC0415 - httpx would load it later, and it trio

        from monarch.app.assembly import Role  # noqa: PLC0415 - lazily
        from monarch.app.service import PortError, run_worker  # noqa: PLC0415 - lazily
        from monarch.settings import ConfigurationError  # noqa: PLC0415 - lazily

    roles = _roles(names)
    known = settings(needs_github=bool(roles & {Role.PLANNER, Role.MIGRATOR}))
    try:
        run_worker(known, roles)
    except ConfigurationError as error:
        fail(str(error), WRONG, mistakes=error.mistakes)
    except PortError as error:
        fail(str(error))


def serve_page() -> None:
    """Serve the page alone until a signal."""
    with _left_out(*_OPTIONAL):
        import httpcore  # noqa: F401, PLC0415 - see above

        from monarch.app.service import PortError  # noqa: PLC0415 - lazily
        from monarch.app.site import run_site  # noqa: PLC0415 - lazily
        from monarch.settings import ConfigurationError  # noqa: PLC0415 - lazily

    known = settings()
    try:
        run_site(known)
    except ConfigurationError as error:
        fail(str(error), WRONG, mistakes=error.mistakes)
    except PortError as error:
        fail(str(error))


@contextmanager
def _left_out(*modules: str) -> Iterator[None]:
    """Make libraries that are imported in here do without these modules, which they use optionally."""
    missing = [name for name in modules if name not in sys.modules]
    # Python documents this: importing a name whose entry is None raises ImportError.
    sys.modules.update(dict.fromkeys(missing))  # type: ignore[arg-type]  # typeshed knows no None here
    stand_ins = {name: _stand_in(name) for name in _STOOD_IN_FOR if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in (*missing, *stand_ins):
            del sys.modules[name]


def _stand_in(name: str) -> ModuleType:
    """A module with an empty class, without instances, for each name that is taken from it."""
    module = ModuleType(name)
    vars(module).update((taken, type(taken, (), {})) for taken in _STOOD_IN_FOR[name])
    return module


def _roles(names: str | None) -> "frozenset[Role]":
    from monarch.app.assembly import Role  # noqa: PLC0415 - lazily

    if names is None:
        return frozenset(Role)
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if not wanted:
        refuse_word("--roles", "some of", Role, names)
    unknown = [name for name in wanted if name not in list(Role)]
    if unknown:
        refuse_word("--roles", "some of", Role, ", ".join(unknown))
    return frozenset(map(Role, wanted))
