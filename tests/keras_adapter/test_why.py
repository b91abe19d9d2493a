"""Why, of models that Keras built and ran: every value on the way back adds up to what was recorded."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from keras import layers  # noqa: E402

from lstm_tui.errors import EditError  # noqa: E402
from lstm_tui.keras_adapter import LoadedModel  # noqa: E402
from lstm_tui.keras_adapter.laboratory import insides  # noqa: E402
from lstm_tui.keras_adapter.recorder import record_predict  # noqa: E402
from lstm_tui.recurrent.first_order import FirstOrderPlan  # noqa: E402
from lstm_tui.recurrent.gradients import GradientPlan  # noqa: E402
from lstm_tui.recurrent.why import Made, Question  # noqa: E402
from lstm_tui.recurrent.why_asking import why  # noqa: E402
from lstm_tui.recurrent.why_first_order import first_order_answer, sources_behind  # noqa: E402

IDS = np.array([[1, 4, 2, 5, 3, 1, 2, 0, 0], [5, 4, 3, 2, 1, 5, 4, 3, 2]], np.int32)


def model_of_many_layers():
    """All that is understood, one behind the other, and a second output behind a normalisation."""
    keras.utils.set_random_seed(3)
    ids = keras.Input((9,), dtype="int32", name="ids")
    x = layers.Embedding(6, 4, name="rows", mask_zero=True)(ids)
    x = layers.GRU(5, return_sequences=True, name="gru")(x)
    x = layers.GRU(4, return_sequences=True, reset_after=False, name="old_gru")(layers.Dropout(0.3)(x))
    x = layers.TimeDistributed(layers.Dense(3, activation="tanh", name="inner"), name="each")(x)
    x = layers.SimpleRNN(4, return_sequences=True, name="simple")(x)
    x = layers.Bidirectional(layers.LSTM(3, name="lstm"), name="both")(x)
    normed = layers.Dense(1, name="far")(layers.LayerNormalization(name="norm")(x))
    head = layers.Dense(2, activation="softmax", name="head")(
        layers.Dense(5, activation="relu", name="mid")(x)
    )
    model = keras.Model(ids, [head, normed])
    random = np.random.default_rng(0)
    for weight in model.weights:
        if "bias" in weight.name:
            weight.assign(random.normal(scale=0.3, size=weight.shape))
    return model


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    return LoadedModel.in_memory(model_of_many_layers())


@pytest.fixture(scope="module")
def made(loaded: LoadedModel) -> Made:
    return Made(record_predict(loaded, {"ids": IDS}), insides(loaded), 0)


def test_every_value_adds_up_back_to_the_tokens(made: Made) -> None:
    waiting, seen, kinds, paths = deque([Question("output", "head", 8, 1)]), set(), set(), set()
    while waiting and len(seen) < 400:
        question = waiting.popleft()
        if question in seen:
            continue
        seen.add(question)
        answer = why(question, made)
        if isinstance(answer, str):
            assert "masked" in answer, answer
            continue
        assert answer.exact
        assert answer.adds_up, (question, answer.residual, answer.tolerance)
        kinds.add(question.kind)
        paths.add(question.path)
        causes = [share.of for share in answer.shares if share.of is not None and 0 <= share.of.step < 9]
        # the largest and some of the small ones: those of the layer below stand among both
        waiting += causes[:3] + [each for each in causes if each.path != question.path][:2]
    assert kinds == {"output", "layer", "state", "written", "input"}
    assert {"rows", "gru", "old_gru", "each/inner", "simple", "mid", "both/forward_lstm", "ids"} <= paths


def test_what_stands_between_and_is_not_understood_is_named(made: Made) -> None:
    norm = why(Question("layer", "norm", 8, 4), made)
    assert norm == "norm (LayerNormalization) is not taken apart exactly"
    far = why(Question("output", "far", 8, 0), made)
    assert not isinstance(far, str) and far.adds_up, "what it gave was recorded"
    assert Question("layer", "norm", 8, 4) in {share.of for share in far.shares}


def test_what_is_not_understood_is_explained_by_its_gradient(made: Made, loaded: LoadedModel) -> None:
    """Of the layer behind the normalisation, against a plain tape on the part of the model behind it."""
    both, norm = loaded.model.get_layer("both"), loaded.model.get_layer("norm")
    given = keras.Model(loaded.model.input, both.output)(IDS)
    with tf.GradientTape() as tape:
        tape.watch(given)
        value = norm(given)[1, 4]
    plain = tape.gradient(value, given)[1]
    sources = sources_behind(made, "norm")
    assert sources == (("both",), ())
    plan = FirstOrderPlan(GradientPlan({"ids": IDS}), 1, "", "norm", 8, 4, None, *sources)
    found = loaded.first_order(plan)
    np.testing.assert_allclose(found.value, value, rtol=1e-5)
    np.testing.assert_allclose(found.gradients["both"], plain, rtol=1e-4, atol=1e-6)
    answer = first_order_answer(Question("layer", "norm", 8, 4), found, replace(made, sample=1))
    places = {(share.of.path, share.of.step) for share in answer.shares if share.of is not None}
    assert places == {("both/forward_lstm", 8), ("both/backward_lstm", 0)}


def test_inputs_are_moved_and_what_that_reaches_is_run() -> None:
    """On a model of numbers, had the sequence ended at step 5; another unit of it compiles nothing."""
    keras.utils.set_random_seed(1)
    x = keras.Input((9, 2), name="x")
    model = keras.Model(x, layers.Dense(2, name="y")(layers.LSTM(4, name="lstm")(x)))
    loaded, inputs = LoadedModel.in_memory(model), np.random.default_rng(0).normal(size=(2, 9, 2))
    inputs = inputs.astype(np.float32)
    prefix = record_predict(loaded, {"x": inputs}).prefix["y"][1, 5]
    for unit in (0, 1):
        goal = float(prefix[unit]) + 0.02
        plan = FirstOrderPlan(
            GradientPlan({"x": inputs}), 1, "y", "", 5, unit, 6, (), ("x",), goal, {"x": np.array([1.0, 2.0])}
        )
        found = loaded.first_order(plan)
        np.testing.assert_allclose(found.value, prefix[unit], rtol=1e-5)
        assert found.moves["x"].shape == (6, 2)
        assert abs(found.reached - goal) < 0.002
    with pytest.raises(EditError, match="nothing"):
        loaded.first_order(replace(plan, path="none"))
