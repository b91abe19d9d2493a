"""What each command makes of a session: cursor, history, plans, and what is asked of the engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.arrays.rescale import Rescale
from lstm_tui.arrays.reshape import AddAxis, Pad, Select
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import Predict, ResetStates, StateReset
from lstm_tui.recurrent.recording import Array
from lstm_tui.session import commands as c
from lstm_tui.session.edits import Material, PredictAgain, ResetBeforeEachCall
from lstm_tui.session.effects import Announce, Effect, StartGradients, StartRun
from lstm_tui.session.state import KEPT_RUNS, EngineState, Refusal, Session
from lstm_tui.session.update import open_session, update
from lstm_tui.session.view import comparison, output_view, shown_trace, timesteps
from tests.session.hand_made import arrived, run_of


def after(session: Session, *commands: c.Command) -> Session:
    for command in commands:
        session, _ = update(session, command)
    return session


def test_a_bare_model_asks_for_nothing(facts: ModelFacts) -> None:
    session, effects = open_session(facts)
    assert effects == ()
    assert session.plan is None


def test_a_plan_is_asked_for_once_keras_knows_the_model(facts: ModelFacts, x: Array) -> None:
    session, effects = open_session(replace(facts, from_keras=False), Material(inputs={"x": x}))
    assert effects == ()
    session, effects = update(session, c.ModelLoaded(facts))
    assert [type(effect) for effect in effects] == [StartRun]
    assert effects[0].plan.key == session.key  # type: ignore[union-attr]


def test_steps_stay_within_the_sequence(session: Session) -> None:
    assert after(session, c.MoveStep(-1)).cursor.step == 0
    assert after(session, c.MoveStep(3), c.MoveStep(100)).cursor.step == 9
    assert after(session, c.GoToStep(-1)).cursor.step == 9
    assert after(session, c.GoToStep(-1), c.GoToStep(4)).cursor.step == 4


def test_moving_about_never_asks_the_engine(session: Session) -> None:
    moves = [
        c.MoveStep(1), c.GoToStep(5), c.MoveLayer(1), c.MoveSeries(1), c.MoveUnit(1), c.ChooseUnit(None),
        c.MoveSample(1), c.ChooseLayer("gru_1"),
    ]  # fmt: skip
    for move in moves:
        session, effects = update(session, move)
        assert effects == ()


def test_the_series_follows_the_layer(session: Session) -> None:
    on_cell_state = after(session, c.MoveSeries(1))
    assert on_cell_state.cursor.series == "c"
    on_gru = after(on_cell_state, c.MoveLayer(1))
    assert on_gru.cursor.layer == "gru_1"
    assert on_gru.cursor.series == "h"


def test_a_unit_beyond_the_next_layer_is_moved_into_it(session: Session) -> None:
    last = after(session, c.MoveUnit(-1))
    assert last.cursor.unit == 3
    assert after(last, c.MoveLayer(1)).cursor.unit == 2


def test_from_the_most_active_units_to_the_first(session: Session) -> None:
    assert after(session, c.MoveUnit(1)).cursor.unit == 0
    assert after(session, c.MoveUnit(1), c.ChooseUnit(None)).cursor.unit is None


def test_an_edit_asks_for_a_new_run_and_undo_finds_the_old_one(session: Session) -> None:
    before = session.key
    edited, effects = update(session, c.MakeEdits((Pad(20),)))
    assert isinstance(effects[0], StartRun)
    assert effects[0].plan.inputs["x"].shape == (1, 20, 2)
    undone, effects = update(arrived(edited), c.Undo())
    assert effects == ()
    assert undone.key == before
    assert undone.run is session.run
    redone, effects = update(undone, c.Redo())
    assert effects == ()
    assert timesteps(redone) == 20


def test_an_edit_that_does_not_fit_changes_nothing_and_says_why(session: Session) -> None:
    same, effects = update(session, c.MakeEdits((Select((7,)),)))
    assert same is session
    assert isinstance(effects[0], Announce)
    assert effects[0].severity == "error"
    assert "7" in effects[0].text


def test_a_late_answer_does_not_replace_a_newer_view(session: Session) -> None:
    edited = after(session, c.MakeEdits((Pad(20),)))
    assert edited.plan is not None
    late = run_of(edited.plan.run)
    undone = after(edited, c.Undo(), c.RunArrived(late))
    assert undone.run is session.run
    assert after(undone, c.Redo()).run is late


def test_one_more_call_keeps_those_before_it(session: Session) -> None:
    twice = after(session, c.MakeEdits((PredictAgain(),)))
    assert twice.plan is not None
    assert [type(call) for call in twice.plan.run.calls] == [Predict, Predict]
    assert twice.plan.run.record == 1


def test_a_reset_before_each_call_stands_before_each_call(session: Session) -> None:
    edited = after(session, c.MakeEdits((PredictAgain(),)), c.MakeEdits((ResetBeforeEachCall(),)))
    assert edited.plan is not None
    assert [type(call) for call in edited.plan.run.calls] == [ResetStates, Predict, ResetStates, Predict]
    again = after(edited, c.MakeEdits((ResetBeforeEachCall(),)))
    assert again.plan is not None
    assert len(again.plan.run.calls) == 4


def test_another_call_is_another_recording_of_the_same_plan(session: Session) -> None:
    twice = arrived(after(session, c.MakeEdits((PredictAgain(),))))
    first, effects = update(twice, c.MoveCall(-1))
    assert isinstance(effects[0], StartRun)
    assert effects[0].plan.record == 0
    assert first.key != twice.key
    assert after(arrived(first), c.MoveCall(1)).run is twice.run


def test_before_and_after_of_the_last_edit(session: Session) -> None:
    edited = arrived(after(session, c.MakeEdits((StateReset(to="random"),))), value=0.75)
    change = comparison(edited)
    assert change is not None
    assert change.largest == pytest.approx(0.25)
    assert comparison(session) is None


def test_an_inverse_rescale_is_done_to_the_output_alone(session: Session) -> None:
    back = Rescale("standard", np.array(100.0), np.array(10.0), inverse=True)
    edited, effects = update(session, c.MakeEdits((back,)))
    assert edited.plan is not None
    assert edited.plan.run.inputs["x"] is session.plan.run.inputs["x"]  # type: ignore[union-attr]
    assert effects == (), "the same run serves: only what is shown of it changes"
    view = output_view(edited)
    assert view is not None
    assert view.final == pytest.approx([105.0])


def test_unsaved_until_saved(session: Session) -> None:
    assert not session.unsaved
    edited = after(session, c.MakeEdits((Pad(20),)))
    assert edited.unsaved
    assert not after(edited, c.Undo()).unsaved
    assert not after(edited, c.Saved(edited.model.path)).unsaved


def test_a_refused_plan_keeps_its_reason(session: Session) -> None:
    edited = after(session, c.MakeEdits((Pad(20),)))
    refused = after(
        edited, c.RunRefused(edited.key, Refusal("too large")), c.EngineSaid(EngineState("ready"))
    )
    assert refused.refusal == Refusal("too large")
    assert shown_trace(refused) is None


def test_old_runs_are_let_go_and_the_present_one_is_kept(session: Session) -> None:
    for length in range(11, 11 + 2 * KEPT_RUNS):
        session = arrived(after(session, c.MakeEdits((Pad(length),))))
        assert session.run is not None
    assert len(session.runs) == KEPT_RUNS


def test_opening_another_input_keeps_the_edits(session: Session) -> None:
    edited = after(session, c.MakeEdits((Pad(20),)))
    other = after(edited, c.OpenInputs({"x": np.zeros((1, 4, 2), np.float32)}, "zeros"))
    assert other.plan is not None
    assert other.plan.run.inputs["x"].shape == (1, 20, 2)
    assert other.story.input_source == "zeros"


def test_an_input_that_breaks_an_edit_is_not_taken(session: Session) -> None:
    edited = after(session, c.MakeEdits((AddAxis(0),)), c.MakeEdits((Select((1,)),)))
    same, effects = update(edited, c.OpenInputs({"x": np.zeros((1, 4, 1), np.float32)}, "narrow"))
    assert isinstance(effects[0], Announce)
    assert same.material is edited.material


_MOVES = st.one_of(
    st.integers(-30, 30).map(c.MoveStep),
    st.integers(-30, 30).map(c.GoToStep),
    st.integers(-3, 3).map(c.MoveLayer),
    st.integers(-7, 7).map(c.MoveSeries),
    st.integers(-9, 9).map(c.MoveUnit),
    st.integers(-3, 3).map(c.MoveSample),
    st.just(c.Undo()),
    st.just(c.Redo()),
    st.integers(11, 14).map(lambda length: c.MakeEdits((Pad(length),))),
)


@given(st.lists(_MOVES, max_size=25))
def test_wherever_one_goes_there_is_something_under_the_cursor(
    session_of_two: Session, moves: list[c.Command]
) -> None:
    session = session_of_two
    for move in moves:
        session, effects = update(session, move)
        if any(isinstance(effect, StartRun) for effect in effects):
            session = arrived(session)
        trace = shown_trace(session)
        assert trace is not None
        assert session.cursor.series in trace.steps
        assert 0 <= session.cursor.step < trace.timesteps
        assert 0 <= session.cursor.sample < trace.batch
        assert session.cursor.unit is None or 0 <= session.cursor.unit < trace.units


def test_a_lens_is_put_on_and_taken_off(session: Session) -> None:
    on = after(session, c.ChooseLens("origins"))
    assert on.cursor.lens == "origins"
    assert after(on, c.ChooseLens("origins")).cursor.lens == "states"


def test_gradients_are_asked_for_only_by_who_looks_at_them(session: Session) -> None:
    looking, effects = update(session, c.ChooseLens("gradients"))
    assert [type(effect) for effect in effects] == [StartGradients]
    told = after(looking, c.GradientsArrived(looking.key, "no"))
    again, effects = update(after(told, c.ChooseLens("gradients")), c.ChooseLens("gradients"))
    assert effects == (), "what is known is not asked again"
    edited = arrived_with_effects(after(again, c.MakeEdits((Pad(20),))))
    assert [type(effect) for effect in edited] == [StartGradients]


def arrived_with_effects(session: Session) -> tuple[Effect, ...]:
    assert session.plan is not None
    return update(session, c.RunArrived(run_of(session.plan.run)))[1]


def test_what_one_answer_made_is_undone_at_once(session: Session) -> None:
    edited = after(session, c.MakeEdits((Pad(20), Select((0, 1)))))
    assert len(edited.history.done) == 2
    assert after(edited, c.Undo()).history.done == ()
    assert len(after(edited, c.Undo(), c.Redo()).history.done) == 2
