"""Which dead letters no replay ever sends back, whatever people mend: the page offers none for them, and says why."""

from monarch.core.delivery import Stream
from monarch.core.outcome import Code
from monarch.ports.readings import DeadLetter


def stays(letter: DeadLetter) -> str:
    """Why a letter cannot be sent back, as a sentence; `""` where a replay may send it back.

    What a replay refuses for the time being (its request is under way, its plan is gone) is not asked here: the act
    itself does that, letter by letter.
    """
    if not letter.request:
        return "It cannot be sent back: nothing is left of it but its id."
    if letter.code == Code.BAD_TARGET:
        return "It cannot be sent back: its target can be no repository."
    if letter.migration:
        return ""
    if letter.is_cut:
        return "It cannot be sent back: its message was too long to be kept, and wrong."
    if letter.lacks_payload:
        return "It cannot be sent back: it has no message."
    if letter.code == Code.TRIMMED:
        return "It cannot be sent back: its message went with its entry."
    if letter.stream == Stream.MIGRATIONS:
        return "It cannot be sent back: it names no migration."
    return "It cannot be sent back: it names no request." if _is_junk(letter) else ""


def _is_junk(letter: DeadLetter) -> bool:
    """Whether it is a notice that no worker can read, which is named by its own entry."""
    is_its_own = letter.request == letter.entry
    return letter.stream == Stream.NOTICES and letter.code == Code.UNREADABLE and is_its_own
