"""What a scenario expects against what came out. Pure: finished values in, words and numbers out.

Expectations are about the last call that gave an output, in the units to which the scenario's inverse
rescales lead back, or about the first call that failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lstm_tui.arrays.opening import nearest
from lstm_tui.checks.call_failure import explain
from lstm_tui.checks.catalogue import CHECKS
from lstm_tui.errors import EditError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import (
    CallFailure,
    CallModel,
    CallOutcome,
    Inputs,
    LegacyResetStates,
    Predict,
    ResetStates,
    Run,
    RunPlan,
)
from lstm_tui.recurrent.recording import Array
from lstm_tui.scenario.plan import Folded
from lstm_tui.scenario.schema import Expect, ExpectedOutput

#: Findings that another shape than the wanted one is: where they are expected, that shape is not asserted.
_SHAPE_CODES = frozenset(
    {check.code for check in CHECKS if "shape" in check.needs} | {"input-ambiguous", "batch-broadcast"}
)


@dataclass(frozen=True)
class Difference:
    """Where an output is furthest from what was expected. `outside` of `size` values are out of tolerance."""

    largest: float
    at: tuple[int, ...]
    got: float
    expected: float
    outside: int
    size: int

    def describe(self) -> str:
        """`differs by up to 0.0124 at [0, 0]: got 1.25, expected 1.2376`."""
        values = f"got {self.got:.8g}, expected {self.expected:.8g}"
        return f"differs by up to {self.largest:.6g} at {list(self.at)}: {values}"


@dataclass(frozen=True)
class Verdict:
    """What was checked and held, what did not hold and why, and what could not be checked."""

    checked: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    difference: Difference | None = None

    def and_also(self, other: Verdict) -> Verdict:
        """Both verdicts as one."""
        return Verdict(
            self.checked + other.checked,
            self.reasons + other.reasons,
            self.not_checked + other.not_checked,
            self.difference or other.difference,
        )


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that a verdict may rest on. `findings` are codes above info, None where nobody looked for any."""

    facts: ModelFacts
    plan: RunPlan
    folded: Folded
    run: Run
    expected_output: Array | None = None
    findings: Sequence[str] | None = None


def judge(expect: Expect | None, evidence: Evidence) -> Verdict:
    """Whether everything that `expect` says holds; without it, whether every call succeeded."""
    expect = expect or Expect()
    failed = next((pair for pair in enumerate(evidence.run.outcomes) if pair[1].failure is not None), None)
    if expect.error is not None:
        verdict = _error(expect.error, failed, evidence)
    elif failed is not None and _explained(*failed, evidence)[0] not in (expect.findings or ()):
        verdict = Verdict(reasons=(_failure_words(*failed, evidence),))
    elif failed is not None and expect == Expect(findings=expect.findings):
        verdict = Verdict()  # the call fails, and that is the finding which is expected
    else:
        verdict = _outputs(expect, evidence)
    return verdict.and_also(_findings(expect.findings, evidence.findings))


# --- failures ---------------------------------------------------------------------------------------


def _error(code: str, failed: tuple[int, CallOutcome] | None, evidence: Evidence) -> Verdict:
    if failed is None:
        shapes = _shapes_words(last_outputs(evidence.run))
        return Verdict(reasons=(f"expected a call to fail with {code}, all succeeded{shapes}",))
    index, outcome = failed
    found = _explained(index, outcome, evidence)[0]
    if found == code:
        return Verdict(checked=(f"{outcome.call} fails with {code}",))
    told = _failure_words(index, outcome, evidence)
    return Verdict(reasons=(f"expected {code}, got {found or 'a failure that nothing explains'}: {told}",))


def _explained(index: int, outcome: CallOutcome, evidence: Evidence) -> tuple[str, str]:
    """The finding that explains a failure, and its sentence."""
    assert outcome.failure is not None
    call = evidence.plan.calls[index]
    if isinstance(call, LegacyResetStates) and outcome.failure.error_type == "AttributeError":
        return "reset-unavailable", "Keras 3 has no model.reset_states(); reset each stateful layer instead"
    if isinstance(call, ResetStates):
        return "reset-broken", "Keras' own reset fails; assign zeros to the states themselves"
    explanation = explain(outcome.failure, evidence.facts, _inputs_of(index, evidence.plan))
    return explanation.code, explanation.sentence


def _inputs_of(index: int, plan: RunPlan) -> Inputs:
    call = plan.calls[index]
    own = call.inputs if isinstance(call, Predict | CallModel) else None
    return plan.inputs if own is None else own


def _failure_words(index: int, outcome: CallOutcome, evidence: Evidence) -> str:
    failure = outcome.failure or CallFailure("", "", "")
    code, sentence = _explained(index, outcome, evidence)
    where = f" in {one_line(failure.layer, 80)}" if failure.layer else ""
    because = f": {sentence}" if code else f": {one_line(failure.message, 160)}"
    return f"call {index + 1}, {outcome.call}, failed{where}{because}"


def load_verdict(expect: Expect | None, found: Sequence[str], why: str) -> Verdict:
    """A model that does not load: as expected where the findings that its file shows are."""
    if expect is not None and expect.findings is not None and expect.error is None:
        return _findings(expect.findings, tuple(dict.fromkeys(found)))
    code = expect.error if expect is not None else None
    if code is not None and code in found:
        return Verdict(checked=(f"the model does not load: {code}",))
    if code is not None and code.startswith("load-"):
        listed = ", ".join(dict.fromkeys(found)) or "no finding that says why"
        return Verdict(reasons=(f"expected {code}, got {listed}: {why}",))
    return Verdict(not_checked=(f"the model does not load: {why}",))


def opened_verdict(code: str | None, facts: ModelFacts) -> Verdict | None:
    """A model that opens although a `load-` finding was expected: as expected where its file shows that."""
    if code is None or not code.startswith("load-"):
        return None
    if any(obstacle.code == code for obstacle in facts.obstacles):
        return Verdict(checked=(f"the file shows {code}, and opens on a copy",))
    return Verdict(reasons=(f"expected {code}, and the model loads",))


# --- outputs ----------------------------------------------------------------------------------------


def last_outputs(run: Run) -> Mapping[str, Array]:
    """The outputs of the last call that gave any."""
    return next((outcome.outputs for outcome in reversed(run.outcomes) if outcome.outputs), {})


def _outputs(expect: Expect, evidence: Evidence) -> Verdict:
    raw = last_outputs(evidence.run)
    verdict = Verdict(checked=("every call succeeds",)) if expect == Expect() else Verdict()
    try:
        outputs = {name: evidence.folded.output(array) for name, array in raw.items()}
    except EditError as error:
        return verdict.and_also(Verdict(reasons=(f"the output cannot be rescaled: {one_line(error, 200)}",)))
    if expect.shape is not None and not _SHAPE_CODES.intersection(expect.findings or ()):
        verdict = verdict.and_also(_shape(expect.shape, outputs))
    if expect.output is not None and evidence.expected_output is not None:
        verdict = verdict.and_also(_values(expect.output, evidence.expected_output, outputs))
    return verdict


def _shape(wanted: tuple[int, ...], outputs: Mapping[str, Array]) -> Verdict:
    shapes = [array.shape for array in outputs.values()]
    if shapes == [wanted]:
        return Verdict(checked=(f"shape {wanted}",))
    if len(shapes) == 1:
        return Verdict(reasons=(f"expected shape {wanted}, got {shapes[0]}",))
    return Verdict(
        reasons=(f"expected one output of shape {wanted}{_shapes_words(outputs) or ', got none'}",)
    )


def _shapes_words(outputs: Mapping[str, Array]) -> str:
    if not outputs:
        return ""
    listed = ", ".join(str(array.shape) for array in outputs.values())
    return f", got {listed}" if len(outputs) == 1 else f", got {len(outputs)} outputs: {listed}"


def _values(wanted: ExpectedOutput, expected: Array, outputs: Mapping[str, Array]) -> Verdict:
    name = _chosen(wanted.name, outputs)
    if name is None:
        return Verdict(reasons=(_which(wanted.name, outputs),))
    got = outputs[name]
    if got.shape != expected.shape:
        return Verdict(reasons=(f"expected an output of shape {expected.shape}, got {got.shape}",))
    difference = difference_between(got, expected, wanted.rtol, wanted.atol)
    if not difference.outside:
        said = f"output off by {difference.largest:.2g} at most" if difference.largest else "output equal"
        return Verdict(checked=(said,), difference=difference)
    share = f"{difference.outside:,} of {difference.size:,} values are outside"
    share += f" rtol {wanted.rtol:g}, atol {wanted.atol:g}"
    return Verdict(reasons=(f"the output {difference.describe()}; {share}",), difference=difference)


def _chosen(name: str | None, outputs: Mapping[str, Array]) -> str | None:
    """The output that is meant: the only one, or the one with this name."""
    if len(outputs) == 1:
        return next(iter(outputs))
    return name if name in outputs else None


def _which(name: str | None, outputs: Mapping[str, Array]) -> str:
    if not outputs:
        return "no call gave an output"
    listed = ", ".join(one_line(each, 60) for each in outputs)
    if name is None:
        return f"the model has {len(outputs)} outputs; say which: {{name: ...}}, one of {listed}"
    meant = nearest(name, outputs)
    return f"there is no output {one_line(name, 60)}" + (
        f"; did you mean {one_line(meant)}?" if meant else f": {listed}"
    )


def difference_between(got: Array, expected: Array, rtol: float, atol: float) -> Difference:
    """Where two arrays of one shape differ most. NaN equals NaN and nothing else; inf equals itself."""
    left, right = got.astype(np.float64), expected.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        close = np.isclose(left, right, rtol=rtol, atol=atol, equal_nan=True)
        same = (left == right) | (np.isnan(left) & np.isnan(right))
        gaps = np.where(same, 0.0, np.abs(left - right))
    if not gaps.size:
        return Difference(0.0, (), np.nan, np.nan, 0, 0)
    ranked = np.nan_to_num(gaps, nan=np.inf)
    at = tuple(int(index) for index in np.unravel_index(int(ranked.argmax()), gaps.shape))
    return Difference(
        largest=float(ranked[at]),
        at=at,
        got=float(left[at]),
        expected=float(right[at]),
        outside=int(np.count_nonzero(~close)),
        size=int(gaps.size),
    )


# --- findings ---------------------------------------------------------------------------------------


def _findings(wanted: Sequence[str] | None, found: Sequence[str] | None) -> Verdict:
    if wanted is None:
        return Verdict()
    if found is None:
        return Verdict(not_checked=("expect.findings: this version has no checks that could find any",))
    missing = [code for code in wanted if code not in found]
    surplus = [code for code in found if code not in wanted]
    if not missing and not surplus:
        return Verdict(checked=(f"findings: {', '.join(wanted) or 'none'}",))
    parts = [f"not found: {', '.join(missing)}"] if missing else []
    parts += [f"found beside: {', '.join(surplus)}"] if surplus else []
    return Verdict(reasons=(f"findings differ; {'; '.join(parts)}",))
