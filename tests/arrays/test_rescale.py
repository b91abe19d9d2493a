"""Rescaling: scikit-learn's numbers, its own inverse, float32 kept, never an integer."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from lstm_tui.arrays.rescale import METHODS, Method, Rescale, fit, minmax_onto
from lstm_tui.arrays.rescale_words import rescale_from_numbers
from lstm_tui.errors import EditError

SCALERS = {"standard": StandardScaler, "minmax": MinMaxScaler, "robust": RobustScaler, "maxabs": MaxAbsScaler}
VALUES = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))
TABLES = hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=8), elements=VALUES)


@given(method=st.sampled_from(METHODS), table=TABLES)
def test_a_fit_is_that_of_scikit_learn(method: Method, table: np.ndarray) -> None:
    theirs = SCALERS[method]().fit(table)
    ours = fit(method, table)
    np.testing.assert_allclose(ours.apply(table), theirs.transform(table), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(
        ours.inverted().apply(table), theirs.inverse_transform(table), rtol=1e-9, atol=1e-6
    )


@given(table=TABLES, low=st.integers(-3, 0), span=st.integers(1, 4))
def test_minmax_onto_another_range_is_that_of_scikit_learn(table: np.ndarray, low: int, span: int) -> None:
    theirs = MinMaxScaler((low, low + span)).fit(table)
    ours = fit("minmax", table, feature_range=(low, low + span))
    np.testing.assert_allclose(ours.apply(table), theirs.transform(table), rtol=1e-9, atol=1e-9)


@given(method=st.sampled_from(METHODS), table=TABLES, dtype=st.sampled_from(["f4", "f8"]))
def test_an_inverse_undoes(method: Method, table: np.ndarray, dtype: str) -> None:
    array = table.astype(dtype)
    rescale = fit(method, table)
    back = rescale.inverted().apply(rescale.apply(array))
    tolerance = 1e-5 if dtype == "f4" else 1e-12
    np.testing.assert_allclose(back, array, rtol=tolerance, atol=tolerance * (1 + np.abs(table).max()))


@pytest.mark.parametrize(
    ("dtype", "result"),
    [("f4", "f4"), ("f8", "f8"), ("f2", "f8"), ("i4", "f8"), ("i8", "f8"), ("u1", "f8"), ("?", "f8")],
)
@pytest.mark.parametrize("inverse", [False, True])
def test_dtypes_of_results(dtype: str, result: str, inverse: bool) -> None:
    rescale = Rescale("standard", np.array([0.5]), np.array([2.0]), inverse)
    applied = rescale.apply(np.ones((2, 3, 1), dtype=dtype))
    assert applied.dtype == np.dtype(result)
    assert applied.shape == (2, 3, 1)
    assert applied[0, 0, 0] == (2.5 if inverse else 0.25)
    assert not applied.flags.writeable


def test_nan_and_inf_stay_what_they_are_without_a_warning() -> None:
    array = np.array([[np.nan, np.inf, -np.inf, 1e38]], dtype="f4").T
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        applied = Rescale("standard", np.array(1.0), np.array(1e-30)).apply(array)
    np.testing.assert_array_equal(applied[:, 0], [np.nan, np.inf, -np.inf, np.inf])


def test_a_fit_leaves_out_nan_and_inf() -> None:
    sample = np.array([[1.0, np.nan], [np.nan, np.inf], [3.0, np.nan]])
    for method in METHODS:
        rescale = fit(method, sample)
        assert np.isfinite(rescale.center).all()
        assert (rescale.center[1], rescale.scale[1]) == (0.0, 1.0)
    assert fit("standard", sample).center[0] == 2.0


def test_a_fit_takes_sequences_by_their_last_axis() -> None:
    sample = np.arange(24.0).reshape(2, 4, 3)
    np.testing.assert_array_equal(fit("standard", sample).center, sample.reshape(-1, 3).mean(axis=0))
    assert fit("minmax", np.arange(5)).features == 1


def test_a_constant_feature_has_scale_one() -> None:
    for method in METHODS:
        if method != "maxabs":
            assert fit(method, np.full((9, 1), 0.1)).scale.tolist() == [1.0]
    assert fit("maxabs", np.zeros((9, 1))).scale.tolist() == [1.0]
    assert Rescale("standard", np.zeros(2), np.array([0.0, 2.0])).scale.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("shape", [(2, 10, 4), (5,), (2, 10, 1), ()])
def test_another_number_of_features_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(EditError, match=r"3 feature\(s\)") as told:
        Rescale("standard", np.zeros(3), np.ones(3)).apply(np.zeros(shape))
    assert "size 3" in told.value.expected


def test_one_feature_does_not_stretch_over_several() -> None:
    one = Rescale("standard", np.ones(1), np.ones(1))
    assert one.apply(np.ones((2, 5, 1))).sum() == 0
    assert one.apply(np.ones(7)).sum() == 0
    with pytest.raises(EditError):
        one.apply(np.ones((2, 5, 4)))
    assert Rescale("standard", np.array(1.0), np.array(1.0)).apply(np.ones((2, 5, 4))).sum() == 0


@pytest.mark.parametrize(
    ("center", "scale", "told"),
    [
        ([0, 1], [1, 1, 1], "shapes"),
        ([[0]], [[1]], "shapes"),
        ([], [], "shapes"),
        ([np.nan], [1], "NaN or inf"),
        ([0], [np.inf], "NaN or inf"),
        ([0], [-1], "negative scale"),
        (["a"], [1], "not numbers"),
    ],
)
def test_numbers_that_are_no_rescale_are_refused(center: object, scale: object, told: str) -> None:
    with pytest.raises(EditError, match=told):
        Rescale("standard", center, scale)  # type: ignore[arg-type]


@pytest.mark.parametrize("sample", [np.zeros((0, 3)), np.array([["a"]])])
def test_a_sample_without_numbers_is_refused(sample: np.ndarray) -> None:
    with pytest.raises(EditError, match="cannot be measured"):
        fit("standard", sample)


@given(method=st.sampled_from(METHODS), table=TABLES, inverse=st.booleans())
def test_a_scenario_says_the_same_numbers_to_the_bit(
    method: Method, table: np.ndarray, inverse: bool
) -> None:
    rescale = fit(method, table)
    rescale = rescale.inverted() if inverse else rescale
    said = rescale.to_scenario()
    assert said.pop("inverse", False) == inverse
    back = rescale_from_numbers(said)
    assert (back.method, back.limits) == (rescale.method, rescale.limits)
    np.testing.assert_array_equal(back.center, rescale.center)
    np.testing.assert_array_equal(back.scale, rescale.scale)


@pytest.mark.parametrize(
    ("said", "center", "scale"),
    [
        ({"method": "standard", "mean": [1, 2], "scale": [3, 4]}, [1, 2], [3, 4]),
        ({"method": "standard", "mean": 1, "scale": [3, 4]}, [1, 1], [3, 4]),
        ({"method": "minmax", "min": [1], "max": [5]}, [1], [4]),
        ({"method": "minmax", "min": [1], "max": [5], "feature_range": [-1, 1]}, [3], [2]),
        ({"method": "minmax", "min": 0, "max": 255}, 0, 255),
        ({"method": "robust", "center": [1], "scale": [2]}, [1], [2]),
        ({"method": "maxabs", "scale": [2]}, [0], [2]),
        ({"mean_": [1], "scale_": [2], "var_": [4], "n_samples_seen_": 3}, [1], [2]),
        ({"mean": [1], "std": [2]}, [1], [2]),
        ({"data_min_": [1], "data_max_": [5], "feature_range": [0, 1]}, [1], [4]),
        ({"center": [1], "scale": [2]}, [1], [2]),
    ],
)
def test_what_scenarios_and_files_say(said: dict[str, object], center: object, scale: object) -> None:
    rescale = rescale_from_numbers(said)
    assert rescale.center.tolist() == center
    assert rescale.scale.tolist() == scale


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "says nothing"),
        ({"method": "standart", "mean": 0, "scale": 1}, "no rescale method standart"),
        ({"method": "standard", "mean": 0}, "lacks scale"),
        ({"method": "minmax", "min": 0}, "lacks max"),
        ({"method": "standard", "mean": 0, "scale": 1, "max": 2}, "does not know max"),
        ({"method": "standard", "mean": "a", "scale": 1}, "mean is not a number"),
        ({"method": "standard", "mean": [1, [2]], "scale": 1}, "mean is not a number"),
        ({"method": "minmax", "min": [5], "max": [1]}, "negative scale"),
        ({"method": "minmax", "min": [1, 2], "max": [1, 2, 3]}, "2 minima and 3 maxima"),
        ({"method": "minmax", "min": 0, "max": 1, "feature_range": [1, 0]}, "feature range"),
        ({"method": "minmax", "min": 0, "max": 1, "feature_range": 3}, "not a pair"),
    ],
)
def test_what_scenarios_cannot_say(said: dict[str, object], told: str) -> None:
    with pytest.raises(EditError, match=told) as refusal:
        rescale_from_numbers(said)
    assert refusal.value.expected


def test_what_the_undo_list_says() -> None:
    fitted = fit("standard", np.arange(10.0).reshape(5, 2))
    assert fitted.describe() == "rescale standard, fitted on the reference"
    assert fitted.inverted().describe() == "undo rescale standard, fitted on the reference"
    assert minmax_onto(0, 2, (0, 1), "s.json").describe() == "rescale minmax, s.json"


def test_far_from_zero_the_range_is_not_rounded_away() -> None:
    rescale = Rescale("minmax", np.array([1e9]), np.array([1e-3]))
    said = rescale.to_scenario()
    assert rescale_from_numbers(said).scale.tolist() == [1e-3]


def test_a_result_beyond_the_bound_is_refused_before_allocating() -> None:
    array = np.broadcast_to(np.float64(1), (100_000_000, 5))
    with pytest.raises(EditError, match="would give an array of 4 GB"):
        Rescale("standard", np.array(0.0), np.array(1.0)).apply(array)


def test_limits_clip_forwards_alone() -> None:
    rescale = Rescale("minmax", np.zeros(1), np.ones(1), limits=(0.0, 1.0))
    assert rescale.apply(np.array([[-5.0], [0.5], [5.0]]))[:, 0].tolist() == [0, 0.5, 1]
    assert rescale.inverted().apply(np.array([[5.0]])).tolist() == [[5.0]]
    assert rescale_from_numbers(rescale.to_scenario()).limits == (0.0, 1.0)
