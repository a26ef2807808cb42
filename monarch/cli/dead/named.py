"""What the ids mean that people give to `dead show`, `replay` and `drop`: a letter, or all letters of an entry.

Ids of letters and of entries have one form, and Valkey gives both out by its clock, so in a burst one id can be both. Then
nothing is done until `--as` says which is meant.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monarch.cli.calling import WRONG, fail, refuse_word
from monarch.cli.choice import demand_choice
from monarch.cli.terminal.printing import clean

if TYPE_CHECKING:
    from monarch.ports.readings import Choice, DeadLetter, Named

LETTER, ENTRY = "letter", "entry"
"""What `--as` takes."""

_SHOWN: Final = 5
"""How many letters of an entry an error names."""


@dataclass(frozen=True, slots=True)
class Wish:
    """The letters that a person means: those with these ids, or of these entries, among those of a choice.

    `sense` says what the ids are, `letter` or `entry`; `None`: whichever they are.
    """

    ids: Sequence[str]
    chosen: "Choice"
    sense: str | None = None


def demand_wish(wish: Wish, *, everything: bool) -> None:
    """Demand an explicit choice; see `demand_choice`."""
    demand_sense(wish.sense)
    if wish.sense is not None and not wish.ids:
        fail("--as says what ids mean: give the ids, or leave it out", WRONG)
    demand_choice(list(wish.ids), wish.chosen, everything=everything)


def demand_sense(sense: str | None) -> None:
    """Refuse another word than those of `--as`."""
    if sense not in {None, LETTER, ENTRY}:
        refuse_word("--as", "one of", (LETTER, ENTRY), sense or "")


def wished(
    wish: Wish, found: "Mapping[str, Named]", command: str
) -> "tuple[Sequence[DeadLetter], Sequence[str]]":
    """Each letter that the ids mean, once, and the ids that mean none; ends `command` where an id means two things."""
    letters: dict[str, DeadLetter] = {}
    missing = []
    for name in dict.fromkeys(wish.ids):
        known = found.get(name)
        if known is not None and known.is_ambiguous and wish.sense is None:
            _refuse(name, known, wish.chosen, command)
        meant = () if known is None else letters_in(known, wish.sense)
        # Oldest first, as everywhere where letters are sent back.
        letters |= {letter.id: letter for letter in reversed(meant)}
        if not meant:
            missing.append(name)
    return tuple(letters.values()), missing


def letters_in(known: "Named", sense: str | None) -> "Sequence[DeadLetter]":
    """Those that are meant by an id in this sense."""
    if sense is None:
        return known.letters
    if sense == ENTRY:
        return known.of_entry
    return () if known.own is None else (known.own,)


def ambiguity(name: str, known: "Named") -> str:
    """The two things that an id is."""
    own = f"letter {clean(name)}{_of(known.own)}"
    shown = ", ".join(f"{clean(one.id)}{_about(one)}" for one in known.of_entry[:_SHOWN])
    more = len(known.of_entry) - _SHOWN
    others = f"{shown} and {more} more" if more > 0 else shown
    word = "letter" if len(known.of_entry) == 1 else "letters"
    return f"{clean(name)} is {own}, and also the entry of {word} {others}"


def _refuse(name: str, known: "Named", chosen: "Choice", command: str) -> None:
    given = " ".join(["monarch dead", command, clean(name), *_filters(chosen)])
    fail(
        f"{ambiguity(name, known)}; nothing was changed",
        WRONG,
        advice=f"`{given} --as {LETTER}` means the one, `{given} --as {ENTRY}` what is of the entry",
    )


def _of(letter: "DeadLetter | None") -> str:
    return f" of entry {clean(letter.entry)}{_about(letter)}" if letter else ""


def _about(letter: "DeadLetter") -> str:
    return f" ({clean(letter.target)})" if letter.target else ""


def _filters(chosen: "Choice") -> list[str]:
    """The options that give this choice."""
    given = {
        "--request": chosen.request,
        "--target": chosen.target,
        "--code": chosen.code,
        "--older-than": _seconds(chosen.older_than_s),
        "--newer-than": _seconds(chosen.newer_than_s),
    }
    return [f"{option} {shlex.quote(clean(value))}" for option, value in given.items() if value]


def _seconds(age_s: float | None) -> str:
    return "" if age_s is None else f"{age_s:.3f}".rstrip("0").rstrip(".") + "s"
