"""Two runs side by side as the session knows them: what is offered, what is seen at once, where one walks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.errors import UsageError
from lstm_tui.recurrent.calls import fingerprint
from lstm_tui.recurrent.cells import LSTM
from lstm_tui.recurrent.divergence import Course, course_of, first_divergence
from lstm_tui.recurrent.recording import LayerTrace, Recording
from lstm_tui.recurrent.side_causes import Judgement
from lstm_tui.recurrent.sides import Sides
from lstm_tui.session import commands as c
from lstm_tui.session import comparing_commands as s
from lstm_tui.session.comparing import Offer, offers, plan_of
from lstm_tui.session.edits import Material, PredictAgain, ResetBeforeEachCall
from lstm_tui.session.effects import Announce, StartComparison, StopComparison
from lstm_tui.session.sides import Comparing, furthest, series_of, shown_place, sizes, tracks
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session, update
from tests.session.hand_made import gold, parted, run_of, trace


@pytest.fixture
def reset(session: Session) -> Session:
    """Two calls, then a reset before each: from timestep 4 on unit 2 of the GRU is another."""
    session, _ = update(session, c.MakeEdits((PredictAgain(),)))
    assert session.plan is not None
    session, _ = update(session, c.RunArrived(run_of(session.plan.run)))
    session, _ = update(session, c.MakeEdits((ResetBeforeEachCall(),)))
    assert session.plan is not None
    return update(session, c.RunArrived(parted(run_of(session.plan.run), "gru_1", 4, 2)))[0]


def offered(session: Session, word: str) -> Offer:
    found = offers(session)
    assert not isinstance(found, str)
    return next(each for each in found if each.word == word)


def begun(session: Session, word: str = "change") -> tuple[Session, StartComparison]:
    session, (asked,) = update(session, s.CompareCases(*offered(session, word).cases))
    assert isinstance(asked, StartComparison)
    return session, asked


def shown(session: Session) -> Comparing:
    assert session.comparing is not None
    return session.comparing


def walked(session: Session, *moves: c.Look) -> Session:
    for move in moves:
        session, effects = update(session, s.WalkSides(move))
        assert effects == (), "a step asks nobody for anything"
    return session


def test_without_an_input_there_is_nothing_to_compare() -> None:
    assert offers(open_session(gold())[0]) == "There is nothing to compare yet: o opens an input."


def test_what_is_offered_follows_what_was_done(session: Session, reset: Session) -> None:
    words = {
        name: [each.word for each in found if not isinstance(each, str)]
        for name, found in (("opened", offers(session)), ("reset", offers(reset)))
    }
    assert words == {"opened": ["again"], "reset": ["change", "changes", "calls", "again"]}
    assert offered(reset, "change").label == "before and after: reset before each call"


def test_both_sides_are_plans_of_the_same_history(reset: Session) -> None:
    one, other = offered(reset, "change").cases
    assert (one.name, other.name) == ("after predict again", "after predict again, reset before each call")
    assert reset.plan is not None
    assert plan_of(other, reset.model, reset.memory).key == reset.plan.run.key
    assert plan_of(one, reset.model, reset.memory).key == reset.before
    one, other = offered(reset, "again").cases
    plans = [plan_of(each, reset.model, reset.memory) for each in (one, other)]
    (calls, record), (more, last) = ((plan.calls, plan.record) for plan in plans)
    assert fingerprint(more) == fingerprint((*calls[: record + 1], calls[record]))
    assert last == record + 1


def test_what_was_seen_already_stands_side_by_side_at_once(reset: Session) -> None:
    session, asked = begun(reset)
    comparing = shown(session)
    assert asked.key == comparing.key
    assert comparing.divergence is not None
    assert (comparing.divergence.layer, comparing.divergence.timestep) == ("gru_1", 4)
    assert comparing.sides is None, "the cause takes engines"
    place = comparing.place
    assert (comparing.pairs[place.pair].one.path, place.step, place.series) == ("gru_1", 4, "z")
    assert place.unit == 2


def test_what_was_not_run_yet_is_waited_for(reset: Session) -> None:
    session, _ = begun(reset, "again")
    assert not shown(session).pairs
    assert update(session, s.ToFirstDivergence())[1] == (Announce("both sides have to be there first"),)
    session, _ = update(session, s.ComparingSaid(shown(session).key, "loading gold.keras"))
    assert shown(session).doing == "loading gold.keras"


def test_the_answer_leaves_the_place_where_somebody_walks(reset: Session) -> None:
    session, asked = begun(reset)
    session = walked(session, c.MoveStep(3))
    recordings = [run.recording for run in (session.run_before, session.run) if run is not None]
    one, other = (course_of(each) for each in recordings if each is not None)
    sides = Sides(("A", "B"), first_divergence(one, other), Judgement(("initial state",), "nothing else"))
    session, _ = update(session, s.SidesArrived(asked.key, sides, (one, other)))
    assert shown(session).sides is sides
    assert not shown(session).doing
    assert shown(session).place.step == 7
    assert update(session, s.CompareCases(*asked.cases)) == (session, ()), "it is there already"


def test_leaving_gives_up_what_is_not_finished(reset: Session) -> None:
    session, asked = begun(reset)
    left, effects = update(session, s.LeaveSides())
    assert effects == (StopComparison(),)
    assert left.comparing is None
    assert update(left, s.SidesArrived(asked.key, "too late")) == (left, ())
    refused, _ = update(session, s.SidesArrived(asked.key, "predict failed"))
    assert shown(refused).refusal == "predict failed"
    assert shown(refused).pairs, "what is there can still be walked"
    assert isinstance(update(refused, s.CompareCases(*asked.cases))[1][0], StartComparison)


def test_the_keys_of_one_run_move_in_both(reset: Session) -> None:
    session, _ = begun(reset)
    session = walked(session, c.GoToStep(-1), c.MoveStep(5), c.MoveSeries(1), c.MoveUnit(1))
    place = shown(session).place
    assert (place.step, place.series, place.unit) == (9, "r", 0)
    session = walked(session, c.ChooseUnit(None), c.MoveLayer(-1), c.GoToStep(2), c.MoveStep(-10))
    comparing = shown(session)
    assert comparing.pairs[comparing.place.pair].one.path == "lstm_1"
    assert shown_place(comparing).series == "h", "an LSTM has no reset gate"
    assert comparing.place.step == 0
    session, _ = update(session, s.ToFirstDivergence())
    assert (shown(session).place.step, shown(session).place.unit) == (4, 2)
    maps = []
    for _ in range(4):
        session, _ = update(session, s.SwitchMaps())
        maps.append(shown(session).place.maps)
    assert maps == ["A", "B", "B-A", "all"]


def test_the_largest_difference_is_that_of_the_series_that_is_shown(reset: Session) -> None:
    assert reset.run is not None
    further = parted(parted(reset.run, "gru_1", 7, 0, by=0.9), "gru_1", 8, 0, by=-0.9)
    session, _ = update(reset, c.RunArrived(further))
    session, _ = begun(session)
    session, _ = update(session, s.ToLargestDifference())
    place = shown(session).place
    assert (place.step, place.unit) == (7, 0)
    session = walked(session, c.MoveLayer(-1))
    said = update(session, s.ToLargestDifference())[1]
    assert said == (Announce("equal to the bit: no value of this series differs"),)


def test_two_that_are_equal_do_not_part(session: Session) -> None:
    session, _ = update(session, c.MakeEdits((PredictAgain(),)))
    assert session.plan is not None
    session, _ = update(session, c.RunArrived(run_of(session.plan.run)))
    session, _ = begun(session)
    assert shown(session).divergence is None
    said = update(session, s.ToFirstDivergence())[1]
    assert said == (Announce("the two are equal within float noise: they do not part"),)


def course(*traces: LayerTrace, output: float = 0.0) -> Course:
    return course_of(Recording({}, {"y": np.full((1, 1), output, np.float32)}, traces))


def test_of_other_lengths_units_and_names_what_both_have_is_walked(session: Session) -> None:
    session, asked = begun(session, "again")
    broken = trace("renamed", LSTM, 3, 6)
    broken.steps["c"][0, 5, 1] = np.nan
    courses = (course(trace("lstm_1", LSTM, 4, 10)), course(broken, output=1.0))
    session, _ = update(session, s.CoursesArrived(asked.key, courses, first_divergence(*courses)))
    comparing = shown(session)
    assert comparing.pair is not None
    assert comparing.pair.other.path == "renamed"
    assert sizes(comparing) == (1, 6, 3)
    assert series_of(comparing.pair) == ("h", "c", "i", "f", "o", "g")
    assert np.isnan(tracks(comparing.pair, "c", 0).gap[5, 1])
    assert furthest(comparing.pair, "c") == (np.inf, 0, 5, 1)
    session = walked(session, c.GoToStep(-1))
    assert shown(session).place.step == 5
    session = walked(session, c.MoveLayer(1))
    assert sizes(shown(session)) == (1, 1, 1), "an output without timesteps is one step"
    assert shown_place(shown(session)).step == 0
    assert shown_place(shown(walked(session, c.MoveLayer(-1)))).step == 5, "kept for the way back"


def test_what_memory_does_not_hold_is_refused_with_what_to_do(session: Session) -> None:
    one, _ = offered(session, "again").cases
    long = replace(one, material=Material(inputs={"x": np.zeros((1, 5000, 2), np.float32)}))
    with pytest.raises(UsageError, match="too much to lay two of them side by side"):
        plan_of(long, session.model, 1000)


def test_another_model_runs_what_is_shown_with_its_own_names(session: Session) -> None:
    one, _ = offered(session, "again").cases
    other = replace(session.model, inputs=(replace(session.model.inputs[0], name="sequence"),))
    assert list(plan_of(replace(one, model=Path("b.keras")), other, session.memory).inputs) == ["sequence"]
    assert list(plan_of(one, replace(other, inputs=()), session.memory).inputs) == ["x"]
