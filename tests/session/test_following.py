"""A stream as values: what comes becomes the input, the cursor stays on the last step or where it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_tui.arrays.reshape import reshape_from_scenario
from lstm_tui.recurrent.calls import RunPlan
from lstm_tui.session import commands as c
from lstm_tui.session.commands import Command
from lstm_tui.session.edits import Material
from lstm_tui.session.effects import Announce, Effect, Listen, StartRun
from lstm_tui.session.following import Following, opened_newest, steps_come
from lstm_tui.session.following_commands import (
    Follow,
    InputGrew,
    PauseFollowing,
    ScenariosCame,
    SourceUnreadable,
    StopFollowing,
)
from lstm_tui.session.state import Refusal, Session
from lstm_tui.session.update import open_session, update
from tests.session.hand_made import arrived, gold, run_of

SOURCE = Path("x.npy")


def grew(steps: int, at: float = 100.0, features: int = 2) -> InputGrew:
    x = np.arange(steps * features, dtype=np.float32).reshape(1, steps, features)
    return InputGrew({"x": x}, at)


def after(session: Session, *commands: Command) -> Session:
    for command in commands:
        session, _ = update(session, command)
    return session


def plans(effects: tuple[Effect, ...]) -> list[RunPlan]:
    return [effect.plan for effect in effects if isinstance(effect, StartRun)]


def grown(session: Session, *arrivals: InputGrew) -> Session:
    """The session after each of these came and, where one was asked for, its run arrived."""
    for arrival in arrivals:
        session, effects = update(session, arrival)
        for plan in plans(effects):
            session = after(session, c.RunArrived(run_of(plan)))
    return session


def state(session: Session) -> Following:
    assert session.following is not None
    return session.following


@pytest.fixture
def live(session: Session) -> Session:
    """Ten steps, followed from the last one."""
    return after(session, Follow(SOURCE))


def length(session: Session) -> int:
    return session.material.inputs["x"].shape[1]


def test_following_begins_at_the_last_step_and_asks_to_be_told(session: Session) -> None:
    session, effects = update(session, Follow(SOURCE))
    assert effects == (Listen(),)
    assert session.cursor.step == 9


def test_the_cursor_stays_on_the_last_step(live: Session) -> None:
    live = grown(live, grew(14), grew(15))
    assert (length(live), live.cursor.step) == (15, 14)
    assert live.story.input_source == "x.npy"
    assert state(live).came == 0
    assert state(live).at == 100.0


def test_who_scrolled_back_stays_there_and_is_told_what_has_come_since(live: Session) -> None:
    back = grown(after(live, c.GoToStep(3)), grew(12, 50.0), grew(17, 60.0))
    assert (length(back), back.cursor.step) == (17, 3)
    assert (state(back).came, state(back).since, state(back).at) == (7, 50.0, 60.0)
    end = after(back, c.GoToStep(-1))
    assert (state(end).came, state(end).since) == (0, None)
    assert grown(end, grew(18)).cursor.step == 17


def test_what_is_shown_stays_until_the_run_of_what_came_has_arrived(live: Session) -> None:
    shown = live.run
    waiting, effects = update(live, grew(12))
    assert waiting.run is shown
    assert waiting.key == live.key
    assert [plan.inputs["x"].shape for plan in plans(effects)] == [(1, 12, 2)]
    there = after(waiting, c.RunArrived(run_of(plans(effects)[0])))
    assert length(there) == 12
    assert there.before == ""
    refused = after(waiting, c.RunRefused(plans(effects)[0].key, Refusal("no memory")))
    assert refused.refusal is not None
    assert length(refused) == 12


def test_of_what_came_while_the_engine_was_at_work_the_last_one_counts(live: Session) -> None:
    live, first = update(live, grew(11))
    live, second = update(live, grew(13))
    assert plans(second)[0].key != plans(first)[0].key
    live, again = update(live, c.RunArrived(run_of(plans(first)[0])))
    assert [plan.key for plan in plans(again)] == [plans(second)[0].key]
    assert length(after(live, c.RunArrived(run_of(plans(second)[0])))) == 13


def test_a_new_engine_is_asked_again_for_what_came(live: Session) -> None:
    live, effects = update(live, grew(11))
    _, again = update(live, c.AskAgain())
    assert [plan.key for plan in plans(again)] == [plan.key for plan in plans(effects)]


def test_edits_and_calls_hold_for_what_comes(live: Session) -> None:
    live, effects = update(live, c.MakeEdits((reshape_from_scenario({"last": 4}),)))
    live = after(live, c.RunArrived(run_of(plans(effects)[0])))
    assert live.cursor.step == 3
    live, effects = update(live, grew(30))
    assert plans(effects)[0].inputs["x"].shape == (1, 4, 2)
    live = after(live, c.RunArrived(run_of(plans(effects)[0])))
    assert live.cursor.step == 3
    assert live.unsaved
    undone = after(live, c.Undo())
    assert undone.plan is not None
    assert undone.plan.run.inputs["x"].shape == (1, 30, 2)


def test_following_is_no_edit(live: Session) -> None:
    live = grown(live, grew(12))
    assert not live.unsaved
    undone, effects = update(live, c.Undo())
    assert effects == (Announce("nothing to undo"),)
    assert length(undone) == 12


def test_a_pause_takes_nothing_and_counts_and_going_on_takes_the_last(live: Session) -> None:
    paused = grown(after(live, PauseFollowing()), grew(11, 70.0), grew(15, 80.0))
    assert (length(paused), state(paused).came, state(paused).since) == (10, 5, 70.0)
    on, effects = update(paused, PauseFollowing())
    on = after(on, c.RunArrived(run_of(plans(effects)[0])))
    assert (length(on), on.cursor.step, state(on).came) == (15, 14, 0)


def test_the_checks_pause_what_is_followed(live: Session) -> None:
    assert state(after(live, c.RunChecks())).paused


def test_a_file_begun_anew_is_taken_as_it_is(live: Session) -> None:
    live = grown(live, grew(4))
    assert (length(live), live.cursor.step) == (4, 3)


def test_the_same_again_is_nothing(live: Session) -> None:
    live = grown(live, grew(12, 50.0))
    same, effects = update(live, grew(12, 60.0))
    assert effects == ()
    assert state(same).at == 50.0


def test_what_does_not_fit_the_edits_is_told_once_and_the_input_stays(live: Session) -> None:
    live, effects = update(live, c.MakeEdits((reshape_from_scenario({"select": [1]}),)))
    live = after(live, c.RunArrived(run_of(plans(effects)[0])))
    live, first = update(live, grew(12, features=1))
    live, second = update(live, grew(13, features=1))
    assert [type(effect) for effect in first] == [Announce]
    assert second == ()
    assert length(live) == 10
    live = grown(live, grew(14))
    assert (length(live), state(live).misfit) == (14, False)


def test_what_stays_unreadable_is_told_once_until_something_came(live: Session) -> None:
    live, first = update(live, SourceUnreadable("x.npy is truncated"))
    live, second = update(live, SourceUnreadable("x.npy is truncated"))
    assert (len(first), len(second)) == (1, 0)
    live = grown(live, grew(12))
    assert state(live).trouble == ""
    assert len(update(live, SourceUnreadable("x.npy is truncated"))[1]) == 1


def test_another_input_or_off_ends_it(live: Session) -> None:
    other = c.OpenInputs({"x": np.zeros((1, 5, 2), np.float32)}, "other.npy")
    assert after(live, other).following is None
    assert after(live, StopFollowing()).following is None
    assert length(after(live, StopFollowing(), grew(30))) == 10


def test_scenarios_that_were_not_opened_are_counted(session: Session) -> None:
    session = after(session, Follow(Path("captures"), folder=True), c.GoToStep(2))
    for number in range(3):
        session = after(session, ScenariosCame(1, Path(f"{number}.yaml"), 10.0 + number))
    assert session.cursor.step == 2
    assert (state(session).came, state(session).since) == (3, 10.0)
    assert state(session).newest == Path("2.yaml")
    opened = opened_newest(state(session), 20.0)
    assert (opened.came, opened.newest, opened.source) == (0, None, Path("captures"))


@pytest.mark.parametrize(
    ("old", "new", "steps"),
    [
        ((1, 10, 2), (1, 13, 2), 3),
        ((10, 2), (13, 2), 3),
        ((10,), (11,), 1),
        ((1, 10, 2), (1, 8, 2), 0),
        ((1, 10, 2), (1, 10, 2), 0),
        ((1, 10, 2), (2, 12, 2), 0),
        ((10, 2), (1, 10, 2), 0),
    ],
)
def test_steps_are_counted_along_the_one_axis_that_grew(
    old: tuple[int, ...], new: tuple[int, ...], steps: int
) -> None:
    assert steps_come({"x": np.zeros(old)}, {"x": np.zeros(new)}) == steps


@settings(deadline=None)
@given(st.lists(st.sampled_from(["grew", "back", "end", "pause"]), max_size=12))
def test_whatever_is_pressed_what_the_cursor_has_not_seen_is_counted(pressed: list[str]) -> None:
    session = opened()
    steps, seen_at_end = 10, 10
    for what in pressed:
        if what == "grew":
            steps += 3
            session = grown(session, grew(steps))
        elif what == "pause":
            session, effects = update(session, PauseFollowing())
            for plan in plans(effects):
                session = after(session, c.RunArrived(run_of(plan)))
        else:
            session = after(session, c.GoToStep(0 if what == "back" else -1))
        at_end = session.cursor.step == length(session) - 1
        if at_end and not state(session).paused:
            seen_at_end = steps
            assert length(session) == steps
        assert state(session).came == steps - seen_at_end


def opened() -> Session:
    x = np.arange(20, dtype=np.float32).reshape(1, 10, 2)
    return after(arrived(open_session(gold(), Material(inputs={"x": x}))[0]), Follow(SOURCE))
