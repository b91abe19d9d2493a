"""Prefix predictions in one pass: what the model would give had the sequence ended at each step.

Where a recurrent layer gives only its last step, the layers behind it get the steps of all prefixes at once,
folded into the batch: `(batch · timesteps, units)`. The layers before it are not run again; their outputs are
those on the tape. That is right where nothing looks ahead, and it can be wrong without an error (attention, a
convolution that sees the future), so that whoever uses this must compare some steps with a replay of the
shortened sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from lstm_tui.keras_adapter.feeding import sequence_length
from lstm_tui.keras_adapter.recorder.tape import Tape, TapedCall
from lstm_tui.plain_text import one_line

#: No folded output may have more elements than this (256 MB in float32).
_LARGEST = 2**26


class NotFoldable(Exception):  # noqa: N818 - not an error of anyone: the answer is that there is no prefix
    """Prefix predictions are not defined for this model; the message says why."""


@dataclass(frozen=True, eq=False)
class Folded:
    """Prefix predictions as tensors `(batch, timesteps, ...)`, one an output, None where `why_not` applies.

    suspects: layers that look ahead, which explain a difference from a replay.
    moves_state: tracing them would move states or seeds a second time.
    """

    outputs: tuple[Any, ...] = ()
    timesteps: int = 0
    why_not: str = ""
    suspects: tuple[str, ...] = ()
    moves_state: bool = False

    @classmethod
    def missing(cls, why_not: str, *, moves_state: bool = False) -> Folded:
        """No prefix predictions."""
        return cls(why_not=why_not, moves_state=moves_state)

    def tensors(self) -> list[Any]:
        """Those that are there."""
        return [output for output in self.outputs if output is not None]


def fold(folding: Folding, outputs: Any, again: Callable[[], Any]) -> Folded:
    """Call the model `again` with its layers handed to `folding`, and unfold what comes out."""
    before = _side_effects()
    try:
        folding.check()
        flat = keras.tree.flatten(outputs if folding.timesteps == 1 else again())
        folded = tuple(
            folding.unfold(new, old) for new, old in zip(flat, keras.tree.flatten(outputs), strict=True)
        )
    except NotFoldable as reason:
        return Folded.missing(str(reason), moves_state=_side_effects() > before)
    except Exception as error:  # noqa: BLE001 - each layer refuses a folded batch in its own way
        why_not = f"the layers behind the recurrent one do not take every step: {one_line(error)}"
        return Folded.missing(why_not, moves_state=_side_effects() > before)
    if _side_effects() > before:
        why_not = "layers behind the recurrent one draw random numbers or keep a state of their own"
        return Folded.missing(why_not, moves_state=True)
    return Folded(folded, folding.timesteps, suspects=tuple(folding.suspects))


def _side_effects() -> int:
    """Operations traced so far that write to variables."""
    graph = tf.compat.v1.get_default_graph()
    return sum(operation.type.startswith("Assign") for operation in graph.get_operations())


class Folding:
    """The second pass over the layers of one traced call."""

    def __init__(self, tape: Tape, inputs: Iterator[Any] | tuple[Any, ...]) -> None:
        self._root = tape.finished[-1]
        self._lengths = {length for one in inputs if (length := sequence_length(one)) is not None}
        loops = [call.loop for call in self._ending_loops(self._root) if call.loop is not None]
        self.timesteps = (loops[0].timesteps or 0) if loops else max(self._lengths, default=0)
        self._batch = next((one.shape[0] for one in inputs if one.shape.rank), None)
        self._border = tape.border if tape.border is not None and tape.border.sample is not None else None
        #: How many samples are folded: all, or the one that is kept.
        self._samples = 1 if self._border is not None else self._batch
        self._open: list[tuple[TapedCall, Iterator[TapedCall]]] = []
        self._graph = tf.compat.v1.get_default_graph()
        backwards = [loop.path for loop in tape.loops if loop.go_backwards]
        self.suspects = [f"{path} reads the sequence backwards" for path in backwards]
        if _side_effects():
            self.suspects.append("layers may draw other random numbers")

    def check(self) -> None:
        """Raises NotFoldable where it can be told beforehand."""
        if self._batch is None or not self.timesteps:
            raise NotFoldable("the model has no input of shape (batch, timesteps, ...)")
        if self.timesteps not in self._lengths:
            raise NotFoldable("layers before the recurrent one change the number of timesteps")
        if self._border is not None and self._batch == self.timesteps != 1:
            raise NotFoldable("as many samples as timesteps: one sample's steps cannot be told from a batch")

    def call(
        self, layer: Any, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """One call of one layer: folded if something folded goes in, else what it gave the first time."""
        if tf.compat.v1.get_default_graph() is not self._graph:
            raise NotFoldable("layers are called inside a loop of the model's own")
        taped = self._next(layer)
        with_steps = [value for value in keras.tree.flatten((args, kwargs)) if self.is_folded(value)]
        if not with_steps and taped.loop is not None:
            return self._steps_of(taped)
        if not with_steps and not self._ending_loops(taped):
            return taped.outputs
        if with_steps:
            args, kwargs = keras.tree.map_structure(self._repeated, (args, kwargs))
            self._refuse_stateful(layer)
        self._open.append((taped, iter(taped.inner)))
        try:
            return self._bounded(original(*args, **kwargs), taped)
        finally:
            self._open.pop()

    def is_folded(self, value: Any) -> bool:
        """Whether the batch axis holds the steps of all prefixes."""
        return bool(
            tf.is_tensor(value)
            and value.shape.rank
            and value.shape[0] == (self._samples or 0) * self.timesteps
        )

    def unfold(self, new: Any, old: Any) -> Any:
        """An output as `(batch, timesteps, ...)`; a sequence says at each step what ends there."""
        if self.timesteps == 1:
            new = self._kept(new)
            return new if new.shape.rank > 2 and new.shape[1] == 1 else new[:, None]
        if self.is_folded(new):
            return tf.reshape(new, (self._samples, self.timesteps, *new.shape[1:]))
        if old.shape.rank > 1 and old.shape[1] == self.timesteps:
            return self._kept(old)
        return None

    def _kept(self, values: Any) -> Any:
        return values if self._border is None else self._border.kept(values)

    def _next(self, layer: Any) -> TapedCall:
        """The same call on the tape: the model takes the same way through its layers as the first time."""
        taped = self._root if not self._open else next(self._open[-1][1], None)
        if taped is None or taped.layer is not layer:
            raise NotFoldable("the model does not call its layers in the same order twice")
        return taped

    def _ending_loops(self, call: TapedCall) -> list[TapedCall]:
        """Calls in and below this one that fold: a recurrent layer that gives its last step or states."""
        if isinstance(call.layer, keras.layers.TimeDistributed):
            return []  # its inner layer runs over another axis
        own = [call] if call.loop is not None and _ends(call.layer) else []
        inside = [found for inner in call.inner for found in self._ending_loops(inner)]
        return [found for found in own + inside if found.loop is not None]

    def _steps_of(self, call: TapedCall) -> Any:
        """What a recurrent layer gives had the sequence ended at each step, folded."""
        loop = call.loop
        assert loop is not None
        if loop.timesteps != self.timesteps or not _ends(call.layer):
            return call.outputs
        given = list(call.outputs) if call.layer.return_state else [call.outputs]
        output = given[0] if call.layer.return_sequences else self._folded(loop.output, call, given[0])
        states = (
            [
                self._folded(name, call, state)
                for name, state in zip(loop.initial, keras.tree.flatten(given[1:]), strict=True)
            ]
            if call.layer.return_state
            else []
        )
        return (
            (output, *keras.tree.pack_sequence_as(given[1:], states)) if call.layer.return_state else output
        )

    def _folded(self, name: str, call: TapedCall, like: Any) -> Any:
        """A series as `(batch · timesteps, units)`, in the dtype that the layer gives."""
        assert call.loop is not None
        steps = call.loop.packing.tensor(call.loop.rows, name)
        by_batch = tf.transpose(steps, [1, 0, *range(2, len(steps.shape))])
        return tf.cast(tf.reshape(by_batch, (-1, *like.shape[1:])), like.dtype)

    def _repeated(self, value: Any) -> Any:
        """What is the same for all prefixes, once for each."""
        if (
            not tf.is_tensor(value)
            or self.is_folded(value)
            or not value.shape.rank
            or value.shape[0] != self._batch
        ):
            return value
        return tf.repeat(self._kept(value), self.timesteps, axis=0)

    def _bounded(self, outputs: Any, call: TapedCall) -> Any:
        for value in keras.tree.flatten(outputs):
            if self.is_folded(value) and value.shape.num_elements() and value.shape.num_elements() > _LARGEST:
                raise NotFoldable(f"the output of {call.path} at all steps at once is too large")
        return outputs

    def _refuse_stateful(self, layer: Any) -> None:
        if isinstance(layer, keras.layers.RNN) and layer.stateful:
            raise NotFoldable("a stateful layer stands behind the last step of another")


def _ends(layer: Any) -> bool:
    return not layer.return_sequences or layer.return_state
