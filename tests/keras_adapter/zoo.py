"""Kinds of model that a user may bring: one function each, small, built from a seed, with an input that fits.

A plain list at the end says in which order; the recorder's tests run through all of it. Weights are random
with lively gates: freshly initialised ones would hide a bias that is added twice or a state that is never
read.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import keras
import numpy as np
from keras import Input, Model, Sequential, layers, ops

from tests.keras_adapter import own_layers as own

BATCH, STEPS, FEATURES = 2, 6, 3


@dataclass(frozen=True, eq=False)
class Specimen:
    """A model with an input that fits it.

    rounding: 0.0 where the recording's output must be equal to that of `predict` to the bit; else how far
    they may
        lie apart, for the reason given where it is set.
    unrecorded: paths of recurrent layers that cannot be recorded.
    half: whether the arithmetic is in half precision.
    """

    model: keras.Model
    inputs: Mapping[str, np.ndarray]
    rounding: float = 0.0
    unrecorded: tuple[str, ...] = ()
    half: bool = False
    custom: bool = field(default=False)


def build(kind: Callable[[], Specimen]) -> Specimen:
    """The specimen with the same weights and input every time."""
    seed = zlib.crc32(kind.__name__.encode()) % 2**31
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    specimen = kind()
    enliven(specimen.model, seed)
    return specimen


def enliven(model: keras.Model, seed: int) -> None:
    """Random weights of ordinary size in every layer, biases too; statistics stay positive."""
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        if "seed" in weight.path:
            continue
        values = generator.normal(0.0, 0.5, weight.shape)
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)


def sequence(*shape: int, seed: int = 1) -> np.ndarray:
    """Random numbers, `(batch, timesteps, features)` unless said otherwise."""
    shape = shape or (BATCH, STEPS, FEATURES)
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def chain(*stages: layers.Layer, stateful: bool = False, steps: int | None = None, **kwargs) -> Specimen:
    """A sequential model on the usual input."""
    batch = BATCH if stateful else None
    return Specimen(
        Sequential([Input(batch_shape=(batch, steps, FEATURES)), *stages]), {"x": sequence()}, **kwargs
    )


def padded(*, left: int = 0, right: int = 0) -> np.ndarray:
    """The usual input with masked (zero) steps in the first sample."""
    x = sequence()
    x[0, :left] = 0.0
    x[0, STEPS - right :] = 0.0
    return x


def masked(x: np.ndarray, *stages: layers.Layer, **kwargs) -> Specimen:
    """A chain behind a Masking layer."""
    return Specimen(Sequential([Input((None, FEATURES)), layers.Masking(), *stages]), {"x": x}, **kwargs)


# One layer of each kind


def lstm():
    return chain(layers.LSTM(4), layers.Dense(2))


def lstm_sequences():
    return chain(layers.LSTM(4, return_sequences=True), layers.Dense(2))


def lstm_without_head():
    return chain(layers.LSTM(4))


def lstm_first_implementation():
    return chain(layers.LSTM(4, implementation=1), layers.Dense(1))


def two_lstms():
    return chain(layers.LSTM(4, return_sequences=True), layers.LSTM(3), layers.Dense(1))


def gru():
    return chain(layers.GRU(4), layers.Dense(2))


def gru_reset_before():
    return chain(layers.GRU(4, reset_after=False), layers.Dense(2))


def gru_first_implementation():
    return chain(layers.GRU(4, implementation=1), layers.Dense(2))


def gru_first_implementation_reset_before():
    return chain(layers.GRU(4, implementation=1, reset_after=False), layers.Dense(2))


def simple_rnn():
    return chain(layers.SimpleRNN(4), layers.Dense(2))


def every_kind_in_a_row():
    return chain(
        layers.SimpleRNN(5, return_sequences=True),
        layers.GRU(4, return_sequences=True),
        layers.LSTM(3),
        layers.Dense(1),
    )


# Cells


def rnn_of_lstm_cell():
    return chain(layers.RNN(layers.LSTMCell(4)), layers.Dense(1))


def rnn_of_gru_cell():
    return chain(layers.RNN(layers.GRUCell(4), return_sequences=True), layers.Dense(1))


def rnn_of_minimal_cell():
    return chain(layers.RNN(own.MinimalCell(4)), layers.Dense(1))


def rnn_of_three_states():
    return chain(layers.RNN(own.ThreeStatesCell(4)), layers.Dense(1))


def rnn_of_peephole_cell():
    return chain(layers.RNN(own.PeepholeCell(4)), layers.Dense(1))


def rnn_of_renamed_cell():
    return chain(layers.RNN(own.RenamedCell(4)), layers.Dense(1))


def stacked_cells():
    return chain(
        layers.RNN(layers.StackedRNNCells([layers.LSTMCell(4), layers.LSTMCell(3)])), layers.Dense(1)
    )


def stacked_mixed_cells():
    cells = [layers.GRUCell(4), own.MinimalCell(5), layers.LSTMCell(3), layers.SimpleRNNCell(2)]
    return chain(layers.RNN(layers.StackedRNNCells(cells), return_sequences=True), layers.Dense(1))


def cells_by_hand():
    model = own.CellsByHand()
    model(sequence())
    return Specimen(model, {"input": sequence()})


# Both directions


def bidirectional():
    return chain(layers.Bidirectional(layers.LSTM(3)), layers.Dense(1))


def bidirectional_sequences():
    return chain(layers.Bidirectional(layers.LSTM(3, return_sequences=True)), layers.Dense(1))


def bidirectional_sum():
    return chain(layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode="sum"), layers.LSTM(2))


def bidirectional_mul():
    return chain(layers.Bidirectional(layers.SimpleRNN(3), merge_mode="mul"), layers.Dense(1))


def bidirectional_ave():
    return chain(layers.Bidirectional(layers.LSTM(3), merge_mode="ave"), layers.Dense(1))


def bidirectional_unmerged():
    x = Input((None, FEATURES))
    forward, backward = layers.Bidirectional(layers.LSTM(3), merge_mode=None)(x)
    return Specimen(Model(x, [forward, layers.Dense(1)(backward)]), {"x": sequence()})


def bidirectional_of_two_kinds():
    backward = layers.GRU(3, return_sequences=True, go_backwards=True)
    both = layers.Bidirectional(layers.LSTM(3, return_sequences=True), backward_layer=backward)
    return chain(both, layers.Dense(1))


def bidirectional_with_state():
    x = Input((None, FEATURES))
    output, *states = layers.Bidirectional(layers.LSTM(3, return_state=True))(x)
    return Specimen(Model(x, layers.Dense(1)(layers.Concatenate()([output, *states]))), {"x": sequence()})


def go_backwards():
    return chain(layers.LSTM(4, go_backwards=True), layers.Dense(1))


def go_backwards_sequences():
    return chain(layers.GRU(4, go_backwards=True, return_sequences=True), layers.Dense(1))


# Unrolled, and other forms of the loop


def unrolled():
    return chain(layers.LSTM(4, unroll=True), layers.Dense(1), steps=STEPS)


def unrolled_gru_masked():
    model = Sequential(
        [Input((STEPS, FEATURES)), layers.Masking(), layers.GRU(4, unroll=True), layers.Dense(1)]
    )
    return Specimen(model, {"x": padded(right=2)})


def own_loop():
    return chain(own.OwnLoop(4, name="own"), layers.Dense(1), unrecorded=("own",))


def loop_in_the_graph():
    model = own.LoopInTheGraph()
    model(sequence())
    return Specimen(model, {"input": sequence()}, unrecorded=("core",))


# Masks


def masking_right():
    return masked(padded(right=2), layers.LSTM(4), layers.Dense(1))


def masking_left():
    return masked(padded(left=2), layers.LSTM(4, return_sequences=True), layers.GRU(3), layers.Dense(1))


def masking_inside():
    x = sequence()
    x[0, 2:4] = 0.0
    return masked(x, layers.GRU(4, return_sequences=True), layers.Dense(1))


def masking_whole_row():
    x = sequence()
    x[0] = 0.0
    return masked(x, layers.LSTM(4), layers.Dense(1))


def masking_zero_output():
    layer = layers.LSTM(4, return_sequences=True, zero_output_for_mask=True)
    return masked(padded(left=1, right=2), layer, layers.LSTM(3, zero_output_for_mask=True), layers.Dense(1))


def masking_backwards():
    return masked(padded(left=1, right=2), layers.GRU(4, go_backwards=True), layers.Dense(1))


def masking_bidirectional():
    both = layers.Bidirectional(layers.LSTM(3, return_sequences=True))
    return masked(padded(right=2), both, layers.Bidirectional(layers.GRU(2)), layers.Dense(1))


def masking_stacked_cells():
    cells = layers.StackedRNNCells([layers.LSTMCell(3), layers.GRUCell(2)])
    return masked(padded(left=1, right=1), layers.RNN(cells, return_sequences=True), layers.Dense(1))


def embedding_mask():
    tokens = np.array([[4, 2, 7, 0, 0], [1, 2, 3, 4, 5]])
    model = Sequential(
        [Input((None,), dtype="int32"), layers.Embedding(9, 4, mask_zero=True), layers.LSTM(3)]
    )
    return Specimen(model, {"tokens": tokens})


# States that outlive a call


def stateful_lstm():
    return chain(layers.LSTM(4, stateful=True), layers.Dense(1), stateful=True)


def stateful_gru():
    return chain(layers.GRU(4, stateful=True, return_sequences=True), layers.Dense(1), stateful=True)


def stateful_simple_rnn():
    return chain(layers.SimpleRNN(4, stateful=True), layers.Dense(1), stateful=True)


def stateful_stacked_cells():
    cells = layers.StackedRNNCells([layers.LSTMCell(3), layers.GRUCell(2)])
    return chain(layers.RNN(cells, stateful=True), layers.Dense(1), stateful=True)


def stateful_bidirectional():
    return chain(layers.Bidirectional(layers.LSTM(3, stateful=True)), layers.Dense(1), stateful=True)


def stateful_nested():
    inner = Sequential(
        [Input(batch_shape=(BATCH, None, FEATURES)), layers.LSTM(3, stateful=True, return_sequences=True)],
        name="inner",
    )
    return chain(inner, layers.GRU(2, stateful=True), layers.Dense(1), stateful=True)


def stateful_masked():
    model = Sequential(
        [
            Input(batch_shape=(BATCH, None, FEATURES)),
            layers.Masking(),
            layers.LSTM(3, stateful=True),
            layers.Dense(1),
        ]
    )
    return Specimen(model, {"x": padded(right=3)})


def stateful_given_initial_state():
    x = Input(batch_shape=(BATCH, None, FEATURES))
    h = Input(batch_shape=(BATCH, 3), name="h")
    y = layers.GRU(3, stateful=True)(x, initial_state=[h])
    return Specimen(Model([x, h], y), {"x": sequence(), "h": sequence(BATCH, 3, seed=2)})


# States that go in and out


def returned_states():
    x = Input((None, FEATURES))
    return Specimen(Model(x, layers.LSTM(4, return_state=True)(x)), {"x": sequence()})


def encoder_decoder():
    x, y = Input((None, FEATURES), name="x"), Input((None, 2), name="y")
    _, h, c = layers.LSTM(4, return_state=True, name="encoder")(x)
    decoded = layers.LSTM(4, return_sequences=True, name="decoder")(y, initial_state=[h, c])
    return Specimen(
        Model([x, y], layers.Dense(2)(decoded)), {"x": sequence(), "y": sequence(BATCH, 4, 2, seed=2)}
    )


def repeated_decoder():
    return chain(
        layers.LSTM(4), layers.RepeatVector(3), layers.GRU(3, return_sequences=True), layers.Dense(1)
    )


def states_as_inputs():
    x, h, c = Input((None, FEATURES), name="x"), Input((4,), name="h"), Input((4,), name="c")
    outputs = layers.LSTM(4, return_state=True)(x, initial_state=[h, c])
    inputs = {"x": sequence(), "h": sequence(BATCH, 4, seed=2), "c": sequence(BATCH, 4, seed=3)}
    return Specimen(Model([x, h, c], list(outputs)), inputs)


# Models in models


def nested_sequential():
    inner = Sequential([Input((None, FEATURES)), layers.LSTM(4, return_sequences=True)], name="inner")
    return chain(inner, layers.GRU(3), layers.Dense(1))


def nested_functional():
    a = Input((None, FEATURES))
    inner = Model(a, layers.Dense(3)(layers.LSTM(4)(a)), name="inner")
    x = Input((None, FEATURES))
    return Specimen(Model(x, layers.Dense(1)(inner(x))), {"x": sequence()})


def nested_twice():
    deepest = Sequential([Input((None, FEATURES)), layers.GRU(3, return_sequences=True)], name="deepest")
    inner = Sequential([Input((None, FEATURES)), deepest, layers.LSTM(3)], name="inner")
    return chain(inner, layers.Dense(1))


def shared_layer():
    a, b = Input((None, FEATURES), name="a"), Input((None, FEATURES), name="b")
    shared = layers.LSTM(4, name="shared")
    y = layers.Dense(1)(layers.Concatenate()([shared(a), shared(b)]))
    return Specimen(Model([a, b], y), {"a": sequence(), "b": sequence(seed=2)})


def shared_tower():
    i = Input((None, FEATURES))
    tower = Model(i, layers.LSTM(3)(layers.GRU(4, return_sequences=True)(i)), name="tower")
    a, b = Input((None, FEATURES), name="a"), Input((None, FEATURES), name="b")
    return Specimen(
        Model([a, b], layers.Subtract()([tower(a), tower(b)])), {"a": sequence(), "b": sequence(seed=2)}
    )


def shared_and_fed_back():
    x = Input((None, FEATURES))
    shared = layers.LSTM(FEATURES, return_sequences=True, name="shared")
    return Specimen(Model(x, layers.Dense(1)(shared(shared(x))[:, -1])), {"x": sequence()})


def recurrent_in_each_step():
    x = Input((None, 4, FEATURES))
    y = layers.LSTM(2)(layers.TimeDistributed(layers.LSTM(3))(x))
    return Specimen(Model(x, y), {"x": sequence(BATCH, 3, 4, FEATURES)})


def model_in_each_step():
    inner = Sequential([Input((4, FEATURES)), layers.GRU(3), layers.Dense(2)], name="inner")
    x = Input((None, 4, FEATURES))
    return Specimen(
        Model(x, layers.LSTM(2)(layers.TimeDistributed(inner)(x))), {"x": sequence(BATCH, 3, 4, FEATURES)}
    )


# Several inputs and outputs


def sequence_and_static():
    x, s = Input((None, FEATURES), name="x"), Input((2,), name="s")
    y = layers.Dense(1)(layers.Concatenate()([layers.LSTM(4)(x), s]))
    return Specimen(Model([x, s], y), {"x": sequence(), "s": sequence(BATCH, 2, seed=2)})


def two_outputs():
    x = Input((None, FEATURES))
    steps = layers.LSTM(4, return_sequences=True)(x)
    last = layers.GRU(3)(steps)
    outputs = [layers.Dense(1, name="now")(last), layers.Dense(2, name="each")(steps)]
    return Specimen(Model(x, outputs), {"x": sequence()})


def named_inputs_and_outputs():
    a, b = Input((None, FEATURES), name="a"), Input((None, FEATURES), name="b")
    y = layers.LSTM(3)(layers.Add()([a, b]))
    model = Model({"left": a, "right": b}, {"up": layers.Dense(1)(y), "down": layers.Dense(2)(y)})
    return Specimen(model, {"left": sequence(), "right": sequence(seed=2)})


# Company


def residual():
    x = Input((None, FEATURES))
    y = layers.Add()([x, layers.LSTM(FEATURES, return_sequences=True)(x)])
    return Specimen(Model(x, layers.Dense(1)(layers.LSTM(3)(y))), {"x": sequence()})


def convolution_before():
    return chain(layers.Conv1D(4, 3, padding="causal", activation="relu"), layers.LSTM(3), layers.Dense(1))


def convolution_that_looks_ahead():
    return chain(layers.Conv1D(4, 3, padding="same"), layers.LSTM(3), layers.Dense(1))


def convolution_with_strides():
    return chain(layers.Conv1D(4, 2, strides=2), layers.GRU(3), layers.Dense(1))


def batch_normalization_between():
    return chain(
        layers.LSTM(4, return_sequences=True), layers.BatchNormalization(), layers.GRU(3), layers.Dense(1)
    )


def layer_normalization_between():
    return chain(
        layers.LSTM(4, return_sequences=True), layers.LayerNormalization(), layers.LSTM(3), layers.Dense(1)
    )


def attention_over_steps():
    x = Input((None, FEATURES))
    steps = layers.LSTM(4, return_sequences=True)(x)
    y = layers.GlobalAveragePooling1D()(layers.Attention()([steps, steps]))
    return Specimen(Model(x, layers.Dense(1)(y)), {"x": sequence()})


def attention_from_last_step():
    x = Input((None, FEATURES))
    steps, last, _ = layers.LSTM(4, return_sequences=True, return_state=True)(x)
    context = layers.Attention()([layers.Reshape((1, 4))(last), steps])
    return Specimen(Model(x, layers.Dense(1)(layers.Flatten()(context))), {"x": sequence()})


def multi_head_attention():
    x = Input((None, FEATURES))
    steps = layers.LSTM(4, return_sequences=True)(x)
    y = layers.GRU(3)(layers.MultiHeadAttention(2, 2)(steps, steps, use_causal_mask=True))
    return Specimen(Model(x, layers.Dense(1)(y)), {"x": sequence()})


def pooled_over_time():
    return chain(layers.GRU(4, return_sequences=True), layers.GlobalMaxPooling1D(), layers.Dense(1))


def flattened():
    return chain(layers.LSTM(3, return_sequences=True), layers.Flatten(), layers.Dense(1), steps=STEPS)


def last_step_by_slicing():
    x = Input((None, FEATURES))
    return Specimen(
        Model(x, layers.Dense(1)(layers.LSTM(4, return_sequences=True)(x)[:, -1])), {"x": sequence()}
    )


def operations_between():
    x = Input((None, FEATURES))
    y = layers.LSTM(3)(ops.tanh(x) * 2.0)
    return Specimen(Model(x, layers.Dense(1)(ops.relu(y) + 1.0)), {"x": sequence()})


# Randomness


def dropout():
    return chain(
        layers.LSTM(4, dropout=0.3, return_sequences=True),
        layers.Dropout(0.4),
        layers.GRU(3),
        layers.Dense(1),
    )


def recurrent_dropout():
    return chain(layers.LSTM(4, recurrent_dropout=0.3), layers.Dense(1))


def recurrent_dropout_in_every_kind():
    return chain(
        layers.SimpleRNN(4, recurrent_dropout=0.3, dropout=0.2, return_sequences=True),
        layers.GRU(3, recurrent_dropout=0.3, dropout=0.2),
        layers.Dense(1),
    )


def dropout_always_on():
    return chain(
        layers.LSTM(4, return_sequences=True), own.AlwaysDropout(0.4), layers.GRU(3), layers.Dense(1)
    )


def dropout_always_on_behind():
    return chain(layers.LSTM(4), own.AlwaysDropout(0.4), layers.Dense(1))


# Arithmetic


def other_activations():
    layer = layers.LSTM(4, activation="relu", recurrent_activation="hard_sigmoid", return_sequences=True)
    return chain(layer, layers.GRU(3, activation="softsign", recurrent_activation="linear"), layers.Dense(1))


def same_activation_for_both():
    return chain(layers.LSTM(4, activation="sigmoid"), layers.Dense(1))


def no_activation():
    return chain(layers.LSTM(4, activation=None), layers.Dense(1))


def no_bias():
    return chain(
        layers.LSTM(4, use_bias=False, return_sequences=True), layers.GRU(3, use_bias=False), layers.Dense(1)
    )


def float16():
    return chain(layers.LSTM(4, dtype="float16"), layers.Dense(1, dtype="float16"), half=True)


def mixed_bfloat16():
    return chain(layers.GRU(4, dtype="mixed_bfloat16"), layers.Dense(1, dtype="float32"), half=True)


def float64():
    return chain(layers.LSTM(4, dtype="float64"), layers.Dense(1, dtype="float64"))


# Images in time


def conv_lstm_1d():
    model = Sequential([Input((None, 5, 2)), layers.ConvLSTM1D(3, 2), layers.Flatten(), layers.Dense(1)])
    return Specimen(model, {"x": sequence(BATCH, 4, 5, 2)})


def conv_lstm_2d():
    first = layers.ConvLSTM2D(2, 2, padding="same", return_sequences=True)
    model = Sequential(
        [Input((None, 4, 4, 1)), first, layers.ConvLSTM2D(3, 2), layers.Flatten(), layers.Dense(1)]
    )
    return Specimen(model, {"x": sequence(BATCH, 3, 4, 4, 1)})


# Models of the user's own


def subclassed():
    model = own.TwoLayers()
    model(sequence())
    return Specimen(model, {"input": sequence()})


def hidden_in_plain_objects():
    model = own.HidesLayers()
    model(sequence())
    return Specimen(model, {"input": sequence()})


def subclassed_with_arithmetic():
    model = own.LastOfSequence()
    model(sequence())
    return Specimen(model, {"input": sequence()})


def compiled_with_xla():
    # XLA fuses and reorders additions: a few units in the last place
    specimen = chain(layers.LSTM(4), layers.Dense(1), rounding=1e-6)
    specimen.model.compile(jit_compile=True)
    return specimen


#: Every kind, simple ones first.
ZOO: list[Callable[[], Specimen]] = [
    lstm, lstm_sequences, lstm_without_head, lstm_first_implementation, two_lstms,
    gru, gru_reset_before, gru_first_implementation, gru_first_implementation_reset_before,
    simple_rnn, every_kind_in_a_row,
    rnn_of_lstm_cell, rnn_of_gru_cell, rnn_of_minimal_cell, rnn_of_three_states, rnn_of_peephole_cell,
    rnn_of_renamed_cell, stacked_cells, stacked_mixed_cells, cells_by_hand,
    bidirectional, bidirectional_sequences, bidirectional_sum, bidirectional_mul, bidirectional_ave,
    bidirectional_unmerged, bidirectional_of_two_kinds, bidirectional_with_state,
    go_backwards, go_backwards_sequences,
    unrolled, unrolled_gru_masked, own_loop, loop_in_the_graph,
    masking_right, masking_left, masking_inside, masking_whole_row, masking_zero_output, masking_backwards,
    masking_bidirectional, masking_stacked_cells, embedding_mask,
    stateful_lstm, stateful_gru, stateful_simple_rnn, stateful_stacked_cells, stateful_bidirectional,
    stateful_nested, stateful_masked, stateful_given_initial_state,
    returned_states, encoder_decoder, repeated_decoder, states_as_inputs,
    nested_sequential, nested_functional, nested_twice, shared_layer, shared_tower, shared_and_fed_back,
    recurrent_in_each_step, model_in_each_step,
    sequence_and_static, two_outputs, named_inputs_and_outputs,
    residual, convolution_before, convolution_that_looks_ahead, convolution_with_strides,
    batch_normalization_between, layer_normalization_between,
    attention_over_steps, attention_from_last_step, multi_head_attention, pooled_over_time, flattened,
    last_step_by_slicing, operations_between,
    dropout, recurrent_dropout, recurrent_dropout_in_every_kind, dropout_always_on, dropout_always_on_behind,
    other_activations, same_activation_for_both, no_activation, no_bias, float16, mixed_bfloat16, float64,
    conv_lstm_1d, conv_lstm_2d,
    subclassed, hidden_in_plain_objects, subclassed_with_arithmetic, compiled_with_xla,
]  # fmt: skip
