"""What a long recording has so far: bins and borders that grow, and older values that stay what they were."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.recurrent.pyramid import joined, level_of, pyramid_of
from lstm_tui.recurrent.stretches import Track
from lstm_tui.session.growing import Bins, Borders, Growing

TRACKS = {"lstm/h": Track(0, 3, (3,)), "output/y": Track(3, 4, (1,))}
BIN = 4


def filled(values: np.ndarray, cuts: list[int]) -> Bins:
    """Bins of `(steps, 4)`, in stretches that end at these bins."""
    bins = Bins(BIN, -(-len(values) // BIN), TRACKS)
    borders = sorted({cut * BIN for cut in cuts if 0 < cut * BIN < len(values)})
    for part in np.split(values, borders):
        bins = bins.adding(level_of(part, BIN), len(part))
    return bins


@given(
    steps=st.integers(1, 90),
    cuts=st.lists(st.integers(1, 22), max_size=4),
    broken=st.sets(st.integers(0, 359)),
)
def test_bins_of_stretches_are_those_of_the_whole(steps: int, cuts: list[int], broken: set[int]) -> None:
    values = np.random.default_rng(steps).normal(size=(steps, 4)).astype(np.float32)
    values.reshape(-1)[[place for place in broken if place < values.size]] = np.nan
    bins = filled(values, cuts)
    for name, track in TRACKS.items():
        expected = pyramid_of(values[:, track.columns], BIN).levels[0]
        found = bins.pyramid(name)
        assert found.timesteps == steps
        (level,) = found.levels
        np.testing.assert_array_equal(level.minimum, expected.minimum)
        np.testing.assert_array_equal(level.maximum, expected.maximum)
        np.testing.assert_array_equal(level.mean, expected.mean)
        if expected.count is not None:
            np.testing.assert_array_equal(level.count, expected.count)


def test_an_older_value_stays_what_it_was() -> None:
    values = np.arange(80.0, dtype=np.float32).reshape(20, 4)
    first = Bins(BIN, 5, TRACKS).adding(level_of(values[:8], BIN), 8)
    before = first.pyramid("lstm/h").levels[0].maximum.copy()
    second = first.adding(level_of(values[8:], BIN), 12)
    assert second.pyramid("lstm/h").levels[0].bins == 5
    np.testing.assert_array_equal(first.pyramid("lstm/h").levels[0].maximum, before)


def test_counts_begin_where_something_broke() -> None:
    values = np.ones((16, 4), np.float32)
    values[9, 3] = np.inf
    bins = filled(values, [1, 2, 3])
    assert bins.pyramid("lstm/h").levels[0].count is None
    count = bins.pyramid("output/y").levels[0].count
    assert count is not None
    assert count[:, 0].tolist() == [4, 4, 3, 4]


def test_rows_beyond_the_room_are_left_out() -> None:
    grown = Growing.of(3, (2,), np.float32).adding(np.ones((2, 2))).adding(np.ones((5, 2)))
    assert grown.rows.shape == (3, 2)
    assert not grown.rows.flags.writeable


def test_the_border_before_a_step() -> None:
    borders = Borders(10, 3)
    assert borders.before(25) == (0, None)
    for number in range(3):
        borders = borders.adding({"lstm/h": np.full((1, 2), float(number))})
    assert borders.before(9) == (0, None)
    where, states = borders.before(25)
    assert where == 20
    assert states is not None
    assert states["lstm/h"].tolist() == [[1.0, 1.0]]
    assert borders.before(1000)[0] == 30


def test_levels_put_together_are_one() -> None:
    values = np.random.default_rng(0).normal(size=(22, 4)).astype(np.float32)
    parts = [level_of(part, BIN) for part in np.split(values, [8, 16])]
    assert joined(parts, 22).bins == 6
