"""All checks on one subject: run in order, each by itself, then one finding for one cause.

A check that crashes is named, takes no other with it and never counts as healthy. What a cause explains goes
into its evidence. With a time budget the answer may be partial, and says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from lstm_tui.checks.case import Case, Laboratory, Subject
from lstm_tui.checks.check import Check
from lstm_tui.checks.finding import CallSummary, Diagnosis, Finding, in_order
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import CallOutcome

OnProgress = Callable[[str, float | None], None]
#: Told of each finding as soon as it is known; it may later turn out to follow from another.
OnFinding = Callable[[Finding], None]


def diagnose(
    subject: Subject,
    lab: Laboratory,
    checks: Sequence[Check],
    *,
    seconds: float | None = None,
    on_finding: OnFinding = lambda finding: None,
    on_progress: OnProgress = lambda stage, fraction: None,
) -> Diagnosis:
    """Make the calls, run every check that has what it needs, and put the findings in order.

    seconds: no check is begun later than this; None for as long as it takes.
    """
    began = time.monotonic()
    on_progress("making the calls", None)
    case = Case(subject, lab, lab.run(subject.plan))
    not_checked: dict[str, tuple[str, ...]] = {}
    failed: dict[str, str] = {}
    found: list[tuple[Check, Finding]] = []
    partial = False
    for number, check in enumerate(checks):
        missing = check.missing(case)
        if not missing and seconds is not None and time.monotonic() - began > seconds:
            missing, partial = ("time",), True
        if missing:
            not_checked[check.code] = missing
            continue
        on_progress(check.code, number / len(checks))
        try:
            for finding in map(_as_well_founded, check.find(case)):
                found.append((check, finding))
                on_finding(finding)
        except Exception as error:  # noqa: BLE001 - a check that crashes must not take the others with it
            failed[check.code] = one_line(f"{type(error).__name__}: {error}", 300)
    findings = in_order(one_for_each_cause(found))
    return Diagnosis(_summaries(case.run.outcomes), findings, not_checked, failed, partial)


def _as_well_founded(finding: Finding) -> Finding:
    """An error owes a proof or a direct fact; what has neither is a warning."""
    if finding.severity != "error" or finding.proof is not None or finding.direct:
        return finding
    return replace(finding, severity="warning")


def one_for_each_cause(found: Sequence[tuple[Check, Finding]]) -> list[Finding]:
    """The causes among what was found; what they explain stands in their evidence, under `consequences`."""
    causes: list[Finding] = []
    explained = {
        code for check, finding in found for code in _explains(check, finding) if code != finding.code
    }
    for check, finding in found:
        if finding.code in explained and not _explain_each_other(check, finding.code, found):
            continue
        below = tuple(
            other.summary
            for _, other in found
            if other.code in _explains(check, finding) and other is not finding
        )
        told = {**finding.evidence, "consequences": below} if below else finding.evidence
        causes.append(replace(finding, evidence=told))
    return causes


def _explains(check: Check, finding: Finding) -> tuple[str, ...]:
    """What is told without being certain is no cause: it explains nothing away."""
    return check.explains if finding.severity != "info" else ()


def _explain_each_other(check: Check, code: str, found: Sequence[tuple[Check, Finding]]) -> bool:
    """Two checks that would each explain the other: then the one listed first is the cause."""
    rivals = [
        other for other, each in found if code in _explains(other, each) and other.code in check.explains
    ]
    order = [other.code for other, _ in found]
    return bool(rivals) and all(order.index(check.code) <= order.index(rival.code) for rival in rivals)


def _summaries(outcomes: Sequence[CallOutcome]) -> tuple[CallSummary, ...]:
    return tuple(
        CallSummary(
            call=outcome.call,
            ok=outcome.failure is None,
            output_shapes=tuple(array.shape for array in outcome.outputs.values()),
            error=one_line(outcome.failure.message, 300) if outcome.failure is not None else None,
        )
        for outcome in outcomes
    )
