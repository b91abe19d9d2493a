"""What is masked and what looks like padding, on arrays alone."""

from __future__ import annotations

import numpy as np

from lstm_tui.checks.inputs.mask_missing import padding_of
from lstm_tui.checks.inputs.masks import (
    holds_only,
    inside,
    only_sequence,
    padded_in_front,
    run_at_end,
    run_at_start,
    runs,
)


def flags(*rows: str) -> np.ndarray:
    """`x` is masked, `.` counts."""
    return np.array([[step == "x" for step in row] for row in rows])


MASKED = flags("..x..xx", "xx..x..", "xxxxxxx", ".......")


def test_runs_at_both_ends() -> None:
    assert run_at_end(MASKED).tolist() == [2, 0, 7, 0]
    assert run_at_start(MASKED).tolist() == [0, 2, 7, 0]


def test_masked_steps_with_data_on_both_sides_are_inside() -> None:
    assert np.argwhere(inside(MASKED)).tolist() == [[0, 2], [1, 4]]
    assert runs(inside(MASKED)) == [(0, 2, 3), (1, 4, 5)]


def test_a_step_counts_as_soon_as_one_feature_differs() -> None:
    steps = np.array([[[0.0, 0.0], [0.0, 1.0], [-0.0, 0.0]]])
    assert holds_only(steps, 0.0).tolist() == [[True, False, True]]
    assert holds_only(np.array([[0, 3, 0]]), 0.0).tolist() == [[True, False, True]]


def test_padding_goes_to_the_front_and_the_order_stays() -> None:
    rows = np.array([[1, 2, 0, 0], [1, 2, 3, 4]])
    assert padded_in_front(rows, np.array([2, 0])).tolist() == [[0, 0, 1, 2], [1, 2, 3, 4]]
    assert padded_in_front(rows[..., None], np.array([2, 0]))[..., 0].tolist()[0] == [0, 0, 1, 2]


def test_the_sequence_among_the_inputs() -> None:
    steps, ids, state = np.zeros((2, 5, 3)), np.ones((2, 5), int), np.full((2, 4), 0.5)
    assert only_sequence({"x": steps, "state": state}) == "x"
    assert only_sequence({"ids": ids}) == "ids"
    assert only_sequence({"a": steps, "b": steps}) is None


def rows_of(*lengths: int, timesteps: int = 20, features: int = 2, fill: float = 0.0) -> np.ndarray:
    values = np.random.default_rng(1).normal(size=(len(lengths), timesteps, features)) + 3
    for row, length in enumerate(lengths):
        values[row, length:] = fill
    return values.astype(np.float32)


def test_padding_is_one_step_at_the_end_of_rows_of_different_length() -> None:
    padding = padding_of(rows_of(20, 12, 7, fill=-1.0))
    assert padding is not None
    assert padding.run.tolist() == [0, 8, 13]
    assert padding.step.tolist() == [-1.0, -1.0]
    assert padding.share == 21 / 60


def test_padding_that_went_through_a_scaler_is_padding_too() -> None:
    scaled = (rows_of(20, 12, 7) - [1.0, 5.0]) / [2.0, 3.0]
    padding = padding_of(scaled)
    assert padding is not None
    assert padding.run.tolist() == [0, 8, 13]


def test_data_that_also_rests_in_the_middle_is_data() -> None:
    idle = rows_of(20, 12, 7)
    idle[:, 3:5] = 0
    assert padding_of(idle) is None


def test_a_few_equal_last_steps_are_no_padding() -> None:
    assert padding_of(rows_of(20, 19, 18)) is None
    assert padding_of(rows_of(20, 20, 20)) is None


def test_rows_cut_alike_count_only_where_the_number_is_a_plain_one() -> None:
    assert padding_of(rows_of(8, fill=0.0)) is not None
    assert padding_of(rows_of(8, fill=0.37)) is None
