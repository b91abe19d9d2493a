"""The YAML that the recorder writes by itself says to the project's reader what was meant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.flight_recorder.call import Manner
from lstm_tui.flight_recorder.scenario_text import Words, printable, scenario_text
from lstm_tui.flight_recorder.taken import Taken, taken
from lstm_tui.scenario.reading import checked_document, parse_scenario
from lstm_tui.scenario.schema import ScenarioFile

HERE = Path("capture.yaml")
NASTY = [
    "yes",
    "1e-6",
    "",
    ": {}",
    "- a # b",
    "'\"\\",
    "a\tb\n\rc",
    "\x1b[2J\x85\u2028\ufeff\ud800\ufffe",
    "{x}",
]


def said(words: Words) -> ScenarioFile:
    return ScenarioFile.model_validate(checked_document(scenario_text(words), HERE).plain())


def words(**changes) -> Words:
    return Words(
        **{
            "name": "n",
            "description": ["d"],
            "model": "m.keras",
            "model_sha256": "0" * 64,
            "inputs": Taken("bare", {"": np.zeros(1)}),
            "arrays": "a.npz",
            **changes,
        }
    )


@given(name=st.text(), lines=st.lists(st.text(), min_size=1), model=st.text(min_size=1))
def test_any_text_comes_back_as_it_can_be_shown(name, lines, model):
    file = said(words(name=f"n {name}", description=["d", *lines], model=f"m{model}"))
    assert file.name == printable(f"n {name}")
    assert file.model == printable(f"m{model}")
    shown = [printable(line) for line in ["d", *lines] if line.strip()]
    assert file.description.split("\n")[:-1] == shown


@pytest.mark.parametrize("nasty", NASTY)
def test_names_of_inputs_are_never_taken_for_something_else(nasty):
    file = said(words(inputs=taken({f"x{nasty}": [[1.0]], "file": [[1.0]]}), expect_output=True, expect="o"))
    assert set(file.inputs) == {printable(f"x{nasty}"), "file"}
    assert [source.key for source in file.inputs.values()] == ["input_0", "input_1"]
    assert file.expect.output.name == "o"


@pytest.mark.parametrize(
    ("manner", "expected"),
    [
        (Manner(), {"predict": {}}),
        (Manner(batch_size=4), {"predict": {"batch_size": 4}}),
        (Manner("call", training=True), {"call": {"training": True}}),
        (Manner("call"), {"call": {}}),
    ],
)
def test_the_call_is_made_as_it_was(manner, expected):
    assert [call.words() for call in said(words(manner=manner)).calls] == [expected]


def test_a_list_of_inputs_stays_a_list():
    file = said(words(inputs=taken([np.zeros(1), np.zeros(1)]), states="s.npz", target=True))
    assert [source.key for source in file.inputs] == ["input_0", "input_1"]
    assert file.target.key == "target"
    assert file.actions[0].reset.to.file == "s.npz"


def test_calls_before_the_last_one_have_their_own_inputs():
    forms = [np.zeros(1), [np.zeros(1), np.zeros(1)], {"a: b": np.zeros(1)}]
    earlier = [(Manner(batch_size=2), taken(form), f"call_{index}") for index, form in enumerate(forms)]
    calls = said(words(earlier=[*earlier, (Manner(), None, "call_3")])).calls
    assert [call.predict.batch_size for call in calls] == [2, 2, 2, None, None]
    assert calls[0].predict.input.key == "call_0_0"
    assert [source.key for source in calls[1].predict.input] == ["call_1_0", "call_1_1"]
    assert calls[2].predict.input["a: b"].key == "call_2_0"
    assert calls[3].predict.input is None


def test_it_is_a_scenario(tmp_path):
    for name in ("m.keras", "a.npz"):
        (tmp_path / name).touch()
    scenario = parse_scenario(scenario_text(words()), tmp_path / "capture.yaml")
    assert scenario.model_sha256 == "0" * 64
