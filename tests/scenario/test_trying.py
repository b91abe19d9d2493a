"""What is tried otherwise in a scenario: read, folded, refused at its line, written again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.arrays.nudge import nudge
from lstm_tui.errors import EditError, ScenarioError
from lstm_tui.model_file.facts import LayerFacts, ModelFacts, RecurrentFacts, TensorFacts
from lstm_tui.recurrent.calls import Alteration, Decode, Generate, Predict, StateReset, fingerprint
from lstm_tui.recurrent.cells import GRU, LSTM, SIMPLE_RNN
from lstm_tui.recurrent.interventions import Poke, StartFrom, clamp, dropout, poke, silence
from lstm_tui.scenario.actions import Action, OnInput
from lstm_tui.scenario.loading import load_action, load_scenario
from lstm_tui.scenario.plan import Folded, fold_actions, folded_plan
from lstm_tui.scenario.reading import read_scenario
from lstm_tui.scenario.scenario import Scenario
from lstm_tui.scenario.trying import last_steps, refuse_other_calls, stateful
from lstm_tui.scenario.wording import Wording

X = np.random.default_rng(0).normal(size=(2, 10, 3)).astype(np.float32)
UNITS = st.none() | st.integers(0, 9) | st.lists(st.integers(0, 9), min_size=1, max_size=4)
COUNTED, NUMBERS = st.integers(0, 99), st.floats(-1e6, 1e6)
RANGES = st.tuples(COUNTED, st.none() | COUNTED).filter(lambda ends: ends[1] is None or ends[0] <= ends[1])
TRIED: st.SearchStrategy[Action] = st.one_of(
    st.builds(
        poke,
        st.sampled_from(["lstm_1", "a/b"]),
        st.sampled_from(["h", "c"]),
        NUMBERS,
        COUNTED,
        unit=UNITS,
        sample=st.none() | COUNTED,
    ),
    st.builds(
        lambda gate, to, ends, unit: clamp("lstm_1", gate, to, first=ends[0], last=ends[1], unit=unit),
        st.sampled_from("ifog"),
        NUMBERS,
        RANGES,
        UNITS,
    ),
    st.builds(silence, st.just("lstm_1"), unit=UNITS),
    st.builds(lambda to, step: nudge(to=to, step=step), NUMBERS, st.none() | COUNTED),
    st.builds(lambda by: OnInput("x", nudge(by=by, feature=0)), NUMBERS),
    st.builds(dropout, st.just(True), seed=COUNTED),
    st.just(dropout(False)),
    st.builds(stateful, st.booleans(), layers=st.lists(st.sampled_from(["a", "b"]), unique=True)),
    st.builds(last_steps, st.integers(1, 99)),
)


def layer(path: str, cell: str, units: int, *, keeps: bool = False) -> LayerFacts:
    recurrent = RecurrentFacts(cell, units, True, False, keeps)
    name = path.rpartition("/")[2]
    kind = {"lstm": "LSTM", "gru": "GRU", "simple_rnn": "SimpleRNN"}.get(cell, "RNN")
    return LayerFacts(path, name, kind, path.count("/"), ((None, None, units),), 0, 0, recurrent=recurrent)


def model(*layers: LayerFacts) -> ModelFacts:
    entry = LayerFacts("x", "x", "InputLayer", 0, ((None, None, 3),), 0, 0)
    inputs = (TensorFacts("x", (None, None, 3)),)
    return ModelFacts(Path("m.keras"), "m", "keras", "3.15", inputs, (), (entry, *layers), 0, from_keras=True)


FACTS = model(
    layer("lstm_1", LSTM.name, 4),
    layer("encoder/gru_1", GRU.name, 3),
    layer("rnn", SIMPLE_RNN.name, 2),
    layer("own", "other", 5),
    layer("kept", LSTM.name, 4, keeps=True),
)


def folded(*actions: Action) -> Folded:
    return fold_actions({"x": X}, actions, {}, FACTS)


@given(TRIED)
def test_every_edit_is_written_and_read_back(action: Action) -> None:
    words = Wording(None).action(action)
    again = load_action(words, Scenario(path=Path("typed"), name="typed", model=""))
    assert again == action


def test_a_file_says_every_word(written: Callable[[str], Scenario]) -> None:
    loaded = load_scenario(
        written(
            """\
version: 1
model: models/gold.keras
input: {random: {shape: [2, 10, 3]}}
actions:
  - poke: {layer: lstm_1, state: c, unit: 2, step: 9, to: 0.0, sample: 0}
  - clamp: {layer: gru_1, gate: z, to: 1, from: 3, until: 5}
  - silence: {layer: lstm_1, unit: [0, 1]}
  - nudge: {input: x, sample: 0, step: 5, feature: 2, to: 1.5}
  - dropout: {on: true}
  - stateful: {layers: [lstm_1], to: true}
  - last: {steps: 6}
"""
        )
    )
    plan, _ = folded_plan(loaded, FACTS)
    assert plan.interventions == (
        poke("lstm_1", "c", 0.0, 9, unit=2, sample=0),
        clamp("encoder/gru_1", "z", 1.0, first=3, last=5),
        silence("lstm_1", unit=[0, 1]),
        dropout(),
    )
    assert plan.inputs["x"].shape == (2, 6, 3)
    assert plan.inputs["x"][0, 1, 2] == 1.5
    assert plan.alterations == (
        Alteration("x", (("batch_shape", (2, None, 3)),)),
        Alteration("lstm_1", (("stateful", True),)),
    )


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("poke: {layer: lstm_2, state: c, step: 1, to: 0}", "did you mean lstm_1"),
        ("poke: {layer: lstm_1, state: s, step: 1, to: 0}", "no state of lstm_1 s"),
        ("poke: {layer: lstm_1, state: c, step: 10, to: 0}", "no step 10; expected 0 to 9"),
        ("poke: {layer: lstm_1, state: c, step: 1, unit: 4, to: 0}", "no unit 4; expected 0 to 3"),
        ("poke: {layer: lstm_1, state: c, step: 1, to: 0, sample: 2}", "no sample 2; expected 0 to 1"),
        ("clamp: {layer: gru_1, gate: f, to: 1}", "no gate of encoder/gru_1 f; expected one of z, r, g"),
        ("clamp: {layer: rnn, gate: f, to: 1}", "SimpleRNN: it has no gates"),
        ("clamp: {layer: own, gate: f, to: 1}", "cell of its own kind"),
        ("silence: {layer: own}", "cell of its own kind"),
        ("nudge: {step: 10, to: 0}", "no step 10"),
        ("last: {steps: 11}", "11 cannot be kept"),
        ("stateful: {layers: [lstm_9], to: true}", "did you mean lstm_1"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_line(
    written: Callable[[str], Scenario], action: str, said: str
) -> None:
    head = "version: 1\nmodel: models/gold.keras\ninput: {random: {shape: [2, 10, 3]}}\nactions:\n"
    with pytest.raises(ScenarioError) as refused:
        folded_plan(load_scenario(written(f"{head}- {action}\n")), FACTS)
    assert ".yaml:5:" in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("pok: {}", "did you mean poke"),
        ("poke: {layer: a, state: c, step: -1, to: 0}", "at least 0"),
        ("poke: {layer: a, stat: c, step: 1, to: 0}", "did you mean state"),
        ("clamp: {layer: a, gate: f, to: 0, from: 5, until: 4}", "ends before it begins"),
        ("nudge: {step: 1}", "exactly one of to, by"),
        ("dropout: {}", "this key is missing"),
    ],
)
def test_a_wrong_word_is_refused_before_anything_is_loaded(tmp_path: Path, action: str, said: str) -> None:
    path = tmp_path / "wrong.yaml"
    (tmp_path / "m.keras").write_bytes(b"")
    path.write_text(f"version: 1\nmodel: m.keras\nactions:\n- {action}\n")
    with pytest.raises(ScenarioError, match=said) as refused:
        read_scenario(path)
    assert "wrong.yaml:4:" in str(refused.value)


def test_a_cell_of_its_own_kind_is_poked_by_the_number_of_its_state() -> None:
    assert folded(poke("own", "state_1", 0, 1)).interventions == (Poke("own", "state_1", 0.0, 1),)
    with pytest.raises(EditError):
        folded(poke("own", "h", 0, 1))


def test_other_calls_know_nothing_of_what_is_tried() -> None:
    refuse_other_calls((), [Generate(3)])
    refuse_other_calls((silence("lstm_1"),), [Predict()])
    with pytest.raises(EditError, match="generate knows nothing"):
        refuse_other_calls((silence("lstm_1"),), [Predict(), Generate(3)])
    with pytest.raises(EditError, match="decode knows nothing"):
        refuse_other_calls((silence("lstm_1"),), [Decode(3, "x")])


def test_a_reset_of_layers_that_keep_no_state_is_what_they_start_from() -> None:
    given_states = {"lstm_1/h": np.ones((2, 4)), "kept/c": np.full((1, 4), 2.0)}
    both = folded(StateReset(to="saved", saved=given_states))
    (start,) = both.interventions
    assert isinstance(start, StartFrom)
    assert (start.layer, list(start.states)) == ("lstm_1", ["h"])
    assert [list(reset.saved) for reset in both.resets] == [["kept/c"]]
    drawn = folded(StateReset(layers=("gru_1", "kept"), to="random", seed=3))
    (start,) = drawn.interventions
    assert isinstance(start, StartFrom)
    assert start.states["h"].shape == (2, 3)
    assert [reset.layers for reset in drawn.resets] == [("kept",)]
    again = folded(StateReset(layers=("gru_1", "kept"), to="random", seed=3))
    assert fingerprint(again.interventions) == fingerprint(drawn.interventions)
    assert folded(StateReset()).interventions == ()


def test_states_that_do_not_fit_are_refused() -> None:
    wrong: list[dict[str, Any]] = [
        {"layers": ("lstm_1",), "saved": {"rnn/h": np.ones((2, 2))}},
        {"saved": {"lstm_1/h": np.ones((3, 4))}},
    ]
    for each in wrong:
        with pytest.raises(EditError):
            folded(StateReset(to="saved", **each))
    with pytest.raises(EditError, match="not known"):
        folded(StateReset(layers=("own",)))
