"""The list of samples as a session sees it: its own units and target, and where choosing one leads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lstm_tui.arrays.rescale import Rescale
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.session import commands as c
from lstm_tui.session.edits import Material
from lstm_tui.session.samples import sample_standings
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session, update
from tests.session.hand_made import arrived, run_of


def of_three(facts: ModelFacts, target: np.ndarray | None = None) -> Session:
    session, _ = open_session(facts, Material(inputs={"x": np.zeros((3, 10, 2), np.float32)}, target=target))
    assert session.plan is not None
    run = run_of(session.plan.run)
    assert run.recording is not None
    outputs = {"y": np.array([[0.1], [0.2], [0.9]], np.float32)}
    run = replace(run, recording=replace(run.recording, outputs=outputs))
    return update(session, c.RunArrived(run))[0]


def test_without_a_recording_there_are_none(facts: ModelFacts) -> None:
    assert sample_standings(open_session(facts)[0]) == ()


def test_errors_are_those_of_what_the_user_sees(facts: ModelFacts) -> None:
    session = of_three(facts, np.array([[101.0], [102.0], [103.0]]))
    back = Rescale("standard", np.array(100.0), np.array(10.0), inverse=True)
    session, _ = update(session, c.MakeEdits((back,)))
    told = sample_standings(session)
    assert [each.sample for each in told] == [2, 0, 1]
    np.testing.assert_allclose([each.error for each in told], [6.0, 0.0, 0.0], atol=1e-4)
    assert told[0].why == "error"


def test_choosing_one_goes_there(facts: ModelFacts) -> None:
    session = of_three(facts)
    there, effects = update(session, c.ChooseSample(2))
    assert (there.cursor.sample, there.cursor.layer, there.cursor.step) == (2, "lstm_1", 0)
    assert effects == ()
    there, _ = update(session, c.ChooseSample(1, "gru_1", 7))
    assert (there.cursor.sample, there.cursor.layer, there.cursor.step) == (1, "gru_1", 7)
    beyond, _ = update(session, c.ChooseSample(99, step=99))
    assert (beyond.cursor.sample, beyond.cursor.step) == (2, 9)


def test_the_list_is_made_once_for_a_recording(facts: ModelFacts) -> None:
    session = of_three(facts)
    moved, _ = update(session, c.MoveStep(1))
    assert sample_standings(session) is sample_standings(moved)


def test_one_sample_is_a_list_of_one(session: Session) -> None:
    assert [each.sample for each in sample_standings(arrived(session))] == [0]
