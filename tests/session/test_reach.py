"""Which gradients are asked for: of the output or the error, in which precision, of which call."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lstm_tui.arrays.rescale import Rescale
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import Alteration, Fit, Predict
from lstm_tui.recurrent.gradients import GradientPlan, Gradients
from lstm_tui.recurrent.recording import Array
from lstm_tui.session import commands as c
from lstm_tui.session.edits import Material, PredictAgain
from lstm_tui.session.effects import StartGradients
from lstm_tui.session.reach import gradients_key, shown_gradients
from lstm_tui.session.state import Reach, Session
from lstm_tui.session.targets import target_of_call
from lstm_tui.session.update import open_session, update
from tests.session.hand_made import arrived


def asked(session: Session, command: c.Command) -> tuple[Session, list[GradientPlan]]:
    session, effects = update(session, command)
    return session, [effect.plan for effect in effects if isinstance(effect, StartGradients)]


@pytest.fixture
def with_target(facts: ModelFacts, x: Array) -> Session:
    material = Material(inputs={"x": x}, target=np.array([[0.25]]))
    return arrived(open_session(facts, material)[0])


def told(session: Session, name: str) -> Session:
    """`session` after the gradients that it awaits have arrived."""
    gradients = Gradients(name, np.zeros(1), {}, {}, {})
    return update(session, c.GradientsArrived(gradients_key(session), gradients))[0]


def test_the_error_is_a_view_of_its_own_and_both_are_kept(with_target: Session) -> None:
    looking, (plan,) = asked(with_target, c.ChooseLens("gradients"))
    assert plan.target is None
    looking = told(looking, "output")
    error, (plan,) = asked(looking, c.SwitchGoal())
    assert plan.target is not None and plan.target.tolist() == [[0.25]]
    error = told(error, "error")
    again, plans = asked(error, c.SwitchGoal())
    assert plans == [], "what is known is not asked again"
    assert shown_gradients(again).of == "output"  # type: ignore[union-attr]
    assert again.cursor.reach == Reach()


def test_the_keys_open_the_view(with_target: Session) -> None:
    error, plans = asked(with_target, c.SwitchGoal())
    assert error.cursor.lens == "gradients"
    assert len(plans) == 1
    double, (plan,) = asked(with_target, c.SwitchPrecision())
    assert double.cursor.lens == "gradients"
    assert plan.float64
    assert not asked(told(double, "float64"), c.SwitchPrecision())[0].cursor.reach.float64


def test_without_a_target_nothing_changes_and_it_is_said(session: Session) -> None:
    same, effects = update(session, c.SwitchGoal())
    assert same is session
    assert "there is no target" in effects[0].text  # type: ignore[union-attr]


def test_another_input_without_a_target_leads_back_to_the_output(with_target: Session) -> None:
    error, _ = asked(with_target, c.SwitchGoal())
    other, _ = update(error, c.OpenInputs({"x": np.ones((1, 6, 2), np.float32)}, "ones"))
    assert other.plan is not None
    other = arrived(other)
    assert other.cursor.reach.of == "output"


def test_a_target_is_told_in_the_units_of_the_model(with_target: Session) -> None:
    back = Rescale("minmax", np.array(100.0), np.array(10.0), inverse=True, limits=(0.0, 1.0))
    material = replace(with_target.material, target=np.array([[125.0]]))
    edited, _ = update(replace(with_target, material=material), c.MakeEdits((back,)))
    _, (plan,) = asked(edited, c.SwitchGoal())
    assert plan.target is not None and plan.target.tolist() == [[2.5]]


def test_another_target_is_another_question(with_target: Session, x: Array) -> None:
    error = told(asked(with_target, c.SwitchGoal())[0], "error")
    other, effects = update(error, c.OpenInputs({"x": x}, "the same", np.array([[9.0]])))
    assert other.key == error.key
    assert [type(effect) for effect in effects] == [StartGradients]
    assert shown_gradients(other) is None


def test_undo_asks_for_the_gradients_of_the_run_that_it_finds(with_target: Session) -> None:
    looking = told(asked(with_target, c.ChooseLens("gradients"))[0], "output")
    twice = arrived(update(looking, c.MakeEdits((PredictAgain(),)))[0])
    twice = told(twice, "twice")
    _, plans = asked(twice, c.Undo())
    assert len(plans) == 1


def test_the_rows_and_the_order_of_the_call_are_those_of_the_target(facts: ModelFacts) -> None:
    x, y = np.zeros((3, 5, 2), np.float32), np.array([[1.0], [2.0], [3.0]])
    for call, expected in (
        (Predict(rows=(2, 0)), [[3.0], [1.0]]),
        (Predict(reversed_order=True), [[3.0], [2.0], [1.0]]),
        (Predict(inputs={"x": x}), None),
    ):
        session, _ = open_session(facts, Material(inputs={"x": x}, target=y, calls=(call,)))
        assert session.plan is not None
        found = target_of_call(session.material, session.plan)
        assert (None if found is None else found.tolist()) == expected


def test_a_model_trained_within_the_run_says_that_its_gradients_are_not_known(
    facts: ModelFacts, x: Array
) -> None:
    material = Material(inputs={"x": x}, calls=(Fit(np.zeros((1, 1))), Predict()))
    session, plans = asked(arrived(open_session(facts, material)[0]), c.ChooseLens("gradients"))
    assert plans == []
    assert "trained within this run" in str(shown_gradients(session))


def test_other_settings_of_layers_go_along(with_target: Session) -> None:
    edited, _ = update(with_target, c.MakeEdits((Alteration("lstm_1", (("activation", "relu"),)),)))
    _, (plan,) = asked(arrived(edited), c.ChooseLens("gradients"))
    assert [each.layer for each in plan.alterations] == ["lstm_1"]
