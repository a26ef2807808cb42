"""Whatever happens, the card reads in the end as `show` says, and nobody ever sees a second one.

Stories are made up: which teams come when, what Slack does, what people do, and what befalls the two workers at which
moment. The card is read twice: as a whole it must be the words for how things stand, and line by line, by a reader that
knows nothing of those words, it must say of each team what its newest request has on record and GitHub holds.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monarch.core.card.messages import Places, card_words
from monarch.core.outcome import Code, Permanent, RateLimited, Scope, Transient
from monarch.core.report.summary import MigrationView, RequestView, State
from monarch.ports import Gone, Unanswered
from tests.contracts.doubles.faults import Fault
from tests.contracts.doubles.slack import Message
from tests.stages.house import House, pass_time
from tests.stages.process import Person
from tests.stages.scenarios import TITLES, a_house
from tests.stages.seams import Blow, Trouble
from tests.stages.story import Scenario, Story, tell

TEAMS: Final = ("org/team-a", "org/team-b", "org/team-c", "org/team-d")
GONE, SPELLED_WRONG = "org/gone", "no repository"

REFUSED = Fault(Permanent(Scope.REPOSITORY, Code.SLACK_REFUSED, "is_archived"))
ANSWERS: Final = {
    "asks to wait": Fault(RateLimited("429", 30)),
    "is away": Fault(Transient("503")),
    "answers nothing": Fault(Unanswered("lost")),
    "has done it and answers nothing": Fault(Unanswered("lost"), takes_effect=True),
    "hangs": Fault(Unanswered("lost"), takes_effect=True, after_s=9.0),
    "is archived": REFUSED,
}
EDITS: Final = ANSWERS | {
    "was deleted": Fault(Gone("message_not_found")),
    "cannot be edited": Fault(Gone("edit_window_closed", is_deleted=False)),
}
LINE = re.compile(r"^:(\w+): <[^|>]*/issues\|([^>]+)>(?: (\d+)/(\d+))?")
SIGNS: Final = {
    "white_check_mark": {State.DONE},
    "x": {State.DEAD, State.FAILED},
    "octagonal_sign": {State.CANCELLED},
}


@dataclass(frozen=True)
class Tale:
    """What happens. `comes` is each message: its target, and how many seconds after the one before."""

    comes: tuple[tuple[str, float], ...]
    posts: dict[int, str]
    edits: dict[int, str]
    people: tuple[str, ...]
    blows: dict[int, Blow]
    seed: int


targets = st.sampled_from((*TEAMS, *TEAMS, GONE, SPELLED_WRONG))
gaps = st.sampled_from((0.0, 0.1, 2.5, 15.0, 40.0, 300.0, 700.0))
tales = st.builds(
    Tale,
    st.lists(st.tuples(targets, gaps), min_size=1, max_size=8).map(tuple),
    st.dictionaries(st.integers(1, 6), st.sampled_from(sorted(ANSWERS)), max_size=2),
    st.dictionaries(st.integers(1, 12), st.sampled_from(sorted(EDITS)), max_size=3),
    st.lists(st.sampled_from(("pauses", "cancels", "puts it right")), unique=True).map(tuple),
    st.dictionaries(
        st.integers(1, 400),
        st.sampled_from((Blow.DEATH, Blow.LOST, Blow.TURNED_DOWN, Blow.FREEZE, Blow.STOP)),
        max_size=3,
    ),
    st.integers(1, 1000),
)


class TrueCard(Story):
    """A story of which only the channel is judged."""

    def judge(self) -> None:
        """At the end, with nothing left to be done."""
        assert not self.lies
        for cohort, card in self.house.store.cards.items():
            shown = [one for one in self.house.slack.messages.values() if one.blocks]
            assert len(shown) <= len(self.house.store.cards), shown
            there = self.house.slack.messages.get(card.get("card_ts", ""))
            if "refused" in card:
                # The channel takes nothing more until a person has put it right and sent the letter back.
                assert _is_told(self.house, cohort)
            elif there is not None and "frozen" not in card:
                view = self.house.cohort(cohort)
                assert there.text == card_words(view, Places()).text
                read_by_line(self.house, there, view.requests)


def _is_told(house: House, cohort: str) -> bool:
    """Whether a dead letter says why the card of a cohort stands still."""
    letters = [one for one in house.store.dead if one["stream"] == "notices"]
    return any(one["request"] == cohort and one["reason"] for one in letters)


def read_by_line(house: House, card: Message, requests: tuple[RequestView, ...]) -> None:
    """Every team has its line, with what its newest request says, which is what GitHub shows where it is done."""
    newest = {one.target: (request, one) for request in requests for one in request.migrations}
    told = {found[2]: found for line in card.text.splitlines() if (found := LINE.match(line))}
    assert told.keys() == newest.keys() - {SPELLED_WRONG}
    for target, found in told.items():
        request, migration = newest[target]
        assert migration.state in SIGNS[found[1]]
        if found[3] is not None:
            assert (int(found[3]), int(found[4])) == (_there(migration), request.tickets)
        if migration.state is State.DONE:
            assert len(house.github.issues(target)) == _there(migration) == len(TITLES)


def _there(migration: MigrationView) -> int:
    return migration.copied + migration.present


def acting(tale: Tale) -> Callable[[Story], Awaitable[None]]:
    """Messages come, and people do what they do."""

    async def act(story: Story) -> None:
        house, person = story.house, Person(story.house, story.trouble)
        for target, gap_s in tale.comes:
            await pass_time(gap_s)
            house.publish(target)
        for deed in tale.people:
            await pass_time(1.5)
            await DEEDS[deed](house, person)

    return act


async def _pauses(_house: House, person: Person) -> None:
    await person.insist(lambda hands: hands.pause("Ann"))
    await pass_time(60)
    await person.insist(lambda hands: hands.resume("Ann"))


async def _cancels(house: House, person: Person) -> None:
    newest = max(house.store.requests)
    await person.insist(lambda hands: hands.cancel(newest, "Ann"))


async def _puts_it_right(house: House, person: Person) -> None:
    """What was given up is wanted again, and works now: the repository is there, the channel is open."""
    await house.until_quiet()
    house.github.add(GONE)
    for method in ("post", "update"):
        house.slack.faults.never(method)
    letters = [letter["id"] for letter in house.store.dead]
    await person.insist(lambda hands: hands.replay(letters, "Ann"))


DEEDS: Final = {"pauses": _pauses, "cancels": _cancels, "puts it right": _puts_it_right}


def built(tale: Tale) -> House:
    """A template and four teams; Slack answers as the test says."""
    house = a_house(*TEAMS)
    for method, answers, faults in (("post", tale.posts, ANSWERS), ("update", tale.edits, EDITS)):
        for nth, answer in answers.items():
            house.slack.faults.at(method, nth, faults[answer])
    return house


@settings(max_examples=45, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(tale=tales)
@example(tale=Tale((("org/team-a", 0.1),), {}, {1: "is archived"}, (), {}, 1))
def test_the_last_state_of_the_card_is_what_show_says(tale: Tale) -> None:
    """Two workers, of which either dies, freezes, stops or hears nothing; Slack away, slow, archived; people pressing."""
    titles = dict.fromkeys((*TEAMS, GONE), TITLES)
    scenario = Scenario(
        lambda: built(tale), titles, act=acting(tale), processes=2, pauses="pauses" in tale.people
    )

    tell(TrueCard(scenario, Trouble(tale.blows)), tale.seed)
