"""The order of findings, one cause for one finding, checks that crash, and a time budget; without Keras."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from lstm_tui.checks.case import Case, Subject
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Proof, Severity
from lstm_tui.checks.running import diagnose
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import CallFailure, CallOutcome, Run, RunPlan

LESSON = Lesson("title", "what", "why", "keras", "prevent", "code")
X = np.zeros((1, 3, 1), np.float32)


class Lab:
    """A model that gives back what goes in."""

    facts = ModelFacts(Path("m.keras"), "m", "keras", "3", (), (), (), 0, from_keras=True)

    def __init__(self, failure: CallFailure | None = None) -> None:
        self.failure = failure

    def run(self, plan: RunPlan) -> Run:
        outputs = {} if self.failure else dict(plan.inputs)
        return Run(plan.key, tuple(CallOutcome("predict", outputs, self.failure) for _ in plan.calls))


def check(code: str, *findings: Finding, needs=(), explains=()) -> Check:
    return Check(code, tuple(needs), lambda case: findings, LESSON, tuple(explains))


def finding(code: str, severity: Severity = "error", weight: float = 0.5) -> Finding:
    return Finding(code, severity, f"{code} was measured", weight=weight, direct=True)


def diagnosed(*checks: Check, lab: Lab | None = None, **options):
    subject = Subject(RunPlan({"x": X}))
    return diagnose(subject, lab or Lab(), checks, **options)


def test_errors_come_first_and_the_most_probable_cause_first_of_all() -> None:
    found = diagnosed(
        check("a", finding("a", "info", 1.0)),
        check("b", finding("b", "error", 0.2)),
        check("c", finding("c", "warning", 0.9)),
        check("d", finding("d", "error", 0.8)),
    )
    assert [each.code for each in found.findings] == ["d", "b", "c", "a"]
    assert found.codes == ("d", "b", "c")


def test_an_error_owes_a_proof_or_a_direct_fact() -> None:
    bare = replace(finding("a"), direct=False)
    proven = replace(bare, code="b", proof=Proof("metric", 1.0, 0.0))
    told: list[Finding] = []
    found = diagnosed(check("a", bare), check("b", proven), on_finding=told.append)
    assert [(each.code, each.severity) for each in found.findings] == [("b", "error"), ("a", "warning")]
    assert [each.severity for each in told] == ["warning", "error"]


def test_what_merely_follows_stands_in_the_evidence_of_its_cause() -> None:
    found = diagnosed(
        check("effect", finding("effect")), check("cause", finding("cause"), explains=["effect"])
    )
    assert [each.code for each in found.findings] == ["cause"]
    assert found.findings[0].evidence["consequences"] == ("effect was measured",)


def test_what_is_only_asked_explains_nothing_away() -> None:
    found = diagnosed(
        check("effect", finding("effect")), check("cause", finding("cause", "info"), explains=["effect"])
    )
    assert [each.code for each in found.findings] == ["effect", "cause"]
    assert "consequences" not in found.findings[1].evidence


def test_an_explanation_that_found_nothing_explains_nothing() -> None:
    found = diagnosed(check("effect", finding("effect")), check("cause", explains=["effect"]))
    assert [each.code for each in found.findings] == ["effect"]


def test_of_two_that_explain_each_other_the_one_that_is_listed_first_stays() -> None:
    one = check("one", finding("one"), explains=["other"])
    other = check("other", finding("other"), explains=["one"])
    assert [each.code for each in diagnosed(one, other).findings] == ["one"]


def test_a_check_that_crashes_is_named_and_takes_no_other_with_it() -> None:
    def crash(case: Case) -> Iterable[Finding]:
        raise ZeroDivisionError("by zero")

    found = diagnosed(Check("broken", (), crash, LESSON), check("a", finding("a")))
    assert found.failed == {"broken": "ZeroDivisionError: by zero"}
    assert found.codes == ("a",)


def test_a_check_without_what_it_needs_is_silent_and_listed() -> None:
    found = diagnosed(check("a", finding("a"), needs=["target", ("reference", "calls"), "x"]))
    assert not found.findings
    assert found.not_checked == {"a": ("target", "reference or calls")}


def test_a_failed_call_leaves_checks_of_the_output_out() -> None:
    lab = Lab(CallFailure("lstm", "ValueError", "no"))
    found = diagnosed(check("a", finding("a"), needs=["output"]), check("b", finding("b")), lab=lab)
    assert found.codes == ("b",)
    assert found.calls[0].error == "no"


def test_a_time_budget_gives_a_partial_answer_that_says_so() -> None:
    found = diagnosed(check("a", finding("a")), seconds=-1.0)
    assert found.partial
    assert found.not_checked == {"a": ("time",)}


def test_findings_are_told_as_they_are_found() -> None:
    told: list[str] = []
    diagnosed(
        check("a", finding("a")), check("b", finding("b")), on_finding=lambda found: told.append(found.code)
    )
    assert told == ["a", "b"]
