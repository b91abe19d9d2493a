"""How far an input lies from what is known, feature by feature, on arrays alone."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.checks.inputs.yardstick import distance, of_sample, rescale_onto

RNG = np.random.default_rng(3)
STEPS = np.arange(400)[:, None]


def windows(series: np.ndarray, rows: int = 60, length: int = 24) -> np.ndarray:
    return np.stack([series[start : start + length] for start in range(rows)])


#: Two features of mean 0 and deviation 1: a wave with noise, and noise.
SERIES = np.concatenate(
    [1.3 * np.sin(STEPS / 4) + 0.3 * RNG.normal(size=STEPS.shape), RNG.normal(size=STEPS.shape)], axis=1
)
REFERENCE = windows(SERIES)
LATER = SERIES[200:224][None]


@pytest.mark.parametrize(
    "healthy",
    [
        LATER,
        LATER * 1.1 + 0.1,
        0.02 * RNG.normal(size=LATER.shape) + 0.4,
        np.full_like(LATER, 0.5),
        np.where(np.arange(24)[None, :, None] == 7, 60.0, LATER),
    ],
    ids=["the same", "a few percent up", "a quiet stretch", "flat", "one spike"],
)
def test_what_is_on_the_scale_is_not_far(healthy: np.ndarray) -> None:
    assert not distance(healthy, of_sample(REFERENCE)).far.any()


@pytest.mark.parametrize(
    "wrong",
    [LATER * 120 + 1800, LATER * 5 + 14, LATER / 120 - 15],
    ids=["dollars", "degrees", "scaled twice"],
)
def test_another_scale_is_far_and_the_rescale_leads_back(wrong: np.ndarray) -> None:
    known = of_sample(REFERENCE)
    found = distance(wrong, known)
    assert found.far.all()
    back = rescale_onto(found, known).apply(wrong)
    assert not distance(back, known).far.any()
    assert np.corrcoef(back.ravel(), LATER.ravel())[0, 1] > 0.9


def test_the_unit_interval_scaled_once_more_has_collapsed() -> None:
    low, span = REFERENCE.min(), np.ptp(REFERENCE)
    unit = (REFERENCE - low) / span
    again = ((LATER - low) / span) / 255
    assert distance(again, of_sample(unit)).far.all()


def test_one_feature_that_was_forgotten_is_found_alone() -> None:
    forgotten = np.stack([LATER[..., 0], LATER[..., 1] * 90 + 500], axis=-1)
    known = of_sample(REFERENCE)
    found = distance(forgotten, known)
    assert found.far.tolist() == [False, True]
    np.testing.assert_allclose(rescale_onto(found, known).apply(forgotten)[..., 0], LATER[..., 0])
