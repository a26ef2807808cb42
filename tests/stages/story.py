"""A story: a scenario, lived by processes that trouble befalls, and judged by what the outside world then shows."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import anyio
import trio
import trio._core._run as trio_run
from anyio.abc import TaskGroup
from trio.testing import MockClock

from monarch.core.after import acts
from monarch.core.card.head import head
from monarch.core.card.messages import Places, card_words
from monarch.core.copy.marker import read_marker
from monarch.core.delivery import Stream
from monarch.core.ids import RequestId, TargetId, migration_id
from monarch.core.report.summary import ENDS, State
from monarch.sandbox.judge.claims import done_lines, failure_in
from monarch.sandbox.judge.copies import doubled, lost
from scripts.memory.keyspace import Memory
from tests.contracts.worlds import LEASE_S
from tests.stages import faithful
from tests.stages.faithful import Faithful
from tests.stages.house import SOURCE, House, pass_time
from tests.stages.process import BACK, Process, Told
from tests.stages.seams import Blow, Moment, Trouble

WITHIN_S: Final = 4 * 3600.0
"""Everything has ended so long after it began, or never will."""

LINGERS_S: Final = 3 * LEASE_S + 45
"""So long a zombie may go on after all is done: frozen, thawed, and looking behind itself."""

TAKEN_OVER_WITHIN_S: Final = LEASE_S + 5
GOING_BACK: Final = {Blow.FORGET, Blow.REVERT}
AGAIN = "Posted again"
Act = Callable[["Story"], Awaitable[None]]


class Copy(NamedTuple):
    """An issue in a target, and the id of the ticket that it is a copy of; `None`: of no ticket."""

    number: int
    ticket: int | None


@dataclass(frozen=True)
class Scenario:
    """What is asked for, and how it must end.

    Attributes:
        build: makes the house and asks for what is to be done.
        titles: what each target holds in the end, in this order.
        states: how the requests end, in the order in which they were appended.
        codes: why things were given up, sorted.
        act: what happens besides, such as people's doing.
        repeats: how many more final messages the scenario's own faults allow.
        processes: how many run at once.
        poison: the name of a repository that kills whoever reads it.
        forgets: whether the end is the same though the store's memory goes back: what people did, and what was heard
            and not worked on, may be rolled back whole. Then it must end all the same, undoubled and without a lie.
        pauses: whether people pause the fleet meanwhile, so that nobody takes anything over.
        faithful: what targets hold in the end, word for word; then the same message again must write nothing at all.
        closed: the titles of the copies that are closed as not planned in the end; all others are open.
    """

    build: Callable[[], House]
    titles: Mapping[str, Sequence[str]]
    states: Sequence[str] = ("done",)
    codes: Sequence[str] = ()
    act: Act | None = None
    repeats: int = 0
    processes: int = 1
    poison: str = ""
    forgets: bool = True
    pauses: bool = False
    faithful: Mapping[str, Faithful] = field(default_factory=dict)
    closed: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass
class Story:
    """One run of a scenario.

    `beside` is how many more processes run from the start; then nobody is started anew. 0: whoever is gone is.
    `deleted` are the ids of tickets whose copies a person has deleted.
    """

    scenario: Scenario
    trouble: Trouble
    beside: int = 0
    told: Told = field(default_factory=Told)
    acting: bool = False
    lies: list[str] = field(default_factory=list)
    deleted: set[int] = field(default_factory=set)
    processes: list[Process] = field(default_factory=list)
    house: House = field(init=False)
    _memories: dict[int, Memory] = field(default_factory=dict)
    _started: int = 0

    async def live(self) -> None:
        """From its start until nothing moves any more; then judge."""
        self.house = self.scenario.build()
        self.house.slack.witness = self._witness
        self.trouble.on_moment = self._remember
        self.acting = self.scenario.act is not None
        with anyio.fail_after(WITHIN_S):
            async with anyio.create_task_group() as tasks:
                self._start_all(tasks)
                if self.scenario.act is not None:
                    tasks.start_soon(self._act, self.scenario.act)
                await self._until_over()
                tasks.cancel_scope.cancel()
        self.judge()
        if not self._may_be_doubled and not self._is_rolled_back and self.scenario.faithful:
            await self._judge_again()

    # ---------------------------------------------------------------------------------------- the fleet

    def _start_all(self, tasks: TaskGroup) -> None:
        for _ in range(self.scenario.processes + self.beside):
            tasks.start_soon(self._keep, tasks)

    async def _keep(self, tasks: TaskGroup) -> None:
        """A place in the fleet: filled again when its process is gone, unless the others have to do."""
        while True:
            process = self._process()
            tasks.start_soon(process.live)
            await process.over.wait()
            if process.dead:
                tasks.start_soon(self._taken_over, process)
            if self.beside and not self.scenario.poison:
                return

    def _process(self) -> Process:
        self._started += 1
        name = f"worker-{self._started}"
        process = Process(self.house, name, self.trouble, self.told, self.scenario.poison)
        self.processes.append(process)
        return process

    async def _taken_over(self, process: Process) -> None:
        """Promise 7: what a dead one held is in other hands soon."""
        await pass_time(TAKEN_OVER_WITHIN_S)
        hindered = {Blow.FREEZE, Blow.MIDWAY, Blow.STOP, *GOING_BACK}
        if self.scenario.pauses or not hindered.isdisjoint(self.trouble.blows.values()):
            return
        for stream in Stream:
            pending = self.house.store.pending(stream)
            held = [e for e, p in pending.items() if p.consumer == process.name]
            assert not held, f"{process.name} died, and still holds {held}"

    @property
    def request(self) -> RequestId:
        """The first one."""
        return min(self.house.store.requests)

    async def until_ended(self, run: int = 1) -> None:
        """Until the first request has ended, in this run of it at least."""
        await self.house.until(lambda: self._has_ended(run))

    def _has_ended(self, run: int) -> bool:
        """Looked up anew each time: the store's memory may have gone back meanwhile."""
        known = self.house.store.requests[self.request]
        return int(known["run"]) >= run and State(known["state"]) in ENDS

    async def _act(self, act: Act) -> None:
        await act(self)
        self.acting = False
        self.house.store.changed()

    async def _until_over(self) -> None:
        await self._until_quiet()
        # The audit puts right what a memory that went back has left behind, such as a notice that it takes for sent.
        lingering = {Blow.FREEZE, Blow.MIDWAY, Blow.POSTHUMOUS, Blow.REVERT}
        if not lingering.isdisjoint(self.trouble.blows.values()):
            await pass_time(LINGERS_S)
            await self._until_quiet()

    async def _until_quiet(self) -> None:
        while self.acting or not self.house.store.is_quiet:
            await self.house.store.until_changed()

    # ------------------------------------------------------------------------------------- going back

    @property
    def goes_back(self) -> bool:
        """Whether the store's memory goes back in this story."""
        return not GOING_BACK.isdisjoint(self.trouble.blows.values())

    def _remember(self, moment: Moment) -> None:
        store = self.house.store
        for number, blow in self.trouble.blows.items():
            at = max(1, number - BACK[number % len(BACK)])
            if blow in GOING_BACK and moment.number == at:
                self._memories[number] = store.remember()
            if blow in GOING_BACK and moment.number == number:
                memory = self._memories.get(number) or store.remember()
                store.go_back(memory) if blow is Blow.FORGET else store.revert(memory)

    # ----------------------------------------------------------------------------------- what was said

    def _witness(self, channel: str, text: str) -> None:
        """Whatever is said to be done is looked up at that very moment."""
        for target, line in done_lines(text):
            wanted = self._expected_ids(target, line) - self.deleted
            if missing := lost(wanted, self._copies(target)):
                self.lies.append(f"{target} was said to be done, and {missing} were missing")

    def _expected_ids(self, target: str, text: str) -> set[int]:
        """What "done" means in this text: all of it, or the milestones that it names."""
        wanted = self.scenario.titles.get(target, ())
        found = [i for i in self.house.github.issues(SOURCE) if i.title in wanted]
        if " of milestone " not in text:
            return {issue.id for issue in found}
        named = text.lower()
        return {i.id for i in found if i.milestone and f'"{i.milestone.title.lower()}"' in named}

    def _copies(self, target: str) -> Iterator[Copy]:
        """The copies: by their markers, and the predecessor's issues by their titles."""
        github = self.house.github
        by_title = {issue.title: issue.id for issue in github.issues(SOURCE)}
        for issue in github.issues(target):
            marker = read_marker(issue.body)
            if marker is not None:
                yield Copy(issue.number, marker.ticket)
            elif issue.author_id == github.writes_as.id:
                yield Copy(issue.number, by_title.get(issue.title))

    # ---------------------------------------------------------------------------------------- judging

    def judge(self) -> None:
        """Promises 1, 2, 3 and 5."""
        self._judge_loss()
        self._judge_copies()
        self._judge_words()
        self._judge_counts()

    @property
    def _may_be_doubled(self) -> bool:
        """The one stated window that is opened here: frozen between the last check and the bytes leaving."""
        return any(
            blow is Blow.MIDWAY and moment.call == "github.create_issue"
            for moment, blow in self.trouble.struck
        )

    @property
    def _is_rolled_back(self) -> bool:
        """Whether the store's memory of what people did may be gone, so that the right end cannot be known."""
        return self.goes_back and not self.scenario.forgets

    def _judge_loss(self) -> None:
        store = self.house.store
        states = [store.requests[request]["state"] for request in sorted(store.requests)]
        letters = store.dead
        for request, known in store.requests.items():
            assert State(known["state"]) in ENDS
            assert not store.unsettled(request)
            for target in store.targets(request):
                self._judge_target(request, target)
        assert all(letter["code"] and letter["reason"] for letter in letters)
        if not self._may_be_doubled and not self._is_rolled_back:
            # A replica that was frozen when it heard appends again, being in doubt (docs/protocols.md, "Intake").
            again = self.house.hears and len(states) > len(self.scenario.states)
            assert states == list(self.scenario.states) or (again and set(states) == {"done"})
            assert sorted(letter["code"] for letter in letters) == list(self.scenario.codes)

    def _judge_target(self, request: RequestId, target: str) -> None:
        store, migration = self.house.store, migration_id(request, target)
        state = store.migrations[migration]["state"]
        given_up = [one for one in store.dead if one["migration"] == migration]
        assert state in {"done", "dead", "cancelled"}
        assert bool(given_up) == (state != "done"), f"{migration} is {state}; letters: {given_up}"
        assert len(given_up) <= 1

    def _judge_copies(self) -> None:
        for target, titles in self.scenario.titles.items():
            seconds = doubled(self._copies(target))
            if seconds and self._may_be_doubled:
                self._judge_stray(target, {copy.number for copy, _ in seconds})
                continue
            assert not seconds, f"{target} holds second copies: {self.house.github.titles(target)}"
            if not self._is_rolled_back:
                assert self.house.github.titles(target) == list(titles)
        if not self._may_be_doubled and not self._is_rolled_back:
            for target, wanted in self.scenario.faithful.items():
                faithful.judge(self.house, target, wanted)
            if not self._may_be_late:
                self._judge_closed()

    @property
    def _may_be_late(self) -> bool:
        """The window of a change: frozen right before its bytes leave, it comes over whatever was done meanwhile."""
        return any(
            blow is Blow.MIDWAY and moment.call == "github.change_state"
            for moment, blow in self.trouble.struck
        )

    def _judge_closed(self) -> None:
        """What a recall has closed, and nothing else."""
        for target, titles in self.scenario.closed.items():
            issues = self.house.github.issues(target)
            found = [issue.title for issue in issues if issue.state_reason == "not_planned"]
            assert found == list(titles)
            assert all(one.state == "open" for one in issues if one.title not in titles)

    async def _judge_again(self) -> None:
        """The same message again writes nothing: whatever trouble there was, all is as it should be."""
        did = list(self.house.github.did)
        request = self.house.publish(*self.scenario.faithful)
        await self.house.settle()
        assert self.house.state(request) == "done"
        assert self.house.github.did == did

    def _judge_stray(self, target: str, strays: set[int]) -> None:
        """What happens in the window is found by Monarch itself, and said."""
        numbers = {line["number"] for line in self.house.told("stray.found")}
        assert numbers == strays, f"the second copies are {strays}, and reported were {numbers}"
        said = "\n".join(self.house.slack.texts("C1"))
        store = self.house.store
        names = {target, *(name for asked in store.requests for name in store.targets(asked))}
        for number in numbers:
            assert any(f"/{name}/issues/{number}|" in said for name in names), said

    def _judge_counts(self) -> None:
        """A recall that was asked for once counts every copy that it has closed, whoever closed it."""
        if self.goes_back:
            return
        for fields in self.house.store.migrations.values():
            if fields.get("acted") != acts.Act.RECALL or fields["run"] != "2":
                continue
            later = self.house.store.later(TargetId(int(fields["target_id"]))).values()
            closed = [one for one in later if one.recall and not one.recall.is_reopened]
            assert int(fields["changed"]) == len(closed), fields

    def _judge_words(self) -> None:
        assert not self.lies
        if self._is_rolled_back:
            return
        store = self.house.store
        for request, known in store.requests.items():
            if known.get("channel"):
                self._judge_channel(request, known["channel"])

    def _judge_channel(self, request: RequestId, channel: str) -> None:
        messages = [m for m in self.house.slack.messages.values() if m.channel == channel]
        shown = [m for m in messages if m.blocks]
        said = [m.text for m in messages if not m.blocks]
        causes = [cause for cause in map(failure_in, said) if cause]
        finals = [text for text in said if failure_in(text) is None]
        known = [r for r in self.house.store.requests.values() if r.get("channel") == channel]
        ends = sum(int(one["run"]) for one in known)
        plain = [text for text in finals if AGAIN not in text]
        assert finals, f"nobody was told how {request} ended: {messages}"
        self._judge_last_words(channel, finals[-1])
        if self._may_be_doubled or self.goes_back:
            return
        cohorts = {one["card"] for one in known}
        assert len(shown) <= len(cohorts), shown
        assert all(causes.count(cause) <= len(cohorts) for cause in causes), causes
        assert len(plain) <= ends
        assert len(finals) <= ends + self.scenario.repeats + self.told.finals, finals

    def _judge_last_words(self, channel: str, last: str) -> None:
        """A reader of the card, or of the newest ending, learns the true state."""
        cohorts = {
            c: card for c, card in self.house.store.cards.items() if card["channel"] == channel
        }
        for cohort, card in cohorts.items():
            view = self.house.cohort(cohort)
            there = self.house.slack.messages.get(card.get("card_ts", ""))
            if there is not None and "frozen" not in card:
                assert there.text == card_words(view, Places()).text
            if len(cohorts) == 1:
                assert last.startswith(head(view, Places().web_url, None)), (last, view)


def tell(story: Story, seed: int = 1) -> None:
    """Live it on a virtual clock, with the same interleaving for the same seed."""
    # Trio shuffles what is ready, on purpose. A story that fails must fail again, so its dice are loaded as Hypothesis
    # does it; another seed is another interleaving.
    trio_run._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc]  # trio says Final, and its own plugin sets it
    trio_run._r.seed(seed)
    trio.run(story.live, clock=MockClock(autojump_threshold=0))
