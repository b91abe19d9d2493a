"""The scenario format as JSON Schema, draft 2020-12: for editors, and for what a mistyped word meant."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from lstm_tui.scenario.schema import ScenarioFile


def scenario_json_schema() -> dict[str, Any]:
    """The format as JSON Schema, draft 2020-12, for editors and for `lstm-tui schema`."""
    schema: dict[str, Any] = _for_editors(ScenarioFile.model_json_schema(by_alias=True))
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}


def _for_editors(node: Any) -> Any:
    """What pydantic says, in the form that helps while typing.

    None means "left out" here and an empty key is a mistake, so null is not offered. Of alternatives any may
    hold, not one: by its form, `{file: x.npy}` is a source and also an input called `file`.
    """
    if isinstance(node, list):
        return [_for_editors(item) for item in node]
    if not isinstance(node, dict):
        return node
    tidy = {key: _for_editors(item) for key, item in node.items() if key != "default" or item is not None}
    forms = [form for form in tidy.pop("anyOf", tidy.pop("oneOf", ())) if form != {"type": "null"}]
    if len(forms) == 1:
        return forms[0] | tidy
    return tidy | ({"anyOf": forms} if forms else {})
