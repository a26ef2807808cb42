"""`config`: the settings that count for this command, and where each comes from."""

from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monarch.cli.calling import settings
from monarch.cli.terminal.printing import doubt, show_facts, show_json, show_table
from monarch.cli.terminal.tables import word

if TYPE_CHECKING:
    from monarch.settings import Effective, Settings


def show_config(*, only_set: bool, as_json: bool) -> None:
    """Show every setting, or only those that were given; the error of a wrong configuration lists all its mistakes."""
    from monarch.settings import effective, read_given  # noqa: PLC0415 - lazily

    known = settings()
    found = [
        one for one in effective(known, read_given()) if one.source != "default" or not only_set
    ]
    if as_json:
        show_json({"reached": _reached(known), "settings": [asdict(one) for one in found]})
        return
    show_facts(_reached(known))
    print()
    columns = (word("variable"), word("value"), word("from"))
    show_table(columns, map(_row, found), empty="nothing is set: every setting has its default")


def _row(one: "Effective") -> tuple[object, ...]:
    if one.overruled_by:
        source = f"{one.source}, but {one.overruled_by} counts"
    else:
        source = f"{one.source}, not .env" if one.shadowed else one.source
    return one.variable, one.value, doubt(source, when=one.shadowed or bool(one.overruled_by))


def _reached(known: "Settings") -> dict[str, str]:
    """What all of it leads to, without credentials."""
    from pathlib import Path  # noqa: PLC0415 - lazily

    from monarch.core.redact import Redactor  # noqa: PLC0415 - lazily
    from monarch.settings import ENV_FILE  # noqa: PLC0415 - lazily

    path = Path.cwd() / ENV_FILE
    reached = {
        "file": f"{path}" if path.is_file() else f"{path} (there is none)",
        "valkey": known.valkey_url_safe,
        "github": _by_way(known.github_api_url, known.github_proxy),
        "slack": _by_way(known.slack_api_url, known.slack_proxy),
    }
    hide = Redactor(known.secrets())
    return {name: hide(text) for name, text in reached.items()}


def _by_way(url: str, proxy: object) -> str:
    """An address, and the proxy that leads to it: its host and port alone."""
    from pydantic import SecretStr  # noqa: PLC0415 - lazily

    if not isinstance(proxy, SecretStr):
        return url
    way = urlsplit(proxy.get_secret_value())
    return f"{url} by way of {way.scheme}://{way.netloc.rpartition('@')[2]}"
