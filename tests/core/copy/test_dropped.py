"""What GitHub leaves out of an issue."""

from hypothesis import given
from hypothesis import strategies as st

from monarch.core.copy.details import Details
from monarch.core.copy.dropped import dropped
from monarch.core.copy.render import Draft

NAMES = st.lists(st.text(min_size=1, max_size=20), unique_by=str.casefold, max_size=5)


@given(NAMES, st.none() | st.integers(1, 9), st.text(max_size=9))
def test_nothing_is_missed_where_everything_is_there(
    labels: list[str], milestone: int | None, issue_type: str
) -> None:
    """In whatever case, and with more beside it."""
    draft = Draft("T", "B", tuple(labels), milestone, issue_type)
    shown = [
        label.swapcase() for label in labels if label.swapcase().casefold() == label.casefold()
    ]
    shown += [label for label in labels if label.swapcase().casefold() != label.casefold()]

    assert dropped(draft, Details((*shown, "another"), milestone, issue_type)) == ()


@given(NAMES, st.none() | st.integers(1, 9), st.text(max_size=9))
def test_everything_is_missed_where_nothing_is_there(
    labels: list[str], milestone: int | None, issue_type: str
) -> None:
    """And nothing that was not asked for."""
    draft = Draft("T", "B", tuple(labels), milestone, issue_type)
    expected = [f'label "{label}"' for label in labels]
    expected += ["milestone"] if milestone is not None else []
    expected += ["type"] if issue_type else []

    assert dropped(draft, Details()) == tuple(expected)


def test_another_milestone_or_type_is_not_the_one() -> None:
    """A wrong one is as good as none."""
    draft = Draft("T", "B", (), 3, "Bug")

    assert dropped(draft, Details((), 4, "Task")) == ("milestone", "type")


def test_an_assignee_that_is_left_out_is_named() -> None:
    """In a private repository on a free plan only the first one is taken."""
    draft = Draft("T", "B", assignees=("Ada", "bob"))

    assert dropped(draft, Details(assignees=("ada",))) == ('assignee "bob"',)
