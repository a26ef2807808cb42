"""The index of the scripts: a line for each, in the room where it lies."""

import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

ROOT = Path(str(files("monarch.adapters.valkey.scripts")))


def test_the_index_names_each_script_in_its_room() -> None:
    """What is not in the index is not found, and what is there no more is looked for in vain."""
    there = {(file.parent.name, file.stem) for file in ROOT.rglob("*/*.lua")}
    room, named = "", set[tuple[str, str]]()
    for line in (ROOT / "INDEX.md").read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"## (\w+):", line):
            room = heading[1]
        elif entry := re.match(r"- `(\w+)`: \w", line):
            named.add((room, entry[1]))

    assert named == there


def test_no_two_scripts_have_one_name() -> None:
    """Scripts are called by their names alone, whatever their room."""
    names = Counter(file.stem for file in ROOT.rglob("*.lua"))

    assert [name for name, times in names.items() if times > 1] == []
