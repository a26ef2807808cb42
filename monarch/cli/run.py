"""`run` and `web`: work until they are stopped."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Final

from monarch.cli.calling import WRONG, fail, refuse, settings

if TYPE_CHECKING:
    from monarch.app.assembly import Role


_OPTIONAL: Final = ("greenlet", "httpx._main", "pygments", "rich", "trio")
"""What libraries load where they find it and do without where they do not; a worker needs none of it.

structlog loads rich for its tracebacks and greenlet for a context of its own, httpx its command line and with it
pygments, httpcore trio: 12 MB of the 60 that an idle worker may use.
"""

_COMMAND_LINE: Final = "uvicorn.main"
"""uvicorn's own command line, which it does not do without: with the library that reads its arguments, 1.5 MB more."""


def run_roles(names: str | None) -> None:
    """Work as the roles in `names` (with commas between; `None`: all of them) until a signal."""
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
    """Have libraries imported in here do without these modules, of which they make optional use."""
    missing = [name for name in modules if name not in sys.modules]
    # What Python documents for it: an import of a name whose entry is None is an ImportError.
    sys.modules.update(dict.fromkeys(missing))  # type: ignore[arg-type]  # typeshed knows no None here
    if _COMMAND_LINE not in sys.modules:
        missing.append(_COMMAND_LINE)
        sys.modules[_COMMAND_LINE] = _no_command_line()
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]


def _no_command_line() -> ModuleType:
    """What stands in for it: the names that `uvicorn` takes from there. Our servers are made of `uvicorn.server`."""
    module = ModuleType(_COMMAND_LINE)
    vars(module).update(Server=None, main=None, run=None)
    return module


def _roles(names: str | None) -> "frozenset[Role]":
    from monarch.app.assembly import Role  # noqa: PLC0415 - lazily

    if names is None:
        return frozenset(Role)
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if not wanted:
        refuse("--roles", f"some of {', '.join(Role)}", names)
    unknown = [name for name in wanted if name not in list(Role)]
    if unknown:
        refuse("--roles", f"some of {', '.join(Role)}", ", ".join(unknown))
    return frozenset(map(Role, wanted))
