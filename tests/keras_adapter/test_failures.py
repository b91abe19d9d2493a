"""Where a call failed: in the layer that raised, or in the one whose node TensorFlow names."""

from __future__ import annotations

import threading

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.keras_adapter import LoadedModel  # noqa: E402
from lstm_tui.keras_adapter.failures import FailureWatch, keras_words  # noqa: E402
from lstm_tui.recurrent.calls import CallModel, Predict, RunPlan  # noqa: E402
from lstm_tui.recurrent.live_layers import placed_layers  # noqa: E402
from tests.keras_adapter import specimens, zoo_layers  # noqa: E402


def watch_of(*stages: layers.Layer) -> FailureWatch:
    return FailureWatch(placed_layers(keras.Sequential([keras.Input((None, 3)), *stages])))


@pytest.mark.parametrize(
    ("node", "layer"),
    [
        ("sequential_1/lstm_1/while/lstm_cell_1/MatMul", "lstm"),
        ("sequential_1/lstm_1_1/while/lstm_cell_1/MatMul", "lstm_1"),
        ("sequential_1/lstm_1_2/while/lstm_cell_1/MatMul", "lstm_1"),
        ("sequential_1/dense_1/MatMul", "dense"),
        ("somewhere/else/MatMul", ""),
    ],
)
def test_the_layer_of_a_node_is_found_through_tensorflows_numbers(node, layer):
    watch = watch_of(
        layers.LSTM(2, name="lstm", return_sequences=True),
        layers.LSTM(2, name="lstm_1"),
        layers.Dense(1, name="dense"),
    )
    error = ValueError(
        f"Graph execution error:\n\nDetected at node {node} defined at\n\t [[{{{{node {node}}}}}]]"
    )
    assert watch.failure(error).layer == layer


@pytest.mark.parametrize(
    ("kind", "layer"),
    [
        (zoo_layers.two_lstms, {"lstm"}),
        (zoo_layers.stateful_nested, {"inner/lstm"}),
        # both halves fail, and run side by side
        (zoo_layers.bidirectional, {"bidirectional/forward_lstm", "bidirectional/backward_lstm"}),
    ],
    ids=lambda value: getattr(value, "__name__", "in"),
)
def test_an_error_inside_a_compiled_function_is_placed(kind, layer):
    """The second `predict` runs what the first has compiled: the error passes no layer's Python."""
    calls = (Predict(), Predict(inputs={"x": specimens.sequence(2, specimens.STEPS, 7)}))
    run = LoadedModel.in_memory(specimens.build(kind).model).run(
        RunPlan({"x": specimens.sequence()}, calls=calls), lambda *_: None
    )
    failure = run.outcomes[1].failure
    assert failure is not None
    assert failure.layer in layer
    assert failure.error_type == "InvalidArgumentError"
    assert "Matrix size-incompatible" in failure.message
    assert 'File "' not in failure.message


def test_an_error_that_the_model_catches_is_not_taken_for_the_one_that_it_raises():
    class Trying(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = layers.LSTM(2, name="first"), layers.Dense(2, name="second")

        def call(self, x):
            try:
                return self.first(x[..., 0])
            except ValueError:
                return self.second(x, no_such_argument=True)

    model = Trying()
    run = LoadedModel.in_memory(model).run(
        RunPlan({"x": specimens.sequence()}, calls=(CallModel(),)), lambda *_: None
    )
    failure = run.outcomes[0].failure
    assert failure is not None
    assert failure.layer == "second"


def test_keras_colours_are_taken_out():
    assert keras_words(ValueError("\x1b[1mDimensions must be equal\x1b[0m")) == "Dimensions must be equal"
    assert keras_words(ValueError("")) == "ValueError"


def test_an_empty_batch_is_told_in_words():
    model = keras.Sequential([keras.Input((4, 2)), layers.LSTM(2)])
    with pytest.raises(UnboundLocalError) as raised:
        model.predict(np.zeros((0, 4, 2)), verbose=0)
    assert keras_words(raised.value) == "predict() had no batch to predict"


def test_threads_that_watch_together_leave_the_class_as_it_was():
    watch, called = watch_of(layers.LSTM(2)), keras.layers.Layer.__call__
    both_in, first_out = threading.Barrier(2), threading.Event()

    def first() -> None:
        with watch.on():
            both_in.wait()
        first_out.set()

    thread = threading.Thread(target=first)
    thread.start()
    with watch.on():
        both_in.wait()
        first_out.wait()
        assert keras.layers.Layer.__call__ is not called
    thread.join()
    assert keras.layers.Layer.__call__ is called
