"""What a history of calls says of weights and states, in words; which rows are shown."""

from __future__ import annotations

import numpy as np

from lstm_tui.recurrent.movements import Movements, first_to_see, movement_words
from tests.session.walks_made import CALLS, MOVED, ROWS, movements, predictions


def of_calls(*calls: int) -> Movements:
    """Some of the calls that were made by hand."""
    moved = MOVED[:, list(calls)]
    return Movements(ROWS, tuple(CALLS[call] for call in calls), moved, np.ones_like(moved))


def test_predictions_move_states_alone() -> None:
    assert movement_words(predictions(12)) == (
        "Weights did not move in any of the 12 calls, to the bit.",
        "States did, in lstm_1.",
        "No prediction needs a training.",
    )
    assert movement_words(of_calls(0))[0] == "Weights did not move in the only call, to the bit."


def test_the_calls_that_moved_weights_are_named() -> None:
    assert movement_words(movements()) == (
        "model(x) in call 2 moved 1 of 4 weights, by up to 0.09; "
        "fit in call 4 moved 3 of 4 weights, by up to 0.08; the other 4 calls moved none.",
        "States moved in lstm_1.",
        "Random numbers were drawn in drop.",
        "Call 5 fails.",
    )


def test_nothing_is_said_of_calls_that_all_fail() -> None:
    assert movement_words(of_calls(4)) == ("Every call fails: nothing can be said.",)
    assert movement_words(Movements((), (), np.zeros((0, 0)), np.zeros((0, 0)))) == ("No call was made.",)


def test_averages_that_move_are_told_from_training() -> None:
    told = movement_words(of_calls(0, 1))
    assert any("no trained weight" in each and "norm" in each for each in told)
    assert not any("no trained weight" in each for each in movement_words(of_calls(0, 3)))


def test_a_model_without_states_says_so() -> None:
    moved = np.zeros((1, 3))
    still = Movements(ROWS[:1], CALLS[:3], moved, moved)
    assert "The model keeps no state: each prediction comes from its input alone." in movement_words(still)


def test_layers_in_which_nothing_moved_are_apart_and_the_view_begins_where_weights_moved() -> None:
    found = movements()
    assert [layer for layer, _ in found.layers] == ["lstm_1", "norm", "drop"]
    assert [layer for layer, _ in found.still] == ["dense", ""]
    assert found.shown == (0, 1, 2, 3, 4)
    assert (found.most(2), found.times(2)) == (0.7, 5)
    assert found.share(3, 1) == 0.09 / 2
    assert first_to_see(found) == (2, 1)
    assert first_to_see(predictions(3)) == (1, 0)
