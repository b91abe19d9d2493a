"""Recurrent layers in company: nested, shared, between other layers, in the user's own classes."""

from __future__ import annotations

from keras import Input, Model, Sequential, layers, ops

from tests.keras_adapter import own_layers as own
from tests.keras_adapter.specimens import BATCH, FEATURES, STEPS, Specimen, chain, padded, sequence

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


def additive_attention_with_a_mask():
    x = Input((None, FEATURES))
    steps = layers.GRU(4, return_sequences=True)(layers.Masking()(x))
    y = layers.GlobalAveragePooling1D()(layers.AdditiveAttention()([steps, steps]))
    return Specimen(Model(x, layers.Dense(1)(y)), {"x": padded(right=2)})


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


def own_activation():
    """Plain functions of several operations."""
    layer = layers.LSTM(4, activation=own.bent, recurrent_activation=own.steep, return_sequences=True)
    return chain(layer, layers.GRU(3, activation=own.bent), layers.Dense(1))


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


def mixed_float16():
    return chain(
        layers.LSTM(4, dtype="mixed_float16", return_sequences=True),
        layers.GRU(3, dtype="mixed_float16"),
        layers.Dense(1, dtype="float32"),
        half=True,
    )


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


def stateful_conv_lstm():
    model = Sequential(
        [
            Input(batch_shape=(BATCH, None, 5, 2)),
            layers.ConvLSTM1D(3, 2, stateful=True),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    return Specimen(model, {"x": sequence(BATCH, 4, 5, 2)})


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
