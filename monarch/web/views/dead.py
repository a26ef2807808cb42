"""Dead letters by cause: what happened, what to do, and which targets it hits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monarch.core.outcome import Code
from monarch.ports.readings import DeadLetter
from monarch.web.views.buttons import Button, but_sending_back, letter_buttons
from monarch.web.views.returning import stays

CAUSES: Final[dict[Code, tuple[str, str]]] = {
    Code.TOO_LARGE: (
        "A message is too large",
        "Have the platform send smaller ones; then delete it.",
    ),
    Code.NOT_JSON: (
        "A message is no JSON",
        "Find out who publishes on the channel; then delete it.",
    ),
    Code.NOT_AN_OBJECT: (
        "A message is no JSON object",
        "Find out who publishes on the channel; then delete it.",
    ),
    Code.MISSING_KEY: (
        "A message lacks a key",
        "Correct the sender, send it again, and delete this one.",
    ),
    Code.WRONG_TYPE: (
        "A message has a value of the wrong type",
        "Correct the sender, send it again, and delete this one.",
    ),
    Code.BAD_SOURCE: (
        "A source is no repository",
        "Send it again with owner/repo, and delete this one.",
    ),
    Code.SOURCE_NOT_ALLOWED: (
        "A source is not allowed",
        "Add it to MONARCH_ALLOWED_SOURCES, and send it back.",
    ),
    Code.NO_TARGETS: (
        "A message names no target",
        "Send it again with targets, and delete this one.",
    ),
    Code.TOO_MANY_TARGETS: (
        "A message names too many targets",
        "Send it in several messages, and delete this one.",
    ),
    Code.PLAN_TOO_LARGE: (
        "A template holds too much text",
        "Close some of its tickets, or put long texts into files; then send it back.",
    ),
    Code.BAD_DATE: (
        "A message has a date that cannot be read",
        "Send it again with a date in ISO 8601 and its zone, and delete this one.",
    ),
    Code.DATE_TOO_FAR: (
        "A message is to wait for too long",
        "Send it again with an earlier date, and delete this one.",
    ),
    Code.BAD_MILESTONES: (
        "A message names milestones wrongly",
        "Send it again with a list of titles, and delete this one.",
    ),
    Code.NO_MILESTONE: (
        "A template has no such milestone",
        "Ask again with the right title, or create the milestone and send it back.",
    ),
    Code.BAD_TARGET: (
        "A target is no repository",
        "Send it again with owner/repo, and delete this one.",
    ),
    Code.TARGET_IS_SOURCE: (
        "A target is its own source",
        "Delete it: nothing can be copied onto itself.",
    ),
    Code.TARGET_NOT_ALLOWED: (
        "A target is not allowed",
        "Add it to MONARCH_ALLOWED_TARGETS, and send it back.",
    ),
    Code.PRIVATE_SOURCE: (
        "A private template would be shown in a public repository",
        "Make the target private, or set MONARCH_PRIVATE_TO_PUBLIC=true; then send it back.",
    ),
    Code.NOT_FOUND: (
        "GitHub shows no such repository",
        "Create it, or give Monarch's account access; then send it back.",
    ),
    Code.ARCHIVED: ("A repository is archived", "Unarchive it, and send it back."),
    Code.ISSUES_DISABLED: (
        "Issues are switched off",
        "Switch them on in the repository's settings, and send it back.",
    ),
    Code.LISTING_UNCLEAR: (
        "GitHub does not show a repository whole",
        "Send it back later; if it stays so, ask GitHub.",
    ),
    Code.FORBIDDEN: (
        "Monarch's account may not do this",
        "Give it what the reason says is lacking, and send it back.",
    ),
    Code.REFUSED: ("GitHub refuses it", "See the reason; correct it, and send it back."),
    Code.TICKETS_REFUSED: (
        "GitHub refuses some tickets",
        "Correct them in the template, and send the request again.",
    ),
    Code.COPIES_MISSING: (
        "Copies are not there when a target is read back",
        "If GitHub shows them by now, send it back; else see “Copies that GitHub does not show” in docs/operating.md.",
    ),
    Code.STRAYS: (
        "Tickets were copied twice",
        "Close the second copies that the reason names; then send it back.",
    ),
    Code.CREDENTIAL: (
        "GitHub refuses the credential",
        "Renew the token or the App's installation, and send it back.",
    ),
    Code.OUT_OF_ATTEMPTS: (
        "It failed again and again",
        "See the reason of the last try; send it back when that is mended.",
    ),
    Code.POISON: ("Workers ended with it in hand", "Look at their logs before you send it back."),
    Code.UNREADABLE: (
        "An entry cannot be read",
        "See the reason: its sender corrects it and sends it again. Then delete this letter.",
    ),
    Code.PLAN_MISSING: (
        "A plan is gone",
        "Submit the request again; what is there is not made again.",
    ),
    Code.TRIMMED: ("A stream was trimmed", "Find out who trims it; submit the request again."),
    Code.CANCELLED: ("A person called it off", "Nothing, or send it back to go on."),
    Code.SLACK_REFUSED: (
        "Slack did not get a message",
        "See the reason: it says what Slack wants. Send it back when that is mended.",
    ),
}
"""What each code means, and what a person does about it."""

NAMED: Final = 50
"""How many letters to name for each reason."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter. `what` is its target, or what it is about; `stays` says why it cannot be sent back, `""`: it may be."""

    id: str
    what: str
    request: str
    at_ms: int
    buttons: tuple[Button, ...]
    stays: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Letters with the same reason, the newest first; `more` of them are not named."""

    text: str
    letters: tuple[Letter, ...]
    more: int


@dataclass(frozen=True, slots=True)
class LettersOfCode:
    """Letters of one code."""

    code: str
    title: str
    advice: str
    count: int
    newest_ms: int
    reasons: tuple[Reason, ...]
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class DeadPage:
    """Letters by cause, the most frequent first. `is_all`: there are no more than these."""

    causes: tuple[LettersOfCode, ...]
    count: int
    is_all: bool
    filters: tuple[tuple[str, str], ...]


def dead_page(
    letters: Sequence[DeadLetter], filters: Sequence[tuple[str, str]], most: int
) -> DeadPage:
    """Make the page of dead letters: of the newest `most`, those that `filters` choose."""
    given = tuple((name, value) for name, value in filters if value)
    return DeadPage(causes_of(letters, given), len(letters), len(letters) < most, given)


def causes_of(
    letters: Sequence[DeadLetter], filters: Sequence[tuple[str, str]] = ()
) -> tuple[LettersOfCode, ...]:
    """Group letters by code."""
    by_code: dict[str, list[DeadLetter]] = {}
    for letter in letters:
        by_code.setdefault(letter.code, []).append(letter)
    causes = (_cause(code, found, dict(filters)) for code, found in by_code.items())
    return tuple(sorted(causes, key=lambda cause: (-cause.count, cause.code)))


def _cause(code: str, letters: list[DeadLetter], filters: dict[str, str]) -> LettersOfCode:
    known = next((one for one in Code if one.value == code), None)
    title, advice = CAUSES[known] if known else (code or "No code", "See the reason.")
    by_reason: dict[str, list[DeadLetter]] = {}
    for letter in letters:
        by_reason.setdefault(letter.reason, []).append(letter)
    return LettersOfCode(
        code=code,
        title=title,
        advice=advice,
        count=len(letters),
        newest_ms=max(letter.at_ms for letter in letters),
        reasons=tuple(_reason(text, found) for text, found in by_reason.items()),
        buttons=_buttons(letters, **(filters | {"code": code})),
    )


def _reason(text: str, letters: list[DeadLetter]) -> Reason:
    shown = tuple(
        Letter(
            one.id,
            one.target or one.stream,
            one.request,
            one.at_ms,
            _buttons([one], letter=one.id),
            stays(one),
        )
        for one in letters[:NAMED]
    )
    return Reason(text, shown, len(letters) - len(shown))


def _buttons(letters: Sequence[DeadLetter], **chosen: str) -> tuple[Button, ...]:
    """What can be pressed for letters of one code, which `chosen` names."""
    buttons = letter_buttons(letters[0].code, **chosen)
    return but_sending_back(buttons) if all(map(stays, letters)) else buttons
