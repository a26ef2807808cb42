"""`doctor`: shows what was found, and fails where something is broken."""

from typing import TYPE_CHECKING

import typer

from monarch.cli.calling import FAILED, operate
from monarch.cli.terminal.printing import show_json, show_table
from monarch.cli.terminal.tables import prose, reason, word

if TYPE_CHECKING:
    from monarch.app.doctor.valkey_checks import Check
    from monarch.app.operator import Operator


def show_examination(*, as_json: bool) -> None:
    """Examine the installation that the environment names."""
    from monarch.app.doctor.examination import examine  # noqa: PLC0415 - lazily
    from monarch.app.doctor.valkey_checks import Status  # noqa: PLC0415 - lazily

    async def work(person: "Operator") -> "tuple[Check, ...]":
        return await examine(person)

    checks = operate(work)
    well = all(check.status is not Status.FAIL for check in checks)
    if as_json:
        show_json({"ok": well, "checks": list(map(_document, checks))})
    else:
        rows = [(c.name, c.status.value, c.detail, c.advice) for c in checks]
        columns = (word("check"), word("status"), prose("found"), reason("what to do"))
        show_table(columns, rows, empty="nothing was checked")
    if not well:
        raise typer.Exit(FAILED)


def _document(check: "Check") -> dict[str, str]:
    return {
        "name": check.name,
        "status": check.status.value,
        "detail": check.detail,
        "advice": check.advice,
    }
