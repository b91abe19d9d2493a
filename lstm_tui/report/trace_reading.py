"""A trace file read again, as what one run computed. The file is data from anyone: nothing is unpickled.

It does not say in which direction a layer reads. An LSTM and a GRU tell by themselves: each state is made of
the one before it. Any other layer is taken to run forwards unless its name says `backward`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lstm_tui.arrays.files import read_arrays
from lstm_tui.errors import UsageError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.divergence import Course, Station, in_order
from lstm_tui.recurrent.recording import Array

_MODEL = ("output/", "prefix/")


def read_trace(path: Path) -> Course:
    """The layers of a trace file in the order in which they stand in it, and the outputs.

    Raises: UsageError for a file that is no trace, InputFileError for one that cannot be read.
    """
    arrays = read_arrays(path)
    layers: dict[str, dict[str, Array]] = {}
    for key, values in arrays.items():
        layer, _, name = key.rpartition("/")
        if layer and not key.startswith(_MODEL):
            layers.setdefault(layer, {})[name] = values
    if not layers or not all(_is_layer(series) for series in layers.values()):
        raise UsageError(
            f"{one_line(path)} is no trace.",
            expected="an .npz file that `lstm-tui trace` wrote",
            todo="an input belongs behind --input, with a model before it",
        )
    outputs = {
        key.removeprefix("output/"): values for key, values in arrays.items() if key.startswith("output/")
    }
    return Course(tuple(_station(name, series) for name, series in layers.items()), outputs)


def _is_layer(series: Mapping[str, Array]) -> bool:
    """Whether all are over the same samples and timesteps, `(batch, timesteps, ...)`."""
    shapes = {values.shape[:2] for values in series.values()}
    return len(shapes) == 1 and all(values.ndim > 2 for name, values in series.items() if name != "mask")


def _station(path: str, series: Mapping[str, Array]) -> Station:
    steps = in_order({name: values for name, values in series.items() if name != "mask"})
    mask = series.get("mask")
    return Station(path, steps, True, _runs_backwards(path, steps), mask)


def _runs_backwards(path: str, series: Mapping[str, Array]) -> bool:
    """In which direction the states follow from each other."""
    if {"c", "i", "f", "g"} <= set(series):
        state, kept, made = series["c"], series["f"], series["i"] * series["g"]
    elif {"h", "z", "g"} <= set(series):
        state, kept, made = series["h"], series["z"], (1 - series["z"]) * series["g"]
    else:
        return "backward" in path
    forwards = np.abs(state[:, 1:] - kept[:, 1:] * state[:, :-1] - made[:, 1:])
    backwards = np.abs(state[:, :-1] - kept[:, :-1] * state[:, 1:] - made[:, :-1])
    if not forwards.size:
        return False
    with np.errstate(invalid="ignore"):
        return bool(np.median(backwards) < np.median(forwards))
