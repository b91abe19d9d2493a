"""From the arrays that a traced call gave to a `Recording`: names, order of time, batches put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lstm_tui.keras_adapter.recorder.tape import TapedLoop, TapedOutput
from lstm_tui.keras_adapter.recorder.tracing import TracedCall
from lstm_tui.recurrent.recording import Array, LayerOutput, LayerTrace, Recording, States, read_only


def assemble(
    inputs: Mapping[str, Array],
    names: list[str],
    results: list[tuple[TracedCall, list[Array]]],
    states_before: States,
    states_after: States,
) -> Recording:
    """One recording of all batches; samples in the order of the input."""
    parts = [_Part(traced, arrays) for traced, arrays in results]
    first = parts[0]
    return Recording(
        inputs={name: read_only(values) for name, values in inputs.items()},
        outputs={name: _joined([part.outputs[index] for part in parts]) for index, name in enumerate(names)},
        layers=tuple(
            _join_traces([part.traces[index] for part in parts]) for index in range(len(first.traces))
        ),
        layer_outputs=tuple(
            _join_outputs([part.layer_outputs[index] for part in parts])
            for index in range(len(first.layer_outputs))
        ),
        unrecorded=dict(first.traced.tape.refused),
        states_before=states_before,
        states_after=states_after,
    )


class _Part:
    """The arrays of one batch, taken apart in the order in which the traced function gives them."""

    def __init__(self, traced: TracedCall, arrays: list[Array]) -> None:
        self.traced = traced
        self._arrays = iter(arrays)
        self.outputs = self._take(len(arrays) - _count_on_tape(traced))
        self.traces = [trace for loop in traced.tape.loops for trace in self._traces(loop)]
        batch = self.outputs[0].shape[0] if self.outputs and self.outputs[0].ndim else 1
        self.layer_outputs = [
            self._layer_output(output, kept, batch)
            for output, kept in zip(traced.tape.outputs, traced.kept, strict=True)
        ]

    def _take(self, count: int) -> list[Array]:
        return [next(self._arrays) for _ in range(count)]

    def _traces(self, loop: TapedLoop) -> Iterator[LayerTrace]:
        rows = self._take(len(loop.rows))
        initial = dict(zip(loop.initial, self._take(len(loop.initial)), strict=True))
        mask = self._take(1)[0] if loop.mask is not None else None
        if loop.go_backwards:
            rows = [row[::-1] for row in rows]
        for suffix, kind in loop.kinds.items():
            yield LayerTrace(
                path=loop.path + suffix,
                cell=kind,
                steps={name: loop.packing.array(rows, f"{suffix}/{name}") for name in kind.series},
                initial={name: initial[f"{suffix}/{name}"] for name in kind.states},
                mask=mask,
                go_backwards=loop.go_backwards,
                stateful=loop.stateful,
            )

    def _layer_output(self, output: TapedOutput, kept: bool, batch: int) -> LayerOutput:
        values = tuple(self._take(len(output.tensors))) if kept else None
        shapes = [value.shape for value in values] if values else [tensor.shape for tensor in output.tensors]
        return LayerOutput(
            path=output.path,
            class_name=output.class_name,
            shapes=tuple(tuple(batch if axis is None else int(axis) for axis in shape) for shape in shapes),
            dtype=output.tensors[0].dtype.name if output.tensors else "",
            masked=any(getattr(tensor, "_keras_mask", None) is not None for tensor in output.tensors),
            values=values,
        )


def _count_on_tape(traced: TracedCall) -> int:
    loops = sum(len(loop.rows) + len(loop.initial) + (loop.mask is not None) for loop in traced.tape.loops)
    kept = zip(traced.tape.outputs, traced.kept, strict=True)
    return loops + sum(len(output.tensors) for output, keep in kept if keep)


def _join_traces(parts: list[LayerTrace]) -> LayerTrace:
    first = parts[0]
    return LayerTrace(
        path=first.path,
        cell=first.cell,
        steps={name: _joined([part.steps[name] for part in parts]) for name in first.steps},
        initial={name: _joined([part.initial[name] for part in parts]) for name in first.initial},
        mask=None if first.mask is None else _joined([part.mask for part in parts]),
        go_backwards=first.go_backwards,
        stateful=first.stateful,
    )


def _join_outputs(parts: list[LayerOutput]) -> LayerOutput:
    first = parts[0]
    if len(parts) == 1:
        values = None if first.values is None else tuple(read_only(value) for value in first.values)
        return LayerOutput(first.path, first.class_name, first.shapes, first.dtype, first.masked, values)
    rows = [
        sum(part.shapes[index][0] for part in parts if part.shapes[index])
        for index in range(len(first.shapes))
    ]
    return LayerOutput(
        path=first.path,
        class_name=first.class_name,
        shapes=tuple(
            (total, *shape[1:]) if shape else shape for total, shape in zip(rows, first.shapes, strict=True)
        ),
        dtype=first.dtype,
        masked=first.masked,
        values=_join_values(parts),
    )


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
