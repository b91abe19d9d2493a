"""Real models: initial states that win, dropout that is on, statistics of a batch, resets of Keras."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.checks.case import Case, Subject  # noqa: E402
from lstm_tui.checks.states import batchnorm, carryover, dropout, overridden, reset_early, resets  # noqa: E402
from lstm_tui.keras_adapter import LoadedModel, load_model  # noqa: E402
from lstm_tui.keras_adapter.laboratory import KerasLaboratory  # noqa: E402
from lstm_tui.recurrent.calls import CallModel, Predict, ResetStates, RunPlan, Stream  # noqa: E402

X = np.random.default_rng(3).normal(size=(4, 8, 3)).astype(np.float32)
ONE = X[:1]


@pytest.fixture
def case(tmp_path):
    labs = {}

    def loaded(model, in_memory):
        if in_memory:
            return LoadedModel.in_memory(model)
        path = tmp_path / "model.keras"
        model.save(path)
        return load_model(path)

    def make(model, x, *calls, in_memory=False):
        if model not in labs:
            labs[model] = KerasLaboratory(loaded(model, in_memory))
        lab = labs[model]
        plan = RunPlan(
            {lab.facts.inputs[0].name if lab.facts.inputs else "input": x}, calls=calls or (Predict(),)
        )
        return Case(Subject(plan, calls_given=bool(calls)), lab, lab.run(plan))

    return make


def found(check, case):
    assert not check.missing(case)
    return [finding for finding in check.find(case) if finding.severity != "info"]


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(5)


def entry(batch=None):
    return keras.Input((None, 3), batch_size=batch, name="x")


# --- initial states ---------------------------------------------------------------------------------


def decoder(*, stateful: bool):
    x = entry(1)
    _, *states = layers.LSTM(4, return_state=True, name="encoder")(x)
    hidden = layers.LSTM(4, stateful=stateful, name="decoder")(x, initial_state=states)
    return keras.Model(x, layers.Dense(1)(hidden))


def test_an_initial_state_wins_over_the_stored_one(case):
    (finding,) = found(overridden.CHECK, case(decoder(stateful=True), ONE))
    assert finding.layer == "decoder" and finding.direct
    assert set(finding.evidence["state_stored"]) == {"decoder/h", "decoder/c"}
    assert finding.evidence["difference_of_stateful_false"] == 0
    assert (finding.proof.before, finding.proof.after) == (1.0, 0.0)
    assert finding.fix.alterations[0].layer == "decoder"


def test_a_layer_that_uses_its_stored_state_is_silent(case):
    kept = keras.Sequential([entry(1), layers.GRU(4, stateful=True), layers.Dense(1)])
    assert not found(overridden.CHECK, case(kept, ONE))
    assert not found(overridden.CHECK, case(decoder(stateful=False), ONE))


# --- dropout ----------------------------------------------------------------------------------------


def dropping(*, stored: bool):
    x = entry()
    told = {"training": True} if stored else {}
    hidden = layers.LSTM(6, return_sequences=True, name="lstm")(x)
    hidden = layers.Dropout(0.4, name="dropped")(hidden, **told)
    return keras.Model(x, layers.Dense(1, name="head")(layers.GRU(4, name="gru")(hidden)))


def test_training_in_the_call_keeps_dropout_on(case):
    (finding,) = found(dropout.CHECK, case(dropping(stored=False), X, CallModel(training=True)))
    assert finding.layer == "dropped"
    assert finding.evidence["enters_in"] == "dropped"
    assert finding.evidence["variance"] > 0
    assert "in the call" in finding.evidence["switched_on_by"]
    assert finding.proof.before > 0 == finding.proof.after
    assert isinstance(finding.fix.calls[0], Predict)


def test_training_in_the_graph_is_honoured_by_a_call_and_overridden_by_predict(case):
    model = dropping(stored=True)
    (finding,) = found(dropout.CHECK, case(model, X, CallModel()))
    assert "own graph" in finding.evidence["switched_on_by"]
    assert finding.proof.after == 0
    assert not found(dropout.CHECK, case(model, X, Predict()))
    assert not found(dropout.CHECK, case(model, X, CallModel(training=False)))


def test_dropout_inside_a_recurrent_layer_enters_there(case):
    model = keras.Sequential([entry(), layers.LSTM(8, recurrent_dropout=0.4, name="lstm"), layers.Dense(1)])
    (finding,) = found(dropout.CHECK, case(model, X, CallModel(training=True)))
    assert finding.layer == "lstm"


def test_a_layer_that_always_drops_is_found_in_predict(case):
    class Always(layers.Dropout):
        def call(self, inputs, training=False):
            return super().call(inputs, training=True)

    x = entry()
    model = keras.Model(x, layers.Dense(1)(Always(0.4, name="always")(layers.GRU(4)(x))))
    (finding,) = found(dropout.CHECK, case(model, X, in_memory=True))
    assert finding.layer == "always"
    assert "whatever it is told" in finding.evidence["switched_on_by"]
    assert finding.direct and finding.proof is None


def test_a_state_is_not_taken_for_chance_nor_chance_for_a_state(case):
    stateful = keras.Sequential(
        [entry(1), layers.GRU(4, stateful=True), layers.Dropout(0.4), layers.Dense(1)]
    )
    plain = case(stateful, ONE, Predict(), Predict())
    assert not found(dropout.CHECK, plain)
    assert found(carryover.CHECK, plain)
    training = case(stateful, ONE, CallModel(training=True), ResetStates(), CallModel(training=True))
    assert found(dropout.CHECK, training)
    assert not found(carryover.CHECK, training)


# --- statistics of the batch ------------------------------------------------------------------------


def normalising(*, stored: bool):
    x = entry()
    told = {"training": True} if stored else {}
    hidden = layers.BatchNormalization(name="norm")(layers.GRU(6, name="gru")(x), **told)
    return keras.Model(x, layers.Dense(1)(hidden))


@pytest.mark.parametrize("x", [X, ONE], ids=["rows", "one row"])
def test_a_row_depends_on_its_company(case, x):
    (finding,) = found(batchnorm.CHECK, case(normalising(stored=False), x, CallModel(training=True)))
    assert finding.layer == "norm"
    assert finding.evidence["row_among_copies_of_itself"] != finding.evidence["row_in_other_company"]
    assert finding.evidence["later_predictions_move_by"] > 0
    assert finding.proof.before > 0
    assert finding.proof.after < 1e-5


def test_statistics_of_the_batch_stored_in_the_graph(case):
    model = normalising(stored=True)
    assert found(batchnorm.CHECK, case(model, X, CallModel()))
    assert not found(batchnorm.CHECK, case(model, X, Predict()))


def test_moving_statistics_are_silent(case):
    model = normalising(stored=False)
    for call in (Predict(), CallModel(), CallModel(training=False)):
        assert not found(batchnorm.CHECK, case(model, X, call))


def test_dropout_alone_is_not_taken_for_statistics(case):
    assert not found(batchnorm.CHECK, case(dropping(stored=False), X, CallModel(training=True)))


# --- resets and streams on Keras itself -------------------------------------------------------------


def test_keras_breaks_the_reset_of_stacked_cells(case):
    stack = layers.RNN([layers.LSTMCell(4), layers.LSTMCell(3)], stateful=True, name="stack")
    model = keras.Sequential([entry(1), stack, layers.Dense(1)])
    broken = case(model, ONE, Predict(), ResetStates(scope="top_level"), Predict())
    (finding,) = found(resets.BROKEN, broken)
    assert finding.layer == "stack"
    assert finding.proof.before > 0 == finding.proof.after
    assert not found(resets.INCOMPLETE, broken)


def test_a_stream_of_steps_into_a_model_without_states(case):
    model = keras.Sequential([entry(), layers.LSTM(6, name="lstm"), layers.Dense(1)])
    series = np.sin(np.arange(40) / 4)[None, :, None].repeat(3, axis=2).astype(np.float32)
    (finding,) = found(reset_early.CHECK, case(model, series, Stream()))
    assert {change.layer for change in finding.fix.alterations} == {"x", "lstm"}
    assert finding.proof.after < 1e-5 < finding.proof.before
