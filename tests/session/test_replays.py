"""A replay at the cursor: asked for where there is no prediction at each step, kept, shown, labelled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lstm_tui.recurrent.replays import Replayed
from lstm_tui.session import commands as c
from lstm_tui.session.edits import Material, PredictAgain
from lstm_tui.session.effects import Announce, StartReplay
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session, update
from lstm_tui.session.view import output_view
from tests.session.hand_made import arrived, gold, run_of
from tests.session.long_made import STEPS, Engine, call, opened

WHY = "lstm_1 reads the sequence backwards"


@pytest.fixture
def session() -> Session:
    """A run of ten steps of which only the last output is known."""
    begun, _ = open_session(gold(), Material(inputs={"x": np.zeros((2, 10, 2), np.float32)}))
    assert begun.plan is not None
    run = run_of(begun.plan.run)
    assert run.recording is not None
    bare = replace(run.recording, prefix={}, prefix_missing={"y": WHY})
    return update(begun, c.RunArrived(replace(run, recording=bare)))[0]


def asked(session: Session) -> StartReplay:
    _, (effect,) = update(session, c.ReplayHere())
    assert isinstance(effect, StartReplay)
    return effect


def with_answer(session: Session, step: int, value: float) -> Session:
    session, _ = update(session, c.GoToStep(step))
    wish = asked(session)
    answer = Replayed(wish.plan.steps, {"y": np.array([value], np.float32)})
    return update(session, c.ReplayArrived(wish.key, answer))[0]


def test_the_model_is_run_up_to_and_with_the_step_under_the_cursor(session: Session) -> None:
    session, _ = update(session, c.GoToStep(4))
    session, _ = update(session, c.ChooseSample(1))
    wish = asked(session)
    assert (wish.plan.steps, wish.plan.sample) == (5, 1)
    assert session.plan is not None and wish.plan.run is session.plan.run


def test_what_came_out_is_shown_at_its_step_alone(session: Session) -> None:
    for step, value in ((7, 0.7), (4, 0.4)):
        session = with_answer(session, step, value)
    view = output_view(session)
    assert view is not None and view.predictions is None
    assert view.note == WHY
    assert list(view.replayed) == [4, 7], "in order of time"
    assert view.at(4) == pytest.approx([0.4])
    assert view.at(5) is None


def test_a_step_is_replayed_once(session: Session) -> None:
    session = with_answer(session, 4, 0.4)
    _, (effect,) = update(session, c.ReplayHere())
    assert isinstance(effect, Announce) and "already" in effect.text


def test_where_every_step_has_its_prediction_there_is_nothing_to_replay() -> None:
    x = np.zeros((1, 10, 2), np.float32)
    _, (effect,) = update(arrived(open_session(gold(), Material(inputs={"x": x}))[0]), c.ReplayHere())
    assert isinstance(effect, Announce) and "had the sequence ended here" in effect.text


def test_before_there_is_a_run_nothing_is_asked() -> None:
    x = np.zeros((1, 10, 2), np.float32)
    _, (effect,) = update(open_session(gold(), Material(inputs={"x": x}))[0], c.ReplayHere())
    assert isinstance(effect, Announce)


def test_a_refusal_is_told_and_may_be_asked_again(session: Session) -> None:
    wish = asked(session)
    session, (effect,) = update(session, c.ReplayArrived(wish.key, "the model does not run on 1 steps"))
    assert isinstance(effect, Announce) and effect.severity == "warning"
    assert asked(session).plan.steps == 1


def test_other_samples_and_other_runs_have_replays_of_their_own(session: Session) -> None:
    session = with_answer(session, 4, 0.4)
    other, _ = update(session, c.ChooseSample(1))
    view = output_view(other)
    assert view is not None and not view.replayed
    edited, _ = update(session, c.MakeEdits((PredictAgain(),)))
    back, _ = update(edited, c.Undo())
    view = output_view(back)
    assert view is not None and list(view.replayed) == [4]


def test_of_a_long_recording_it_runs_from_the_border_before() -> None:
    engine = Engine(call(predictions=(), prefix_missing={"y": WHY}))
    session = engine.answer_all(engine.does(engine.answer_all(opened(engine)), c.GoToStep(4000)))
    wish = asked(session)
    assert wish.plan.long is not None and wish.plan.of is not None
    assert wish.plan.run.inputs == {}, "not the whole input"
    assert 0 < wish.plan.of.start <= 4000
    assert wish.plan.of.start + wish.plan.of.inputs["x"].shape[1] == 4001 < STEPS
