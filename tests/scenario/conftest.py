from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.scenario.reading import read_scenario
from lstm_tui.scenario.scenario import Scenario

#: Every form of the format, as its documentation shows them.
FULL = """\
version: 1
name: Gold price moves between identical calls
description: The server keeps one stateful model; nobody resets it.
model: models/gold.keras
model_sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
inputs:
  x: {file: inputs/gold.npy}
  table: {file: inputs/table.csv, columns: [open, close]}
  typed: {values: [[1, 2.5], [3, 4]]}
  noise: {random: {shape: [1, 10, 5], seed: 7}}
reference: {file: inputs/both.npz, key: a}
reference_target: {file: inputs/gold.npy}
target: inputs/gold.npy
actions:
  - reshape: {add_axis: 0}
  - reshape: {drop_axis: 0}
  - reshape: {to: [1, 10, 5]}
  - reshape: {transpose: [0, 2, 1]}
  - reshape: {window: 10, stride: 1}
  - reshape: {last: 5}
  - reshape: {first: 5, axis: 1}
  - reshape: {pad: 20, value: -1, side: after}
  - reshape: {select: [0, 1], input: x}
  - reshape: {rows: [0]}
  - rescale: {method: standard, mean: [1.0], scale: [2.0]}
  - rescale: {method: minmax, min: 0, max: 10, feature_range: [-1, 1]}
  - rescale: {method: robust, center: 0, scale: 1.5}
  - rescale: {method: standard, fit: reference}
  - rescale: {file: inputs/scaler.json, inverse: true}
  - reset: {}
  - reset: {layers: [lstm_1], to: random, seed: 3}
  - reset: {to: {file: inputs/states.npz}}
  - poke: {layer: lstm_1, state: c, unit: 17, step: 12, to: 0.0, sample: 0}
  - clamp: {layer: lstm_1, gate: f, unit: [3, 4], to: 1.0, from: 10, until: 20}
  - silence: {layer: lstm_1}
  - nudge: {input: x, sample: 0, step: 5, feature: 2, by: 1.5}
  - dropout: {on: true, seed: 2}
  - stateful: {layers: [lstm_1], to: true}
  - last: {steps: 5}
calls:
  - predict: {}
  - predict: {input: inputs/gold.npy, batch_size: 4, rows: [0, 2], order: reversed}
  - predict: {input: [inputs/gold.npy, {file: inputs/gold.npy}]}
  - call: {training: true}
  - reset: {}
  - reset: {scope: top_level}
  - generate: {steps: 24, feature: 1, carry: true, keep: 3}
  - decode: {steps: 12, into: x, temperature: 0.7, seed: 2, keep: 1, stop: 2}
  - fit:
      target: inputs/gold.npy
      epochs: 2
      batch_size: 4
      shuffle: false
      validation: {input: inputs/gold.npy, target: inputs/gold.npy}
      each_sample: true
  - threads: {n: 4, each: [{reset: {}}, {predict: {}}]}
  - stream: {reset_each: true}
  - reload: {}
  - model.reset_states: {}
expect:
  shape: [1, 1]
  findings: [state-carryover]
  output: {file: inputs/gold.npy, rtol: 1.0e-5, atol: 1e-6}
breakpoints:
  - abs(c) > 5 in lstm_1
  - "output['a: b'] < 0 and t > 20"
watches: [mean(f), 'h[3:8] in "a layer"']
view: {step: -1, layer: lstm_1, unit: 3, sample: 0, series: c, call: 1}
"""


@pytest.fixture(scope="session")
def full_text() -> str:
    """A scenario with every form of the format."""
    return FULL


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file of every kind that a scenario may name; the model is never opened here."""
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "gold.keras").write_bytes(b"a model")
    np.save(inputs / "gold.npy", np.arange(6.0).reshape(2, 3))
    np.savez(inputs / "both.npz", a=np.arange(4.0), b=np.ones(2))
    np.savez(inputs / "states.npz", **{"lstm_1/h": np.ones((1, 4)), "lstm_1/c": np.zeros((1, 4))})
    (inputs / "table.csv").write_text("open,high,close\n1,2,3\n4,5,6\n")
    (inputs / "scaler.json").write_text('{"method": "standard", "mean": [1.0], "scale": [2.0]}')
    return tmp_path


@pytest.fixture
def written(folder: Path) -> Callable[[str], Scenario]:
    """Writes the text of a scenario into `folder` and reads it."""

    def write(text: str) -> Scenario:
        path = folder / "case.yaml"
        path.write_text(text)
        return read_scenario(path)

    return write
