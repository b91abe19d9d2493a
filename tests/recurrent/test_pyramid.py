from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.recurrent.pyramid import FINEST_BIN, PyramidBuilder, pyramid_of
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


@settings(deadline=None)
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


@settings(deadline=None)
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


@settings(deadline=None)
@given(values=VALUES, cuts=st.lists(st.integers(0, 1500), max_size=4))
def test_chunk_by_chunk_is_as_at_once(values: np.ndarray, cuts: list[int]) -> None:
    builder = PyramidBuilder()
    for chunk in np.split(values, sorted(cut for cut in cuts if cut <= len(values))):
        builder.add(chunk)
        builder.pyramid()
    window = Window(0, len(values))
    at_once, by_chunks = pyramid_of(values).overview(window, 7), builder.pyramid().overview(window, 7)
    for name in ("starts", "minimum", "maximum", "broken"):
        np.testing.assert_array_equal(getattr(at_once, name), getattr(by_chunks, name))
    np.testing.assert_allclose(at_once.mean, by_chunks.mean, rtol=1e-6)


def test_the_mean_is_that_of_the_steps() -> None:
    values = np.arange(4096.0)
    overview = pyramid_of(values).overview(Window(0, 4096), 4)
    assert overview.mean == pytest.approx([511.5, 1535.5, 2559.5, 3583.5])
    assert overview.starts.tolist() == [0, 1024, 2048, 3072]


def test_levels_double_and_stay_small() -> None:
    pyramid = pyramid_of(np.zeros(1_000_000, np.float32))
    sizes = [level.size for level in pyramid.levels]
    assert sizes == [FINEST_BIN * 2**place for place in range(len(sizes))]
    assert len(pyramid.levels[-1].count) == 1
    assert sum(level.count.nbytes + level.minimum.nbytes * 4 for level in pyramid.levels) < 4_000_000


def test_where_there_is_no_number_there_is_none() -> None:
    overview = pyramid_of(np.full(200, np.nan)).overview(Window(0, 200), 2)
    assert np.isnan(overview.minimum).all() and np.isnan(overview.mean).all() and overview.broken.all()


def test_nothing_added_yet() -> None:
    overview = PyramidBuilder().pyramid().overview(Window(0, 10), 5)
    assert len(overview.starts) == 0
