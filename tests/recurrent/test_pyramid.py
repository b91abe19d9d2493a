from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.recurrent.pyramid import FINEST_BIN, Level, coarser, joined, level_of, pyramid_of
from lstm_tui.recurrent.window import Window

ELEMENTS = st.floats(-100, 100, width=32) | st.sampled_from([np.nan, np.inf, -np.inf])
VALUES = hnp.arrays(
    np.float32,
    st.integers(0, 1500) | st.tuples(st.integers(0, 400), st.integers(1, 3)),
    elements=ELEMENTS,
    fill=st.just(np.float32(0.5)),
)


def exactly(values: np.ndarray, first: int, last: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    part = np.where(np.isfinite(values[first:last]), values[first:last], np.nan).astype(np.float64)
    empty = np.isnan(part).all(axis=0)
    low = np.where(empty, np.nan, np.min(np.nan_to_num(part, nan=np.inf), axis=0))
    high = np.where(empty, np.nan, np.max(np.nan_to_num(part, nan=-np.inf), axis=0))
    return low, high, ~np.isfinite(values[first:last]).all(axis=0)


@given(values=VALUES, bins=st.integers(1, 40))
def test_a_whole_sequence_loses_no_extreme(values: np.ndarray, bins: int) -> None:
    overview = pyramid_of(values).overview(Window(0, len(values)), bins)
    assert len(overview.starts) == min(bins, len(values))
    if not len(values):
        return
    low, high, broken = exactly(values, 0, len(values))
    np.testing.assert_array_equal(np.fmin.reduce(overview.minimum), low)
    np.testing.assert_array_equal(np.fmax.reduce(overview.maximum), high)
    np.testing.assert_array_equal(overview.broken.any(axis=0), broken)


@given(values=VALUES, data=st.data())
def test_a_bin_covers_its_steps_and_at_most_a_finer_bin_beside_them(
    values: np.ndarray, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(values)))
    window = Window(start, data.draw(st.integers(start, len(values))))
    bins = data.draw(st.integers(1, 30))
    overview = pyramid_of(values).overview(window, bins)
    assert len(overview.starts) == min(bins, len(window))
    ends = [*overview.starts[1:], window.stop]
    width = max(len(window) / max(len(overview.starts), 1) / 4, FINEST_BIN)
    for place, (first, last) in enumerate(zip(overview.starts, ends, strict=False)):
        inner = exactly(values, first, last)
        outer = exactly(values, max(int(first - width), 0), int(last + width))
        assert not (overview.minimum[place] > inner[0]).any()
        assert not (overview.minimum[place] < outer[0]).any()
        assert not (overview.maximum[place] < inner[1]).any()
        assert not (overview.maximum[place] > outer[1]).any()
        assert (overview.broken[place] >= inner[2]).all() and (overview.broken[place] <= outer[2]).all()
        mean, low, high = overview.mean[place], overview.minimum[place], overview.maximum[place]
        known = np.isfinite(mean)
        assert ((mean >= low - 1e-3) & (mean <= high + 1e-3))[known].all() if known.ndim else True


@given(values=VALUES, cuts=st.lists(st.integers(0, 40), max_size=4), size=st.sampled_from([8, 64]))
def test_stretch_by_stretch_is_as_at_once(values: np.ndarray, cuts: list[int], size: int) -> None:
    """Levels of stretches that begin at a bin's border, put together, are the level of the whole."""
    borders = sorted({cut * size for cut in cuts if 0 < cut * size < len(values)})
    parts = [level_of(part, size) for part in np.split(values, borders)]
    at_once, together = level_of(values, size), joined(parts, len(values))
    assert same(at_once, together)
    wider, of_wider = level_of(values, 2 * size), coarser(at_once, len(values))
    assert np.array_equal(wider.minimum, of_wider.minimum)
    assert np.array_equal(wider.maximum, of_wider.maximum)
    np.testing.assert_allclose(wider.mean, of_wider.mean, rtol=1e-5, atol=1e-5)


def same(one: Level, other: Level) -> bool:
    names = ("minimum", "maximum", "mean", "count")
    pairs = [(getattr(one, name), getattr(other, name)) for name in names]
    return all((a is None and b is None) or np.array_equal(a, b) for a, b in pairs)


def test_the_mean_is_that_of_the_steps() -> None:
    values = np.arange(4096.0)
    overview = pyramid_of(values).overview(Window(0, 4096), 4)
    assert overview.mean == pytest.approx([511.5, 1535.5, 2559.5, 3583.5])
    assert overview.starts.tolist() == [0, 1024, 2048, 3072]


def test_levels_double_and_stay_small() -> None:
    pyramid = pyramid_of(np.zeros(1_000_000, np.float32))
    sizes = [level.size for level in pyramid.levels]
    assert sizes == [FINEST_BIN * 2**place for place in range(len(sizes))]
    assert pyramid.levels[-1].bins == 1
    assert sum(level.nbytes for level in pyramid.levels) < 400_000


def test_where_there_is_no_number_there_is_none() -> None:
    overview = pyramid_of(np.full(200, np.nan)).overview(Window(0, 200), 2)
    assert np.isnan(overview.minimum).all() and np.isnan(overview.mean).all() and overview.broken.all()


def test_of_no_steps_there_are_no_bins() -> None:
    overview = pyramid_of(np.zeros((0, 3), np.float32)).overview(Window(0, 10), 5)
    assert len(overview.starts) == 0
    assert pyramid_of(np.zeros((0, 3), np.float32)).extremes == (0.0, 0.0)


def test_counts_are_kept_only_where_something_is_broken() -> None:
    values = np.ones((200, 3), np.float32)
    assert level_of(values, 64).count is None
    values[10, 1] = np.nan
    level = level_of(values, 64)
    assert level.count is not None
    assert level.count[:, 1].tolist() == [63, 64, 64, 8]
    assert pyramid_of(values).overview(Window(0, 200), 2).broken.tolist() == [
        [False, True, False],
        [False] * 3,
    ]


def test_numbers_are_kept_in_their_own_type_and_never_less_than_float32() -> None:
    for one, kept in ((np.float16, np.float32), (np.float32, np.float32), (np.float64, np.float64)):
        assert level_of(np.ones(9, one), 4).minimum.dtype == kept
        assert level_of(np.ones(9, one), 4).mean.dtype == kept
