"""Where two runs first part, in the order in which they are computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lstm_tui.recurrent.cells import LSTM
from lstm_tui.recurrent.divergence import (
    Course,
    Station,
    course_of,
    first_divergence,
    first_recurrent_divergence,
    in_order,
    pairs,
    remarks,
)
from lstm_tui.recurrent.recording import Array, LayerOutput, LayerTrace, Recording

STEPS = (2, 6, 3)


def series(seed: int = 0) -> dict[str, Array]:
    numbers = np.random.default_rng(seed)
    return in_order({name: numbers.uniform(0.1, 0.9, STEPS).astype(np.float32) for name in LSTM.series})


def lstm(path: str, *, seed: int = 0, backwards: bool = False, mask: Array | None = None) -> Station:
    return Station(path, series(seed), True, backwards, mask, "LSTM")


def changed(station: Station, name: str, at: tuple[int, ...], by: float) -> Station:
    values = station.series[name].copy()
    values[at] += by
    return replace(station, series={**station.series, name: values})


def test_the_first_layer_then_its_first_step_then_the_gate_before_the_state() -> None:
    one = Course((lstm("a"), lstm("b", seed=1)))
    later = changed(changed(lstm("b", seed=1), "h", (0, 2, 0), 0.1), "f", (1, 2, 1), 0.1)
    found = first_divergence(one, Course((lstm("a"), changed(later, "c", (0, 4, 0), 0.5))))
    assert found is not None
    assert (found.layer, found.timestep, found.series, found.unit, found.sample) == ("b", 2, "f", 1, 1)
    assert found.order == (1, 2)
    earlier = changed(lstm("a"), "h", (0, 5, 2), 0.1)
    found = first_divergence(one, Course((earlier, later)))
    assert found is not None
    assert (found.layer, found.timestep) == ("a", 5)


def test_a_layer_that_runs_backwards_begins_at_the_end() -> None:
    one = lstm("a", backwards=True)
    found = first_divergence(
        Course((one,)), Course((changed(changed(one, "h", (0, 1, 0), 1), "c", (0, 4, 2), 1),))
    )
    assert found is not None
    assert (found.timestep, found.series, found.turn) == (4, "c", 1)


def test_float_noise_is_no_difference_and_nan_equals_nan() -> None:
    one = changed(lstm("a"), "h", (0, 3, 0), np.nan)
    assert first_divergence(Course((one,)), Course((changed(one, "c", (0, 0, 0), 5e-6),))) is None
    found = first_divergence(Course((one,)), Course((lstm("a"),)))
    assert found is not None
    assert found.timestep == 3
    assert np.isinf(found.relative)


def test_a_state_that_explodes_later_hides_nothing_before_it() -> None:
    one = changed(lstm("a"), "c", (0, 5, 0), 1e7)
    found = first_divergence(Course((one,)), Course((changed(one, "c", (0, 1, 0), 1e-3),)))
    assert found is not None
    assert found.timestep == 1


def test_what_both_mask_is_not_compared() -> None:
    mask = np.ones(STEPS[:2], bool)
    mask[:, 4:] = False
    one = lstm("a", mask=mask)
    other = changed(one, "g", (0, 5, 0), 1.0)
    assert first_divergence(Course((one,)), Course((other,))) is None
    assert first_divergence(Course((one,)), Course((replace(other, mask=None),))) is not None


def test_shapes_are_compared_over_what_they_share_and_told() -> None:
    one = lstm("a")
    short = replace(one, series={name: values[:, :4] for name, values in one.series.items()})
    found = first_divergence(Course((one,)), Course((short,)))
    assert found is not None
    assert found.shapes == ((2, 6, 3), (2, 4, 3))
    assert remarks(Course((one,)), Course((short,))) == (
        "a: (2, 6, 3) against (2, 4, 3), compared over the (2, 4, 3) that both have",
    )


def test_layers_by_other_names_are_those_of_their_kind_in_order() -> None:
    one, other = Course((lstm("lstm"), lstm("x"))), Course((lstm("lstm_1"), lstm("x")))
    assert [(pair.one.path, pair.other.path) for pair in pairs(one, other)] == [
        ("lstm", "lstm_1"),
        ("x", "x"),
    ]
    assert remarks(one, other) == ("lstm of A is lstm_1 of B",)
    assert remarks(one, Course((lstm("x"),))) == ("only A has lstm: not compared",)


def test_a_recording_in_the_order_of_computation() -> None:
    cells = [
        LayerTrace(f"rnn/cell_{number}", LSTM, series(number), {"h": np.zeros((2, 3))}) for number in (0, 1)
    ]
    outputs = tuple(
        LayerOutput(path, kind, ((2, 3),), "float32", values=(np.zeros((2, 3), np.float32),))
        for path, kind in (("drop", "Dropout"), ("rnn", "RNN"), ("head", "Dense"))
    )
    course = course_of(Recording({}, {"head": np.zeros((2, 3))}, tuple(cells), outputs))
    assert [each.path for each in course.stations] == ["drop", "rnn/cell_0", "rnn/cell_1", "head"]
    assert list(course.stations[1].series) == ["i", "f", "g", "o", "c", "h"]


def test_a_layer_in_front_that_hands_an_input_on_can_be_left_out() -> None:
    front = Station("drop", {"output": np.zeros(STEPS)}, True)
    other = replace(front, series={"output": np.ones(STEPS)})
    one, two = Course((front, lstm("a"))), Course((other, changed(lstm("a"), "f", (0, 2, 0), 1.0)))
    everywhere, recurrent = first_divergence(one, two), first_recurrent_divergence(one, two)
    assert everywhere is not None
    assert recurrent is not None
    assert (everywhere.layer, everywhere.series) == ("drop", "output")
    assert (recurrent.layer, recurrent.order) == ("a", (1, 2))
