from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.arrays.rescale import Rescale
from lstm_tui.arrays.reshape import AddAxis, Pad, Select
from lstm_tui.errors import ScenarioError
from lstm_tui.recurrent.calls import (
    CallModel,
    Decode,
    Fit,
    Generate,
    LegacyResetStates,
    Predict,
    Reload,
    ResetStates,
    StateReset,
    Stream,
    Threads,
    fingerprint,
)
from lstm_tui.scenario.actions import FitRescale, OnInput
from lstm_tui.scenario.loading import LoadedScenario, load_action, load_scenario
from lstm_tui.scenario.scenario import Scenario
from lstm_tui.scenario.schema import Action

HEAD = "version: 1\nmodel: models/gold.keras\n"
GOLD = np.arange(6.0).reshape(2, 3)
Written = Callable[[str], Scenario]


@pytest.fixture
def loaded(written: Written) -> Callable[[str], LoadedScenario]:
    return lambda text: load_scenario(written(HEAD + text))


def test_arrays_of_every_source(written: Written, full_text: str):
    found = load_scenario(written(full_text))
    assert list(found.inputs) == ["x", "table", "typed", "noise"]
    np.testing.assert_array_equal(found.inputs["x"], GOLD)
    np.testing.assert_array_equal(found.inputs["table"], [[1, 3], [4, 6]])
    np.testing.assert_array_equal(found.inputs["typed"], [[1, 2.5], [3, 4]])
    np.testing.assert_array_equal(found.reference[""], np.arange(4.0))
    np.testing.assert_array_equal(found.target, GOLD)
    np.testing.assert_array_equal(found.expected_output, GOLD)


def test_random_numbers_are_the_same_everywhere(loaded):
    noise = loaded("input: {random: {shape: [2, 3], seed: 7}}\n").inputs[""]
    assert noise.dtype == np.float32
    # np.random.RandomState is frozen: these numbers may never change.
    np.testing.assert_allclose(noise[0], [1.6905257, -0.46593737, 0.03282016], rtol=1e-6)


def test_loaded_arrays_cannot_be_written_to(written: Written, full_text: str):
    found = load_scenario(written(full_text))
    assert not any(array.flags.writeable for array in (*found.inputs.values(), found.target))


def test_a_list_goes_by_position_and_a_bare_source_by_no_name(loaded):
    assert list(loaded("inputs: [inputs/gold.npy, {values: [1]}]\n").inputs) == ["#0", "#1"]
    assert list(loaded("input: inputs/gold.npy\n").inputs) == [""]
    assert loaded("").inputs == {}


def test_a_bare_file_with_several_arrays_names_the_inputs(loaded):
    found = loaded("input: {file: inputs/both.npz}\n")
    assert list(found.inputs) == ["a", "b"]
    assert found.words_of(found.inputs["b"]).key == "b"


def test_actions_as_values(written: Written, full_text: str):
    actions = load_scenario(written(full_text)).actions
    assert actions[0] == AddAxis(0)
    assert actions[7] == Pad(20, -1.0, "after")
    assert actions[8] == OnInput("x", Select((0, 1)))
    assert actions[13] == FitRescale("standard")
    standard, scaler = actions[10], actions[14]
    assert isinstance(standard, Rescale) and isinstance(scaler, Rescale)
    assert (float(standard.center[0]), float(standard.scale[0]), standard.inverse) == (1.0, 2.0, False)
    assert (float(scaler.center[0]), scaler.inverse, scaler.origin) == (1.0, True, "inputs/scaler.json")
    zeros, random, saved = actions[15:18]
    assert (zeros.layers, zeros.to) == ((), "zeros")
    assert (random.layers, random.to, random.seed) == (("lstm_1",), "random", 3)
    assert saved.to == "saved"
    assert {name: array.shape for name, array in saved.saved.items()} == {
        "lstm_1/h": (1, 4),
        "lstm_1/c": (1, 4),
    }


def test_calls_as_values(written: Written, full_text: str):
    calls = load_scenario(written(full_text)).calls
    kinds = [Predict] * 3 + [CallModel, ResetStates, ResetStates, Generate, Decode, Fit, Threads, Stream]
    assert [type(call) for call in calls] == [*kinds, Reload, LegacyResetStates]
    _, own, listed, training, reset, top_level, generate, decode, fit, threads, stream, *_ = calls
    assert (own.batch_size, own.rows, own.reversed_order) == (4, (0, 2), True)
    np.testing.assert_array_equal(own.inputs[""], GOLD)
    assert list(listed.inputs) == ["#0", "#1"]
    assert training.training
    assert (reset.scope, reset.to, top_level.scope) == ("all", None, "top_level")
    assert (generate.steps, generate.feature, generate.carry, generate.keep) == (24, 1, True, 3)
    assert fingerprint(decode) == fingerprint(Decode(12, "x", 0.7, seed=2, keep=1, stop=2))
    assert (fit.epochs, fit.batch_size, fit.shuffle, fit.each_sample) == (2, 4, False, True)
    np.testing.assert_array_equal(fit.validation[1], GOLD)
    assert [type(call) for call in threads.each] == [ResetStates, Predict]
    assert stream.reset_each


def test_one_predict_where_no_calls_are_given(loaded):
    (call,) = loaded("").calls
    assert isinstance(call, Predict) and call.inputs is None


def test_a_reset_between_calls_can_say_what_to_set(loaded):
    (call,) = loaded("calls: [{reset: {layers: [a], to: random, seed: 2}}]\n").calls
    assert isinstance(call.to, StateReset)
    assert (call.to.layers, call.to.to, call.to.seed) == (("a",), "random", 2)


def test_every_value_keeps_the_words_it_came_from(written: Written, full_text: str):
    scenario = written(full_text)
    found = load_scenario(scenario)
    assert tuple(found.words_of(action) for action in found.actions) == scenario.actions
    assert tuple(found.words_of(call) for call in found.calls) == scenario.calls
    assert found.words_of(found.inputs["noise"]) == scenario.inputs["noise"]
    assert found.words_of(AddAxis(0)) is None


def test_every_file_that_cannot_be_loaded_is_told_with_its_place(folder: Path, loaded):
    (folder / "inputs" / "broken.npy").write_bytes(b"no array")
    (folder / "inputs" / "broken.json").write_text('{"method": "standard"}')
    text = """\
input: inputs/broken.npy
target: {file: inputs/both.npz}
reference: {file: inputs/both.npz, key: c}
actions:
  - rescale: {file: inputs/broken.json}
  - reset: {to: {file: inputs/broken.npy}}
calls:
  - predict: {input: {file: inputs/table.csv, columns: [opn]}}
"""
    with pytest.raises(ScenarioError) as caught:
        loaded(text)
    lines = [line.partition("case.yaml:")[2] for line in str(caught.value).splitlines()]
    places = [line.split(": ")[:2] for line in lines]
    assert places == [
        ["3:8", "input"],
        ["5:12", "reference"],
        ["4:9", "target"],
        ["7:14", "actions[0].rescale"],
        ["8:17", "actions[1].reset.to"],
        ["10:22", "calls[0].predict.input"],
    ]
    assert "did you mean open?" in lines[-1]


def test_nothing_is_unpickled(folder: Path, loaded):
    np.save(folder / "inputs" / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ScenarioError, match=r"3:8: input: .*Python objects"):
        loaded("input: inputs/objects.npy\n")


def test_one_action_by_itself(folder: Path):
    words = Action.model_validate({"rescale": {"file": "inputs/scaler.json"}})
    beside = Scenario(path=folder / "typed", name="typed", model="")
    assert isinstance(load_action(words, beside), Rescale)
    with pytest.raises(ScenarioError, match="no file"):
        load_action(Action.model_validate({"rescale": {"file": "none.json"}}), beside)
