"""Models of many kinds, to hold what a file says against what Keras says; `keras` comes as an argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def _sequence(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([
        keras.Input((60, 5), name="x"), layers.LSTM(16, return_sequences=True), layers.LSTM(8),
        layers.Dense(1)
    ])  # fmt: skip


def _built_later(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential([layers.LSTM(4, dropout=0.2), layers.Dropout(0.2), layers.Dense(2)])
    model.build((None, 7, 3))
    return model


def _stateful(keras: Any) -> Any:
    layers = keras.layers
    block = keras.Sequential(
        [keras.Input(batch_shape=(4, None, 2)), layers.GRU(3, stateful=True, return_sequences=True)],
        name="block",
    )
    return keras.Sequential(
        [keras.Input(batch_shape=(4, None, 2)), block, layers.TimeDistributed(layers.Dense(1))]
    )


def _bidirectional(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([
        keras.Input((None, 3)),
        layers.Masking(),
        layers.Bidirectional(layers.LSTM(5, return_sequences=True)),
        layers.Bidirectional(layers.GRU(4, return_sequences=True, reset_after=False), merge_mode="sum"),
        layers.Bidirectional(layers.LSTM(3), backward_layer=layers.LSTM(3, go_backwards=True, name="back")),
        layers.Dense(1, use_bias=False),
    ])  # fmt: skip


def _states(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((10, 3), name="sequence")
    output, h, c = layers.LSTM(6, return_state=True, name="encoder")(x)
    both = layers.Bidirectional(layers.LSTM(3, return_state=True), merge_mode=None)(x)
    return keras.Model(x, [layers.Dense(2, name="head")(output), h, c, *both])


def _encoder_decoder(keras: Any) -> Any:
    layers = keras.layers
    source, target = keras.Input((None, 3), name="source"), keras.Input((None, 2), name="target")
    _, h, c = layers.LSTM(6, return_state=True)(source)
    decoded = layers.LSTM(6, return_sequences=True)(target, initial_state=[h, c])
    return keras.Model([source, target], layers.Dense(2)(decoded))


def _shared_tower(keras: Any) -> Any:
    layers = keras.layers
    tower = keras.Sequential([keras.Input((5, 3)), layers.LSTM(4, name="inside")], name="tower")
    a, b = keras.Input((5, 3), name="a"), keras.Input((5, 3), name="b")
    return keras.Model([a, b], layers.Dense(1)(layers.Concatenate()([tower(a), tower(b)])) + 1.0)


def _nested(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((None, 4))
    middle = keras.Model(x, layers.Bidirectional(layers.LSTM(4))(x), name="middle")
    outer = keras.Input((6, 10, 4), name="outer")
    return keras.Model(outer, layers.GRU(2)(layers.TimeDistributed(middle)(outer)))


def _stacked_cells(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([
        keras.Input((5, 3)),
        layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], return_sequences=True),
        layers.RNN(layers.SimpleRNNCell(2)),
    ])  # fmt: skip


def _text(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([
        keras.Input((None,), dtype="int32"),
        layers.Embedding(50, 8, mask_zero=True),
        layers.SpatialDropout1D(0.1),
        layers.Conv1D(6, 3, padding="causal", dilation_rate=2),
        layers.BatchNormalization(),
        layers.LayerNormalization(),
        layers.GRU(4, return_sequences=True),
        layers.GlobalAveragePooling1D(),
        layers.Dense(3, activation="softmax"),
    ])  # fmt: skip


def _reshaped(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([
        keras.Input((10, 4)),
        layers.LSTM(4, return_sequences=True),
        layers.MaxPooling1D(2),
        layers.ZeroPadding1D((1, 2)),
        layers.Cropping1D(1),
        layers.UpSampling1D(2),
        layers.Permute((2, 1)),
        layers.Flatten(),
        layers.RepeatVector(3),
        layers.Reshape((2, -1)),
        layers.SimpleRNN(3),
    ])  # fmt: skip


def _attention(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((10, 4), name="q")
    steps = layers.LSTM(8, return_sequences=True)(x)
    heads = layers.MultiHeadAttention(2, 4, value_dim=3, output_shape=5)(steps, value=steps)
    grouped = layers.GroupQueryAttention(4, 4, 2)(steps, steps)
    plain = layers.Attention(use_scale=True, score_mode="concat")([steps, steps])
    added = layers.Add()([steps, plain, layers.AdditiveAttention()([steps, grouped])])
    return keras.Model(
        {"q": x},
        {
            "b": layers.Dense(2, name="of_b")(keras.ops.mean(heads, axis=1)),
            "a": layers.Dense(1, name="of_a")(added[:, -1, :]),
        },
    )


def _unusual(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([
        keras.Input((12, 4)),
        layers.SpectralNormalization(layers.Conv1D(3, 2)),
        layers.PReLU(shared_axes=[1]),
        layers.GroupNormalization(3),
        layers.RMSNormalization(),
        layers.EinsumDense("abc,cd->abd", output_shape=(11, 5), bias_axes="d"),
        layers.EinsumDense("...x,xy->...y", output_shape=6, bias_axes="y"),
        layers.SeparableConv1D(4, 3, strides=2),
        layers.DepthwiseConv1D(3, depth_multiplier=2),
        layers.Conv1DTranspose(4, 3, strides=2),
        layers.Normalization(),
        layers.LSTM(2, dtype="mixed_bfloat16"),
    ])  # fmt: skip


def _images(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([
        keras.Input((6, 8, 8, 1)),
        layers.ConvLSTM2D(3, 3, return_sequences=True, padding="same", strides=2),
        layers.ConvLSTM2D(2, 3),
        layers.Flatten(),
        layers.Dense(1),
    ])  # fmt: skip


KINDS: dict[str, Callable[[Any], Any]] = {
    function.__name__.strip("_"): function
    for function in (
        _sequence, _built_later, _stateful, _bidirectional, _states, _encoder_decoder, _shared_tower, _nested,
        _stacked_cells, _text, _reshaped, _attention, _unusual, _images,
    )
}  # fmt: skip
#: Operations do not survive in a `.h5` file: Keras writes them and cannot read them back.
NOT_IN_H5 = {"shared_tower", "attention"}
