"""The loop of a recurrent layer, stepping the layer's own cell and keeping every state and gate.

It does what `keras.layers.RNN.inner_loop` does: same cell, same order, same masking, so that outputs are
equal to the bit; the extra call of the cell before the first step too, since a cell may draw random numbers.
cuDNN, which would hide the steps, is never asked. An unrolled layer is run as a loop: the arithmetic of a
step is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from lstm_tui.keras_adapter.recorder.border import LAST_OUTPUT, Border
from lstm_tui.keras_adapter.recorder.gates import GateTaps
from lstm_tui.keras_adapter.recorder.intervening import InLoopOf
from lstm_tui.keras_adapter.recorder.nudges import NudgedLoop, Nudges, constant_weights
from lstm_tui.keras_adapter.recorder.packing import Packing
from lstm_tui.keras_adapter.recorder.tape import Tape, TapedLoop
from lstm_tui.recurrent.cells import CellKind
from lstm_tui.recurrent.live_cells import state_names

_OUTPUT = "output"


@dataclass(frozen=True, eq=False)
class _Step:
    """What one call of the cell gave: output, flattened new states, every series by name."""

    output: Any
    states: list[Any]
    gates: Mapping[str, Any]
    kinds: Mapping[str, CellKind]


def recorded_loop(
    layer: Any, tape: Tape, sequences: Any, initial_state: Any, mask: Any = None, *, training: Any = False
) -> tuple[Any, Any, Any]:
    """Takes the place of `layer.inner_loop`: `(last_output, outputs, states)`, and the loop on the tape."""
    initial = initial_state if keras.tree.is_nested(initial_state) else [initial_state]
    loop = _Loop(layer, sequences, list(initial), _boolean(mask), training, _Place(tape))
    if loop.tried is not None and not loop.clamps_what_it_hears() and tape.intervening is not None:
        tape.intervening.refuse(f"the gates of {tape.current.path} cannot be told apart and are not clamped")
    if tape.nudges is not None:
        loop.nudge(tape.nudges, tape.current.path)
    rows, outputs, states = loop.run()
    tape.add_loop(loop.taped(tape.current.path, rows))
    return outputs[-1], _swap(outputs), keras.tree.pack_sequence_as(initial, states)


class _Place:
    """Where a loop stands in a longer sequence: what it starts from, what it leaves, the sample it keeps.

    And what is tried otherwise in it.
    """

    def __init__(self, tape: Tape) -> None:
        self._path = tape.current.path
        self._border: Border | None = tape.border
        self._intervening = tape.intervening

    def tried(self, layer: Any, states: dict[str, Any], timesteps: Any) -> InLoopOf | None:
        """What is tried in the loop; None where nothing is."""
        if self._intervening is None:
            return None
        backwards = bool(layer.go_backwards)
        return self._intervening.of(self._path, layer.cell, states, timesteps, go_backwards=backwards)

    def start(self, own: dict[str, Any], timesteps: Any) -> dict[str, Any]:
        if self._border is None or timesteps != self._border.timesteps:
            return own
        return self._border.states(self._path, own)

    def leave(self, states: dict[str, Any], timesteps: Any) -> None:
        if self._border is not None and timesteps == self._border.timesteps:
            self._border.leave(self._path, states)

    def kept(self, series: dict[str, Any]) -> dict[str, Any]:
        border = self._border
        return series if border is None else {name: border.kept(value) for name, value in series.items()}

    def keeps_one(self, values: Any) -> bool:
        """Whether only one of several samples is kept."""
        return self._border is not None and self._border.sample is not None and values.shape[0] != 1


class _Loop:
    """One run of the loop over `(batch, timesteps, ...)`."""

    def __init__(
        self, layer: Any, sequences: Any, initial: list[Any], mask: Any, training: Any, place: _Place
    ) -> None:
        self.layer, self.mask, self.place = layer, mask, place
        self.names = state_names(layer.cell)
        takes_training = isinstance(layer.cell, keras.layers.Layer) and layer.cell._call_has_training_arg
        self.call_arguments = {"training": training} if takes_training else {}
        self.inputs = _in_order(_swap(sequences), layer.go_backwards)
        self.masks = None if mask is None else _in_order(_swap(mask), layer.go_backwards)
        self.timesteps = self.inputs.shape[0] or tf.shape(self.inputs)[0]
        # read now: a stateful layer hands in variables, which will have moved when the function ends
        own = [tf.identity(state) for state in keras.tree.flatten(initial)]
        start = place.start(dict(zip(self.names, own, strict=True)), self.timesteps)
        self.tried = place.tried(layer, start, self.timesteps)
        start = start if self.tried is None else self.tried.start(start)
        self.initial = keras.tree.pack_sequence_as(initial, [start[name] for name in self.names])
        self.nudged: NudgedLoop | None = None
        self.first = self.step(self.inputs[0], self.initial)
        self.output_is_state = self.first.output is self.first.states[0]
        #: Which of the states the output is; None where it is none of them.
        self.as_output = next(
            (i for i, one in enumerate(self.first.states) if one is self.first.output), None
        )
        #: Without a mask an output that is the first state is not kept twice.
        self.output_name = self.names[0] if self.output_is_state and mask is None else _OUTPUT
        self.zero_output = tf.zeros_like(self.first.output)
        self.keeps_one = place.keeps_one(self.first.output)
        self.packing = Packing(self.series(self.first, self.first.output, self.first.states))

    def nudge(self, nudges: Nudges, path: str) -> None:
        """Add zeros to every state of every step, and keep nothing but the output."""
        states = dict(zip(self.names, self.first.states, strict=True))
        self.nudged = nudges.of(path, states, self.timesteps, go_backwards=self.layer.go_backwards)
        self.output_name = _OUTPUT
        self.packing = Packing({_OUTPUT: self.first.output})

    def clamps_what_it_hears(self) -> bool:
        """Whether every gate that is clamped could be told apart in the first step."""
        clamped = self.tried.clamped if self.tried is not None else set[str]()
        return all(self.first.kinds[end].gates for end in clamped)

    def step(self, inputs: Any, states: Any, time: Any = None) -> _Step:
        """One call of the cell; without a `time` nothing is clamped."""
        cell = self.layer.cell
        held = self.tried.gates(time) if self.tried is not None and time is not None else None
        with constant_weights(cell) if self.nudged else nullcontext(), GateTaps(cell, held) as taps:
            output, new_states = cell(inputs, tuple(states), **self.call_arguments)
        return _Step(output, keras.tree.flatten(new_states), taps.gates(), taps.kinds())

    def series(self, step: _Step, output: Any, states: list[Any]) -> dict[str, Any]:
        """What is kept of one step; more than `packing` has room for is left out there."""
        return self.place.kept(
            dict(zip(self.names, states, strict=True))
            | dict(step.gates)
            | ({} if self.output_name == self.names[0] else {_OUTPUT: output})
        )

    def run(self) -> tuple[list[Any], Any, list[Any]]:
        """Packed rows of all steps, all outputs, and the flattened states after the last step.

        Outputs are `(timesteps, batch, ...)`; those that the layer has no use for are left out.
        """
        timesteps = self.timesteps
        inputs = tf.TensorArray(self.inputs.dtype, timesteps).unstack(self.inputs)
        masks = None if self.masks is None else tf.TensorArray(tf.bool, timesteps).unstack(self.masks)
        if self.nudged is not None:
            self.nudged.start()

        def body(time: Any, kept: Any, output: Any, states: Any) -> Any:
            step = self.step(inputs.read(time), keras.tree.pack_sequence_as(self.initial, list(states)), time)
            mask = None if masks is None else masks.read(time)
            new_output, new_states = self.after(time, step, mask, output, states)
            rows = self.packing.pack(self.series(step, new_output, new_states))
            rows += [new_output] if self.keeps_outputs_apart else []
            written = tuple(array.write(time, row) for array, row in zip(kept, rows, strict=True))
            return time + 1, written, new_output, tuple(new_states)

        dtypes = self.packing.dtypes + ([self.zero_output.dtype] if self.keeps_outputs_apart else [])
        arrays = tuple(tf.TensorArray(dtype, timesteps) for dtype in dtypes)
        flat = tuple(keras.tree.flatten(self.initial))
        _, kept, last, states = tf.while_loop(
            lambda time, *_: time < timesteps,
            body,
            (tf.constant(0), arrays, self.output_before(), flat),
            parallel_iterations=32,
            maximum_iterations=timesteps,
        )
        self.leave(last, states)
        rows = [array.stack() for array in kept[: len(self.packing.dtypes)]]
        return rows, self.outputs(rows, kept, last), list(states)

    def output_before(self) -> Any:
        """What a masked first step repeats."""
        if self.mask is None:
            return self.zero_output
        return self.place.start({LAST_OUTPUT: self.zero_output}, self.timesteps)[LAST_OUTPUT]

    @property
    def keeps_outputs_apart(self) -> bool:
        """Where one sample is kept, the layers behind still want the outputs of all."""
        return self.keeps_one and self.layer.return_sequences

    def outputs(self, rows: list[Any], kept: Any, last: Any) -> Any:
        if self.keeps_outputs_apart:
            return kept[-1].stack()
        return last[None] if self.keeps_one else self.packing.tensor(rows, self.output_name)

    def leave(self, last: Any, states: Any) -> None:
        """What the next stretch starts from."""
        if self.nudged is None:
            output = {} if self.mask is None else {LAST_OUTPUT: last}
            self.place.leave(dict(zip(self.names, states, strict=True)) | output, self.timesteps)

    def after(self, time: Any, step: _Step, mask: Any, output: Any, states: Any) -> tuple[Any, list[Any]]:
        """Output and states after a step: a masked one keeps the states and the output before it."""
        new_output, new_states = step.output, step.states
        if mask is not None:
            new_states = [_where(mask, new, old) for new, old in zip(new_states, states, strict=True)]
        if self.tried is not None:
            named = self.tried.states(time, dict(zip(self.names, new_states, strict=True)))
            new_states = [named[name] for name in self.names]
            new_output = new_output if self.as_output is None else new_states[self.as_output]
        if self.nudged is not None:
            named = self.nudged.add(time, dict(zip(self.names, new_states, strict=True)))
            new_states = [named[name] for name in self.names]
            new_output = new_states[0] if self.output_is_state else new_output
        if mask is not None:
            before = self.zero_output if self.layer.zero_output_for_mask else output
            new_output = _where(mask, new_output, before)
        return new_output, new_states

    def taped(self, path: str, rows: list[Any]) -> TapedLoop:
        return TapedLoop(
            path=path,
            kinds=self.first.kinds,
            packing=self.packing,
            rows=rows,
            output=self.output_name,
            initial=dict(zip(self.names, keras.tree.flatten(self.initial), strict=True)),
            mask=self.mask,
            go_backwards=bool(self.layer.go_backwards),
            stateful=bool(self.layer.stateful),
        )


def _boolean(mask: Any) -> Any:
    """The mask as booleans `(batch, timesteps)`; Keras hands a list where there are several inputs."""
    masks = [one for one in keras.tree.flatten(mask) if one is not None]
    if not masks:
        return None
    mask = tf.cast(masks[0], tf.bool)
    return mask if len(mask.shape) == 2 else mask[..., 0]


def _swap(values: Any) -> Any:
    """`(batch, timesteps, ...)` to `(timesteps, batch, ...)` and back."""
    return tf.transpose(values, [1, 0, *range(2, len(values.shape))])


def _in_order(values: Any, go_backwards: bool) -> Any:
    return tf.reverse(values, [0]) if go_backwards else values


def _where(mask: Any, new: Any, old: Any) -> Any:
    """`new` where the sample's step counts; mask is `(batch,)`."""
    return tf.where(tf.reshape(mask, (-1, *[1] * (len(new.shape) - 1))), new, old)
