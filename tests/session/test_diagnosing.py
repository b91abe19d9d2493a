"""Checks on a session: begun, told finding by finding, walked through, tried as edits, kept over undo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lstm_tui.arrays.reshape import AddAxis
from lstm_tui.checks.finding import Diagnosis, Finding, Fix, Place, Proof
from lstm_tui.recurrent.calls import Alteration, Predict, ResetStates
from lstm_tui.recurrent.recording import Array
from lstm_tui.scenario.actions import OnInput
from lstm_tui.session import commands as c
from lstm_tui.session.diagnosing import (
    checkup_key,
    chosen_finding,
    finding_in_view,
    fix_edits,
    shown_checkup,
    subject_of,
    tried_finding,
)
from lstm_tui.session.edits import Material, PredictAgain, ReplaceCalls
from lstm_tui.session.effects import Announce, StartDiagnosis, StartRun
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session, update
from lstm_tui.session.view import comparison
from tests.session.hand_made import arrived, gold, run_of

CARRYOVER = Finding(
    "state-carryover",
    "error",
    "five calls differ",
    layer="lstm_1",
    fix=Fix("Reset.", calls=(ResetStates(), Predict())),
    proof=Proof("difference", 0.7, 0.0),
    place=Place(layer="lstm_1", step=3, unit=2),
    weight=0.9,
)
SCALE = Finding("input-scale", "warning", "feature 1 is off", place=Place(layer="gru_1", step=-1))
NAN = replace(CARRYOVER, code="input-nan", summary="NaN at 4", fix=Fix("Fill it."), weight=1.0)


def after(session: Session, *commands: c.Command) -> Session:
    for command in commands:
        session, _ = update(session, command)
    return session


def checked(session: Session, *findings: Finding) -> Session:
    session = after(session, c.RunChecks())
    return after(session, c.DiagnosisArrived(checkup_key(session), Diagnosis((), findings)))


def test_the_checks_are_asked_for_with_all_that_is_known(x: Array) -> None:
    material = Material(
        inputs={"x": x}, reference={"x": x}, target=np.ones((1, 1)), expected_shape=(1, 1), calls_given=True
    )
    session = arrived(open_session(gold(), material)[0])
    session, (effect,) = update(session, c.RunChecks())
    assert isinstance(effect, StartDiagnosis)
    assert effect.key == checkup_key(session)
    assert effect.subject.expected_shape == (1, 1)
    assert effect.subject.calls_given
    assert list(effect.subject.reference) == ["x"]
    assert effect.subject.plan.target is material.target


def test_one_predict_is_no_history_and_a_second_one_is(session: Session) -> None:
    assert not subject_of(session).calls_given
    assert subject_of(after(session, c.MakeEdits((PredictAgain(),)))).calls_given


def test_without_an_input_the_model_alone_is_checked() -> None:
    _, effects = update(open_session(gold())[0], c.RunChecks())
    assert isinstance(effects[0], StartDiagnosis)
    assert not effects[0].subject.plan.calls


def test_a_model_that_is_not_loaded_cannot_be_checked(x: Array) -> None:
    session = open_session(gold(from_keras=False), Material(inputs={"x": x}))[0]
    same, (effect,) = update(session, c.RunChecks())
    assert isinstance(effect, Announce)
    assert same is session


def test_findings_stand_in_order_of_weight_as_they_are_found(session: Session) -> None:
    session = after(session, c.RunChecks())
    key = checkup_key(session)
    session = after(session, c.FindingArrived(key, SCALE), c.FindingArrived(key, CARRYOVER))
    checkup = shown_checkup(session)
    assert checkup is not None and checkup.running
    assert [each.code for each in checkup.findings] == ["state-carryover", "input-scale"]


def test_the_chosen_finding_stays_chosen_while_others_come(session: Session) -> None:
    session = after(session, c.RunChecks())
    key = checkup_key(session)
    session = after(session, c.FindingArrived(key, CARRYOVER), c.MoveFinding(1), c.FindingArrived(key, NAN))
    assert session.cursor.finding == 1
    told = replace(CARRYOVER, evidence={"consequences": ("x",)})
    session = after(session, c.DiagnosisArrived(key, Diagnosis((), (told,))))
    assert chosen_finding(session) is told
    assert not shown_checkup(session).running  # type: ignore[union-attr]


def test_running_or_answered_checks_are_not_begun_again(session: Session) -> None:
    running = after(session, c.RunChecks())
    assert [type(each) for each in update(running, c.RunChecks())[1]] == [Announce]
    done = checked(session, SCALE)
    assert "1 finding" in update(done, c.RunChecks())[1][0].text  # type: ignore[union-attr]
    stopped = after(running, c.DiagnosisArrived(checkup_key(running), "stopped"))
    assert shown_checkup(stopped).stopped == "stopped"  # type: ignore[union-attr]
    assert isinstance(update(stopped, c.RunChecks())[1][0], StartDiagnosis)


def test_walking_through_findings_goes_where_they_show(session: Session) -> None:
    session = after(checked(session, CARRYOVER, SCALE), c.MoveFinding(1))
    cursor = session.cursor
    assert (cursor.layer, cursor.step, cursor.unit, cursor.finding) == ("lstm_1", 3, 2, 0)
    session = after(session, c.MoveFinding(1))
    cursor = session.cursor
    assert (cursor.layer, cursor.step, cursor.unit, cursor.finding) == ("gru_1", 9, None, 1)
    assert after(session, c.MoveFinding(1)).cursor.finding == 0
    assert after(session, c.MoveFinding(-1)).cursor.finding == 0


def test_a_finding_shows_in_its_call_and_its_sample(session_of_two: Session) -> None:
    session = arrived(after(session_of_two, c.MakeEdits((PredictAgain(),))))
    there = replace(SCALE, place=Place(call=0, sample=1, series="c", layer="lstm_1"))
    session, effects = update(checked(session, there), c.MoveFinding(1))
    assert session.plan is not None
    assert session.plan.run.record == 0
    assert (session.cursor.sample, session.cursor.series) == (1, "c")
    assert isinstance(effects[0], StartRun)
    assert chosen_finding(session) is there


def test_a_place_outside_of_the_recording_is_brought_inside(session: Session) -> None:
    lost = replace(SCALE, place=Place(layer="nowhere", step=99, unit=99, sample=7))
    cursor = after(checked(session, lost), c.MoveFinding(1)).cursor
    assert (cursor.layer, cursor.step, cursor.sample) == ("lstm_1", 9, 0)


def test_nothing_found_is_said(session: Session) -> None:
    assert "d runs" in update(session, c.MoveFinding(1))[1][0].text  # type: ignore[union-attr]
    assert "nothing" in update(checked(session), c.MoveFinding(1))[1][0].text  # type: ignore[union-attr]


def test_a_fix_is_an_edit_and_undo_brings_the_findings_back(session: Session) -> None:
    session = after(checked(session, CARRYOVER), c.MoveFinding(1))
    tried, effects = update(session, c.TryFix())
    assert isinstance(effects[0], StartRun)
    assert tried.plan is not None
    assert [type(call) for call in tried.plan.run.calls] == [ResetStates, Predict]
    assert shown_checkup(tried) is None
    assert tried_finding(tried) is CARRYOVER
    assert finding_in_view(tried) is CARRYOVER
    assert tried.before == session.key
    back = after(tried, c.Undo())
    assert shown_checkup(back) is not None
    assert tried_finding(back) is None
    assert tried_finding(after(back, c.Redo())) is CARRYOVER


def test_one_call_shows_no_carried_state_so_a_second_one_is_made_before_the_fix(session: Session) -> None:
    fix = Fix("Reset.", calls=(Predict(), ResetStates(), Predict()), fault=(Predict(), Predict()))
    tried, effects = update(checked(session, replace(CARRYOVER, fix=fix)), c.TryFix())
    asked = [effect.plan for effect in effects if isinstance(effect, StartRun)]
    assert [len(plan.calls) for plan in asked] == [2, 3], "both are run, the one that goes wrong first"
    assert tried.before == asked[0].key
    assert comparison(tried) is None
    for plan, value in zip(asked, (0.7, 0.5), strict=True):
        tried = after(tried, c.RunArrived(run_of(plan, value)))
    change = comparison(tried)
    assert change is not None and change.largest == pytest.approx(0.2)
    assert tried_finding(tried) is not None
    fault = after(tried, c.Undo())
    assert fault.plan is not None and len(fault.plan.run.calls) == 2
    assert shown_checkup(after(fault, c.Undo())) is not None


def test_a_fix_for_ones_own_code_is_told(session: Session) -> None:
    same, (effect,) = update(checked(session, NAN), c.TryFix())
    assert isinstance(effect, Announce)
    assert "Fill it." in effect.text
    assert not same.history.done


@pytest.mark.parametrize(
    ("fix", "edits"),
    [
        (Fix("", actions=(AddAxis(0),)), (AddAxis(0),)),
        (Fix("", actions=(AddAxis(0),), input_name="x"), (OnInput("x", AddAxis(0)),)),
        (Fix("", alterations=(a := Alteration("lstm", (("stateful", False),)),)), (a,)),
        (Fix("only words"), ()),
    ],
)
def test_what_can_be_tried(fix: Fix, edits: tuple[object, ...]) -> None:
    assert fix_edits(replace(SCALE, fix=fix)) == edits


def test_other_calls_are_what_is_saved(session: Session) -> None:
    session = after(checked(session, CARRYOVER), c.TryFix())
    assert isinstance(session.history.done[0], ReplaceCalls)
    assert session.history.actions == ()


def test_findings_belong_to_the_plan_and_to_the_wish(session: Session) -> None:
    session = checked(session, CARRYOVER)
    assert shown_checkup(after(session, c.WantShape((1, 5)))) is None
    assert shown_checkup(after(session, c.WantShape((1, 5)), c.WantShape(None))) is not None
    elsewhere = after(session, c.MakeEdits((PredictAgain(),)))
    assert shown_checkup(elsewhere) is None
    assert shown_checkup(after(elsewhere, c.Undo())) is not None


def test_a_late_answer_is_kept_under_its_own_question(session: Session) -> None:
    session = after(session, c.RunChecks())
    key = checkup_key(session)
    session = after(session, c.MakeEdits((PredictAgain(),)), c.DiagnosisArrived(key, Diagnosis((), (SCALE,))))
    assert shown_checkup(session) is None
    assert shown_checkup(after(session, c.Undo())).findings == (SCALE,)  # type: ignore[union-attr]


def test_looking_at_another_call_keeps_the_findings(session: Session) -> None:
    session = arrived(after(session, c.MakeEdits((PredictAgain(),))))
    session = after(checked(session, SCALE), c.MoveCall(-1))
    assert shown_checkup(session) is not None
