"""Pictures of the screen, from sessions made by hand: no engine, the same digits everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from lstm_tui.engine.client import EngineProcess
from lstm_tui.recurrent.calls import CallFailure, CallOutcome, Run
from lstm_tui.session import commands as c
from lstm_tui.session.edits import Material, PredictAgain
from lstm_tui.session.state import EngineState, Session, Story
from lstm_tui.session.update import open_session, update
from lstm_tui.tui.app import Workbench
from lstm_tui.tui.opening import Opened
from lstm_tui.tui.settings import Settings
from tests.session.hand_made import arrived, gold, run_of

SIZES = [(80, 24), (200, 50)]
Compare = Callable[..., bool]


class StillBench(Workbench):
    """The workbench with an engine that is never started: what is shown is what it was given."""

    def __init__(self, session: Session | None, theme: str = "dark") -> None:
        opened = Opened(session, ()) if session is not None else None
        super().__init__(opened, engine=EngineProcess(), settings=Settings(theme=theme))

    def listen_to_engine(self) -> None:
        """Nothing is started."""


def recorded() -> Session:
    """A session with a story, a target and two calls, standing at step 17 of 60."""
    x = np.random.default_rng(1).normal(size=(1, 60, 2)).astype(np.float32)
    target = np.linspace(0, 0.4, 60, dtype=np.float32)
    story = Story(name="Gold moves", description="You see: two calls.\nWhy: state.\nKeys: r, Enter.")
    session = arrived(open_session(gold(), Material(inputs={"x": x}, target=target), story=story)[0])
    session = arrived(update(session, c.MakeEdits((PredictAgain(),)))[0], value=0.75)
    for command in (c.GoToStep(17), c.EngineSaid(EngineState("ready", ""))):
        session, _ = update(session, command)
    return session


def failed() -> Session:
    """A call of a 2-D input that Keras refused."""
    session, _ = open_session(gold(), Material(inputs={"x": np.zeros((20, 2), np.float32)}))
    assert session.plan is not None
    message = "Cannot take the length of shape with unknown rank"
    outcome = CallOutcome("predict", failure=CallFailure("lstm_1", "ValueError", message))
    return update(session, c.RunArrived(Run(session.plan.run.key, (outcome,))))[0]


async def settled(pilot: Pilot[Any]) -> None:
    for _ in range(5):
        await pilot.pause()


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_workbench(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(StillBench(recorded()), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_failed_call(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(StillBench(failed()), terminal_size=size, run_before=settled)


def test_workbench_on_a_light_terminal(snap_compare: Compare) -> None:
    assert snap_compare(StillBench(recorded(), "light"), terminal_size=(80, 24), run_before=settled)


def test_workbench_in_a_tiny_window(snap_compare: Compare) -> None:
    assert snap_compare(StillBench(recorded()), terminal_size=(40, 10), run_before=settled)


def test_without_an_input(snap_compare: Compare) -> None:
    session = update(open_session(gold())[0], c.EngineSaid(EngineState("starting", "starting")))[0]
    assert snap_compare(StillBench(session), terminal_size=(80, 24), run_before=settled)


def batch() -> Session:
    """Twelve samples with a target; one is not a number from step 40 on."""
    x = np.random.default_rng(1).normal(size=(12, 60, 2)).astype(np.float32)
    target = np.linspace(0, 1, 12, dtype=np.float32).reshape(12, 1)
    session = open_session(gold(), Material(inputs={"x": x}, target=target))[0]
    assert session.plan is not None
    run = run_of(session.plan.run)
    assert run.recording is not None
    run.recording.layers[0].steps["h"][7, 40:] = np.nan
    return update(session, c.RunArrived(run))[0]


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_samples(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(StillBench(batch()), press=["l"], terminal_size=size, run_before=settled)


@pytest.mark.parametrize("key", ["S", "s", "r", "i", "question_mark"])
def test_dialogues(snap_compare: Compare, key: str) -> None:
    session = failed() if key == "S" else recorded()
    assert snap_compare(StillBench(session), press=[key], terminal_size=(80, 24), run_before=settled)
