from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.asking.binding import bind, bind_condition
from lstm_tui.asking.completing import completions
from lstm_tui.asking.ground import Ground, Source, ground_of
from lstm_tui.asking.reading import LONGEST_TEXT, read
from lstm_tui.errors import QuestionError
from lstm_tui.recurrent.cells import GRU, LSTM, CellKind
from lstm_tui.recurrent.recording import LayerTrace, Recording


def trace(path: str, cell: CellKind, units: int, steps: int = 5) -> LayerTrace:
    series = {name: np.zeros((2, steps, units)) for name in cell.series}
    return LayerTrace(path, cell, series, {})


@pytest.fixture(scope="module")
def ground() -> Ground:
    layers = (
        trace("enc/lstm_1", LSTM, 4),
        trace("lstm_2", LSTM, 3),
        trace("dec/gru", GRU, 3, steps=9),
        trace("enc/gru", GRU, 3),
    )
    outputs = {"price": Source(np.zeros((2, 5, 1)), 5), "up-down": Source(np.zeros((2, 5, 2)), 5)}
    recording = Recording({"x": np.zeros((2, 5, 2))}, {}, layers)
    return ground_of(recording, outputs=outputs, missing={"target": "no target is open"})


@pytest.mark.parametrize(
    "text",
    [
        "abs(c) > 5", "f.mean() < 0.1 in lstm_1", "isnan(output.price)", "output.price < 0 and t > 20",
        "crosses(h[3], 0)", "state changed sign", "c changed sign in lstm_2", "h[1:3] > 0",
        "0 < h.max() <= 1", "mean(h in lstm_1) > mean(h in lstm_2)", "not saturated(f) or o[0] > .5",
        'output["up-down"][1] > 0', "saturated(z) in enc/gru", "all(abs(delta(c)) < 1e-3)",
        "norm(h) > 2 * prev(norm(h))", "mean(c > 0) > 0.5",
        "(h > 0) and (c > 0) in 'lstm_2'", "input[0] % 2 == 1",
    ],
)  # fmt: skip
def test_what_the_documentation_shows_is_understood(text: str, ground: Ground) -> None:
    bind_condition(read(text), ground, "enc/lstm_1")


@pytest.mark.parametrize(
    ("text", "marked", "said"),
    [
        ("q > 3", "q", "q is not known"),
        ("maen(h) > 3", "maen", "did you mean mean?"),
        ("h.maen() > 3", "maen", "did you mean mean?"),
        ("c > 5 in lstm_3", "lstm_3", "did you mean lstm_2?"),
        ("h > 0 in gru", "gru", "several layers"),
        ("z > 0", "z", "enc/lstm_1 has no z"),
        ("h[500] > 0", "h[500]", "enc/lstm_1 has 4 units, no 500"),
        ("h[4:] > 0", "h[4:]", "no units are left"),
        ("h[0.5] > 0", "0.5", "whole number"),
        ("mean(h)[0] > 0", "mean(h)[0]", "without units"),
        ("h > (h in lstm_2)", "h > (h", "do not fit together"),
        ("h == 'x'", "'x'", "a text cannot be compared"),
        ("h = 3", "=", "means nothing here"),
        ("h > 3 && t", "&&", "means nothing here"),
        ("abs(c > 5", "(", "never closed"),
        ("abs(c) > ", "", "ends too early"),
        ("abs(c)) > 5", ")", "not expected"),
        ("h > 0 in", "in", "layer is missing"),
        ("output > 0", "output", "there are 2 outputs"),
        ("output.prize > 0", "output.prize", "did you mean price?"),
        ("target > 0", "target", "no target is open"),
        ("saturated(h)", "h", "of a gate"),
        ("mean > 3", "mean", "is a function"),
        ("mean(h, c) > 3", "mean(h, c)", "takes 1, not 2"),
        ("any(h)", "h", "of a condition"),
        ("(h > 0) + 1 > 2", "(h > 0)", "a condition, not a number"),
        ("h and t > 3", "h", "a number, not a condition"),
        ("abs(c)", "abs(c)", "a number, not a condition"),
        ("h ** 99 > 1", "99", "power"),
        ("9 ** 9 ** 9 > 1", "9 ** 9", "power"),
        ("2 ** h > 1", "h", "power"),
        ("1e999 > h", "1e999", "too large"),
        ("z > 0 in dec/gru and h > 0 in lstm_2", "h", "5 timesteps"),
        ("h.__class__", "__class__", "not known"),
        ("__import__('os')", "__import__", "not known"),
        ("(lambda: 0)() > 1", "lambda: 0", "not a function"),
        ("[h for h in c]", "", "not expected"),
        ("h if t else c", "h if t else c", "form is not known"),
        ("", "", "nothing is asked"),
        ("h > 0\nh > 1", "\n", "cannot be printed"),
    ],
)  # fmt: skip
def test_a_mistake_is_pointed_at(text: str, marked: str, said: str, ground: Ground) -> None:
    with pytest.raises(QuestionError) as caught:
        bind_condition(read(text), ground, "enc/lstm_1")
    error = caught.value
    assert said in str(error)
    assert error.text[slice(*error.at)].strip("()") == marked.strip("()") or not marked
    shown, carets = error.pointed
    assert len(carets) <= len(shown) + 1 and carets.strip(" ^") == ""
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_caret_stands_below_what_takes_two_cells() -> None:
    with pytest.raises(QuestionError) as caught:
        read("层 + ? > 1")
    assert caught.value.pointed[1] == " " * 5 + "^"


@given(st.text(max_size=60) | st.text("hcfot()[]<>=!.,+-*/%0123 andornoti'\"", max_size=60))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        question = read(text)
    except QuestionError as error:
        assert error.happened and 0 <= error.at[0] <= error.at[1] <= max(len(error.text), 1)
    else:
        assert question.text == text.strip()


@pytest.mark.parametrize("text", ["(" * 300, "-" * 300 + "h", "h" + "+h" * 190, "h" * 500, "not " * 90 + "h"])
def test_what_says_too_much_is_refused(text: str) -> None:
    with pytest.raises(QuestionError):
        read(text)
    assert len(text) < 2 * LONGEST_TEXT


def test_in_binds_the_series_back_to_its_bracket(ground: Ground) -> None:
    keys = bind(read("mean(h in lstm_2) + c.max() + mean(f in enc/lstm_1)"), ground, "lstm_2").keys
    assert keys == (("lstm_2", "h"), ("lstm_2", "c"), ("enc/lstm_1", "f"))
    keys = bind(read("(mean(h) + mean(c)) * 2 in lstm_1"), ground, "lstm_2").keys
    assert {path for path, _ in keys} == {"enc/lstm_1"}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("abs(c) > 5 in ls", "abs(c) > 5 in lstm_1"), ("in enc/g", "in enc/gru"), ("me", "mean("),
        ("c > 5 and a", "c > 5 and abs("), ("c > 5 a", "c > 5 and "), ("c ch", "c changed sign"),
        ("h.me", "h.mean()"), ("out", "output"), ("output.pr", "output.price"),
    ],
)  # fmt: skip
def test_the_last_word_is_completed(text: str, first: str, ground: Ground) -> None:
    assert completions(text, ground, "enc/lstm_1")[0] == first


def test_nothing_is_completed_where_nothing_is_begun(ground: Ground) -> None:
    assert completions("abs(c) > ", ground) == () and completions("xyz", ground) == ()
