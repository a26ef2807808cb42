"""`dead list`, `show`, `replay`, `drop`: what was given up, and what people do with it."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Final, TypeVar

import typer

from monarch.cli.calling import FAILED, WRONG, changed, fail, nothing, operate, unknown_request
from monarch.cli.choice import actor, demand_ids, hint_of
from monarch.cli.dead.named import (
    ENTRY,
    Wish,
    ambiguity,
    demand_sense,
    demand_wish,
    letters_in,
    wished,
)
from monarch.cli.terminal.most import tell_cut
from monarch.cli.terminal.printing import clean, moment, say, show_facts, show_json, show_table
from monarch.cli.terminal.problem import complain
from monarch.cli.terminal.tables import reason, word
from monarch.cli.terminal.troubles import standing_beside, tell_obstacles
from monarch.core.ids import RequestId
from monarch.web.documents import letter_document

if TYPE_CHECKING:
    from monarch.app.operator import Operator
    from monarch.cli.terminal.most import Most
    from monarch.ports import Replayed
    from monarch.ports.readings import Choice, DeadLetter, Named
    from monarch.telemetry import Snapshot

T = TypeVar("T")

_LIST: Final = "`monarch dead list`"

CHUNK: Final = 100
"""How many letters one script handles: while it runs, Valkey serves no other client."""

# ------------------------------------------------------------------------------------------ looking


def show_dead(most: "Most", chosen: "Choice", *, as_json: bool) -> None:
    """Show the newest dead letters."""

    async def work(person: "Operator") -> "tuple[DeadLetter, ...]":
        return await person.letters.newest(most.asked, chosen)

    empty = _NO_SUCH if any(asdict(chosen).values()) else _NO_LETTERS
    empty += hint_of(chosen.target)
    found = operate(work)
    _show_letters(found[: most.number], empty, as_json=as_json)
    tell_cut(found, most)


_NO_LETTERS, _NO_SUCH = "no dead letters", "no such dead letters"


def _show_letters(letters: "Sequence[DeadLetter]", empty: str, *, as_json: bool) -> None:
    if as_json:
        show_json([letter_document(letter) for letter in letters])
    else:
        columns = (
            *map(word, ("id", "when", "stream", "code", "request", "target")),
            reason("reason"),
        )
        rows = [_letter_row(letter) for letter in letters]
        show_table(columns, rows, empty=nothing(empty, "dead"))


def _letter_row(letter: "DeadLetter") -> tuple[str, ...]:
    when = moment(letter.at_ms)
    return letter.id, when, letter.stream, letter.code, letter.request, letter.target, letter.reason


def show_dead_letter(letter: str, sense: str | None, *, as_json: bool) -> None:
    """Show the dead letters that an id means, whole: its own one first, then those of the entry, newest first.

    As JSON it is the first, with the ids of the others.
    """
    demand_ids([letter])
    demand_sense(sense)

    async def work(person: "Operator") -> "Named | None":
        return (await person.letters.named([letter])).get(letter)

    known = operate(work)
    found = letters_in(known, sense) if known else ()
    if known is None or not found:
        what = "dead letter of an entry" if sense == ENTRY else "dead letter"
        fail(f"no {what} {clean(letter)} is known", advice="see `monarch dead list`")
    if as_json:
        others = [one.id for one in found[1:]]
        show_json({**letter_document(found[0]), "others": others})
    else:
        _print_letters(found)
    if sense is None and known.is_ambiguous:
        complain(
            f"{ambiguity(letter, known)}: --as letter, or --as entry, shows the one or the other"
        )


def _print_letters(letters: "Sequence[DeadLetter]") -> None:
    for number, letter in enumerate(letters):
        if number:
            print()
        show_facts(_letter_facts(letter), whole={"payload"})


def _letter_facts(letter: "DeadLetter") -> dict[str, object]:
    return {
        "id": letter.id,
        "when": moment(letter.at_ms),
        "code": letter.code,
        "reason": letter.reason,
        "request": letter.request,
        "target": letter.target,
        "stream": letter.stream,
        "entry": letter.entry,
        "attempts": letter.attempts,
        "deliveries": letter.deliveries,
        "payload": letter.payload,
    }


# ------------------------------------------------------------------------------ replaying, dropping


def replay_letters(
    wish: Wish,
    by: str | None,
    *,
    everything: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Send dead letters back, and report for each what goes on or why not; a refused one is a failure.

    With `dry_run` it reports the same, and changes nothing.
    """
    demand_wish(wish, everything=everything)
    name = actor(by)

    async def work(person: "Operator") -> "tuple[list[Replayed], Snapshot | None]":
        answers: list[Replayed] = []
        async for chunk, missing in _meant(person, wish, "replay"):
            found = await _replayed(person, [letter.id for letter in chunk], name, dry_run=dry_run)
            news = [*map(_missing, missing), *found]
            if not as_json:
                _print_replayed(news, dry_run=dry_run)
            answers += news
            _tell_progress(len(answers), len(news))
        goes_on = not dry_run and not all(one.refused for one in answers)
        return answers, await standing_beside(person) if goes_on else None

    answers, snapshot = operate(work)
    _show_replayed(answers, _none_meant(wish), dry_run=dry_run, as_json=as_json)
    tell_obstacles(snapshot)
    if any(one.refused for one in answers):
        raise typer.Exit(FAILED)


def _show_replayed(
    answers: "Sequence[Replayed]", none: str, *, dry_run: bool, as_json: bool
) -> None:
    refused = sum(bool(one.refused) for one in answers)
    if as_json:
        counts = {"replayed": len(answers) - refused, "refused": refused, "dry_run": dry_run}
        show_json({**counts, "letters": answers})
    else:
        complain(_counted(len(answers) - refused, refused, dry_run=dry_run) if answers else none)


async def _replayed(
    person: "Operator", letters: "Sequence[str]", by: str, *, dry_run: bool
) -> "Sequence[Replayed]":
    if not letters:
        return ()
    if dry_run:
        return await person.foresee_replay(letters)
    return await changed("dead replay", _LIST, person.replay(letters, by), is_part=True)


def drop_letters(
    wish: Wish,
    by: str | None,
    *,
    everything: bool,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Drop dead letters; a named one that does not exist is a failure."""
    demand_wish(wish, everything=everything)
    name = actor(by)
    if dry_run:
        return _show_meant(wish, as_json=as_json)
    if everything and not yes:
        fail("--all deletes every dead letter", WRONG, advice="add --yes (or see --dry-run)")

    async def work(person: "Operator") -> tuple[int, int]:
        dropped = gone = 0
        async for chunk, missing in _meant(person, wish, "drop"):
            count = await _dropped(person, [letter.id for letter in chunk], name)
            dropped, gone = dropped + count, gone + len(chunk) - count + len(missing)
            _tell_progress(dropped + gone, len(chunk) + len(missing))
        return dropped, gone

    dropped, gone = operate(work)
    _show_dropped(dropped, gone, as_json=as_json)
    if wish.chosen.request and not dropped and not gone and not as_json:
        complain(_none_meant(wish))
    if gone:
        raise typer.Exit(FAILED)
    return None


async def _dropped(person: "Operator", letters: "Sequence[str]", by: str) -> int:
    if not letters:
        return 0
    return await changed("dead drop", _LIST, person.hands.drop(letters, by), is_part=True)


def _show_dropped(dropped: int, gone: int, *, as_json: bool) -> None:
    if as_json:
        show_json({"dropped": dropped, "gone": gone})
    else:
        print(f"{dropped} dropped")
        if gone:
            complain(f"{gone} not there: {_GONE}")


def _show_meant(wish: Wish, *, as_json: bool) -> None:
    """Show what would be done, and to what: the same listing, and nothing is changed."""

    async def work(person: "Operator") -> "tuple[list[DeadLetter], list[str]]":
        letters: list[DeadLetter] = []
        unknown: list[str] = []
        async for chunk, missing in _meant(person, wish, "drop"):
            letters += chunk
            unknown += missing
        return letters, unknown

    letters, unknown = operate(work)
    _show_letters(letters, _NO_SUCH, as_json=as_json)
    complain(f"meant: {len(letters)}; {_UNCHANGED}")
    if unknown:
        fail(f"{', '.join(map(clean, unknown))}: {_GONE}")


async def _meant(
    person: "Operator", wish: Wish, command: str
) -> "AsyncIterator[tuple[Sequence[DeadLetter], Sequence[str]]]":
    """The chosen letters, a chunk at a time, and with the first chunk the ids that mean none of them.

    A request without any letter that is not known either is a failure: its id is mistyped, or it is of another namespace.
    """
    if not wish.ids:
        found = False
        async for page in person.letters.pages(wish.chosen):
            for chunk in _chunks(page):
                found = True
                yield chunk, []
        if not found:
            await _demand_known(person, wish.chosen.request)
        return
    letters, missing = wished(wish, await person.letters.named(wish.ids, wish.chosen), command)
    for number, chunk in enumerate([*_chunks(letters)] or [()]):
        yield chunk, () if number else missing


async def _demand_known(person: "Operator", request: str | None) -> None:
    if request and await person.reader.request(RequestId(request)) is None:
        unknown_request(request)


def _chunks(many: "Sequence[T]") -> "Iterator[Sequence[T]]":
    return (many[start : start + CHUNK] for start in range(0, len(many), CHUNK))


_GONE: Final = "no dead letter any more, or not one that is meant: see `monarch dead list`"
_UNCHANGED: Final = "nothing was changed (--dry-run)"


def _none_meant(wish: Wish) -> str:
    """Where to look if no letter is meant: a request may still be at work, or have none."""
    request = wish.chosen.request
    where = f"`monarch show {clean(request)}`" if request else "`monarch dead list`"
    return f"no dead letter is meant: see {where}. What is being cancelled has its letters once it has ended"


def _missing(letter: str) -> "Replayed":
    from monarch.ports import Replayed  # noqa: PLC0415 - lazily

    hint = "; --target chooses by repository" if "/" in letter else ""
    return Replayed(letter, "", _GONE + hint)


def _print_replayed(answers: "Iterable[Replayed]", *, dry_run: bool) -> None:
    for one in answers:
        done = "refused" if one.refused else "replayed"
        would = "would refuse" if one.refused else "would replay"
        word = f"{would:<12}" if dry_run else f"{done:<8}"
        say(f"{word}  {clean(one.letter)}  {clean(one.refused or one.work)}")


def _counted(replayed: int, refused: int, *, dry_run: bool) -> str:
    if dry_run:
        return f"would replay {replayed}, would refuse {refused}; {_UNCHANGED}"
    return f"{replayed} replayed, {refused} refused"


def _tell_progress(so_far: int, now: int) -> None:
    """Show progress, but only if it takes a while."""
    if so_far > now:
        complain(f"{so_far} so far")
