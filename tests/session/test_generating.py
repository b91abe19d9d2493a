"""The model on its own predictions: asked for by who looks, kept by what it is of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lstm_tui.recurrent.calls import CallOutcome, Run
from lstm_tui.recurrent.free_runs import FreeRun
from lstm_tui.session.commands import ChooseLens, MoveSample
from lstm_tui.session.edits import Material
from lstm_tui.session.effects import StartFreeRun
from lstm_tui.session.free_run_commands import FreeRunArrived, LookAhead
from lstm_tui.session.generating import ahead_words, shown_free_run
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session, update
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
    session, first = update(stateless, LookAhead(3))
    session, second = update(session, LookAhead(30))
    keys = {asked(first)[0].key, asked(second)[0].key}
    assert len(keys) == 2
    assert len(asked(second)[0].plan.calls) == 1  # beyond the data there is no truth


def test_why_there_is_no_run_is_said(session: Session, stateless: Session) -> None:
    seen, effects = update(session, ChooseLens("ahead"))
    assert not asked(effects)
    told = shown_free_run(seen)
    assert isinstance(told, str)
    assert "stateful" in told
    seen, effects = update(stateless, ChooseLens("ahead"))
    seen, _ = update(seen, FreeRunArrived(asked(effects)[0].key, "out of memory"))
    assert shown_free_run(seen) == "out of memory"
