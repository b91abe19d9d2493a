from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.charts.time_axis import WIDEST_STEP, TimeAxis, paged_axis


@given(
    timesteps=st.integers(0, 3000),
    step=st.integers(-5, 3500),
    left=st.integers(0, 8),
    room=st.integers(0, 200),
)
def test_a_page_holds_its_step_and_keeps_within_its_columns(
    timesteps: int, step: int, left: int, room: int
) -> None:
    axis = paged_axis(timesteps, step=step, left=left, right=left + room)
    assert axis.end <= left + room
    assert axis.columns == axis.steps * (axis.columns // max(axis.steps, 1))
    if timesteps and room:
        assert axis.shows(min(max(step, 0), timesteps - 1))
        assert axis.columns <= WIDEST_STEP * axis.steps
        assert axis.last_step < timesteps
    else:
        assert axis.steps == 0 and not axis.shows(step)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 9), st.integers(0, 50))
def test_a_step_stands_in_the_column_that_shows_it(columns: int, steps: int, left: int, first: int) -> None:
    axis = TimeAxis(left, columns, first, steps, first + steps)
    for step in range(first, first + steps):
        column = axis.column(step)
        assert left <= column < axis.end
        if steps <= columns:
            assert axis.step_at(column) == step


def test_beside_the_axis_there_is_no_step() -> None:
    axis = TimeAxis(left=3, columns=10, first_step=20, steps=5, timesteps=100)
    assert axis.step_at(2) is None and axis.step_at(13) is None
    assert axis.step_at(3) == 20 and axis.step_at(12) == 24


def test_a_short_sequence_gets_wide_steps_and_a_long_one_pages() -> None:
    assert paged_axis(12, step=0, left=4, right=80).columns == 12 * 6
    assert paged_axis(3, step=0, left=4, right=80).columns == 3 * WIDEST_STEP
    page = paged_axis(200, step=80, left=4, right=80)
    assert (page.first_step, page.last_step) == (76, 151)
    assert paged_axis(200, step=151, left=4, right=80) == page
    assert paged_axis(200, step=152, left=4, right=80).first_step == 152
