"""What a card counts: what each repository was asked to hold, once, and the requests without a repository.

A later request for a repository stands for it from then on: it tops up what the earlier one has left. A request for
another portion of the template is other work and has a line of its own.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from monarch.core.card.view import CohortView
from monarch.core.outcome import Code
from monarch.core.portions.sentences import milestones_words
from monarch.core.report.summary import MigrationView, RequestView, State

GIVEN_UP = frozenset({State.DEAD, State.FAILED})


@dataclass(frozen=True, slots=True)
class Share:
    """One repository of a cohort, by its newest request."""

    request: RequestView
    migration: MigrationView

    @property
    def there(self) -> int:
        """How many copies are there."""
        return self.migration.copied + self.migration.present

    @property
    def tickets(self) -> int:
        """How many copies there should be."""
        return self.request.tickets

    @property
    def is_given_up(self) -> bool:
        """Whether it failed for good."""
        return self.migration.state in GIVEN_UP

    @property
    def needs_a_person(self) -> bool:
        """Whether it does not get better by itself."""
        return self.is_given_up or bool(self.migration.strays)

    @property
    def is_done(self) -> bool:
        """Whether every ticket was found in it."""
        return self.migration.state is State.DONE


def shares(view: CohortView) -> tuple[Share, ...]:
    """Each portion of each repository once, in the order in which it was first asked for."""
    found: dict[tuple[str, str], Share] = {}
    for request in view.requests:
        portion = milestones_words(request.portion)
        for migration in request.migrations:
            found[migration.target.lower(), portion] = Share(request, migration)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Tally:
    """How many repositories there are, how many of them hold all that they were asked to, and how many failed.

    `cancelled` are those that did not fail, and were called off in part or whole.
    """

    repositories: int
    done: int
    failed: int
    cancelled: int


def tally(found: Iterable[Share]) -> Tally:
    """Count repositories, however many portions of the template each was asked to hold."""
    by_name: dict[str, list[Share]] = {}
    for share in found:
        by_name.setdefault(share.migration.target.lower(), []).append(share)
    done = sum(all(share.is_done for share in those) for those in by_name.values())
    failed = sum(any(share.is_given_up for share in those) for those in by_name.values())
    off = sum(
        any(share.migration.state is State.CANCELLED for share in those)
        and not any(share.is_given_up for share in those)
        for those in by_name.values()
    )
    return Tally(len(by_name), done, failed, off)


def alone(view: CohortView) -> tuple[RequestView, ...]:
    """The requests without a repository: not planned yet, given up before that, or with nothing to copy."""
    return tuple(
        request
        for request in view.requests
        if not request.migrations or request.state in {State.SKIPPED, State.DEAD}
    )


def state_of(view: CohortView) -> State:
    """How the whole cohort stands."""
    all_shares, requests = shares(view), view.requests
    if not view.has_ended:
        waits = all(request.state is State.QUEUED for request in requests)
        return State.QUEUED if waits else State.RUNNING
    states = {share.migration.state for share in all_shares} | {
        request.state for request in alone(view)
    }
    if states & GIVEN_UP:
        return State.FAILED if all_shares else State.DEAD
    if State.CANCELLED in states:
        return State.CANCELLED
    return State.SKIPPED if states <= {State.SKIPPED} else State.DONE


@dataclass(frozen=True, slots=True)
class Doing:
    """An act that is under way: in which repositories, by their names in small letters, it is or has ended already."""

    act: str
    targets: frozenset[str]


def acts_under_way(view: CohortView) -> tuple[Doing, ...]:
    """Each act that is under way, in the order of the requests."""
    found: dict[str, set[str]] = {}
    for request in view.requests:
        for act in dict.fromkeys(one.act for one in request.migrations if one.act):
            taken = (one for one in request.migrations if act in {one.act, one.acted})
            found.setdefault(act, set()).update(one.target.lower() for one in taken)
    return tuple(Doing(act, frozenset(targets)) for act, targets in found.items())


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that was given up: a repository, or a whole request (`target` is `""`).

    `place` and `is_dropped` are as in `MigrationView`.
    """

    cause: str
    target: str
    request: RequestView
    reason: str
    place: str = ""
    is_dropped: bool = False

    @property
    def name(self) -> str:
        """What it is called: the repository, or the id of the request."""
        return self.target or self.request.id


def failures(view: CohortView) -> tuple[Failure, ...]:
    """All that was given up and not called off, in the order of the card."""
    return (*_of_shares(view), *_of_requests(view))


def _of_shares(view: CohortView) -> Iterator[Failure]:
    for share in shares(view):
        if share.is_given_up:
            its = share.migration
            code = _cause(its.code)
            yield Failure(
                code, its.target, share.request, its.reason, its.place, is_dropped=its.is_dropped
            )


def _of_requests(view: CohortView) -> Iterator[Failure]:
    for request in alone(view):
        if request.state is State.DEAD:
            code = _cause(request.code)
            yield Failure(code, "", request, request.reason, is_dropped=request.is_dropped)


def _cause(code: str) -> str:
    """The cause under which a failure is reported, once each; older versions left none."""
    return code or Code.OUT_OF_ATTEMPTS.value
