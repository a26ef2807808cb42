"""Freezing: from a complete reading of the source to the plan of a request, for the planner and for a dry run alike.

It receives the issues of the source and the requested portion. It promises a plan with the tickets of that portion, or
the reason why there is none. It never takes the unseen for absent: neither tickets that GitHub counts elsewhere, nor a
milestone that no issue is in.
"""

from collections.abc import Callable, Collection
from typing import Final

from monarch.core.advice import Advice
from monarch.core.copy.left_out import with_left_out
from monarch.core.outcome import Code, Found, ReadFailure, Transient
from monarch.core.plan import Plan, make_plan, oversize, unseen_tickets
from monarch.core.portions.sharing import (
    milestones_missing,
    milestones_of,
    share_of,
    unknown_milestones,
)
from monarch.core.ticket import Issue, Milestone, Repository
from monarch.core.verdict import Dead
from monarch.ports import GitHub
from monarch.stages.crossing.relations import related

_FEWER: Final = Advice("close some of them or put long texts into files")
_OTHER_TITLE: Final = Advice("ask again with the right title, or create the milestone there")


async def frozen(
    github: GitHub,
    source: Repository,
    issues: Collection[Issue],
    wanted: Collection[str],
    check: Callable[[], None],
    *,
    last_try: bool,
) -> Plan | Dead | ReadFailure:
    """The plan of a request.

    Args:
        issues: everything that a complete look at the source has shown.
        wanted: titles of milestones; empty for all tickets.
        check: called between calls to GitHub; it ends the reading by raising (`Hold.check`).
        last_try: whether a plan that lacks something is better than none: the request is given up after this.
    """
    whole = make_plan(source.full_name, issues, private=source.private)
    existing = await _milestones(github, source, issues, wanted, check)
    if not isinstance(existing, tuple):
        return existing
    plan = share_of(whole, wanted, existing)
    unseen = unseen_tickets(source, issues, plan)
    if unseen is not None:
        return Transient(unseen)
    too_large = oversize(plan)
    if too_large is not None:
        return Dead(Code.PLAN_TOO_LARGE, too_large, advice=_FEWER)
    if not plan.tickets:
        return plan
    known = await related(github, source, whole, check, last_try=last_try)
    if not isinstance(known, tuple):
        return known
    with_relations, unread = known
    return with_left_out(share_of(with_relations, wanted, existing), issues, unread)


async def _milestones(
    github: GitHub,
    source: Repository,
    issues: Collection[Issue],
    wanted: Collection[str],
    check: Callable[[], None],
) -> tuple[Milestone, ...] | Dead | ReadFailure:
    """The milestones of the source, as far as needed to know the wanted ones.

    An issue shows its milestone. A milestone without issues is looked up, to tell an empty one from a wrong title.
    """
    shown = milestones_of(issues)
    if not unknown_milestones(wanted, shown):
        return shown
    check()
    answer = await github.list_milestones(source)
    if not isinstance(answer, Found):
        return answer
    unknown = unknown_milestones(wanted, answer.value)
    if unknown:
        reason = milestones_missing(source.full_name, unknown, answer.value)
        return Dead(Code.NO_MILESTONE, reason, advice=_OTHER_TITLE)
    return answer.value
