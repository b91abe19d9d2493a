"""A session without a screen, on an engine made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.engine.protocol import Answer, LoadModel, Request, RunCalls
from lstm_tui.errors import EngineError, ModelFileError
from lstm_tui.performing.at_once import AtOnce
from lstm_tui.performing.opening import Opened
from lstm_tui.session.commands import GoToStep, MakeEdits, RunChecks, Shrink
from lstm_tui.session.diagnosing import shown_checkup
from lstm_tui.session.edits import Material, PredictAgain
from lstm_tui.session.update import open_session
from tests.session.hand_made import gold, run_of


class HandMade:
    """Answers loads and runs; refuses all else."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Answer:
        self.asked.append(request)
        if isinstance(request, LoadModel):
            return gold()
        if isinstance(request, RunCalls):
            return run_of(request.plan)
        raise EngineError("not here")


@pytest.fixture
def engine() -> HandMade:
    return HandMade()


@pytest.fixture
def shell(engine: HandMade) -> AtOnce:
    x = np.ones((1, 10, 2), np.float32)
    return AtOnce(Opened(*open_session(gold(from_keras=False), Material(inputs={"x": x}))), engine)


def test_the_first_run_is_there_at_once(shell: AtOnce, engine: HandMade) -> None:
    assert shell.session.run is not None
    assert [type(each) for each in engine.asked] == [LoadModel, RunCalls]


def test_each_command_is_carried_out_to_its_end(shell: AtOnce) -> None:
    assert shell.dispatch(GoToStep(3)) == []
    assert shell.session.cursor.step == 3
    shell.dispatch(MakeEdits((PredictAgain(),)))
    assert shell.session.run is not None
    assert len(shell.session.run.outcomes) == 2


def test_what_the_engine_refuses_is_a_result(shell: AtOnce) -> None:
    shell.dispatch(RunChecks())
    checkup = shown_checkup(shell.session)
    assert checkup is not None
    assert checkup.stopped == "not here"


def test_what_needs_more_than_one_engine_is_refused(shell: AtOnce) -> None:
    told = shell.dispatch(Shrink())
    assert all(each.text for each in told)


def test_a_model_that_does_not_load_is_refused(engine: HandMade) -> None:
    def refuses(request: Request) -> Answer:
        raise ModelFileError("no model")

    opened = Opened(*open_session(gold(from_keras=False), Material()))
    with pytest.raises(ModelFileError):
        AtOnce(opened, refuses)
