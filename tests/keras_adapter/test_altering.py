"""Copies of a model with other settings or weights: what changes, and that the model itself does not."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.errors import EditError  # noqa: E402
from lstm_tui.keras_adapter.laboratory import KerasLaboratory  # noqa: E402
from lstm_tui.keras_adapter.load import load_model  # noqa: E402
from lstm_tui.recurrent.calls import Alteration, Predict, RunPlan  # noqa: E402

X = np.random.default_rng(5).normal(size=(2, 6, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    def save(model):
        path = tmp_path_factory.mktemp("altering") / "model.keras"
        model.save(path)
        return KerasLaboratory(load_model(path))

    return save


def predicted(lab, x=X):
    return next(iter(lab.run(RunPlan({"x": x}, calls=(Predict(),), record=1)).outcomes[0].outputs.values()))


def sequential(*inner):
    keras.utils.set_random_seed(3)
    return keras.Sequential([layers.Input((6, 3)), *inner])


def test_return_sequences_off_gives_the_last_step_of_the_same_sequence(saved):
    lab = saved(sequential(layers.LSTM(4, return_sequences=True, name="lstm")))
    whole = predicted(lab)
    last = predicted(lab.altered([Alteration("lstm", (("return_sequences", False),))]))
    assert np.array_equal(last, whole[:, -1])
    assert np.array_equal(predicted(lab), whole)


@pytest.mark.parametrize("path", ["inner/lstm", "inner/wrapped/forward_gru", "spread/dense"])
def test_a_layer_is_found_wherever_it_stands(saved, path):
    inner = keras.Sequential(
        [layers.LSTM(4, return_sequences=True, name="lstm"),
         layers.Bidirectional(layers.GRU(3, return_sequences=True, name="gru"), name="wrapped")],
        name="inner",
    )  # fmt: skip
    spread = layers.TimeDistributed(layers.Dense(2, name="dense"), name="spread")
    lab = saved(sequential(inner, spread))
    changed = lab.altered([Alteration(path, (("activation", "softplus"),))])
    assert not np.array_equal(predicted(changed), predicted(lab))


def test_a_plan_with_alterations_is_made_on_a_copy(saved):
    lab = saved(sequential(layers.LSTM(4, name="lstm")))
    plan = RunPlan({"x": X}, alterations=(Alteration("lstm", (("return_sequences", True),)),))
    run = lab.run(plan)
    assert next(iter(run.outcomes[0].outputs.values())).shape == (2, 6, 4)
    assert run.recording is not None and run.recording.layers[0].path == "lstm"
    assert predicted(lab).shape == (2, 4)


def test_other_weights_are_set_by_their_names(saved):
    lab = saved(sequential(layers.LSTM(4, name="lstm"), layers.Dense(1, name="head")))
    bias = lab.weights()["head/bias"]
    moved = lab.altered(weights={"head/bias": bias + 1})
    assert np.allclose(predicted(moved), predicted(lab) + 1, atol=1e-6)
    assert {"lstm/kernel", "lstm/recurrent_kernel", "lstm/bias", "head/kernel"} <= set(lab.weights())


def test_what_cannot_be_built_is_refused_in_a_sentence(saved):
    lab = saved(sequential(layers.LSTM(4, name="lstm")))
    with pytest.raises(EditError, match="no layer at gru"):
        lab.altered([Alteration("gru", (("units", 5),))])
    with pytest.raises(EditError, match="cannot be rebuilt with lstm: units = 5"):
        lab.altered([Alteration("lstm", (("units", 5),))])
    with pytest.raises(EditError, match="no weight lstm/nothing"):
        lab.altered(weights={"lstm/nothing": np.zeros(3)})


def test_settings_are_plain_values(saved):
    lab = saved(sequential(layers.LSTM(4, name="lstm"), layers.Dense(1, activation="relu", name="head")))
    assert lab.settings()["head"]["activation"] == "relu"
    assert lab.settings()["lstm"]["return_sequences"] is False


def shapes(lab):
    run = lab.run(RunPlan({"x": X}, calls=(Predict(),), record=1))
    return {name: array.shape for name, array in run.outcomes[0].outputs.items()}


def functional(build):
    keras.utils.set_random_seed(3)
    x = keras.Input((6, 3), name="x")
    return keras.Model(x, build(x))


def with_head(x):
    output, h, c = layers.LSTM(4, return_state=True, name="lstm")(x)
    return [layers.Dense(1, name="head")(output), h, c]


def test_states_leave_the_outputs_with_return_state(saved):
    lab = saved(functional(with_head))
    assert shapes(lab) == {"head": (2, 1), "lstm": (2, 4), "lstm#2": (2, 4)}
    alone = lab.altered([Alteration("lstm", (("return_state", False),))])
    assert shapes(alone) == {"head": (2, 1)}
    assert np.array_equal(predicted(alone), predicted(lab))


def test_states_become_outputs_where_the_output_of_their_layer_is_one(saved):
    wrapped = layers.Bidirectional(layers.LSTM(4, name="lstm"), name="both")
    lab = saved(functional(wrapped))
    stated = lab.altered([Alteration("both/forward_lstm", (("return_state", True),))])
    assert list(shapes(stated).values()) == [(2, 8), (2, 4), (2, 4), (2, 4), (2, 4)]
    assert shapes(stated.altered([Alteration("both/forward_lstm", (("return_state", False),))])) == shapes(
        lab
    )


def test_states_that_nobody_asked_out_stay_inside(saved):
    lab = saved(functional(lambda x: layers.Dense(1, name="head")(layers.GRU(4, name="gru")(x))))
    assert shapes(lab.altered([Alteration("gru", (("return_state", True),))])) == {"head": (2, 1)}


def test_outputs_by_name_lose_the_states_alone(saved):
    def named(x):
        output, h = layers.GRU(4, return_state=True, name="gru")(x)
        return {"price": layers.Dense(1, name="head")(output), "state": h}

    lab = saved(functional(named))
    assert shapes(lab.altered([Alteration("gru", (("return_state", False),))])) == {"price": (2, 1)}
