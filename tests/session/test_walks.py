"""Views of calls: what is asked for whom, how they are walked, what is refused and found again by undo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lstm_tui.recurrent.calls import Predict, ResetStates, Threads
from lstm_tui.session import commands as c
from lstm_tui.session.edits import Material, PredictAgain
from lstm_tui.session.effects import Announce, StartFollowing, StartInterleaving, StartRun
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session, update
from lstm_tui.session.walks import (
    NO_SESSIONS,
    counted,
    is_made_up,
    place,
    shown_interleaving,
    shown_ledger,
    shown_movements,
)
from tests.session.hand_made import arrived, gold
from tests.session.walks_made import interleaved, movements, predictions

X = np.zeros((1, 10, 2), np.float32)


@pytest.fixture
def followed(session: Session) -> Session:
    """The history of a single call, made five times."""
    session, (asked,) = update(session, c.ChooseLens("history"))
    assert isinstance(asked, StartFollowing)
    return update(session, c.MovementsArrived(asked.key, predictions(5)))[0]


@pytest.fixture
def laboratory() -> Session:
    """Two sessions, opened; nothing has been answered yet."""
    threads = (Threads(2, (ResetStates(), Predict())),)
    session = arrived(open_session(gold(), Material(inputs={"x": X}, calls=threads))[0])
    session, (asked,) = update(session, c.ChooseLens("sessions"))
    assert isinstance(asked, StartInterleaving)
    assert asked.plan.call == 0
    return session


def with_answer(session: Session) -> Session:
    return update(session, c.InterleavingArrived(session.inquiry.plan, interleaved()))[0]


def test_a_single_call_is_made_three_times_and_after_a_reset(session: Session) -> None:
    session, (asked,) = update(session, c.ChooseLens("history"))
    assert isinstance(asked, StartFollowing)
    assert [type(call) for call in asked.plan.calls] == [Predict] * 3 + [ResetStates, Predict]
    assert is_made_up(session)
    again, (asked, *_) = update(session, c.MakeEdits((PredictAgain(),)))
    followed = update(again, c.AskAgain())[1]
    calls = next(each.plan.calls for each in followed if isinstance(each, StartFollowing))
    assert len(calls) == 2, "a plan of several calls is its own history"
    assert not is_made_up(again)


def test_the_answer_is_found_again_by_undo(followed: Session) -> None:
    before = shown_movements(followed)
    edited, effects = update(followed, c.MakeEdits((PredictAgain(),)))
    assert any(isinstance(effect, StartFollowing) for effect in effects)
    assert shown_movements(edited) is None
    undone, effects = update(edited, c.Undo())
    assert shown_movements(undone) is before
    assert not effects


def test_steps_are_calls_and_rows_are_weights_here(followed: Session) -> None:
    assert (place(followed), counted(followed)) == ((0, 4), ("call", 1))
    assert followed.cursor.walked.row == 1, "the state, which is what moved"
    session, _ = update(followed, c.MoveStep(10))
    assert place(session) == (4, 4)
    session, _ = update(session, c.GoToStep(2))
    session, _ = update(session, c.MoveLayer(1))
    assert (place(session), session.cursor.walked.row) == ((2, 4), 0), "rows go round"
    assert (session.cursor.step, session.cursor.layer) == (followed.cursor.step, followed.cursor.layer)
    closed, _ = update(session, c.ChooseLens("history"))
    assert place(update(closed, c.MoveStep(1))[0]) == (1, 9), "timesteps again"


def test_another_run_of_the_same_question_keeps_the_answer(session: Session) -> None:
    session = arrived(update(session, c.MakeEdits((PredictAgain(),)))[0])
    session, (asked,) = update(session, c.ChooseLens("history"))
    assert isinstance(asked, StartFollowing)
    session, _ = update(session, c.MovementsArrived(asked.key, movements()))
    assert place(session) == (1, 5), "the first call that moved a weight"
    assert place(update(session, c.MoveCall(1))[0]) == (2, 5), "a call is a column here"
    closed, _ = update(session, c.ChooseLens("history"))
    other, effects = update(closed, c.MoveCall(1))
    assert [type(effect) for effect in effects] == [StartRun]
    again, effects = update(other, c.ChooseLens("history"))
    assert shown_movements(again) is shown_movements(session)
    assert effects == ()


def test_a_late_answer_to_another_question_moves_nothing(followed: Session) -> None:
    session, _ = update(followed, c.MoveStep(3))
    late, _ = update(session, c.MovementsArrived("another", movements()))
    assert late.cursor is session.cursor
    assert shown_movements(late) is shown_movements(session)


def test_a_plan_without_sessions_is_refused_in_one_line(session: Session) -> None:
    assert counted(session) == ("timestep", 0)
    refused, effects = update(session, c.ChooseLens("sessions"))
    assert refused is session
    assert effects == (Announce(NO_SESSIONS),)
    assert "threads: {n: 2, each: [{reset: {}}, {predict: {}}]}" in NO_SESSIONS


def test_calls_that_lose_their_sessions_leave_the_laboratory_with_a_word(laboratory: Session) -> None:
    material = replace(laboratory.material, calls=(Predict(),))
    opened = replace(open_session(gold(), material)[0], cursor=laboratory.cursor)
    assert "threads" in str(shown_interleaving(opened))
    assert update(opened, c.ChooseLens("sessions"))[0].cursor.lens == "states"


def test_the_shortest_interleaving_is_walked_and_then_the_torn_one(laboratory: Session) -> None:
    session = with_answer(laboratory)
    session, _ = update(session, c.MoveStep(1))
    session, _ = update(session, c.MoveLayer(1))
    assert place(session) == (2, 3)
    answer = shown_interleaving(session)
    assert not isinstance(answer, str) and answer is not None
    assert shown_ledger(session, answer) == (answer.shortest, False)
    session, _ = update(session, c.MoveSeries(1))
    assert shown_ledger(session, answer) == (answer.torn, True)
    assert place(session) == (0, 3)


def test_what_could_not_be_had_is_asked_again_with_a_new_engine(laboratory: Session) -> None:
    why = "The engine ended twice while trying the interleavings"
    session, _ = update(laboratory, c.InterleavingArrived(laboratory.inquiry.plan, why))
    assert shown_interleaving(session) == why
    asked = update(session, c.AskAgain())[1]
    assert any(isinstance(each, StartInterleaving) for each in asked)


def test_without_an_input_or_before_the_model_is_loaded_nothing_is_asked(session: Session) -> None:
    assert update(open_session(gold())[0], c.ChooseLens("history"))[1] == ()
    waiting, effects = update(
        open_session(gold(from_keras=False), session.material)[0], c.ChooseLens("history")
    )
    assert effects == ()
    assert any(isinstance(each, StartFollowing) for each in update(waiting, c.ModelLoaded(gold()))[1])
