"""The order of the template's sub-issues, which only their parents tell.

It receives a plan, reads the parents in it, and promises that every ticket knows its place among its siblings, or that
the plan says that this server has no addresses for it. Nothing of it costs a ticket: what cannot be read leaves the
order of the numbers.
"""

from collections.abc import Callable
from dataclasses import replace

from monarch.core.copy.sub_issues import parents_to_ask, placed
from monarch.core.outcome import Code, Found, Permanent, RateLimited, ReadFailure, Scope
from monarch.core.plan import Plan
from monarch.core.ticket import Repository
from monarch.ports import GitHub


async def in_order(
    github: GitHub, source: Repository, plan: Plan, check: Callable[[], None]
) -> Plan | ReadFailure:
    """The plan with the places of its tickets; a failure only where a limit or the credential forbids to read on.

    `check` is asked between calls, and ends the reading by raising (`Hold.check`).
    """
    order: dict[int, tuple[int, ...]] = {}
    missing = 0
    parents = parents_to_ask(plan)
    for number in parents:
        check()
        answer = await github.list_sub_issues(source, number)
        match answer:
            case Found(ids):
                order[number] = ids
            case Permanent(code=Code.NOT_FOUND):
                missing += 1
            case RateLimited() | Permanent(Scope.CREDENTIAL):
                return answer
            case _:
                continue
    # One parent may be gone by now; where all of them are "not found" it is the address that is not there.
    if missing and missing == len(parents):
        return replace(plan, nests=False)
    return placed(plan, order)
