"""An output of another shape than is wanted: each cause by its name, its remedy tried, its twin silent."""

from __future__ import annotations

from functools import cache

import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.checks.outputs import (  # noqa: E402
    head_missing,
    last_step_only,
    sequence_returned,
    states_returned,
)
from lstm_tui.recurrent.calls import Alteration, Predict, Stream  # noqa: E402
from tests.checks.outputs.asking import asked, graph, laboratory, stack  # noqa: E402


def lstm(**settings):
    return layers.LSTM(4, name="lstm", **settings)


@cache
def each_step():
    """A prediction at each step."""
    return laboratory(stack(lstm(return_sequences=True), layers.Dense(1)))


@cache
def one_value():
    """One prediction, from the last step of two layers."""
    return laboratory(stack(layers.GRU(5, return_sequences=True), lstm(), layers.Dense(1)))


@cache
def hidden():
    """The hidden state as it is."""
    return laboratory(stack(lstm()))


def nested():
    inner = keras.Sequential([layers.Input((None, 3)), lstm(return_sequences=True)], name="inner")
    return stack(inner, layers.Dense(1))


SEQUENCES = {
    "lstm": (each_step, "lstm"),
    "both/forward_lstm": (
        lambda: stack(layers.Bidirectional(lstm(return_sequences=True), name="both"), layers.Dense(1)),
        "both/forward_lstm",
    ),
    "inner/lstm": (nested, "inner/lstm"),
    "cells": (
        lambda: stack(
            layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], return_sequences=True, name="cells"),
            layers.Dense(1),
        ),
        "cells",
    ),
}


@pytest.mark.parametrize("kind", SEQUENCES)
def test_a_sequence_where_one_value_is_wanted_is_mended_in_the_layer(kind):
    build, path = SEQUENCES[kind]
    (found,) = asked(sequence_returned.CHECK, build(), shape=(2, 1))
    assert found.code == "output-sequence"
    assert found.evidence["got"] == (2, 6, 1)
    assert found.fix.alterations == (Alteration(path, (("return_sequences", False),)),)
    assert (found.proof.before, found.proof.after) == (1.0, 0.0)


def test_of_a_stack_the_last_recurrent_layer_is_meant():
    model = stack(
        layers.GRU(5, return_sequences=True, name="first"), lstm(return_sequences=True), layers.Dense(1)
    )
    (found,) = asked(sequence_returned.CHECK, model, shape=(2, 1))
    assert found.layer == "lstm"


def test_a_head_that_wants_a_sequence_is_answered_by_the_last_step():
    model = stack(lstm(return_sequences=True), layers.TimeDistributed(layers.Dense(1)))
    (found,) = asked(sequence_returned.CHECK, model, shape=(2, 1))
    assert not found.fix.can_be_tried
    assert "[:, -1]" in found.fix.code


@pytest.mark.parametrize("shape", [(2, 6, 1), (2, 6), (3, 1), (2, 5)])
def test_a_sequence_that_is_wanted_is_no_finding(shape):
    assert not asked(sequence_returned.CHECK, each_step(), shape=shape)


@pytest.mark.parametrize("shape", [(2, 6, 1), (2, 6)])
def test_one_value_where_each_step_is_wanted(shape):
    (found,) = asked(last_step_only.CHECK, one_value(), shape=shape)
    assert (found.code, found.layer) == ("output-last-only", "lstm")
    assert found.fix.alterations == (Alteration("lstm", (("return_sequences", True),)),)
    assert found.proof.after == 0.0


def test_a_wish_that_the_last_call_fulfils_is_none():
    assert not asked(last_step_only.CHECK, one_value(), shape=(2, 6, 1), calls=(Predict(), Stream()))


def test_branches_that_join_are_altered_together():
    model = graph(lambda x: layers.Dense(2)(layers.Concatenate()([lstm()(x), layers.GRU(3, name="gru")(x)])))
    (found,) = asked(last_step_only.CHECK, model, shape=(2, 6, 2))
    assert {change.layer for change in found.fix.alterations} == {"lstm", "gru"}


@pytest.mark.parametrize("shape", [(2, 1), (2, 7, 1), (2, 6, 2)])
def test_other_wishes_are_not_for_each_step(shape):
    assert not asked(last_step_only.CHECK, one_value(), shape=shape)


def states_and_prediction(x, **settings):
    output, *states = lstm(return_state=True, **settings)(x)
    return [layers.Dense(1, name="head")(output), *states]


def test_states_beside_the_output_are_named_and_taken_away():
    (found,) = asked(states_returned.CHECK, graph(states_and_prediction), shape=(2, 1))
    assert found.code == "output-states"
    assert found.evidence["states"] == {"lstm": "lstm h", "lstm#2": "lstm c"}
    assert found.fix.alterations == (Alteration("lstm", (("return_state", False),)),)
    assert (found.proof.before, found.proof.after) == (2, 0)


def test_a_bidirectional_gives_four_states():
    def both(x):
        output, *states = layers.Bidirectional(lstm(return_state=True), name="both")(x)
        return [layers.Dense(1)(output), *states]

    (found,) = asked(states_returned.CHECK, graph(both), shape=(2, 1))
    assert len(found.evidence["states"]) == 4
    assert found.evidence["states"]["both"] == "both/forward_lstm h"
    assert found.proof.after == 0


def test_the_layer_itself_as_output_and_a_sequence_too_many():
    model = graph(lstm(return_state=True, return_sequences=True))
    (found,) = asked(states_returned.CHECK, model, shape=(2, 4))
    assert dict(found.fix.alterations[0].settings) == {"return_state": False, "return_sequences": False}


def test_a_second_task_is_no_state():
    model = graph(lambda x: [layers.Dense(1)(h := lstm()(x)), layers.Dense(4)(h)])
    assert not asked(states_returned.CHECK, model, shape=(2, 1))


def test_without_a_head_the_states_come_out():
    (found,) = asked(head_missing.CHECK, stack(lstm(), layers.Dropout(0.5)), shape=(2, 1))
    assert (found.code, found.layer, found.direct) == ("no-head", "lstm", True)
    assert found.evidence["units"] == 4
    assert -1 < found.evidence["least"] < found.evidence["largest"] < 1


def test_joined_halves_are_averaged_where_that_is_wanted():
    model = stack(layers.Bidirectional(layers.GRU(4, name="gru"), name="both"))
    (found,) = asked(head_missing.CHECK, model, shape=(2, 4))
    assert found.fix.alterations == (Alteration("both", (("merge_mode", "ave"),)),)
    assert found.proof.after == 0.0
    assert found.place.layer == "both/forward_gru"


def test_labels_say_what_a_head_would_explain():
    import numpy as np

    x = np.random.default_rng(1).normal(size=(60, 6, 3)).astype(np.float32)
    model = stack(lstm())
    labels = model.predict(x, verbose=0)[:, :2].sum(axis=1, keepdims=True)
    (found,) = asked(head_missing.CHECK, model, shape=(2, 1), reference={"x": x}, reference_target=labels)
    assert found.evidence["a_linear_head_explains"] > 0.99


@pytest.mark.parametrize("shape", [(2, 4), (2, 6, 4), (1, 1)])
def test_hidden_states_that_are_wanted_are_no_finding(shape):
    assert not asked(head_missing.CHECK, hidden(), shape=shape)


def test_a_head_of_another_width_is_a_head():
    assert not asked(head_missing.CHECK, stack(lstm(), layers.Dense(3)), shape=(2, 1))
