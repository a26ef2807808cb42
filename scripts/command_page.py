"""usage: python -m scripts.command_page

Prints docs/commands.md: every command with its arguments and options, as the program's own `--help` describes them.
`tests/docs/test_commands.py` holds the page equal to what this prints.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import typer

from monarch.cli.commands import app

HEAD: Final = """# Commands

`scripts/commands` makes this page from the program's own help; a test holds the two equal.
`-h` and `--help` show the same in a terminal, and `monarch --install-completion` teaches the commands to the shell.
"""


def page() -> str:
    """The whole page."""
    root: Any = typer.main.get_command(app)
    context = _context(root, None)
    parts = [HEAD, _text(root.epilog)]
    for command, its_context in _leaves(root, context):
        parts.extend(_section(command, its_context))
    return "\n".join(parts)


# typer brings its own click, without types: hence `Any`.
def _context(command: Any, parent: Any) -> Any:
    name = command.name if parent else "monarch"
    return command.context_class(command, info_name=name, parent=parent)


def _leaves(group: Any, context: Any) -> Iterator[tuple[Any, Any]]:
    """Each command that is no group, in the order of the help, with its context."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        its_context = _context(command, context)
        if hasattr(command, "list_commands"):
            yield from _leaves(command, its_context)
        else:
            yield command, its_context


def _section(command: Any, context: Any) -> Iterator[str]:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"## {context.command_path}\n"
    yield _sentences(command.help) + "\n"
    yield f"```\n{usage}\n```\n"
    rows = [_row(one) for one in command.params]
    if rows:
        yield "\n".join(["| | |", "|---|---|", *rows]) + "\n"
    if command.epilog:
        yield _text(command.epilog)


def _row(param: Any) -> str:
    """One argument or option; nothing of those that every command has."""
    if param.param_type_name == "argument":
        return f"| `{(param.metavar or param.name).upper()}` | {param.help or ''} |"
    names = ", ".join(f"`{name}`" for name in sorted(param.opts, key=len, reverse=True))
    shown = isinstance(param.default, int | str) and not isinstance(param.default, bool)
    default = f" Default: {param.default}." if shown and param.default != "" else ""
    return f"| {names} | {param.help}{default} |"


def _text(epilog: str) -> str:
    """An epilog as Markdown: examples as a block of code, one sentence per line."""
    lines: list[str] = []
    for paragraph in epilog.strip().split("\n\n"):
        text = " ".join(paragraph.split())
        if text.startswith("monarch "):
            lines.append(f"```sh\n{text}\n```\n")
        elif text.startswith("Example: "):
            lines.append(f"```sh\n{text.removeprefix('Example: ')}\n```\n")
        else:
            lines.append(_sentences(text) + "\n")
    return "\n".join(lines).replace("```\n\n```sh\n", "")


def _sentences(text: str) -> str:
    """One sentence per line."""
    return re.sub(r"(?<=[\w).`])(\.\*\*|\.) (?=[A-Z*\d`])", r"\1\n", " ".join(text.split()))


if __name__ == "__main__":
    print(page(), end="")
