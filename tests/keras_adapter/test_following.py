"""Calls followed on a real model: what moved is what moved, and everything is put back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.keras_adapter import LoadedModel, load_model  # noqa: E402
from lstm_tui.keras_adapter.keeping import snapshot  # noqa: E402
from lstm_tui.recurrent.calls import (  # noqa: E402
    Call,
    CallModel,
    Fit,
    Predict,
    Reload,
    ResetStates,
    RunPlan,
)
from lstm_tui.recurrent.movements import Movements, movement_words  # noqa: E402

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(2, 2, 3)
FIT = Fit(np.ones((2, 1), np.float32), batch_size=2)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A stateful layer, dropout, averages and a head, compiled: the file has an optimizer."""
    keras.utils.set_random_seed(3)
    x = keras.Input(batch_shape=(2, 2, 3), name="x")
    hidden = layers.GRU(3, stateful=True, name="gru")(x)
    hidden = layers.Dropout(0.5, name="drop")(layers.BatchNormalization(name="norm")(hidden))
    model = keras.Model(x, layers.Dense(1, name="head")(hidden))
    model.compile("adam", "mse")
    path: Path = tmp_path_factory.mktemp("models") / "all.keras"
    model.save(path)
    return load_model(path)


def held(loaded: LoadedModel) -> list[np.ndarray[Any, Any]]:
    """Weights, states, seeds and the optimizer's variables."""
    optimizer = getattr(loaded.model, "optimizer", None)
    variables = [variable for variable, _ in snapshot(loaded.model)]
    variables += optimizer.variables if optimizer is not None else []
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def followed(loaded: LoadedModel, *calls: Call) -> Movements:
    """What the calls moved, after a look at what they left behind."""
    before = held(loaded)
    plan = RunPlan({"x": X}, calls=calls)
    found = loaded.follow(plan, lambda stage, done: None)
    for one, other in zip(before, held(loaded), strict=True):
        np.testing.assert_array_equal(one, other)
    return found


def moved(found: Movements, call: int) -> dict[str, str]:
    """By name the kind of all that this call moved."""
    return {
        f"{row.layer}/{row.name}": row.kind
        for row, steps in zip(found.rows, found.moved, strict=True)
        if steps[call]
    }


def test_predictions_move_states_alone_and_by_what_they_lie_apart(loaded: LoadedModel) -> None:
    found = followed(loaded, Predict(), Predict(), ResetStates(), Predict())
    assert [moved(found, call) for call in range(4)] == [{"gru/h": "state"}] * 4
    plan = RunPlan({"x": X}, calls=(Predict(), Predict()))
    first, second = loaded.run(plan, lambda stage, done: None).outcomes
    apart = np.abs(second.states_after["gru/h"] - first.states_after["gru/h"]).max()
    (state,) = (index for index, row in enumerate(found.rows) if row.kind == "state")
    assert found.moved[state, 1] == apart
    assert found.moved[state, 0] == found.moved[state, 3], "after a reset the same again"
    assert found.rows[state].shape == (2, 3)
    assert "No prediction needs a training." in movement_words(found)


def test_a_call_in_training_mode_moves_averages_and_draws(loaded: LoadedModel) -> None:
    found = followed(loaded, CallModel(training=True))
    assert moved(found, 0) == {
        "gru/h": "state",
        "norm/moving_mean": "fixed",
        "norm/moving_variance": "fixed",
        "drop/seed": "seed",
    }


def test_training_moves_weights_of_a_copy(loaded: LoadedModel) -> None:
    found = followed(loaded, Predict(), FIT, Predict())
    kinds = list(moved(found, 1).values())
    assert kinds.count("weight") == sum(row.kind == "weight" for row in found.rows)
    assert set(moved(found, 2)) == {"gru/h"}
    assert movement_words(found)[0].startswith("fit in call 2 moved ")


def test_a_model_that_is_loaded_again_has_its_weights_and_neither_states_nor_seeds(
    loaded: LoadedModel,
) -> None:
    found = followed(loaded, Predict(), Reload())
    assert moved(found, 1) == {"gru/h": "state", "drop/seed": "seed"}


def test_a_call_that_fails_says_why_and_moves_nothing(loaded: LoadedModel) -> None:
    found = followed(loaded, Predict({"x": X[..., :2]}), Predict())
    assert [call.failed for call in found.calls] == [True, False]
    assert moved(found, 0) == {}
