"""What is said of a typed line that cannot be understood: the word, and what it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstm_tui.errors import EditError
from lstm_tui.performing.typed import typed_call, typed_edits


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("rescale", "method: standard, fit: x.npy", "fit: 'x.npy' is not known here; one of reference"),
        ("rescale", "method: standard, fit: x.npy", "to do: give the training data as the reference"),
        ("rescale", "method: standart", "method: 'standart' is not known here; did you mean standard?"),
        ("reshape", "last: -3", "last: must be at least 1, got -3"),
        ("reshape", "window: abc", "window: a whole number is wanted, got the text 'abc'"),
        ("reshape", "select: [0, x]", "select: a whole number is wanted, got the text 'x'"),
        ("poke", "layer: a, state: h, step: 1, to: x", "to: a number is wanted, got the text 'x'"),
        ("nudge", "step: 3", "nudge: takes exactly one of to, by"),
        ("nudge", "step: 3", "expected: input, sample, step, "),
    ],
)
def test_the_word_is_named_with_what_was_expected(kind: str, text: str, said: str) -> None:
    with pytest.raises(EditError) as error:
        typed_edits(text, kind, (Path(),))
    assert said in str(error.value)
    assert "Input should" not in str(error.value)


def test_words_of_a_call_are_named_too() -> None:
    with pytest.raises(EditError, match="steps: a whole number is wanted, got the text 'many'"):
        typed_call("steps: many", "generate", (Path(),))
