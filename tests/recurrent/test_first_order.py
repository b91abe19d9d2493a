"""Gradient times activation and the smallest move, on functions whose gradient is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_tui.recurrent.cells import LSTM
from lstm_tui.recurrent.first_order import FirstOrder, largest_moves, moves_words, smallest_move
from lstm_tui.recurrent.why import Question, Why
from lstm_tui.recurrent.why_first_order import first_order_answer, sources_behind
from lstm_tui.recurrent.why_words import why_lines
from tests.recurrent.whys_made import Network

QUESTION = Question("inputs", "y", 11, 0)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.floats(-5, 5), st.floats(0.01, 100))
def test_the_move_closes_the_gap_and_none_is_smaller(seed: int, gap: float, spread: float) -> None:
    random = np.random.default_rng(seed)
    gradient, other = random.normal(size=(4, 3)), random.normal(size=(4, 3))
    deviations = np.array([1.0, spread, 0.3])
    move = smallest_move({"x": gradient}, gap, {"x": deviations})
    assert move is not None
    assert (move["x"] * gradient).sum() == pytest.approx(gap, abs=1e-9)
    along = other - (other * gradient).sum() / (gradient**2).sum() * gradient  # as good to first order
    size = np.linalg.norm(move["x"] / deviations)
    assert size <= np.linalg.norm((move["x"] + along) / deviations) * (1 + 1e-9) + 1e-12


def test_a_feature_that_never_changes_is_not_moved() -> None:
    gradient = np.ones((2, 3))
    move = smallest_move({"x": gradient}, 1.0, {"x": np.array([1.0, 0.0, 1.0])})
    assert move is not None and not move["x"][:, 1].any() and move["x"][:, 0].all()
    still = smallest_move({"x": gradient}, 1.0, {"x": np.zeros(3)})
    assert still is not None and still["x"].all(), "where none changes, units are the only measure"
    assert smallest_move({"x": gradient}, 1.0, {}) is not None


@pytest.mark.parametrize("gradient", [np.zeros((2, 3)), np.full((2, 3), np.nan)])
def test_without_a_gradient_there_is_no_move(gradient: np.ndarray) -> None:
    assert smallest_move({"x": gradient}, 1.0, {}) is None
    assert smallest_move({"x": np.ones((2, 3))}, float("nan"), {}) is None


def test_moves_are_told_largest_first_with_what_they_reached() -> None:
    move = np.array([[0.1, -4.0], [0.0, 0.3]])
    deviations = {"x": np.array([0.1, 10.0])}
    found = FirstOrder(0.58, {"x": move}, {"x": move}, 0.73, {"x": move}, 0.71)
    words = moves_words(found, deviations, most=2)
    assert words == (
        "to reach 0.73 (is 0.58): x[t=0, 0] +0.1 (1 sd), x[t=0, 1] -4 (0.4 sd) and 1 more; tried: 0.71"
    )
    moves, more = largest_moves(found, deviations, 9)
    assert [(each.step, each.feature) for each in moves] == [(0, 0), (0, 1), (1, 1)]
    assert more == 0
    assert moves_words(FirstOrder(0.58, {}, {}), {}) == ""
    assert "gradient is 0" in moves_words(FirstOrder(0.58, {}, {}, 0.73), {})


def test_shares_are_gradient_times_activation_and_say_how_much_they_explain() -> None:
    made = Network((LSTM, LSTM), 3, 12).made
    x = made.recording.inputs["x"][0]
    gradient = np.random.default_rng(0).normal(size=x.shape)
    value = float((gradient * x).sum()) / 0.8
    answer = first_order_answer(QUESTION, FirstOrder(value, {"x": gradient}, {"x": x}), made)
    assert isinstance(answer, Why) and not answer.exact
    assert answer.explained == pytest.approx(0.8)
    assert answer.residual == pytest.approx(0.2 * value)
    assert "approximate (gradient × activation): explains 80%" in "\n".join(why_lines(answer))
    for share in answer.shares:
        assert share.of is not None and share.of.kind == "input"
        assert share.share == pytest.approx(gradient[share.of.step, share.of.unit] * share.value)


def test_states_are_found_where_a_layer_gave_them() -> None:
    made = Network((LSTM, LSTM), 3, 12).made
    assert sources_behind(made, "d1") == (("b",), ())
    assert sources_behind(made, "a") == ((), ("x",))
    assert sources_behind(made, "d2", to_inputs=True) == ((), ("x",))
    given_all = made.recording.layers[0].steps["h"][0]
    gradient = np.zeros(given_all.shape)
    gradient[7, 2] = 2.0
    answer = first_order_answer(QUESTION, FirstOrder(1.0, {"a": gradient}, {"a": given_all}), made)
    assert [share.of for share in answer.shares] == [Question("state", "a", 7, 2, "h")]
    last = FirstOrder(1.0, {"b": np.ones(5)}, {"b": made.recording.layers[1].steps["h"][0, -1]})
    assert {share.of.step for share in first_order_answer(QUESTION, last, made).shares if share.of} == {11}
