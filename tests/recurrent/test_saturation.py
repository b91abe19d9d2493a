from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from lstm_tui.recurrent.cells import LSTM
from lstm_tui.recurrent.recording import LayerTrace
from lstm_tui.recurrent.saturation import OPEN_ABOVE, SHUT_BELOW, gate_saturations, saturation


def test_shares_of_shut_and_open_units_at_each_step() -> None:
    gate = np.array([[0.0, 0.01, 0.5, 0.99], [0.96, 0.97, 0.98, 0.04], [0.5, 0.5, 0.5, 0.5]])
    found = saturation(gate)
    assert found.shut.tolist() == [0.5, 0.25, 0.0]
    assert found.open.tolist() == [0.25, 0.75, 0.0]
    assert found.mean == pytest.approx(gate.mean(axis=1))
    assert found.total_shut == pytest.approx(0.25)
    assert found.total_open == pytest.approx(1 / 3)
    assert found.total_mean == pytest.approx(gate.mean())


def test_the_thresholds_themselves_are_neither() -> None:
    found = saturation(np.array([[SHUT_BELOW, OPEN_ABOVE]]))
    assert found.shut[0] == found.open[0] == 0


def test_masked_steps_do_not_count_in_the_totals() -> None:
    gate = np.array([[0.0], [1.0], [1.0]])
    found = saturation(gate, np.array([True, False, False]))
    assert (found.total_mean, found.total_shut, found.total_open) == (0.0, 1.0, 0.0)
    assert found.open.tolist() == [0.0, 1.0, 1.0]


def test_nothing_to_count_is_not_zero() -> None:
    for found in (saturation(np.zeros((0, 3))), saturation(np.zeros((2, 3)), np.array([False, False]))):
        assert math.isnan(found.total_mean) and math.isnan(found.total_shut) and math.isnan(found.total_open)
    assert np.isnan(saturation(np.zeros((2, 0))).shut).all()


@given(values=hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=4, max_side=5)))
def test_any_values_give_shares(values: np.ndarray) -> None:
    found = saturation(values)
    for share in (found.shut, found.open):
        assert share.shape == (len(values),)
        assert ((share >= 0) & (share <= 1)).all()
    finite = np.isfinite(values.reshape(len(values), -1)).any(axis=1)
    assert (np.isnan(found.mean) == ~finite).all()
    assert not found.mean.flags.writeable


def test_every_gate_of_a_layer_for_one_sample() -> None:
    series = dict.fromkeys(LSTM.series, np.stack([np.zeros((4, 2)), np.ones((4, 2))]))
    trace = LayerTrace("lstm", LSTM, series, {}, mask=np.array([[True] * 4, [True, False, False, False]]))
    first, second = gate_saturations(trace, 0), gate_saturations(trace, 1)
    assert list(first) == ["i", "f", "o"]
    assert first["f"].total_shut == 1.0 and second["f"].total_open == 1.0
