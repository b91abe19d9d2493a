"""Why in a session: asked, followed, gone back; weights asked of the engine once and by who needs them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lstm_tui.charts.capabilities import Capabilities
from lstm_tui.charts.palette import palette_for
from lstm_tui.recurrent.calls import Run
from lstm_tui.recurrent.cells import GRU, LSTM
from lstm_tui.recurrent.first_order import FirstOrder
from lstm_tui.recurrent.why import Question, Why
from lstm_tui.session import commands as c
from lstm_tui.session.edits import Material
from lstm_tui.session.effects import Announce, StartFirstOrder, StartInsides
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session, update
from lstm_tui.session.why_commands import AskWhy, FirstOrderArrived, FollowShare, GoBack, InsidesArrived
from lstm_tui.session.whys import answer_here, output_question, question_here
from lstm_tui.tui.ink import ink_for
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.origins import origins_pane
from tests.recurrent.whys_made import Network
from tests.session.hand_made import gold

STEPS = 12
NETWORK = Network((GRU, LSTM), 3, STEPS)


@pytest.fixture
def session() -> Session:
    """At the end of a sequence, on its first layer; the weights are not known."""
    x = np.zeros((1, STEPS, 2), np.float32)
    begun, _ = open_session(gold(), Material(inputs={"x": x}))
    assert begun.plan is not None
    run = Run(begun.plan.run.key, (), NETWORK.made.recording)
    return after(begun, c.RunArrived(run), c.GoToStep(-1))


def after(session: Session, *commands: c.Command) -> Session:
    for command in commands:
        session, _ = update(session, command)
    return session


def known(session: Session) -> Session:
    """With the weights, once they were asked for."""
    (key,) = (key for key, each in session.insides.items() if each == "")
    return after(session, InsidesArrived(key, NETWORK.made.insides))


def drawn(session: Session, width: int = 70, height: int = 10, *, unicode: bool = True) -> list[str]:
    palette = palette_for("dark", Capabilities("truecolor", unicode=unicode))
    lines = origins_pane(session, Canvas(width, height, palette, ink_for(palette)))
    assert all(sum(len(segment.text) for segment in line) == width for line in lines)
    return ["".join(segment.text for segment in line).rstrip() for line in lines]


def test_the_output_is_followed_to_what_was_read_and_back(session: Session) -> None:
    asked, effects = update(session, AskWhy())
    assert [type(effect) for effect in effects] == [StartInsides]
    assert asked.cursor.lens == "origins"
    assert "Reading the weights" in "\n".join(drawn(asked))
    assert update(asked, AskWhy())[1] == (), "they are on their way"
    here = known(asked)
    places = [here.cursor]
    for _ in range(4):
        answer = answer_here(here)
        assert isinstance(answer, Why)
        first = next(share.of for share in answer.shares if share.of is not None)
        here = after(here, FollowShare(1))
        assert question_here(here) == first
        assert here.cursor.step == first.step
        places.append(here.cursor)
    assert [hop.question.kind for hop in here.cursor.trail if hop.question] == [
        "output", "layer", "state", "written",
    ]  # fmt: skip
    last = question_here(here)
    assert last is not None and (last.kind, last.path) == ("state", here.cursor.layer)
    for place in reversed(places[:-1]):
        here = after(here, GoBack())
        assert (here.cursor.asked, here.cursor.layer, here.cursor.step) == (
            place.asked,
            place.layer,
            place.step,
        )
    stayed, effects = update(here, GoBack())
    assert stayed is here and isinstance(effects[0], Announce)


def test_a_unit_under_the_cursor_is_where_a_trail_can_begin(session: Session) -> None:
    begun = after(session, c.ChooseLayer("b"), c.ChooseUnit(2), c.ChooseLens("origins"))
    assert question_here(begun) == Question("state", "b", STEPS - 1, 2, "c")
    assert not begun.insides, "a state is told from the recording alone"
    followed, effects = update(begun, FollowShare(2))
    assert [type(effect) for effect in effects] == [StartInsides]
    question = question_here(followed)
    assert question is not None and question.kind == "written" and question.unit == 2
    assert followed.cursor.step == question.step
    answer = answer_here(known(followed))
    assert isinstance(answer, Why) and answer.adds_up
    closed = after(followed, c.ChooseLens("origins"))
    assert (closed.cursor.asked, closed.cursor.trail) == (None, ())


def test_steps_and_units_move_the_question(session: Session) -> None:
    here = known(after(session, AskWhy(Question("output", "y", STEPS - 1, 0))))
    earlier = after(here, c.MoveStep(-3))
    assert question_here(earlier) == Question("output", "y", STEPS - 4, 0)
    assert isinstance(answer_here(earlier), Why)
    other = after(earlier, c.MoveUnit(1))
    assert question_here(other) == Question("output", "y", STEPS - 4, 1)
    assert question_here(after(other, c.MoveUnit(1))) == Question("output", "y", STEPS - 4, 0), (
        "there are two"
    )
    assert other.cursor.unit is None, "the unit of the layer stays"


def test_what_cannot_be_followed_says_so(session: Session) -> None:
    here = known(after(session, AskWhy()))
    assert isinstance(update(here, FollowShare(99))[1][0], Announce)
    first = known(after(session, c.GoToStep(0), AskWhy(Question("written", "b", 0, 1, "c"))))
    answer = answer_here(first)
    assert isinstance(answer, Why)
    causes = [share.of for share in answer.shares if share.of is not None]
    before = next(number for number, cause in enumerate(causes, 1) if cause.step < 0)
    stayed, effects = update(first, FollowShare(before))
    assert stayed.cursor == first.cursor and isinstance(effects[0], Announce)


def test_weights_that_cannot_be_had_are_said_and_asked_for_again(session: Session) -> None:
    asked = after(session, AskWhy())
    (key,) = asked.insides
    refused = after(asked, InsidesArrived(key, "The engine ended twice while reading the weights."))
    assert "ended twice" in "\n".join(drawn(refused))
    again, effects = update(refused, c.AskAgain())
    assert StartInsides in [type(effect) for effect in effects]
    assert isinstance(answer_here(known(again)), Why)


def test_the_pane_tells_the_link_and_the_trail(session: Session) -> None:
    here = after(known(after(session, AskWhy())), FollowShare(1), FollowShare(1))
    rows = drawn(here)
    assert rows[0].startswith("── b c[")
    assert "h " in rows[1] and "= o 0." in rows[1] and "part of d1[" in rows[1]
    rows = drawn(after(here, FollowShare(1)), height=20)
    assert "written" in rows[0]
    assert "× tanh(" in rows[1]
    assert rows[2].startswith(" 1 ")
    narrow = drawn(after(here, FollowShare(1)), width=30, height=6, unicode=False)
    assert "‹" not in "".join(narrow)


def test_without_a_run_there_is_nothing_to_ask(session: Session) -> None:
    empty = replace(session, runs={})
    assert isinstance(output_question(empty), str)
    assert isinstance(update(empty, AskWhy())[1][0], Announce)
    assert isinstance(output_question(session, "none"), str)


def test_by_its_inputs_a_gradient_is_asked_for_and_the_move_is_told(session: Session) -> None:
    target = replace(session.material, target=np.full((1, STEPS, 2), 0.73, np.float32))
    here = known(after(replace(session, material=target), AskWhy(Question("output", "y", STEPS - 1, 1))))
    asked, effects = update(here, AskWhy())
    (wanted,) = effects
    assert isinstance(wanted, StartFirstOrder)
    plan = wanted.plan
    assert (plan.output, plan.path, plan.step, plan.unit, plan.row) == ("y", "", STEPS - 1, 1, 0)
    assert (plan.cut, plan.inputs, plan.goal) == ((), ("x",), pytest.approx(0.73))
    assert "Computing the gradient" in "\n".join(drawn(asked))
    x = NETWORK.made.recording.inputs["x"][0]
    move = np.zeros(x.shape)
    move[3, 1] = 0.12
    found = FirstOrder(0.58, {"x": np.ones(x.shape)}, {"x": x}, 0.73, {"x": move}, 0.71)
    told = after(asked, FirstOrderArrived(wanted.key, found))
    text = " ".join(" ".join(drawn(told, height=14)).split())
    assert "to reach 0.73 (is 0.58): x[t=3, 1] +0.12" in text and "tried: 0.71" in text
    answer = answer_here(told)
    assert isinstance(answer, Why) and not answer.exact
    followed = after(told, FollowShare(1))
    assert question_here(followed) == answer.shares[0].of
    assert isinstance(answer_here(after(followed, GoBack())), Why), "it is kept"
    back = after(told, AskWhy())
    assert question_here(back) == Question("output", "y", STEPS - 1, 1)


def test_by_its_inputs_and_back_is_a_step_of_the_trail(session: Session) -> None:
    first = Question("output", "y", STEPS - 1, 1)
    here = known(after(session, AskWhy(first)))
    by_inputs = after(here, AskWhy())
    assert question_here(by_inputs) == replace(first, kind="inputs")
    assert question_here(after(by_inputs, GoBack())) == first
    turned = after(by_inputs, AskWhy())
    assert (question_here(turned), turned.cursor.trail) == (first, ())


def test_the_numbers_of_a_state_are_the_keys_that_follow_them(session: Session) -> None:
    begun = after(session, c.ChooseLayer("b"), c.ChooseUnit(2), c.ChooseLens("origins"))
    rows = [row for row in drawn(begun, height=16) if row[:3].strip().isdigit()]
    assert rows
    for row in rows:
        key, step = row.split()[:2]
        assert after(begun, FollowShare(int(key))).cursor.step == int(step)


def test_how_to_close_is_said_where_room_is_short(session: Session) -> None:
    deep = after(known(after(session, AskWhy())), FollowShare(1), FollowShare(1))
    for width in (40, 53, 100):
        assert "e closes" in drawn(deep, width=width)[0]


def test_only_the_newest_question_waits_for_its_gradient(session: Session) -> None:
    here = known(after(session, AskWhy(Question("output", "y", STEPS - 1, 0))))
    first, effects = update(here, AskWhy())
    key = effects[0].key  # type: ignore[union-attr]
    second, effects = update(first, c.MoveStep(-2))
    (wanted,) = effects
    assert isinstance(wanted, StartFirstOrder)
    assert wanted.plan.steps == STEPS - 2, "the output is known at the end alone: so far is run"
    given_way = after(second, FirstOrderArrived(key, "it gave way"))
    assert key not in given_way.first_orders
    _, again = update(given_way, c.MoveStep(2))
    assert [type(effect) for effect in again] == [StartFirstOrder]
    refused = after(second, FirstOrderArrived(wanted.key, "the engine ended"))
    assert "the engine ended" in "\n".join(drawn(refused))
    assert update(refused, c.MoveUnit(0))[1] == (), "what was refused is not asked for again by itself"
