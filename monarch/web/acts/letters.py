"""Dead letters: replaying exactly those that are shown, or dropping them."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlencode

from monarch.core.ids import RequestId
from monarch.ports import Replayed, StoreError
from monarch.ports.readings import Choice, DeadLetter
from monarch.web.acts.means import Means
from monarch.web.acts.meant import ActResult, Line, Meant, Member

MOST: Final = 500
"""How many letters, the newest, one press handles: the page can show them, and a person can look through them."""

CHUNK: Final = 100
"""How many letters one script handles: while it runs, Valkey serves no other client."""

FILTERS: Final = ("request", "target", "code", "letter")
"""What chooses letters, in the address and on the command line."""


async def to_replay(means: Means, asked: Mapping[str, str]) -> Meant:
    """The letters that are chosen, without those that a replay would refuse now."""
    chosen = await _chosen(means, asked)
    stuck = await _stuck(means, chosen)
    letters = [one for one in chosen if one.id not in stuck]
    return Meant(
        "replay",
        f"Send {_count(letters)} back",
        "Send back",
        _command("replay", asked),
        _back(asked),
        _members(letters),
        (
            "Each goes on under its old id, without attempts; what is copied already is not copied again.",
            *_staying(stuck),
            *_limited(chosen),
        ),
        "" if letters else " ".join(_staying(stuck)) or "There is no such dead letter.",
    )


async def _stuck(means: Means, letters: Sequence[DeadLetter]) -> dict[str, str]:
    """Why which of these letters would be refused now, by their ids; in their order."""
    answers: list[Replayed] = []
    for chunk in _chunks([one.id for one in letters]):
        answers += await means.foresee_replay(chunk)
    words = {one.id: _words(one) for one in letters}
    return {one.letter: f"{words[one.letter]}: {one.refused}" for one in answers if one.refused}


_NAMED: Final = 10
"""How many letters that stay to name; the others are counted."""


def _staying(stuck: Mapping[str, str]) -> tuple[str, ...]:
    if not stuck:
        return ()
    why = "; ".join(list(stuck.values())[:_NAMED])
    more = f"; and {len(stuck) - _NAMED} more" if len(stuck) > _NAMED else ""
    return (f"{_count(tuple(stuck))} cannot be sent back: {why}{more}.",)


async def to_drop(means: Means, asked: Mapping[str, str]) -> Meant:
    """The letters that are chosen."""
    letters = await _chosen(means, asked)
    return Meant(
        "drop",
        f"Delete {_count(letters)} for good",
        "Delete for good",
        _command("drop", asked),
        _back(asked),
        _members(letters),
        (
            "They cannot be sent back any more, and what they stand for is not copied.",
            *_limited(letters),
        ),
        "" if letters else "There is no such dead letter.",
        is_destructive=True,
    )


async def replay(means: Means, meant: Meant, by: str) -> ActResult:
    """Send them back, some at a time."""
    answers: list[Replayed] = []
    for chunk in _chunks(meant.keys):
        with _after(answers):
            answers += await means.replay(chunk, by)
    refused = sum(bool(one.refused) for one in answers)
    words = {member.key: member for member in meant.members}
    lines = tuple(
        Line(
            f"{words[one.letter].words}: {one.refused or 'sent back'}",
            words[one.letter].href,
            bool(one.refused),
        )
        for one in answers
    )
    title = f"{len(answers) - refused} sent back" + (f", {refused} refused" if refused else "")
    return ActResult(title, lines, meant.back, "To the dead letters")


async def drop(means: Means, meant: Meant, by: str) -> ActResult:
    """Drop them, some at a time."""
    dropped = 0
    for chunk in _chunks(meant.keys):
        with _after(dropped):
            dropped += await means.hands.drop(chunk, by)
    gone = len(meant.keys) - dropped
    lines = [Line(member.words) for member in meant.members]
    if gone:
        lines.append(Line(f"{gone} of them had been sent back or deleted before", is_bad=True))
    return ActResult(f"{dropped} deleted", tuple(lines), meant.back, "To the dead letters")


@contextmanager
def _after(done: object) -> Iterator[None]:
    """Let a failed portion not count as the whole press if other portions were `done` before it."""
    try:
        yield
    except StoreError as error:
        if done:
            raise StoreError(str(error), remedy=error.remedy, is_answer=error.is_answer) from error
        raise


async def _chosen(means: Means, asked: Mapping[str, str]) -> Sequence[DeadLetter]:
    if asked.get("letter"):
        found = await means.letter(asked["letter"])
        return [] if found is None else [found]
    return await means.letters(MOST, choice_of(asked))


def choice_of(asked: Mapping[str, str]) -> Choice:
    """Which letters an address means."""
    request = asked.get("request")
    return Choice(
        RequestId(request) if request else None,
        asked.get("target") or None,
        asked.get("code") or None,
    )


def _members(letters: Sequence[DeadLetter]) -> tuple[Member, ...]:
    return tuple(Member(one.id, _words(one), f"/requests/{one.request}") for one in letters)


def _words(letter: DeadLetter) -> str:
    return f"{letter.target or letter.request or letter.id}: {letter.code}"


def _command(verb: str, asked: Mapping[str, str]) -> str:
    chosen = [
        f"--{name} {shlex.quote(asked[name])}"
        for name in ("request", "target", "code")
        if asked.get(name)
    ]
    if asked.get("letter"):
        chosen = [shlex.quote(asked["letter"])]
    everything = ["--all", *(["--yes"] if verb == "drop" else [])]
    return " ".join(["monarch dead", verb, *(chosen or everything)])


def _back(asked: Mapping[str, str]) -> str:
    chosen = [(name, asked[name]) for name in ("request", "target", "code") if asked.get(name)]
    return f"/dead?{urlencode(chosen)}" if chosen else "/dead"


def _limited(letters: Sequence[DeadLetter]) -> tuple[str, ...]:
    return (
        (f"These are the newest {MOST}; press again for the others.",)
        if len(letters) == MOST
        else ()
    )


def _count(letters: Sequence[object]) -> str:
    return f"{len(letters)} dead letter{'' if len(letters) == 1 else 's'}"


def _chunks(keys: Sequence[str]) -> list[Sequence[str]]:
    return [keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK)]
