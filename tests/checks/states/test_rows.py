"""Rows that follow each other inside one call: independent ones, and ones that belong elsewhere."""

from __future__ import annotations

import numpy as np

from lstm_tui.checks.states import batch_order, misaligned
from lstm_tui.recurrent.calls import Fit, Predict, ResetStates
from tests.checks.states.leaky import Leaky, case_of, chunks, found, waves

UNRELATED = np.stack([waves(20, seed, level=2.0 * seed) for seed in (3, 0, 5, 2, 4, 1)])
#: 12 pieces of one series.
PIECES = np.concatenate(chunks(12))


def codes(case) -> list[str]:
    checks = (misaligned.CHECK, batch_order.CHECK)
    return [finding.code for check in checks for finding in found(check, case)]


def test_independent_rows_change_with_their_order() -> None:
    case = case_of(Leaky(), UNRELATED, (Predict(batch_size=1),))
    (finding,) = found(batch_order.CHECK, case)
    assert finding.evidence["difference_by_order"] > 0
    assert finding.proof.after == 0
    assert sum(isinstance(call, ResetStates) for call in finding.fix.calls) == 6


def test_rows_that_continue_each_other_are_silent() -> None:
    assert codes(case_of(Leaky(), PIECES, (Predict(batch_size=1),))) == []


def test_whoever_asks_in_two_orders_means_that_the_order_is_nothing() -> None:
    rows = np.random.default_rng(1).normal(size=(5, 20, 2))
    both = (Predict(batch_size=1), ResetStates(), Predict(batch_size=1, reversed_order=True))
    assert codes(case_of(Leaky(), rows, both)) == ["batch-order"]
    assert codes(case_of(Leaky(), rows, both[:1])) == []


def test_the_target_tells_what_the_data_does_not() -> None:
    rows = np.random.default_rng(1).normal(size=(12, 20, 2))
    alone = np.concatenate([case_of(Leaky(), row[None]).outputs["y"] for row in rows])
    assert codes(case_of(Leaky(), rows, (Predict(batch_size=1),), target=alone)) == ["batch-order"]
    kept = case_of(Leaky(), rows, (Predict(batch_size=1),)).outputs["y"]
    assert codes(case_of(Leaky(), rows, (Predict(batch_size=1),), target=kept)) == []


def test_a_model_without_states_has_no_order() -> None:
    assert codes(case_of(Leaky(batch=None), UNRELATED, (Predict(batch_size=2),))) == []


def test_windows_one_after_the_other_belong_to_other_rows() -> None:
    case = case_of(Leaky(batch=3), PIECES, (Predict(batch_size=3),))
    (finding,) = found(misaligned.CHECK, case)
    assert finding.evidence["continued_by_row"] == "i + 1"
    assert finding.evidence["state_goes_to_row"] == "i + 3"
    assert finding.proof.before < 0.3 and finding.proof.after > 0.9
    (trial,) = finding.fix.calls
    assert trial.rows == (0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11)


def test_a_stretch_for_each_row_is_silent() -> None:
    aligned = PIECES[[0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]]
    assert codes(case_of(Leaky(batch=3), aligned, (Predict(batch_size=3),))) == []


def test_windows_that_overlap_are_read_twice() -> None:
    series = waves(60)
    windows = np.stack([series[at : at + 20] for at in range(0, 40, 5)])
    (finding,) = found(misaligned.CHECK, case_of(Leaky(), windows, (Predict(batch_size=1),)))
    assert finding.evidence["overlap"] == 15
    assert finding.proof.after > finding.proof.before


def test_rows_in_reverse() -> None:
    (finding,) = found(misaligned.CHECK, case_of(Leaky(), PIECES[::-1].copy(), (Predict(batch_size=1),)))
    assert "reverse" in finding.summary
    assert finding.fix.calls[0].rows == tuple(range(11, -1, -1))


def test_training_on_rows_that_belong_elsewhere() -> None:
    labels = np.zeros((12, 1))
    fit = Fit(labels, batch_size=3, shuffle=False)
    assert codes(case_of(Leaky(batch=3), PIECES, (fit,), record=0)) == ["state-misaligned"]
    aligned = PIECES[[0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]]
    assert codes(case_of(Leaky(batch=3), aligned, (fit,), record=0)) == []


def test_batches_that_the_states_are_not_bound_to_are_not_judged() -> None:
    assert codes(case_of(Leaky(batch=2), PIECES, (Predict(batch_size=3),))) == []
