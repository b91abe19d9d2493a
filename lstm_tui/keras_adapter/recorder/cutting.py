"""Whether a call can be made stretch by stretch: found out by doing both and comparing, never assumed.

A short run is cut first, in two halves: that names the layer for which it matters. Then one whole chunk and
one as long as the last are held against a run over both. Where series, states and outputs are equal to the
bit, the cut is exact. A product over all steps at once (a Dense layer on a sequence) may round in another
way when it has fewer rows; a first difference of that size is told as rounding, a larger one is a refusal.
What no comparison of a chunk and a half can see: a layer that looks further back than that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from lstm_tui.keras_adapter.failures import keras_words
from lstm_tui.keras_adapter.recorder.assemble import Part
from lstm_tui.keras_adapter.recorder.stretch import Cut
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import Inputs
from lstm_tui.recurrent.recording import Array, LayerOutput, LayerTrace
from lstm_tui.recurrent.sequences import part_of
from lstm_tui.recurrent.stretches import LongPlan
from lstm_tui.recurrent.window import Window

if TYPE_CHECKING:
    from lstm_tui.keras_adapter.loaded import LoadedModel

_OUTPUT = "the model's output"
#: Steps of each half of the short run.
_FEW = 8
#: A difference beyond this share of the largest number is no rounding.
_ROUNDING = 1e-5


@dataclass(frozen=True)
class Cutting:
    """What was found: why the call cannot be cut (empty where it can), how far it is off, and from where."""

    refused: str = ""
    rounding: float = 0.0
    rounded_by: str = ""


def try_cutting(loaded: LoadedModel, plan: LongPlan, head: Inputs, rewind: Callable[[], None]) -> Cutting:
    """Cut the first steps of the call and compare. rewind: puts back states and seeds before each run."""
    steps = plan.head
    if plan.timesteps <= plan.chunk:
        return Cutting()  # nothing is cut
    few = min(_FEW, steps // 2)
    for first, last in ((few, 2 * few), (plan.chunk, steps)):
        inputs = part_of(head, plan.sequences, Window(0, last))
        try:
            found = _compared(loaded, plan, inputs, (first, last), rewind)
        except Exception as error:  # noqa: BLE001 - each layer refuses a part of a sequence in its own way
            return Cutting(f"it does not run on a part of the sequence: {one_line(keras_words(error))}")
        if found.refused:
            return found
    return found


def _compared(
    loaded: LoadedModel, plan: LongPlan, inputs: Inputs, ends: tuple[int, int], rewind: Callable[[], None]
) -> Cutting:
    first, last = ends
    rewind()
    whole = Cut(loaded, plan, with_prefix=False).run(inputs)
    rewind()
    # with what will be used where these are the lengths that will be
    cut = Cut(loaded, plan, with_prefix=last == plan.head)
    parts = [
        cut.run(part_of(inputs, plan.sequences, window)) for window in (Window(0, first), Window(first, last))
    ]
    called = _called_otherwise(whole, parts) or _stepped_by_hand(whole)
    if called:
        return Cutting(called)
    where, difference, is_rounding = "", 0.0, True
    for path, one, others in _pairs(whole, parts):
        gap, small = _difference(one, others, (first, last - first))
        if gap and not where:
            where, is_rounding = path, small
        difference = max(difference, gap)
    if where and not is_rounding:
        return Cutting(_reason(whole, where))
    return Cutting("", difference, where)


def _called_otherwise(whole: Part, parts: list[Part]) -> str:
    """What is called once for each step, or on longer sequences only; a wrapper does that in Python."""
    paths = [call.path for call in whole.traced.tape.finished]
    for part in parts:
        for path, other in zip_longest(paths, (call.path for call in part.traced.tape.finished)):
            if path != other:
                name = (path or other).partition("#")[0]
                return f"{name} is called as often as the sequence has steps"
    return ""


def _stepped_by_hand(whole: Part) -> str:
    tape = whole.traced.tape
    in_layers = {id(call.loop) for call in tape.finished}
    return next(
        (f"the model steps {loop.path} by itself" for loop in tape.loops if id(loop) not in in_layers), ""
    )


def _pairs(whole: Part, parts: list[Part]) -> Iterator[tuple[str, Array, list[Array]]]:
    """Everything that both have, in the order in which the layers were called; then the model's outputs."""
    traces = [iter(one.traces) for one in (whole, *parts)]
    outputs = [iter(one.layer_outputs) for one in (whole, *parts)]
    inside = _inside_loops(whole)
    for call in whole.traced.tape.finished[:-1]:
        for _ in call.loop.kinds if call.loop is not None else ():
            one, *others = (next(each) for each in traces)
            yield from _of_traces(one, others)
        shown: list[LayerOutput] = [next(each) for each in outputs]
        if id(call) not in inside and all(output.values is not None for output in shown):
            for values in zip(*(output.values or () for output in shown), strict=True):
                yield call.path, values[0], list(values[1:])
    for values in zip(*(one.outputs for one in (whole, *parts)), strict=True):
        yield _OUTPUT, values[0], list(values[1:])


def _inside_loops(whole: Part) -> set[int]:
    """Calls that a cell makes: what is on the tape of them is one step, and the first of each run."""
    found: set[int] = set()
    for call in reversed(whole.traced.tape.finished):
        if call.loop is not None or id(call) in found:
            found.update(id(inner) for inner in call.inner)
    return found


def _of_traces(one: LayerTrace, others: list[LayerTrace]) -> Iterator[tuple[str, Array, list[Array]]]:
    for name, values in one.steps.items():
        yield one.path, values, [other.steps[name] for other in others]


def _difference(whole: Array, parts: list[Array], lengths: tuple[int, ...]) -> tuple[float, bool]:
    """The largest |difference|, and whether rounding explains it.

    What has the timesteps as its second axis is put end to end; of anything else the last part counts.
    """
    along_time = whole.ndim > 1 and whole.shape[1] == sum(lengths)
    in_time = all(
        part.ndim > 1 and part.shape[1] == length for part, length in zip(parts, lengths, strict=True)
    )
    cut = np.concatenate(parts, axis=1) if along_time and in_time else parts[-1]
    if cut.shape != whole.shape:
        return float("inf"), False
    if np.array_equal(cut, whole, equal_nan=whole.dtype.kind == "f"):
        return 0.0, True
    one, other = cut.astype(np.float64), whole.astype(np.float64)
    with np.errstate(invalid="ignore"):
        same = (one == other) | (np.isnan(one) & np.isnan(other))
        gap = float(np.nan_to_num(np.where(same, 0.0, np.abs(one - other)).max(), nan=np.inf))
    scale = 1.0 + float(np.max(np.abs(other), initial=0.0, where=np.isfinite(other)))
    allowed = max(_ROUNDING, 8 * float(np.finfo(whole.dtype).eps)) if whole.dtype.kind == "f" else 0.0
    return gap, gap <= allowed * scale


def _reason(whole: Part, where: str) -> str:
    tape = whole.traced.tape
    backwards = {loop.path for loop in tape.loops if loop.go_backwards}
    if any(where == path or where.startswith(f"{path}/cell_") for path in backwards):
        return f"{where} reads the sequence backwards"
    if where == _OUTPUT and tape.refused:
        path, why = next(iter(tape.refused.items()))
        return f"{path} keeps its states to itself: {why}"
    return f"{where} needs more than the states and the steps of one stretch"
