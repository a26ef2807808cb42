"""Which repository is meant: the one that was asked for, and not another one that has its name by now."""

from monarch.core.ids import TargetId
from monarch.core.outcome import Code, Found, Permanent, ReadFailure
from monarch.core.ticket import Repository
from monarch.ports import GitHub


async def found_again(
    github: GitHub, known: TargetId | None, name: str
) -> Found[Repository] | ReadFailure:
    """Find the repository on record as long as it exists, else the one that has the name.

    A name says which repository is meant when it is first resolved. After that it may be given to another repository,
    which was not asked for. But if the one on record is gone, its name is all that is left of the request.

    Args:
        known: the one on record, `None` if there is none.
        name: `owner/repo`, as it was asked for.
    """
    if known is not None:
        answer = await github.find_repository(known, name)
        if not (isinstance(answer, Permanent) and answer.code is Code.NOT_FOUND):
            return answer
    return await github.read_repository(name)
