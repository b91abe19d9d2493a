"""Pictures of the screen, from sessions made by hand: no engine, the same digits everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from lstm_tui.checks.finding import Diagnosis, Finding, Fix, Place, Proof
from lstm_tui.checks.states.variance import LayerSpread, Spread, VarianceTest
from lstm_tui.engine.client import EngineProcess
from lstm_tui.performing.opening import Opened
from lstm_tui.recurrent.calls import CallFailure, CallOutcome, Predict, ResetStates, Run, Threads
from lstm_tui.recurrent.shape_options import LayerOptions, NamedShape, ShapeExploration, ShapeOption
from lstm_tui.session import commands as c
from lstm_tui.session.diagnosing import checkup_key
from lstm_tui.session.edits import Material, PredictAgain
from lstm_tui.session.effects import StartFollowing, StartInterleaving, StartVariance
from lstm_tui.session.state import EngineState, Session, Story
from lstm_tui.session.update import open_session, update
from lstm_tui.tui.app import Workbench
from lstm_tui.tui.settings import Settings
from tests.session.hand_made import arrived, gold, run_of
from tests.session.walks_made import interleaved, movements

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


def diagnosed() -> Session:
    """Two findings, the first one chosen."""
    session, _ = update(recorded(), c.RunChecks())
    carry = Finding(
        "state-carryover", "error", "5 identical calls gave outputs that differ by up to 0.0124.", "lstm_1",
        fix=Fix("Reset the state before each independent sequence.", calls=(ResetStates(), Predict())),
        proof=Proof("max difference over 5 identical calls", 0.0124, 0.0),
        place=Place(layer="lstm_1", step=17, unit=2), weight=0.9,
    )  # fmt: skip
    scale = Finding("input-scale", "warning", "Feature 1 lies 8 deviations off.", weight=0.5)
    answer = Diagnosis((), (carry, scale), {"echo": ("target",)})
    for command in (c.DiagnosisArrived(checkup_key(session), answer), c.MoveFinding(1)):
        session, _ = update(session, command)
    return session


def explored() -> Session:
    """The view of shapes of a layer over which another one refuses two of four."""
    session, _ = update(recorded(), c.WantShape((1, 60, 1)))
    session, _ = update(session, c.ChooseLens("shapes"))
    steps, last = ("batch", "timesteps", "units"), ("batch", "units")
    state = NamedShape("h", (1, 3), last)
    every, one = NamedShape("output", (1, 60, 3), steps), NamedShape("output", (1, 3), last)
    why = "expected ndim=3, found ndim=2"
    options = (
        ShapeOption(False, False, (one,), (("y", (1, 1)),)),
        ShapeOption(True, False, (every,), (("y", (1, 60, 1)),)),
        ShapeOption(False, True, (one, state), (), why, "dense"),
        ShapeOption(True, True, (every, state), (("y", (1, 60, 1)), ("gru_1", (1, 3)))),
    )
    shapes = ShapeExploration((LayerOptions("gru_1", "GRU", options, 0),))
    return update(session, c.ShapesArrived(session.inquiry.plan, shapes))[0]


def repeated() -> Session:
    """A carried state that a reset takes away."""
    session, (asked,) = update(recorded(), c.ChooseLens("variance"))
    assert isinstance(asked, StartVariance)
    values = np.array([[[0.2161]], [[0.2217]], [[0.2246]], [[0.2272]], [[0.2285]]], np.float32)
    test = VarianceTest(
        5,
        {"y": Spread(0.0124, 0.0543, 1.93e-5, (0, 0))},
        {"y": Spread(0.0, 0.0, 0.0, (0, 0))},
        (LayerSpread("lstm_1", "h", Spread(0.31, 0.4), 0), LayerSpread("gru_1", "h", Spread(0.05, 0.07), 0)),
        (LayerSpread("lstm_1", "h", Spread()), LayerSpread("gru_1", "h", Spread())),
        {"y": values},
        {"y": np.repeat(values[:1], 5, axis=0)},
    )
    return update(session, c.VarianceArrived(asked.key, test))[0]


def followed() -> Session:
    """What moved in six calls, at the training."""
    session, (asked,) = update(recorded(), c.ChooseLens("history"))
    assert isinstance(asked, StartFollowing)
    return update(session, c.MovementsArrived(asked.key, movements()))[0]


def shared() -> Session:
    """Two sessions that share the model, at the step that goes wrong."""
    threads = (Threads(2, (ResetStates(), Predict())),)
    x = np.zeros((1, 60, 2), np.float32)
    session = arrived(open_session(gold(), Material(inputs={"x": x}, calls=threads))[0])
    session, (asked,) = update(session, c.ChooseLens("sessions"))
    assert isinstance(asked, StartInterleaving)
    for command in (c.InterleavingArrived(asked.key, interleaved()), c.GoToStep(-1)):
        session, _ = update(session, command)
    return session


async def settled(pilot: Pilot[Any]) -> None:
    for _ in range(5):
        await pilot.pause()


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_workbench(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(StillBench(recorded()), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_failed_call(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(StillBench(failed()), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_findings(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(StillBench(diagnosed()), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_shapes(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(StillBench(explored()), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_the_same_call_again(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(StillBench(repeated()), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
@pytest.mark.parametrize("made", [followed, shared])
def test_calls_to_walk_through(
    snap_compare: Compare, made: Callable[[], Session], size: tuple[int, int]
) -> None:
    assert snap_compare(StillBench(made()), terminal_size=size, run_before=settled)


def test_a_finding_to_read(snap_compare: Compare) -> None:
    bench = StillBench(diagnosed())
    assert snap_compare(bench, press=["L"], terminal_size=(80, 24), run_before=settled)


def test_workbench_on_a_light_terminal(snap_compare: Compare) -> None:
    assert snap_compare(StillBench(recorded(), "light"), terminal_size=(80, 24), run_before=settled)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_workbench_without_colour(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(StillBench(recorded(), "mono"), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "200x50"])
def test_units_on_the_whole_screen(snap_compare: Compare, size: tuple[int, int]) -> None:
    keys = [";", "+"]
    assert snap_compare(StillBench(recorded()), press=keys, terminal_size=size, run_before=settled)


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
