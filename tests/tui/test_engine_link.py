"""What the link does about engines that die and requests that are refused, with an engine made of lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from lstm_tui.checks.case import Subject
from lstm_tui.checks.finding import Diagnosis, Finding
from lstm_tui.checks.states.variance import VarianceTest
from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.protocol import (
    Answered,
    ComputeGradients,
    Diagnose,
    EngineGone,
    EngineReady,
    ExploreShapes,
    FollowCalls,
    Found,
    Interleave,
    LoadModel,
    Refused,
    RepeatCall,
    Request,
    RunCalls,
)
from lstm_tui.errors import EngineError
from lstm_tui.recurrent.calls import RunPlan
from lstm_tui.recurrent.gradients import GradientPlan, Gradients
from lstm_tui.recurrent.interleavings import InterleavePlan
from lstm_tui.recurrent.shape_options import ShapeExploration
from lstm_tui.session import commands as c
from lstm_tui.session.effects import (
    StartDiagnosis,
    StartFollowing,
    StartGradients,
    StartInterleaving,
    StartShapes,
    StartVariance,
)
from lstm_tui.session.state import Refusal
from lstm_tui.tui import engine_link
from lstm_tui.tui.engine_link import EngineEvent, EngineLink
from tests.session.hand_made import gold, run_of
from tests.session.walks_made import interleaved, movements

MODEL = Path("gold.keras")
KILLED = EngineGone("killed by signal 9", ("out of memory",))


class FakeEngine:
    """Notes what it is asked; the test says what comes of it."""

    pid = 1

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.starts = 0

    def start(self) -> None:
        self.starts += 1

    def send(self, request: Request) -> int:
        self.asked.append(request)
        return len(self.asked)

    def kill(self) -> None: ...

    def next_event(self) -> EngineGone:
        """For the thread that reads; its messages are not handed on."""
        return EngineGone("the test is over")


class Told:
    """A link, its engine, and what the link says when something happens."""

    def __init__(self, *, debug: bool = False) -> None:
        self.engine = FakeEngine()
        self.link = EngineLink(cast(EngineProcess, self.engine), lambda _event: None, debug=debug)
        self.link.start()

    def happens(self, event: Any) -> list[c.Command]:
        said = self.link.receive(EngineEvent(self.engine.starts, event))
        return [each for each in said if not isinstance(each, c.EngineSaid)]

    def ready(self) -> None:
        assert not self.happens(EngineReady("Keras"))

    def answers(self, value: Any) -> list[c.Command]:
        return self.happens(Answered(len(self.engine.asked), value))

    def loaded(self) -> None:
        assert isinstance(self.engine.asked[-1], LoadModel)
        self.answers(gold())


@pytest.fixture
def plan() -> RunPlan:
    return RunPlan(inputs={"x": np.ones((1, 5, 3), np.float32)})


@pytest.fixture
def told() -> Told:
    told = Told()
    told.link.load(MODEL)
    told.ready()
    return told


def test_another_session_of_the_same_model_is_told_what_keras_makes_of_it(told: Told) -> None:
    told.loaded()
    told.link.load(MODEL)
    assert len(told.engine.asked) == 1
    told.link.load(MODEL, afresh=True)
    assert isinstance(told.engine.asked[-1], LoadModel)
    assert isinstance(told.answers(gold())[0], c.ModelLoaded)


def test_what_is_asked_or_waits_keeps_the_link_busy(told: Told, plan: RunPlan) -> None:
    assert told.link.busy
    told.loaded()
    assert not told.link.busy
    told.link.run(plan)
    assert told.link.busy
    told.answers(run_of(plan))
    assert not told.link.busy


def dies(told: Told) -> list[c.Command]:
    """The engine dies, and the next one is ready."""
    said = told.happens(KILLED)
    told.ready()
    return said


def test_a_model_that_two_engines_died_of_is_not_loaded_again_until_asked(told: Told) -> None:
    assert not dies(told)
    (said,) = dies(told)
    assert isinstance(said, c.ModelRefused)
    assert "twice while loading this model: killed by signal 9" in said.refusal.reason
    assert "Ctrl+R" in said.refusal.reason
    assert told.engine.asked == [LoadModel(MODEL)] * 2
    told.link.restart()
    told.link.load(MODEL)
    dies(told)
    assert told.engine.asked == [LoadModel(MODEL)] * 4


def test_deaths_between_which_it_loaded_are_not_held_against_it(told: Told) -> None:
    for _ in range(3):
        assert not dies(told)
        told.loaded()
        assert not told.happens(KILLED), "it died at rest"
        told.ready()


def test_a_plan_is_tried_twice(told: Told, plan: RunPlan) -> None:
    told.loaded()
    told.link.run(plan)
    assert not dies(told)
    told.loaded()
    (said,) = dies(told)
    assert isinstance(said, c.RunRefused)
    assert said.key == plan.key
    told.loaded()
    assert sum(isinstance(each, RunCalls) for each in told.engine.asked) == 2


def test_gradients_are_tried_twice(told: Told) -> None:
    told.loaded()
    told.link.aside(StartGradients("key", GradientPlan({})))
    assert not dies(told)
    told.loaded()
    (said,) = dies(told)
    assert isinstance(said, c.GradientsArrived)
    assert "twice while computing gradients" in str(said.gradients)
    told.loaded()
    assert sum(isinstance(each, ComputeGradients) for each in told.engine.asked) == 2


def test_gradients_belong_to_what_was_asked_and_not_to_what_is_looked_at_now(told: Told) -> None:
    told.loaded()
    first, second = (Gradients(name, np.zeros(1), {}, {}, {}) for name in ("first", "second"))
    told.link.aside(StartGradients("one", GradientPlan({})))
    told.link.aside(StartGradients("one", GradientPlan({})))
    told.link.aside(StartGradients("two", GradientPlan({}, float64=True)))
    (said, *_) = told.answers(first)
    assert isinstance(said, c.GradientsArrived)
    assert (said.key, said.gradients) == ("one", first)
    (said, *_) = told.answers(second)
    assert isinstance(said, c.GradientsArrived)
    assert (said.key, said.gradients) == ("two", second)
    assert [each.plan.float64 for each in told.engine.asked if isinstance(each, ComputeGradients)] == [
        False,
        True,
    ]


def diagnosis(key: str = "question") -> StartDiagnosis:
    return StartDiagnosis(key, Subject(RunPlan({})))


FINDING = Finding("state-carryover", "error", "five calls differ")


def test_findings_are_told_as_they_come_and_then_the_answer(told: Told) -> None:
    told.loaded()
    told.link.aside(diagnosis())
    assert isinstance(told.engine.asked[-1], Diagnose)
    assert told.happens(Found(FINDING)) == [c.FindingArrived("question", FINDING)]
    whole = Diagnosis((), (FINDING,))
    (said,) = told.answers(whole)
    assert isinstance(said, c.DiagnosisArrived)
    assert (said.key, said.answer) == ("question", whole)


def test_checks_give_way_to_a_plan_at_once(told: Told, plan: RunPlan) -> None:
    told.loaded()
    told.link.aside(diagnosis())
    told.link.run(plan)
    (said,) = dies(told)
    assert isinstance(said, c.DiagnosisArrived)
    assert "stopped" in str(said.answer)
    told.loaded()
    assert isinstance(told.engine.asked[-1], RunCalls)
    assert [type(each) for each in told.answers(run_of(plan))] == [c.RunArrived]
    assert sum(isinstance(each, Diagnose) for each in told.engine.asked) == 1


def test_checks_that_wait_are_told_to_be_stopped_too(told: Told, plan: RunPlan) -> None:
    told.loaded()
    told.link.run(plan)
    told.link.aside(diagnosis())
    told.link.run(RunPlan({"x": np.zeros((1, 2, 3), np.float32)}))
    said = told.answers(run_of(plan))
    assert [type(each) for each in said] == [c.DiagnosisArrived, c.RunArrived]


def test_a_newer_wish_takes_the_place_of_an_older_one_that_waits(told: Told, plan: RunPlan) -> None:
    told.loaded()
    told.link.run(plan)
    told.link.aside(diagnosis("one"))
    told.link.aside(diagnosis("other"))
    said = told.answers(run_of(plan))
    assert [each.key for each in said if isinstance(each, c.DiagnosisArrived)] == ["one"]
    assert isinstance(told.engine.asked[-1], Diagnose)


def test_checks_that_an_engine_died_of_are_begun_again_by_hand_alone(told: Told) -> None:
    told.loaded()
    told.link.aside(diagnosis())
    (said,) = dies(told)
    assert isinstance(said, c.DiagnosisArrived)
    assert "ended while the checks ran: killed by signal 9" in str(said.answer)
    told.loaded()
    assert sum(isinstance(each, Diagnose) for each in told.engine.asked) == 1


def test_what_is_quick_is_asked_first(told: Told, plan: RunPlan) -> None:
    told.loaded()
    told.link.run(plan)
    told.link.aside(diagnosis())
    told.link.aside(StartShapes("plan", {}, ()))
    told.link.aside(StartGradients("key", GradientPlan({})))
    told.answers(run_of(plan))
    assert isinstance(told.engine.asked[-1], ComputeGradients)
    told.answers(Gradients("sum", np.zeros(1), {}, {}, {}))
    assert isinstance(told.engine.asked[-1], ExploreShapes)
    shapes = ShapeExploration(())
    assert told.answers(shapes) == [c.ShapesArrived("plan", shapes)]
    assert isinstance(told.engine.asked[-1], Diagnose)


def test_a_call_is_repeated_for_who_looks(told: Told, plan: RunPlan) -> None:
    told.loaded()
    told.link.aside(StartVariance("key", plan))
    assert isinstance(told.engine.asked[-1], RepeatCall)
    test = VarianceTest(5, {}, {})
    (said,) = told.answers(test)
    assert isinstance(said, c.VarianceArrived)
    assert (said.key, said.test) == ("key", test)


def test_calls_are_followed_and_sessions_interleaved_for_who_looks(told: Told, plan: RunPlan) -> None:
    told.loaded()
    told.link.aside(StartInterleaving("key", InterleavePlan(plan, 0)))
    told.link.aside(StartFollowing("key", plan))
    assert isinstance(told.engine.asked[-1], Interleave)
    assert dies(told) == []
    told.loaded()
    found, answer = movements(), interleaved()
    assert isinstance(told.engine.asked[-1], FollowCalls), "the quickest first"
    (said,) = told.answers(found)
    assert isinstance(said, c.MovementsArrived)
    assert (said.key, said.movements) == ("key", found)
    (told_of,) = told.answers(answer)
    assert isinstance(told_of, c.InterleavingArrived), "what an engine died of is tried once more"
    assert (told_of.key, told_of.answer) == ("key", answer)
    told.link.aside(StartFollowing("key", plan))
    refused = Refused(len(told.engine.asked), EngineError("no such layer"))
    (said,) = told.happens(refused)
    assert isinstance(said, c.MovementsArrived)
    assert said.movements == "no such layer"


def test_interleavings_that_take_long_give_way_to_a_run(
    told: Told, plan: RunPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_link, "_PATIENCE", -1.0)
    told.loaded()
    wish = StartInterleaving("key", InterleavePlan(plan, 0))
    told.link.aside(wish)
    told.link.run(plan)
    assert dies(told) == [], "nothing is said of what nobody waits for"
    told.loaded()
    assert isinstance(told.engine.asked[-1], RunCalls)
    told.link.aside(wish)
    told.answers(run_of(plan))
    assert isinstance(told.engine.asked[-1], Interleave), "who looks again asks again"


def test_shapes_that_cannot_be_had_say_why(told: Told) -> None:
    told.loaded()
    told.link.aside(StartShapes("plan", {}, ()))
    (said,) = told.happens(Refused(len(told.engine.asked), EngineError("does not go through")))
    assert said == c.ShapesArrived("plan", "does not go through")


def test_a_plan_that_runs_already_is_not_run_once_more(told: Told, plan: RunPlan) -> None:
    told.loaded()
    told.link.run(plan)
    told.link.run(plan)
    told.answers(run_of(plan))
    assert sum(isinstance(each, RunCalls) for each in told.engine.asked) == 1


@pytest.mark.parametrize(("debug", "details"), [(True, "Traceback …"), (False, "")])
def test_tracebacks_are_for_who_asked_for_them(plan: RunPlan, debug: bool, details: str) -> None:
    told = Told(debug=debug)
    told.link.load(MODEL)
    told.ready()

    def refused() -> list[c.Command]:
        return told.happens(Refused(len(told.engine.asked), EngineError("no"), "Traceback …"))

    assert refused() == [c.ModelRefused(Refusal("no", details))]
    told.link.load(MODEL)
    told.loaded()
    told.link.run(plan)
    assert refused() == [c.RunRefused(plan.key, Refusal("no", details))]
