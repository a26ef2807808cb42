"""What people are shown: by the commands, as `--json`, and on the page. Every place shows these, made by one reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from monarch.core.card.view import Card
from monarch.core.delivery import Stream
from monarch.core.ids import CohortId, RequestId
from monarch.core.report.summary import RequestView, State
from monarch.core.request.template import Template
from monarch.ports.hearing import Gap


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request in a listing.

    Attributes:
        via: how it came: `pubsub`, `submit` or `producer`.
        targets: how many, refused ones included.
        unsettled: how many of them have not ended.
        ended_ms: `None` until it has ended.
        entry: the id of its message in the stream of requests, until it is planned.
        reason: why it ended or waits; while it runs, why the first of its parked targets waits; if it has ended well, why
            Slack did not get that.
        next_ms: when it, or the first of its parked targets, is tried again, in milliseconds since 1970, and after its
            end what Slack did not get; `None`: nothing is parked.
        cohort: `None` before it is planned, and if an older version planned it; `card` is where Slack shows it.
        not_before: the date that its message names, in ISO 8601 with its zone; `""` if it names none.
        milestones: titles of the milestones whose tickets alone are copied; empty: all tickets.
        named: the first of its targets, so that people can tell it from its neighbours.
        failed: how many of its targets were given up; `None` if that was not asked.
        source_id: GitHub's id of the source, `None` if it is not on record.
    """

    id: RequestId
    state: State
    source: str
    channel: str | None
    via: str
    tickets: int
    targets: int
    unsettled: int
    appended_ms: int
    ended_ms: int | None
    reason: str
    next_ms: int | None = None
    entry: str = ""
    cohort: CohortId | None = None
    card: Card | None = None
    not_before: str = ""
    milestones: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    failed: int | None = None
    source_id: int | None = None

    @property
    def template(self) -> Template:
        """The repository whose tickets it asks for."""
        return Template(self.source, self.source_id)


@dataclass(frozen=True, slots=True)
class MissedLine:
    """A repository that no request named, as a sweep found it; times in milliseconds since 1970.

    `channel` is where its source is reported, `None`: nowhere. `request` asks for its tickets, because `by` wished so;
    both are `""` if no request does.
    """

    repository: str
    source: str
    channel: str | None
    created_ms: int
    found_ms: int
    request: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class MigrationTimes:
    """What is known about a migration beside its view; times in milliseconds since 1970, `None`: not yet.

    `error` is why the last try failed, `""` if none did; `next_ms` is when it goes on, `None`: it does not wait.
    """

    target: str
    run: int
    attempts: int
    code: str
    entry: str
    target_id: int | None
    queued_ms: int | None
    started_ms: int | None
    first_copy_ms: int | None
    ended_ms: int | None
    error: str = ""
    error_ms: int | None = None
    next_ms: int | None = None


LOST: Final = "its record in Valkey is gone, or cannot be read"
"""What is known of a target in `RequestDetails.lost`."""


@dataclass(frozen=True, slots=True)
class FailingNotice:
    """What Slack did not get and is sent again: why, and when next, in milliseconds since 1970.

    `is_limit`: Slack's limit is reached, so that no person can have it sent before.
    """

    reason: str
    next_ms: int
    is_limit: bool = False


@dataclass(frozen=True, slots=True)
class RequestDetails:
    """A request, whole. `code` says why it is dead, `""` if it is not.

    While it waits to be planned its view has what its message says; `next_ms` is when that is tried again, `None` if it
    is not parked. `notice_error` is why Slack did not get its notice, `""` if it did or need not;
    `is_to_be_told`: its channel does not show the end yet; `failing_notice` says why, if Slack has failed. `cohort` and
    `card` as in `RequestLine`. `asked_by` is the person who submitted it, `""` if a message or a program did, which names
    no person. `lost` are the targets whose records are gone (removed by hand), or cannot be read: they are not in the
    view. `source_id` is GitHub's id of the source, `None` if it is not on record.
    """

    view: RequestView
    via: str
    code: str
    planned_ms: int | None
    times: tuple[MigrationTimes, ...]
    next_ms: int | None = None
    notice_error: str = ""
    is_to_be_told: bool = False
    cohort: CohortId | None = None
    card: Card | None = None
    asked_by: str = ""
    failing_notice: FailingNotice | None = None
    lost: tuple[str, ...] = ()
    source_id: int | None = None

    @property
    def template(self) -> Template:
        """The repository whose tickets it asks for."""
        return Template(self.view.source, self.source_id)

    @property
    def never_begun(self) -> bool:
        """Whether it ended before it was planned, or with nothing to plan: its targets are names, and hold no work."""
        return self.view.has_ended and not self.times


@dataclass(frozen=True, slots=True)
class Event:
    """A change of state. `name` is `noun.past_participle`; `fields` are its own."""

    id: str
    at_ms: int
    name: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CohortLine:
    """A cohort in a listing.

    `states` says how many of its requests are in each state; a request that is gone is not counted. `targets` is how
    many were asked for. Times are in milliseconds since 1970.
    """

    id: CohortId
    source: str
    channel: str | None
    opened_ms: int
    joined_ms: int
    targets: int
    states: Mapping[str, int]
    card: Card | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An entry given up. `id` names it in the stream of dead letters, `entry` in the stream that it came from.

    `is_cut`: its message was wrong and long, so only the beginning of the payload was kept. `lacks_payload`: it is a
    request's and came without one, and its other fields stand there as JSON.
    """

    id: str
    at_ms: int
    stream: str
    entry: str
    request: str
    migration: str
    code: str
    reason: str
    attempts: int
    deliveries: int
    payload: str
    is_cut: bool = False
    lacks_payload: bool = False

    @property
    def target(self) -> str:
        """The target, `""` if it is about a whole request: a migration's id consists of its request's and its target."""
        return self.migration.removeprefix(f"{self.request}:")


@dataclass(frozen=True, slots=True)
class Named:
    """The letters that an id means: ids of letters and of entries have one form, and in a burst an id can be both.

    `own` is the letter with this id; `of_entry` those of the entry with this id, newest first, without `own`.
    """

    own: DeadLetter | None = None
    of_entry: tuple[DeadLetter, ...] = ()

    @property
    def is_ambiguous(self) -> bool:
        """Whether the id is that of a letter, and of the entry of others."""
        return self.own is not None and bool(self.of_entry)

    @property
    def letters(self) -> tuple[DeadLetter, ...]:
        """All of them, `own` first."""
        return self.of_entry if self.own is None else (self.own, *self.of_entry)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which dead letters are meant: those that meet every condition given; without any, all of them.

    Attributes:
        target: `owner/repo`, compared without case.
        older_than_s: given up at least this many seconds ago, by the server's clock.
        newer_than_s: given up at most this many seconds ago.
        cohort: the one of that request, whose notices are about it, too; the reader of the letters fills it in.
    """

    request: str | None = None
    target: str | None = None
    code: str | None = None
    older_than_s: float | None = None
    newer_than_s: float | None = None
    cohort: str | None = None

    def means(self, letter: DeadLetter) -> bool:
        """Whether a letter is meant, apart from its age."""
        return (
            (self.request in {None, letter.request} or self._is_its_notice(letter))
            and self.code in {None, letter.code}
            and (self.target is None or self.target.lower() == letter.target.lower())
        )

    def _is_its_notice(self, letter: DeadLetter) -> bool:
        """A notice is of a whole cohort, and its letter bears the name of the request that began it."""
        return letter.stream == Stream.NOTICES and letter.request == self.cohort


@dataclass(frozen=True, slots=True)
class WorkerLine:
    """A worker that consumes.

    Attributes:
        name: `<host>.<pid>.<random>`, never the same twice.
        silent_s: seconds since it asked for work or renewed a lease.
        held: how many entries of each stream it has in hand.
        targets: what it writes to, or is about to.
        version: of its program, `""` if that is not known.
        since_ms: when it began, in milliseconds since 1970; `None` if that is not known.
        heard_ms: when it heard the last message on the channel; `None`: none yet.
        gap: the last time in which it did not hear the channel; `None`: it always did, or it never heard yet.
        roles: what it does; none if that is not known.
    """

    name: str
    silent_s: float
    held: Mapping[str, int]
    targets: tuple[str, ...]
    version: str = ""
    since_ms: int | None = None
    heard_ms: int | None = None
    gap: Gap | None = None
    roles: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The machine, or container, that it runs on."""
        return self.name.rsplit(".", 2)[0]

    @property
    def pid(self) -> str:
        """Its process there."""
        return self.name.rsplit(".", 2)[1] if self.name.count(".") > 1 else ""


@dataclass(frozen=True, slots=True)
class Parked:
    """Work that waits until `due_ms` (milliseconds since 1970). `target` is `""` if it is about a whole request."""

    request: str
    stream: str
    target: str
    due_ms: int


@dataclass(frozen=True, slots=True)
class MinuteWrites:
    """What an account has written in the last hour: a count for each minute, the newest last."""

    account: str
    by_minute: tuple[int, ...]
