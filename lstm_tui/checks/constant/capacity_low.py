"""Fewer state numbers than the target needs: the window tells it, the states cannot hold it.

How many numbers a memory needs is measured on the data alone: the best linear map from the past to all that
is wanted from now on, through 1, 2, … numbers (the order of a minimal realisation; Ho & Kálmán, 1966, here
with noise, by reduced-rank regression). A model that has enough and is bad nevertheless has another fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.constant.predictions import Paired, paired, sequence
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.probing import (
    Floats,
    Probed,
    effective_rank,
    evenly,
    in_deviations,
    probe,
    probe_windows,
)
from lstm_tui.recurrent.recording import Array, LayerTrace

#: The window explains so much at least, and the model, its states and a memory of their size so much less.
TOLD, SHORT_OF = 0.5, 0.25
#: Steps of the past that a memory may have to hold, and steps to come that it has to serve.
LAGS, AHEAD = 24, 16
_FEWEST = 30
#: Layers at which several ways meet: then no single layer is the bottleneck.
_JOINING = frozenset({"Concatenate", "Add", "Average", "Multiply", "Subtract", "Maximum", "Dot"})


@dataclass(frozen=True, eq=False)
class Lack:
    """numbers: that the narrowest recurrent layer can hold. needed: for 95 % of what the window tells."""

    trace: LayerTrace
    numbers: int
    needed: int
    probed: Probed
    states: float
    rank: float


def _find(case: Case) -> Iterator[Finding]:
    found, beside = sequence(case.inputs), paired(case)
    if found is None or beside is None or case.recording is None or not case.recording.layers:
        return
    if any(settings.get("class_name") in _JOINING for settings in case.settings.values()):
        return
    narrowest = min(case.recording.layers, key=lambda trace: _numbers(trace, case, beside))
    x = found[1]
    if len(x) != len(beside.target) or not np.isfinite(x).all() or not beside.target.std() > 0:
        return
    held = _numbers(narrowest, case, beside)
    if beside.share > 1 - SHORT_OF or beside.target.size < _FEWEST or held >= _most_needed(beside):
        return
    lack = _lack(narrowest, in_deviations(x), beside, held)
    if lack is not None:
        yield _finding(lack, beside)


def _numbers(trace: LayerTrace, case: Case, beside: Paired) -> int:
    """How many numbers a layer hands on: all its states from step to step, what it gives at the end; both
    halves of a Bidirectional together."""
    held = trace.units * (len(trace.cell.states) if beside.each_step else 1)
    parent = case.settings.get(trace.path.rpartition("/")[0], {})
    return 2 * held if parent.get("class_name") == "Bidirectional" else held


def _most_needed(beside: Paired) -> int:
    return min(LAGS, AHEAD) if beside.each_step else beside.target.shape[-1]


def _lack(trace: LayerTrace, x: Floats, beside: Paired, held: int) -> Lack | None:
    past, future = _past_and_future(x, beside)
    if len(past) < _FEWEST:
        return None
    probed = probe_windows(past, future, ranks=min(future.shape[1], AHEAD + held))
    needed = probed.needed()
    ceiling = max(probed.share, 1e-9)
    if needed <= held or probed.at_rank(held) > 0.7 * ceiling:
        return None
    now = probe_windows(past, _now(beside, len(future))).share
    states = _from_states(trace, beside)
    if now < TOLD or max(states, beside.share) > now - SHORT_OF:
        return None
    return Lack(trace, held, needed, probed, states, effective_rank(trace.steps["h"]))


def _past_and_future(x: Floats, beside: Paired) -> tuple[Array, Array]:
    """Windows of what was seen, and what is wanted from then on, at each step of each row."""
    if not beside.each_step:
        return x, beside.target.reshape(len(x), -1)
    past, future = [], []
    for row, truth in zip(x, beside.target, strict=True):
        steps = len(row)
        for step in range(steps - AHEAD + 1):
            seen = row[max(step + 1 - LAGS, 0) : step + 1]
            past.append(np.concatenate([np.zeros((LAGS - len(seen), row.shape[1])), seen]))
            future.append(truth[step : step + AHEAD].ravel())
    return evenly(np.array(past), 1000), evenly(np.array(future), 1000)


def _now(beside: Paired, rows: int) -> Array:
    """What is wanted at the step itself, a row for each row of the past."""
    if not beside.each_step:
        return beside.target.reshape(rows, -1)
    now = np.concatenate([truth[: len(truth) - AHEAD + 1] for truth in beside.target])
    return evenly(now, 1000)[:rows]


def _from_states(trace: LayerTrace, beside: Paired) -> float:
    """The share of the target that a linear map of the layer's states explains."""
    states = np.concatenate(
        [trace.steps[name].reshape(trace.batch, trace.timesteps, -1) for name in trace.cell.states], axis=-1
    )
    if beside.each_step and trace.timesteps == beside.target.shape[1]:
        rows = states.reshape(-1, states.shape[-1])
        truth = beside.target.reshape(len(rows), -1)
        return probe(evenly(rows, 1000), evenly(truth, 1000)).share
    return probe(states[:, -1], beside.target.reshape(len(states), -1)).share


def _finding(lack: Lack, beside: Paired) -> Finding:
    path, held = lack.trace.path, lack.numbers
    at_rank, all_of_it = lack.probed.at_rank(held), lack.probed.at_rank(lack.needed)
    return Finding(
        code="capacity-low",
        severity="error",
        summary=f"{path} holds {held} number(s) from step to step where the target needs {lack.needed}: the "
        f"window explains it, its states explain {max(lack.states, 0):.0%} and the model "
        f"{max(beside.share, 0):.0%}.",
        layer=path,
        evidence={
            "units": lack.trace.units,
            "numbers_held": held,
            "numbers_needed": lack.needed,
            "effective_rank_of_states": lack.rank,
            "explained_by_states": lack.states,
            "explained_by_model": beside.share,
            "explained_by_best_memory": dict(enumerate(lack.probed.by_rank[: lack.needed], 1)),
        },
        fix=Fix(
            f"Give the layer more units, {2 * lack.needed} to begin with, and train again.",
            code=f"keras.layers.{'LSTM' if lack.trace.cell.name == 'lstm' else 'GRU'}({2 * lack.needed})",
        ),
        proof=Proof(
            f"share that the best linear memory of {held} and of {lack.needed} numbers explains",
            at_rank,
            all_of_it,
        ),
        place=Place(layer=path),
        weight=0.8,
    )


CHECK = Check(
    code="capacity-low",
    needs=("x", "target", "output", "recording"),
    find=_find,
    lesson=Lesson(
        title="Too few units for what has to be remembered",
        what="The target depends on more separate numbers of the past than the layer can carry from step to "
        "step.",
        why="The model says the mean, or follows the one direction that pays most. More epochs do not help.",
        keras="An LSTM layer carries 2·units numbers, a GRU or SimpleRNN units; behind "
        "return_sequences=False only units go on. A narrow layer below a wide one is the bottleneck of both.",
        prevent="Ask how many numbers of the past a person would need to note; take several times as many "
        "units.",
        code="keras.layers.LSTM(32)",
    ),
)
