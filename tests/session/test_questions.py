"""Breakpoints and watches of a session: set, run to both ways, over samples, in a recording of stretches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lstm_tui.errors import QuestionError
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.window import Window
from lstm_tui.session import commands as c
from lstm_tui.session import question_commands as q
from lstm_tui.session.asked_rows import places_of, standings, watched
from lstm_tui.session.edits import Material
from lstm_tui.session.effects import Announce, Effect
from lstm_tui.session.question_commands import Questions
from lstm_tui.session.questions import checked
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session, update
from tests.session.hand_made import arrived, gold
from tests.session.long_made import STEPS, Engine, opened, series
from tests.session.long_made import call as long_call


def does(session: Session, *commands: c.Command) -> Session:
    for command in commands:
        session, _ = update(session, command)
    return session


def said(effects: tuple[Effect, ...]) -> str:
    return "\n".join(effect.text for effect in effects if isinstance(effect, Announce))


def loud(session: Session, path: str, name: str, *places: tuple[int, int, int]) -> Session:
    """The session with 9 in a series at these samples, steps and units."""
    run = session.run
    assert run is not None and run.recording is not None
    layers = []
    for trace in run.recording.layers:
        steps = dict(trace.steps)
        if trace.path == path:
            values = np.array(steps[name])
            for place in places:
                values[place] = 9
            steps[name] = values
        layers.append(replace(trace, steps=steps))
    recording = replace(run.recording, layers=tuple(layers))
    return does(session, c.RunArrived(replace(run, recording=recording)))


def test_hits_are_walked_both_ways_to_step_unit_and_series(session: Session) -> None:
    session = loud(session, "lstm_1", "c", (0, 3, 2), (0, 7, 1))
    session = does(session, q.AddBreakpoint("abs(c) > 5"))
    assert session.questions.breakpoints[0].text == "abs(c) > 5 in lstm_1"  # said of the layer it was set in
    session = does(session, c.MoveLayer(1), q.ToHit(1))
    cursor = session.cursor
    assert (cursor.step, cursor.unit, cursor.layer, cursor.series) == (3, 2, "lstm_1", "c")
    session = does(session, q.ToHit(1))
    assert (session.cursor.step, session.cursor.unit) == (7, 1)
    same, effects = update(session, q.ToHit(1))
    assert same.cursor == session.cursor and said(effects) == "no hit behind step 7"
    session = does(session, q.ToHit(-1))
    assert session.cursor.step == 3
    assert "before step 3" in said(update(session, q.ToHit(-1))[1])


def test_the_nearest_hit_of_all_that_are_on_is_next(session: Session) -> None:
    session = loud(session, "lstm_1", "c", (0, 6, 2))
    session = does(session, q.AddBreakpoint("c > 5"), q.AddBreakpoint("t == 4"), q.ToHit(1))
    assert session.cursor.step == 4
    session = does(session, c.GoToStep(0), q.ToggleBreakpoint(1), q.ToHit(1))
    assert session.cursor.step == 6
    session = does(session, c.GoToStep(0), q.ToHit(1, only=1))
    assert session.cursor.step == 4
    session = does(session, q.ToggleBreakpoint(0))
    assert "switched off" in said(update(session, q.ToHit(1))[1])


def test_without_a_breakpoint_that_is_said(session: Session) -> None:
    assert said(update(session, q.ToHit(1))[1]) == "no breakpoint is set: K sets one"


@pytest.mark.parametrize("command", [q.AddBreakpoint("q > 3"), q.AddBreakpoint("abs(c)"), q.AddWatch("h +")])
def test_what_cannot_be_asked_changes_nothing(session: Session, command: c.Command) -> None:
    after, effects = update(session, command)
    assert after.questions == session.questions and "^" in said(effects)


def test_a_sample_with_a_hit_is_found_in_the_batch(session_of_two: Session) -> None:
    session = loud(session_of_two, "gru_1", "h", (1, 5, 0))
    session = does(session, q.AddBreakpoint("h > 5 in gru_1"))
    assert "1 other samples have some" in said(update(session, q.ToHit(1))[1])
    (standing,) = standings(session, columns=10)
    assert (standing.hits, standing.samples) == (0, (1, 2))
    session = does(session, q.ToSampleWithHit())
    assert (session.cursor.sample, session.cursor.step, session.cursor.layer) == (1, 5, "gru_1")
    (standing,) = standings(session, columns=10)
    assert standing.hits == 1 and standing.here == 0
    assert standing.over_time is not None and standing.over_time.tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert "no other sample" in said(update(session, q.ToSampleWithHit())[1])


def test_undo_leaves_questions_as_they_are(session: Session) -> None:
    session = does(session, q.AddBreakpoint("t == 4"), q.AddWatch("mean(h)"))
    session = does(session, c.MakeEdits(()), c.Undo())
    assert session.questions == Questions.of(("t == 4",), ("mean(h) in lstm_1",))
    assert does(session, q.DropBreakpoint(0), q.DropWatch(0)).questions == Questions()


def test_a_watch_has_value_change_and_history(session: Session) -> None:
    session = does(session, q.AddWatch("output"), q.AddWatch("c"), q.AddWatch("z"), c.GoToStep(4))
    output, states = watched(session)  # z is no series of this layer: refused
    assert output.low == output.high == pytest.approx(0.5 * 4 / 9) and output.change == pytest.approx(0.5 / 9)
    assert output.history is not None and len(output.history) == 10
    assert states.low < states.high
    session = does(session, c.GoToStep(0))
    assert np.isnan(watched(session)[0].change)


def test_questions_of_a_scenario_that_fit_nothing_here_are_told_as_such(session: Session) -> None:
    session = replace(session, questions=Questions.of(("c > 5 in lstm_9", "t == 2"), ("h in lstm_9",)))
    assert "no layer lstm_9" in standings(session)[0].wrong and "no layer" in watched(session)[0].wrong
    after, effects = update(session, q.ToHit(1))
    assert after.cursor.step == 2 and not said(effects)


def test_a_target_can_be_asked_about(x: Array) -> None:
    session = arrived(open_session(gold(), Material(inputs={"x": x}, target=np.array([[0.3]])))[0])
    session = does(session, q.AddBreakpoint("crosses(output, target)"), q.ToHit(1))
    assert session.cursor.step == 6  # 0.5 / 9 a step
    assert "no target" in said(update(does(session), q.AddBreakpoint("target.z > 1"))[1])


def test_places_of_a_unit_are_told(session: Session) -> None:
    session = does(loud(session, "lstm_1", "h", (0, 3, 2)), c.ChooseUnit(2))
    places = dict(places_of(session))
    assert any("h[2] is largest at t 3 (9)" in words for words in places)
    assert places and all(0 <= step < 10 for step in places.values())


# --- in stretches ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long_session() -> tuple[Session, Engine]:
    engine = Engine(long_call())
    return engine.answer_all(engine.does(opened(engine), c.ModelLoaded(gold()))), engine


def walked(engine: Engine, session: Session, command: c.Command) -> Session:
    return engine.answer_all(engine.does(session, command))


@pytest.mark.parametrize(
    "text", ["c[1] > 0.9999 in lstm_1", "changed_sign(h[0] in gru_1)", "output > 0.99 and t > 3000"]
)
def test_hits_of_a_long_recording_are_those_of_its_steps(
    long_session: tuple[Session, Engine], text: str
) -> None:
    session, engine = long_session
    session = walked(engine, session, q.AddBreakpoint(text))
    everything = Window(0, STEPS)
    holds = {
        "c": series("lstm_1", "c", 4, everything)[:, 1] > 0.9999,
        "h": _signs(series("gru_1", "h", 3, everything)[:, 0]),
        "o": (series("output", "y", 1, everything)[:, 0] > 0.99) & (np.arange(STEPS) > 3000),
    }[text[0] if text[1] != "h" else "h"]
    expected = np.flatnonzero(holds)
    forth, session = [], does(session, c.GoToStep(0))
    for _ in range(6):
        session = walked(engine, session, q.ToHit(1))
        forth.append(session.cursor.step)
    assert forth == expected[expected > 0][:6].tolist()
    session = walked(engine, session, c.GoToStep(-1))
    back = []
    for _ in range(6):
        session = walked(engine, session, q.ToHit(-1))
        back.append(session.cursor.step)
    assert back == expected[expected < STEPS - 1][::-1][:6].tolist()


def _signs(values: Array) -> Array:
    before, now = values[:-1], values[1:]
    return np.concatenate([[False], ((before < 0) & (now >= 0)) | ((before > 0) & (now <= 0))])


def test_what_holds_nowhere_in_a_long_recording_is_said_without_a_window(
    long_session: tuple[Session, Engine],
) -> None:
    session, engine = long_session
    session = walked(engine, session, q.AddBreakpoint("c > 2"))
    asked = len(engine.asked)
    after, effects = update(session, q.ToHit(1))
    assert said(effects) == "no hit behind step 0" and len(engine.asked) == asked
    assert after.questions.seeking is None
    (standing,) = standings(after, columns=10)
    assert standing.may is not None and standing.may[0] == 0


def test_who_moves_on_gives_up_the_search(long_session: tuple[Session, Engine]) -> None:
    session, engine = long_session
    session = engine.does(session, q.AddBreakpoint("t == 5000"))
    session = engine.does(session, q.ToHit(1))
    assert session.questions.seeking is not None
    session = walked(engine, session, c.GoToStep(7))
    assert session.questions.seeking is None and session.cursor.step == 7


def test_a_condition_is_about_something_that_changes(session: Session) -> None:
    for text in ("1/0 > 0", "1 < 2", "not (3 > 4)"):
        with pytest.raises(QuestionError, match="nothing of the recording is named"):
            checked(session, text)
    assert checked(session, "t > 3") == "t > 3"
