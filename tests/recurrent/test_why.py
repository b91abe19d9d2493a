"""Exact splits: a small network run by hand in float32, each of its values asked about, back to the input."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_tui.recurrent.cells import GRU, LSTM, SIMPLE_RNN, CellKind
from lstm_tui.recurrent.insides import Insides
from lstm_tui.recurrent.recording import Recording
from lstm_tui.recurrent.why import LISTED, Causes, Made, Question, Share, Terms, Why, summed
from lstm_tui.recurrent.why_asking import why
from lstm_tui.recurrent.why_words import why_lines
from tests.recurrent.whys_made import Network

CELLS = st.sampled_from([LSTM, GRU, SIMPLE_RNN])


def answered(question: Question, made: Made) -> Why:
    found = why(question, made)
    assert isinstance(found, Why), found
    return found


def everything_below(question: Question, made: Made, most: int = 300) -> list[Why]:
    """The answer, those of its causes, of their causes …, each question once."""
    found, waiting, seen = [], deque([question]), {question}
    while waiting and len(found) < most:
        answer = answered(waiting.popleft(), made)
        found.append(answer)
        causes = [share.of for share in answer.shares if share.of is not None and share.of.step >= 0]
        waiting += [cause for cause in causes if cause not in seen]
        seen |= set(causes)
    return found


@settings(max_examples=25, deadline=None)
@given(CELLS, CELLS, st.integers(0, 10_000), st.integers(1, 40), st.booleans())
def test_every_value_is_the_sum_of_its_causes(
    first: CellKind, second: CellKind, seed: int, steps: int, last: bool
) -> None:
    made = Network((first, second), seed, steps, last=last).made
    for answer in everything_below(Question("output", "y", steps - 1, 1), made):
        if answer.question.kind == "input":
            assert not answer.shares
            continue
        came_to = sum(share.share for share in answer.shares) + answer.rest
        assert came_to == pytest.approx(answer.total, abs=1e-4, rel=1e-4), answer.question
        assert answer.exact
        assert answer.adds_up, why_lines(answer)
        if not answer.link:
            assert answer.value == pytest.approx(answer.total, abs=1e-4, rel=1e-4)


def test_shares_are_the_arithmetic_of_the_layers() -> None:
    network = Network((GRU, LSTM), 3, 12)
    made, weights = network.made, network.weights
    a, b = made.recording.layers
    output = answered(Question("output", "y", 11, 0), made)
    assert output.value == made.recording.outputs["y"][0, 0]
    for share in output.shares:
        if share.of is None:
            assert share.share == pytest.approx(weights["d2/bias"][0])
        else:
            assert share.share == pytest.approx(weights["d2/kernel"][share.of.unit, 0] * share.value)
    hidden = answered(Question("state", "b", 11, 2, "h"), made)
    assert hidden.value == b.steps["h"][0, 11, 2]
    assert hidden.total == pytest.approx(b.steps["c"][0, 11, 2])
    assert hidden.link.startswith("o 0.")
    written = answered(Question("written", "b", 7, 2, "c"), made)
    assert written.value == pytest.approx(b.steps["i"][0, 7, 2] * b.steps["g"][0, 7, 2], rel=1e-6)
    assert np.tanh(written.total) == pytest.approx(b.steps["g"][0, 7, 2], rel=1e-4)
    reads = {share.of: share for share in written.shares}
    below, before = Question("state", "a", 7, 1, "h"), Question("state", "b", 6, 0, "h")
    assert reads[below].share == pytest.approx(weights["b/kernel"][1, 2 * 5 + 2] * a.steps["h"][0, 7, 1])
    assert reads[before].share == pytest.approx(
        weights["b/recurrent_kernel"][0, 2 * 5 + 2] * b.steps["h"][0, 6, 0]
    )


def test_the_largest_come_first_and_the_rest_is_summed() -> None:
    shares = np.arange(1.0, 101.0) * np.where(np.arange(100) % 2, 1, -1)
    causes = Causes(np.ones(100), lambda unit: Question("layer", "d", 0, unit))
    total, listed, others, rest = summed([Terms(shares, causes)], [Share(99.5, name="bias")])
    assert [share.share for share in listed[:3]] == [100.0, 99.5, -99.0]
    assert listed[1].name == "bias" and listed[0].of == Question("layer", "d", 0, 99)
    assert (len(listed), others) == (LISTED, 101 - LISTED)
    assert sum(share.share for share in listed) + rest == pytest.approx(total)
    nan = summed([Terms(np.array([1.0, np.nan]), causes)])
    assert np.isnan(nan[0]) and np.isnan(nan[1][0].share)


def test_other_weights_than_those_of_the_recording_are_told() -> None:
    made = Network((LSTM, LSTM), 1, 8).made
    weights = {name: values * 1.1 for name, values in made.insides.weights.items()}
    other = replace(made, insides=replace(made.insides, weights=weights))
    for question in (Question("output", "y", 7, 0), Question("written", "b", 5, 1, "c")):
        answer = answered(question, other)
        assert not answer.adds_up
        assert "left open" in "\n".join(why_lines(answer))


def test_a_step_that_was_masked_wrote_nothing() -> None:
    made = Network((SIMPLE_RNN, LSTM), 2, 6).made
    mask = np.array([[True, True, False, True, True, True]])
    layers = tuple(replace(trace, mask=mask) for trace in made.recording.layers)
    masked = replace(made, recording=replace(made.recording, layers=layers))
    assert "masked" in str(why(Question("written", "b", 2, 0, "c"), masked))
    kept = answered(Question("state", "a", 2, 1, "h"), masked)
    assert [share.of for share in kept.shares] == [Question("state", "a", 1, 1, "h")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"class_name": "LayerNormalization"}, "drop (LayerNormalization) is not taken apart exactly"),
        ({"class_name": ""}, "drop is not taken apart exactly"),
    ],
)
def test_what_is_not_understood_is_named(change: dict[str, Any], words: str) -> None:
    made = Network((LSTM, LSTM), 1, 5).made
    settings = {**made.insides.settings, "drop": change}
    other = replace(made, insides=replace(made.insides, settings=settings))
    assert why(Question("written", "b", 3, 0, "c"), other) == words
    assert isinstance(why(Question("output", "y", 4, 0), other), Why)


def test_questions_that_make_no_sense_are_refused_in_a_sentence() -> None:
    made = Network((LSTM, LSTM), 1, 5).made
    for question in (
        Question("state", "b", 3, 500), Question("state", "no", 3, 0), Question("state", "b", 9, 0),
        Question("output", "y", 4, 7), Question("output", "z", 4, 0), Question("input", "x", 9, 0),
        Question("written", "b", -1, 0, "c"), Question("layer", "d1", 4, 99), Question("layer", "no", 4, 0),
    ):  # fmt: skip
        assert isinstance(why(question, made), str), question
    assert why_lines("so") == ("so",)
    subclassed = replace(made, insides=replace(made.insides, wiring={}, ends=()))
    assert "no graph" in str(why(Question("output", "y", 4, 0), subclassed))


def test_a_token_is_told_as_its_row() -> None:
    ids = np.array([[3, 1]], np.int32)
    table = np.arange(8.0, dtype=np.float32).reshape(4, 2)
    classes = {"ids": {"class_name": "InputLayer"}, "e": {"class_name": "Embedding"}}
    made = Made(
        Recording({"ids": ids}, {}, ()),
        Insides({"e/embeddings": table}, classes, wiring={"ids": (), "e": ("ids",)}),
    )  # fmt: skip
    answer = answered(Question("layer", "e", 0, 1), made)
    assert answer.value == 7.0
    assert answer.shares == (Share(7.0, 3.0, Question("input", "ids", 0, 0)),)
    assert "row 3" in why_lines(answer)[-1]


def test_lines_number_the_causes_and_say_what_is_left() -> None:
    lines = why_lines(answered(Question("output", "y", 7, 0), Network((LSTM, LSTM), 5, 8).made), most=3)
    assert lines[0].startswith("y[0] t 7 = ")
    assert [line[0] for line in lines[1:4]] == ["1", "2", "3"]
    assert lines[4].startswith("and ") and "more" in lines[4]
