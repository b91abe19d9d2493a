"""Two runs side by side, made by hand. Run as a program it shows them in the size that is stepped through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lstm_tui.recurrent.cells import LSTM
from lstm_tui.recurrent.divergence import course_of, first_divergence
from lstm_tui.recurrent.recording import Recording
from lstm_tui.recurrent.side_causes import Judgement
from lstm_tui.recurrent.side_facts import Fact
from lstm_tui.recurrent.sides import Sides
from lstm_tui.session import commands as c
from lstm_tui.session import comparing_commands as s
from lstm_tui.session.comparing import offers
from lstm_tui.session.edits import Material, PredictAgain, ResetBeforeEachCall
from lstm_tui.session.effects import Effect, StartComparison, StopComparison
from lstm_tui.session.state import EngineState, Session
from lstm_tui.session.update import open_session, update
from lstm_tui.tui.sides_screen import SidesScreen
from tests.session.hand_made import arrived, gold, parted, run_of, trace
from tests.tui.test_snapshots import StillBench


def two_changes(timesteps: int = 10, step: int = 4) -> Session:
    """A second call, then a reset before each: from `step` on unit 2 of the GRU is another."""
    x = np.random.default_rng(1).normal(size=(1, timesteps, 2)).astype(np.float32)
    session = arrived(open_session(gold(), Material(inputs={"x": x}))[0])
    session = arrived(update(session, c.MakeEdits((PredictAgain(),)))[0])
    session, _ = update(session, c.MakeEdits((ResetBeforeEachCall(),)))
    assert session.plan is not None
    session, _ = update(session, c.RunArrived(parted(run_of(session.plan.run), "gru_1", step, 2)))
    return update(session, c.EngineSaid(EngineState("ready", "")))[0]


def compared(session: Session, recordings: tuple[Recording, Recording] | None = None) -> Session:
    """Before and after its last change, with a cause; or these recordings in their place."""
    found = offers(session)
    assert not isinstance(found, str)
    session, _ = update(session, s.CompareCases(*found[0].cases))
    comparing, runs = session.comparing, (session.run_before, session.run)
    assert comparing is not None
    if recordings is None:
        one, other = (run.recording for run in runs if run is not None)
        assert one is not None
        assert other is not None
        recordings = one, other
    courses = course_of(recordings[0]), course_of(recordings[1])
    sides = Sides(
        (comparing.cases[0].name, comparing.cases[1].name),
        first_divergence(*courses),
        Judgement(("initial state",), "B with A's initial state: the two no longer part there"),
        facts=(Fact("initial state", "gru_1/h", "up to 0.25 apart", "gru_1"),),
    )
    return update(session, s.SidesArrived(comparing.key, sides, courses))[0]


def large() -> Session:
    """Two LSTM layers of 128 units over 200 steps; the second run is another all over from timestep 60 on."""
    traces = tuple(trace(f"lstm_{number}", LSTM, 128, 200) for number in (1, 2))
    one = Recording({}, {"y": np.zeros((1, 1), np.float32)}, traces)
    noise = np.random.default_rng(7).normal(size=(1, 140, 128)).astype(np.float32)
    steps = {
        name: np.concatenate([values[:, :60], values[:, 60:] + noise], axis=1)
        for name, values in traces[0].steps.items()
    }
    return compared(two_changes(), (one, replace(one, layers=(replace(traces[0], steps=steps), traces[1]))))


class StillSides(StillBench):
    """The workbench, two runs over it where the session has them, and nothing that runs."""

    def on_ready(self) -> None:
        """The comparison over the workbench."""
        if self.session is not None and self.session.comparing is not None:
            self.push_screen(SidesScreen())

    def _perform(self, effects: Sequence[Effect]) -> None:
        """No engine is started for a comparison."""
        super()._perform([each for each in effects if not isinstance(each, StartComparison | StopComparison)])


if __name__ == "__main__":
    StillSides(large()).run()
