"""Why calls fail: judged on models that Keras really refuses, and on facts and messages alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.arrays.reshape import apply_all
from lstm_tui.checks.call_failure import Explanation, explain, mismatch
from lstm_tui.checks.input_fit import misfits
from lstm_tui.model_file.facts import LayerFacts, ModelFacts, RecurrentFacts, TensorFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import CallFailure, CallModel, CallOutcome, Predict, RunPlan

LSTM = LayerFacts(
    "lstm",
    "lstm",
    "LSTM",
    0,
    ((None, 4),),
    160,
    160,
    recurrent=RecurrentFacts("lstm", 4, False, False, False),
)
FLATTEN = LayerFacts("flat", "flat", "Flatten", 0, ((None, 50),), 0, 0)
HEAD = LayerFacts("head", "head", "Dense", 0, ((None, 1),), 5, 5)
EMBEDDING = LayerFacts("emb", "emb", "Embedding", 0, ((None, None, 3),), 30, 30)
#: What Keras puts before a batch of ids that are out of range, inside a graph.
INDEX_MESSAGE = """Graph execution error:

Detected at node sequential_16_1/emb_1/GatherV2 defined at (most recent call last):
  File "model.py", line 36, in <module>

indices[0,2] = 30 is not in [0, 10)
\t [[{{node sequential_16_1/emb_1/GatherV2}}]] [Op:__inference_one_step_on_data_distributed_8801]"""
UNKNOWN_RANK = """Exception encountered when calling Sequential.call().

\x1b[1mCannot take the length of shape with unknown rank.\x1b[0m

Arguments received by Sequential.call():
  • inputs=tf.Tensor(shape=<unknown>, dtype=float32)"""
SUBCLASS_RANK = (
    "Exception encountered when calling Sub.call().\n\nInput 0 with name 'None' of layer 'lstm_8' "
    "is incompatible with the layer: expected ndim=3, found ndim=2. Full shape received: (20, 5)"
)
PRODUCT = (
    "Exception encountered when calling LSTMCell.call().\n\n{{function_node __wrapped____MklMatMul_device_/"
    "job:localhost/replica:0/task:0/device:CPU:0}} Matrix size-incompatible: In[0]: [2,3], In[1]: [5,16]"
)


def model(
    *shapes: tuple[int | None, ...], layers: tuple[LayerFacts, ...] = (LSTM, HEAD), **known: Any
) -> ModelFacts:
    inputs = tuple(TensorFacts(name, shape) for name, shape in zip("xyz", shapes, strict=False))
    return ModelFacts(Path("m.keras"), "m", "keras", "3.15", inputs, (), layers, 165, **known)


def failed(message: str = "", layer: str = "") -> CallFailure:
    return CallFailure(layer, "ValueError", message)


def zeros(*shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
    return {name: np.zeros(shape, "f4") for name, shape in zip("xyz", shapes, strict=False)}


@pytest.mark.parametrize(
    ("shape", "wanted", "code", "best"),
    [
        ((20, 5), (None, None, 5), "input-rank", (1, 20, 5)),
        ((5,), (None, None, 5), "input-rank", (1, 1, 5)),
        ((1, 1, 20, 5), (None, None, 5), "input-rank", (1, 20, 5)),
        ((2, 5, 20), (None, None, 5), "input-axes-swapped", (2, 20, 5)),
        ((2, 20, 8), (None, None, 5), "input-features", (2, 20, 5)),
        ((2, 20, 3), (None, None, 5), "input-features", None),
        ((0, 20, 5), (None, None, 5), "batch-size", None),
        ((2, 0, 5), (None, None, 5), "input-length", None),
        ((2, 20, 5), (None, 10, 5), "input-length", (2, 10, 5)),
    ],
)
def test_shapes_alone_tell(
    shape: tuple[int, ...], wanted: tuple[int | None, ...], code: str, best: tuple[int, ...] | None
) -> None:
    for explanation in (
        mismatch(model(wanted), zeros(shape)),
        explain(failed(), model(wanted), zeros(shape)),
    ):
        assert explanation is not None
        assert explanation.code == code
        assert explanation.input_name == "x"
        assert (explanation.reshapes[0].result if explanation.reshapes else None) == best


def test_the_sentence_has_both_shapes_and_the_layer() -> None:
    explanation = explain(failed(layer="lstm"), model((None, None, 5)), zeros((2, 20, 3)))
    assert explanation.sentence == (
        "The input has 3 features per timestep, lstm (LSTM) wants 5: "
        "shape (2, 20, 3) where (batch, timesteps, 5) is wanted."
    )


@given(batch=st.integers(1, 9), steps=st.integers(1, 30), features=st.integers(1, 9))
def test_what_fits_has_no_mismatch(batch: int, steps: int, features: int) -> None:
    given = zeros((batch, steps, features))
    assert mismatch(model((None, None, features)), given) is None
    assert mismatch(model((7, None, features)), given) is None  # only stateful ones hold on


def test_one_feature_without_its_axis_is_read_as_meant_or_told_as_ambiguous() -> None:
    facts = model((None, None, 1))
    assert mismatch(facts, zeros((20, 7))) is None
    ambiguous = next(misfits(facts, zeros((20, 1))))
    assert (ambiguous.code, ambiguous.certain) == ("input-ambiguous", False)
    assert "20 sequences of 1 timestep" in ambiguous.sentence
    assert ambiguous.reshapes[0].result == (1, 20, 1)


@pytest.mark.parametrize(("failed", "code"), [(None, "input-ambiguous"), ("", "input-rank")])
def test_a_declared_length_changes_nothing_until_it_is_refused(failed: str | None, code: str) -> None:
    found = next(misfits(model((None, 20, 1)), zeros((20, 1)), failed))
    assert (found.code, found.reshapes[0].result) == (code, (1, 20, 1))


def test_a_length_is_certain_only_where_a_layer_holds_on_to_it() -> None:
    free, held = model((None, 10, 5)), model((None, 10, 5), layers=(LSTM, FLATTEN, HEAD))
    assert mismatch(free, zeros((2, 12, 5))).certain is False  # type: ignore[union-attr]
    certain = next(misfits(held, zeros((2, 12, 5))))
    assert certain.certain
    assert "flat (Flatten) takes no other length" in certain.sentence


def test_a_stateful_model_holds_on_to_its_batch() -> None:
    layer = replace(LSTM, recurrent=RecurrentFacts("lstm", 4, False, False, stateful=True))
    facts = model((4, None, 5), layers=(layer, HEAD), stateful_batch=4)
    certain, whole = mismatch(facts, zeros((3, 20, 5))), mismatch(facts, zeros((8, 20, 5)))
    assert certain is not None
    assert whole is not None
    assert (certain.code, certain.certain) == (whole.code, not whole.certain) == ("batch-size", True)
    assert "predict(batch_size=4)" in whole.sentence
    assert certain.reshapes[0].result == (4, 20, 5)


def test_missing_and_uneven_inputs_are_named() -> None:
    facts = model((None, None, 5), (None, 4))
    missing = mismatch(facts, zeros((2, 20, 5)))
    assert missing is not None
    assert (missing.code, missing.input_name) == ("input-missing", "y")
    assert "y (batch, 4)" in missing.sentence
    uneven = mismatch(facts, zeros((2, 20, 5), (3, 4)))
    assert uneven is not None
    assert uneven.code == "batch-size"
    assert "x 2, y 3" in uneven.sentence


@pytest.mark.parametrize("bad", [30.0, -11.0, np.nan, np.inf])
@pytest.mark.parametrize("message", [INDEX_MESSAGE, "a message that was cut"])
def test_ids_outside_the_table_are_told_with_their_place(bad: float, message: str) -> None:
    facts = model((None, None), layers=(EMBEDDING, LSTM))
    ids = np.zeros((40, 6))
    ids[35, 2] = bad
    for explanation in (mismatch(facts, {"x": ids}), explain(failed(message, "emb"), facts, {"x": ids})):
        assert explanation is not None
        assert explanation.code == "index-range"
        assert (
            f"{bad:g} at sample 35, step 2 has no row in emb (Embedding), which knows 0 to 9"
            in explanation.sentence
        )


def test_negative_ids_count_from_the_end_as_in_keras() -> None:
    assert mismatch(model((None, None), layers=(EMBEDDING, LSTM)), {"x": np.array([[-1, -10, 9]])}) is None


def test_a_message_tells_what_shapes_do_not() -> None:
    fits = zeros((2, 20, 5))
    facts = model((None, None, 5))
    by_message = {
        INDEX_MESSAGE: "index-range",
        UNKNOWN_RANK: "predict-retrace",
        "as_list() is not defined on an unknown TensorShape.": "predict-retrace",
        "Missing data for input \"h0\". You passed a data dictionary with keys ['a'].": "input-missing",
        "Negative dimension size caused by subtracting 3 from 2 for ...": "input-length",
        "something new": "",
    }
    assert {message: explain(failed(message), facts, fits).code for message in by_message} == by_message


def test_ids_count_before_a_length_that_may_be_right() -> None:
    facts = model((None, 10), layers=(EMBEDDING, LSTM))
    ids = np.full((2, 12), 30)
    assert explain(failed(INDEX_MESSAGE, "emb"), facts, {"x": ids}).code == "index-range"


@pytest.mark.parametrize(
    ("message", "code", "says"),
    [(SUBCLASS_RANK, "input-rank", "(20, 5)"), (PRODUCT, "input-features", "3 features and wants 5")],
)
def test_a_model_without_declared_inputs_is_judged_by_the_message(message: str, code: str, says: str) -> None:
    facts = replace(model(), inputs=())
    explanation = explain(failed(message, "lstm"), facts, {"": np.zeros((20, 5))})
    assert explanation.code == code
    assert says in explanation.sentence


def test_what_nothing_explains_is_told_in_keras_own_words_safely() -> None:
    message = (
        "Exception encountered when calling Odd.call().\n\n\x1b[1mno\x07 such \u202ething\x1b[0m\n\nArguments"
    )
    explanation = explain(failed(message, "odd\x1b[2J"), model((None, None, 5)), zeros((1, 2, 5)))
    assert explanation.code == ""
    assert explanation.sentence.endswith("failed: no· such ·thing")
    assert "\x1b" not in explanation.sentence


@given(message=st.text(max_size=200), layer=st.text(max_size=20))
def test_any_message_gives_an_explanation(message: str, layer: str) -> None:
    explanation = explain(failed(message, layer), model((None, None, 5)), zeros((1, 2, 5)))
    assert explanation.sentence == one_line(explanation.sentence, 1000)


# On real models, through the adapter that will ask.


@dataclass(frozen=True)
class Refused:
    """A model by the name of its builder, inputs that Keras refuses, and what the refusal means."""

    model: str
    shapes: tuple[tuple[int, ...], ...]
    code: str
    says: str = ""
    fill: float = 0.5


REFUSED = [
    Refused("lstm", ((20, 5),), "input-rank", "2 axes where 3 are wanted"),
    Refused("lstm", ((5,),), "input-rank"),
    Refused("lstm", ((1, 1, 20, 5),), "input-rank"),
    Refused("lstm", ((2, 20, 3),), "input-features", "lstm (LSTM) wants 5"),
    Refused("lstm", ((2, 5, 20),), "input-axes-swapped"),
    Refused("lstm", ((2, 0, 5),), "input-length", "nothing in it"),
    Refused("lstm", ((0, 3, 5),), "batch-size", "nothing in it"),
    Refused("functional", ((2, 20, 3),), "input-features"),
    Refused("functional", ((2, 12, 5),), "input-length", "built for 10"),
    Refused("flatten", ((2, 12, 5),), "input-length", "head (Dense) takes no other length"),
    Refused("permute", ((2, 12, 5),), "input-length", "lstm (LSTM) takes no other length"),
    Refused("conv", ((2, 2, 5),), "input-length", "conv (Conv1D)"),
    Refused("conv", ((2, 20, 3),), "input-features", "conv (Conv1D) wants 5"),
    Refused("bidirectional", ((2, 20, 3),), "input-features", "(LSTM) wants 5"),
    Refused("stateful", ((3, 20, 5),), "batch-size", "bound to a batch of 2"),
    Refused("stateful", ((4, 20, 5),), "batch-size", "predict(batch_size=2) takes them in 2 batches"),
    Refused("embedding", ((1, 3),), "index-range", "30 at sample 0, step 0", fill=30),
    Refused("embedding", ((3,),), "input-rank", fill=1),
    Refused("decoder", ((2, 6, 5),), "input-missing", "y (batch, 4) and z (batch, 4)"),
    Refused("decoder", ((2, 6, 5), (2, 3), (2, 4)), "input-features", "Input y has 3 features"),
    Refused("decoder", ((2, 6, 5), (3, 4), (2, 4)), "batch-size", "x 2, y 3, z 2"),
    Refused("unequal_states", ((2, 6, 5),), "states-mismatch", "dec (LSTM) was handed states of 4 units"),
    Refused("joined", ((2, 6, 5), (2, 7, 3)), "input-length", "x 6, y 7"),
]  # fmt: skip


def build(name: str) -> Any:
    """The models of `REFUSED`, by name."""
    import keras
    from keras import layers

    def chain(*stack: Any, **declared: Any) -> Any:
        return keras.Sequential([keras.Input(name="x", **declared), *stack])

    def decoder() -> Any:
        x, h, c = keras.Input((None, 5), name="x"), keras.Input((4,), name="y"), keras.Input((4,), name="z")
        return keras.Model([x, h, c], layers.LSTM(4, name="dec")(x, initial_state=[h, c]))

    def functional() -> Any:
        x = keras.Input((10, 5), name="x")
        return keras.Model(x, layers.LSTM(4, name="lstm")(x))

    def unequal_states() -> Any:
        x = keras.Input((None, 5), name="x")
        _, h, c = layers.LSTM(4, return_state=True, name="enc")(x)
        return keras.Model(x, layers.LSTM(3, name="dec")(x, initial_state=[h, c]))

    def joined() -> Any:
        x, y = keras.Input((None, 5), name="x"), keras.Input((None, 3), name="y")
        return keras.Model([x, y], layers.LSTM(3)(layers.Concatenate(name="cat")([x, y])))

    lstm = layers.LSTM
    builders: dict[str, Callable[[], Any]] = {
        "lstm": lambda: chain(lstm(4, name="lstm"), layers.Dense(1, name="head"), shape=(None, 5)),
        "functional": functional,
        "flatten": lambda: chain(
            lstm(4, return_sequences=True),
            layers.Flatten(name="flat"),
            layers.Dense(1, name="head"),
            shape=(10, 5),
        ),
        "permute": lambda: chain(layers.Permute((2, 1)), lstm(4, name="lstm"), shape=(10, 5)),
        "conv": lambda: chain(layers.Conv1D(4, 3, name="conv"), lstm(4), shape=(None, 5)),
        "bidirectional": lambda: chain(layers.Bidirectional(lstm(4)), shape=(None, 5)),
        "stateful": lambda: chain(lstm(4, stateful=True, name="lstm"), shape=(None, 5), batch_size=2),
        "embedding": lambda: chain(layers.Embedding(10, 3, name="emb"), lstm(4), shape=(None,)),
        "decoder": decoder,
        "unequal_states": unequal_states,
        "joined": joined,
    }
    return builders[name]()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Saves, loads and keeps a model by name."""
    from lstm_tui.keras_adapter import load_model

    folder, kept = tmp_path_factory.mktemp("models"), {}

    def load(name: str) -> Any:
        if name not in kept:
            path = folder / f"{name}.keras"
            build(name).save(path)
            kept[name] = load_model(path)
        return kept[name]

    return load


def outcomes(loaded: Any, inputs: dict[str, np.ndarray]) -> tuple[CallOutcome, ...]:
    """What `predict` and `model(x)` make of the inputs, without a recording."""
    calls = (Predict(), CallModel())
    outcomes: tuple[CallOutcome, ...] = loaded.run(
        RunPlan(inputs, calls=calls, record=len(calls)), lambda *_: None
    ).outcomes
    return outcomes


def explained(loaded: Any, inputs: dict[str, np.ndarray]) -> list[Explanation]:
    told = []
    for outcome in outcomes(loaded, inputs):
        assert outcome.failure is not None, outcome.call
        told.append(explain(outcome.failure, loaded.facts, inputs))
    return told


@pytest.mark.keras
@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case.model}-{case.shapes}")
def test_what_keras_refuses_is_explained(loaded: Callable[[str], Any], case: Refused) -> None:
    subject = loaded(case.model)
    inputs = {name: np.full(shape, case.fill, "f4") for name, shape in zip("xyz", case.shapes, strict=False)}
    for explanation in explained(subject, inputs):
        assert explanation.code == case.code
        assert case.says in explanation.sentence


@pytest.mark.keras
@pytest.mark.parametrize(
    "case",
    [
        case
        for case in REFUSED
        if case.code in ("input-rank", "input-axes-swapped", "batch-size")
        and 0 not in case.shapes[0]
        and len(case.shapes) == 1
    ],
    ids=lambda case: f"{case.model}-{case.shapes}",
)
def test_every_reshape_that_is_offered_makes_the_call_work(
    loaded: Callable[[str], Any], case: Refused
) -> None:
    subject = loaded(case.model)
    array = np.full(case.shapes[0], case.fill, "f4")
    (first, *_) = explained(subject, {"x": array})
    assert first.reshapes
    for suggestion in first.reshapes:
        for outcome in outcomes(subject, {"x": apply_all(suggestion.reshapes, array)}):
            assert outcome.failure is None, (outcome.call, suggestion)


@pytest.mark.keras
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("lstm", (2, 20, 5)),
        ("lstm", (1, 20, 5, 1)),
        ("stateful", (2, 20, 5)),
        ("embedding", (2, 3, 1)),
        ("conv", (1, 3, 5)),
    ],
)
def test_what_keras_takes_has_no_mismatch(
    loaded: Callable[[str], Any], name: str, shape: tuple[int, ...]
) -> None:
    inputs = {"x": np.full(shape, 0.5, "f4")}
    assert all(outcome.failure is None for outcome in outcomes(loaded(name), inputs))
    assert mismatch(loaded(name).facts, inputs) is None
