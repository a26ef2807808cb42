"""The wishes: every message that a run sends, at a random moment of its minute. Pure."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

GONE: Final = "school/gone"
"""A source that does not exist."""

LAST_WISH_S: Final = 15.0
"""How long before the end of the faults the last request is made, in seconds."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A message to come.

    Attributes:
        story: why it is sent.
        way: `submit` (durable, acknowledged), `command` (likewise, by `monarch submit`) or `publish`.
        source: `""` where the message names none.
        targets: as named; those that cannot be one included.
        by_hand: whether the hand of a fault sends it, at its moment.
        milestones: those whose tickets it asks for; none: it asks for all.
        not_before: when its copies may begin, in seconds since 1970; 0: at once.
    """

    at_s: float
    story: str
    way: str
    payload: bytes
    source: str = ""
    targets: tuple[str, ...] = ()
    channel: str = ""
    by_hand: bool = False
    milestones: tuple[str, ...] = ()
    not_before: float = 0.0


def message(
    source: str,
    targets: list[str],
    channel: str,
    milestones: tuple[str, ...] = (),
    not_before: str = "",
) -> bytes:
    """A message as the platform makes it; the two keys of a portion only where there is one."""
    fields: dict[str, object] = {
        "notification_channel": channel,
        "source_repo": source,
        "all_target_repositories": targets,
    }
    if milestones:
        fields["milestones"] = milestones
    if not_before:
        fields["not_before"] = not_before
    return json.dumps(fields).encode()


class Wishes:
    """Makes the wishes of a run, so many every minute or two; remembers what can be repeated or overlapped."""

    def __init__(self, dice: random.Random, length_s: float, every_s: float) -> None:
        self._dice = dice
        self._every_s = every_s
        self._last_s = max(1.0, length_s - LAST_WISH_S)
        self._made: list[Wish] = []
        self.healthy: list[str] = []
        self.archived: list[str] = []
        self.channels: list[str] = []

    def all(self) -> list[Wish]:
        """Everything, in no order."""
        wishes: list[Wish] = []
        start_s = 0.0
        while start_s < self._last_s:
            made = [wish for story in _STORIES for wish in story(self, start_s)]
            # The last minute is as full as it is long.
            wishes += [wish for wish in made if wish.at_s <= self._last_s]
            start_s += self._every_s
        return wishes

    def wish(
        self, start_s: float, story: str, source: str, targets: list[str], channel: str = ""
    ) -> Wish:
        """A message as the platform makes it, at a random moment of the minute."""
        channel = channel or self.new_channel()
        wish = Wish(
            self._moment(start_s),
            story,
            self._way(),
            message(source, targets, channel),
            source,
            tuple(targets),
            channel,
        )
        self._made.append(wish)
        return wish

    def fresh(self, start_s: float) -> Iterator[Wish]:
        """New teams of each size of template."""
        for source, teams in (("school/middle", 3), ("school/small", 4), ("school/large", 1)):
            yield self.wish(start_s, "fresh", source, [self.team() for _ in range(teams)])

    def cohort(self, start_s: float) -> Iterator[Wish]:
        """A message for each team, the same source and channel, seconds apart."""
        channel, at_s = self.new_channel(), self._moment(start_s)
        for number in range(4):
            wish = self.wish(start_s, "cohort", "school/small", [self.team()], channel)
            yield _again(wish, at_s + number)

    def overlap(self, start_s: float) -> Iterator[Wish]:
        """Two templates for one team, and one template for it by two requests."""
        team, other = self.team(), self.team()
        yield self.wish(start_s, "overlap", "school/small", [team, other])
        yield self.wish(start_s, "overlap", "school/middle", [team])
        yield self.wish(start_s, "overlap", "school/small", [other])

    def repeat(self, start_s: float) -> Iterator[Wish]:
        """The button "migrate again": the same bytes, soon or much later."""
        for _ in range(2):
            yield _again(self._dice.choice(self._made), self._moment(start_s))

    def wrong(self, start_s: float) -> Iterator[Wish]:
        """Something that cannot be done as it stands."""
        yield self.wish(start_s, "missing target", "school/small", [self.team(), "teams/nobody"])
        kind = self._dice.choice(("gone", "empty", "archived", "bad name"))
        if kind == "gone":
            yield self.wish(start_s, "missing source", GONE, [self.team()])
        elif kind == "empty":
            yield self.wish(start_s, "empty source", "school/empty", [self.team()])
        elif kind == "archived":
            self.archived.append(f"teams/archived-{len(self.archived)}")
            targets = [self.archived[-1], self.team()]
            yield self.wish(start_s, "archived target", "school/small", targets)
        else:
            targets = [self.team(), "no/such/name", "school/small"]
            yield self.wish(start_s, "bad target", "school/small", targets)

    def malformed(self, start_s: float) -> Iterator[Wish]:
        """What nobody can read."""
        payload = self._dice.choice(_MALFORMED) or self._dice.randbytes(40)
        yield Wish(self._moment(start_s), "malformed", self._way(), payload)

    def new_channel(self) -> str:
        """A channel of one's own: what it hears is about one message alone."""
        self.channels.append(f"C{len(self.channels):08d}")
        return self.channels[-1]

    def team(self, owner: str = "teams") -> str:
        """A repository that was generated moments ago."""
        self.healthy.append(f"{owner}/team-{len(self.healthy):04d}")
        return self.healthy[-1]

    def _moment(self, start_s: float) -> float:
        span_s = min(self._every_s, self._last_s - start_s)
        return round(start_s + self._dice.random() * span_s, 3)

    def _way(self) -> str:
        return self._dice.choices(("submit", "publish", "command"), (6, 6, 1))[0]


_STORIES: Final = (
    Wishes.fresh,
    Wishes.cohort,
    Wishes.overlap,
    Wishes.wrong,
    Wishes.malformed,
    Wishes.repeat,
)

_MALFORMED: Final = (
    b"",
    b"{",
    b"[]",
    b'"school/small"',
    b"{}",
    b'{"source_repo": 7, "all_target_repositories": ["teams/a"]}',
    b'{"source_repo": "school/small", "all_target_repositories": []}',
    b'{"source_repo": "school/small", "all_target_repositories": "teams/a"}',
    b"\xff\xfe\x00",
)
"""An empty one stands for random bytes."""


def _again(wish: Wish, at_s: float) -> Wish:
    return Wish(at_s, wish.story, wish.way, wish.payload, wish.source, wish.targets, wish.channel)
