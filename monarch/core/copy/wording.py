"""The text of a copy until all numbers are known: words, and pending references between them.

One wording makes the text of the first pass and that of the second, and recognises a copy that is still what Monarch wrote,
from nothing but the ticket and the plan: no text is stored for that anywhere.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar

from monarch.core.copy.references import OpenReference, References
from monarch.core.copy.style import Copying
from monarch.core.text.marks import Mention, Reference, Spelling
from monarch.core.text.neighbours import NONE, SPACE, Neighbours, neighbours
from monarch.core.text.prose import find

Range = tuple[int, int]
_Into = tuple[str | OpenReference, int, int]
_Form = TypeVar("_Form")

_POSITIONS: Final = 2
"""A mark begins with its position (start and end); the rest is what it says."""


class TextChange(NamedTuple):
    """The text from `start` to `end` becomes `into`.

    Attributes:
        units: how long that can become, in UTF-16 units.
        least: how short it can be in the end.
    """

    start: int
    end: int
    into: str | OpenReference
    units: int
    least: int


@dataclass(frozen=True, slots=True)
class Wording:
    """A text of words and pending references, alternating."""

    pieces: tuple[str | OpenReference, ...]

    @property
    def is_pending(self) -> bool:
        """Whether it holds references to tickets of the plan."""
        return any(isinstance(piece, OpenReference) for piece in self.pieces)

    def first(self, copying: Copying) -> str:
        """The text as far as the numbers are known."""
        return "".join(self._forms(lambda pending: pending.first(copying)))

    def last(self, copying: Copying) -> str:
        """The text when all numbers are known."""
        return "".join(self._forms(lambda pending: pending.last(copying)))

    def is_source_of(self, text: str, copying: Copying) -> bool:
        """Whether `text` is this wording with each reference in any of its forms.

        All readings are followed at once; the words between two references hardly ever leave more than one.
        """
        ends = [0]
        for forms in self._forms(lambda pending: pending.forms(copying)):
            if isinstance(forms, str):
                ends = [end + len(forms) for end in ends if text.startswith(forms, end)]
            else:
                ends = [e + len(form) for e in ends for form in forms if text.startswith(form, e)]
                ends = ends if len(ends) == 1 else [*set(ends)]
        return len(text) in ends

    def fits(self, text: str) -> bool:
        """Whether `text` is this wording, whatever numbers its references have."""
        ends = {0}
        for piece in self.pieces:
            if isinstance(piece, str):
                ends = {end + len(piece) for end in ends if text.startswith(piece, end)}
            else:
                ends = {after for end in ends for after in piece.ends(text, end)}
        return len(text) in ends

    def _forms(self, form: Callable[[OpenReference], _Form]) -> Iterator[str | _Form]:
        """The pieces, each reference in its form, which is made once: the same reference comes again and again."""
        known: dict[int, _Form] = {}
        for piece in self.pieces:
            if isinstance(piece, str):
                yield piece
                continue
            if id(piece) not in known:
                known[id(piece)] = form(piece)
            yield known[id(piece)]


def changes(text: str, own: Range, copying: Copying) -> tuple[TextChange, ...]:
    """What changes in a text on its way into the target, ascending.

    Args:
        own: where the ticket's own words stand; around them is the frame, whose references mean the tickets themselves
            and never their copies.
    """
    return tuple(_changes(text, own, copying))


def worded(text: str, changed: tuple[TextChange, ...]) -> Wording:
    """The text with its changes."""
    made: list[str | OpenReference] = []
    words: list[str] = []
    at = 0
    for change in changed:
        words.append(text[at : change.start])
        at = change.end
        if isinstance(change.into, str):
            words.append(change.into)
            continue
        made += "".join(words), change.into
        words = []
    return Wording((*made, "".join((*words, text[at:]))))


def encodable(text: str) -> str:
    """The text with U+FFFD for each half surrogate pair, which cannot be sent."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def size(text: str) -> int:
    """The length of a text in UTF-16 units, which are never fewer than GitHub counts."""
    return len(text.encode("utf-16-le")) // 2


def _changes(text: str, own: Range, copying: Copying) -> Iterator[TextChange]:
    rewriter = _Rewriter(References(copying))
    for mark in find(text, copying.style.web_url).marks:
        if isinstance(mark, Mention):
            if is_heard(mark, copying) and not copying.style.mentions:
                yield _silenced(text, mark)
            continue
        start, end = mark.start, mark.end
        beside = NONE if mark.spelling is Spelling.ADDRESS else neighbours(text, start, end)
        is_own = own[0] <= start and end <= own[1]
        into = rewriter.rewritten(mark, text[start:end], beside, is_own=is_own)
        if into is not None:
            yield TextChange(start, end + len(beside.sign), *into)


def _silenced(text: str, mention: Mention) -> TextChange:
    """An invisible space after the `@`; an `@` that is spelled as an entity is spelled out for that."""
    if text[mention.start] == "&":
        return TextChange(mention.start, mention.name, f"@{SPACE}", 2, 2)
    return TextChange(mention.name, mention.name, SPACE, 1, 1)


class _Rewriter:
    """Says what a reference becomes, and how long that is, once for each: the same one comes again and again."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._known: dict[tuple[Any, ...], _Into | None] = {}

    def rewritten(
        self, mark: Reference, spelled: str, beside: Neighbours, *, is_own: bool
    ) -> _Into | None:
        """What the reference becomes; `None`: it stays."""
        key = spelled, mark[_POSITIONS:], beside, is_own
        if key not in self._known:
            self._known[key] = self._rewritten(mark, spelled, beside, is_own=is_own)
        return self._known[key]

    def _rewritten(
        self, mark: Reference, spelled: str, beside: Neighbours, *, is_own: bool
    ) -> _Into | None:
        if self._references.is_none(mark):
            return None
        pending = self._references.pending(mark, spelled, beside) if is_own else None
        if pending:
            return pending, size(pending.longest()), size(pending.shortest())
        neutral = self._references.neutral(mark, beside)
        return neutral, size(neutral), size(neutral)


def is_heard(mention: Mention, copying: Copying) -> bool:
    """Whether GitHub takes it for a mention: it does so for a team only in repositories of the team's organisation."""
    owner = copying.target.partition("/")[0].lower()
    return mention.organisation.lower() in {"", owner}
