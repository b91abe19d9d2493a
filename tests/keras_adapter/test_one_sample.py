"""One sample of a batch recorded as it is in its batch, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from lstm_tui.keras_adapter import LoadedModel  # noqa: E402
from lstm_tui.keras_adapter.recorder import record_predict  # noqa: E402
from lstm_tui.recurrent.calls import CallModel, Predict, RunPlan  # noqa: E402
from lstm_tui.recurrent.recording import Recording  # noqa: E402
from tests.keras_adapter import specimens, zoo_layers, zoo_models  # noqa: E402

#: Two batches of four; a smaller last one is another function, which one kind is enough for.
ROWS, ODD_ROWS, STEPS = 8, 7, 9
KINDS = [
    zoo_layers.bidirectional_sequences, zoo_layers.masking_zero_output,
    zoo_layers.cells_by_hand, zoo_models.attention_over_steps,
    zoo_models.shared_tower, zoo_models.sequence_and_static,
]  # fmt: skip


def many_rows(specimen: specimens.Specimen, count: int) -> dict[str, np.ndarray]:
    """The specimen's inputs, other numbers in every row; zeros stay, they mask."""
    generator = np.random.default_rng(2)
    made = {}
    for name, values in specimen.inputs.items():
        rows = np.resize(values, (count, *values.shape[1:]))
        made[name] = np.where(rows == 0, 0, rows + generator.normal(0, 0.3, rows.shape)).astype("float32")
    return made


def recorded(loaded: LoadedModel, inputs: dict, call: Predict | CallModel, sample: int) -> Recording:
    run = loaded.run(RunPlan(inputs, calls=(call,), sample=sample), lambda *_: None)
    assert run.recording is not None, run.recording_note
    return run.recording


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_it_is_what_the_recording_of_all_has(kind):
    specimen = specimens.build(kind)
    rows = ODD_ROWS if kind is zoo_layers.bidirectional_sequences else ROWS
    loaded, inputs = LoadedModel.in_memory(specimen.model), many_rows(specimen, rows)
    whole = record_predict(loaded, inputs, 4)
    for sample in (0, 5):
        one = recorded(loaded, inputs, Predict(batch_size=4), sample)
        assert one.disagreement == 0.0
        assert one.sample == sample
        assert [trace.path for trace in one.layers] == [trace.path for trace in whole.layers]
        for trace, of_all in zip(one.layers, whole.layers, strict=True):
            assert (trace.batch, trace.steps[trace.cell.series[0]].shape[0]) == (rows, 1)
            assert trace.has(sample) and not trace.has(sample + 1)
            for series in trace.steps:
                np.testing.assert_array_equal(
                    trace.over_time(series, sample), of_all.over_time(series, sample)
                )
        for name, values in whole.outputs.items():
            np.testing.assert_array_equal(one.outputs[name], values)
        assert set(one.prefix) == set(whole.prefix)
        for name in one.prefix:
            np.testing.assert_allclose(
                one.prefix_of(name, sample), whole.prefix_of(name, sample), rtol=0, atol=1e-6
            )
            assert one.prefix_of(name, sample + 1) is None
    keras.utils.clear_session()


def test_stateful_batches_before_it_hand_their_states_on():
    loaded = LoadedModel.in_memory(specimens.build(zoo_layers.stateful_gru).model)
    inputs = {"x": specimens.sequence(6, STEPS, specimens.FEATURES)}
    whole = record_predict(loaded, inputs, 2)
    one = recorded(loaded, inputs, Predict(batch_size=2), 3)
    assert one.disagreement == 0.0
    np.testing.assert_array_equal(one.layers[0].over_time("h", 3), whole.layers[0].over_time("h", 3))


def test_in_a_smaller_last_batch_of_a_stateful_model():
    loaded = LoadedModel.in_memory(specimens.build(zoo_layers.stateful_lstm).model)
    inputs = {"x": specimens.sequence(3, STEPS, specimens.FEATURES)}
    one = recorded(loaded, inputs, Predict(batch_size=2), 1)
    assert one.disagreement == 0.0


def test_a_call_of_the_model_has_one_batch():
    loaded = LoadedModel.in_memory(specimens.build(zoo_layers.gru).model)
    inputs = {"x": specimens.sequence(40, STEPS, specimens.FEATURES)}
    one = recorded(loaded, inputs, CallModel(), 35)
    assert one.disagreement is not None and one.disagreement < 1e-6
    assert one.layers[0].first_sample == 35
