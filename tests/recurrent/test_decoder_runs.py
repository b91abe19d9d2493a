"""A decoder beside itself told the truth: what it writes into, what it is held against, where they part."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from lstm_tui.recurrent.calls import CallOutcome, Decode, Predict, Run, RunPlan, Stream
from lstm_tui.recurrent.decoder_runs import (
    DecoderPlan,
    DecoderRun,
    Said,
    decoder_plan,
    decoder_run,
    written_into,
)
from lstm_tui.recurrent.decoder_words import decoder_code, decoder_words
from lstm_tui.recurrent.decoding import decoded
from lstm_tui.recurrent.free_runs import FreeRun
from lstm_tui.recurrent.recording import Array
from tests.recurrent.counting import VOCABULARY, Counter, counted, one_hot

ANY = Decode(0, "")
WORDS = np.array([[1, 2, 3, 4], [3, 4, 5, 6]])
SENTENCE = np.array([[6, 0, 2, 5], [4, 4, 1, 0]])
TARGET = np.array([[2, 3, 4, 5], [4, 5, 6, 0]])


def planned(
    inputs: dict[str, Array], said: Said, wanted: Decode = ANY, sample: int = 0, declared: int | None = None
) -> DecoderPlan:
    plan = decoder_plan(inputs, said, wanted, sample, dict.fromkeys(inputs, declared))
    assert isinstance(plan, DecoderPlan), plan
    return plan


def refusal(inputs: dict[str, Array], said: Said, wanted: Decode = ANY, **options: object) -> str:
    plan = decoder_plan(inputs, said, wanted, 0, dict.fromkeys(inputs, None), **options)  # type: ignore[arg-type]
    assert isinstance(plan, str)
    return plan


# --- which input: the shapes of models that people train


def noise(*shape: int) -> Array:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize(
    ("inputs", "output", "into"),
    [
        # Keras' tutorial, character by character: other vocabularies, other lengths
        (
            {"input_1": one_hot(SENTENCE[:, :3])[..., :5], "input_2": one_hot(WORDS)},
            counted(WORDS),
            "input_2",
        ),
        # words, translated; both of one length, and what is said follows the decoder's input
        ({"sentence": SENTENCE, "words": WORDS}, counted(WORDS), "words"),
        ({"decoder": WORDS, "encoder": SENTENCE}, counted(WORDS), "decoder"),
        # a network that knows nothing yet: the last input
        ({"sentence": SENTENCE, "words": WORDS}, np.ones((2, 4, VOCABULARY)), "words"),
        # a decoder by itself, with the states handed in
        ({"words": WORDS, "state_h": noise(2, 8), "state_c": noise(2, 8)}, counted(WORDS), "words"),
        # a caption: features of a picture, and the words so far in a window
        ({"picture": noise(2, 16), "words": WORDS}, counted(WORDS[:, -1]), "words"),
        # language models: of each step, and of the last alone
        ({"words": WORDS}, counted(WORDS), "words"),
        ({"letters": one_hot(WORDS)}, counted(WORDS[:, -1]), "letters"),
        # forecasts: the past is encoded, the horizon decoded
        ({"past": noise(2, 30, 3), "decoder": noise(2, 4, 1)}, noise(2, 4, 1), "decoder"),
        # no decoders: a label for a text, one sequence of numbers, covariates of another length
        ({"words": np.array([[40, 2, 3]])}, np.ones((1, 3)), None),
        ({"x": noise(2, 9, 1)}, noise(2, 9, 1), None),
        ({"x": noise(2, 9, 1), "y": noise(2, 9, 4)}, noise(2, 1), None),
    ],
)
def test_the_input_that_is_written_into(inputs: dict[str, Array], output: Array, into: str | None) -> None:
    assert written_into(inputs, Said(output)) == into
    plan = decoder_plan(inputs, Said(output), ANY, 0, {})
    assert (plan.call.into if isinstance(plan, DecoderPlan) else plan) == into


def test_the_length_of_the_output_tells_before_all_else() -> None:
    both = {"words": WORDS, "sentence": SENTENCE}
    assert written_into(both, Said(counted(WORDS), follows="sentence")) == "sentence"
    assert written_into(both, Said(np.ones((2, 4, VOCABULARY)), follows="words")) == "words"
    assert written_into(both | {"x": noise(2, 4, 2)}, Said(counted(WORDS), follows="x")) is None


def test_what_the_output_labels_is_not_continued() -> None:
    tags = np.array([[0, 0, 1, 0], [1, 1, 0, 0]])
    told = refusal({"words": WORDS}, Said(counted(WORDS), tags))
    assert "not words one step later, but something else" in told
    assert "but words itself" in refusal({"words": WORDS}, Said(counted(WORDS), WORDS))
    assert planned({"words": WORDS}, Said(counted(WORDS), tags), Decode(0, "words")).call.into == "words"
    assert "cannot be written into" in refusal({"words": WORDS}, Said(np.ones((2, 4, 3))), Decode(0, "words"))


# --- what it is held against


def test_the_truth_is_the_target_or_the_input_one_step_later() -> None:
    both = {"sentence": SENTENCE, "words": WORDS}
    given = planned(both, Said(counted(WORDS)))
    assert given.truth is not None
    assert (given.call.keep, given.steps, given.truth.tolist()) == (1, 3, [2, 3, 4])
    for target in (TARGET, TARGET[..., None], one_hot(TARGET)):
        plan = planned(both, Said(counted(WORDS), target), sample=1)
        assert plan.truth is not None
        assert plan.truth.tolist() == [4, 5, 6, 0]


def test_nothing_should_come_where_steps_are_padding() -> None:
    mask = np.array([True, True, False, False])
    plan = planned({"sentence": SENTENCE, "words": WORDS}, Said(counted(WORDS), TARGET, mask=mask))
    assert plan.truth is not None
    assert plan.truth.tolist() == [2, 3]
    padded = np.pad(one_hot(WORDS), [(0, 0), (0, 3), (0, 0)])
    plan = planned({"s": SENTENCE, "words": padded}, Said(np.ones((2, 7, VOCABULARY))))
    assert plan.truth is not None
    assert plan.truth.tolist() == [2, 3, 4]


def test_of_the_only_input_the_last_steps_are_held_back() -> None:
    known = np.arange(10)[None] % VOCABULARY
    plan = planned({"words": known}, Said(counted(known)))
    assert plan.truth is not None
    assert (plan.call.keep, plan.truth.tolist()) == (5, known[0, 5:].tolist())
    beyond = planned({"words": known}, Said(counted(known)), Decode(30, ""))
    assert (beyond.call.keep, beyond.steps, beyond.truth) == (10, 30, None)
    window = planned({"words": known}, Said(counted(known[:, -1])), declared=10)
    assert (window.call.keep, window.truth) == (10, None)


def test_a_series_beside_features_that_stay_begins_with_its_past() -> None:
    plan = planned({"x": noise(2, 40, 1), "store": noise(2, 3)}, Said(noise(2, 40, 1)), sample=1)
    assert (plan.call.keep, plan.steps) == (20, 20)
    assert plan.inputs["store"].shape == (1, 3)
    assert plan.truth is not None
    assert plan.truth.shape == (20, 1)


def test_a_caption_begins_behind_its_padding() -> None:
    padded = np.array([[0, 0, 0, 1, 2, 3]])
    plan = planned({"picture": noise(1, 8), "words": padded}, Said(counted(padded[:, -1])), declared=6)
    assert plan.truth is not None
    assert (plan.call.keep, plan.truth.tolist()) == (4, [2, 3])


def test_there_is_no_room_beyond_a_fixed_length() -> None:
    both = {"sentence": SENTENCE, "words": WORDS}
    assert planned(both, Said(counted(WORDS)), Decode(4, ""), declared=4).steps == 4
    told = decoder_plan(both, Said(counted(WORDS)), Decode(5, ""), 0, {"words": 4})
    assert told == "words holds 4 steps: 4 can be written after the first 1."


def test_a_stateful_one_is_streamed_from_reset_states() -> None:
    said = Said(counted(WORDS))
    plan = decoder_plan({"words": WORDS}, said, ANY, 1, {}, bound=2)
    assert isinstance(plan, DecoderPlan)
    assert (plan.row, plan.call.carry, len(plan.inputs["words"])) == (1, True, 2)
    assert isinstance(plan.asked(RunPlan({})).calls[-1], Stream)
    assert "not fed by single steps" in refusal({"s": SENTENCE, "words": WORDS}, said, bound=1)


# --- what came of it


def run_of(plan: DecoderPlan, own: list[int], forced: Array | None = None) -> DecoderRun:
    outputs = {"next": counted(np.array([own]) - 1), "written": np.array([own])}
    outcomes = [CallOutcome("decode", outputs)]
    if forced is not None:
        outcomes.append(CallOutcome("predict", {"next": forced}))
    made = decoder_run(plan, Run("", tuple(outcomes)))
    assert isinstance(made, DecoderRun)
    return made


def test_it_parts_where_it_first_writes_something_else() -> None:
    both = {"sentence": SENTENCE, "words": WORDS}
    plan = planned(both, Said(counted(WORDS), TARGET))
    assert [type(call) for call in plan.asked(RunPlan(both)).calls] == [Decode, Predict]
    run = run_of(plan, [2, 3, 6, 5], counted(WORDS[:1]))
    assert (run.parts, run.is_wrong(3), run.looks_ahead) == (2, False, False)
    (told,) = decoder_words(run)
    assert told == (
        "On its own 3 of 4 are right, told the truth 4 of 4. They part at step 3: it writes 6 (0.40) "
        "where 4 was to come."
    )
    assert decoder_words(run_of(plan, [2, 3, 4, 5]))[0].endswith("The two never part.")
    blind = run_of(plan, [2] * 4, counted(WORDS[:1] + 1))
    assert "not learnt, or something else" in decoder_words(blind)[1]


def test_a_model_that_has_seen_what_comes_is_told() -> None:
    plan = planned({"sentence": SENTENCE, "words": WORDS}, Said(counted(WORDS)))
    run = run_of(plan, [4, 4, 4], counted(WORDS[:1]))
    assert run.looks_ahead
    assert "looks ahead" in decoder_words(run)[1]


def test_numbers_are_curves() -> None:
    x = noise(1, 40, 1)
    plan = planned({"x": x, "store": noise(1, 3)}, Said(x))
    outcomes = (CallOutcome("decode", {"y": x[:, :20]}), CallOutcome("predict", {"y": x}))
    run = decoder_run(plan, Run("", outcomes))
    assert isinstance(run, FreeRun)
    assert run.forced is not None
    assert run.plan.truth is not None
    assert (len(run.free), len(run.forced), len(run.before)) == (20, 20, 20)
    assert run.spread == pytest.approx(float(x.std()))


# --- the loop as code


LOOPS = [
    (Decode(4, "words", keep=1), {"sentence": SENTENCE, "words": WORDS}, None, True),
    (Decode(4, "words", keep=1), {"sentence": SENTENCE, "words": WORDS}, 4, True),
    (Decode(4, "words", keep=1), {"sentence": SENTENCE, "words": WORDS}, 4, False),
    (Decode(9, "words", keep=1, temperature=0.7, seed=3), {"s": SENTENCE, "words": WORDS}, None, True),
    (Decode(9, "words", keep=4), {"words": WORDS}, 4, True),
    (Decode(9, "words", keep=2), {"words": WORDS}, 4, True),
    (Decode(9, "words", keep=4, stop=6), {"words": WORDS}, None, False),
    (Decode(9, "words", keep=4, carry=True), {"words": WORDS}, None, True),
]


@pytest.mark.parametrize(("call", "inputs", "declared", "each_step"), LOOPS)
@pytest.mark.parametrize("form", ["tokens", "one-hot"])
def test_the_lines_shown_write_what_the_call_writes(
    call: Decode, inputs: dict[str, Array], declared: int | None, each_step: bool, form: str
) -> None:
    inputs = {name: array[:1] for name, array in inputs.items()}
    model = Counter(each_step)
    if form == "one-hot":
        inputs = {**inputs, "words": one_hot(inputs["words"])}
        model = replace(model, ids=lambda words: words.argmax(-1))
    written = decoded(call, inputs, declared, model)["written"]
    plan = DecoderPlan(inputs, call, form, each_step, declared)  # type: ignore[arg-type]

    def predict(given: Array | list[Array], verbose: int) -> Array:
        assert not verbose
        arrays = given if isinstance(given, list) else [given]
        return model(dict(zip(inputs, arrays, strict=True)))["next"]

    names = {"np": np, "model": SimpleNamespace(predict=predict), **inputs}
    exec("\n".join(decoder_code(plan)), names)
    made = names["written"] if form == "tokens" else names["written"].argmax(-1)  # type: ignore[attr-defined]
    assert made[0, call.keep :].tolist() == written[0].tolist()
