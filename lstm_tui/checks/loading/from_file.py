"""The findings of the `load-` family: what a model's file shows by itself, before Keras is asked.

All obstacles are told at once; loaders stop at the first and hide the rest. What could be opened nevertheless
is told with what was changed on a copy. The file is never modified.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from lstm_tui.checks.finding import Diagnosis, Finding, Fix, Severity, in_order
from lstm_tui.checks.loading.lessons import LOADING
from lstm_tui.errors import ModelFileError
from lstm_tui.model_file import NotAModelError, WeightsOnlyError, not_lifted
from lstm_tui.model_file.facts import ModelFacts, Obstacle
from lstm_tui.model_file.reading import read_model_file
from lstm_tui.model_file.weights_listing import first_bytes, weights_in

_SHOWN = 50
_LESSONS = {told.code: told.lesson for told in LOADING}


def loading_diagnosis(
    model: Path, error: ModelFileError, *, trust: bool = False, custom_objects: bool = False
) -> Diagnosis | None:
    """Why `model` does not load, as findings; None where there is no such file to say anything about.

    trust, custom_objects: the options it was to be loaded with; what they lift is no obstacle.
    """
    if not model.exists():
        return None
    try:
        facts = read_model_file(model)
    except ModelFileError as unreadable:
        return Diagnosis((), (_unreadable(unreadable, model),))
    left = not_lifted(facts.obstacles, trust, custom_objects)
    findings = loading_findings(left)
    if not any(obstacle.blocking for obstacle in left):
        findings.insert(0, _refused_by_keras(error, facts))
    return Diagnosis((), in_order(findings))


def with_loading_findings(diagnosis: Diagnosis, facts: ModelFacts) -> Diagnosis:
    """A diagnosis of a model that did load, with what its file showed; what a check has measured stands."""
    known = {finding.code for finding in diagnosis.findings}
    told = [finding for finding in loading_findings(facts.obstacles) if finding.code not in known]
    not_checked = {
        code: needs for code, needs in diagnosis.not_checked.items() if not code.startswith("load-")
    }
    return replace(diagnosis, findings=in_order([*told, *diagnosis.findings]), not_checked=not_checked)


def loading_findings(obstacles: Iterable[Obstacle]) -> list[Finding]:
    """One finding a code, with every place where it applies."""
    by_code: dict[str, list[Obstacle]] = {}
    for obstacle in obstacles:
        by_code.setdefault(obstacle.code, []).append(obstacle)
    return [_finding(code, found) for code, found in by_code.items()]


def _finding(code: str, found: list[Obstacle]) -> Finding:
    first = next((obstacle for obstacle in found if obstacle.blocking), found[0])
    more = f" And {len(found) - 1} more." if len(found) > 1 else ""
    opened = "" if any(item.blocking or not item.change for item in found) else " Opened: changed on a copy."
    evidence: dict[str, Any] = {
        "places": tuple(f"{item.where}: {item.what}" for item in found[:_SHOWN]),
    }
    changes = tuple(f"{item.where}: {item.change}" for item in found[:_SHOWN] if item.change)
    if changes:
        evidence["changed_on_a_copy"] = changes
    return Finding(
        code=code,
        severity=_severity(code, found),
        summary=f"{first.where}: {first.what}{more}{opened}",
        layer="" if first.where == "the model" else first.where,
        evidence=evidence,
        fix=_fix(code, found),
        weight=1.0,
        direct=True,
    )


def _severity(code: str, found: list[Obstacle]) -> Severity:
    """An error where Keras 3 does not load the file; a missing version, for instance, is worth a line."""
    if any(item.blocking for item in found) or (code == "load-legacy" and any(item.change for item in found)):
        return "error"
    return "warning" if code in {"load-activation", "load-compile"} else "info"


def _fix(code: str, found: list[Obstacle]) -> Fix:
    """What helps; where something blocks, what helps against that, and no code that would not run yet."""
    blocking = [item for item in found if item.blocking]
    text = " ".join(dict.fromkeys(item.todo for item in blocking or found))
    return Fix(text, "" if blocking and code == "load-legacy" else _code(code))


def _code(code: str) -> str:
    lesson = _LESSONS.get(code)
    return lesson.code if lesson is not None else ""


def _unreadable(error: ModelFileError, model: Path) -> Finding:
    code = str(getattr(error, "code", "load-corrupt"))
    evidence: dict[str, Any] = {"expected": error.expected} if error.expected else {}
    if isinstance(error, NotAModelError):
        evidence["first_bytes"] = first_bytes(model)
    if isinstance(error, WeightsOnlyError):
        evidence["weights"] = tuple(f"{path} {shape}" for path, shape in weights_in(model)[:_SHOWN])
    return Finding(
        code=code,
        severity="error",
        summary=error.happened,
        evidence=evidence,
        fix=Fix(error.todo, _code(code)) if error.todo else None,
        weight=1.0,
        direct=True,
    )


def _refused_by_keras(error: ModelFileError, facts: ModelFacts) -> Finding:
    """The file shows no obstacle, and Keras met one: in a class of the user's, or in what is of Keras 2."""
    custom = any(obstacle.code == "load-custom" for obstacle in facts.obstacles)
    old = facts.keras_version.startswith(("1.", "2."))
    code = "load-custom" if custom else "load-legacy" if old else "load-corrupt"
    return replace(_unreadable(error, facts.path), code=code)
