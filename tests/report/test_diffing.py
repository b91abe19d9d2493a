"""Two runs side by side on real models: where they part, and why, found by running them again."""

from __future__ import annotations

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from lstm_tui.engine.client import EngineProcess
from lstm_tui.recurrent.side_words import sides_text
from lstm_tui.recurrent.sides import Sides
from lstm_tui.report.diff_sides import Named
from lstm_tui.report.diffing import sides

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def folder(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models, two inputs that differ from timestep 4 on, and scenarios."""
    folder = tmp_path_factory.mktemp("sides")
    for name in ("lstm.h5", "stateful.keras"):
        shutil.copy(tiny_models / name, folder / name)
    for name in ("trained.h5", "dropout.h5"):
        shutil.copy(tiny_models / "lstm.h5", folder / name)
    with h5py.File(folder / "trained.h5", "r+") as file:
        file.visititems(lambda name, item: _moved(item) if name.endswith("recurrent_kernel") else None)
    with h5py.File(folder / "dropout.h5", "r+") as file:
        file.attrs["model_config"] = file.attrs["model_config"].replace('"dropout": 0.0', '"dropout": 0.5')
    x = np.random.default_rng(0).normal(size=(1, 6, 3)).astype(np.float32)
    y = x.copy()
    y[0, 4, 2] += 1.0
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    scenarios = {
        "fresh": "model: stateful.keras\ninput: x.npy\n",
        "carried": "model: stateful.keras\ninput: y.npy\ncalls: [{predict: {input: x.npy}}, {predict: {}}]\n",
        "relu": "model: stateful.keras\ninput: x.npy\nactions: [{alter: {layer: lstm, activation: relu}}]\n",
        "dropout": "model: dropout.h5\ninput: x.npy\ncalls: [{call: {training: true}}]\n",
    }
    for name, text in scenarios.items():
        (folder / f"{name}.yaml").write_text(f"version: 1\n{text}", encoding="utf-8")
    return folder


def _moved(weights: h5py.Dataset) -> None:
    weights[...] = weights[...] * 1.5


def compared(engine: EngineProcess, one: Named, other: Named) -> Sides:
    return sides((one, other), lambda model: engine.ask, lambda *_: None)


def test_of_weights_and_input_the_one_that_comes_first(engine: EngineProcess, folder: Path) -> None:
    found = compared(
        engine, Named(folder / "lstm.h5", folder / "x.npy"), Named(folder / "trained.h5", folder / "y.npy")
    )
    assert found.divergence is not None
    assert (found.divergence.layer, found.divergence.timestep) == ("lstm", 1), "no state before it to weigh"
    assert found.judgement.causes == ("weights",)
    assert {fact.where for fact in found.facts} == {"x", "lstm/recurrent_kernel"}
    parted = {trial.taken: trial.first for trial in found.trials}
    assert parted["input"] is not None
    assert parted["input"].timestep == 1
    assert parted["weights"] is not None
    assert parted["weights"].timestep == 4


def test_a_state_that_an_earlier_call_left_comes_before_another_input(
    engine: EngineProcess, folder: Path
) -> None:
    found = compared(engine, Named(folder / "fresh.yaml"), Named(folder / "carried.yaml"))
    assert found.divergence is not None
    assert found.divergence.timestep == 0
    assert found.judgement.causes == ("initial state",)
    assert "B with A's initial state: parts in lstm, timestep 4" in sides_text(found)


def test_the_calls_of_one_scenario(engine: EngineProcess, folder: Path) -> None:
    path = folder / "carried.yaml"
    found = compared(engine, Named(path, call=1), Named(path, call=2))
    assert found.judgement.causes == ("initial state",)
    assert not any(fact.cause == "weights" for fact in found.facts)


def test_an_action_is_other_settings(engine: EngineProcess, folder: Path) -> None:
    plain = Named(folder / "stateful.keras", scenario=folder / "fresh.yaml")
    found = compared(engine, plain, Named(folder / "relu.yaml"))
    assert found.divergence is not None
    assert found.divergence.series == "g"
    assert found.judgement.causes == ("settings",)


def test_the_same_run_twice_differs_where_chance_is_in_it(engine: EngineProcess, folder: Path) -> None:
    path = folder / "dropout.yaml"
    found = compared(engine, Named(path), Named(path))
    assert found.divergence is not None
    assert found.judgement.causes == ("randomness",)
    assert not found.facts
