from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from lstm_tui.charts.lines import PLAIN, blank, fitted, merged, plain_text, stacked, styled

BOLD, RED = Style(bold=True), Style(color="red")
SEGMENTS = st.lists(
    st.builds(
        Segment,
        st.text(st.characters(codec="utf-8", exclude_categories=["C"])),
        st.sampled_from([BOLD, RED, PLAIN]),
    )
)


@given(SEGMENTS, st.integers(0, 40))
def test_fitted_is_exactly_as_wide_as_asked(segments: list[Segment], width: int) -> None:
    line = fitted(segments, width)
    assert sum(cell_len(segment.text) for segment in line) == width
    assert all(isinstance(segment.style, Style) for segment in line)


def test_a_wide_character_that_does_not_fit_becomes_a_space() -> None:
    assert plain_text(fitted([styled("ab語")], 3)) == "ab "
    assert plain_text(fitted([styled("ab語")], 4)) == "ab語"


@given(SEGMENTS)
def test_merging_keeps_the_text_and_leaves_no_equal_neighbours(segments: list[Segment]) -> None:
    line = merged(segments)
    assert plain_text(line) == plain_text(segments)
    assert all(left.style != right.style for left, right in pairwise(line))


def test_equal_styles_merge_also_where_they_are_two_objects() -> None:
    assert merged([styled("a", Style(bold=True)), styled("b", Style(bold=True))]) == [styled("ab", BOLD)]


def test_a_missing_style_is_replaced() -> None:
    assert fitted([Segment("a")], 2) == [styled("a ", PLAIN)]


def test_stacked_cuts_and_fills() -> None:
    lines = [[styled("a")], [styled("b")]]
    assert [plain_text(line) for line in stacked(lines, 1, 3)] == ["a", "b", " "]
    assert [plain_text(line) for line in stacked(lines, 1, 1)] == ["a"]
    assert stacked(lines, 1, 0) == []
    assert blank(0) == []
