"""Writes the files of this folder, each a small model with an input and what Keras 2.15 predicted for it.

    python make_files.py FOLDER

Needs TensorFlow 2.15 with its own Keras 2.15, which the project itself does not; the files are kept. Weights
are drawn far enough from their initial values that no gate is idle. The CuDNN layers need a GPU to run: their
prediction is that of LSTM and GRU layers into which Keras 2 itself has loaded the weights.
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

SEQUENCE = (7, 2)


def plain() -> keras.Model:
    """The input's shape stands in the first layer, the compile settings cannot be read by Keras 3."""
    model = keras.Sequential([layers.LSTM(4, input_shape=SEQUENCE), layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def bidirectional() -> keras.Model:
    return keras.Sequential(
        [
            layers.Bidirectional(layers.LSTM(3, return_sequences=True), input_shape=SEQUENCE),
            layers.Bidirectional(layers.GRU(3)),
            layers.Dense(1),
        ]
    )


def hard_sigmoid() -> keras.Model:
    """GRU, LSTM and Dense with the function that was redefined."""
    options = {"recurrent_activation": "hard_sigmoid"}
    return keras.Sequential(
        [
            layers.GRU(4, return_sequences=True, input_shape=SEQUENCE, **options),
            layers.Bidirectional(layers.LSTM(3, **options)),
            layers.Dense(1, activation="hard_sigmoid"),
        ]
    )


def seq2seq() -> keras.Model:
    """States go from the encoder to the decoder."""
    x, y = keras.Input(SEQUENCE, name="x"), keras.Input((5, 3), name="y")
    _, *states = layers.LSTM(4, return_state=True)(x)
    return keras.Model(
        [x, y], layers.Dense(2)(layers.LSTM(4, return_sequences=True)(y, initial_state=states))
    )


def nested() -> keras.Model:
    inner = keras.Sequential([layers.LSTM(4, return_sequences=True, input_shape=SEQUENCE), layers.Dense(3)])
    x = keras.Input(SEQUENCE)
    return keras.Model(x, layers.Dense(1)(layers.LSTM(3)(inner(x))))


def convolution() -> keras.Model:
    """A list for an axis, convolutions with entries that were never used, a layer that is gone."""
    return keras.Sequential(
        [
            layers.SeparableConv1D(4, 3, input_shape=SEQUENCE),
            layers.BatchNormalization(),
            layers.SpatialDropout1D(0.1),
            layers.LSTM(4),
            layers.ThresholdedReLU(0.1),
            layers.Dense(1),
        ]
    )


def attention() -> keras.Model:
    x = keras.Input(SEQUENCE)
    steps = layers.LSTM(4, return_sequences=True)(x)
    both = layers.Concatenate()(
        [layers.Attention()([steps, steps]), layers.MultiHeadAttention(2, 3)(steps, steps)]
    )
    return keras.Model(x, layers.Dense(1)(layers.GlobalMaxPooling1D()(both)))


def mixed_precision() -> keras.Model:
    policy = keras.mixed_precision.Policy("mixed_bfloat16")
    return keras.Sequential(
        [layers.LSTM(4, input_shape=SEQUENCE, dtype=policy), layers.Dense(1, dtype="float32")]
    )


def stateful() -> keras.Model:
    return keras.Sequential(
        [
            layers.LSTM(4, stateful=True, return_sequences=True, batch_input_shape=(2, None, 2)),
            layers.RNN([layers.LSTMCell(3), layers.GRUCell(3)], stateful=True),
            layers.Dense(1),
        ]
    )


def cudnn() -> keras.Model:
    fused = tf.compat.v1.keras.layers
    return keras.Sequential(
        [fused.CuDNNLSTM(4, return_sequences=True, input_shape=SEQUENCE), fused.CuDNNGRU(3), layers.Dense(1)]
    )


def cudnn_inside() -> keras.Model:
    """CuDNN layers in a wrapper and in a model inside a model."""
    fused = tf.compat.v1.keras.layers
    inner = keras.Sequential(
        [fused.CuDNNGRU(3, return_sequences=True, input_shape=SEQUENCE), layers.Dense(2)]
    )
    x = keras.Input(SEQUENCE)
    return keras.Model(x, layers.Dense(1)(layers.Bidirectional(fused.CuDNNLSTM(3))(inner(x))))


def operations() -> keras.Model:
    """Operations of TensorFlow in the graph: nothing in Keras 3 reads them."""
    x = keras.Input(SEQUENCE)
    steps = layers.LSTM(4, return_sequences=True)(x)
    return keras.Model(x, layers.Dense(1)(tf.reduce_mean(steps, axis=1) + steps[:, -1]))


#: Under which suffixes each is kept.
FILES = {
    plain: ("h5", "keras"),
    bidirectional: ("h5", "keras"),
    hard_sigmoid: ("h5", "keras"),
    seq2seq: ("h5", "keras"),
    nested: ("h5", "keras"),
    convolution: ("h5", "keras"),
    attention: ("h5", "keras"),
    mixed_precision: ("h5", "keras"),
    stateful: ("h5", "keras"),
    cudnn: ("h5",),
    cudnn_inside: ("h5",),
    operations: ("keras",),
}


def main(folder: Path) -> None:
    for make, suffixes in FILES.items():
        keras.backend.clear_session()
        keras.utils.set_random_seed(7)
        model, rng = make(), np.random.default_rng(1)
        for weight in model.weights:
            if weight.name.split(":")[0].rpartition("/")[2] != "moving_variance":
                weight.assign(weight + 0.3 * rng.normal(size=weight.shape))
        shapes = [[2 if axis == 0 else size or 7 for axis, size in enumerate(x.shape)] for x in model.inputs]
        inputs = [1.5 * rng.normal(size=shape).astype(np.float32) for shape in shapes]
        for suffix in suffixes:
            model.save(folder / f"{make.__name__}.{suffix}")
        if make in _UNFUSED:
            model = _UNFUSED[make]()
            model.load_weights(folder / f"{make.__name__}.h5")
        answer = model.predict(inputs if len(inputs) > 1 else inputs[0], batch_size=2, verbose=0)
        kept = {f"x{number}": array for number, array in enumerate(inputs)}
        np.savez(folder / f"{make.__name__}.npz", y=answer, **kept)


def _plain_cudnn() -> keras.Model:
    return keras.Sequential(
        [layers.LSTM(4, return_sequences=True, input_shape=SEQUENCE), layers.GRU(3), layers.Dense(1)]
    )


def _plain_cudnn_inside() -> keras.Model:
    inner = keras.Sequential([layers.GRU(3, return_sequences=True, input_shape=SEQUENCE), layers.Dense(2)])
    x = keras.Input(SEQUENCE)
    return keras.Model(x, layers.Dense(1)(layers.Bidirectional(layers.LSTM(3))(inner(x))))


#: The same models of layers that run without a GPU, into which Keras 2 loads the weights.
_UNFUSED = {cudnn: _plain_cudnn, cudnn_inside: _plain_cudnn_inside}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
