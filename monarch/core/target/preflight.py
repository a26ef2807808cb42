"""What a target must be before anything is written to it, as far as its own description shows.

It exists, since GitHub described it; if it is missing, Monarch is patient (`core.verdict.judge_target`). This module
decides the rest:

```
the source itself    dead: it would be filled with copies of itself
public, of a private dead, unless a setting allows it: everyone could read the tickets
archived             dead: nothing can be written
issues switched off  dead: the same for issues
no right to push     goes on: an account that sees it may open issues, but labels and the like are dropped (noted)
```

No description says whether the token may write *issues*. The first write shows it (403), and ends the target in the
same way.
"""

from monarch.core.advice import Advice
from monarch.core.outcome import Code
from monarch.core.plan import Plan
from monarch.core.request.rules import Rules
from monarch.core.ticket import Repository
from monarch.core.verdict import Dead


def unwritable(target: Repository, plan: Plan, rules: Rules, asked: str = "") -> Dead | None:
    """Why this repository cannot be written to, and what a person must do; `None` if it can.

    Args:
        target: by its canonical name.
        plan: the plan to be copied into it.
        rules: what the installation accepts.
        asked: the name that it was asked for by; `""`: its own.
    """
    name = target.full_name
    if name.lower() == plan.source.lower():
        return Dead(
            Code.TARGET_IS_SOURCE,
            f"{name} is the source itself{_formerly(asked, name)}",
            advice=Advice(
                "leave it out of the targets, or name the team's repository in its place",
                replay=False,
            ),
        )
    if plan.private and not target.private and not rules.private_to_public:
        return Dead(
            Code.PRIVATE_SOURCE,
            f"{plan.source} is private and {name} is public, so everybody could read its tickets",
            advice=Advice(
                f"make {name} private, or set MONARCH_PRIVATE_TO_PUBLIC=true if that is meant"
            ),
        )
    if target.archived:
        return Dead(
            Code.ARCHIVED,
            f"{name} is archived, so nothing can be written to it",
            advice=Advice("unarchive it in its settings"),
        )
    if not target.has_issues:
        return Dead(
            Code.ISSUES_DISABLED,
            f"issues are switched off in {name} (as they are in every new fork)",
            advice=Advice("switch them on in its settings"),
        )
    return None


def _formerly(asked: str, name: str) -> str:
    return f" ({asked} is its former name)" if asked.lower() not in {"", name.lower()} else ""
