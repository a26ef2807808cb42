"""What makes an issue the copy of a ticket; each story by its name."""

import itertools
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monarch.core.copy.marker import Marker
from monarch.core.copy.seal import Seal
from monarch.core.ids import TargetId, TicketId
from monarch.core.target.evidence import Evidence, weigh
from monarch.core.target.logins import Us
from monarch.core.target.look import Seen, see
from monarch.core.target.step import CreatedAs, Intended, LedgerRecord
from monarch.core.ticket import Issue
from tests.core.builders import OURS, OWN, SOURCE, TEAM, US, an_issue

ONE, TWELVE = TicketId(101), TicketId(112)
OTHER_TEAM = TargetId(8)
SEAL = Seal("monarch", (b"the key of today", b"the key of yesterday"))
LOST = Seal("monarch", (b"a key that is lost",))
ELSEWHERE = Seal("another", SEAL.keys)
ASSOCIATIONS = (
    "OWNER",
    "MEMBER",
    "COLLABORATOR",
    "CONTRIBUTOR",
    "FIRST_TIMER",
    "FIRST_TIME_CONTRIBUTOR",
    "MANNEQUIN",
    "NONE",
    "",
)


def marker(
    ticket: int, target: TargetId | None = TEAM, seal: Seal | None = None, into: TargetId = TEAM
) -> str:
    """The marker of a ticket by its number, signed for `into`."""
    id_ = TicketId(100 + ticket)
    signature = "" if seal is None else seal.sign(id_, into)
    return str(Marker(SOURCE, ticket, id_, target, signature))


def by_student(number: int, ticket: int, **how: object) -> Issue:
    """An issue that a student has opened, with the marker of a ticket."""
    kept = {"association": "OWNER", **how}
    return an_issue(number, **{"body": f"Do it.\n\n{marker(ticket)}", "author": "student", **kept})


def remembering(**numbers: int) -> Evidence:
    """The ledger says which issue is which ticket's copy (`_12=12`)."""
    records: Mapping[TicketId, LedgerRecord] = {
        TicketId(100 + int(ticket[1:])): CreatedAs(number, 0, 1000 + number)
        for ticket, number in numbers.items()
    }
    return replace(OURS, records=records)


# -------------------------------------------------------------------------------------- who planted what


@pytest.mark.parametrize("association", ASSOCIATIONS)
def test_a_marker_forged_by_whoever_is_associated_with_the_repository_proves_nothing(
    association: str,
) -> None:
    """An owner of a team's repository is a student there; a member of the organisation is any student."""
    seen = see([by_student(1, 12, association=association)], OURS)

    assert seen == Seen(planted=(1,), highest=1)


@pytest.mark.parametrize(
    "planted",
    [
        by_student(1, 12, state="closed"),
        by_student(1, 12, author=None),
        by_student(1, 12, body=marker(12, None)),
        by_student(1, 12, body=marker(12, OTHER_TEAM)),
        by_student(1, 12, body=marker(12, TargetId(0))),
        by_student(1, 12, body=marker(12, seal=LOST)),
        by_student(1, 12, body=marker(12, seal=ELSEWHERE)),
        by_student(1, 12, body=marker(12, OTHER_TEAM, SEAL, OTHER_TEAM)),
        by_student(1, 12, body=marker(12, TEAM, SEAL, OTHER_TEAM)),
        by_student(1, 12, body=marker(12).replace("-->", f"sig={'0' * 32} -->")),
    ],
    ids=[
        "in a closed issue",
        "by a deleted account",
        "of an older version",
        "of another target",
        "of no target",
        "signed by a lost key",
        "signed by another installation",
        "signed for another target",
        "with the signature of another target",
        "with any signature",
    ],
)
def test_a_marker_that_somebody_else_planted_is_reported_and_changes_nothing(
    planted: Issue,
) -> None:
    """Whatever it looks like: neither a copy nor a stray, beside our copy and without it."""
    evidence = replace(OURS, seal=SEAL)
    copy = an_issue(2, body=marker(12, seal=SEAL))

    assert see([planted], evidence) == Seen(planted=(1,), highest=1)
    assert see([planted, copy], evidence) == Seen({TWELVE: 2}, planted=(1,), highest=2)


@pytest.mark.parametrize(
    "harmless",
    [
        by_student(1, 12, body="Do it.", title=marker(12)),
        by_student(1, 12, body=f"> {marker(12)}"),
        by_student(1, 12, is_pull=True),
    ],
    ids=["in the title", "quoted", "in a pull request"],
)
def test_where_no_marker_stands_there_is_none(harmless: Issue) -> None:
    """A comment is not even read."""
    assert see([harmless], OURS) == Seen(highest=1)


def test_one_planted_issue_suppresses_no_ticket() -> None:
    """It carries the markers of all of them."""
    body = "\n".join(marker(ticket) for ticket in range(1, 13))

    assert see([by_student(1, 1, body=body)], OURS).copies == {}


# ---------------------------------------------------------------------------------- one issue, one ticket


def test_an_issue_stands_for_the_ticket_of_its_last_marker_alone() -> None:
    """People paste texts into one another; what comes before its own marker speaks for nothing."""
    seen = see([an_issue(1, body=f"{marker(2)}\n{marker(3)}\n{marker(1)}")], OURS)

    assert seen == Seen({ONE: 1}, highest=1)


def test_the_marker_of_another_target_is_worthless_in_our_own_issue_too() -> None:
    """A copy that was transferred, or a person with our token who pastes: no copy, no stray, nothing planted."""
    assert see([an_issue(1, body=marker(12, OTHER_TEAM))], OURS) == Seen(highest=1)


def test_a_marker_of_an_older_version_counts_in_our_own_issues() -> None:
    """It names no target."""
    assert see([an_issue(4, body=marker(12, None))], OURS).copies == {TWELVE: 4}


# -------------------------------------------------------------------------------------- the ledger first


def test_a_marker_that_a_student_puts_into_copy_1_does_not_outrank_our_own_201() -> None:
    """Copy #1 stays ticket 1's copy, as the ledger says, #12 is ticket 12's, and nothing is to be closed."""
    edited, twelfth = an_issue(1, body=marker(12)), an_issue(12, body=marker(12))

    seen = see([edited, twelfth], remembering(_1=1, _12=12))

    assert seen == Seen({ONE: 1, TWELVE: 12}, highest=12)


def test_before_the_twelfth_is_created_the_edited_first_does_not_stand_for_it() -> None:
    """Or ticket 12 would never be copied."""
    assert see([an_issue(1, body=marker(12))], remembering(_1=1)).copies == {ONE: 1}


def test_an_innocent_paste_of_a_copys_text_changes_nothing() -> None:
    """The hidden line comes along. With the ledger and without it."""
    copy, paste = an_issue(5, body=marker(5)), by_student(13, 5)

    for evidence in (OURS, remembering(_5=5)):
        assert see([copy, paste], evidence) == Seen({TicketId(105): 5}, planted=(13,), highest=13)


def test_a_copy_on_record_counts_whatever_has_become_of_its_marker() -> None:
    """A person has edited it away, or our account was deleted."""
    for changed in (an_issue(3, body="mine now"), an_issue(3, author=None)):
        assert see([changed], remembering(_1=3)).copies == {ONE: 3}


def test_an_issue_with_another_id_is_not_the_one_on_record() -> None:
    """Another repository answered, or the ledger is wrong."""
    evidence = replace(OURS, records={ONE: CreatedAs(3, 0, 5)})

    assert see([an_issue(3)], evidence).copies == {}


def test_an_older_record_without_an_id_is_believed_of_what_is_ours_or_signed() -> None:
    """An older version may have recorded what a person had planted."""
    evidence = replace(OURS, records={TWELVE: CreatedAs(3, 0)}, seal=SEAL)
    signed = by_student(3, 12, body=marker(12, seal=SEAL))

    assert see([an_issue(3)], evidence).copies == {TWELVE: 3}
    assert see([signed], evidence).copies == {TWELVE: 3}
    assert see([by_student(3, 12)], evidence).copies == {}


def test_a_record_whose_issue_the_look_does_not_show_proves_nothing_yet() -> None:
    """Its number is read by itself."""
    assert see([an_issue(1)], remembering(_12=12)).copies == {}


# ------------------------------------------------------------------------------------------ second copies


def test_our_own_second_copy_is_a_stray_whatever_its_number() -> None:
    """The late one got the lower number; the ledger knows the other."""
    late, known = an_issue(3, body=marker(12)), an_issue(4, body=marker(12))

    (stray,) = see([late, known], remembering(_12=4)).strays

    assert (stray.number, stray.original) == (3, 4)


def test_a_second_copy_of_a_write_without_an_answer_is_a_stray() -> None:
    """The ledger says *intended*; of two by our account the lower number is the copy."""
    evidence = replace(OURS, records={TWELVE: Intended(0, "n")})

    seen = see([an_issue(3, body=marker(12)), an_issue(4, body=marker(12))], evidence)

    assert seen.copies == {TWELVE: 3}
    assert [stray.number for stray in seen.strays] == [4]


# --------------------------------------------------------------------------------------------- signatures


@pytest.mark.parametrize("key", [0, 1])
def test_a_signed_marker_proves_the_copy_whoever_wrote_it(key: int) -> None:
    """The account was changed, and Valkey has forgotten everything; the key may have been changed, too."""
    signed = marker(12, seal=Seal("monarch", SEAL.keys[key:]))
    copy = an_issue(4, body=signed, author="former-bot[bot]")

    assert see([copy], replace(OURS, seal=SEAL)).copies == {TWELVE: 4}


def test_a_lost_key_takes_nothing_from_our_own_copies() -> None:
    """They are known by their author."""
    for seal in (None, SEAL):
        evidence = replace(OURS, seal=seal)
        assert see([an_issue(4, body=marker(12, seal=LOST))], evidence).copies == {TWELVE: 4}


def test_a_signed_marker_that_a_student_copies_is_neither_stray_nor_copy_while_ours_exists() -> (
    None
):
    """Its number may be the lower one."""
    signed = marker(12, seal=SEAL)
    ours = an_issue(4, body=signed)

    for number, records in itertools.product((2, 9), ({}, {TWELVE: CreatedAs(4, 0, 1004)})):
        evidence = replace(OURS, seal=SEAL, records=records)
        seen = see([by_student(number, 12, body=signed), ours], evidence)

        assert (seen.copies, seen.strays, seen.planted) == ({TWELVE: 4}, (), (number,))


def test_a_copied_signature_does_not_bring_back_what_a_person_has_deleted() -> None:
    """The ledger has a copy of its own, which is gone."""
    evidence = replace(remembering(_12=4), seal=SEAL)

    assert see([by_student(9, 12, body=marker(12, seal=SEAL))], evidence).copies == {}


# ------------------------------------------------------------------------------- before we know who we are

NOBODY = replace(OURS, us=Us((), is_certain=False, is_complete=False))
OTHERS = replace(OURS, us=Us(US.authors, is_complete=False))
"""Not even ourselves; and an account that has written without a name."""


def by_bot(number: int, ticket: int, **how: object) -> Issue:
    """An issue that some App has opened, with the marker of a ticket."""
    return by_student(
        number, ticket, **{"author": "some[bot]", "author_id": 77, "is_by_bot": True, **how}
    )


def test_before_we_are_certain_a_bots_marker_counts_and_a_persons_does_not() -> None:
    """Our own copies are among them, and are not called planted."""
    seen = see([by_student(1, 12), by_bot(2, 12), by_bot(3, 1, body=marker(1, OTHER_TEAM))], NOBODY)

    assert seen == Seen({TWELVE: 2}, planted=(1,), highest=3)
    assert see([by_bot(2, 12)], OURS) == Seen(planted=(2,), highest=2)


def test_a_write_under_way_by_somebody_without_a_name_is_found_by_its_marker() -> None:
    """Whatever its author seems to be; and for no other ticket than that."""
    intended = {TWELVE: Intended(0, "n")}
    issues = [by_student(1, 12), by_student(2, 1), by_student(3, 12, body=marker(12, OTHER_TEAM))]

    for evidence in (NOBODY, OTHERS):
        seen = see(issues, replace(evidence, records=intended))
        assert seen == Seen({TWELVE: 1}, planted=(2, 3), highest=3)
    assert see(issues, replace(OURS, records=intended)).copies == {}


def test_what_we_have_written_ourselves_comes_before_what_we_may_have() -> None:
    """The better evidence is the copy, whatever its number."""
    issues = [by_student(1, 12), by_bot(2, 12), an_issue(3, body=marker(12))]
    records = {TWELVE: Intended(0, "n")}

    assert see(issues, replace(OTHERS, records=records)).copies == {TWELVE: 3}
    assert see(issues[:2], replace(NOBODY, records=records)).copies == {TWELVE: 2}


def test_a_second_copy_by_the_author_of_the_first_is_a_stray_though_nobody_knows_who_that_is() -> (
    None
):
    """The ledger knows the first by its id."""
    evidence = replace(NOBODY, records={TWELVE: CreatedAs(2, 0, 1002)})
    unnamed = {"author": "school-sync", "author_id": 78}
    issues = [
        by_student(1, 12),
        by_student(2, 12, **unnamed),
        by_student(3, 12, **unnamed),
        by_student(4, 12, **unnamed, body=marker(12, OTHER_TEAM)),
    ]

    seen = see(issues, evidence)

    assert [stray.number for stray in seen.strays] == [3]
    assert (seen.copies, seen.planted) == ({TWELVE: 2}, (1, 4))


# ---------------------------------------------------------------------------------------------- whatever


_ISSUES = st.lists(
    st.builds(
        an_issue,
        st.integers(1, 12),
        body=st.builds(
            marker,
            st.integers(1, 4),
            st.sampled_from([TEAM, OTHER_TEAM, None]),
            st.sampled_from([None, SEAL, LOST, ELSEWHERE]),
            st.sampled_from([TEAM, OTHER_TEAM]),
        ),
        author=st.sampled_from([OWN, OWN.upper(), "student", None]),
        association=st.sampled_from(ASSOCIATIONS),
    ),
    unique_by=lambda issue: issue.number,
    max_size=10,
)
_RECORDS = st.dictionaries(
    st.integers(101, 104).map(TicketId), st.integers(1, 14).map(lambda n: CreatedAs(n, 0, 1000 + n))
)


@given(_ISSUES, _RECORDS, st.sampled_from([None, SEAL]))
def test_whatever_is_there_each_issue_is_one_thing_and_the_ledger_comes_first(
    issues: list[Issue], records: dict[TicketId, CreatedAs], seal: Seal | None
) -> None:
    """No issue is two things, no stray or copy is another's without a proof, and no record is overruled."""
    found = weigh(issues, Evidence(TEAM, US, records, seal))

    by_number = {issue.number: issue for issue in issues}
    numbers = [*(n for n, _ in found.seconds), *found.planted]
    assert len(set(numbers)) == len(numbers)
    assert not set(numbers) & set(found.copies.values())
    for ticket, record in records.items():
        assert record.number not in by_number or found.copies[ticket] == record.number
    strangers = {n for n, issue in by_number.items() if (issue.author or "").lower() != OWN}
    assert not strangers & {n for n, _ in found.seconds}
    if seal is None:
        on_record = {record.number for record in records.values()}
        assert strangers & set(found.copies.values()) <= on_record
