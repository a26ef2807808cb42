"""How tables are laid out: whatever they hold and however narrow the terminal is, no cell is folded or cut."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from monarch.cli.terminal.tables import (
    PROSE_WIDTH,
    Piece,
    TableColumn,
    lay_out,
    number,
    plain,
    prose,
    reason,
    wrapped,
)

WORDS = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=60)
SENTENCES = st.lists(WORDS, min_size=1, max_size=9).map(" ".join)
COLUMNS = (
    TableColumn("target"),
    TableColumn("state"),
    number("tickets"),
    prose("found"),
    reason("reason"),
)
ROWS = st.lists(st.tuples(WORDS, WORDS, WORDS, SENTENCES, SENTENCES), min_size=1, max_size=5)


def drawn(rows: list[tuple[str, ...]], width: int) -> list[str]:
    """The lines of a table."""
    pieces = [[Piece(cell) for cell in row] for row in rows]
    return ["".join(piece.text for piece in line) for line in lay_out(COLUMNS, pieces, width)]


@given(ROWS, st.integers(1, 200))
def test_each_cell_stands_whole_on_a_line(rows: list[tuple[str, ...]], width: int) -> None:
    """And each word of a sentence does that fits the narrowest line of sentences, beside the name of its column."""
    lines = drawn(rows, width)
    narrowest = PROSE_WIDTH - len("  reason: ")

    for row in rows:
        words = [word for word in " ".join(row[3:]).split() if cell_len(word) <= narrowest]
        whole = [*row[:3], *words]
        assert [cell for cell in whole if not any(cell in line for line in lines)] == []


@given(ROWS)
def test_a_pipe_gets_a_line_for_each_row(rows: list[tuple[str, ...]]) -> None:
    """With all of its cells, so that grep and awk find them."""
    pieces = [[Piece(cell) for cell in row] for row in rows]

    head, *lines = plain(COLUMNS, pieces)

    assert head.split() == ["TARGET", "STATE", "TICKETS", "FOUND", "REASON"]
    assert len(lines) == len(rows)
    assert all(cell in line for row, line in zip(rows, lines, strict=True) for cell in row)


SHORT = st.text("abcdefgh", min_size=1, max_size=8)


@given(st.lists(st.tuples(SHORT, SHORT, SHORT, SHORT, SHORT), min_size=1, max_size=4))
def test_what_fits_is_no_wider_than_the_terminal(rows: list[tuple[str, ...]]) -> None:
    """Short names on a terminal of 40 columns."""
    assert all(cell_len(line.rstrip()) <= 40 for line in drawn(rows, 40))


def test_numbers_are_aligned_to_the_right() -> None:
    """So that they can be compared."""
    rows = [[Piece("a"), Piece("9")], [Piece("b"), Piece("1024")]]

    assert list(plain((TableColumn("target"), number("n")), rows)) == [
        "TARGET     N",
        "a          9",
        "b       1024",
    ]


def test_a_wide_character_takes_two_columns() -> None:
    """Cells below it stay where they were."""
    rows = [[Piece("漢字"), Piece("x")], [Piece("abcd"), Piece("y")]]

    assert list(plain((TableColumn("a"), TableColumn("b")), rows)) == [
        "A     B",
        "漢字  x",
        "abcd  y",
    ]


def test_a_command_is_not_broken() -> None:
    """It is there to be copied."""
    lines = wrapped("Put it right, then `monarch dead replay --request 17-0`.", 40)

    assert lines == ["Put it right, then", "    `monarch dead replay --request 17-0`."]


def test_blanks_in_a_quotation_are_not_lost_at_the_end_of_a_line() -> None:
    """It said that there is no "Sprint 1", but there is "Sprint 1": the second blank of the first was the mistake."""
    lines = wrapped('the template has no milestone "Sprint  1", it has "Sprint 1"', 40)

    assert lines == ["the template has no milestone", '    "Sprint  1", it has "Sprint 1"']


def test_a_sign_stays_with_its_meaning() -> None:
    """The legend of `verify` at 80 columns ended a line with `.`, and began the next one with what it means."""
    legend = (
        "! missing, 2 doubled, - refused, e edited, c closed, r refers to old numbers, . present"
    )

    assert wrapped(legend, 80)[-1].strip() == ". present"


def test_many_signs_in_a_row_are_broken_all_the_same() -> None:
    """Texts come from outside: they should not make one word of a whole line."""
    assert max(map(len, wrapped("a " * 40, 40))) <= 40


NOT_COPIED = st.text(
    st.characters(categories=("L", "N", "P"), exclude_characters="/`"), min_size=1, max_size=60
)


@given(st.lists(NOT_COPIED, min_size=1, max_size=9).map(" ".join), st.integers(34, 120))
def test_a_sentence_is_no_wider_than_its_lines(sentence: str, width: int) -> None:
    """Whatever is quoted in it from outside, and in which script; and no character of it is lost."""
    lines = wrapped(sentence, width, "  because: ")

    assert [line for line in lines if cell_len(line) > width] == []
    assert "".join("".join(lines).split()) == "because:" + "".join(sentence.split())


def test_only_what_people_do_not_copy_is_broken() -> None:
    """An address and the name of a repository are copied; a quoted text of a hundred characters is not."""
    address = "https://github.example/" + "a" * 60

    command = "(`monarch dead replay --request 1732406400000-0`)"
    assert f"    {command}" in wrapped(f"replay it first {command}", 40)
    assert address in wrapped(f"see {address} for it", 40)[1]
    assert f"o/{'a' * 60}:" in wrapped(f"o/{'a' * 60}: gone", 40)
    assert max(map(len, wrapped(f'got "{"a/" * 50}"', 40))) <= 40
    assert max(map(cell_len, wrapped("見" * 100, 40))) <= 40
