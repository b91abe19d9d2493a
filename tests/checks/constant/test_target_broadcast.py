"""Which shapes of labels Keras' losses stretch; each pair was run with `mse` in Keras 3.15."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.checks.constant.target_broadcast import CHECK, as_keras_compares, is_broadcast
from lstm_tui.recurrent.calls import Fit, Predict
from tests.checks.constant.hand_made import HandMade, case

X = np.zeros((12, 5, 2), np.float32)
ROW = np.linspace(0, 1, 12)


@pytest.mark.parametrize(
    ("labels", "outputs"),
    [
        ((12, 1), (12, 5, 1)),
        ((12,), (12, 5, 1)),
        ((12, 1, 1), (12, 5, 1)),
        ((12, 3), (12, 1)),
        ((12, 5, 1), (12, 1)),
        ((12, 1), (12, 3)),
        ((12, 1, 3), (12, 5, 3)),
        ((12, 5, 1), (12, 5, 3)),
    ],
)
def test_these_are_stretched(labels, outputs) -> None:
    assert is_broadcast(labels, outputs)


@pytest.mark.parametrize(
    ("labels", "outputs"),
    [
        ((12,), (12, 1)),
        ((12, 1, 1), (12, 1)),
        ((12, 5), (12, 5, 1)),
        ((12, 3, 1), (12, 3)),
        ((12, 3), (12, 3)),
        ((12,), (12, 3)),  # refused
        ((12, 3), (12, 5, 3)),  # refused
    ],
)
def test_these_fit_or_are_refused(labels, outputs) -> None:
    assert not is_broadcast(labels, outputs)


def test_keras_squeezes_a_last_axis_before_it_compares() -> None:
    assert as_keras_compares((12,), (12, 1)) == ((12, 1), (12, 1))
    assert as_keras_compares((12, 5), (12, 5, 1)) == ((12, 5), (12, 5))


def found(output, labels, **options):
    calls = (Fit(labels), Predict())
    return list(CHECK.find(case(HandMade(lambda inputs: output), X, calls=calls, **options)))


def test_one_label_a_row_beside_an_output_a_step_is_told_with_both_shapes() -> None:
    output = np.broadcast_to(ROW[:, None, None], (12, 5, 1))
    (finding,) = found(output, np.zeros((12, 1)))
    assert (finding.evidence["labels"], finding.evidence["outputs"]) == ((12, 1), (12, 5, 1))
    assert finding.evidence["compared_as"] == (12, 5)
    assert finding.evidence["pairs"] == 60
    assert finding.evidence["mean_square_as_compared"] == pytest.approx(np.square(ROW).mean())
    assert finding.place.call == 0
    assert "return_sequences=False" in finding.fix.text


def test_labels_of_all_rows_are_compared_where_the_batch_axis_is_last() -> None:
    (finding,) = found(np.zeros((12, 5, 1)), ROW)
    assert finding.evidence["compared_as"] == (12, 5, 12)


def test_class_numbers_beside_probabilities_are_meant() -> None:
    output = np.full((12, 3), 1 / 3)
    assert not found(output, (np.arange(12) % 3)[:, None])
    assert found(output, ROW[:, None])


def test_a_target_needs_the_shape_that_is_wanted() -> None:
    lab = HandMade(lambda inputs: np.zeros((12, 3)))
    assert not list(CHECK.find(case(lab, X, target=ROW[:, None])))
    assert list(CHECK.find(case(lab, X, target=ROW[:, None], expected_shape=(12, 3))))
