"""Bundled scenarios as the tests see them: read with ruamel.yaml, NumPy and Keras alone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

SCENARIOS = Path(__file__).parents[2] / "scenarios"


class Case:
    """One scenario: its words, and loaders for what lies beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.words: dict[str, Any] = YAML(typ="safe").load(path)
        self.name = path.stem.partition("-")[2]

    @property
    def input(self) -> np.ndarray:
        return self.read(self.words["input"])

    @property
    def target(self) -> np.ndarray:
        return self.read(self.words["target"])

    @property
    def expected(self) -> np.ndarray:
        return self.read(self.words["expect"]["output"])

    def model(self, variant: str = "", compile: bool = False) -> Any:
        """A fresh copy of the model, or of the one that stands beside it for comparison."""
        import keras

        stem = f"{self.name}-{variant}" if variant else self.name
        path = self.path.parent / "models" / f"{stem}.keras"
        return keras.saving.load_model(path, compile=compile, safe_mode=True)

    @staticmethod
    def predict(model: Any, inputs: Any, **options: Any) -> Any:
        """`model.predict` without its progress bar."""
        return model.predict(inputs, verbose=0, **options)

    def refusal(self, model: Any, inputs: Any) -> str:
        """What Keras says when it refuses the inputs."""
        import tensorflow as tf

        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)) as refused:
            self.predict(model, inputs)
        return str(refused.value)

    def beside(self, suffix: str) -> np.ndarray:
        """`inputs/NAME-SUFFIX`."""
        return self.read(f"inputs/{self.name}-{suffix}")

    def beside_archive(self, variant: str = "") -> dict[str, np.ndarray]:
        """Every array of `inputs/NAME-VARIANT.npz`, by its key."""
        stem = f"{self.name}-{variant}" if variant else self.name
        with np.load(self.path.parent / "inputs" / f"{stem}.npz", allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}

    def read(self, source: Any) -> Any:
        """The array that a source of the scenario format names."""
        source = {"file": source} if isinstance(source, str) else source
        if "values" in source:
            return np.array(source["values"])
        if "random" in source:
            drawn = np.random.RandomState(source["random"]["seed"]).standard_normal(source["random"]["shape"])
            return drawn.astype(np.float32)
        path = self.path.parent / source["file"]
        if path.suffix == ".csv":
            table = np.genfromtxt(path, delimiter=",", names=True)
            return np.stack([table[column] for column in source["columns"]], axis=-1)
        if path.suffix == ".json":
            value = json.loads(path.read_text(encoding="utf-8"))
            return np.array(value["instances"] if isinstance(value, dict) else value)
        loaded = np.load(path, allow_pickle=False)
        return loaded[source["key"]] if "key" in source else loaded


def all_scenarios() -> list[Path]:
    return sorted(SCENARIOS.glob("*/*.yaml"))


@pytest.fixture(params=all_scenarios(), ids=lambda path: path.stem)
def each_case(request: pytest.FixtureRequest) -> Case:
    """Every bundled scenario in turn."""
    return Case(request.param)


@pytest.fixture
def case() -> Callable[[str], Case]:
    """A scenario by its name."""

    def find(name: str) -> Case:
        (path,) = SCENARIOS.glob(f"*/[0-9]*-{name}.yaml")
        return Case(path)

    return find


@pytest.fixture(autouse=True, scope="session")
def _cpu_alone() -> Iterator[None]:
    """Keras on the processor, and quiet, as the engine has it."""
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    yield
