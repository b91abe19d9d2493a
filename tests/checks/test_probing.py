"""The probes: what they find where it is known, and that they find nothing where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.checks.probing import (
    distances,
    effective_rank,
    evenly,
    explained,
    in_deviations,
    nearest_neighbour,
    probe,
    robust_spread,
)

RNG = np.random.default_rng(7)


def test_the_mean_explains_nothing_and_the_truth_all() -> None:
    target = RNG.normal(size=(50, 2))
    assert explained(target, target) == 1.0
    assert explained(np.broadcast_to(target.mean(axis=0), target.shape), target) == pytest.approx(0.0)
    assert np.isnan(explained(np.ones(5), np.ones(5)))


def test_what_is_not_finite_is_left_out() -> None:
    target = np.arange(4.0)
    assert explained(np.array([0.0, 1.0, np.nan, 3.0]), target) == 1.0
    assert robust_spread(np.array([np.nan, np.inf])) != robust_spread(np.array([1.0]))


def test_one_outlier_does_not_move_the_robust_spread() -> None:
    values = RNG.normal(size=4000)
    assert robust_spread(values) == pytest.approx(1.0, abs=0.05)
    assert robust_spread(np.append(values, 1e9)) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("rank", [1, 3, 6])
def test_equal_directions_count_one_each(rank: int) -> None:
    basis = np.linalg.qr(RNG.normal(size=(10, rank)))[0]
    values = np.linalg.qr(RNG.normal(size=(200, rank)))[0] @ basis.T
    assert effective_rank(values) == pytest.approx(rank, abs=0.1)


def test_what_does_not_vary_uses_no_direction() -> None:
    assert effective_rank(np.ones((20, 5))) == 0.0


def test_a_probe_finds_a_linear_map_and_none_in_noise() -> None:
    x = RNG.normal(size=(200, 12))
    y = x @ RNG.normal(size=(12, 2)) + 0.1 * RNG.normal(size=(200, 2))
    assert probe(x, y).share > 0.98
    assert probe(x, RNG.normal(size=(200, 2))).share < 0.05


def test_a_probe_works_with_more_features_than_rows() -> None:
    cue = np.where(np.arange(10) % 2, 1.0, -1.0)
    x = np.concatenate([cue[:, None] * np.ones((10, 3)), 0.05 * RNG.normal(size=(10, 200))], axis=1)
    assert probe(x, cue).share > 0.8
    assert probe(x[:, 3:], cue).share < 0.3


def test_features_that_never_vary_leave_the_mean() -> None:
    y = RNG.normal(size=(30, 1))
    assert probe(np.ones((30, 4)), y).share < 0.05


def test_the_rank_that_is_needed_is_the_rank_of_the_map() -> None:
    x = RNG.normal(size=(300, 10))
    found = probe(x, x @ RNG.normal(size=(10, 4)) @ RNG.normal(size=(4, 8)), ranks=8)
    assert found.needed(0.999) == 4
    assert found.at_rank(2) < 0.9 < found.at_rank(4)
    assert found.at_rank(0) == 0.0


def test_rows_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="3 rows of features for 2"):
        probe(np.ones((3, 1)), np.ones((2, 1)))


def test_a_neighbour_knows_a_curve_that_no_line_fits() -> None:
    x = np.linspace(-1, 1, 200)[:, None]
    assert nearest_neighbour(x, np.cos(9 * x)) > 0.98
    assert nearest_neighbour(x, RNG.normal(size=(200, 1))) < 0


def test_distances_weigh_features_alike_once_they_are_in_deviations() -> None:
    x = np.array([[[0.0, 0.0, 5.0]], [[1.0, 1000.0, 5.0]]])
    apart = distances(in_deviations(x))
    assert apart[0, 1] == pytest.approx(np.sqrt(8 / 3))
    assert not in_deviations(x)[..., 2].any()


def test_rows_are_thinned_evenly() -> None:
    assert list(evenly(np.arange(10), 4)) == [0, 3, 6, 9]
