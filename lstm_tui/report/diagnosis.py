"""A diagnosis as text that reads well at 80 columns and as JSON, made from the finished value."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from lstm_tui.checks.finding import Diagnosis, Finding, Fix
from lstm_tui.plain_text import many_lines, one_line
from lstm_tui.recurrent.calls import Alteration, ResetStates, StateReset
from lstm_tui.scenario.actions import OnInput, describe
from lstm_tui.scenario.wording import Wording

#: What `diagnose --json` promises; it changes when a key is renamed or dropped.
VERSION = 1
_MARKS = {"error": "✗", "warning": "!", "info": "·"}


def diagnosis_json(diagnosis: Diagnosis, model: str) -> dict[str, Any]:
    """Ready for `json.dumps(..., allow_nan=False)`: numbers that are none are `nan`, `inf`, `-inf`."""
    return {
        "version": VERSION,
        "model": one_line(model, 400),
        "calls": [
            {
                "call": call.call,
                "ok": call.ok,
                "output_shapes": [list(shape) for shape in call.output_shapes],
                "error": call.error,
            }
            for call in diagnosis.calls
        ],
        "findings": [_finding(finding) for finding in diagnosis.findings],
        "not_checked": [
            {"code": code, "needs": list(needs)} for code, needs in diagnosis.not_checked.items()
        ],
        "failed": [{"code": code, "why": why} for code, why in diagnosis.failed.items()],
        "partial": diagnosis.partial,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    said: dict[str, Any] = {
        "code": finding.code,
        "severity": finding.severity,
        "layer": one_line(finding.layer) or None,
        "summary": many_lines(finding.summary),
        "evidence": plain(finding.evidence),
    }
    if finding.fix is not None:
        said["fix"] = _fix(finding.fix)
    if finding.proof is not None:
        proof = finding.proof
        said["proof"] = {
            "metric": proof.metric,
            "before": plain(proof.before),
            "after": plain(proof.after),
        }
    return said


def _fix(fix: Fix) -> dict[str, Any]:
    said: dict[str, Any] = {"text": fix.text, "actions": list(_actions(fix))}
    return said | ({"code": fix.code} if fix.code else {})


def _actions(fix: Fix) -> Iterable[Any]:
    """In the words of a scenario; arrays, which a scenario keeps in files, by their shape."""
    wording = Wording(None)
    for action in (*fix.actions, *fix.alterations):
        restricted = fix.input_name and not isinstance(action, StateReset | Alteration)
        yield plain(wording.action(OnInput(fix.input_name, action) if restricted else action).words())  # type: ignore[arg-type]
    if fix.calls is not None and any(isinstance(call, ResetStates) for call in fix.calls):
        yield {"reset": {}}


def plain(value: Any) -> Any:
    """What JSON can say of a value of evidence."""
    if isinstance(value, Mapping):
        return {one_line(key): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return many_lines(value) if isinstance(value, str) else value


def diagnosis_text(diagnosis: Diagnosis, model: str, width: int = 80) -> str:
    """What was found, each with its evidence, remedy and proof; then what could not be checked."""
    lines = [f"{one_line(model)}: {_counted(diagnosis)}"]
    for call in diagnosis.calls:
        shapes = ", ".join(str(shape) for shape in call.output_shapes)
        lines.append(f"  {call.call}: {shapes or 'done' if call.ok else 'failed'}")
    for finding in diagnosis.findings:
        lines += ["", *_told(finding, width)]
    if diagnosis.failed:
        lines.append("")
        lines += [f"checks that failed: {code}: {why}" for code, why in diagnosis.failed.items()]
    if diagnosis.partial:
        lines += ["", "The time budget ended before all checks had run: this answer is partial."]
    lines += _unchecked(diagnosis, width)
    return "\n".join(lines) + "\n"


def _counted(diagnosis: Diagnosis) -> str:
    above = len(diagnosis.codes)
    if not above:
        return "nothing found above info" if diagnosis.findings else "nothing found"
    return "1 finding" if above == 1 else f"{above} findings"


def _told(finding: Finding, width: int) -> list[str]:
    where = f" · {one_line(finding.layer)}" if finding.layer else ""
    lines = [f"{_MARKS[finding.severity]} {finding.code}{where}"]
    lines += _wrapped(many_lines(finding.summary), width)
    lines += [f"    {one_line(name)}: {_short(value)}" for name, value in finding.evidence.items()]
    if finding.proof is not None:
        proof = finding.proof
        lines += _wrapped(f"tried: {proof.metric} {proof.before:.4g} → {proof.after:.4g}", width)
    if finding.fix is not None:
        lines += _wrapped(f"to do: {finding.fix.text}", width)
        tried = [describe(action) for action in (*finding.fix.actions, *finding.fix.alterations)]
        lines += [f"    {one_line(each)}" for each in tried]
        lines += [f"    {line}" for line in finding.fix.code.splitlines()]
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 20), initial_indent="  ", subsequent_indent="  ")


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{one_line(key, 40)} {_short(each)}" for key, each in list(value.items())[:8])
    if isinstance(value, tuple | list | np.ndarray):
        return ", ".join(_short(each) for each in list(value)[:8]) + (" …" if len(value) > 8 else "")
    return one_line(value, 120)


def _unchecked(diagnosis: Diagnosis, width: int) -> list[str]:
    """One line for each thing that was missing, with the checks that would need it."""
    by_need: dict[str, list[str]] = {}
    for code, needs in diagnosis.not_checked.items():
        by_need.setdefault(" and ".join(needs), []).append(code)
    lines = [""] if by_need else []
    for need, codes in by_need.items():
        lines += _wrapped(f"not checked without {need}: {', '.join(codes)}", width)
    return lines
