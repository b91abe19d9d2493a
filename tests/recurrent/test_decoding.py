"""The loop in which a model writes its own continuation: inputs, lengths, choosing, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lstm_tui.recurrent.calls import Decode
from lstm_tui.recurrent.decoding import decoded, form_of, ids_of, probabilities, tempered
from tests.recurrent.counting import VOCABULARY, Counter, one_hot

SENTENCE = np.zeros((2, 4), np.int32)
WORDS = np.array([[1, 5, 5], [3, 5, 5]])


def beside(words: np.ndarray) -> dict[str, np.ndarray]:
    return {"sentence": SENTENCE, "words": words}


def test_a_decoder_begins_with_one_step_and_writes_what_it_says() -> None:
    model = Counter()
    made = decoded(Decode(3, "words"), beside(WORDS), None, model)
    assert made["written"].tolist() == [[2, 3, 4], [4, 5, 6]]
    assert made["next"].shape == (2, 3, VOCABULARY)
    assert [call["words"].shape[1] for call in model.asked] == [1, 2, 3]
    assert all(call["sentence"] is SENTENCE for call in model.asked)


def test_the_only_input_is_continued_where_it_ends() -> None:
    made = decoded(Decode(2, "words"), {"words": np.array([[3, 4]])}, None, Counter())
    assert made["written"].tolist() == [[5, 6]]
    made = decoded(Decode(2, "words", keep=1), {"words": np.array([[3, 0]])}, None, Counter())
    assert made["written"].tolist() == [[4, 5]]


def test_one_hot_steps_are_written_as_such() -> None:
    model = Counter(ids=lambda words: words.argmax(-1))
    made = decoded(Decode(3, "words"), beside(one_hot(WORDS)), None, model)
    assert made["written"].tolist() == [[2, 3, 4], [4, 5, 6]]
    assert np.array_equal(model.asked[-1]["words"], one_hot([[1, 2, 3], [3, 4, 5]]))
    assert model.asked[-1]["words"].dtype == np.float32


def test_tokens_in_float_arrays_stay_float() -> None:
    model = Counter()
    decoded(Decode(2, "words"), beside(WORDS.astype(np.float32)), None, model)
    assert model.asked[-1]["words"].dtype == np.float32


def test_numbers_are_appended_as_they_are_said() -> None:
    made = decoded(
        Decode(3, "past", keep=1), {"past": np.full((1, 2, 1), 8.0)}, None, lambda x: {"y": x["past"] / 2}
    )
    assert made["y"].ravel().tolist() == [4, 2, 1]
    assert "written" not in made


def test_a_fixed_length_is_filled_up_behind_and_read_at_the_step_that_is_reached() -> None:
    model = Counter()
    made = decoded(Decode(3, "words"), beside(WORDS), 3, model)
    assert made["written"].tolist() == [[2, 3, 4], [4, 5, 6]]
    assert model.asked[0]["words"].tolist() == [[1, 0, 0], [3, 0, 0]]
    with pytest.raises(ValueError, match="holds 3 steps: there is no room"):
        decoded(Decode(4, "words"), beside(WORDS), 3, Counter())


def test_the_only_input_slides_once_its_fixed_length_is_full() -> None:
    model = Counter()
    made = decoded(Decode(4, "words", keep=2), {"words": np.array([[0, 1, 0]])}, 3, model)
    assert made["written"].tolist() == [[2, 3, 4, 5]]
    assert [call["words"].tolist() for call in model.asked[-2:]] == [[[1, 2, 3]], [[2, 3, 4]]]


def test_where_only_the_last_step_is_said_padding_goes_before() -> None:
    model = Counter(each_step=False)
    made = decoded(Decode(4, "words"), beside(WORDS), 3, model)
    assert made["written"].tolist() == [[2, 3, 4, 5], [4, 5, 6, 0]]
    assert [call["words"][0].tolist() for call in model.asked[1:]] == [
        [0, 0, 1],
        [0, 1, 2],
        [1, 2, 3],
        [2, 3, 4],
    ]


def test_a_row_that_has_stopped_stays_so_and_the_loop_ends_with_the_last() -> None:
    made = decoded(Decode(20, "words", stop=5), beside(WORDS), None, Counter())
    assert made["written"].tolist() == [[2, 3, 4, 5], [4, 5, 5, 5]]


def test_states_may_carry_what_was_written() -> None:
    model = Counter()
    call = Decode(3, "words", carry=True)
    assert decoded(call, {"words": np.array([[1, 2, 3]])}, None, model)["written"].tolist() == [[4, 5, 6]]
    assert [step["words"].tolist() for step in model.asked] == [[[1, 2, 3]], [[4]], [[5]]]
    model = Counter()
    decoded(call, {"words": np.array([[1, 2, 3]])}, 1, model)
    assert [step["words"].tolist() for step in model.asked] == [[[1]], [[2]], [[3]], [[4]], [[5]]]
    with pytest.raises(ValueError, match="declares 3 timesteps"):
        decoded(call, {"words": np.array([[1, 2, 3]])}, 3, Counter())


# --- choosing


@given(arrays(np.float32, (3, 5), elements=st.floats(-20, 20, width=32)), st.floats(0.2, 5))
def test_probabilities_and_logits_are_told_apart(scores: np.ndarray, temperature: float) -> None:
    p = probabilities(scores)
    assert np.allclose(p.sum(-1), 1)
    assert np.allclose(probabilities(p.astype(np.float32)), p, atol=1e-6)
    assert np.allclose(tempered(scores, temperature), probabilities(scores / temperature), atol=1e-4)


def test_what_is_drawn_comes_from_the_seed_and_cold_is_greedy() -> None:
    def drawn(seed: int, temperature: float | None) -> list[list[int]]:
        call = Decode(30, "words", temperature=temperature, seed=seed)
        return decoded(call, beside(WORDS), None, Counter())["written"].tolist()

    assert drawn(1, 1.0) == drawn(1, 1.0) != drawn(2, 1.0)
    assert drawn(1, 0.01) == drawn(1, None)


# --- what is refused


@pytest.mark.parametrize(
    ("call", "inputs", "told"),
    [
        (Decode(2, "word"), beside(WORDS), "no input: sentence, words"),
        (Decode(2, "words", keep=9), beside(WORDS), "cannot begin with 9"),
        (Decode(2, "words"), beside(np.array([[9, 1, 1]])), "tokens below 7"),
        (Decode(2, "words"), beside(WORDS - 2), "cannot take in"),
    ],
)
def test_an_input_that_cannot_be_written_into_is_refused(call: Decode, inputs: dict, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        decoded(call, inputs, None, lambda x: {"next": np.ones((1, x["words"].shape[1], 7), np.float32)})


def test_numbers_have_no_temperature_and_nan_ends_the_loop() -> None:
    numbers = {"words": np.ones((1, 2, 1))}
    with pytest.raises(ValueError, match="for tokens"):
        decoded(Decode(2, "words", temperature=1.0), numbers, None, lambda x: {"y": x["words"] / 2})
    with pytest.raises(ValueError, match="NaN"):
        decoded(Decode(2, "words"), numbers, None, lambda x: {"y": x["words"] * np.nan})


def test_forms_are_read_off_the_array() -> None:
    assert form_of(WORDS, 7) == form_of(WORDS.astype(np.float32), 7) == "tokens"
    assert form_of(WORDS, 5) is None  # a 5 is no place among five
    assert form_of(WORDS + 0.5, 7) is None
    assert form_of(one_hot(WORDS), 7) == "one-hot"
    padded = np.pad(one_hot(WORDS), [(0, 0), (0, 2), (0, 0)])
    assert form_of(padded, 7) == "one-hot"
    assert ids_of(padded, "one-hot")[0].tolist() == [1, 5, 5, -1, -1]
    assert form_of(one_hot(WORDS) * 2, 7) == form_of(np.zeros((1, 3, 7)), 7) == "numbers"
    assert form_of(one_hot(WORDS), 6) is None
