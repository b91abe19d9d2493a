"""What a replay at the cursor gives is what the model predicts on the beginning of the sequence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.errors import EditError  # noqa: E402
from lstm_tui.keras_adapter import LoadedModel  # noqa: E402
from lstm_tui.recurrent.calls import Fit, Predict, RunPlan  # noqa: E402
from lstm_tui.recurrent.replays import ReplayPlan  # noqa: E402
from tests.keras_adapter import specimens, zoo_layers, zoo_models  # noqa: E402
from tests.keras_adapter.test_zoo import everything_on, same  # noqa: E402


@pytest.fixture(autouse=True)
def names_from_the_start():
    keras.utils.clear_session()


def replayed(loaded: LoadedModel, run: RunPlan, steps: int, sample: int = 0) -> np.ndarray:
    found = loaded.replay(ReplayPlan(run, steps, sample), lambda *_: None)
    assert found.steps == steps
    (values,) = found.outputs.values()
    return values


def test_a_model_that_reads_both_ways_is_run_on_each_beginning():
    specimen = specimens.build(zoo_layers.bidirectional)
    loaded, (x,) = LoadedModel.in_memory(specimen.model), specimen.inputs.values()
    before = everything_on(specimen.model)
    run = RunPlan(specimen.inputs, calls=(Predict(),))
    found = {steps: replayed(loaded, run, steps, 1) for steps in (1, 2, x.shape[1])}
    after = everything_on(specimen.model)
    assert [name for name in before if not same(before[name], after[name])] == []
    for steps, values in found.items():
        expected = specimen.model.predict(x[:, :steps], verbose=0)[1]
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-6, err_msg=str(steps))


def test_it_starts_where_the_calls_and_the_batches_before_it_ended():
    """Second call, second batch: three batches have moved the states by then."""
    specimen = specimens.chain(
        layers.LSTM(4, stateful=True, return_sequences=True), layers.GRU(3, stateful=True), stateful=True
    )
    specimens.enliven(specimen.model, 3)
    loaded = LoadedModel.in_memory(specimen.model)
    rows = len(next(iter(specimen.inputs.values())))
    x = specimens.sequence(2 * rows, 5, specimens.FEATURES)
    run = RunPlan({"x": x}, calls=(Predict(batch_size=rows), Predict(batch_size=rows)), record=1)
    values = replayed(loaded, run, 3, sample=rows + 1)
    for part in (x, x[:rows]):
        specimen.model.predict(part, batch_size=rows, verbose=0)
    expected = specimen.model.predict(x[rows:, :3], batch_size=rows, verbose=0)[1]
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-6)


def test_of_a_sequence_it_gives_the_last_step():
    specimen = specimens.build(zoo_layers.go_backwards_sequences)
    loaded = LoadedModel.in_memory(specimen.model)
    (x,) = specimen.inputs.values()
    values = replayed(loaded, RunPlan(specimen.inputs, calls=(Predict(),)), 2)
    expected = specimen.model.predict(x[:, :2], verbose=0)[0]
    np.testing.assert_allclose(values, expected[-1] if expected.ndim > 1 else expected, rtol=0, atol=1e-6)


def test_a_model_that_needs_its_length_says_so():
    specimen = specimens.build(zoo_models.flattened)
    run = RunPlan(specimen.inputs, calls=(Predict(),))
    with pytest.raises(EditError, match="does not run on 2 steps"):
        replayed(LoadedModel.in_memory(specimen.model), run, 2)


def test_after_training_it_is_refused():
    specimen = specimens.build(zoo_layers.bidirectional)
    fit = Fit(target=np.zeros((specimens.BATCH, 1), np.float32))
    run = RunPlan(specimen.inputs, calls=(fit, Predict()), record=1)
    with pytest.raises(EditError, match="trained"):
        replayed(LoadedModel.in_memory(specimen.model), run, 2)


def test_it_is_compiled_once_for_all_lengths():
    specimen = specimens.build(zoo_layers.bidirectional)
    loaded = LoadedModel.in_memory(specimen.model)
    run = RunPlan(specimen.inputs, calls=(Predict(),))
    first = replayed(loaded, run, 2)
    traces = len(loaded.traces._values)
    other = replayed(loaded, replace(run), 3)
    assert len(loaded.traces._values) == traces
    assert not np.array_equal(first, other)
