"""Softmax over one unit, and softmax inside a recurrent layer."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras
keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from lstm_tui.checks.outputs import softmax  # noqa: E402
from tests.checks.outputs.asking import X, asked, graph, stack  # noqa: E402


def test_a_softmax_head_of_one_unit_is_1_and_a_sigmoid_is_not():
    (found,) = asked(
        softmax.SINGLE, stack(layers.LSTM(4), layers.Dense(1, activation="softmax", name="head"))
    )
    assert (found.code, found.layer) == ("softmax-single", "head")
    assert found.evidence["outputs"] == (1.0,)
    assert found.proof.before == 0.0
    assert found.proof.after > 0.0
    assert dict(found.fix.alterations[0].settings) == {"activation": "sigmoid"}


def test_it_is_seen_without_an_input():
    model = stack(layers.LSTM(4), layers.Dense(1), layers.Softmax(name="last"))
    (found,) = asked(softmax.SINGLE, model, None)
    assert found.layer == "last"
    assert found.direct
    assert found.proof is None


def attention(*scoring):
    def build(x):
        steps = scores = layers.LSTM(4, return_sequences=True)(x)
        for layer in scoring:
            scores = layer(scores)
        return layers.Dense(1)(layers.Flatten()(layers.Dot(axes=1)([scores, steps])))

    return graph(build)


def test_attention_over_the_wrong_axis_is_found_and_over_time_it_is_not():
    (found,) = asked(softmax.SINGLE, attention(layers.Dense(1, activation="softmax", name="scores")))
    assert found.layer == "scores"
    assert not asked(softmax.SINGLE, attention(layers.Dense(1), layers.Softmax(axis=1)))


@pytest.mark.parametrize(
    "head", [layers.Dense(2, activation="softmax"), layers.Dense(1, activation="sigmoid")]
)
def test_other_heads_are_no_finding(head):
    assert not asked(softmax.SINGLE, stack(layers.LSTM(4), head))


@pytest.mark.parametrize("kind", [layers.LSTM, layers.GRU])
def test_rows_of_a_gated_layer_do_not_sum_to_1(kind):
    (found,) = asked(softmax.RECURRENT, stack(kind(3, activation="softmax", name="classes")))
    assert (found.code, found.severity, found.layer) == ("recurrent-softmax", "error", "classes")
    assert found.evidence["row_sums"][1] < 0.999


def test_inside_a_stack_it_is_a_warning():
    model = stack(layers.LSTM(4, activation="softmax"), layers.Dense(1))
    (found,) = asked(softmax.RECURRENT, model)
    assert found.severity == "warning"


def test_a_simple_rnn_gives_rows_that_sum_to_1():
    model = stack(layers.SimpleRNN(3, activation="softmax"))
    assert not asked(softmax.RECURRENT, model)
    assert np.allclose(model.predict(X, verbose=0).sum(axis=-1), 1)
