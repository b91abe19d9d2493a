"""Recurrent layers of every kind, alone: cells, directions, loops, masks, states."""

from __future__ import annotations

import numpy as np
from keras import Input, Model, Sequential, layers

from tests.keras_adapter import own_layers as own
from tests.keras_adapter.specimens import BATCH, FEATURES, STEPS, Specimen, chain, masked, padded, sequence

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


def rnn_of_simple_rnn_cell():
    return chain(layers.RNN(layers.SimpleRNNCell(4)), layers.Dense(1))


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


def bidirectional_given_initial_state():
    x = Input((None, FEATURES), name="x")
    states = [Input((3,), name=name) for name in ("forward_h", "forward_c", "backward_h", "backward_c")]
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x, initial_state=states)
    inputs = {state.name: sequence(BATCH, 3, seed=2 + index) for index, state in enumerate(states)}
    return Specimen(Model([x, *states], layers.Dense(1)(y)), {"x": sequence(), **inputs})


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


def embedding_mask_inside():
    """Padding in the midst of a row, and a row of padding alone."""
    tokens = np.array([[4, 0, 0, 3, 5], [0, 0, 0, 0, 0], [1, 2, 3, 4, 0]])
    embedding = layers.Embedding(9, 4, mask_zero=True)
    both = layers.Bidirectional(layers.GRU(3, return_sequences=True, zero_output_for_mask=True))
    model = Sequential([Input((None,), dtype="int32"), embedding, both, layers.LSTM(2)])
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


def stateful_own_cell():
    return chain(layers.RNN(own.ThreeStatesCell(3), stateful=True), layers.Dense(1), stateful=True)


def stateful_backwards():
    return chain(layers.LSTM(3, stateful=True, go_backwards=True), layers.Dense(1), stateful=True)


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
