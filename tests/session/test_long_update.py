"""A recording that comes in stretches: what is asked when, what is shown of it, and what interrupts it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_tui.arrays.reshape import Keep
from lstm_tui.recurrent.calls import CallFailure, CallOutcome
from lstm_tui.recurrent.cells import GRU, LSTM
from lstm_tui.recurrent.window import Window
from lstm_tui.session import commands as c
from lstm_tui.session.edits import Material, PredictAgain
from lstm_tui.session.effects import Announce, OpenLongCall, StartGradients, StartRun, StartStretch
from lstm_tui.session.long_recording import MARGIN
from lstm_tui.session.shape_choice import shown_shapes
from lstm_tui.session.state import Refusal, Session
from lstm_tui.session.update import open_session, update
from lstm_tui.session.view import (
    is_there,
    output_view,
    shown_outcome,
    shown_trace,
    timeline,
    timesteps,
    why_not_there,
)
from tests.session import hand_made
from tests.session.hand_made import arrived, gold
from tests.session.long_made import MEMORY, STEPS, Engine, call, opened, series, stretch


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def session(engine: Engine) -> Session:
    return opened(engine)


def test_a_call_that_is_too_large_is_not_run_but_opened(engine: Engine, session: Session) -> None:
    (asked,) = engine.asked
    assert isinstance(asked, OpenLongCall)
    assert asked.plan.timesteps == STEPS
    assert asked.head["x"].shape == (1, asked.plan.head, 2), "not the whole input"
    assert asked.before.inputs == {}
    assert session.run is None


def test_one_stretch_is_asked_for_when_the_last_one_has_come(engine: Engine, session: Session) -> None:
    session = engine.answer(session)
    assert [wish.keep for wish in engine.waiting] == ["bins"]  # type: ignore[union-attr]
    session = engine.answer(session)
    assert session.long is not None
    assert 0 < session.long.recorded < STEPS
    kinds = [wish.keep for wish in engine.waiting]  # type: ignore[union-attr]
    assert sorted(kinds) == ["bins", "steps"], "the steps under the cursor, and the next stretch"


def test_everything_is_recorded_in_the_end(engine: Engine, session: Session) -> None:
    session = engine.answer_all(session)
    assert session.long is not None and session.long.is_whole
    outcome = shown_outcome(session)
    assert outcome is not None
    np.testing.assert_array_equal(outcome.outputs["y"], series("output", "y", 1, Window(STEPS - 1, STEPS)))
    starts = [
        each.of.start for each in engine.asked if isinstance(each, StartStretch) and each.keep == "bins"
    ]
    assert starts == sorted(set(starts)), "nothing twice"


def test_each_stretch_starts_from_the_border_that_the_last_one_left(engine: Engine, session: Session) -> None:
    session = engine.answer_all(session)
    for asked in engine.asked:
        if isinstance(asked, StartStretch):
            border = asked.of.border
            at = 0 if border is None else border["lstm_1/h"].flat[0]
            assert at == asked.of.start


def test_any_step_is_shown_once_its_window_is_there(engine: Engine, session: Session) -> None:
    session = engine.answer_all(session)
    for step in (0, 3000, STEPS - 1, 17):
        session = engine.does(session, c.GoToStep(step))
        session = engine.answer_all(session)
        assert is_there(session)
        trace = shown_trace(session)
        assert trace is not None
        assert trace.timesteps == STEPS
        np.testing.assert_array_equal(
            trace.at("c", 0, step), series("lstm_1", "c", 4, Window(step, step + 1))[0]
        )
        near = Window(max(step - MARGIN, 0), min(step + MARGIN, STEPS))
        assert trace.kept.start <= near.start and near.stop <= trace.kept.stop


def test_walking_within_a_window_asks_for_nothing(engine: Engine, session: Session) -> None:
    session = engine.answer_all(engine.does(engine.answer_all(session), c.GoToStep(3000)))
    count = len(engine.asked)
    trace = shown_trace(session)
    for _ in range(20):
        session = engine.does(session, c.MoveStep(1))
    assert len(engine.asked) == count
    assert shown_trace(session) is trace, "the same value, so that nothing is drawn anew"


def test_before_its_window_has_come_a_step_is_waited_for(engine: Engine, session: Session) -> None:
    session = engine.answer_all(session)
    session = engine.does(session, c.GoToStep(4000))
    assert not is_there(session)
    assert "Fetching" in why_not_there(session)
    assert timesteps(session) == STEPS


def test_a_step_that_is_not_recorded_yet_says_so(engine: Engine, session: Session) -> None:
    session = engine.answer(engine.answer(session))
    session = engine.does(session, c.GoToStep(-1))
    assert session.cursor.step == STEPS - 1
    assert "not recorded yet" in why_not_there(session)
    session = engine.answer_all(session)
    assert is_there(session), "it comes by itself"


def test_the_latest_of_many_jumps_is_what_is_asked(engine: Engine, session: Session) -> None:
    session = engine.answer_all(session)
    for step in (1000, 2000, 3000, 5000):
        session = engine.does(session, c.GoToStep(step))
    session = engine.answer_all(session)
    assert is_there(session)


def test_to_stop_is_not_to_ask_again(engine: Engine, session: Session) -> None:
    session = engine.answer(engine.answer(session))
    session = engine.does(session, c.ToggleRecording())
    session = engine.answer_all(session)
    assert session.long is not None
    there = session.long.recorded
    assert there < STEPS
    assert is_there(engine.answer_all(engine.does(session, c.GoToStep(there - 1))))
    session = engine.does(session, c.GoToStep(-1))
    assert "x goes on" in why_not_there(session)
    session = engine.answer_all(engine.does(session, c.ToggleRecording()))
    assert session.long is not None and session.long.is_whole
    _, effects = update(session, c.ToggleRecording())
    assert isinstance(effects[0], Announce), "there is nothing to stop"


def test_questions_that_need_all_steps_at_once_are_refused_with_the_way_out(
    engine: Engine, session: Session
) -> None:
    session = engine.answer(session)
    session = replace(session, model=replace(session.model, from_keras=True))
    asked = len(engine.asked)
    _, effects = update(session, c.RunChecks())
    (said,) = effects
    assert isinstance(said, Announce)
    assert "S takes a part" in said.text
    session = engine.does(session, c.ChooseLens("shapes"))
    assert len(engine.asked) == asked
    assert "S takes a part" in str(shown_shapes(session))


def test_what_is_refused_can_be_asked_again(engine: Engine, session: Session) -> None:
    session = engine.answer(engine.answer(session))
    engine.waiting.clear()
    session = engine.does(session, c.StretchRefused(session.key, Refusal("The engine ended twice")))
    assert session.long is not None and not session.long.running
    session = engine.does(session, c.GoToStep(-1))
    assert "ended twice" in why_not_there(session)
    session = engine.answer_all(engine.does(session, c.ToggleRecording()))
    assert session.long is not None and session.long.is_whole


def test_a_new_engine_is_asked_from_the_last_border(engine: Engine, session: Session) -> None:
    session = engine.answer(engine.answer(session))
    assert session.long is not None
    recorded = session.long.recorded
    engine.waiting.clear()
    session = engine.does(session, c.AskAgain())
    starts = [wish.of.start for wish in engine.waiting if wish.keep == "bins"]  # type: ignore[union-attr]
    assert starts == [recorded]
    session = engine.answer_all(session)
    assert session.long is not None and session.long.is_whole


def test_a_new_plan_drops_the_old_recording(engine: Engine, session: Session) -> None:
    session = engine.answer(engine.answer(session))
    late = engine.waiting.pop()
    assert isinstance(late, StartStretch)
    short = engine.does(session, c.MakeEdits((Keep(100),)))
    assert short.long is None
    assert isinstance(engine.asked[-1], StartRun)
    after = engine.does(short, c.StretchArrived(late.key, stretch(late.plan, late)))
    assert after.long is None
    back = engine.does(arrived(short), c.Undo())
    assert isinstance(engine.asked[-1], OpenLongCall), "it is recorded anew"
    assert back.key == session.key


def test_the_calls_before_it_go_along_with_their_inputs(engine: Engine, session: Session) -> None:
    engine.does(session, c.MakeEdits((PredictAgain(),)))
    asked = engine.asked[-1]
    assert isinstance(asked, OpenLongCall)
    assert len(asked.before.calls) == 1
    assert asked.before.inputs["x"].shape == (1, STEPS, 2)


def test_what_cannot_be_cut_is_said_with_the_way_out(session: Session) -> None:
    engine = Engine(call(refused="bidirectional/backward_lstm reads the sequence backwards"))
    session = engine.answer(opened(engine))
    assert session.long is None
    assert session.run is not None
    assert "backwards" in session.run.recording_note
    assert "`last: " in session.run.recording_note
    assert not engine.waiting


def test_of_a_batch_that_cannot_be_cut_one_sample_is_kept() -> None:
    engine = Engine(call(refused="it looks ahead"))
    session = opened(engine, steps=3000, rows=40, memory=MEMORY)
    assert session.keeping is not None and session.keeping.what in {"stretches", "sample"}
    if session.keeping.what == "stretches":
        session = engine.does(session, c.LongOpened(session.key, engine.known))
    asked = engine.asked[-1]
    assert isinstance(asked, StartRun)
    assert asked.plan.sample == 0


def test_a_call_that_fails_is_shown_as_a_failure() -> None:
    failed = CallOutcome("predict", failure=CallFailure("lstm_1", "ValueError", "no"))
    engine = Engine(call(refused="it does not run", outcomes=(failed,)))
    session = engine.answer(opened(engine))
    assert shown_outcome(session) is failed


def test_another_sample_is_another_recording() -> None:
    engine = Engine()
    session = engine.answer(engine.answer(opened(engine, rows=3)))
    first = session.key
    session = engine.does(session, c.MoveSample(1))
    assert session.cursor.sample == 1
    assert session.key != first
    asked = engine.asked[-1]
    assert isinstance(asked, OpenLongCall)
    assert asked.plan.sample == 1
    assert asked.head["x"].shape[0] == 3, "it is run in its batch"


def test_windows_stay_within_their_share_of_the_memory(engine: Engine, session: Session) -> None:
    session = engine.answer_all(session)
    for step in range(0, STEPS, 400):
        session = engine.answer_all(engine.does(session, c.GoToStep(step)))
    assert session.long is not None
    kept = sum(
        values.nbytes for window in session.long.windows for trace in window.layers
        for values in trace.steps.values()
    )  # fmt: skip
    assert kept <= MEMORY // 4


def test_the_prediction_is_that_of_the_window_and_the_curve_that_of_the_bins(
    engine: Engine, session: Session
) -> None:
    session = engine.answer_all(engine.does(engine.answer_all(session), c.GoToStep(3000)))
    view = output_view(session)
    assert view is not None
    here = view.at(3000)
    assert here is not None
    np.testing.assert_array_equal(here, series("output", "y", 1, Window(3000, 3001))[0])
    assert view.at(10) is None
    assert view.far is not None and view.far.timesteps == STEPS
    assert view.note == "had the sequence ended here"


def test_the_timeline_is_there_as_far_as_it_is_recorded(engine: Engine, session: Session) -> None:
    session = engine.answer(engine.answer(session))
    trace = shown_trace(session)
    assert trace is not None and session.long is not None
    found = timeline(session, trace, "h", Window(0, STEPS))
    assert found is not None
    assert found[1].timesteps == session.long.recorded


def test_zooming_out_ends_with_the_whole_timeline(engine: Engine, session: Session) -> None:
    session = engine.answer_all(session)
    seen = [session.cursor.zoom]
    for _ in range(12):
        session = engine.does(session, c.Zoom(1, 50))
        seen.append(session.cursor.zoom)
    assert seen[-1] * 50 >= STEPS
    assert session.long is not None
    assert all(zoom == 1 or zoom >= session.long.plan.bin for zoom in seen)
    for _ in range(12):
        session = engine.does(session, c.Zoom(-1, 50))
    assert session.cursor.zoom == 1


_DOINGS = st.one_of(
    st.integers(-7000, 7000).map(c.MoveStep),
    st.integers(0, STEPS - 1).map(c.GoToStep),
    st.just(c.ToggleRecording()),
    st.just(c.MoveLayer(1)),
    st.just(c.AskAgain()),
    st.sampled_from([1, -1]).map(lambda by: c.Zoom(by, 50)),
    st.none(),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_DOINGS, max_size=20))
def test_whatever_happens_the_whole_is_recorded_once_it_may_go_on(doings: list[c.Command | None]) -> None:
    engine = Engine()
    session = opened(engine)
    for doing in doings:
        if isinstance(doing, c.AskAgain):
            engine.waiting.clear()  # the engine was killed with whatever it was asked
        if doing is not None:
            session = engine.does(session, doing)
        elif engine.waiting:
            session = engine.answer(session)
    session = engine.answer_all(session)
    if session.long is not None and not session.long.running:
        session = engine.does(session, c.ToggleRecording())
    session = engine.answer_all(session)
    assert session.long is not None and session.long.is_whole
    assert is_there(session)


def test_gradients_are_of_the_last_steps_once_nothing_more_comes(engine: Engine, session: Session) -> None:
    session = engine.answer(engine.answer(session))
    session = engine.does(session, c.ChooseLens("gradients"))
    assert not any(isinstance(each, StartGradients) for each in engine.asked), "it grows still"
    session = engine.does(session, c.ToggleRecording())
    asked = engine.asked[-1]
    assert isinstance(asked, StartGradients)
    assert session.long is not None
    assert asked.plan.start + asked.plan.inputs["x"].shape[1] == session.long.recorded
    session = engine.answer_all(engine.does(session, c.ToggleRecording()))
    assert session.long is not None and session.long.is_whole
    asked = engine.asked[-1]
    assert isinstance(asked, StartGradients)
    assert asked.plan.start > 0
    assert asked.plan.border is not None
    assert asked.plan.start + asked.plan.inputs["x"].shape[1] == STEPS


def test_of_a_batch_the_chosen_sample_alone_has_gradients() -> None:
    facts = replace(gold(), layers=(hand_made.layer("lstm_1", LSTM, 4), hand_made.layer("gru_1", GRU, 3)))
    x = np.zeros((5, 2000, 2), np.float32)
    session, effects = open_session(facts, Material(inputs={"x": x}), memory=MEMORY)
    assert session.keeping is not None and session.keeping.what == "sample"
    (asked,) = effects
    assert isinstance(asked, StartRun) and asked.plan.sample == 0
    session = arrived(session)
    _, effects = update(session, c.ChooseLens("gradients"))
    (wanted,) = effects
    assert isinstance(wanted, StartGradients)
    assert wanted.plan.inputs["x"].shape == (1, 2000, 2)
