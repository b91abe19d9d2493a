"""What is tried inside the loops, each against a computation of its own: NumPy, or Keras called in parts."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from lstm_tui.errors import EditError, InterventionError
from lstm_tui.keras_adapter.loaded import LoadedModel
from lstm_tui.keras_adapter.recorder.intervening import Intervening
from lstm_tui.recurrent.calls import CallModel, Predict, ResetStates, Run, RunPlan
from lstm_tui.recurrent.gradients import GradientPlan
from lstm_tui.recurrent.interventions import Intervention, StartFrom, clamp, dropout, poke, silence
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.replays import ReplayPlan

pytestmark = pytest.mark.keras

X = np.random.default_rng(0).normal(size=(3, 10, 3)).astype(np.float32)
#: What hand-written arithmetic in float64 may be off.
NEAR: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-6}


def quietly(*_: object) -> None:
    """Nobody follows the progress."""


def run(loaded: LoadedModel, *tried: Intervention, x: Array = X, **more: Any) -> Run:
    return loaded.run(RunPlan({"x": x}, interventions=tried, **more), quietly)


def called(loaded: LoadedModel, *tried: Intervention, x: Array = X) -> Run:
    """A call in place of predict: with training=True nothing is predicted at each step, which takes long."""
    return run(loaded, *tried, x=x, calls=(CallModel(training=True),))


def built(*stages: layers.Layer, **how: Any) -> LoadedModel:
    x = keras.Input(**(how or {"shape": (None, 3)}), name="x")
    out: Any = x
    for stage in stages:
        out = stage(out)
    return LoadedModel.in_memory(keras.Model(x, out))


@pytest.fixture(scope="module")
def two_layers() -> LoadedModel:
    """An LSTM read by a GRU, whose last step is the output's."""
    keras.utils.set_random_seed(1)
    lstm = layers.LSTM(5, return_sequences=True, bias_initializer="normal", name="lstm_1")
    return built(lstm, layers.GRU(4, name="gru_1"), layers.Dense(2, name="head"))


def output(made: Run) -> Array:
    return np.asarray(next(iter(made.outcomes[-1].outputs.values())))


def steps(made: Run, path: str, series: str) -> Array:
    assert made.recording is not None
    trace = made.recording.layer(path)
    assert trace is not None
    return np.asarray(trace.steps[series])


def sigmoid(values: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-values)))


def lstm_by_hand(layer: Any, x: Array, *, forget: dict[int, float]) -> Array:
    """h `(batch, timesteps, units)` of an LSTM in NumPy, its forget gate held in the units that are named."""
    kernel, recurrent, bias = (np.asarray(each, np.float64) for each in layer.get_weights())
    h = c = np.zeros((len(x), layer.units))
    kept = []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ kernel + h @ recurrent + bias, 4, axis=-1)
        i, f, o = sigmoid(i), sigmoid(f), sigmoid(o)
        for unit, value in forget.items():
            f[:, unit] = value
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        kept.append(h)
    return np.stack(kept, axis=1)


def stepped(cell: Any, x: Array, states: list[Array]) -> tuple[Array, list[Array]]:
    """The cell called from Python: its first state after each step, and all states after the last."""
    kept = []
    for t in range(x.shape[1]):
        _, states = cell(x[:, t], states)
        kept.append(np.asarray(states[0]))
    return np.stack(kept, axis=1), [np.asarray(state) for state in states]


# --- clamp -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain(two_layers: LoadedModel) -> Run:
    """Nothing tried."""
    return run(two_layers)


CLAMPS = (clamp("lstm_1", "f", 1.0, unit=[0, 3]), clamp("gru_1", "z", 0.5, unit=1, first=4, last=6, sample=2))


@pytest.fixture(scope="module")
def clamped(two_layers: LoadedModel) -> Run:
    """A gate held at all steps, and one in a range of them in one sample."""
    return run(two_layers, *CLAMPS)


def test_a_clamped_forget_gate_is_what_the_formula_gives(two_layers: LoadedModel, clamped: Run) -> None:
    by_hand = lstm_by_hand(two_layers.model.get_layer("lstm_1"), X, forget={0: 1.0, 3: 1.0})
    np.testing.assert_allclose(steps(clamped, "lstm_1", "h"), by_hand, **NEAR)
    assert (steps(clamped, "lstm_1", "f")[..., [0, 3]] == 1.0).all()


def test_a_clamp_holds_in_its_range_of_steps_and_sample_alone(clamped: Run) -> None:
    held = steps(clamped, "gru_1", "z")
    assert (held[2, 4:7, 1] == 0.5).all()
    assert (held[2, 4:7, [0, 2, 3]] != 0.5).all()
    assert (held[:2] != 0.5).all()
    assert (held[2, [3, 7]] != 0.5).all()


def test_predictions_at_each_step_have_the_change_in_them(two_layers: LoadedModel, clamped: Run) -> None:
    assert clamped.recording is not None
    plan = RunPlan({"x": X}, interventions=CLAMPS)
    replayed = two_layers.replay(ReplayPlan(plan, 8, 2), quietly)
    np.testing.assert_allclose(replayed.outputs["head"], clamped.recording.prefix["head"][2, 7], **NEAR)


def test_the_recording_says_that_it_is_not_what_predict_gives(plain: Run, clamped: Run) -> None:
    assert clamped.recording is not None
    assert plain.recording is not None
    assert (plain.recording.disagreement, plain.recording.tried) == (0.0, ())
    assert clamped.recording.disagreement is None
    assert clamped.recording.tried == tuple(one.describe() for one in CLAMPS)
    assert "model.predict" in clamped.outcomes[0].note
    assert clamped.key != plain.key
    np.testing.assert_array_equal(output(clamped), next(iter(clamped.recording.outputs.values())))


# --- poke --------------------------------------------------------------------------------------------------


def test_a_poke_is_two_calls_with_the_state_handed_on(two_layers: LoadedModel) -> None:
    cell = two_layers.model.get_layer("lstm_1").cell
    zeros = [np.zeros((3, 5), np.float32)] * 2
    first, (h, c) = stepped(cell, X[:, :5], zeros)
    c = c.copy()
    c[1, 2] = -0.75
    second, _ = stepped(cell, X[:, 5:], [h, c])
    made = called(
        two_layers, poke("lstm_1", "c", -0.75, 4, unit=2, sample=1), clamp("gru_1", "z", 1.0, first=5)
    )
    np.testing.assert_allclose(steps(made, "lstm_1", "h"), np.concatenate([first, second], axis=1), **NEAR)
    assert steps(made, "lstm_1", "c")[1, 4, 2] == np.float32(-0.75)
    kept = steps(made, "gru_1", "h")[:, 4:]  # a GRU whose update gate is 1 keeps its state
    np.testing.assert_array_equal(kept, np.repeat(kept[:, :1], 6, axis=1))


def test_a_poked_hidden_state_is_what_the_layer_above_reads(two_layers: LoadedModel) -> None:
    made = called(two_layers, poke("lstm_1", "h", 2.0, 9))
    handed = steps(made, "lstm_1", "h")
    assert (handed[:, 9] == 2.0).all()
    above = two_layers.model.get_layer("gru_1")(handed)
    np.testing.assert_allclose(output(made), two_layers.model.get_layer("head")(above), **NEAR)


def test_a_layer_that_runs_backwards_is_poked_at_the_step_of_the_input() -> None:
    keras.utils.set_random_seed(2)
    loaded = built(layers.SimpleRNN(4, go_backwards=True, return_sequences=True, name="rnn"))
    cell = loaded.model.get_layer("rnn").cell
    first, (h,) = stepped(cell, X[:, :6:-1], [np.zeros((3, 4), np.float32)])  # steps 9, 8, 7
    second, _ = stepped(cell, X[:, 6::-1], [np.full_like(h, 0.5)])
    h_over_time = steps(called(loaded, poke("rnn", "h", 0.5, 7)), "rnn", "h")
    np.testing.assert_allclose(h_over_time[:, :7], second[:, ::-1], **NEAR)
    np.testing.assert_allclose(h_over_time[:, 8:], first[:, 1::-1], **NEAR)


def test_a_masked_step_hands_the_poked_state_on() -> None:
    keras.utils.set_random_seed(3)
    loaded = built(layers.Masking(), layers.GRU(4, return_sequences=True, name="gru"))
    x = X.copy()
    x[:, 3:5] = 0.0
    h = steps(called(loaded, poke("gru", "h", 0.25, 3), x=x), "gru", "h")
    assert (h[:, 3:5] == 0.25).all()
    assert not (h[:, 5] == 0.25).any()


def test_a_cell_of_a_stack_is_poked_by_its_own_path() -> None:
    keras.utils.set_random_seed(4)
    cells = [layers.LSTMCell(4), layers.GRUCell(3)]
    loaded = built(layers.RNN(cells, return_sequences=True, name="rnn"))
    below, _ = stepped(cells[0], X, [np.zeros((3, 4), np.float32)] * 2)
    made = called(loaded, poke("rnn/cell_1", "h", 0.0, 6, unit=[0, 1]))
    assert (output(made)[:, 6, :2] == 0.0).all()
    np.testing.assert_allclose(steps(made, "rnn/cell_0", "h"), below, **NEAR)
    rest, _ = stepped(cells[1], below[:, 7:], [output(made)[:, 6]])
    np.testing.assert_allclose(output(made)[:, 7:], rest, **NEAR)


# --- silence -----------------------------------------------------------------------------------------------


def test_silence_is_zero_rows_in_every_kernel_that_reads_the_units(two_layers: LoadedModel) -> None:
    made = called(two_layers, silence("lstm_1", unit=[1, 4]))
    deaf = keras.models.clone_model(two_layers.model)
    deaf.set_weights(two_layers.model.get_weights())
    lstm, gru = deaf.get_layer("lstm_1"), deaf.get_layer("gru_1")
    kernel, recurrent, bias = lstm.get_weights()
    recurrent[[1, 4]] = 0.0
    lstm.set_weights([kernel, recurrent, bias])
    kernel, recurrent, bias = gru.get_weights()
    kernel[[1, 4]] = 0.0
    gru.set_weights([kernel, recurrent, bias])
    np.testing.assert_allclose(output(made), deaf.predict(X, verbose=0), **NEAR)
    assert (steps(made, "lstm_1", "h")[..., [1, 4]] == 0.0).all()


# --- first states, dropout ---------------------------------------------------------------------------------


def test_a_layer_without_a_state_starts_from_what_it_is_given(two_layers: LoadedModel) -> None:
    draw = np.random.default_rng(1)
    h, c = draw.normal(size=(2, 3, 5)).astype(np.float32)
    by_hand, _ = stepped(two_layers.model.get_layer("lstm_1").cell, X, [h, c])
    made = called(two_layers, StartFrom("lstm_1", {"h": h, "c": c}))
    np.testing.assert_allclose(steps(made, "lstm_1", "h"), by_hand, **NEAR)


def test_dropout_draws_the_same_again_and_leaves_the_model_alone() -> None:
    loaded = built(layers.LSTM(6, name="lstm"), layers.Dropout(0.5, name="drop"))
    kept = [run(loaded, dropout(seed=seed)) for seed in (3, 3, 4)]
    one, same, other = map(output, kept)
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    assert (one == 0).any()  # dropped
    assert kept[0].recording is not None
    np.testing.assert_array_equal(one, kept[0].recording.outputs["drop"])
    assert (output(run(loaded)) != 0).all()


# --- everything else that a run shows ----------------------------------------------------------------------


def test_a_decoder_behind_the_last_step_says_why_there_is_no_prediction_at_each_step() -> None:
    loaded = built(
        layers.LSTM(4, name="encoder"), layers.RepeatVector(3), layers.LSTM(4, name="decoder"), shape=(10, 3)
    )
    made = run(loaded, poke("decoder", "c", 0.0, 1))
    assert made.recording is not None
    assert "decoder" in next(iter(made.recording.prefix_missing.values()))


def test_one_sample_of_several_batches_is_the_same_as_all_of_them(
    two_layers: LoadedModel, plain: Run
) -> None:
    tried = (poke("lstm_1", "c", 1.0, 2, sample=2), clamp("gru_1", "r", 0.0, sample=1))
    calls = (Predict(batch_size=2),)
    whole = run(two_layers, *tried, calls=calls)
    one = run(two_layers, *tried, calls=calls, sample=2)
    for path, series in (("lstm_1", "c"), ("gru_1", "r")):
        np.testing.assert_array_equal(steps(one, path, series)[0], steps(whole, path, series)[2])
    np.testing.assert_array_equal(output(one), output(whole))
    changed = np.abs(output(plain) - output(whole)).max(axis=-1) > 1e-5
    assert changed.tolist() == [False, True, True]


def test_a_stateful_layer_keeps_what_was_poked_until_it_is_reset() -> None:
    keras.utils.set_random_seed(6)
    loaded = built(layers.LSTM(4, stateful=True, name="lstm"), batch_shape=(3, None, 3))
    calls = (Predict(), CallModel(), ResetStates(), Predict())
    made = run(loaded, poke("lstm", "c", 3.0, 9), calls=calls)
    for outcome in made.outcomes[:2]:
        assert (outcome.states_after["lstm/c"] == 3.0).all()
    np.testing.assert_array_equal(*(made.outcomes[n].outputs["lstm"] for n in (0, 3)))


def test_gradients_do_not_pass_a_state_that_was_set(two_layers: LoadedModel) -> None:
    both = (poke("lstm_1", "h", 0.0, 4), poke("lstm_1", "c", 0.0, 4), poke("gru_1", "h", 0.0, 4))
    found = two_layers.gradients_of(GradientPlan({"x": X}, interventions=both))
    moved = np.abs(found.inputs["x"]).max(axis=(0, 2))
    assert (moved[:5] == 0).all()
    assert (moved[5:] > 0).all()


# --- what cannot be done -----------------------------------------------------------------------------------


def test_what_finds_no_place_is_refused_all_at_once(two_layers: LoadedModel) -> None:
    said = {
        "no state s": poke("lstm_1", "s", 0.0, 1),
        "no gate f": clamp("gru_1", "f", 0.0),
        "no step 10: the last one is 9": poke("lstm_1", "c", 0.0, 10),
        "no unit 5: the last one is 4": poke("lstm_1", "c", 0.0, 1, unit=5),
        "did you mean lstm_1": silence("lstm"),
        "cannot start from h": StartFrom("lstm_1", {"h": np.zeros((2, 5))}),
    }
    with pytest.raises(InterventionError) as refused:
        called(two_layers, *said.values())
    for words in said:
        assert words in str(refused.value)
    with pytest.raises(InterventionError, match="no sample 3"):
        called(two_layers, poke("lstm_1", "c", 0.0, 1, sample=3))


class Leaky(layers.Layer):
    """A cell of a user's own: half of what was, half of what comes."""

    state_size = output_size = 3

    def call(self, inputs: Any, states: Any) -> Any:
        state = 0.5 * states[0] + 0.5 * inputs
        return state, [state]


def test_a_cell_of_its_own_kind_is_poked_but_neither_clamped_nor_silenced() -> None:
    loaded = built(layers.RNN(Leaky(), return_sequences=True, name="rnn"))
    made = called(loaded, poke("rnn", "state_0", 8.0, 2))
    np.testing.assert_allclose(steps(made, "rnn", "state_0")[:, 3], 4.0 + 0.5 * X[:, 3], **NEAR)
    with pytest.raises(InterventionError, match=r"no gate f.*\n.*which state is its output"):
        called(loaded, clamp("rnn", "f", 1.0), silence("rnn"))


def test_a_loop_that_is_not_recorded_is_refused_with_the_reason() -> None:
    tried = Intervening([poke("inner", "c", 0.0, 1), silence("cell")])
    with pytest.raises(InterventionError) as refused:
        tried.raise_problems({"inner": "it is called inside a loop of the model's own"}, ["cell", "lstm"])
    assert "nothing can be tried in inner: it is called inside a loop" in str(refused.value)
    assert "nothing can be tried in cell: the model steps this cell itself" in str(refused.value)


def test_a_model_that_fails_is_a_result() -> None:
    loaded = built(layers.LSTM(3, name="lstm"), shape=(10, 3))
    made = run(loaded, silence("lstm"), x=X[..., :2])
    assert made.outcomes[0].failure is not None
    with pytest.raises(EditError):
        loaded.run(RunPlan({"x": X}, interventions=(silence("lsmt"),)), quietly)
