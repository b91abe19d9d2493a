from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.arrays.rescale import Rescale, fit
from lstm_tui.arrays.reshape import AddAxis, DropAxis, Select, To, Transpose
from lstm_tui.errors import EditError, ScenarioError
from lstm_tui.model_file.facts import LayerFacts, ModelFacts, RecurrentFacts, TensorFacts
from lstm_tui.recurrent.calls import Fit, Predict, ResetStates, StateReset, Threads
from lstm_tui.scenario.actions import FitRescale, OnInput, describe
from lstm_tui.scenario.loading import load_scenario
from lstm_tui.scenario.plan import (
    fold_actions,
    folded_plan,
    name_inputs,
    named_call,
    run_plan,
    with_layer_paths,
)
from lstm_tui.scenario.scenario import Scenario

HEAD = "version: 1\nmodel: models/gold.keras\n"
Written = Callable[[str], Scenario]


def facts(*names: str, layers: tuple[LayerFacts, ...] = (), from_keras: bool = True) -> ModelFacts:
    inputs = tuple(TensorFacts(name, (None, None, 3)) for name in names)
    return ModelFacts(
        Path("m.keras"), "m", "keras", "3.15", inputs, (), layers, parameters=0, from_keras=from_keras
    )


def stateful(path: str) -> LayerFacts:
    recurrent = RecurrentFacts("lstm", 4, False, False, stateful=True)
    return LayerFacts(path, path.rpartition("/")[2], "LSTM", path.count("/"), (), 0, 0, recurrent=recurrent)


ONE, TWO = facts("x"), facts("x", "y")
SEQUENCE = np.arange(6.0).reshape(2, 3)


# --- folding actions


def test_actions_are_done_in_order():
    folded = fold_actions({"x": SEQUENCE}, [AddAxis(0), Transpose((0, 2, 1)), Select((1,))], {}, ONE)
    np.testing.assert_array_equal(folded.inputs["x"], SEQUENCE.T[None][..., [1]])


def test_nothing_to_do_leaves_the_very_arrays():
    assert fold_actions({"x": SEQUENCE}, [], {}, ONE).inputs["x"] is SEQUENCE


def test_an_action_is_for_every_input_or_for_the_one_it_names():
    arrays = {"x": SEQUENCE, "y": SEQUENCE}
    both = fold_actions(arrays, [AddAxis(0)], {}, TWO)
    assert [array.shape for array in both.inputs.values()] == [(1, 2, 3), (1, 2, 3)]
    only = fold_actions(arrays, [OnInput("y", AddAxis(0))], {}, TWO)
    assert [array.shape for array in only.inputs.values()] == [(2, 3), (1, 2, 3)]


def test_the_only_input_takes_any_name():
    assert fold_actions({"": SEQUENCE}, [OnInput("other", AddAxis(0))], {}, ONE).inputs["x"].shape == (
        1,
        2,
        3,
    )


def test_an_unknown_input_is_refused_with_the_nearest_name():
    named = facts("price", "volume")
    with pytest.raises(EditError, match="did you mean volume"):
        fold_actions({"price": SEQUENCE, "volume": SEQUENCE}, [OnInput("volum", AddAxis(0))], {}, named)


def test_resets_are_collected_and_touch_no_array():
    resets = [StateReset(), StateReset(to="random", seed=1)]
    folded = fold_actions({"x": SEQUENCE}, resets, {}, ONE)
    assert folded.resets == tuple(resets)
    assert folded.inputs["x"] is SEQUENCE


def test_an_inverse_rescale_is_for_the_outputs():
    scaled = Rescale("standard", 10.0, 2.0)
    folded = fold_actions({"x": SEQUENCE}, [scaled, scaled.inverted()], {}, ONE)
    np.testing.assert_allclose(folded.inputs["x"], (SEQUENCE - 10) / 2)
    np.testing.assert_allclose(folded.output(np.array([[1.0]])), [[12.0]])


def test_fitting_measures_the_reference_of_each_input():
    reference = {"x": np.array([[0.0], [10.0]]), "y": np.array([[0.0], [100.0]])}
    arrays = {"x": np.full((1, 1), 5.0), "y": np.full((1, 1), 5.0)}
    folded = fold_actions(arrays, [FitRescale("minmax")], reference, TWO)
    assert float(folded.inputs["x"][0, 0]) == pytest.approx(0.5)
    assert float(folded.inputs["y"][0, 0]) == pytest.approx(0.05)


def test_fitting_the_labels_undoes_the_scale_of_the_output():
    labels = np.array([[0.0], [50.0]])
    action = FitRescale("minmax", on="reference_target", inverse=True)
    folded = fold_actions({"x": SEQUENCE}, [action], {}, ONE, reference_target=labels)
    assert folded.inputs["x"] is SEQUENCE
    np.testing.assert_allclose(folded.output(np.array([[0.5]])), [[25.0]])


@pytest.mark.parametrize("on", ["reference", "reference_target"])
def test_fitting_needs_a_sample(on: str):
    with pytest.raises(EditError, match="to fit a rescale on"):
        fold_actions({"x": SEQUENCE}, [FitRescale("standard", on=on)], {}, ONE)


def test_what_does_not_fit_is_refused():
    with pytest.raises(EditError):
        fold_actions({"x": SEQUENCE}, [DropAxis(0)], {}, ONE)
    with pytest.raises(EditError, match="no input"):
        fold_actions({}, [AddAxis(0)], {}, ONE)


@given(
    array=hnp.arrays(np.float64, hnp.array_shapes(max_dims=4), elements=st.floats(-100, 100)),
    axis=st.integers(-5, 4),
)
def test_folding_is_applying_one_after_the_other(array, axis):
    actions = [AddAxis(axis), To((-1,)), fit("standard", np.arange(5.0))]
    try:
        expected = array
        for action in actions:
            expected = action.apply(expected)
    except EditError:
        with pytest.raises(EditError):
            fold_actions({"x": array}, actions, {}, ONE)
        return
    np.testing.assert_array_equal(fold_actions({"x": array}, actions, {}, ONE).inputs["x"], expected)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (AddAxis(0), "add axis 0"),
        (OnInput("x", AddAxis(0)), "add axis 0 (input x)"),
        (FitRescale("robust"), "rescale robust, fitted on the reference"),
        (StateReset(), "reset all layers to zeros"),
        (StateReset(layers=("a", "b"), to="saved"), "reset a, b to saved values"),
    ],
)
def test_actions_in_a_few_words(action, words):
    assert describe(action) == words


# --- names


def test_inputs_get_the_models_names_in_its_order():
    first, second = np.zeros(1), np.ones(1)
    assert name_inputs({"y": second, "x": first}, TWO) == {"x": first, "y": second}
    assert list(name_inputs({"y": second, "x": first}, TWO)) == ["x", "y"]
    assert name_inputs({"#0": first, "#1": second}, TWO) == {"x": first, "y": second}
    assert name_inputs({"": first}, TWO) == {"x": first}
    assert name_inputs({"anything": first}, ONE) == {"x": first}


def test_a_missing_input_stays_missing():
    assert list(name_inputs({"y": SEQUENCE}, TWO)) == ["y"]
    assert name_inputs({}, TWO) == {}


def test_names_stay_where_the_model_tells_none():
    assert list(name_inputs({"": SEQUENCE}, facts())) == [""]


@pytest.mark.parametrize("name", ["z", "#2"])
def test_a_name_that_the_model_lacks_is_refused(name: str):
    with pytest.raises(EditError, match="one of x, y"):
        name_inputs({"x": SEQUENCE, name: SEQUENCE}, TWO)


NESTED = facts(
    "x",
    layers=(stateful("lstm"), stateful("encoder/lstm_1"), stateful("bi/forward"), stateful("bi/backward")),
)


@pytest.mark.parametrize(
    ("names", "paths"),
    [
        (("lstm",), ("lstm",)),
        (("lstm_1",), ("encoder/lstm_1",)),
        (("encoder",), ("encoder/lstm_1",)),
        (("bi",), ("bi/forward", "bi/backward")),
        (("bi", "backward"), ("bi/forward", "bi/backward")),
        (("lstm/cell_0",), ("lstm/cell_0",)),
        ((), ()),
    ],
)
def test_layers_are_found_by_name_path_or_wrapper(names, paths):
    assert with_layer_paths(StateReset(layers=names), NESTED).layers == paths


def test_a_layer_without_state_is_refused_once_keras_has_told_all():
    with pytest.raises(EditError, match="did you mean lstm"):
        with_layer_paths(StateReset(layers=("lstmm",)), NESTED)
    unsure = replace(NESTED, from_keras=False)
    assert with_layer_paths(StateReset(layers=("lstmm",)), unsure).layers == ("lstmm",)


def test_calls_get_names_too():
    both = {"#0": SEQUENCE, "#1": SEQUENCE}
    assert list(named_call(Predict(inputs=both), TWO).inputs) == ["x", "y"]
    fitted = named_call(Fit(target=SEQUENCE, validation=(both, SEQUENCE)), TWO)
    assert list(fitted.validation[0]) == ["x", "y"]
    reset = named_call(ResetStates(to=StateReset(layers=("lstm_1",))), NESTED)
    assert reset.to.layers == ("encoder/lstm_1",)
    threads = named_call(Threads(2, (Predict(inputs={"": SEQUENCE}),)), ONE)
    assert list(threads.each[0].inputs) == ["x"]


def test_folding_edits_costs_no_import_of_pydantic_or_yaml():
    """The workbench folds without having read a scenario; its first frame does not wait for these."""
    script = "import sys, lstm_tui.scenario.plan; print({'pydantic', 'ruamel.yaml'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


# --- plans of scenarios


def test_a_scenario_becomes_a_plan(written: Written):
    text = """\
input: inputs/gold.npy
target: {values: [[1]]}
actions: [{reshape: {add_axis: 0}}, {reset: {}}, {rescale: {mean: 1, scale: 2, inverse: true}}]
calls: [{predict: {}}, {predict: {}}, {reset: {}}]
"""
    plan, folded = folded_plan(load_scenario(written(HEAD + text)), ONE)
    assert plan.inputs["x"].shape == (1, 2, 3)
    assert [type(call) for call in plan.calls] == [Predict, Predict, ResetStates]
    assert len(plan.resets) == 1
    assert plan.record == 1, "the last call whose steps can be shown"
    np.testing.assert_array_equal(plan.target, [[1]])
    np.testing.assert_array_equal(folded.output(np.array([[2.0]])), [[5.0]])


def test_equal_scenarios_make_equal_plans(written: Written):
    text = HEAD + "input: {random: {shape: [1, 4, 3]}}\nactions: [{reset: {}}]\n"
    keys = {run_plan(load_scenario(written(text)), ONE).key for _ in range(2)}
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("calls", "view", "record"),
    [
        ("[{predict: {}}, {predict: {}}]", 0, 0),
        ("[{predict: {}}, {reset: {}}]", 1, 0),
        ("[{reset: {}}, {generate: {steps: 3}}]", None, 1),
        ("[{reset: {}}, {decode: {steps: 3, into: x}}]", None, 1),
        ("[{predict: {}}, {call: {training: true}}]", None, 1),
    ],
)
def test_the_call_that_is_recorded(written: Written, calls: str, view: int | None, record: int):
    text = (
        HEAD
        + f"input: inputs/gold.npy\ncalls: {calls}\n"
        + (f"view: {{call: {view}}}\n" if view is not None else "")
    )
    assert run_plan(load_scenario(written(text)), ONE).record == record


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("input: inputs/gold.npy\nactions:\n  - reshape: {to: [4]}\n", "5:5: actions[0]: .*cannot become"),
        ("input: inputs/gold.npy\nactions:\n  - rescale: {method: robust, fit: reference}\n", "5:5: "),
        ("input: inputs/gold.npy\nactions:\n  - reset: {layers: [x]}\n", "5:5: .*no stateful layer x"),
        ("inputs: {x: inputs/gold.npy, z: inputs/gold.npy}\n", "3:9: inputs: There is no input z"),
        ("calls:\n  - predict: {input: {a: inputs/gold.npy, b: inputs/gold.npy}}\n", "4:5: .*no input a"),
        ("calls:\n  - decode: {steps: 3, into: z}\n", "4:5: .*no input z"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_place(written: Written, text: str, said: str):
    model = facts("x", "y", layers=(stateful("lstm"),))
    with pytest.raises(ScenarioError, match=said.replace("[", r"\[")):
        run_plan(load_scenario(written(HEAD + text)), model)
