"""The case that is shown, made small: asked for, told, taken up as an edit, taken back, saved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.arrays.reshape import AddAxis
from lstm_tui.checks.finding import Diagnosis, Finding
from lstm_tui.engine.protocol import Answered
from lstm_tui.performing.saving import save_session
from lstm_tui.recurrent.calls import Predict, StateReset
from lstm_tui.recurrent.recording import Array
from lstm_tui.session import commands as c
from lstm_tui.session.diagnosing import checkup_key
from lstm_tui.session.edits import Material, PredictAgain, ReplaceCalls
from lstm_tui.session.effects import Announce, StartRun, StartShrink, StopShrink
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session, update
from lstm_tui.shrinking.driving import Shrunk
from lstm_tui.shrinking.target import Target
from lstm_tui.tui.side_requests import SideRequests
from tests.session.hand_made import arrived, gold

FOUND = Finding("state-carryover", "error", "five calls differ", layer="lstm_1")
SCALE = Finding("input-scale", "warning", "feature 1 is off")
ECHO = Finding("echo", "info", "…")


def after(session: Session, *commands: c.Command) -> Session:
    for command in commands:
        session, _ = update(session, command)
    return session


def checked(session: Session, *findings: Finding) -> Session:
    session = after(session, c.RunChecks())
    return after(session, c.DiagnosisArrived(checkup_key(session), Diagnosis((), findings)))


def begun(session: Session) -> tuple[Session, StartShrink]:
    session, (wish,) = update(session, c.Shrink())
    assert isinstance(wish, StartShrink)
    return session, wish


def small(wish: StartShrink, **parts: object) -> Shrunk:
    """The last two steps of the input, one call, from random states."""
    x = wish.subject.plan.inputs["x"][:, -2:]
    plan = replace(
        wish.subject.plan, inputs={"x": x}, calls=(Predict(),), record=0, resets=(StateReset(to="random"),)
    )
    return Shrunk(wish.subject, replace(wish.subject, plan=plan), Target(FOUND, ()), 9, "smallest", ())


@pytest.mark.parametrize(
    ("findings", "said"), [(None, "first d"), ([ECHO], "nothing was found above info"), ([], "nothing")]
)
def test_there_must_be_a_finding_to_keep(session: Session, findings: list[Finding] | None, said: str):
    if findings is not None:
        session = checked(session, *findings)
    _, (told,) = update(session, c.Shrink())
    assert isinstance(told, Announce) and said in told.text


def test_the_finding_under_the_cursor_is_kept_else_the_first(session: Session):
    session = checked(session, FOUND, SCALE)
    assert begun(session)[1].finding is FOUND
    wish = begun(after(session, c.MoveFinding(1), c.MoveFinding(1)))[1]
    assert (wish.finding, wish.codes) == (SCALE, ("state-carryover", "input-scale"))


def test_it_is_told_how_far_it_is_and_the_same_key_ends_it(session: Session):
    session, wish = begun(checked(session, FOUND))
    session = after(session, c.ShrinkProgressed(wish.key, "3 cases tried: timesteps 10 → 2"))
    assert session.inquiry.shrunk_so_far == "3 cases tried: timesteps 10 → 2"
    assert update(session, c.Shrink())[1] == (StopShrink(wish.key),)
    assert after(session, c.ShrinkProgressed("another", "…")).inquiry.shrunk_so_far.startswith("3 cases")


def test_the_small_case_is_one_edit_that_undo_takes_back(session: Session, x: Array):
    session = after(session, c.MakeEdits((PredictAgain(),)))
    session, wish = begun(checked(arrived(session), FOUND))
    there, effects = update(session, c.ShrinkArrived(wish.key, small(wish)))
    assert [array.shape for array in there.plan.run.inputs.values()] == [(1, 2, 2)]
    assert (len(there.plan.run.calls), there.plan.run.resets[0].to) == (1, "random")
    assert there.inquiry.shrinking == ""
    assert any(isinstance(effect, StartRun) for effect in effects)
    (told,) = (effect.text for effect in effects if isinstance(effect, Announce))
    assert (
        told
        == "Small: timesteps 10 → 2, calls 2 → 1, numbers in all arrays 20 → 4. u takes it back, w saves it."
    )
    back = after(there, c.Undo())
    assert back.plan.run.key == session.plan.run.key and back.material is session.material
    again = after(back, c.Redo())
    assert again.plan.run.key == there.plan.run.key
    assert len(after(again, c.MakeEdits((ReplaceCalls((Predict(), Predict())),))).plan.run.calls) == 2


def test_an_answer_that_comes_too_late_or_takes_nothing_away_changes_nothing(session: Session):
    session, wish = begun(checked(session, FOUND))
    moved = after(session, c.MakeEdits((PredictAgain(),)))
    late, (told,) = update(moved, c.ShrinkArrived(wish.key, small(wish)))
    assert late.plan is moved.plan and "not what is shown" in told.text
    same = Shrunk(wish.subject, wish.subject, Target(FOUND, ()), 9, "smallest", ())
    assert "small already" in update(session, c.ShrinkArrived(wish.key, same))[1][0].text
    assert update(session, c.ShrinkArrived(wish.key, "stopped"))[1][0].text == "stopped"
    assert update(session, c.ShrinkArrived("another", small(wish)))[1] == ()


def test_a_small_case_is_saved_with_its_arrays_and_without_what_it_took_in(tmp_path: Path, x: Array):
    model = tmp_path / "gold.keras"
    model.touch()
    session = arrived(open_session(replace(gold(), path=model), Material(inputs={"x": x[0]}))[0])
    session = arrived(after(session, c.MakeEdits((AddAxis(0),))))
    session, wish = begun(checked(session, FOUND))
    session = after(session, c.ShrinkArrived(wish.key, small(wish)))
    save_session(session, tmp_path / "small.yaml")
    from lstm_tui.scenario.loading import load_scenario
    from lstm_tui.scenario.reading import read_scenario

    saved = load_scenario(read_scenario(tmp_path / "small.yaml"))
    (array,) = saved.inputs.values()
    assert np.array_equal(array, x[:, -2:])
    (action,) = saved.actions
    assert isinstance(action, StateReset) and action.to == "random"


# --- the conversation with the engine


def test_the_search_is_asked_case_by_case_and_ended_with_the_best_so_far(session: Session):
    _, wish = begun(checked(session, FOUND))
    side = SideRequests()
    assert side.wish(wish) is None
    question = side.next()
    assert question is not None and "state-carryover" in question.codes
    assert side.found(FOUND) == []
    (said,) = side.answered(Answered(1, Diagnosis((), (FOUND,))))
    assert said == c.ShrinkProgressed(wish.key, "1 tried: timesteps 10 → 1, numbers in all arrays 20 → 2")
    assert side.next() is not None
    (ended,) = side.end_search(wish.key)
    assert isinstance(ended, c.ShrinkArrived) and ended.shrunk.ended == "stopped"
    assert ended.shrunk.smallest.plan.inputs["x"].shape == (1, 1, 2)
    assert side.next() is None


def test_a_case_that_kills_the_engine_is_not_the_smaller_one_and_the_search_goes_on(session: Session):
    _, wish = begun(checked(session, FOUND))
    side = SideRequests()
    side.wish(wish)
    side.next()
    (said,) = side.died("killed", given_up=True)
    assert isinstance(said, c.ShrinkProgressed) and "nothing taken away" in said.words
    assert side.next() is not None


def test_the_search_gives_way_to_a_run(session: Session):
    _, wish = begun(checked(session, FOUND))
    side = SideRequests()
    side.wish(wish)
    (said,) = side.checks_give_way()
    assert isinstance(said, c.ShrinkArrived) and "stopped" in said.shrunk
    assert side.next() is None
