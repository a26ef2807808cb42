"""The scenarios that every trouble is tried on; together they cross every method of every port."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import anyio

from monarch.core.after.acts import Act
from monarch.core.copy.style import Style
from monarch.core.delivery import Stream
from monarch.core.ids import TicketId
from monarch.core.outcome import Code, Permanent, RateLimited, Scope, Transient
from monarch.core.target.permission import Credential
from monarch.core.ticket import Author, Label, Milestone
from monarch.ports import Gone, Hands, Replayed, Unanswered
from tests.contracts.doubles.faults import Fault
from tests.contracts.doubles.github import HANG, LATE, LIMITED, LOST
from tests.contracts.worlds import LEASE_S, NO_CEILINGS, a_message
from tests.stages.faithful import Copy, Faithful
from tests.stages.house import SOURCE, TEAM_A, TEAM_B, House, pass_time
from tests.stages.process import Person
from tests.stages.story import Scenario, Story

TITLES = ("One", "Two")
THREE = ("One", "Two", "Three")
THREE_COPIES = Faithful({title: Copy() for title in THREE})
TWO_COPIES = Faithful({title: Copy() for title in TITLES})
LAG_S = 60.0
"""So much later listings show what is new."""

SLOWLY = replace(NO_CEILINGS, interval_ms=1_000)
"""A second between two writes, so that time passes within a crossing."""

UNAUTHORIZED = Fault(Permanent(Scope.CREDENTIAL, Code.CREDENTIAL, "401"))
NO_ANSWER = Fault(Unanswered("the answer was lost"), takes_effect=True)


def a_house(*teams: str, titles: tuple[str, ...] = TITLES, hears: bool = False) -> House:
    """A template, and empty repositories; listings lag by a minute."""
    house = House(SLOWLY, hears=hears)
    house.github.add(SOURCE, *titles)
    for team in teams:
        house.github.add(team)
    house.github.listing_lag_s = LAG_S
    return house


def fresh() -> House:
    """Two tickets for two teams."""
    house = a_house(TEAM_A, TEAM_B)
    house.publish(TEAM_A, TEAM_B)
    return house


def topped_up() -> House:
    """Another Monarch has copied the first ticket once."""
    house = a_house(TEAM_A, titles=("One", "Two", "Three"))
    from_source = house.github.issues(SOURCE)[0]
    marker = f"<!-- monarch: {SOURCE}#1 id={from_source.id} -->"
    house.github.add_issue(TEAM_A, "One", marker, author="monarch-bot")
    house.publish(TEAM_A)
    return house


def adopted() -> House:
    """The predecessor has copied two of three tickets, in its order, and a student has one that says the same."""
    house = a_house(TEAM_A, titles=())
    house.github.add_issue(SOURCE, "One", "## Begin")
    house.github.add_issue(SOURCE, "Two", "After #1, before #3.")
    house.github.add_issue(SOURCE, "Three", "After #2.", parent=1)
    house.github.add_issue(TEAM_A, "Three", "$After #2.\n", author="monarch-bot", author_id=4242)
    house.github.add_issue(TEAM_A, "Two", "After #1, before #3.", author="student", author_id=7)
    house.github.add_issue(TEAM_A, "One", "$## Begin\n", author="monarch-bot", author_id=4242)
    house.publish(TEAM_A)
    return house


ADOPTED = Faithful({"Two": Copy("After #3, before #1.")})


def refused() -> House:
    """GitHub will not have the second of three, and a person has deleted the message that says how far things are."""
    house = a_house(TEAM_A, titles=("One", "Two", "Three"))
    house.github.refused_titles.add("Two")
    house.slack.faults.at("update", 1, Fault(Gone("message_not_found")))
    house.publish(TEAM_A)
    return house


def unanswered() -> House:
    """One write happens without an answer, one does not happen, and one happens late."""
    house = a_house(TEAM_A)
    for nth, fault in enumerate((LOST, HANG, LATE), start=1):
        house.github.faults.at("create_issue", nth, fault)
    house.publish(TEAM_A)
    return house


def nameless() -> House:
    """The token does not say who it is, and the first answer of all is lost."""
    house = a_house(TEAM_A)
    house.github.me = Credential("token:fingerprint-1", "fingerprint-1")
    house.github.writes_as = Author("school[bot]", 77, is_bot=True)
    house.github.faults.at("create_issue", 1, LOST)
    house.publish(TEAM_A)
    return house


def limited() -> House:
    """A limit closes the gate at the second write, and the token is refused for a while."""
    house = a_house(TEAM_A)
    house.github.faults.at("create_issue", 2, LIMITED)
    house.github.faults.at("read_repository", 2, UNAUTHORIZED)
    house.publish(TEAM_A)
    return house


def refused_targets() -> House:
    """Of three targets one is the source, and one is none."""
    house = a_house(TEAM_A)
    house.publish(TEAM_A, SOURCE, "no repository")
    return house


def skipped() -> House:
    """A template without tickets, which cannot be read at once."""
    house = a_house(TEAM_A, titles=())
    house.github.faults.at("list_issues", 1, Fault(Transient("502")))
    house.publish(TEAM_A)
    return house


def dead_request() -> House:
    """A source that is not there."""
    house = a_house(TEAM_A)
    house.publish(TEAM_A, source="org/gone")
    return house


def not_ready() -> House:
    """The target appears after a while."""
    house = a_house()
    house.publish(TEAM_A)
    return house


async def it_appears(story: Story) -> None:
    """A generated repository is late."""
    await pass_time(30)
    story.house.github.add(TEAM_A)


async def it_appears_and_is_tried(story: Story) -> None:
    """Ann has made it, and does not want to wait."""
    await it_appears(story)
    person = Person(story.house, story.trouble)
    await person.insist(lambda hands: hands.hurry(story.request, "Ann"))


def slack_is_slow() -> House:
    """Slack asks to wait, and leaves both a progress and a final message without an answer."""
    house = a_house(TEAM_A, titles=("One",))
    house.slack.faults.at("post", 1, NO_ANSWER)
    house.slack.faults.at("post", 2, Fault(RateLimited("slow down", 5.0)))
    house.slack.faults.at("post", 3, NO_ANSWER)
    house.publish(TEAM_A)
    return house


def one_ticket() -> House:
    """One ticket for one team."""
    house = a_house(TEAM_A, titles=("One",))
    house.publish(TEAM_A)
    return house


async def slack_is_mended_and_tried(story: Story) -> None:
    """All has ended, and the ending waits for its next try: Ann does not want to wait."""
    slack = story.house.slack
    slack.faults.at("post", 0, Fault(Transient("Slack answered 500")))
    await story.until_ended()
    with anyio.move_on_after(60):
        await story.house.until(lambda: slack.faults.count("post") > 1)
    slack.faults.never("post")
    person = Person(story.house, story.trouble)
    await person.insist(lambda hands: hands.hurry(story.request, "Ann"))


BUG, HELP = Label("bug", "d73a4a", "It is broken"), Label("help", "008672", "")
SPRINT = Milestone("Sprint", "closed", "The first", "2026-02-01T00:00:00Z", 7)
CAPS = Label("BUG", "000000", "ours")


def detailed() -> House:
    """Tickets with all that a ticket can have; the team has an issue and a label of its own, so numbers differ."""
    house = a_house(TEAM_A, titles=())
    house.github.listing_lag_s = 0.0
    house.github.add_issue(SOURCE, "One", "Before #2 and #3.", labels=(BUG, HELP), milestone=SPRINT)
    house.github.add_issue(SOURCE, "Two", "After #1.", type="Task", parent=1)
    house.github.add_issue(SOURCE, "Three", "Alone.", labels=(HELP,), parent=1, assignees=("ada",))
    one = house.github.issues(SOURCE)[0]
    house.github.at(SOURCE).block(3, one.id)
    house.style = Style(assignees=True)
    house.github.at(TEAM_A).assignable = ("ada",)
    house.github.add_issue(TEAM_A, "Ours")
    house.github.at(TEAM_A).types = ("Task",)
    house.github.at(TEAM_A).labels["bug"] = CAPS
    house.github.listing_lag_s = LAG_S
    house.publish(TEAM_A)
    return house


DETAILED = Faithful(
    {
        "One": Copy("Before #{Two} and #{Three}.", ("BUG", "help"), "Sprint"),
        "Two": Copy("After #{One}.", type="Task", below="One"),
        "Three": Copy("Alone.", ("help",), assignees=("ada",), below="One", waits_for=("One",)),
    },
    (CAPS, HELP),
    (SPRINT,),
)
UNDETAILED = Faithful({title: Copy(copy.text) for title, copy in DETAILED.copies.items()}, (CAPS,))


UNLABELLED = Faithful(
    {title: replace(copy, labels=()) for title, copy in DETAILED.copies.items()},
    DETAILED.labels,
    DETAILED.milestones,
)


def labels_forbidden() -> House:
    """GitHub refuses each issue that comes with labels, and takes it without."""
    house = detailed()
    house.github.at(TEAM_A).forbids_labels = True
    return house


def detailed_unanswered() -> House:
    """Of each other write the first goes without an answer: done, not done, or done late."""
    house = detailed()
    for method, fault in (
        ("create_label", LOST),
        ("create_milestone", LATE),
        ("edit_body", LATE),
        ("add_sub_issue", LOST),
        ("add_blocker", LOST),
    ):
        house.github.faults.at(method, 1, fault)
    house.github.faults.at("add_sub_issue", 2, HANG)
    return house


SPRINTS = (
    Milestone("Sprint 1", number=1),
    Milestone("Sprint 2", due_on="2026-02-01T00:00:00Z", number=2),
)


def in_portions() -> House:
    """The first sprint now and the second in ten minutes; their tickets refer to one another.

    By then the first is there, whatever befell it: of two portions at once either may come first.
    """
    house = a_house(TEAM_A, titles=())
    house.github.listing_lag_s = 0.0
    first, second = SPRINTS
    house.github.add_issue(SOURCE, "One", "Before #2 and #3.", milestone=first)
    house.github.add_issue(SOURCE, "Two", "After #1.", milestone=second, parent=1)
    house.github.add_issue(SOURCE, "Three", "After #1, before #4.", milestone=first)
    house.github.add_issue(SOURCE, "Four", "After #2 and #3.", milestone=second)
    house.github.listing_lag_s = LAG_S
    house.publish(TEAM_A, milestones=["Sprint 1"])
    house.publish(TEAM_A, milestones=["sprint 2"], not_before=house.in_a_while(600))
    return house


PORTIONED = Faithful(
    {
        "One": Copy("Before #{Two} and #{Three}.", milestone="Sprint 1"),
        "Two": Copy("After #{One}.", milestone="Sprint 2", below="One"),
        "Three": Copy("After #{One}, before #{Four}.", milestone="Sprint 1"),
        "Four": Copy("After #{Two} and #{Three}.", milestone="Sprint 2"),
    },
    (),
    SPRINTS,
)


PORTIONS_UPDATED = Faithful(
    {
        **PORTIONED.copies,
        "Three": Copy("After #{One} and, soon, #{Four}.", milestone="Sprint 1"),
        "Four": Copy("Last, after #{Three}.", milestone="Sprint 2"),
    },
    (),
    SPRINTS,
)


async def the_second_portion_is_updated(story: Story) -> None:
    """The template has changed a ticket of each portion: the update of one finds the copies of both in its target."""
    house = story.house
    await pass_time(900)
    with anyio.move_on_after(3600):
        await house.until(lambda: house.store.is_quiet)
    requests = sorted(house.store.requests, reverse=True)
    if any(house.state(one) != "done" for one in requests):
        return
    house.github.edit_issue(SOURCE, 3, body="After #1 and, soon, #4.")
    house.github.edit_issue(SOURCE, 4, body="Last, after #3.")
    house.update(TEAM_A, bases=" ".join(requests), milestones=["Sprint 2"])
    with anyio.move_on_after(3600):
        await house.until(lambda: house.store.is_quiet)


def for_later() -> House:
    """Two tickets for one team, in a minute."""
    house = a_house(TEAM_A)
    house.publish(TEAM_A, not_before=house.in_a_while(60))
    return house


async def it_is_cancelled_while_it_waits(story: Story) -> None:
    """Long before its date; and replayed before its date."""
    person = Person(story.house, story.trouble)
    await pass_time(60)
    await person.insist(lambda hands: hands.cancel(story.request, "Ann"))
    await story.until_ended()
    await pass_time(60)
    await person.insist(_replay_all(story))


def read_only() -> House:
    """Our account may open issues there, and nothing else."""
    house = detailed()
    house.github.change(TEAM_A, may_push=False)
    return house


def to_be_healed() -> House:
    """Nothing refers to the ticket whose copy will be deleted."""
    house = a_house(TEAM_A, titles=())
    house.github.listing_lag_s = 0.0
    house.github.add_issue(SOURCE, "One", labels=(HELP,))
    house.github.add_issue(SOURCE, "Two", "After #1.", labels=(BUG,), parent=1)
    house.github.listing_lag_s = LAG_S
    house.publish(TEAM_A)
    return house


HEALED = Faithful(
    {"One": Copy(labels=("help",)), "Two": Copy("After #{One}.", ("bug",), below="One")},
    (HELP, BUG),
)


async def a_copy_is_deleted_and_healed(story: Story) -> None:
    """A person deletes a copy, and another person wants it back.

    Some minutes later, when no zombie is left: one that wrote that copy and thaws only now would call it a stray of
    the new one, which is a false alarm and nothing else.
    """
    github = story.house.github
    await story.until_ended()
    await pass_time(5 * LEASE_S)
    if story.house.state(story.request) != "done":
        # A zombie's second copy: that is what people would see to first.
        return
    found = [issue for issue in github.issues(TEAM_A) if issue.title == "Two"]
    ticket = TicketId(github.issues(SOURCE)[1].id)
    story.deleted.add(ticket)
    for issue in found:
        github.delete_issue(TEAM_A, issue.number)
    person = Person(story.house, story.trouble)
    await person.insist(lambda hands: hands.heal(story.request, {TEAM_A: [ticket]}, "Ann"))


def to_be_recalled() -> House:
    """Three tickets for one team."""
    return _asked_for(a_house(TEAM_A, titles=THREE))


def recall_unanswered() -> House:
    """One close happens without an answer, one does not happen, and one happens late."""
    house = to_be_recalled()
    for nth, fault in enumerate((LOST, HANG, LATE), start=1):
        house.github.faults.at("change_state", nth, fault)
    return house


def recall_refused() -> House:
    """A limit and a reading that fails are met on the way."""
    house = _asked_for(a_house(TEAM_A))
    house.github.faults.at("change_state", 1, LIMITED)
    house.github.faults.at("read_timeline", 1, Fault(Transient("502")))
    return house


def _asked_for(house: House) -> House:
    house.publish(TEAM_A)
    return house


async def it_is_recalled(story: Story) -> None:
    """A student has commented on the second; the others are closed.

    Some minutes later, when no zombie is left that could still copy.
    """
    await story.until_ended()
    await pass_time(5 * LEASE_S)
    _comment(story, 2)
    await _begun(story, Act.RECALL)


async def it_is_recalled_and_asked_for_again(story: Story) -> None:
    """The same message again: what the recall has closed stays closed, and a note says so."""
    await it_is_recalled(story)
    await pass_time(5 * LEASE_S)
    story.house.publish(TEAM_A)
    with anyio.move_on_after(3600):
        await story.house.until(lambda: story.house.store.is_quiet)


async def it_is_recalled_and_undone(story: Story) -> None:
    """And a person has commented on the third, now that it is closed."""
    await it_is_recalled(story)
    await pass_time(5 * LEASE_S)
    _comment(story, 3)
    await _begun(story, Act.UNDO)


async def it_is_recalled_and_healed(story: Story) -> None:
    """By `verify --heal`: it is opened again even if people have touched it since."""
    await it_is_recalled(story)
    if story.house.state(story.request) != "done":
        return
    _comment(story, 1)
    await pass_time(5 * LEASE_S)
    tickets = [TicketId(issue.id) for issue in story.house.github.issues(SOURCE)]
    person = Person(story.house, story.trouble)
    await person.insist(lambda hands: hands.heal(story.request, {TEAM_A: tickets}, "Ann"))


async def _begun(story: Story, act: Act) -> None:
    """Not where a zombie has made a second copy: that is what people would see to first.

    Waited for no longer than an hour, since the store's memory may go back: then the wish itself may be forgotten.
    """
    house, request = story.house, story.request
    if house.state(request) != "done":
        return
    run = int(house.store.requests[request]["run"]) + 1
    person = Person(house, story.trouble)
    await person.insist(lambda hands: hands.begin(request, act, [TEAM_A], "Ann"))
    with anyio.move_on_after(3600):
        await story.until_ended(run)


def _comment(story: Story, number: int) -> None:
    """A student comments on a copy, if it is there."""
    github = story.house.github
    if any(issue.number == number for issue in github.issues(TEAM_A)):
        github.edit_issue(TEAM_A, number, comments=1)
        github.happen(TEAM_A, number, "commented")


def to_be_updated() -> House:
    """Two tickets, and one more later; the edits are left without an answer, or turned down."""
    house = a_house(TEAM_A, titles=())
    house.github.listing_lag_s = 0.0
    for title in THREE:
        house.github.add_issue(SOURCE, title, f"Do {title}.")
    for nth, fault in enumerate((LOST, LATE), start=1):
        house.github.faults.at("revise_issue", nth, fault)
    return _asked_for(house)


UPDATED = Faithful(
    {"Uno": Copy("Do One better, after #{Four}."), "Three": Copy("Do Three."), "Four": Copy()}
)


async def it_is_updated(story: Story) -> None:
    """The first gets a title and a text that refers to a new one, the second a text; a student has edited the second."""
    house = story.house
    await story.until_ended()
    await pass_time(5 * LEASE_S)
    if house.state(story.request) != "done":
        return
    github = house.github
    github.edit_issue(SOURCE, 1, title="Uno", body="Do One better, after #4.")
    github.edit_issue(SOURCE, 2, body="Do Two better.")
    mine = github.issues(TEAM_A)[1].body.replace("Do Two.", "Mine.")
    github.edit_issue(TEAM_A, 2, body=mine)
    github.add_issue(SOURCE, "Four")
    # Where the memory goes back the first request is told as done once more, and that one knows nothing of it.
    story.deleted.add(github.issues(SOURCE)[3].id)
    house.update(TEAM_A, bases=story.request)
    with anyio.move_on_after(3600):
        await house.until(lambda: house.store.is_quiet)


def closed_unanswered() -> House:
    """Three tickets for one team; of the closes one happens without an answer, and one late."""
    house = to_be_recalled()
    for nth, fault in enumerate((LOST, LATE), start=1):
        house.github.faults.at("change_state", nth, fault)
    return house


async def it_is_updated_and_closes(story: Story) -> None:
    """The template has closed all three, and has a new one; a student has commented on the second copy.

    Then it opens the first two again, and the next update the first copy with its ticket: the second was never closed.
    """
    house = story.house
    await story.until_ended()
    await pass_time(5 * LEASE_S)
    if house.state(story.request) != "done":
        return
    github = house.github
    for issue in github.issues(SOURCE):
        github.edit_issue(SOURCE, issue.number, state="closed")
    _comment(story, 2)
    github.add_issue(SOURCE, "Four")
    story.deleted.add(github.issues(SOURCE)[3].id)
    house.update(TEAM_A, bases=story.request, act=Act.UPDATE_AND_CLOSE)
    with anyio.move_on_after(3600):
        await house.until(lambda: house.store.is_quiet)
    for number in (1, 2):
        github.edit_issue(SOURCE, number, state="open")
    house.update(TEAM_A, bases=story.request)
    with anyio.move_on_after(3600):
        await house.until(lambda: house.store.is_quiet)


def heard() -> House:
    """Every subscriber hears it."""
    return a_house(TEAM_A, titles=("One",), hears=True)


async def it_is_published(story: Story) -> None:
    """Twice the same bytes, half a minute apart: two requests."""
    channel = story.house.channel
    await channel.until_subscribed(2)
    channel.publish(a_message(TEAM_A))
    await pass_time(30)
    await channel.until_subscribed(1)
    channel.publish(a_message(TEAM_A))
    # Bounded, since the store's memory may go back: then the request is gone whole.
    with anyio.move_on_after(600):
        await story.house.until(lambda: len(story.house.store.requests) > 1)


def told_before() -> House:
    """A notice of an older version is left over."""
    house = a_house(TEAM_A)
    request = house.publish(TEAM_A)
    house.store.append(Stream.NOTICES, {b"v": b"1", b"request": request.encode()})
    return house


def poisoned() -> House:
    """Whoever reads the second team's repository dies of it."""
    house = a_house(TEAM_A, TEAM_B)
    house.publish(TEAM_A, TEAM_B)
    return house


async def the_second_is_put_first(story: Story) -> None:
    """While both are at work."""
    newest = max(story.house.store.requests)
    person = Person(story.house, story.trouble)
    await person.insist(lambda hands: hands.first(newest, "Ann"))


def two_requests() -> House:
    """One after the other, each for a team of its own."""
    house = a_house(TEAM_A, TEAM_B)
    house.publish(TEAM_A)
    house.publish(TEAM_B)
    return house


async def it_is_paused(story: Story) -> None:
    """In the middle of it; and a minute later it goes on."""
    person = Person(story.house, story.trouble)
    await pass_time(1.5)
    await person.insist(lambda hands: hands.pause("Ann"))
    await pass_time(60)
    await person.insist(lambda hands: hands.resume("Ann"))


async def it_is_cancelled_and_replayed(story: Story) -> None:
    """Called off in the middle of it, and wanted after all."""
    person = Person(story.house, story.trouble)
    await story.house.until(lambda: story.house.github.faults.count("create_issue") > 0)
    await person.insist(lambda hands: hands.cancel(story.request, "Ann"))
    await story.until_ended()
    await person.insist(_replay_all(story))


async def two_replay_at_once(story: Story) -> None:
    """The reason is gone, and two people see the dead letter at the same time."""
    house = story.house
    await story.until_ended()
    house.github.refused_titles.clear()
    replay = _replay_all(story)
    told: list[Replayed] = []

    async def one(person: Person) -> None:
        told.extend(await person.insist(replay))

    async with anyio.create_task_group() as tasks:
        for name in ("Ann", "Bob"):
            tasks.start_soon(one, Person(house, story.trouble, name))
    # If the memory goes back between the two, the first replay has not been: both send the letter back, and learn so.
    assert story.goes_back or sum(bool(each.work) for each in told) <= 1


async def the_source_appears(story: Story) -> None:
    """And the whole request is replayed."""
    await story.until_ended()
    story.house.github.add(SOURCE, *TITLES)
    await Person(story.house, story.trouble).insist(_replay_all(story))


async def it_is_dropped(story: Story) -> None:
    """A person drops its dead letters."""
    await story.until_ended()
    letters = [letter["id"] for letter in story.house.store.dead]
    await Person(story.house, story.trouble).insist(lambda hands: hands.drop(letters, "Ann"))


def _replay_all(story: Story) -> Callable[[Hands], Awaitable[tuple[Replayed, ...]]]:
    letters = [letter["id"] for letter in story.house.store.dead]
    return lambda hands: hands.replay(letters, "Ann")


def one_team() -> House:
    """Two tickets for one team, and another team that no request names."""
    house = a_house(TEAM_A, TEAM_B)
    house.publish(TEAM_A)
    return house


ELSEWHERE = "org/elsewhere"


def _mid_run(deed: Callable[[House], object]) -> Callable[[Story], Awaitable[None]]:
    """A person does this between the first copy and the second."""

    async def act(story: Story) -> None:
        house = story.house
        await house.until(lambda: house.github.faults.count("create_issue") > 0)
        deed(house)

    return act


def _renamed_and_replaced(house: House) -> None:
    house.github.rename(TEAM_A, ELSEWHERE)
    house.github.add(TEAM_A)


def no_source() -> House:
    """It is asked for before there is a template."""
    house = House(SLOWLY)
    house.github.add(TEAM_A)
    house.publish(TEAM_A)
    return house


FRESH = Scenario(fresh, {TEAM_A: TITLES, TEAM_B: TITLES})
SCENARIOS = {
    "fresh": FRESH,
    "topped-up": Scenario(topped_up, {TEAM_A: ("One", "Two", "Three")}),
    "adopted": Scenario(
        adopted, {TEAM_A: ("Three", "Two", "One", "Two")}, faithful={TEAM_A: ADOPTED}
    ),
    "one-refused": Scenario(
        refused, {TEAM_A: ("One", "Three")}, states=("failed",), codes=("tickets_refused",)
    ),
    "unanswered": Scenario(unanswered, {TEAM_A: TITLES}),
    "nameless": Scenario(nameless, {TEAM_A: TITLES}),
    "limited": Scenario(limited, {TEAM_A: TITLES}),
    "refused-targets": Scenario(
        refused_targets,
        {TEAM_A: TITLES},
        states=("failed",),
        codes=("bad_target", "target_is_source"),
    ),
    "skipped": Scenario(skipped, {TEAM_A: ()}, states=("skipped",)),
    "dead-request": Scenario(
        dead_request, {TEAM_A: ()}, states=("dead",), codes=("repository_not_found",)
    ),
    "not-ready": Scenario(not_ready, {TEAM_A: TITLES}, act=it_appears),
    "hurried": Scenario(not_ready, {TEAM_A: TITLES}, act=it_appears_and_is_tried, forgets=False),
    # Where the end comes before the card, both posts without an answer are posts of the end.
    "slack-is-slow": Scenario(slack_is_slow, {TEAM_A: ("One",)}, repeats=2),
    "slack-is-mended": Scenario(
        one_ticket, {TEAM_A: ("One",)}, act=slack_is_mended_and_tried, forgets=False
    ),
    "told-before": Scenario(told_before, {TEAM_A: TITLES}),
    "detailed": Scenario(
        detailed, {TEAM_A: ("Ours", "One", "Two", "Three")}, faithful={TEAM_A: DETAILED}
    ),
    "detailed-unanswered": Scenario(
        detailed_unanswered, {TEAM_A: ("Ours", "One", "Two", "Three")}, faithful={TEAM_A: DETAILED}
    ),
    "labels-forbidden": Scenario(
        labels_forbidden, {TEAM_A: ("Ours", "One", "Two", "Three")}, faithful={TEAM_A: UNLABELLED}
    ),
    "read-only": Scenario(
        read_only, {TEAM_A: ("Ours", "One", "Two", "Three")}, faithful={TEAM_A: UNDETAILED}
    ),
    "in-portions": Scenario(
        in_portions,
        {TEAM_A: ("One", "Three", "Two", "Four")},
        states=("done", "done"),
        faithful={TEAM_A: PORTIONED},
    ),
    "portion-updated": Scenario(
        in_portions,
        {TEAM_A: ("One", "Three", "Two", "Four")},
        states=("done", "done", "done"),
        act=the_second_portion_is_updated,
        forgets=False,
        faithful={TEAM_A: PORTIONS_UPDATED},
    ),
    "cancelled-while-it-waits": Scenario(
        for_later, {TEAM_A: TITLES}, act=it_is_cancelled_while_it_waits, forgets=False
    ),
    "healed": Scenario(
        to_be_healed,
        {TEAM_A: ("One", "Two")},
        act=a_copy_is_deleted_and_healed,
        forgets=False,
        faithful={TEAM_A: HEALED},
    ),
    "recalled": Scenario(
        to_be_recalled,
        {TEAM_A: THREE},
        act=it_is_recalled,
        forgets=False,
        faithful={TEAM_A: THREE_COPIES},
        closed={TEAM_A: ("One", "Three")},
    ),
    "recalled-and-asked-again": Scenario(
        to_be_recalled,
        {TEAM_A: THREE},
        states=("done", "done"),
        act=it_is_recalled_and_asked_for_again,
        forgets=False,
        faithful={TEAM_A: THREE_COPIES},
        closed={TEAM_A: ("One", "Three")},
    ),
    "recall-undone": Scenario(
        recall_unanswered,
        {TEAM_A: THREE},
        act=it_is_recalled_and_undone,
        forgets=False,
        faithful={TEAM_A: THREE_COPIES},
        closed={TEAM_A: ("Three",)},
    ),
    "recall-healed": Scenario(
        recall_refused,
        {TEAM_A: TITLES},
        act=it_is_recalled_and_healed,
        forgets=False,
        faithful={TEAM_A: TWO_COPIES},
        closed={TEAM_A: ()},
    ),
    "updated": Scenario(
        to_be_updated,
        {TEAM_A: ("Uno", "Two", "Three", "Four")},
        states=("done", "done"),
        act=it_is_updated,
        forgets=False,
        faithful={TEAM_A: UPDATED},
    ),
    "update-closed": Scenario(
        closed_unanswered,
        {TEAM_A: (*THREE, "Four")},
        states=("done", "done", "done"),
        act=it_is_updated_and_closes,
        forgets=False,
        faithful={TEAM_A: Faithful({title: Copy() for title in (*THREE, "Four")})},
        closed={TEAM_A: ("Three",)},
    ),
    "heard": Scenario(
        heard,
        {TEAM_A: ("One",)},
        states=("done", "done"),
        act=it_is_published,
        processes=2,
        forgets=False,
    ),
    "poison": Scenario(
        poisoned,
        {TEAM_A: TITLES, TEAM_B: ()},
        states=("failed",),
        codes=("poison",),
        poison=TEAM_B,
    ),
    "paused": Scenario(
        fresh, {TEAM_A: TITLES, TEAM_B: TITLES}, act=it_is_paused, forgets=False, pauses=True
    ),
    "put-first": Scenario(
        two_requests,
        {TEAM_A: TITLES, TEAM_B: TITLES},
        states=("done", "done"),
        act=the_second_is_put_first,
        forgets=False,
    ),
    "cancelled-and-replayed": Scenario(
        fresh,
        {TEAM_A: TITLES, TEAM_B: TITLES},
        act=it_is_cancelled_and_replayed,
        forgets=False,
    ),
    "replayed-by-two": Scenario(
        refused, {TEAM_A: ("One", "Three", "Two")}, act=two_replay_at_once, forgets=False
    ),
    "regenerated": Scenario(
        one_team,
        {TEAM_A: TITLES, TEAM_B: ()},
        act=_mid_run(lambda house: house.github.regenerate(TEAM_A)),
    ),
    # Which repository was asked for is what the store remembers: where its memory goes back, the name has to say.
    "renamed": Scenario(
        one_team,
        {ELSEWHERE: TITLES, TEAM_A: (), TEAM_B: ()},
        act=_mid_run(_renamed_and_replaced),
        forgets=False,
    ),
    "swapped": Scenario(
        one_team,
        {TEAM_A: (), TEAM_B: TITLES},
        act=_mid_run(lambda house: house.github.swap(TEAM_A, TEAM_B)),
        forgets=False,
    ),
    "deleted": Scenario(
        one_team,
        {TEAM_B: ()},
        states=("failed",),
        codes=("repository_not_found",),
        act=_mid_run(lambda house: house.github.delete(TEAM_A)),
    ),
    "request-replayed": Scenario(
        no_source, {TEAM_A: TITLES}, act=the_source_appears, forgets=False
    ),
    "dropped": Scenario(
        dead_request, {TEAM_A: ()}, states=("dead",), act=it_is_dropped, forgets=False
    ),
}
