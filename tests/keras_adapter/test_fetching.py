"""What a layer gave, whole and summed up, is what Keras gives for the same part of the model."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.errors import EditError  # noqa: E402
from lstm_tui.keras_adapter import LoadedModel  # noqa: E402
from lstm_tui.keras_adapter.recorder import tracing  # noqa: E402
from lstm_tui.recurrent.calls import Predict, RunPlan  # noqa: E402
from lstm_tui.recurrent.fetching import Fetched, FetchPlan  # noqa: E402
from lstm_tui.recurrent.recording import Recording  # noqa: E402
from lstm_tui.recurrent.stretches import LongPlan, StretchInputs  # noqa: E402
from lstm_tui.recurrent.summary import summary_of  # noqa: E402
from tests.keras_adapter import specimens  # noqa: E402

STEPS = 10


@pytest.fixture
def twice(monkeypatch: pytest.MonkeyPatch) -> LoadedModel:
    """A Dense layer that is called twice; nothing is small enough to be kept."""
    monkeypatch.setattr(tracing, "_SMALL", 0)
    keras.utils.clear_session()
    x = keras.Input((None, specimens.FEATURES), name="x")
    dense = layers.Dense(specimens.FEATURES, activation="tanh", name="dense")
    hidden = layers.LSTM(4, return_sequences=True, name="lstm")(dense(dense(x)))
    model = keras.Model(x, layers.Dense(1, name="head")(hidden))
    specimens.enliven(model, 3)
    return LoadedModel.in_memory(model)


def inputs(rows: int = 3) -> dict[str, np.ndarray]:
    return {"x": specimens.sequence(rows, STEPS, specimens.FEATURES, seed=4)}


def by_keras(loaded: LoadedModel, path: str, x: np.ndarray) -> np.ndarray:
    dense, lstm = loaded.model.get_layer("dense"), loaded.model.get_layer("lstm")
    first = dense(x)
    return np.asarray({"dense": first, "dense#2": dense(first), "lstm": lstm(dense(first))}[path])


def recorded(loaded: LoadedModel, plan: RunPlan) -> Recording:
    run = loaded.run(plan, lambda *_: None)
    assert run.recording is not None
    return run.recording


@pytest.mark.parametrize("batch_size", [None, 2])
def test_what_is_too_large_is_summed_up_call_by_call(twice: LoadedModel, batch_size: int | None) -> None:
    x = inputs()["x"]
    x[1, 3, 0] = np.nan
    recording = recorded(twice, RunPlan({"x": x}, calls=(Predict(batch_size=batch_size),)))
    outputs = {each.path: each for each in recording.layer_outputs}
    assert list(outputs)[:2] == ["dense", "dense#2"]
    for path in ("dense", "dense#2", "lstm"):
        assert outputs[path].values is None
        assert outputs[path].shapes[0][:2] == (3, STEPS)
        (told,) = outputs[path].summaries
        expected = summary_of(by_keras(twice, path, x))
        assert (told.count, told.broken) == (expected.count, expected.broken)
        assert told.broken > 0
        np.testing.assert_allclose(
            [told.low, told.high, told.mean], [expected.low, expected.high, expected.mean], atol=1e-5
        )


def fetched(loaded: LoadedModel, plan: FetchPlan) -> Fetched:
    return loaded.fetch(plan, lambda *_: None)


@pytest.mark.parametrize("path", ["dense", "dense#2", "lstm"])
def test_one_sample_of_it_can_be_fetched(twice: LoadedModel, path: str) -> None:
    run = RunPlan(inputs(), calls=(Predict(batch_size=2),))
    for sample in (1, 2):
        found = fetched(twice, FetchPlan(run, path, sample))
        expected = by_keras(twice, path, inputs()["x"])[sample]
        np.testing.assert_allclose(found.values[0], expected, rtol=0, atol=1e-6)


def test_of_a_recording_in_stretches_the_window_is_fetched(twice: LoadedModel) -> None:
    x = inputs(1)
    plan = LongPlan(Predict(), ("x",), STEPS, 4, 4, 0)
    known = twice.record_stretch(plan, StretchInputs({"x": x["x"][:, :4]}), "nothing", ())
    of = StretchInputs({"x": x["x"][:, 4:]}, 4, known.borders[-1])
    found = fetched(twice, FetchPlan(RunPlan({}, calls=(Predict(),)), "lstm", 0, plan, of))
    assert found.start == 4
    expected = by_keras(twice, "lstm", x["x"])[0, 4:]
    np.testing.assert_allclose(found.values[0], expected, rtol=0, atol=1e-6)


def test_a_call_that_was_not_made_is_refused(twice: LoadedModel) -> None:
    with pytest.raises(EditError, match="nowhere"):
        fetched(twice, FetchPlan(RunPlan(inputs(), calls=(Predict(),)), "nowhere", 0))
