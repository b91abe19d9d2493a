from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.recurrent.window import CHUNK_BYTES, Window, between_borders, chunk_steps, chunks, page_of


@given(timesteps=st.integers(1, 5000), width=st.integers(1, 300), data=st.data())
def test_pages_cover_the_sequence_without_overlap(timesteps: int, width: int, data: st.DataObject) -> None:
    step = data.draw(st.integers(0, timesteps - 1))
    page = page_of(step, width, timesteps)
    assert step in page and 0 < len(page) <= width
    assert page.start % width == 0 and page.stop <= timesteps
    assert all(page_of(other, width, timesteps) == page for other in (page.start, page.stop - 1))


def test_a_step_outside_is_on_the_nearest_page() -> None:
    assert page_of(-5, 10, 25) == Window(0, 10)
    assert page_of(99, 10, 25) == Window(20, 25)
    assert page_of(0, 0, 25) == Window(0, 1)
    assert page_of(3, 10, 0) == Window(0, 0)


@given(start=st.integers(0, 900), length=st.integers(0, 5000), steps=st.integers(1, 700))
def test_chunks_are_the_whole_window_in_order(start: int, length: int, steps: int) -> None:
    found = chunks(Window(start, start + length), steps)
    assert [step for chunk in found for step in range(chunk.start, chunk.stop)] == list(
        range(start, start + length)
    )


@given(start=st.integers(-50, 3000), length=st.integers(1, 900), steps=st.integers(1, 700))
def test_a_window_is_recomputed_from_the_border_before_it(start: int, length: int, steps: int) -> None:
    window = Window(max(start, 0), min(max(start, 0) + length, 4000))
    stretched = between_borders(window, steps, 4000)
    assert stretched.start <= window.start and window.stop <= stretched.stop
    assert stretched.start % steps == 0 and (stretched.stop % steps == 0 or stretched.stop == 4000)
    assert len(stretched) < len(window) + 2 * steps


def test_wide_layers_have_short_chunks() -> None:
    assert chunk_steps(2 * 6 * 64 * 4) == 512
    assert chunk_steps(2 * 6 * 1024 * 4) == 256
    assert chunk_steps(CHUNK_BYTES) == 16


def test_a_window_indexes_time() -> None:
    assert list(range(10))[Window(2, 4).slice] == [2, 3]
    assert 4 not in Window(2, 4) and "2" not in Window(2, 4)
    assert len(Window(4, 2)) == 0
