from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from lstm_tui.scenario.json_schema import scenario_json_schema
from lstm_tui.scenario.mistakes import known_keys
from lstm_tui.scenario.schema import Action, Call, Expect, Rescale, ScenarioFile
from lstm_tui.scenario.words import Source


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for child in schema.values():
            yield from nodes(child)
    if isinstance(schema, list):
        for child in schema:
            yield from nodes(child)


def test_the_schema_is_of_the_draft_that_it_names_and_of_no_address():
    schema = scenario_json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "$id" not in schema
    assert json.loads(json.dumps(schema)) == schema


def test_older_editors_can_use_the_schema_too():
    """Language servers that know draft 7 alone read a later draft as long as it has none of its new words."""
    newer = {"prefixItems", "unevaluatedProperties", "unevaluatedItems", "dependentRequired", "$dynamicRef"}
    assert not [node for node in nodes(scenario_json_schema()) if newer & set(node)]


def test_every_key_says_what_it_means():
    schema = scenario_json_schema()
    objects = [schema, *schema["$defs"].values()]
    silent = [
        f"{each['title']}.{key}"
        for each in objects
        for key, value in each["properties"].items()
        if not value.get("description")
    ]
    assert silent == []
    assert all(each.get("description") for each in objects)


def test_unknown_keys_are_unknown_to_editors_and_null_is_not_offered():
    schema = scenario_json_schema()
    assert all(each["additionalProperties"] is False for each in [schema, *schema["$defs"].values()])
    assert not [
        node for node in nodes(schema) if node.get("type") == "null" or node.get("default", 0) is None
    ]


def test_a_bare_source_under_inputs_is_not_ambiguous_for_editors():
    """`{file: x.npy}` is a source by its form, and an input called `file`: any of them, not one of them."""
    assert not [node for node in nodes(scenario_json_schema()) if "oneOf" in node]


@pytest.mark.parametrize(
    ("path", "some"),
    [
        ((), {"version", "model", "actions", "view"}),
        (("actions", 0), {"reshape", "rescale", "reset"}),
        (("actions", 3, "reshape"), {"add_axis", "window", "stride"}),
        (("calls", 0, "threads", "each", 1), {"predict", "model.reset_states"}),
        (("inputs", "x"), {"file", "key", "values"}),
        (("nowhere", 1), set()),
    ],
)
def test_known_keys_at_a_path(path, some):
    known = set(known_keys(path))
    assert some <= known
    assert bool(some) == bool(known)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"predict": {}, "reset": {}},
        {"threads": {"n": 0, "each": [{"predict": {}}]}},
        {"threads": {"n": 2, "each": []}},
        {"threads": {"n": 2, "each": [{"threads": {"n": 1, "each": [{"predict": {}}]}}]}},
        {"predict": {"rows": []}},
        {"predict": {"batch_size": 2.0}},
        {"predict": {"batch_size": True}},
        {"call": {"training": 1}},
        {"generate": {}},
        {"generate": {"steps": "24"}},
        {"decode": {"steps": 3}},
        {"decode": {"steps": 3, "into": "x", "temperature": 0}},
        {"fit": {}},
        {"reload": {"path": "x"}},
    ],
)
def test_calls_that_are_refused(said):
    with pytest.raises(ValidationError):
        Call.model_validate(said)


@pytest.mark.parametrize(
    "said",
    [
        {"reshape": {}},
        {"reshape": {"add_axis": 0, "drop_axis": 1}},
        {"reshape": {"add_axis": 0, "stride": 1}},
        {"reshape": {"window": 0}},
        {"reshape": {"pad": 3, "side": "left"}},
        {"rescale": {}},
        {"rescale": {"fit": "reference"}},
        {"rescale": {"fit": "reference", "method": "standard", "mean": 0.0}},
        {"rescale": {"file": "a.json", "method": "standard"}},
        {"rescale": {"method": "standard", "mean": [1.0, 2.0], "scale": [1.0]}},
        {"rescale": {"mean": 0.0, "scale": -1.0}},
        {"rescale": {"mean": float("nan"), "scale": 1.0}},
        {"reset": {"to": "ones"}},
    ],
)
def test_actions_that_are_refused(said):
    with pytest.raises(ValidationError):
        Action.model_validate(said)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"file": "a.npy", "values": [1]},
        {"values": [[1, 2], [3]]},
        {"values": [[1], 2]},
        {"values": ["1"]},
        {"values": [True]},
        {"values": {"a": 1}},
        {"values": [1], "key": "a"},
        {"random": {"shape": []}},
        {"random": {"shape": [-1]}},
        {"random": {"shape": [1_000_000, 1_000_000]}},
        {"random": {"shape": [1], "seed": -1}},
    ],
)
def test_sources_that_are_refused(said):
    with pytest.raises(ValidationError):
        Source.model_validate(said)


def test_error_and_output_exclude_each_other():
    with pytest.raises(ValidationError, match="exclude"):
        Expect.model_validate({"error": "input-rank", "output": {"values": [1]}})
    assert Expect.model_validate({"error": "input-rank", "shape": [1, 1]}).error == "input-rank"


@pytest.mark.parametrize("code", ["State Carryover", "state_carryover", "-x", "x-", ""])
def test_codes_of_findings_have_one_form(code):
    with pytest.raises(ValidationError):
        Expect.model_validate({"findings": [code]})


@pytest.mark.parametrize("form", ["input", "inputs"])
def test_a_bare_input_under_either_key(form):
    file = ScenarioFile.model_validate({"version": 1, "model": "m", form: {"file": "x.npy"}})
    assert getattr(file, form) == Source(file="x.npy")


def test_an_input_may_be_called_file():
    file = ScenarioFile.model_validate({"version": 1, "model": "m", "inputs": {"file": {"file": "x.npy"}}})
    assert file.inputs == {"file": Source(file="x.npy")}


def test_words_leave_out_what_was_not_given():
    assert Call.model_validate({"model.reset_states": {}}).words() == {"model.reset_states": {}}
    assert Rescale(mean=0.0, scale=2.0).words() == {"mean": 0.0, "scale": 2.0}
