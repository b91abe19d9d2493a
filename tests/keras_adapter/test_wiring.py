"""Which layer feeds which: through arithmetic, wrappers and nested models."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.keras


def wiring_of(*stack):
    import keras

    from lstm_tui.keras_adapter.wiring import wiring

    return wiring(keras.Sequential([keras.Input((None, 2), name="x"), *stack]))


def test_layers_of_a_chain_feed_each_other_through_wrappers():
    from keras import layers

    feeds = wiring_of(
        layers.Masking(name="masking"),
        layers.Bidirectional(layers.LSTM(2, return_sequences=True, name="lstm"), name="both"),
        layers.TimeDistributed(layers.Dense(2, name="dense"), name="each"),
    )
    assert feeds["masking"] == ("x",)
    assert "masking" in feeds["both"]
    assert "masking" in feeds["both/forward_lstm"]
    assert "both/backward_lstm" in feeds["both"]
    assert "both" in feeds["each/dense"]


def test_arithmetic_and_nested_models_stand_between():
    import keras
    from keras import layers

    from lstm_tui.keras_adapter.wiring import wiring

    x = keras.Input((None, 2), name="x")
    inner = keras.Sequential(
        [keras.Input((None, 2), name="inside"), layers.LSTM(3, name="lstm")], name="inner"
    )
    feeds = wiring(keras.Model(x, layers.Dense(1, name="head")(inner(x * 2.0 + 1.0))))
    assert feeds["add"] == ("multiply",)
    assert feeds["multiply"] == ("x",)
    assert feeds["inner/inside"] == ("add",)
    assert "inner/lstm" in feeds["inner"]
    assert feeds["head"] == ("inner",)


def test_a_model_without_a_graph_says_nothing():
    import keras

    from lstm_tui.keras_adapter.wiring import wiring

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.lstm = keras.layers.LSTM(2)

        def call(self, x):
            return self.lstm(x)

    assert wiring(Own()) == {}
