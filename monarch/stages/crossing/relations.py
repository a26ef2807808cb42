"""The relations between the template's tickets that no list of them shows: the order of sub-issues, and dependencies.

It receives a plan, reads the relations of each ticket that has any, and promises that every ticket knows its place among
its siblings and what blocks it, that the plan says that this server has no addresses for that, or that what stayed unread
is named. No ticket fails over this: where relations cannot be read, sub-issues keep the order of their numbers, and
dependencies are left out. A failure that may pass is no reason for that while the request can be tried again.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from monarch.core.copy.dependencies import blocked, with_blockers
from monarch.core.copy.left_out import Unread
from monarch.core.copy.sub_issues import parents_to_ask, placed
from monarch.core.outcome import Code, Found, Permanent, RateLimited, ReadFailure, Scope, Transient
from monarch.core.plan import Plan
from monarch.core.ticket import Repository
from monarch.ports import GitHub

Asked = dict[int, tuple[int, ...] | None]
"""What the list of each issue shows, by the issue's number; `None` where GitHub does not show it."""

List = Callable[[Repository, int], Awaitable[Found[tuple[int, ...]] | ReadFailure]]


async def related(
    github: GitHub, source: Repository, plan: Plan, check: Callable[[], None], *, last_try: bool
) -> tuple[Plan, Unread] | ReadFailure:
    """The plan with the relations of its tickets, and those that stayed unread; a failure where to read on is no use.

    So it is where a limit or the credential forbids it, and where a failure may pass, unless this is the `last_try`.
    `check` is called between calls to GitHub, and ends the reading by raising (`Hold.check`).
    """
    ends = RateLimited if last_try else (RateLimited, Transient)
    order = await _ask(github.list_sub_issues, source, parents_to_ask(plan), check, ends)
    if not isinstance(order, dict | None):
        return order
    blockers = await _ask(github.list_blockers, source, blocked(plan), check, ends)
    if not isinstance(blockers, dict | None):
        return blockers
    plan = replace(plan, nests=False) if order is None else placed(plan, _shown(order))
    plan = (
        replace(plan, blocks=False) if blockers is None else with_blockers(plan, _shown(blockers))
    )
    return plan, Unread(_hidden(order), _hidden(blockers))


async def _ask(
    list_all: List,
    source: Repository,
    numbers: Sequence[int],
    check: Callable[[], None],
    ends: type[ReadFailure] | tuple[type[ReadFailure], ...],
) -> Asked | ReadFailure | None:
    """Ask for the lists of these issues; a failure that `ends` the reading; `None` if the server has no such addresses."""
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
            case Permanent(Scope.CREDENTIAL):
                return answer
            case _ if isinstance(answer, ends):
                return answer
            case _:
                found[number] = None
    # One issue may be gone by now; if all of them are "not found", the server does not have the address.
    return None if missing and missing == len(numbers) else found


def _shown(asked: Asked) -> dict[int, tuple[int, ...]]:
    return {number: ids for number, ids in asked.items() if ids is not None}


def _hidden(asked: Asked | None) -> frozenset[int]:
    return frozenset(number for number, ids in (asked or {}).items() if ids is None)
