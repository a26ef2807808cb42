"""The second pass, once all copies exist: references between tickets become those between their copies.

It receives the numbers of all copies and what the look at the end has shown, and promises that every copy that still
says what Monarch wrote refers to the right issues; and that sub-issues are where they are in the template, and blocked by
what blocks them there.

It keeps no record: the target itself shows how far it came. So a worker that takes a crossing over just begins this
pass again, and finds done what is done. Copies that already have the right numbers are not even read again.

A body is people's as soon as it is there, and `PATCH` takes no condition. So the decision is made twice: on the look,
to know whether there is anything to do; and, with the permission in hand, on the issue as it is read at that moment.
What can still go wrong:

- a person edits the text between that reading and the write, a fraction of a second, as a rule: their edit is
  overwritten, and stays in the issue's history;
- GitHub carries an unanswered edit out late, up to 20 s after it was sent, or this process is frozen between the last
  check and the bytes and thawed when others are done; and a person edits the text meanwhile: likewise.

An adopted issue (`core.target.adoption`) is not as Monarch wrote it: it is neither edited nor moved under a parent. A
copy of ours may become its sub-issue.

Neither a person's text nor a refusal fails anything; both are noted.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from monarch.core.copy import notes
from monarch.core.copy.dependencies import Blocking, blockings
from monarch.core.copy.render import Rewrite, Touched, rewriting
from monarch.core.copy.style import Copying
from monarch.core.copy.sub_issues import Nesting, nestings
from monarch.core.outcome import Absent, Accepted, AlreadyThere, Found, Permanent, Scope
from monarch.core.target.adoption import says_the_same, unmarked
from monarch.core.ticket import Issue, Ticket
from monarch.core.verdict import Verdict
from monarch.stages.crossing.context import Context
from monarch.stages.crossing.other_writes import Nothing, OtherWrites, Send

Decide = Callable[[], Awaitable[Send | Nothing | Verdict]]
_Named = tuple[int, str, Decide]
"""A write: the number of its issue, its name for people, and how it is decided."""


class SecondPass:
    """The second pass over the copies of one crossing. Used once, after its look at the end."""

    def __init__(self, context: Context, writes: OtherWrites) -> None:
        tools, subject, watch = context.tools, context.subject, context.watch
        self._github, self._repository = tools.github, subject.repository
        self._aside = tools.aside
        self._subject = subject
        self._desk = context.desk
        self._writes = writes
        self._watch = watch
        self._copying = Copying(
            subject.plan,
            subject.name,
            subject.repository.id,
            tools.style,
            watch.numbers,
            watch.seen.highest,
        )
        self._touched: set[int] = set()
        self._kept: set[int] = set()

    async def run(self) -> Verdict | None:
        """Bring references and hierarchy into the target; `None`: all is as it should be, or noted.

        Raises:
            LeaseLost, Draining: see `Hold.check`.
        """
        ended = await self._rewrite_all() or await self._nest_all() or await self._block_all()
        if ended is None and self._kept:
            await self._desk.note(notes.kept(sorted(self._kept)))
        return ended

    # ------------------------------------------------------------------------------------- references

    async def _rewrite_all(self) -> Verdict | None:
        edits: list[_Named] = []
        for ticket in self._subject.for_second_pass:
            self._subject.hold.check()
            issue = self._watch.issues.get(self._watch.numbers.get(ticket.id, 0))
            if issue is not None and await self._rewritten(issue, ticket) is not None:
                decide = partial(self._edit, ticket, issue.number)
                edits.append((issue.number, f"edit of #{issue.number}", decide))
        ended = await self._write_all(edits, notes.not_rewritten)
        if ended is None and self._touched:
            await self._desk.note(notes.touched(sorted(self._touched)))
        return ended

    async def _rewritten(self, issue: Issue, ticket: Ticket) -> str | None:
        """The new text of the copy; `None` if it stays as it is."""
        match await self._aside(lambda: rewriting(issue.body, ticket, self._copying)):
            case Rewrite(body):
                return body
            case Touched():
                kept = self._kept if says_the_same(issue, ticket) else self._touched
                kept.add(issue.number)
        return None

    async def _edit(self, ticket: Ticket, number: int) -> Send | Nothing | Verdict:
        fresh = await self._read(number)
        if not isinstance(fresh, Issue):
            return fresh
        body = await self._rewritten(fresh, ticket)
        if body is None:
            return Nothing()
        return partial(self._github.edit_body, self._repository, number, body)

    # -------------------------------------------------------------------------------------- hierarchy

    async def _nest_all(self) -> Verdict | None:
        found, subject = self._nestings(), self._subject
        if found and self._repository.may_push is False:
            await self._desk.note(notes.no_push([notes.SUB_ISSUES]))
            return None
        if found and not subject.plan.nests:
            await self._desk.note(notes.no_nesting([one.child for one in found]))
            return None
        named = [
            (one.child, f"sub-issue #{one.child} of #{one.parent}", partial(self._nest, one))
            for one in found
        ]
        return await self._write_all(named, notes.not_nested)

    def _nestings(self) -> tuple[Nesting, ...]:
        subject, issues = self._subject, self._watch.issues
        parents = {number: issue.parent for number, issue in issues.items()}
        found = nestings(subject.plan, subject.for_second_pass, self._watch.numbers, parents)
        fixed = unmarked((one.child for one in found), issues)
        self._kept |= fixed
        return tuple(one for one in found if one.child not in fixed)

    async def _nest(self, nesting: Nesting) -> Send | Nothing | Verdict:
        fresh = await self._read(nesting.child)
        if not isinstance(fresh, Issue):
            return fresh
        if fresh.parent is not None:
            return Nothing()
        return partial(self._github.add_sub_issue, self._repository, nesting.parent, fresh.id)

    # ----------------------------------------------------------------------------------- dependencies

    async def _block_all(self) -> Verdict | None:
        found = blockings(self._subject.for_second_pass, self._watch.numbers, self._watch.issues)
        fixed = unmarked((one.blocked for one in found), self._watch.issues)
        self._kept |= fixed
        found = tuple(one for one in found if one.blocked not in fixed)
        if found and self._repository.may_push is False:
            await self._desk.note(notes.no_push([notes.DEPENDENCIES]))
            return None
        waiting = [one.id for one in self._subject.for_second_pass if one.blockers]
        if waiting and not self._subject.plan.blocks:
            numbers = [self._watch.numbers[one] for one in waiting if one in self._watch.numbers]
            await self._desk.note(notes.no_blocking(numbers))
            return None
        named = [
            (
                one.blocked,
                f"dependency of #{one.blocked} on #{one.blocker}",
                partial(self._block, one),
            )
            for one in found
        ]
        return await self._write_all(named, notes.not_blocked)

    async def _block(self, one: Blocking) -> Send | Nothing | Verdict:
        blocker = await self._read(one.blocker)
        if not isinstance(blocker, Issue):
            return blocker
        there = await self._github.list_blockers(self._repository, one.blocked)
        match there:
            case Found(ids) if blocker.id in ids:
                return Nothing()
            case Found() | Permanent(Scope.TICKET | Scope.REPOSITORY):
                return partial(self._github.add_blocker, self._repository, one.blocked, blocker.id)
            case _:
                return await self._desk.judge(there)

    # ------------------------------------------------------------------------------------ small parts

    async def _read(self, number: int) -> Issue | Nothing | Verdict:
        """The issue as it is now; there is nothing to do for one that a person has deleted meanwhile."""
        answer = await self._github.read_issue(self._repository, number)
        match answer:
            case Found(issue):
                return issue
            case Absent():
                return Nothing()
            case _:
                return await self._desk.judge(answer)

    async def _write_all(
        self,
        writes: Sequence[_Named],
        say: Callable[[Sequence[int], Permanent], str],
    ) -> Verdict | None:
        """Make these writes one after the other, each to the issue of that number; note all refusals together at the end.

        A refusal about the whole repository holds for all that follow: GitHub is not asked again.
        """
        refused: list[int] = []
        why: Permanent | None = None
        for number, what, decide in writes:
            if why is None or why.scope is Scope.TICKET:
                answer = await self._writes.bring_about(what, decide)
                match answer:
                    case Accepted() | AlreadyThere() | Nothing():
                        continue
                    case Permanent():
                        why = answer
                    case _:
                        return answer
            refused += [number] if number not in refused else []
        if why is not None:
            await self._desk.note(say(refused, why))
        return None
