"""The view of shapes: asked for when looked at, walked through row by row, made as an edit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lstm_tui.recurrent.calls import Alteration
from lstm_tui.recurrent.shape_options import LayerOptions, ShapeExploration, ShapeOption
from lstm_tui.session import commands as c
from lstm_tui.session.effects import StartRun, StartShapes
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session, update
from tests.session.hand_made import gold

FOUR = (
    ShapeOption(False, False, (), (("y", (1, 1)),)),
    ShapeOption(True, False, (), (("y", (1, 10, 1)),)),
    ShapeOption(False, True, (), (), "expected ndim=3, found ndim=2", "gru_1"),
    ShapeOption(True, True, (), (("y", (1, 1)), ("lstm_1", (1, 4)))),
)
SHAPES = ShapeExploration((LayerOptions("lstm_1", "LSTM", FOUR, 1), LayerOptions("gru_1", "GRU", FOUR, 0)))


def after(session: Session, *commands: c.Command) -> Session:
    for command in commands:
        session, _ = update(session, command)
    return session


@pytest.fixture
def looking(session: Session) -> Session:
    session, (effect,) = update(session, c.ChooseLens("shapes"))
    assert isinstance(effect, StartShapes)
    return after(session, c.ShapesArrived(effect.key, SHAPES))


def test_shapes_are_asked_for_once(looking: Session) -> None:
    assert update(after(looking, c.ChooseLens("shapes")), c.ChooseLens("shapes"))[1] == ()


def test_without_an_input_the_free_axes_are_asked_for() -> None:
    session, (effect,) = update(open_session(gold())[0], c.ChooseLens("shapes"))
    assert isinstance(effect, StartShapes)
    assert not effect.inputs
    change = Alteration("lstm_1", (("return_sequences", False),))
    session, (effect,) = update(session, c.MakeEdits((change,)))
    assert isinstance(effect, StartShapes)
    assert effect.alterations == (change,)


def test_a_model_that_is_not_loaded_is_asked_later() -> None:
    session, effects = update(open_session(gold(from_keras=False))[0], c.ChooseLens("shapes"))
    assert effects == ()
    assert isinstance(update(session, c.ModelLoaded(gold()))[1][-1], StartShapes)


def test_the_cursor_begins_on_what_is_there_and_walks_over_all_layers(looking: Session) -> None:
    assert looking.cursor.row == 1
    assert after(looking, *[c.MoveLayer(1)] * 3).cursor.layer == "gru_1"
    assert after(looking, c.MoveLayer(-2)).cursor.row == 7


def test_it_begins_on_what_is_wanted(session: Session) -> None:
    session = after(session, c.WantShape((1, 1)), c.ChooseLens("shapes"))
    assert after(session, c.ShapesArrived(session.inquiry.plan, SHAPES)).cursor.row == 0


def test_the_chosen_settings_become_an_edit_and_the_shapes_are_asked_anew(looking: Session) -> None:
    session, effects = update(after(looking, c.MoveLayer(-1)), c.TakeShapes())
    assert session.history.done == (
        Alteration("lstm_1", (("return_sequences", False), ("return_state", False))),
    )
    assert [type(effect) for effect in effects] == [StartRun, StartShapes]
    assert after(session, c.Undo()).inquiry.plan == looking.inquiry.plan


def test_settings_that_are_there_or_refused_are_no_edit(looking: Session) -> None:
    same, (effect,) = update(looking, c.TakeShapes())
    assert same is looking and "has these settings" in effect.text  # type: ignore[union-attr]
    _, (effect,) = update(after(looking, c.MoveLayer(1)), c.TakeShapes())
    assert effect.text == "gru_1 refuses: expected ndim=3, found ndim=2"  # type: ignore[union-attr]
    _, (effect,) = update(after(looking, c.ChooseLens("shapes")), c.TakeShapes())
    assert effect.text.startswith("R shows")  # type: ignore[union-attr]


def test_why_there_are_no_shapes_is_kept_and_asked_again_of_a_new_engine(session: Session) -> None:
    session = after(session, c.ChooseLens("shapes"))
    session = after(session, c.ShapesArrived(session.inquiry.plan, "does not go through"))
    assert after(session, c.MoveLayer(1)).cursor == session.cursor
    assert isinstance(update(session, c.AskAgain())[1][-1], StartShapes)


def test_states_lens_moves_layers_as_ever(session: Session) -> None:
    assert after(session, c.MoveLayer(1)).cursor.layer == "gru_1"
    assert replace(session.cursor).row == 0
