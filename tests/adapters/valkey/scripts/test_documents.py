"""The documents of permit.lua and record.lua: each field is named once by each side, and the same."""

import json
import re
from pathlib import Path

import pytest

import monarch.adapters.valkey.scripts as scripts_package
from monarch.adapters.valkey.ledger import facts, permission
from monarch.core.after.acts import Change
from monarch.core.budget.ceilings import Ceilings, Pace
from monarch.core.delivery import MigrationEntry, Stream, Token
from monarch.core.ids import Epoch, RequestId, TargetId, TicketId
from monarch.core.target.permission import (
    Fact,
    Intention,
    WasAnswered,
    WasChanged,
    WasCreated,
    WasFound,
    WasLooked,
    WasNotCreated,
    WasNoted,
    WasRefused,
    WasStray,
    WasUnanswered,
    Wish,
)

TOKEN = Token(Stream.MIGRATIONS, "worker-1", "5-0", 1)
ENTRY = MigrationEntry(RequestId("1-0"), "org/team-a", 0, 1)
TICKET = TicketId(7)
FACTS: tuple[Fact, ...] = (
    WasCreated(1, "nonce", 2),
    WasFound(1, 2),
    WasRefused("nonce", 1, "no"),
    WasNotCreated("nonce"),
    WasUnanswered("nonce"),
    WasStray(2, 1),
    WasAnswered("nonce"),
    WasNoted("text"),
    WasLooked(3, 0),
    WasChanged(Change.CLOSE, 1, "nonce"),
)


def read_by(script: str, document: str) -> set[str]:
    """Every field that the script reads of its document."""
    folder = Path(scripts_package.__file__).parent / "ledger"
    code = re.sub(r"--.*", "", (folder / script).read_text(encoding="utf-8"))
    return set(re.findall(rf"\b{document}\.(\w+)", code))


def told(fact: Fact, ticket: TicketId | None = TICKET) -> dict[str, object]:
    """What record.lua gets."""
    limits = facts.limits(Pace(), 86_400_000)
    document = json.loads(facts.encoded(TOKEN, ENTRY, TargetId(5), ticket, fact, limits))
    assert isinstance(document, dict)
    return document


def asked(wish: Wish) -> dict[str, object]:
    """What permit.lua gets."""
    limits = permission.limits(Ceilings(), Pace())
    document = json.loads(permission.asked(TOKEN, ENTRY, wish, "nonce", "", limits))
    assert isinstance(document, dict)
    return document


def test_permit_reads_exactly_what_it_is_asked() -> None:
    """A field that one side alone knows would be nil, or sent for nothing."""
    change = Wish(Epoch("e"), TICKET, "before", 1_000, Intention(TICKET, Change.CLOSE, 3))

    assert set(asked(change)) == read_by("permit.lua", "ask")


def test_record_reads_exactly_what_it_is_told() -> None:
    """Over all kinds of facts together."""
    known = {field for fact in FACTS for field in told(fact)}

    assert known == read_by("record.lua", "doc")


def test_a_write_of_which_the_ledger_keeps_nothing_names_no_ticket() -> None:
    """To the script what is not there is nil: neither 0 nor an empty text, which Lua takes for true."""
    optional = {"ticket", "reconciled", "pending", "change"}

    assert not optional & set(asked(Wish(Epoch("e"))))


@pytest.mark.parametrize("fact", [WasCreated(1, "nonce"), WasFound(1)])
def test_an_issue_id_that_is_not_known_is_not_told(fact: Fact) -> None:
    """It would be kept as a number that no issue has."""
    assert "issue" not in told(fact)
