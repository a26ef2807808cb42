"""The relations between the template's tickets that no list of them shows: the order of sub-issues, and dependencies.

It receives a plan, reads the relations of each ticket that has any, and promises that every ticket knows its place among
its siblings and what blocks it, or that the plan says that this server has no addresses for that. No ticket fails over
this: where relations cannot be read, sub-issues keep the order of their numbers, and dependencies are left out.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from monarch.core.copy.dependencies import blocked, with_blockers
from monarch.core.copy.sub_issues import parents_to_ask, placed
from monarch.core.outcome import Code, Found, Permanent, RateLimited, ReadFailure, Scope
from monarch.core.plan import Plan
from monarch.core.ticket import Repository
from monarch.ports import GitHub

Asked = dict[int, tuple[int, ...]]
List = Callable[[Repository, int], Awaitable[Found[tuple[int, ...]] | ReadFailure]]


async def related(
    github: GitHub, source: Repository, plan: Plan, check: Callable[[], None]
) -> Plan | ReadFailure:
    """The plan with the relations of its tickets; a failure only where a limit or the credential forbids to read on.

    `check` is called between calls to GitHub, and ends the reading by raising (`Hold.check`).
    """
    order = await _ask(github.list_sub_issues, source, parents_to_ask(plan), check)
    if not isinstance(order, dict | None):
        return order
    blockers = await _ask(github.list_blockers, source, blocked(plan), check)
    if not isinstance(blockers, dict | None):
        return blockers
    plan = replace(plan, nests=False) if order is None else placed(plan, order)
    if blockers is None:
        return replace(plan, blocks=False)
    return with_blockers(plan, blockers)


async def _ask(
    list_all: List, source: Repository, numbers: Sequence[int], check: Callable[[], None]
) -> Asked | ReadFailure | None:
    """What the lists of these issues show, by number; `None` if the server has no such addresses."""
    found: Asked = {}
    missing = 0
    for number in numbers:
        check()
        answer = await list_all(source, number)
        match answer:
            case Found(ids):
                found[number] = ids
            case Permanent(code=Code.NOT_FOUND):
                missing += 1
            case RateLimited() | Permanent(Scope.CREDENTIAL):
                return answer
            case _:
                continue
    # One issue may be gone by now; if all of them are "not found", the server does not have the address.
    return None if missing and missing == len(numbers) else found
