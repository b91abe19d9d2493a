"""What pydantic finds wrong, in the words of the format: one mistake a place, with the nearest right word.

pydantic reports every branch of a union that did not match; here these become one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import ValidationError

from lstm_tui.arrays.opening import nearest
from lstm_tui.plain_text import one_line
from lstm_tui.scenario.json_schema import scenario_json_schema
from lstm_tui.scenario.words import CODE, SHA256
from lstm_tui.scenario.yaml_text import Document, Mistake, YamlPath

_WANTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
}
#: What a text should be, by the pattern that it does not have.
_WRITTEN = {
    CODE: "is no finding's code; codes look like state-carryover",
    SHA256: "is no SHA-256; 64 hexadecimal digits in lower case, as sha256sum prints them",
}


@dataclass(frozen=True)
class _Finding:
    """One of pydantic's errors. `wanted` is set where the value is of a kind that does not fit."""

    path: YamlPath
    said: str = ""
    wanted: str = ""
    got: str = ""
    at_key: bool = False
    weak: bool = False


def mistakes_of(error: ValidationError, plain: Any, document: Document) -> list[Mistake]:
    """Every mistake once, each with its place."""
    return [
        Mistake(document.place(found.path, of_key=found.at_key), found.path, found.said)
        for found in _found(error, plain)
    ]


def phrases_of(error: ValidationError, plain: Any) -> list[tuple[YamlPath, str]]:
    """Every mistake once, where there is no document: its path, and what is wrong there."""
    return [(found.path, found.said) for found in _found(error, plain)]


def _found(error: ValidationError, plain: Any) -> list[_Finding]:
    findings = [_finding(each, plain) for each in error.errors(include_url=False)]
    return _merged(_without_echoes(findings))


def _without_echoes(findings: list[_Finding]) -> Iterator[_Finding]:
    """Without what is only said because something deeper is wrong, or another form was meant."""
    paths = [found.path for found in findings]
    for found in findings:
        deeper = any(len(path) > len(found.path) and path[: len(found.path)] == found.path for path in paths)
        if not (deeper and (found.wanted or found.weak)):
            yield found


def _merged(findings: Iterable[_Finding]) -> list[_Finding]:
    merged: dict[YamlPath, list[_Finding]] = {}
    for found in findings:
        merged.setdefault(found.path, []).append(found)
    return [_one(group) for group in merged.values()]


def _one(group: list[_Finding]) -> _Finding:
    kinds = list(dict.fromkeys(found.wanted for found in group if found.wanted))
    said = list(dict.fromkeys(found.said for found in group if found.said))
    if kinds and not said:
        said = [f"{' or '.join(kinds)} is wanted, got {group[0].got}"]
    return _Finding(group[0].path, "; ".join(said), at_key=group[0].at_key)


def _finding(error: Any, plain: Any) -> _Finding:
    path = _yaml_path(error["loc"], plain)
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    if kind == "extra_forbidden":
        return _Finding(path, _unknown_key(path), at_key=True)
    if kind == "missing":
        name = str(error["loc"][-1])
        return _Finding((*path, name), "this key is missing", at_key=True)
    if kind == "literal_error":
        return _literal(path, context["expected"], value)
    if kind in _WANTED:
        of_source = kind == "model_type" and context["class_name"] == "Source"
        return _Finding(
            path, wanted="a file's name or a mapping" if of_source else _WANTED[kind], got=_got(value)
        )
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        return _Finding(path, f"must be {words} {context[bound]}, got {value}")
    return _Finding(path, _other(kind, context, error["msg"]), weak=kind == "too_short")


def _other(kind: str, context: dict[str, Any], message: str) -> str:
    if kind == "scenario":
        return one_line(context["what"], 400)
    if kind in {"too_short", "string_too_short"}:
        return "must not be empty"
    if kind in {"too_long", "string_too_long"}:
        return f"longer than {context['max_length']:,}"
    if kind == "string_pattern_mismatch":
        return _WRITTEN[context["pattern"]]
    if kind == "finite_number":
        return "must be a finite number"
    return one_line(message)


def _literal(path: YamlPath, expected: str, value: Any) -> _Finding:
    words = re.findall(r"'([^']*)'", expected) or [expected]
    if not isinstance(value, str):
        return _Finding(path, wanted=" or ".join(words), got=_got(value))
    meant = nearest(value, words)
    ask = f"; did you mean {meant}?" if meant else f"; one of {', '.join(words)}"
    return _Finding(path, f"{one_line(value, 60)!r} is not known here{ask}")


def _got(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {one_line(value, 40)}"
    if isinstance(value, str):
        return f"the text {one_line(value, 40)!r}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    return "a mapping" if isinstance(value, dict) else "nothing"


def _yaml_path(location: tuple[Any, ...], plain: Any) -> YamlPath:
    """pydantic's location without the names of union branches, which are no keys of the file."""
    path: list[str | int] = []
    for part in location:
        if (isinstance(plain, dict) and part in plain) or (
            isinstance(plain, list) and isinstance(part, int) and part < len(plain)
        ):
            plain = plain[part]
            path.append(part)
    return tuple(path)


# --- which keys are known at a path -----------------------------------------------------------------


def _unknown_key(path: YamlPath) -> str:
    *around, key = path
    known = known_keys(tuple(around))
    meant = nearest(str(key), known)
    if meant:
        return f"unknown key; did you mean {meant}?"
    return f"unknown key; known here: {', '.join(known)}" if known else "unknown key; none is known here"


def known_keys(path: YamlPath) -> tuple[str, ...]:
    """The keys that the format has at a path, in its order."""
    schemas = [_schema()]
    for part in path:
        schemas = [step for schema in schemas for form in _forms(schema) for step in _steps(form, part)]
    forms = [form for schema in schemas for form in _forms(schema)]
    return tuple(dict.fromkeys(key for form in forms for key in form.get("properties", ())))


@cache
def _schema() -> dict[str, Any]:
    return scenario_json_schema()


def _forms(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema, its references followed and its alternatives listed."""
    if "$ref" in schema:
        yield from _forms(_schema()["$defs"][schema["$ref"].rpartition("/")[2]])
    elif "anyOf" in schema:
        for form in schema["anyOf"]:
            yield from _forms(form)
    else:
        yield schema


def _steps(form: dict[str, Any], part: str | int) -> Iterator[dict[str, Any]]:
    if isinstance(part, int):
        step = form.get("items")
    else:
        step = form.get("properties", {}).get(part, form.get("additionalProperties"))
    if isinstance(step, dict):
        yield step
