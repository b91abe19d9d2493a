"""How much a recording takes, told from what the model declares and the shapes of its input; nothing is run.

It is an estimate for deciding what to keep: each recurrent layer is taken to run over the whole sequence.
What a call really gives, the engine sees when it traces it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lstm_tui.model_file.facts import LayerFacts, ModelFacts
from lstm_tui.recurrent.calls import Inputs
from lstm_tui.recurrent.cells import GRU, LSTM, SIMPLE_RNN
from lstm_tui.recurrent.sequences import longest

_SERIES = {cell.name: len(cell.series) for cell in (LSTM, GRU, SIMPLE_RNN)}
#: A cell of another kind: a state, and perhaps one more.
_OTHER_SERIES = 2
_NUMBER_BYTES = 4


@dataclass(frozen=True)
class RecordedSize:
    """Of one sample: bytes of all series at one step, of what the layers hand on, and the number of steps."""

    step: int
    passed_on: int
    timesteps: int

    @property
    def sample(self) -> int:
        """Bytes of all steps of one sample."""
        return self.step * self.timesteps


def recorded_size(facts: ModelFacts, inputs: Inputs) -> RecordedSize:
    """What one sample of a recording on these inputs takes."""
    step = passed_on = 0
    for layer in facts.recurrent_layers:
        assert layer.recurrent is not None
        units = _state_size(layer) * _inner_steps(layer, facts, inputs)
        step += units * _SERIES.get(layer.recurrent.cell, _OTHER_SERIES)
        passed_on += units
    return RecordedSize(step * _NUMBER_BYTES, passed_on * _NUMBER_BYTES, longest(inputs)[0])


def _state_size(layer: LayerFacts) -> int:
    """Numbers of one state: the units, or what a convolutional layer gives for one step."""
    assert layer.recurrent is not None
    declared = 1
    for shape in layer.output_shapes[:1]:
        per_step = shape[2:] if layer.recurrent.return_sequences else shape[1:]
        declared = math.prod(size for size in per_step if size is not None)
    return max(layer.recurrent.units, declared)


def _inner_steps(layer: LayerFacts, facts: ModelFacts, inputs: Inputs) -> int:
    """Steps that a layer makes within each step of the sequence: more than one inside a TimeDistributed."""
    wrappers = [other.path for other in facts.layers if other.class_name == "TimeDistributed"]
    if not any(layer.path.startswith(f"{path}/") for path in wrappers):
        return 1
    return max((math.prod(array.shape[2:-1]) for array in inputs.values() if array.ndim > 3), default=1)
