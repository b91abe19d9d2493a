"""Gradients recomputed in float64: what float32 lost comes back, and models that cannot be copied say why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from keras import layers  # noqa: E402

from lstm_tui.errors import EditError  # noqa: E402
from lstm_tui.keras_adapter import LoadedModel  # noqa: E402
from lstm_tui.keras_adapter.load import load_keras  # noqa: E402
from lstm_tui.recurrent.calls import Alteration  # noqa: E402
from lstm_tui.recurrent.gradients import GradientPlan, Gradients, profile  # noqa: E402
from lstm_tui.recurrent.horizon import memory_horizon  # noqa: E402
from tests.keras_adapter import specimens, zoo_layers, zoo_models  # noqa: E402

#: Every way in which a dtype stands in a configuration: nested, wrapped, stacked, shared, by operations.
KINDS = [
    zoo_layers.stacked_cells,
    zoo_layers.bidirectional_sequences,
    zoo_layers.embedding_mask,
    zoo_layers.stateful_nested,
    zoo_models.shared_tower,
    zoo_models.recurrent_in_each_step,
    zoo_models.operations_between,
]


def reloadable(model: keras.Model) -> LoadedModel:
    """A model in memory of which copies can be loaded, as of one that came from a file."""
    loaded = LoadedModel.in_memory(model)
    loaded.load = lambda path: load_keras(Path(path), trust=False, custom_objects=())
    return loaded


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_copy_gives_the_same_gradients_with_more_digits(kind):
    specimen = specimens.build(kind)
    loaded = reloadable(specimen.model)
    made = loaded.gradients(specimen.inputs, float64=True)
    assert made.exact is not None, made.exact_note
    assert "float64" in made.exact_note
    assert made.exact.value.dtype == np.float64
    np.testing.assert_allclose(made.value, made.exact.value, rtol=1e-4, atol=1e-5)
    assert made.exact.states.keys() == made.states.keys()
    for name, values in made.exact.states.items():
        assert values.dtype == np.float64
        np.testing.assert_allclose(made.states[name], values, rtol=1e-3, atol=1e-5)
    for name, values in made.exact.inputs.items():
        np.testing.assert_allclose(made.inputs[name], values, rtol=1e-3, atol=1e-5)
    assert {weight.dtype for weight in specimen.model.weights if "seed" not in weight.path} == {"float32"}


def test_in_the_copy_nothing_is_computed_in_float32():
    loaded = reloadable(specimens.build(zoo_models.operations_between).model)
    copy = loaded.in_float64().model
    function = tf.function(copy).get_concrete_function(tf.TensorSpec((2, 6, 3), tf.float64))
    graphs = [
        function.graph,
        *(each.graph for each in function.graph._functions.values() if hasattr(each, "graph")),
    ]
    kinds = {tensor.dtype for graph in graphs for op in graph.get_operations() for tensor in op.outputs}
    assert tf.float64 in kinds
    assert tf.float32 not in kinds


def fading() -> LoadedModel:
    """A forget gate near 0.3: 200 steps back the gradient is 0.3^200 = 1e-105."""
    model = keras.Sequential([keras.Input((None, 3)), layers.LSTM(2, name="lstm"), layers.Dense(1)])
    specimens.enliven(model, 3)
    kernel, recurrent, bias = (np.zeros(weight.shape, np.float32) for weight in model.layers[0].weights)
    bias[2:4] = -0.85
    kernel[:, 4:6] = 0.3
    model.layers[0].set_weights([kernel, recurrent, bias])
    return reloadable(model)


def test_what_underflowed_in_float32_is_a_number_in_float64():
    loaded = fading()
    x = specimens.sequence(1, 200, specimens.FEATURES)
    made = loaded.gradients({"x": x}, float64=True)
    assert made.exact is not None
    ours, exact = profile(made.states["lstm/c"])[0], profile(made.exact.states["lstm/c"])[0]
    assert (ours[:-1] == 0).sum() > 50
    assert (exact[:-1] > 0).all()
    told = memory_horizon(ours, exact=exact)
    assert told.underflow.sum() == (ours[:-1] == 0).sum()
    assert told.zero.tolist() == [False] * 199 + [True], "nobody reads the last cell state"
    forget = 1 / (1 + np.exp(0.85))
    assert told.factor == pytest.approx(forget, rel=1e-6)


def test_the_error_against_a_target_too():
    specimen = specimens.build(zoo_layers.two_lstms)
    loaded = reloadable(specimen.model)
    target = np.array([[3.0], [-2.0]])
    made = loaded.gradients(specimen.inputs, target=target, float64=True)
    assert made.exact is not None
    assert made.exact.of == made.of == "squared error of output dense"
    np.testing.assert_allclose(made.value, made.exact.value, rtol=1e-5)


def refused(kind) -> str:
    specimen = specimens.build(kind)
    made: Gradients = reloadable(specimen.model).gradients(specimen.inputs, float64=True)
    assert made.exact is None
    assert made.states
    return made.exact_note


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (zoo_models.mixed_float16, "lstm computes in mixed_float16"),
        (zoo_models.float16, "lstm computes in float16"),
        (zoo_models.mixed_bfloat16, "computes in mixed_bfloat16"),
        (zoo_layers.rnn_of_minimal_cell, "code of your own (MinimalCell)"),
        (zoo_models.dropout_always_on, "code of your own (AlwaysDropout)"),
        (zoo_models.subclassed, "its class TwoLayers is your own"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_model_that_cannot_be_copied_says_why_and_keeps_its_own(kind, why):
    assert why in refused(kind)


def test_a_model_in_memory_alone_cannot_be_copied():
    loaded = LoadedModel.in_memory(specimens.build(zoo_layers.gru).model)
    made = loaded.gradients(specimens.build(zoo_layers.gru).inputs, float64=True)
    assert made.exact is None
    assert "exists in memory alone" in made.exact_note


def test_a_model_in_float64_needs_no_copy():
    specimen = specimens.build(zoo_models.float64)
    made = reloadable(specimen.model).gradients(specimen.inputs, float64=True)
    assert made.exact is not None
    np.testing.assert_array_equal(made.exact.states["lstm/h"], made.states["lstm/h"])
    assert "itself computes in float64" in made.exact_note


def test_the_copy_of_a_stateful_model_starts_from_the_same_states():
    specimen = specimens.build(zoo_layers.stateful_gru)
    loaded = reloadable(specimen.model)
    states = {"gru/h": np.full((specimens.BATCH, 4), 0.7, np.float32)}
    made = loaded.gradients(specimen.inputs, states=states, float64=True)
    assert made.exact is not None
    np.testing.assert_allclose(made.value, made.exact.value, rtol=1e-5)
    assert not np.any(specimen.model.layers[0].states[0])


def test_gradients_of_a_copy_with_other_settings():
    specimen = specimens.build(zoo_layers.two_lstms)
    loaded = reloadable(specimen.model)
    other = (Alteration("lstm", (("activation", "relu"),)),)
    made = loaded.gradients_of(GradientPlan(specimen.inputs, alterations=other))
    assert not np.allclose(made.value, loaded.gradients(specimen.inputs).value)
    with pytest.raises(EditError, match="nowhere"):
        nowhere = (Alteration("nowhere", (("activation", "relu"),)),)
        loaded.gradients_of(GradientPlan(specimen.inputs, alterations=nowhere))
