"""Which tickets of a template belong to a portion.

A milestone is known by its title, or by its title without case if none is exactly the same, as in GitHub. A title that the
source does not have never counts as a milestone without tickets: the request fails with a reason instead.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from monarch.core.copy.details import MILESTONES
from monarch.core.listed import listed
from monarch.core.plan import MAX_TEXT, Plan, characters
from monarch.core.redact import describe, quote
from monarch.core.ticket import Issue, Milestone

_SHOWN = 20


def share_of(whole: Plan, wanted: Collection[str], existing: Iterable[Milestone]) -> Plan:
    """The plan of a portion: its tickets are in one of the milestones `wanted`; the others are kept in `others`.

    They are kept because tickets of two portions may refer to one another. If they make the plan too large, they are left
    out, and such references stay links to the template.
    """
    if not wanted:
        return whole
    there = tuple(existing)
    titles = {found.title for one in wanted if (found := MILESTONES.find(one, there)) is not None}
    asked = tuple(
        t for t in whole.tickets if t.milestone is not None and t.milestone.title in titles
    )
    others = tuple(t for t in whole.tickets if t not in asked)
    fits = characters(whole.tickets) <= MAX_TEXT
    kept = others if fits else ()
    return replace(whole, tickets=asked, others=kept, lacks_others=kept != others)


def milestones_of(issues: Iterable[Issue]) -> tuple[Milestone, ...]:
    """The milestones that these issues are in, each once."""
    found = (issue.milestone for issue in issues if issue.milestone is not None)
    return tuple({one.title: one for one in found}.values())


def unknown_milestones(wanted: Iterable[str], existing: Iterable[Milestone]) -> tuple[str, ...]:
    """Those of the milestones `wanted` that do not exist."""
    there = tuple(existing)
    return tuple(one for one in wanted if MILESTONES.find(one, there) is None)


def milestones_missing(source: str, unknown: Collection[str], existing: Iterable[Milestone]) -> str:
    """The sentence for people that says which milestones the source does not have, and which it has."""
    names = " and ".join(describe(one) for one in unknown)
    titles = sorted(one.title for one in existing)
    shown = listed([f'"{quote(one, 100)}"' for one in titles], _SHOWN)
    has = f"it has {shown}" if titles else "it has no milestones at all"
    which = f"no milestone {names}" if len(unknown) == 1 else f"none of the milestones {names}"
    return f"{source} has {which}: {has}"
