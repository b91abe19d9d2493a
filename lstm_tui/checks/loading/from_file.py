"""The findings of the `load-` family: what a model's file shows by itself, before Keras is asked.

All obstacles are told at once; loaders stop at the first and hide the rest. The file is never modified.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from lstm_tui.checks.finding import Diagnosis, Finding, Fix, in_order
from lstm_tui.errors import ModelFileError
from lstm_tui.model_file.facts import ModelFacts, Obstacle
from lstm_tui.model_file.reading import read_model_file


def loading_diagnosis(model: Path, error: ModelFileError) -> Diagnosis | None:
    """Why `model` does not load, as findings; None where there is no such file to say anything about."""
    if not model.exists():
        return None
    try:
        facts = read_model_file(model)
    except ModelFileError as unreadable:
        return Diagnosis((), (_unreadable(unreadable),))
    findings = loading_findings(facts.obstacles)
    if not any(finding.severity == "error" for finding in findings):
        findings = [_unreadable(error), *findings]
    return Diagnosis((), in_order(findings))


def with_loading_findings(diagnosis: Diagnosis, facts: ModelFacts) -> Diagnosis:
    """A diagnosis of a model that did load, with what its file showed nevertheless."""
    findings = [*loading_findings(facts.obstacles), *diagnosis.findings]
    return replace(diagnosis, findings=in_order(findings))


def loading_findings(obstacles: Iterable[Obstacle]) -> list[Finding]:
    """One finding a code, with every place where it applies."""
    by_code: dict[str, list[Obstacle]] = {}
    for obstacle in obstacles:
        by_code.setdefault(obstacle.code, []).append(obstacle)
    return [_finding(code, found) for code, found in by_code.items()]


def _finding(code: str, found: list[Obstacle]) -> Finding:
    blocking = any(obstacle.blocking for obstacle in found)
    first = found[0]
    more = f" And {len(found) - 1} more." if len(found) > 1 else ""
    return Finding(
        code=code,
        severity="error" if blocking else "info" if code == "load-compile" else "warning",
        summary=f"{first.where}: {first.what}{more}",
        layer="" if first.where == "the model" else first.where,
        evidence={"places": tuple(f"{obstacle.where}: {obstacle.what}" for obstacle in found[:50])},
        fix=Fix(" ".join(dict.fromkeys(obstacle.todo for obstacle in found))),
        weight=1.0,
        direct=True,
    )


def _unreadable(error: ModelFileError) -> Finding:
    return Finding(
        code=str(getattr(error, "code", "load-corrupt")),
        severity="error",
        summary=error.happened,
        evidence={"expected": error.expected} if error.expected else {},
        fix=Fix(error.todo) if error.todo else None,
        weight=1.0,
        direct=True,
    )
