"""States found wherever they hide, and set without Keras' own reset."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from lstm_tui.errors import EditError  # noqa: E402
from lstm_tui.keras_adapter.keeping import left_as_found, restore, snapshot  # noqa: E402
from lstm_tui.keras_adapter.states import apply_reset, read_states  # noqa: E402
from lstm_tui.recurrent.calls import StateReset  # noqa: E402
from lstm_tui.recurrent.live_layers import placed_layers  # noqa: E402
from lstm_tui.recurrent.live_states import state_variables  # noqa: E402
from tests.keras_adapter import specimens, zoo, zoo_layers, zoo_models  # noqa: E402

STATEFUL = [kind for kind in zoo.ZOO if kind.__name__.startswith("stateful")]


def variables_of(model: keras.Model) -> list:
    return state_variables(placed_layers(model))


@pytest.fixture(params=STATEFUL, ids=lambda kind: kind.__name__)
def model(request) -> keras.Model:
    specimen = specimens.build(request.param)
    specimen.model.predict(list(specimen.inputs.values()), verbose=0)
    return specimen.model


def test_every_state_is_found_and_reset(model):
    variables = variables_of(model)
    assert variables
    assert any(np.any(values) for values in read_states(variables).values())
    apply_reset(variables, StateReset())
    assert not any(np.any(values) for values in read_states(variables).values())


def test_saved_states_come_back_to_the_bit(model):
    variables = variables_of(model)
    saved = read_states(variables)
    apply_reset(variables, StateReset(to="random", seed=3))
    apply_reset(variables, StateReset(to="saved", saved=saved))
    assert all(np.array_equal(values, saved[name]) for name, values in read_states(variables).items())


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (zoo_layers.stateful_lstm, ["lstm/h", "lstm/c"]),
        (zoo_layers.stateful_stacked_cells, ["rnn/cell_0/h", "rnn/cell_0/c", "rnn/cell_1/h"]),
        (zoo_layers.stateful_nested, ["inner/lstm/h", "inner/lstm/c", "gru/h"]),
        (zoo_layers.stateful_bidirectional,
         [f"bidirectional/{half}_lstm/{state}" for half in ("forward", "backward") for state in "hc"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_states_are_named_by_path(kind, names):
    assert [state.name for state in variables_of(specimens.build(kind).model)] == names


def test_one_layer_is_reset_and_the_others_stay():
    specimen = specimens.build(zoo_layers.stateful_nested)
    specimen.model.predict(specimen.inputs["x"], verbose=0)
    variables = variables_of(specimen.model)
    before = read_states(variables)
    assert apply_reset(variables, StateReset(layers=("inner/lstm",))) == ["inner/lstm"]
    after = read_states(variables)
    assert not np.any(after["inner/lstm/h"])
    assert np.array_equal(after["gru/h"], before["gru/h"])


def test_one_cell_of_a_stack_can_be_reset():
    specimen = specimens.build(zoo_layers.stateful_stacked_cells)
    specimen.model.predict(specimen.inputs["x"], verbose=0)
    variables = variables_of(specimen.model)
    apply_reset(variables, StateReset(layers=("rnn/cell_1",)))
    after = read_states(variables)
    assert not np.any(after["rnn/cell_1/h"])
    assert np.any(after["rnn/cell_0/h"])


def test_random_states_depend_on_the_seed_alone():
    variables = variables_of(specimens.build(zoo_layers.stateful_lstm).model)
    made = []
    for seed in (1, 1, 2):
        apply_reset(variables, StateReset(to="random", seed=seed))
        made.append(read_states(variables)["lstm/h"])
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])


@pytest.mark.parametrize(
    ("reset", "words"),
    [
        (StateReset(layers=("lstmm",)), "lstm"),
        (StateReset(to="saved", saved={"lstm/x": np.zeros((2, 4))}), "lstm/h"),
        (StateReset(to="saved", saved={"lstm/h": np.zeros((3, 4))}), "(2, 4)"),
    ],
)
def test_what_does_not_fit_is_refused_and_said(reset, words):
    variables = variables_of(specimens.build(zoo_layers.stateful_lstm).model)
    with pytest.raises(EditError) as raised:
        apply_reset(variables, reset)
    assert words in str(raised.value)


def test_without_a_stateful_layer_there_is_nothing_to_reset():
    assert apply_reset(variables_of(specimens.build(zoo_layers.lstm).model), StateReset()) == []


def test_what_was_read_does_not_change_with_the_model():
    specimen = specimens.build(zoo_layers.stateful_lstm)
    read = read_states(variables_of(specimen.model))
    specimen.model.predict(specimen.inputs["x"], verbose=0)
    assert not np.any(read["lstm/h"])
    with pytest.raises(ValueError, match="read-only"):
        read["lstm/h"][0] = 1.0


def test_a_snapshot_holds_what_stood_there_whatever_is_written_later():
    model = specimens.build(zoo_models.dropout_always_on).model
    values = snapshot(model)
    before = [np.array(value) for _, value in values]
    for variable, _ in values:
        variable.assign(variable + 1)
    restore(values)
    after = [keras.ops.convert_to_numpy(variable) for variable, _ in values]
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    assert any("seed" in variable.path for variable, _ in values)


def test_a_failing_call_leaves_nothing_in_the_cells():
    specimen = specimens.build(zoo_models.recurrent_dropout)
    x = specimen.inputs["x"]
    expected = specimen.model.predict(x, verbose=0)
    with pytest.raises((ValueError, tf.errors.OpError)), left_as_found(specimen.model):
        specimen.model.predict(x[..., :2], verbose=0)
    np.testing.assert_array_equal(specimen.model.predict(x, verbose=0), expected)


def test_a_layer_that_a_call_builds_stays_built():
    model = keras.Sequential([keras.layers.LSTM(3), keras.layers.Dense(1)])
    with left_as_found(model):
        first = model.predict(specimens.sequence(), verbose=0)
    assert model.built
    np.testing.assert_array_equal(model.predict(specimens.sequence(), verbose=0), first)
