"""Sessions on a real model: interleavings are exact, torn calls too, and the model is left as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.errors import EditError  # noqa: E402
from lstm_tui.keras_adapter import LoadedModel, load_model  # noqa: E402
from lstm_tui.keras_adapter.numbered_calls import NumberedCalls  # noqa: E402
from lstm_tui.recurrent.calls import Generate, Predict, ResetStates, RunPlan, Threads  # noqa: E402
from lstm_tui.recurrent.interleavings import Interleaved, InterleavePlan  # noqa: E402
from lstm_tui.recurrent.live_states import state_variables  # noqa: E402

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(1, 4, 3)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """Two stateful layers, one above the other."""
    keras.utils.set_random_seed(3)
    x = keras.Input(batch_shape=(1, 4, 3), name="x")
    hidden = layers.LSTM(3, stateful=True, return_sequences=True, name="below")(x)
    hidden = layers.GRU(2, stateful=True, name="above")(hidden)
    path: Path = tmp_path_factory.mktemp("models") / "stack.keras"
    keras.Model(x, layers.Dense(1, name="head")(hidden)).save(path)
    return load_model(path)


def interleaved(loaded: LoadedModel, *each: object, n: int = 2, most: int = 300) -> Interleaved:
    run = RunPlan({"x": X}, calls=(Threads(n, each),))
    return loaded.interleave(InterleavePlan(run, 0, most), lambda stage, done: None)


def torn_by_hand(model: keras.Model) -> np.ndarray:
    """The layer below for A, a whole call of B, then the layers above for A."""
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_state()
    below = model.get_layer("below")(X)
    model(X)
    return np.asarray(model.get_layer("head")(model.get_layer("above")(below)))


def test_a_lock_alone_does_not_help_and_the_model_is_left_as_it_was(stack: LoadedModel) -> None:
    variables = [*stack.model.variables, *(state.variable for state in state_variables(stack.placed))]
    before = [keras.ops.convert_to_numpy(variable).copy() for variable in variables]
    answer = interleaved(stack, ResetStates(), Predict())
    after = map(keras.ops.convert_to_numpy, variables)
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))

    guards = {each.guard: each for each in answer.guards}
    assert {name: (each.tried, bool(each.changed)) for name, each in guards.items()} == {
        "none": (252, True),
        "call": (6, True),
        "session": (2, False),
        "state": (6, False),
        "stateless": (6, False),
    }
    assert answer.changes
    assert not answer.notes
    assert answer.layers == ("below", "above")
    alone = keras.models.load_model(stack.facts.path, compile=False).predict(X, verbose=0)
    np.testing.assert_array_equal(answer.alone[1]["head"], alone)
    assert [line.name for line in answer.shortest] == ["reset", "reset", "predict", "predict"]
    last = answer.shortest[-1]
    assert set(last.read.values()) == {(answer.shortest[-2].session, 1)}
    assert last.change > 0


def test_a_torn_call_gives_what_its_layers_give_by_hand(stack: LoadedModel) -> None:
    calls = NumberedCalls(stack, {"x": X}, (ResetStates(), Predict()))
    program, notes = calls.torn()
    assert (len(program[1]), notes) == (4, ())
    zero = calls.make(0, calls.states_now())[1]
    # A has read below, B makes its whole call, A reads above
    after_a = calls.make(1, zero)[1]
    after_b = calls.make(1, (after_a[0], zero[1]))[1]
    torn = calls.outputs(calls.make(1, (zero[0], after_b[1]))[0])["head"]
    np.testing.assert_allclose(torn, torn_by_hand(stack.model), rtol=1e-5)


def test_a_layer_that_is_called_again_above_another_is_not_torn_from_it() -> None:
    x = keras.Input(batch_shape=(1, 4, 3), name="x")
    shared = layers.GRU(3, stateful=True, return_sequences=True, name="shared")
    other = layers.GRU(3, stateful=True, return_sequences=True, name="other")
    model = keras.Model(x, shared(other(shared(x))))
    calls = NumberedCalls(LoadedModel.in_memory(model), {"x": X}, (Predict(),))
    program, notes = calls.torn()
    assert [part.writes for part in program[0]] == [(), (0, 1)]
    assert len(notes) == 1


def test_what_cannot_be_interleaved_is_refused(stack: LoadedModel) -> None:
    with pytest.raises(EditError, match="a generate is not interleaved"):
        interleaved(stack, Generate(2))
    with pytest.raises(EditError, match="call 1 of a session fails"):
        interleaved(stack, Predict({"x": X[:, :, :2]}))
