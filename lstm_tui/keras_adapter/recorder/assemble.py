"""From the arrays that a traced call gave to a `Recording`: names, order of time, batches put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from lstm_tui.keras_adapter.recorder.prefix import unchecked_prefix
from lstm_tui.keras_adapter.recorder.summarising import summary_from
from lstm_tui.keras_adapter.recorder.tape import TapedCall, TapedLoop
from lstm_tui.keras_adapter.recorder.tracing import Kept, TracedCall, tensors_in
from lstm_tui.recurrent.recording import Array, LayerOutput, LayerTrace, Recording, States, read_only
from lstm_tui.recurrent.summary import Summary, joined_summaries, summary_of


class Part:
    """The arrays of one batch, taken apart in the order in which the traced function gives them.

    sample: the only row of the batch that is kept; None where all are.
    """

    def __init__(self, traced: TracedCall, arrays: list[Array], sample: int | None = None) -> None:
        self.traced = traced
        self._sample = sample
        self._arrays = iter(arrays)
        self.outputs = self._take(len(arrays) - _count_on_tape(traced) - len(traced.folded.tensors()))
        self.prefix = unchecked_prefix(
            traced.folded,
            self._take(len(traced.folded.tensors())),
            [self.kept(output) for output in self.outputs],
        )
        self.traces = [trace for loop in traced.tape.loops for trace in self._traces(loop)]
        self.layer_outputs = [
            self._layer_output(call, kept)
            for call, kept in zip(traced.tape.finished[:-1], traced.kept, strict=True)
        ]

    def _take(self, count: int) -> list[Array]:
        return [next(self._arrays) for _ in range(count)]

    def kept(self, values: Array) -> Array:
        """Of the sample that is kept; what has but one row has been cut already, or serves all."""
        if self._sample is None or not values.ndim or len(values) == 1:
            return values
        return values[self._sample : self._sample + 1]

    def _traces(self, loop: TapedLoop) -> Iterator[LayerTrace]:
        rows = self._take(len(loop.rows))
        initial = dict(zip(loop.initial, self._take(len(loop.initial)), strict=True))
        mask = self._take(1)[0] if loop.mask is not None else None
        batch = max((len(state) for state in initial.values()), default=1)
        of_one = {} if self._sample is None else {"first_sample": self._sample, "samples": batch}
        if loop.go_backwards:
            rows = [row[::-1] for row in rows]
        for suffix, kind in loop.kinds.items():
            yield LayerTrace(
                path=loop.path + suffix,
                cell=kind,
                steps={name: self.kept(loop.packing.array(rows, f"{suffix}/{name}")) for name in kind.series},
                initial={name: self.kept(initial[f"{suffix}/{name}"]) for name in kind.states},
                mask=None if mask is None else self.kept(mask),
                go_backwards=loop.go_backwards,
                stateful=loop.stateful,
                **of_one,
            )

    def _layer_output(self, call: TapedCall, kept: Kept) -> LayerOutput:
        tensors = tensors_in(call.outputs)
        given = self._take(_arrays_of(tensors, kept))
        summaries = tuple(summary_from(each) for each in given[1::2]) if kept == "shapes" else None
        given = given[::2] if kept == "shapes" else given
        if kept == "values":
            shapes = [value.shape for value in given]
        else:
            shapes = [tuple(int(axis) for axis in shape) for shape in given] or [
                _declared(one) for one in tensors
            ]
        return LayerOutput(
            path=call.path,
            class_name=type(call.layer).__name__,
            shapes=tuple(shapes),
            dtype=tensors[0].dtype.name if tensors else "",
            masked=any(getattr(tensor, "_keras_mask", None) is not None for tensor in tensors),
            values=tuple(self.kept(value) for value in given) if kept == "values" else None,
            summaries=summaries,
        )


def _declared(tensor: Any) -> tuple[int, ...]:
    """The shape as far as it was known beforehand; 0 for what was not."""
    return tuple(axis or 0 for axis in tensor.shape) if tensor.shape.rank is not None else ()


def _count_on_tape(traced: TracedCall) -> int:
    loops = sum(len(loop.rows) + len(loop.initial) + (loop.mask is not None) for loop in traced.tape.loops)
    kept = zip(traced.tape.finished[:-1], traced.kept, strict=True)
    return loops + sum(_arrays_of(tensors_in(call.outputs), keep) for call, keep in kept)


def _arrays_of(tensors: list[Any], kept: Kept) -> int:
    """How many arrays a call of a layer gives: its values, or a shape and a summary of each."""
    return {"values": 1, "shapes": 2, "nothing": 0}[kept] * len(tensors)


def assemble(
    inputs: Mapping[str, Array],
    names: tuple[str, ...],
    parts: list[Part],
    wrong_prefixes: Mapping[int, str],
    states: tuple[States, States],
) -> Recording:
    """One recording of all batches, samples in the order of the input."""
    first = parts[0]
    missing = {index: why for part in parts for index, why in part.prefix.missing.items()} | dict(
        wrong_prefixes
    )
    return Recording(
        inputs={name: read_only(values) for name, values in inputs.items()},
        outputs={name: _joined([part.outputs[i] for part in parts]) for i, name in enumerate(names)},
        layers=tuple(_join_traces([part.traces[i] for part in parts]) for i in range(len(first.traces))),
        layer_outputs=tuple(
            _join_outputs([part.layer_outputs[i] for part in parts]) for i in range(len(first.layer_outputs))
        ),
        prefix={
            name: _joined([part.prefix.values[i] for part in parts])
            for i, name in enumerate(names)
            if i not in missing
        },
        prefix_missing={names[i]: why for i, why in sorted(missing.items())},
        unrecorded=dict(first.traced.tape.refused),
        states_before=states[0],
        states_after=states[1],
    )


def _join_traces(parts: list[LayerTrace]) -> LayerTrace:
    first = parts[0]
    return replace(
        first,
        steps={name: _joined([part.steps[name] for part in parts]) for name in first.steps},
        initial={name: _joined([part.initial[name] for part in parts]) for name in first.initial},
        mask=None if first.mask is None else _joined([part.mask for part in parts]),
    )


def _join_outputs(parts: list[LayerOutput]) -> LayerOutput:
    first = parts[0]
    shapes = tuple(
        (sum(part.shapes[index][0] for part in parts), *shape[1:]) if shape else shape
        for index, shape in enumerate(first.shapes)
    )
    return replace(first, shapes=shapes, values=_join_values(parts), summaries=_join_summaries(parts))


def _join_summaries(parts: list[LayerOutput]) -> tuple[Summary, ...] | None:
    """Where a smaller batch has its values and another has not, those values are summed up too."""
    if all(part.values is not None for part in parts):
        return None
    found = [part.summaries or tuple(summary_of(each) for each in part.values or ()) for part in parts]
    return tuple(joined_summaries(each) for each in zip(*found, strict=True)) if all(found) else None


def _join_values(parts: list[LayerOutput]) -> tuple[Array, ...] | None:
    if any(part.values is None for part in parts):
        return None
    columns: Any = zip(*(part.values for part in parts if part.values is not None), strict=True)
    return tuple(_joined(list(column)) for column in columns)


def _joined(parts: list[Any]) -> Array:
    """Batches one after the other."""
    if len(parts) == 1:
        return read_only(parts[0])
    return read_only(np.concatenate(parts, axis=0) if parts[0].ndim else parts[0])
