"""Which repository is meant: the one that was asked for, and not whichever bears its name by now."""

from monarch.core.ids import TargetId
from monarch.core.outcome import Code, Found, Permanent, ReadFailure
from monarch.core.ticket import Repository
from monarch.ports import GitHub


async def found_again(
    github: GitHub, known: TargetId | None, name: str
) -> Found[Repository] | ReadFailure:
    """Find the repository on record as long as it exists, else whichever has the name.

    A name says which repository is meant when it is resolved first. After that it may be given to another one, which
    nobody has asked for. But where the one on record is gone, its name is all that is left of the wish.

    Args:
        known: the one on record, `None`: none is.
        name: `owner/repo`, as it was asked for.
    """
    if known is not None:
        answer = await github.find_repository(known, name)
        if not (isinstance(answer, Permanent) and answer.code is Code.NOT_FOUND):
            return answer
    return await github.read_repository(name)
