"""Weight statistics: right on any values, in any pieces, for the right layer and name."""

from __future__ import annotations

import math
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.model_file import weight_statistics, weights


def test_every_weight_is_named_and_placed(craft: Any) -> None:
    statistics = weight_statistics(craft.keras(*craft.small()))
    assert [(item.layer, item.name, item.shape, item.dtype) for item in statistics] == [
        ("lstm", "kernel", (2, 12), "float32"),
        ("lstm", "recurrent_kernel", (3, 12), "float32"),
        ("lstm", "bias", (12,), "float32"),
        ("head", "kernel", (3, 1), "float32"),
        ("head", "bias", (1,), "float32"),
    ]
    ones, zeros = statistics[3:]
    assert (ones.minimum, ones.maximum, ones.mean, ones.std, ones.zeros) == (1.0, 1.0, 1.0, 0.0, 0.0)
    assert zeros.zeros == 1.0


def test_optimizer_state_and_seeds_are_no_weights(craft: Any) -> None:
    config, arrays = craft.small()
    extra = {"optimizer/vars/0": np.ones(9), "layers/dropout/seed_generator/vars/0": np.ones(2, np.uint32)}
    assert len(weight_statistics(craft.keras(config, {**arrays, **extra}))) == 5


def test_weights_of_a_legacy_file_are_found_by_their_names(craft: Any) -> None:
    inner = craft.layer("LSTM", "lstm", units=3)
    config = craft.sequential(craft.input(7, 2), craft.layer("Bidirectional", "both", layer=inner))
    arrays = {
        f"both/both/{half}_lstm/lstm_cell_3/{name}:0": np.ones(shape, np.float32)
        for half in ("forward", "backward")
        for name, shape in {"kernel": (2, 12), "recurrent_kernel": (3, 12), "bias": (12,)}.items()
    }
    statistics = weight_statistics(craft.h5(config, arrays))
    assert [(item.layer, item.name) for item in statistics] == [
        (f"both/{half}_lstm", name)
        for half in ("forward", "backward")
        for name in ("bias", "kernel", "recurrent_kernel")
    ]


def test_more_than_ten_weights_keep_their_order(craft: Any) -> None:
    custom = {**craft.layer("Many", "many", module=None), "registered_name": "Mine>Many"}
    arrays = {f"layers/many/vars/{index}": np.full(1, float(index)) for index in range(12)}
    statistics = weight_statistics(craft.keras(craft.sequential(craft.input(3), custom), arrays))
    assert [item.mean for item in statistics] == [float(index) for index in range(12)]


def test_a_model_that_only_its_weights_tell_of_is_named_by_them(craft: Any, tmp_path: Any) -> None:
    config = {
        "module": None,
        "class_name": "Mine",
        "config": {"name": "mine"},
        "registered_name": "Mine>Mine",
    }
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file["both/forward_layer/cell/vars/0"] = np.ones((2, 12))
        file["both/forward_layer/vars/0"] = np.ones(1)
        for group, name in {
            "both": "b",
            "both/forward_layer": "forward_lstm",
            "both/forward_layer/cell": "c",
        }.items():
            file.require_group(f"{group}/vars").attrs["name"] = name
    statistics = weight_statistics(craft.keras(config, members={"model.weights.h5": path.read_bytes()}))
    assert {item.layer for item in statistics} == {"b/forward_lstm"}


def test_suspicious_arrays_are_left_out(craft: Any, tmp_path: Any) -> None:
    config, _ = craft.small()
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file["layers/dense/vars/0"] = np.ones((3, 1))
        file.create_dataset("layers/lstm/cell/vars/0", (10**6, 10**6), "f4", chunks=(1000, 1000))
        file["layers/lstm/cell/vars/1"] = h5py.SoftLink("/layers/dense/vars/0")
    statistics = weight_statistics(craft.keras(config, members={"model.weights.h5": path.read_bytes()}))
    assert [item.layer for item in statistics] == ["head"]


def test_bfloat16_is_read_as_numbers(craft: Any, tmp_path: Any) -> None:
    """HDF5 knows no bfloat16: Keras stores two opaque bytes, the upper half of a float32."""
    values = np.array([[1.5], [-2.0], [0.0]], np.float32)
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        halves = (values.view(np.uint32) >> 16).astype(np.uint16).view("V2")
        file.create_dataset("layers/dense/vars/0", data=halves).attrs["dtype"] = "bfloat16"
    config, _ = craft.small()
    (item,) = weight_statistics(craft.keras(config, members={"model.weights.h5": path.read_bytes()}))
    assert (item.dtype, item.minimum, item.maximum, item.zeros) == (
        "bfloat16",
        -2.0,
        1.5,
        pytest.approx(1 / 3),
    )


FLOATS = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.float16, np.int8]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(array=FLOATS, block=st.integers(1, 40))
def test_statistics_are_those_of_numpy_however_it_is_read(craft: Any, array: Any, block: int) -> None:
    custom = {**craft.layer("Any", "any", module=None), "registered_name": "Mine>Any"}
    path = craft.keras(craft.sequential(custom), {"layers/any/vars/0": array})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "_BLOCK", block)
        (item,) = weight_statistics(path)
    values = array.astype(np.float64).ravel()
    finite = values[np.isfinite(values)]
    assert (item.nans, item.infs) == (np.isnan(values).sum(), np.isinf(values).sum())
    assert item.size == array.size
    if not finite.size:
        assert all(math.isnan(value) for value in (item.minimum, item.maximum, item.mean, item.std))
        return
    assert (item.minimum, item.maximum) == (finite.min(), finite.max())
    with np.errstate(over="ignore"):
        scale = float(np.abs(finite).max())
        if scale < 1e100:
            assert item.mean == pytest.approx(finite.mean(), rel=1e-9, abs=scale * 1e-12)
            assert item.std == pytest.approx(finite.std(), rel=1e-6, abs=scale * 1e-9)
