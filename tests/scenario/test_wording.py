from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_tui.arrays.rescale import Rescale
from lstm_tui.arrays.reshape import AddAxis, Pad, Window
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
from lstm_tui.scenario.loading import LoadedScenario, load_scenario
from lstm_tui.scenario.reading import read_scenario
from lstm_tui.scenario.scenario import Scenario
from lstm_tui.scenario.wording import Wording
from lstm_tui.scenario.writing import write_scenario

X = np.arange(6.0).reshape(1, 2, 3)
H = np.ones((1, 4))
Written = Callable[[str], Scenario]

ACTIONS = [
    AddAxis(0),
    Window(10, 2),
    Pad(20, -1.0, "after"),
    OnInput("x", AddAxis(1)),
    Rescale("standard", np.array([1.0, 2.0]), np.array([3.0, 4.0])),
    Rescale("minmax", 0.1, 0.7),
    Rescale("robust", 0.0, 2.0, inverse=True),
    OnInput("x", Rescale("maxabs", 0.0, 2.0, limits=(-1.0, 1.0))),
    FitRescale("minmax", feature_range=(-1.0, 1.0)),
    FitRescale("standard", on="reference_target", inverse=True),
    StateReset(),
    StateReset(layers=("a/b", "c"), to="random", seed=5),
    StateReset(to="saved", saved={"a/h": H, "a/c": H * 2}),
]
CALLS = [
    Predict(),
    Predict(inputs={"": X}, batch_size=2, rows=(0, 1), reversed_order=True),
    Predict(inputs={"a": X, "b": X + 1}),
    CallModel(training=True, inputs={"#0": X, "#1": X}),
    ResetStates(),
    ResetStates(scope="top_level"),
    ResetStates(to=StateReset(layers=("a",), to="saved", saved={"a/h": H})),
    Generate(5, 1),
    Generate(5, carry=True, keep=2),
    Decode(5, "words", temperature=0.5, seed=1, keep=2, stop=0, carry=True),
    Decode(5, "words"),
    Fit(X, epochs=3, batch_size=2, shuffle=False, validation=({"x": X}, X), each_sample=True),
    Stream(reset_each=True),
    Reload(),
    LegacyResetStates(),
    Threads(3, (ResetStates(), Predict(inputs={"": X}))),
]


def saved_and_loaded(folder: Path, opened: LoadedScenario | None, **parts: Any) -> LoadedScenario:
    """What the workbench does: words for everything, written and read again."""
    wording = Wording(opened)
    scenario = Scenario(
        path=folder / "case.yaml",
        name="again",
        model="models/gold.keras",
        inputs=wording.sources(parts.get("inputs", {}), "input"),
        target=wording.source(parts.get("target"), "target"),
        actions=tuple(wording.action(action) for action in parts.get("actions", ())),
        calls=wording.calls(parts.get("calls", (Predict(),))),
    )
    write_scenario(scenario, wording.arrays, folder / "case.yaml")
    return load_scenario(read_scenario(folder / "case.yaml"))


def meaning(value: object) -> str:
    """Equal for values that do the same; where a rescale comes from says nothing of what it does."""
    change = getattr(value, "change", value)
    if isinstance(change, Rescale):
        bare = replace(change, origin="")
        value = replace(value, change=bare) if isinstance(value, OnInput) else bare
    return fingerprint(value)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: type(action).__name__)
def test_a_new_action_is_read_back(folder: Path, action):
    (again,) = saved_and_loaded(folder, None, actions=[action]).actions
    assert meaning(again) == meaning(action)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: type(call).__name__)
def test_a_new_call_is_read_back(folder: Path, call):
    (again,) = saved_and_loaded(folder, None, calls=[call]).calls
    assert fingerprint(again) == fingerprint(call)


@pytest.mark.parametrize("inputs", [{"": X}, {"#0": X, "#1": X}, {"x": X, "y": X}, {"only": X}])
def test_new_inputs_are_read_back_by_the_same_names(folder: Path, inputs):
    again = saved_and_loaded(folder, None, inputs=inputs).inputs
    assert fingerprint(dict(again)) == fingerprint(inputs)


def test_what_was_left_alone_is_written_as_it_was(folder: Path, written: Written, full_text: str):
    opened = load_scenario(written(full_text))
    parts = {name: getattr(opened, name) for name in ("inputs", "target", "actions", "calls")}
    again = saved_and_loaded(folder, opened, **parts).scenario
    assert again.actions == opened.scenario.actions
    assert again.calls == opened.scenario.calls
    assert again.inputs == {**opened.scenario.inputs}
    assert not (folder / "case.arrays").exists(), "no array had to be written"


def test_a_new_array_takes_the_place_of_an_old_one_and_of_no_other(folder: Path, written: Written):
    head = "version: 1\nmodel: models/gold.keras\n"
    opened = load_scenario(written(head + "inputs: {x: inputs/gold.npy, y: inputs/table.csv}\n"))
    again = saved_and_loaded(folder, opened, inputs={**opened.inputs, "x": X})
    np.testing.assert_array_equal(again.inputs["x"], X)
    assert again.scenario.inputs["y"].file == "inputs/table.csv"


def test_a_bare_input_stays_bare_under_the_models_name(folder: Path, written: Written):
    opened = load_scenario(written("version: 1\nmodel: models/gold.keras\ninput: inputs/gold.npy\n"))
    again = saved_and_loaded(folder, opened, inputs={"keras_tensor_3": opened.inputs[""]})
    assert again.scenario.inputs.file == "inputs/gold.npy"


def test_a_single_plain_predict_goes_without_saying():
    assert Wording(None).calls([Predict()]) == ()
    assert len(Wording(None).calls([Predict(batch_size=1)])) == 1
