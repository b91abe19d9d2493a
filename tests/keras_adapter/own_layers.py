"""Layers, cells and models of a user's own, as met in the wild: for the zoo and for `--custom-objects`."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers, ops


@keras.saving.register_keras_serializable("own")
class MinimalCell(layers.Layer):
    """One state, an integer `state_size`, no `get_initial_state`: the cell of the Keras documentation."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), name="recurrent_kernel")

    def call(self, inputs, states):
        output = ops.tanh(ops.matmul(inputs, self.kernel) + ops.matmul(states[0], self.recurrent_kernel))
        return output, [output]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("own")
class ThreeStatesCell(layers.Layer):
    """States of unequal widths, and layers of its own inside."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = [units, 2 * units, 1]
        self.output_size = units
        self.mix = layers.Dense(units, activation="tanh")
        self.wide = layers.Dense(2 * units, activation="tanh")

    def build(self, input_shape):
        self.mix.build((input_shape[0], input_shape[-1] + self.units))
        self.wide.build((input_shape[0], self.units))

    def call(self, inputs, states):
        memory, wide, count = states
        mixed = self.mix(ops.concatenate([inputs, memory], axis=-1)) + 0.1 * ops.mean(wide, -1, keepdims=True)
        return mixed, [mixed, self.wide(mixed), count + 1.0]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("own")
class PeepholeCell(layers.LSTMCell):
    """A subclass of LSTMCell with arithmetic of its own: its gates have no names."""

    def call(self, inputs, states, training=False):
        h, c = states
        z = ops.matmul(inputs, self.kernel) + ops.matmul(h, self.recurrent_kernel) + self.bias
        o, i, f, g = ops.split(z, 4, axis=-1)
        new_c = self.recurrent_activation(f + 0.1 * c) * c + self.recurrent_activation(i) * self.activation(g)
        new_h = self.recurrent_activation(o) * self.activation(new_c)
        return new_h, [new_h, new_c]


@keras.saving.register_keras_serializable("own")
class RenamedCell(layers.LSTMCell):
    """A subclass that changes nothing of the arithmetic: still an LSTM."""


@keras.saving.register_keras_serializable("own")
class OwnLoop(layers.SimpleRNN):
    """A recurrent layer that runs a loop of its own: not to be recorded, and not to be disturbed."""

    def inner_loop(self, sequences, initial_state, mask, training=False):
        last, outputs, states = super().inner_loop(sequences, initial_state, mask=mask, training=training)
        return last * 2.0, outputs * 2.0, states


@keras.saving.register_keras_serializable("own")
class AlwaysDropout(layers.Dropout):
    """Dropout that stays on in `predict`."""

    def call(self, inputs, training=False):
        return super().call(inputs, training=True)


@keras.saving.register_keras_serializable("own")
class TwoLayers(keras.Model):
    """A subclassed model as people write it, with a list of layers."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.recurrent = [layers.LSTM(5, return_sequences=True, name="low"), layers.GRU(4, name="high")]
        self.head = layers.Dense(2, name="head")

    def call(self, inputs, training=False):
        x = inputs
        for layer in self.recurrent:
            x = layer(x, training=training)
        return self.head(x)


def bent(x):
    """An activation of the user's own: several operations."""
    return ops.tanh(x) * 0.5 + 0.1 * x


def steep(x):
    """A gate of the user's own, in [0, 1]."""
    return ops.clip(0.5 + 0.4 * x, 0.0, 1.0)


class PlainEncoder:
    """No layer, no model: an object that holds one. Keras does not track it."""

    def __init__(self):
        self.parts = {"core": layers.LSTM(4, name="core")}

    def encode(self, x):
        return self.parts["core"](x)


class HidesLayers(keras.Model):
    """A model whose recurrent layer lies in a plain Python object."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.encoder = PlainEncoder()
        self.head = layers.Dense(2, name="head")

    def call(self, inputs):
        return self.head(self.encoder.encode(inputs))


class CellsByHand(keras.Model):
    """Steps a cell itself, in a Python loop."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.cell = layers.LSTMCell(4, name="cell")
        self.head = layers.Dense(2, name="head")

    def call(self, inputs):
        states = [ops.zeros((ops.shape(inputs)[0], 4)), ops.zeros((ops.shape(inputs)[0], 4))]
        for time in range(inputs.shape[1]):
            output, states = self.cell(inputs[:, time], states)
        return self.head(output)


class LoopInTheGraph(keras.Model):
    """Calls a recurrent layer inside a loop of TensorFlow's: its steps lie out of reach."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.core = layers.LSTM(3, name="core")

    def call(self, inputs):
        swapped = ops.swapaxes(inputs, 0, 1)
        return tf.map_fn(lambda sequence: self.core(sequence[None])[0], ops.swapaxes(swapped, 0, 1),
                         fn_output_signature=tf.TensorSpec((3,), tf.float32))  # fmt: skip


class LastOfSequence(keras.Model):
    """Takes the last step by slicing, with plain arithmetic between the layers."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.core = layers.LSTM(4, return_sequences=True, name="core")
        self.last = layers.GRU(3, name="last")
        self.head = layers.Dense(1, name="head")

    def call(self, inputs):
        return self.head(2.0 * self.last(self.core(inputs) * 0.5) + 1.0)
