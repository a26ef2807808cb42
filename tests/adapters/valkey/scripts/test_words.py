"""Every code that a script refuses with has its sentence, and no sentence is without a code."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from monarch.adapters.valkey import scripts
from monarch.adapters.valkey.scripts.sentences import BEGIN, HEAL, REPLAY, WRITTEN, refusal

OPERATOR = Path(scripts.__file__).parent / "operator"
REFUSED = re.compile(r"(?:return|and|or|problem =) \{'([a-z_]+)'([^}]*)\}")
ANSWERS = {"refused", "begun", "healing", "replayed", "gone"}


@pytest.mark.parametrize(
    ("script", "words"), [("heal", HEAL), ("begin", BEGIN), ("replay", REPLAY)]
)
def test_each_code_has_a_sentence_with_its_figures(script: str, words: Mapping[str, str]) -> None:
    """As many as the sentence shows."""
    source = (OPERATOR / f"{script}.lua").read_text()
    found = {code: figures.count(",") for code, figures in REFUSED.findall(source)}
    codes = {code: count for code, count in found.items() if code not in ANSWERS}

    assert set(codes) == set(words)
    for code, count in codes.items():
        assert {int(n) for n in re.findall(r"\{(\d)\}", words[code])} == set(range(count)), code


def test_a_figure_is_taken_as_it_is() -> None:
    """Whatever people have written into it."""
    assert refusal(REPLAY, ["request", "1-0", "{0} {x}"]) == "request 1-0 is {0} {x}"


def test_each_word_that_a_script_writes_down_is_there_and_each_is_used() -> None:
    """In Lua a missing one would be nothing, and the script would fail in the middle."""
    sources = [one.read_text() for one in Path(scripts.__file__).parent.rglob("*.lua")]
    used = {name for source in sources for name in re.findall(r"WORDS\.([a-z_]+)", source)}

    assert used == set(WRITTEN)


def test_what_scripts_write_down_is_plain_text() -> None:
    """JSON and Lua write the same plain text in the same way, and nothing else; `%s` alone is a figure."""
    for text in WRITTEN.values():
        assert text.isascii()
        assert text.isprintable()
        assert "%" not in text.replace("%s", "")
