"""What Keras' layers did comes apart into sums, within their own rounding; gradients underflow as told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from keras import layers  # noqa: E402

from lstm_tui.keras_adapter.loaded import LoadedModel  # noqa: E402
from lstm_tui.keras_adapter.recorder import record_call, record_predict  # noqa: E402
from lstm_tui.recurrent.contributions import contributions, no_contributions  # noqa: E402
from lstm_tui.recurrent.horizon import memory_horizon  # noqa: E402
from lstm_tui.recurrent.recording import LayerTrace  # noqa: E402
from tests.keras_adapter import specimens, zoo_layers, zoo_models  # noqa: E402


def check_sums(trace: LayerTrace) -> None:
    """Every value of the layer, as float64 sums of what was recorded."""
    for sample, step, unit in np.ndindex(trace.batch, trace.timesteps, trace.units):
        parts = contributions(trace, sample=sample, step=step, unit=unit)
        assert parts is not None
        assert parts.adds_up, (trace.path, sample, step, unit, parts.residual, parts.tolerance)
        assert parts.tolerance < 0.1


@pytest.mark.parametrize(
    "kind",
    [
        zoo_layers.lstm_sequences,
        zoo_layers.gru,
        zoo_layers.gru_reset_before,
        zoo_layers.stateful_stacked_cells,
        zoo_layers.masking_inside,
        zoo_layers.masking_backwards,
        zoo_layers.masking_bidirectional,
        zoo_models.other_activations,
        zoo_models.float16,
        zoo_models.mixed_bfloat16,
        zoo_models.float64,
        zoo_models.conv_lstm_2d,
    ],
    ids=lambda kind: kind.__name__,
)
def test_every_value_is_the_sum_of_its_shares(kind: Callable[[], Any]) -> None:
    specimen = specimens.build(kind)
    recording = record_predict(LoadedModel.in_memory(specimen.model), specimen.inputs)
    assert recording.layers
    for trace in recording.layers:
        check_sums(trace)


def test_dropout_in_training_leaves_the_sum_as_it_is() -> None:
    specimen = specimens.build(zoo_models.recurrent_dropout)
    check_sums(record_call(LoadedModel.in_memory(specimen.model), specimen.inputs, training=True).layers[0])


def test_a_long_sequence_adds_up_in_float32() -> None:
    specimen = specimens.build(zoo_layers.two_lstms)
    recording = record_predict(
        LoadedModel.in_memory(specimen.model), {"x": specimens.sequence(1, 3000, specimens.FEATURES)}
    )
    for trace in recording.layers:
        for unit in range(trace.units):
            parts = contributions(trace, sample=0, step=2999, unit=unit)
            assert parts is not None and parts.adds_up
            assert abs(parts.residual) < 1e-6


def test_a_cell_of_ones_own_is_not_taken_for_an_lstm() -> None:
    specimen = specimens.build(zoo_layers.rnn_of_peephole_cell)
    (trace,) = record_predict(LoadedModel.in_memory(specimen.model), specimen.inputs).layers
    assert contributions(trace, sample=0, step=0, unit=0) is None
    assert "not known" in (no_contributions(trace) or "")


def input_gradient(model: Any, x: Any) -> np.ndarray:
    """Of the sum of the outputs with respect to the input, `(batch, timesteps, features)`."""

    @tf.function
    def gradient(fed: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(fed)
            loss = tf.reduce_sum(model(fed))
        return tape.gradient(loss, fed)

    return gradient(x).numpy()


def test_a_gradient_of_float32_underflows_where_float64_says() -> None:
    keras.utils.set_random_seed(1)
    x = specimens.sequence(1, 400, specimens.FEATURES)
    profiles, weights = {}, None
    for dtype in ("float32", "float64"):
        layer = layers.LSTM(4, dtype=dtype)
        model = keras.Sequential([keras.Input((None, specimens.FEATURES), dtype=dtype), layer])
        if weights is not None:
            model.set_weights(weights)
        weights = model.get_weights()
        norms = np.linalg.norm(input_gradient(model, tf.constant(x, dtype))[0].astype(np.float64), axis=-1)
        profiles[dtype] = norms
    guessed = memory_horizon(profiles["float32"], computed_in=np.float32)
    known = memory_horizon(profiles["float32"], exact=profiles["float64"])
    assert 50 < guessed.underflow.sum() == known.underflow.sum()
    assert not guessed.zero.any() and not known.zero.any()
    assert guessed.steps == known.steps
    assert guessed.factor == pytest.approx(known.factor, rel=0.05)
    assert known.factor < 0.9
