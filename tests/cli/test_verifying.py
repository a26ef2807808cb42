"""`verify` as the one who gives it sees it; that it finds the truth is tried in tests/system."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from monarch.app import verify
from monarch.app.verify import TargetReport, Verified
from monarch.cli import verify as verify_command
from monarch.cli.terminal import away
from monarch.core.ids import RequestId, TicketId
from monarch.core.report.summary import State
from monarch.core.report.verification import Extra, Finding, Mark, Verification
from monarch.ports import StoreError
from tests.cli.conftest import Give
from tests.core.builders import a_plan

REQUEST = RequestId("1732406400000-0")
GITHUB = {"GH_PAT": "ghp_x"}


def a_finding(ticket: int, *marks: Mark, **more: Any) -> Finding:
    """A ticket whose copy has its number; the id is 100 + that."""
    gone = Mark.MISSING in marks or Mark.REFUSED in marks
    number = None if gone else ticket
    return Finding(ticket, TicketId(100 + ticket), f"T{ticket}", number, marks, **more)


WELL = TargetReport(
    "org/team-b",
    State.DONE,
    Verification("org/team-b", tuple(a_finding(n, Mark.PRESENT) for n in range(1, 7))),
)
ILL = TargetReport(
    "org/team-a",
    State.DONE,
    Verification(
        "org/team-a",
        (
            a_finding(1, Mark.PRESENT),
            a_finding(2, Mark.MISSING, reason="#2 was deleted"),
            a_finding(3, Mark.DOUBLED, strays=(8, 9)),
            a_finding(4, Mark.EDITED, Mark.CLOSED),
            a_finding(5, Mark.REFUSED, reason="no, says GitHub"),
            a_finding(6, Mark.CLOSED),
        ),
        (Extra(7, 12),),
    ),
)
GONE = TargetReport("org/team-c", State.DEAD, None, "it does not exist")


@pytest.fixture
def find(monkeypatch: pytest.MonkeyPatch, give: Give) -> Callable[..., Any]:
    """Give the command where this was found."""

    def told(
        *targets: TargetReport, options: tuple[str, ...] = (), state: State = State.DONE
    ) -> Any:
        async def verified(*_: Any) -> Verified:
            return Verified(REQUEST, state, a_plan(1, 2, 3, 4, 5, 6), targets)

        monkeypatch.setattr(verify, "verified", verified)
        return give("verify", REQUEST, *options, **GITHUB)

    return told


def done(client: Any, targets: Mapping[str, str]) -> None:
    """Such a request stands in Valkey, with these targets and how they ended."""
    fields = {"state": "done", "run": "1", "targets": "\n".join(targets), "source": "org/template"}
    client.hset(f"{{monarch}}:request:{REQUEST}", mapping=fields)
    client.set(f"{{monarch}}:plan:{REQUEST}", b"1:")
    for target, state in targets.items():
        known = {"state": state, "target": target, "run": "1"}
        client.hset(f"{{monarch}}:migration:{REQUEST}:{target}", mapping=known)


def test_every_ticket_of_every_target_has_its_sign(find: Callable[..., Any]) -> None:
    """Counts and a matrix, and below it what is more than present, in words."""
    result = find(WELL, ILL, GONE)

    assert result.exit_code == 1
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "org/team-b 6 0 0 0 0 0 0 0 done ......" in lines
    assert "org/team-a 4 1 1 1 1 0 2 1 done .!2e-c" in lines
    assert "org/team-c - - - - - - - - dead not read" in lines
    assert "org/team-a: ticket #2: missing: #2 was deleted" in lines
    assert "org/team-a: ticket #3 is #3: doubled (close #8 #9)" in lines
    assert "org/team-a: ticket #4 is #4: edited, closed" in lines
    assert "org/team-a: ticket #5: refused: no, says GitHub" in lines
    assert "org/team-a: #7 is a copy of #12, which is not in the plan" in lines
    assert "org/team-c: it does not exist" in lines
    assert f"`monarch verify {REQUEST} --heal` has missing copies made again" in lines
    assert f"`monarch show {REQUEST}` says why targets were given up, and what to do" in lines


def test_a_request_that_is_whole_is_well(find: Callable[..., Any]) -> None:
    """What people did to their copies included."""
    edited = TargetReport(
        "org/team-a",
        State.DONE,
        Verification("org/team-a", (a_finding(1, Mark.EDITED), a_finding(2, Mark.CLOSED))),
    )

    assert find(WELL, edited).exit_code == 0


def test_a_request_that_runs_is_said_to_run(find: Callable[..., Any]) -> None:
    """What is missing now may be there in a moment."""
    assert "running: what is missing may be copied yet" in find(ILL, state=State.RUNNING).stdout


def test_programs_get_one_document(find: Callable[..., Any]) -> None:
    """With every ticket, and sums over all targets."""
    document = json.loads(find(WELL, ILL, GONE, options=("--json",)).stdout)

    assert (document["well"], document["request"]) == (False, REQUEST)
    assert document["summary"] == {
        "present": 10,
        "missing": 1,
        "doubled": 1,
        "refused": 1,
        "edited": 1,
        "recalled": 0,
        "closed": 2,
        "extra": 1,
    }
    well, ill, gone = document["targets"]
    assert len(well["tickets"]) == len(ill["tickets"]) == 6
    assert ill["tickets"][3]["marks"] == ["edited", "closed"]
    assert ill["extra"] == [{"number": 7, "ticket": 12}]
    assert (gone["tickets"], gone["problem"]) == ([], "it does not exist")


@pytest.fixture
def reading(
    monkeypatch: pytest.MonkeyPatch, give: Give, client: Any
) -> Callable[..., tuple[Any, list[int]]]:
    """Give `verify --heal --wait` where so many readings end with a Valkey that dies, in the middle or at once."""
    done(client, {"org/team-b": "done"})
    monkeypatch.setattr(verify_command, "AGAIN_S", 0.0)

    def told(outages: int, *, at_once: bool = False) -> tuple[Any, list[int]]:
        begun: list[int] = []

        async def verified(_: object, __: object, tell: Callable[[str], None]) -> Verified:
            begun.append(len(begun))
            if not at_once:
                tell("org/team-b")
            if len(begun) <= outages:
                raise StoreError("reading a ledger: Connection closed by server")
            return Verified(REQUEST, State.DONE, a_plan(1), (WELL,))

        monkeypatch.setattr(verify, "verified", verified)
        return give("verify", REQUEST, "--heal", "--wait", **GITHUB), begun

    return told


def test_a_valkey_that_restarts_while_targets_are_read_ends_no_verifying(
    reading: Callable[..., tuple[Any, list[int]]],
) -> None:
    """It ended with status 1, as if the request were not whole, and nothing had been submitted yet."""
    result, begun = reading(2)

    assert (result.exit_code, len(begun)) == (0, 3)
    assert "Connection closed by server); nothing was submitted yet, waiting" in result.stderr
    assert result.stderr.count("Valkey answers again") == 2


def test_a_valkey_that_never_answered_is_the_wrong_one(
    reading: Callable[..., tuple[Any, list[int]]],
) -> None:
    """Waiting for a port without a server would hide that it is wrong."""
    result, begun = reading(1, at_once=True)

    assert (result.exit_code, len(begun)) == (1, 1)
    assert "See `monarch doctor`" in result.stderr


def test_a_verifying_gives_up_a_valkey_that_stays_away(
    reading: Callable[..., tuple[Any, list[int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the status of what cannot be seen any more, not that of what is not whole."""
    monkeypatch.setattr(away, "AWAY_FOR_S", -1.0)

    result, _ = reading(1)

    assert result.exit_code == 3
    assert "Valkey could not be asked for 15 min; nothing was submitted" in result.stderr


def test_a_healing_is_submitted_for_what_is_missing_alone(
    find: Callable[..., Any], client: Any
) -> None:
    """One migration with one ticket; a second copy is still a person's to close."""
    done(client, {"org/team-a": "done", "org/team-b": "done"})

    result = find(ILL, WELL, options=("--heal", "--by", "ada"))

    ((_, fields),) = client.xrange("{monarch}:migrations")
    assert (fields[b"target"], fields[b"heal"]) == (b"org/team-a", b"102")
    assert "healing org/team-a 1 to be made again" in " ".join(result.stdout.split())
    assert "! no worker is running" in result.stderr
    assert f"monarch show {REQUEST}" in result.stdout
    assert result.exit_code == 1
    (event,) = [
        f for _, f in client.xrange("{monarch}:events") if f[b"event"] == b"migration.healing"
    ]
    assert event[b"by"] == b"ada"


def test_a_healing_that_is_refused_is_a_failure(find: Callable[..., Any], client: Any) -> None:
    """A dead migration is replayed; the command says so, in words and in the document."""
    done(client, {"org/team-a": "dead"})

    words = find(ILL, options=("--heal",))
    document = find(ILL, options=("--heal", "--json"))

    assert (words.exit_code, document.exit_code) == (1, 1)
    assert f"replay it first (`monarch dead replay --request {REQUEST}`)" in words.stdout
    (refused,) = json.loads(document.stdout)["healing"]
    assert (refused["target"], refused["migration"]) == ("org/team-a", "")
    assert client.xlen("{monarch}:migrations") == 0


def test_a_healing_of_recalled_copies_that_is_refused_is_a_failure(
    find: Callable[..., Any], client: Any
) -> None:
    """Nothing was missing and one ticket refused: the refusal stood on standard output, and the status was 0."""
    done(client, {"org/team-a": "dead"})
    findings = (a_finding(1, Mark.RECALLED), a_finding(2, Mark.REFUSED, reason="no, says GitHub"))
    recalled = TargetReport("org/team-a", State.DEAD, Verification("org/team-a", findings))

    looked, words = find(recalled), find(recalled, options=("--heal",))
    document = find(recalled, options=("--heal", "--json"))

    assert [one.exit_code for one in (looked, words, document)] == [0, 1, 1]
    assert "replay it first" in words.stdout


def test_a_target_that_is_called_otherwise_now_is_named(find: Callable[..., Any]) -> None:
    """Its copies were shown under a name that another repository had taken."""
    told = " ".join(find(replace(WELL, now="org/elsewhere")).stdout.split())

    assert "org/team-b: the repository that was reached is called org/elsewhere now" in told
    assert "is called" not in find(replace(WELL, now="Org/Team-B")).stdout


def test_a_healing_is_not_advised_to_who_gives_it(find: Callable[..., Any], client: Any) -> None:
    """The command advised itself."""
    done(client, {"org/team-a": "done"})

    assert "--heal` has missing copies made again" in find(ILL).stdout
    assert "--heal`" not in find(ILL, options=("--heal",)).stdout


@pytest.mark.parametrize("beside", [(), (WELL,), (ILL,)])
def test_what_could_not_be_read_is_not_called_whole(
    find: Callable[..., Any], client: Any, beside: tuple[TargetReport, ...]
) -> None:
    """What is missing there is unknown, and no healing is asked for."""
    done(client, {one.target: one.state.value for one in (*beside, GONE)})

    result = find(*beside, GONE, options=("--heal",))

    assert result.exit_code == 1
    told = " ".join(result.stdout.split())
    assert "not read org/team-c nothing is healed there: it does not exist" in told
    assert ("elsewhere nothing is missing" in told) is (beside == (WELL,))
    assert "there is nothing to heal" not in told.replace("elsewhere nothing is missing: there", "")
    healed = [fields[b"target"] for _, fields in client.xrange("{monarch}:migrations")]
    assert healed == [one.target.encode() for one in beside if one is ILL]


def test_nothing_is_healed_where_nothing_is_missing(find: Callable[..., Any], client: Any) -> None:
    """That is no failure."""
    done(client, {"org/team-b": "done"})

    result = find(WELL, options=("--heal",))

    assert result.exit_code == 0
    assert "there is nothing to heal" in result.stdout
    assert client.xlen("{monarch}:migrations") == 0


@pytest.mark.parametrize(
    ("arguments", "environment", "status", "says"),
    [
        (("1-1", "--wait"), GITHUB, 2, "--heal"),
        (("1-1", "--heal", "--by", "\n"), GITHUB, 2, "--by"),
        (("1-1",), {}, 2, "GH_PAT"),
        (("1-1",), GITHUB, 1, "no request 1-1 is known"),
        (("1-1",), {**GITHUB, "VALKEY_URL": "valkey://127.0.0.1:1"}, 1, "monarch doctor"),
    ],
)
def test_what_cannot_be_verified_is_said(
    give: Give, arguments: tuple[str, ...], environment: dict[str, str], status: int, says: str
) -> None:
    """Wrong usage, an unknown request, and a Valkey that is away: without it there is no plan."""
    result = give("verify", *arguments, **environment)

    assert (result.exit_code, result.stdout) == (status, "")
    assert says in result.stderr


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("queued", "is not planned yet"),
        ("skipped", "its source had no tickets"),
        ("dead", "was never planned"),
        ("done", "is gone: it has expired, was removed, or cannot be read"),
    ],
)
def test_a_request_without_a_plan_says_why(give: Give, client: Any, state: str, says: str) -> None:
    """Each in its own words."""
    client.hset(
        f"{{monarch}}:request:{REQUEST}", mapping={"state": state, "source": "org/template"}
    )

    result = give("verify", REQUEST, **GITHUB)

    assert (result.exit_code, result.stdout) == (1, "")
    assert says in result.stderr
