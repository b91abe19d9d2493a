"""The view of the variance test: asked for when looked at, once for each call that is shown."""

from __future__ import annotations

from lstm_tui.checks.states.variance import Spread, VarianceTest
from lstm_tui.session import commands as c
from lstm_tui.session.edits import PredictAgain
from lstm_tui.session.effects import StartVariance
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session, update
from lstm_tui.session.variance import shown_variance
from tests.session.hand_made import gold

TEST = VarianceTest(5, {"y": Spread()}, {"y": Spread()})


def test_it_is_asked_for_once_and_found_again_by_undo(session: Session) -> None:
    session, (asked,) = update(session, c.ChooseLens("variance"))
    assert isinstance(asked, StartVariance)
    session, _ = update(session, c.VarianceArrived(asked.key, TEST))
    assert shown_variance(session) is TEST
    closed, _ = update(session, c.ChooseLens("variance"))
    assert update(closed, c.ChooseLens("variance"))[1] == ()
    session, effects = update(session, c.MakeEdits((PredictAgain(),)))
    assert any(isinstance(effect, StartVariance) for effect in effects), "another plan is another question"
    assert shown_variance(session) is None
    session, effects = update(session, c.Undo())
    assert shown_variance(session) is TEST
    assert not any(isinstance(effect, StartVariance) for effect in effects)


def test_without_an_input_or_before_the_model_is_loaded_nothing_is_asked(session: Session) -> None:
    assert update(open_session(gold())[0], c.ChooseLens("variance"))[1] == ()
    waiting, effects = update(
        open_session(gold(from_keras=False), session.material)[0], c.ChooseLens("variance")
    )
    assert effects == ()
    assert any(isinstance(each, StartVariance) for each in update(waiting, c.ModelLoaded(gold()))[1])


def test_why_there_is_none_is_kept_too(session: Session) -> None:
    session, (asked,) = update(session, c.ChooseLens("variance"))
    assert isinstance(asked, StartVariance)
    session, _ = update(session, c.VarianceArrived(asked.key, "only a predict can be repeated"))
    assert shown_variance(session) == "only a predict can be repeated"
