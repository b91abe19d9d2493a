"""Distances that tell two inputs apart, on arrays alone."""

from __future__ import annotations

import numpy as np

from lstm_tui.checks.inputs.swapped import far_from, usually

RNG = np.random.default_rng(2)
SMOOTH = np.cumsum(RNG.normal(size=(80, 30, 1)), axis=1).astype(np.float32) / 3
ROUGH = RNG.normal(size=(80, 30, 1)).astype(np.float32)


def test_a_sample_lies_nearer_to_its_own_kind() -> None:
    assert far_from(SMOOTH[:4], SMOOTH) < 0.5 * far_from(SMOOTH[:4], ROUGH)
    assert far_from(ROUGH[:4], ROUGH) < 0.5 * far_from(ROUGH[:4], SMOOTH)


def test_changes_from_step_to_step_tell_series_of_equal_values_apart() -> None:
    shuffled = np.take_along_axis(SMOOTH, RNG.permuted(np.tile(np.arange(30), (80, 1)), axis=1)[..., None], 1)
    assert far_from(shuffled[:4], SMOOTH) > 2 * far_from(SMOOTH[:4], SMOOTH)


def test_how_far_a_sample_usually_lies_depends_on_its_size() -> None:
    assert usually(ROUGH, 40) < usually(ROUGH, 1)


def test_states_without_a_time_axis_are_compared_by_value() -> None:
    small, large = ROUGH[:, 0] * 0.2, ROUGH[:, 1] * 3
    assert far_from(small[:20], small) < 0.5 * far_from(small[:20], large)
