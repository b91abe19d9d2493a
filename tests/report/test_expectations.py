from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.arrays.rescale import Rescale
from lstm_tui.model_file.facts import LayerFacts, ModelFacts, RecurrentFacts, TensorFacts
from lstm_tui.recurrent.calls import CallFailure, CallOutcome, LegacyResetStates, Predict, Run, RunPlan
from lstm_tui.recurrent.recording import Array
from lstm_tui.report.expectations import Evidence, Verdict, difference_between, judge, load_verdict
from lstm_tui.scenario.plan import Folded
from lstm_tui.scenario.schema import Expect

LSTM = LayerFacts(
    "lstm",
    "lstm",
    "LSTM",
    0,
    ((None, 4),),
    160,
    160,
    recurrent=RecurrentFacts("lstm", 4, False, False, False),
)
FACTS = ModelFacts(
    Path("m.keras"),
    "m",
    "keras",
    "3.15",
    (TensorFacts("x", (None, None, 5)),),
    (),
    (LSTM,),
    160,
    from_keras=True,
)


def succeeding(**outputs: Array) -> CallOutcome:
    return CallOutcome("predict", outputs)


def failing(message: str = "Matrix size-incompatible") -> CallOutcome:
    return CallOutcome("predict", failure=CallFailure("lstm", "ValueError", message))


def evidence(
    *outcomes: CallOutcome,
    x: Array | None = None,
    expected: Array | None = None,
    findings: tuple[str, ...] | None = None,
    back: tuple[Rescale, ...] = (),
) -> Evidence:
    inputs = {"x": np.zeros((1, 4, 5)) if x is None else x}
    plan = RunPlan(inputs, calls=(Predict(),) * len(outcomes))
    run = Run(plan.key, outcomes)
    return Evidence(FACTS, plan, Folded(inputs, output_rescales=back), run, expected, findings)


def verdict(said: dict[str, object], given: Evidence) -> Verdict:
    return judge(Expect.model_validate(said), given)


ONE = np.array([[1.0]])


# --- shapes


def test_the_shape_that_is_expected():
    assert verdict({"shape": [1, 1]}, evidence(succeeding(y=ONE))) == Verdict(checked=("shape (1, 1)",))


def test_another_shape():
    given = evidence(succeeding(y=np.zeros((1, 20, 1))))
    assert verdict({"shape": [1, 1]}, given).reasons == ("expected shape (1, 1), got (1, 20, 1)",)


def test_several_outputs_where_one_is_wanted():
    given = evidence(succeeding(y=np.zeros((1, 32)), h=np.zeros((1, 32)), c=np.zeros((1, 16))))
    (reason,) = verdict({"shape": [1, 32]}, given).reasons
    assert reason == "expected one output of shape (1, 32), got 3 outputs: (1, 32), (1, 32), (1, 16)"


def test_no_output_where_one_is_wanted():
    assert "got none" in verdict({"shape": [1]}, evidence(CallOutcome("reset"))).reasons[0]


def test_the_last_call_with_an_output_counts():
    given = evidence(succeeding(y=np.zeros((2, 2))), succeeding(y=ONE), CallOutcome("reset"))
    assert verdict({"shape": [1, 1]}, given).reasons == ()


# --- values


def test_values_within_tolerance():
    given = evidence(succeeding(y=ONE + 1e-7), expected=ONE)
    found = verdict({"output": {"values": [[1]]}}, given)
    assert found.reasons == ()
    assert found.checked == ("output off by 1e-07 at most",)
    assert found.difference.largest == pytest.approx(1e-7)


def test_values_out_of_tolerance_say_how_far_and_where():
    got, expected = np.array([[1.0, 2.0], [3.0, 4.5]]), np.array([[1.0, 2.0], [3.25, 4.0]])
    found = verdict(
        {"output": {"values": [0], "rtol": 0.0, "atol": 0.3}}, evidence(succeeding(y=got), expected=expected)
    )
    (reason,) = found.reasons
    differs, _, share = reason.partition("; ")
    assert differs == "the output differs by up to 0.5 at [1, 1]: got 4.5, expected 4"
    assert share == "1 of 4 values are outside rtol 0, atol 0.3"
    assert (found.difference.at, found.difference.outside) == ((1, 1), 1)


def test_values_of_another_shape_are_not_broadcast():
    given = evidence(succeeding(y=np.ones((3, 1))), expected=ONE)
    assert verdict({"output": {"values": [[1]]}}, given).reasons == (
        "expected an output of shape (1, 1), got (3, 1)",
    )


def test_outputs_are_judged_in_the_units_of_the_data():
    back = (Rescale("standard", 10.0, 2.0, inverse=True),)
    given = evidence(succeeding(y=ONE), expected=np.array([[12.0]]), back=back)
    assert verdict({"output": {"values": [[12]]}}, given).reasons == ()


def test_a_rescale_that_does_not_fit_the_output_is_told():
    back = (Rescale("standard", np.zeros(3), np.ones(3), inverse=True),)
    (reason,) = verdict({"shape": [1, 1]}, evidence(succeeding(y=ONE), back=back)).reasons
    assert reason.startswith("the output cannot be rescaled")


def test_one_of_several_outputs_by_name():
    given = evidence(succeeding(price=ONE, volume=ONE * 2), expected=ONE * 2)
    assert verdict({"output": {"values": [[2]], "name": "volume"}}, given).reasons == ()
    assert "say which" in verdict({"output": {"values": [[2]]}}, given).reasons[0]
    assert "did you mean volume?" in verdict({"output": {"values": [[2]], "name": "volum"}}, given).reasons[0]


finite = st.floats(-1e6, 1e6)
any_number = st.floats(allow_nan=True, allow_infinity=True)


@given(data=st.data(), shape=hnp.array_shapes(max_dims=3, max_side=4))
def test_the_difference_is_the_largest_and_agrees_with_numpy(data, shape):
    got, expected = (data.draw(hnp.arrays(np.float64, shape, elements=finite)) for _ in range(2))
    found = difference_between(got, expected, 1e-5, 1e-6)
    assert found.largest == np.abs(got - expected).max()
    assert abs(got[found.at] - expected[found.at]) == found.largest
    assert (found.outside == 0) == np.allclose(got, expected, rtol=1e-5, atol=1e-6)


@given(data=st.data(), shape=hnp.array_shapes(max_dims=2, max_side=3))
def test_nan_and_inf_equal_themselves_alone(data, shape):
    got, expected = (data.draw(hnp.arrays(np.float64, shape, elements=any_number)) for _ in range(2))
    found = difference_between(got, expected, 1e-5, 1e-6)
    assert not math.isnan(found.largest)
    assert (found.outside == 0) == np.allclose(got, expected, rtol=1e-5, atol=1e-6, equal_nan=True)
    assert difference_between(got, got, 0.0, 0.0).largest == 0.0


def test_empty_outputs_can_be_equal():
    assert difference_between(np.zeros((0, 1)), np.zeros((0, 1)), 0, 0).outside == 0


# --- failures

TOO_FEW = np.zeros((1, 4, 3))


def test_a_failure_that_is_expected_and_explained():
    found = verdict({"error": "input-features"}, evidence(failing(), x=TOO_FEW))
    assert found == Verdict(checked=("predict fails with input-features",))


def test_a_failure_with_another_explanation():
    (reason,) = verdict({"error": "input-rank"}, evidence(failing(), x=TOO_FEW)).reasons
    assert reason.startswith("expected input-rank, got input-features: call 1, predict, failed in lstm")


def test_a_failure_that_did_not_come():
    (reason,) = verdict({"error": "input-rank"}, evidence(succeeding(y=ONE))).reasons
    assert reason == "expected a call to fail with input-rank, all succeeded, got (1, 1)"


def test_a_failure_that_was_not_expected():
    (reason,) = verdict({"shape": [1, 1]}, evidence(succeeding(y=ONE), failing(), x=TOO_FEW)).reasons
    assert reason.startswith("call 2, predict, failed in lstm: ")
    assert "3" in reason and "5" in reason


def test_an_explanation_looks_at_the_input_of_the_call_itself():
    inputs = {"x": np.zeros((1, 4, 5))}
    plan = RunPlan(inputs, calls=(Predict(inputs={"x": TOO_FEW}),))
    given = Evidence(FACTS, plan, Folded(inputs), Run(plan.key, (failing(),)))
    assert judge(Expect(error="input-features"), given).reasons == ()


def test_the_call_of_keras_2_is_unavailable_whatever_the_input():
    inputs = {"x": np.zeros((1, 4, 5))}
    plan = RunPlan(inputs, calls=(LegacyResetStates(),))
    gone = CallFailure("", "AttributeError", "'Sequential' object has no attribute 'reset_states'")
    run = Run(plan.key, (CallOutcome("model.reset_states", failure=gone),))
    given = Evidence(FACTS, plan, Folded(inputs), run)
    assert judge(Expect(error="reset-unavailable"), given).reasons == ()


def test_without_expectations_every_call_must_succeed():
    assert judge(None, evidence(succeeding(y=ONE))).checked == ("every call succeeds",)
    assert judge(None, evidence(failing())).reasons


def test_words_from_keras_cannot_write_to_the_terminal():
    (reason,) = judge(None, evidence(failing("\x1b[31mno\x07"), x=np.zeros((1, 4, 5)))).reasons
    assert "\x1b" not in reason and "\x07" not in reason


# --- findings and models that do not load


def test_findings_are_exactly_those():
    given = evidence(succeeding(y=ONE), findings=("state-carryover", "input-scale"))
    wanted = {"findings": ["input-scale", "state-carryover"]}
    assert verdict(wanted, given).reasons == ()
    (reason,) = verdict({"findings": ["input-scale", "echo"]}, given).reasons
    assert reason == "findings differ; not found: echo; found beside: state-carryover"


def test_a_healthy_model_has_none():
    assert verdict({"findings": []}, evidence(succeeding(y=ONE), findings=())).checked == ("findings: none",)


def test_findings_that_nobody_looked_for_are_not_checked():
    found = verdict({"findings": [], "shape": [1, 1]}, evidence(succeeding(y=ONE)))
    assert found.checked == ("shape (1, 1)",)
    assert len(found.not_checked) == 1


def test_a_call_may_fail_of_what_is_expected_to_be_found():
    given = evidence(failing(), x=np.zeros((1, 4, 4)), findings=("input-features",))
    assert verdict({"findings": ["input-features"]}, given).checked == ("findings: input-features",)
    assert verdict({"findings": []}, given).reasons
    assert verdict({"findings": ["input-scale"]}, given).reasons


def test_a_shape_is_not_asserted_of_an_output_that_is_found_to_be_another():
    given = evidence(succeeding(y=np.zeros((1, 48, 1))), findings=("output-sequence",))
    assert verdict({"shape": [1, 1], "findings": ["output-sequence"]}, given).reasons == ()
    assert len(verdict({"shape": [1, 1], "findings": ["echo"]}, given).reasons) == 2


def test_a_file_that_does_not_load_has_its_findings_too():
    expect = Expect.model_validate({"findings": ["load-corrupt"]})
    assert load_verdict(expect, ("load-corrupt",) * 2, "truncated").checked == ("findings: load-corrupt",)
    assert load_verdict(expect, ("load-format",), "truncated").reasons


@pytest.mark.parametrize(
    ("code", "found", "part"),
    [
        ("load-legacy", ("load-legacy", "load-compile"), "checked"),
        ("load-legacy", ("load-corrupt",), "reasons"),
        ("load-legacy", (), "reasons"),
        ("input-rank", ("load-corrupt",), "not_checked"),
        (None, ("load-corrupt",), "not_checked"),
    ],
)
def test_models_that_do_not_load(code, found, part):
    told = load_verdict(Expect(error=code) if code else None, found, "truncated")
    assert [name for name in ("checked", "reasons", "not_checked") if getattr(told, name)] == [part]
