"""Recordings of what is no ordinary `predict`: training, empty and odd inputs; and what is left behind."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from lstm_tui.keras_adapter import LoadedModel  # noqa: E402
from lstm_tui.keras_adapter.feeding import as_tensors  # noqa: E402
from lstm_tui.keras_adapter.keeping import left_as_found  # noqa: E402
from lstm_tui.recurrent.calls import CallModel, Predict, Run, RunPlan  # noqa: E402
from tests.keras_adapter import specimens, zoo_layers, zoo_models  # noqa: E402
from tests.keras_adapter.step_by_step import stepped_loops  # noqa: E402


def ran(loaded: LoadedModel, inputs: dict[str, np.ndarray], *calls: Predict | CallModel) -> Run:
    return loaded.run(RunPlan(inputs, calls=calls or (Predict(),)), lambda *_: None)


@pytest.mark.parametrize(
    "kind",
    [
        zoo_models.dropout,
        zoo_models.recurrent_dropout,
        zoo_models.recurrent_dropout_in_every_kind,
        zoo_models.batch_normalization_between,
    ],
    ids=lambda kind: kind.__name__,
)
def test_a_call_in_training_has_the_states_of_single_steps(kind, monkeypatch):
    """With the masks that this very call draws: the seeds are put back before it is stepped."""
    specimen = specimens.build(kind)
    recording = ran(
        LoadedModel.in_memory(specimen.model), specimen.inputs, CallModel(training=True)
    ).recording
    fed = as_tensors(specimen.model, specimen.inputs)
    with left_as_found(specimen.model):
        loops = stepped_loops(specimen.model, fed, monkeypatch, training=True)
    assert recording is not None and recording.disagreement == pytest.approx(0.0, abs=1e-6)
    assert len(recording.layers) == len(loops)
    for trace, loop in zip(recording.layers, loops, strict=True):
        for name, steps in zip(trace.cell.states, loop.states, strict=True):
            np.testing.assert_allclose(trace.steps[name], steps, atol=2e-5)


@pytest.mark.parametrize("shape", [(2, 0, 3), (0, 5, 3)], ids=["no_steps", "no_samples"])
@pytest.mark.parametrize("call", [Predict(), CallModel()], ids=["predict", "call"])
def test_an_empty_input_is_a_failed_call_and_the_model_goes_on(shape, call):
    specimen = specimens.build(zoo_layers.two_lstms)
    loaded = LoadedModel.in_memory(specimen.model)
    run = ran(loaded, {"x": np.zeros(shape, np.float32)}, call)
    assert run.outcomes[0].failure is not None
    assert run.recording is None
    again = ran(loaded, specimen.inputs)
    assert again.recording is not None and again.recording.disagreement == 0.0


def test_nan_from_the_first_step_is_recorded_to_the_last():
    specimen = specimens.build(zoo_layers.two_lstms)
    x = specimens.sequence()
    x[0, 0] = np.nan
    recording = ran(LoadedModel.in_memory(specimen.model), {"x": x}).recording
    assert recording is not None and recording.disagreement == 0.0
    for trace in recording.layers:
        assert all(np.isnan(steps[0]).all() for steps in trace.steps.values())
        assert all(np.isfinite(steps[1]).all() for steps in trace.steps.values())
    assert np.isnan(recording.prefix["dense"][0]).all()


LEFT_BEHIND = [
    zoo_layers.stateful_nested,
    zoo_layers.stacked_mixed_cells,
    zoo_models.dropout_always_on,
    zoo_models.hidden_in_plain_objects,
    zoo_models.batch_normalization_between,
    zoo_models.stateful_conv_lstm,
]


@pytest.mark.parametrize("kind", LEFT_BEHIND, ids=lambda kind: kind.__name__)
def test_a_model_predicts_and_is_saved_as_if_nobody_had_looked(kind, tmp_path):
    specimen = specimens.build(kind)
    loaded = LoadedModel.in_memory(specimen.model)
    before = saved(specimen.model, tmp_path / "before.keras")
    first = ran(loaded, specimen.inputs)
    if kind is not zoo_models.dropout_always_on:
        loaded.gradients(specimen.inputs)
    after = saved(specimen.model, tmp_path / "after.keras")
    assert after.keys() == before.keys()
    assert [name for name in before if not np.array_equal(before[name], after[name])] == []
    second = ran(loaded, specimen.inputs)
    for name, values in first.outcomes[0].outputs.items():
        np.testing.assert_array_equal(second.outcomes[0].outputs[name], values)


def saved(model: Any, path: Path) -> dict[str, Any]:
    """Configuration and every array of the file that Keras writes, but not the date in it."""
    model.save(path)
    found: dict[str, Any] = {}
    with zipfile.ZipFile(path) as archive:
        found["config"] = archive.read("config.json").decode()
        archive.extract("model.weights.h5", path.parent)
    with h5py.File(path.parent / "model.weights.h5") as weights:
        weights.visititems(
            lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
        )
    return found
