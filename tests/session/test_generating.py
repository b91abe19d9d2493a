"""The model on its own predictions: asked for by who looks, kept by what it is of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lstm_tui.charts.capabilities import Capabilities
from lstm_tui.charts.palette import palette_for
from lstm_tui.recurrent.calls import CallOutcome, Decode, Generate, Predict, ResetStates, Run, Stream
from lstm_tui.recurrent.decoder_runs import DecoderRun
from lstm_tui.recurrent.free_runs import FreePlan, FreeRun
from lstm_tui.session.commands import ChooseLens, MoveSample, MoveStep
from lstm_tui.session.copying import value_under_cursor
from lstm_tui.session.edits import Material
from lstm_tui.session.effects import StartFreeRun
from lstm_tui.session.free_run_commands import FreeRunArrived, LookAhead
from lstm_tui.session.generating import ahead_words, loop_lines, shown_free_run
from lstm_tui.session.state import Ahead, Session
from lstm_tui.session.update import open_session, update
from lstm_tui.session.walks import place
from lstm_tui.tui.ink import ink_for
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.ahead import ahead_pane
from tests.session import hand_made
from tests.session.hand_made import arrived, gold


@pytest.fixture
def stateless() -> Session:
    """One feature in, one number out, no state kept."""
    facts = gold()
    layers = tuple(
        replace(layer, recurrent=replace(layer.recurrent, stateful=False)) if layer.recurrent else layer
        for layer in facts.layers
    )
    facts = replace(facts, layers=layers, inputs=(replace(facts.inputs[0], shape=(None, None, 1)),))
    x = np.arange(20, dtype=np.float32).reshape(2, 10, 1)
    return arrived(open_session(facts, Material(inputs={"x": x}))[0])


def asked(effects: tuple[object, ...]) -> list[StartFreeRun]:
    return [each for each in effects if isinstance(each, StartFreeRun)]


def answered(effect: StartFreeRun) -> FreeRunArrived:
    steps = effect.plan.calls[0].steps  # type: ignore[union-attr]
    free, forced = np.ones((1, steps, 1), np.float32), np.zeros((steps, 1), np.float32)
    outcomes = (CallOutcome("generate", {"y": free}), CallOutcome("predict", {"y": forced}))
    return FreeRunArrived(effect.key, Run(effect.plan.key, outcomes))


def test_the_loop_is_run_once_for_who_looks(stateless: Session) -> None:
    assert not asked(update(stateless, MoveSample(0))[1])
    session, effects = update(stateless, ChooseLens("ahead"))
    (start,) = asked(effects)
    assert shown_free_run(session) is None
    session, _ = update(session, answered(start))
    run = shown_free_run(session)
    assert isinstance(run, FreeRun)
    assert run.plan.steps == 5
    assert ahead_words(run)[0].startswith("After 5 steps the free run is 1 from the run on the truth")
    session, effects = update(session, ChooseLens("ahead"))
    session, effects = update(session, ChooseLens("ahead"))
    assert not asked(effects)


def test_another_sample_and_another_horizon_are_other_runs(stateless: Session) -> None:
    session, first = update(stateless, LookAhead(Ahead(3)))
    session, second = update(session, LookAhead(Ahead(30)))
    keys = {asked(first)[0].key, asked(second)[0].key}
    assert len(keys) == 2
    assert len(asked(second)[0].plan.calls) == 1  # beyond the data there is no truth


def test_a_stateful_model_is_fed_step_by_step_from_reset_states(session: Session) -> None:
    seen, effects = update(session, ChooseLens("ahead"))
    (start,) = asked(effects)
    assert [type(call) for call in start.plan.calls] == [ResetStates, Generate, ResetStates, Stream]
    assert start.plan.calls[1].carry  # type: ignore[union-attr]
    made = np.zeros((1, 5, 1), np.float32), np.zeros((1, 10, 1), np.float32)
    outcomes = [CallOutcome("generate", {"y": made[0]}), CallOutcome("stream", {"y": made[1]})]
    seen, _ = update(seen, FreeRunArrived(start.key, Run("", tuple(outcomes))))
    run = shown_free_run(seen)
    assert isinstance(run, FreeRun)
    assert loop_lines(seen, run)[0].startswith("y, made = model.predict(x[:, :5])")


@pytest.fixture
def translator() -> Session:
    return hand_made.translator()


def test_a_decoder_writes_beside_itself_told_the_truth(translator: Session) -> None:
    session, effects = update(translator, ChooseLens("ahead"))
    (start,) = asked(effects)
    decode, forced = start.plan.calls
    assert isinstance(decode, Decode)
    assert (decode.into, decode.steps, decode.keep, decode.temperature) == ("words", 3, 1, None)
    assert isinstance(forced, Predict)
    session, _ = update(session, hand_made.wrote(start, 2, 3, 5))
    run = shown_free_run(session)
    assert isinstance(run, DecoderRun)
    assert "part at step 3: it writes 5" in ahead_words(run)[0]
    assert place(session) == (2, 2)  # where they part
    before = session.cursor.step
    session, _ = update(session, MoveStep(-1))
    assert place(session) == (1, 2)
    assert session.cursor.step == before
    assert value_under_cursor(session).startswith("written = words[:, :1]")
    assert "y = model.predict([sentence, written], verbose=0)[:, -1]" in "\n".join(loop_lines(session, run))


def test_another_sample_is_run_when_it_is_looked_at(translator: Session) -> None:
    session, _ = update(translator, ChooseLens("ahead"))
    session, effects = update(session, MoveSample(1))
    (start,) = asked(effects)
    assert start.plan.inputs["words"].tolist() == [[3, 4, 5, 6]]


def test_how_a_decoder_is_run_can_be_said(translator: Session) -> None:
    wanted = Ahead(9, temperature=0.5, seed=4, keep=2, stop=6)
    (start,) = asked(update(translator, LookAhead(wanted))[1])
    decode = start.plan.calls[0]
    assert isinstance(decode, Decode)
    assert (decode.steps, decode.temperature, decode.seed, decode.keep, decode.stop) == (9, 0.5, 4, 2, 6)
    (start,) = asked(update(translator, LookAhead(Ahead(into="sentence")))[1])
    assert start.plan.calls[0].into == "sentence"  # type: ignore[union-attr]


def test_why_there_is_no_run_is_said(stateless: Session) -> None:
    seen, effects = update(stateless, LookAhead(Ahead(temperature=1.0)))
    assert not asked(effects)
    told = shown_free_run(seen)
    assert isinstance(told, str)
    assert "writes nothing" in told
    seen, effects = update(stateless, ChooseLens("ahead"))
    seen, _ = update(seen, FreeRunArrived(asked(effects)[0].key, "out of memory"))
    assert shown_free_run(seen) == "out of memory"


def test_which_feature_is_fed_back_is_said_where_there_are_several() -> None:
    start, free = np.zeros((1, 6, 3), np.float32), np.ones(4)
    run = FreeRun(FreePlan("x", start, 4, 1), free, None, start[0, :, 1], None)
    assert "feature 1 of x" in " ".join(ahead_words(run))
    assert "feature" not in " ".join(ahead_words(replace(run, whole=True)))


def test_the_curves_are_named_in_fifty_columns(stateless: Session) -> None:
    looked, effects = update(stateless, ChooseLens("ahead"))
    looked, _ = update(looked, answered(asked(effects)[0]))
    palette = palette_for("dark", Capabilities("truecolor", unicode=True))
    for width, named in ((53, "told, alone, truth ┄"), (100, "run on the truth, free run, truth (dashed)")):
        title = ahead_pane(looked, Canvas(width, 14, palette, ink_for(palette)))[0]
        assert named in "".join(segment.text for segment in title)
