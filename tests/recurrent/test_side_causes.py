"""Why two runs part: by what they differ, and by what became of the trials."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lstm_tui.recurrent.divergence import Course, Divergence, Station, first_divergence, in_order
from lstm_tui.recurrent.insides import Insides
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.side_causes import Trial, before, judge, judge_traces
from lstm_tui.recurrent.side_facts import (
    Cause,
    Fact,
    input_facts,
    inside_facts,
    state_facts,
    trace_facts,
)

NOTHING = (Course(()), Course(()))


def at(place: int, turn: int = 0, step: int | None = None) -> Divergence:
    return Divergence("lstm", "lstm", "f", step, 0, 0, (0.0, 1.0), 1.0, place, turn)


def causes(
    *kinds: Cause, trials: tuple[Trial, ...] = (), chance: Divergence | None = None
) -> tuple[Cause, ...]:
    facts = [Fact(kind, "somewhere", "differs", largest=1.0, relative=1.0) for kind in kinds]
    return judge(at(1, 3), facts, trials, chance, NOTHING).causes


def test_the_only_difference_is_the_cause() -> None:
    assert causes("weights") == ("weights",)
    assert causes() == ("unknown",)


def test_of_several_the_one_whose_trial_moves_the_divergence() -> None:
    trials = (Trial("input", "B with A's input", at(1, 3)), Trial("weights", "B with A's weights", at(1, 4)))
    assert causes("input", "weights", trials=trials) == ("weights",)
    away = (trials[0], Trial("weights", "B with A's weights", None))
    assert causes("input", "weights", trials=away) == ("weights",)
    neither = (trials[0], Trial("weights", "B with A's weights", at(0)))
    assert causes("input", "weights", trials=neither) == ("input", "weights")
    untried = (trials[0], Trial("weights", "B with A's weights", refused="it has other layers"))
    assert causes("input", "weights", trials=untried) == ("weights",)


def test_chance_is_the_cause_where_it_enters_first() -> None:
    assert causes("input", chance=at(0)) == ("randomness",)
    assert causes("input", chance=at(2)) == ("input",)


def test_weights_that_are_but_rounded_differ_by_their_type() -> None:
    types = Fact("dtype", "lstm", "float32 against float16", "lstm")
    for gap, cause in ((4e-4, "dtype"), (0.1, "weights")):
        weights = Fact("weights", "lstm/kernel", "differ", "lstm", gap, gap)
        both = tuple(Trial(kind, "B with A's weights") for kind in ("weights", "dtype"))
        assert judge(at(0), [types, weights], both, None, NOTHING).causes == (cause,)


def test_what_comes_later_is_no_cause() -> None:
    course = Course((Station("lstm", {}, True), Station("head", {}, False)))
    facts = [Fact("weights", "head/kernel", "", "head"), Fact("weights", "lstm/kernel", "", "lstm")]
    assert [fact.layer for fact in before(facts, at(0), course)] == ["lstm"]
    assert len(before(facts, at(1), course)) == 2


def lstm(*, start: float = 0.0, inputs: float = 0.3, mask: Array | None = None, seed: int = 0) -> Station:
    """An LSTM's series by its own arithmetic, `(1, 5, 2)`, from a cell state that is `start` everywhere."""
    numbers = np.random.default_rng(seed)
    made = {name: numbers.uniform(0.2, 0.8, (1, 5, 2)) for name in "ifgo"}
    made["g"][:, 3:] += inputs
    state, cells = np.full((1, 2), start), []
    for step in range(5):
        state = made["f"][:, step] * state + made["i"][:, step] * made["g"][:, step]
        cells.append(state)
    made["c"] = np.stack(cells, axis=1)
    made["h"] = made["o"] * np.tanh(made["c"])
    return Station("lstm", in_order(made), True, mask=mask)


def told_by_traces(one: Station, other: Station) -> tuple[Cause, ...]:
    courses = (Course((one,)), Course((other,)))
    divergence = first_divergence(*courses)
    assert divergence is not None
    return judge_traces(divergence, tuple(trace_facts(*courses)), None, courses).causes


def test_traces_tell_another_state_and_another_input_by_themselves() -> None:
    assert told_by_traces(lstm(), lstm(start=0.5)) == ("initial state",)
    assert told_by_traces(lstm(), lstm(inputs=0.4)) == ("input",)
    assert told_by_traces(lstm(), lstm(seed=1)) == ("unknown",)


def test_a_mask_that_is_another_there_is_the_cause() -> None:
    mask = np.array([[True, True, True, False, False]])
    assert told_by_traces(lstm(mask=mask), lstm(inputs=0.4)) == ("mask",)
    one = lstm(mask=mask)
    assert "timestep 3 is masked in A, read in B" in next(trace_facts(Course((one,)), Course((lstm(),)))).told
    pair = (Course((one,)), Course((lstm(inputs=0.4),)))
    divergence = first_divergence(*pair)
    assert divergence is not None
    by_setting = [Fact("settings", "masking/mask_value", "0 against -1")]
    assert judge(divergence, by_setting, (), None, pair).causes == ("mask", "settings")


def test_inputs_that_a_model_sees_as_equal_are_equal() -> None:
    x = np.random.default_rng(0).normal(size=(1, 4, 2))
    assert not list(input_facts({"x": x}, {"y": x.astype(np.float32)}))
    other = x.copy()
    other[0, 2, 1] = 9.0
    (fact,) = input_facts({"x": x}, {"x": other})
    assert fact.told.startswith("1 of 8 values differ, first at timestep 2, feature 1: ")
    (fact,) = input_facts({"x": x}, {"x": x[:, :3]})
    assert fact.told == "shape (1, 4, 2) against (1, 3, 2); what both have is equal"
    assert [fact.told for fact in input_facts({"x": x}, {"x": x, "z": x})] == ["only B has it"]


def test_a_side_that_keeps_no_state_starts_from_zeros() -> None:
    assert not list(state_facts({"lstm/h": np.zeros((1, 2))}, {}))
    (fact,) = state_facts({}, {"lstm/h": np.ones((1, 2))})
    assert (fact.layer, fact.told) == ("lstm", "up to 1 apart; A starts from zeros")


def test_weights_settings_and_types_by_layer() -> None:
    one = Insides({"a/kernel": np.ones(3)}, {"a": {"activation": "tanh", "name": "a"}}, {"a": "float32"})
    other = Insides(
        {"b/kernel": np.array([1, 1, 1.5])}, {"b": {"activation": "relu", "name": "b"}}, {"b": "float16"}
    )
    found = {fact.cause: fact for fact in inside_facts(one, other, {"a": "b"})}
    assert set(found) == {"weights", "settings", "dtype"}
    assert found["weights"].largest == 0.5
    assert found["settings"].told == "activation = tanh against relu"
    assert not list(inside_facts(one, replace(one), {}))
