"""A recording of one sample of a batch, where the steps of all would be too much.

The sample is run in its batch as `predict` does, so that it is equal to the bit: products over a batch of
another size may round in another way. Only its series leave the loops. Other batches are run only where they
hand their states on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from lstm_tui.keras_adapter.feeding import output_names
from lstm_tui.keras_adapter.keeping import restore, snapshot
from lstm_tui.keras_adapter.recorder.assemble import assemble
from lstm_tui.keras_adapter.recorder.purpose import purpose_of
from lstm_tui.keras_adapter.recorder.record import batches_of, record_batch, rows_of, wrong_prefixes
from lstm_tui.keras_adapter.states import read_states
from lstm_tui.recurrent.calls import CallModel, Predict
from lstm_tui.recurrent.live_states import state_variables
from lstm_tui.recurrent.recording import Array, Recording

if TYPE_CHECKING:
    from lstm_tui.keras_adapter.loaded import LoadedModel


def record_sample(
    loaded: LoadedModel, inputs: Mapping[str, Array], call: Predict | CallModel, sample: int
) -> Recording:
    """What the call does with one sample; the outputs are those of its batch."""
    size = call.batch_size if isinstance(call, Predict) else rows_of(inputs)
    batches = batches_of(inputs, size)
    number, row = divmod(sample, rows_of(batches[0]))
    purpose = purpose_of(loaded, call)
    before, variables = snapshot(loaded.model), state_variables(loaded.placed)
    states_before = read_states(variables)
    try:
        first = sample - row
        for index, batch in enumerate(batches[:number]) if variables else ():
            earlier = purpose.of_rows(index * rows_of(batches[0]), rows_of(batch))
            record_batch(loaded, batch, batches[0], earlier, 0)
        purpose = purpose.of_rows(first, rows_of(batches[number]))
        start = snapshot(loaded.model)
        part = record_batch(loaded, batches[number], batches[0], purpose, row)
        wrong = wrong_prefixes(loaded, batches[number], part, purpose, lambda: restore(start), row)
    finally:
        restore(before)
    names = output_names(loaded.model, part.traced.output_struct)
    recording = assemble(inputs, names, [part], wrong, (states_before, {}))
    layers = tuple(replace(trace, first_sample=sample, samples=rows_of(inputs)) for trace in recording.layers)
    return replace(recording, layers=layers, sample=sample)
