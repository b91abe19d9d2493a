"""What layers gave: which call is looked at, what is at hand of it, what is asked for and when."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lstm_tui.recurrent.fetching import Fetched
from lstm_tui.recurrent.recording import LayerOutput
from lstm_tui.session import commands as c
from lstm_tui.session.edits import Material
from lstm_tui.session.effects import Effect, StartFetch
from lstm_tui.session.layer_outputs import chosen_output, values_of
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session, update
from tests.session.hand_made import gold, run_of
from tests.session.long_made import Engine, call, opened

SMALL = LayerOutput("head", "Dense", ((2, 1),), "float32", values=(np.array([[1.0], [2.0]], np.float32),))
LARGE = LayerOutput("lstm_1", "LSTM", ((2, 10, 4),), "float32")
HUGE = LayerOutput("lstm_1#2", "LSTM", ((2, 10, 10**9),), "float32")


@pytest.fixture
def session() -> Session:
    """A run of two samples; the view of outputs is not open yet."""
    begun, _ = open_session(gold(), Material(inputs={"x": np.zeros((2, 10, 2), np.float32)}))
    assert begun.plan is not None
    run = run_of(begun.plan.run)
    assert run.recording is not None
    recording = replace(run.recording, layer_outputs=(LARGE, HUGE, SMALL))
    return update(begun, c.RunArrived(replace(run, recording=recording)))[0]


def looking(session: Session) -> tuple[Session, tuple[Effect, ...]]:
    return update(session, c.ChooseLens("outputs"))


def test_the_layer_under_the_cursor_is_looked_at_first_and_fetched(session: Session) -> None:
    session, (effect,) = looking(session)
    assert chosen_output(session) is LARGE
    assert isinstance(effect, StartFetch)
    assert (effect.plan.path, effect.plan.sample) == ("lstm_1", 0)
    assert "Fetching" in str(values_of(session, LARGE))
    assert update(session, c.MoveStep(1))[1] == (), "asked once"


def test_what_was_fetched_is_there_and_another_sample_is_another_question(session: Session) -> None:
    session, (effect,) = looking(session)
    assert isinstance(effect, StartFetch)
    answer = Fetched("lstm_1", (np.zeros((10, 4), np.float32),))
    session, effects = update(session, c.OutputFetched(effect.key, answer))
    assert effects == ()
    assert values_of(session, LARGE) is answer
    _, (other,) = update(session, c.ChooseSample(1))
    assert isinstance(other, StartFetch) and other.plan.sample == 1


def test_calls_are_walked_through_and_what_is_kept_is_at_hand(session: Session) -> None:
    session, _ = looking(session)
    session, effects = update(session, c.MoveLayer(-1))
    assert chosen_output(session) is SMALL
    assert effects == ()
    session, _ = update(session, c.ChooseSample(1))
    found = values_of(session, SMALL)
    assert isinstance(found, Fetched)
    assert found.values[0] == pytest.approx([2.0])


def test_what_the_memory_does_not_hold_is_not_asked_for(session: Session) -> None:
    session, _ = looking(session)
    session, effects = update(session, c.MoveLayer(1))
    assert chosen_output(session) is HUGE
    assert effects == ()
    assert "may be fetched" in str(values_of(session, HUGE))


def test_a_refusal_is_shown_and_a_new_engine_is_asked_again(session: Session) -> None:
    session, (effect,) = looking(session)
    assert isinstance(effect, StartFetch)
    session, _ = update(session, c.OutputFetched(effect.key, "it does not leave the loop"))
    assert values_of(session, LARGE) == "it does not leave the loop"
    _, effects = update(session, c.AskAgain())
    assert any(isinstance(each, StartFetch) for each in effects)


def test_of_a_long_recording_the_window_in_view_is_fetched() -> None:
    whole = LayerOutput("lstm_1", "LSTM", ((1, 6000, 4),), "float32")
    engine = Engine(call(layer_outputs=(whole,)))
    session = engine.answer_all(engine.does(engine.answer_all(opened(engine)), c.GoToStep(4000)))
    _, (effect,) = looking(session)
    assert isinstance(effect, StartFetch)
    assert effect.plan.run.inputs == {}, "not the whole input"
    assert effect.plan.of is not None
    assert effect.key[3] == effect.plan.of.start > 0
