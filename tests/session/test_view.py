"""What a session shows of its recording."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lstm_tui.recurrent.calls import CallFailure, CallOutcome, Run
from lstm_tui.recurrent.recording import Recording
from lstm_tui.session import commands as c
from lstm_tui.session.edits import Material
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session, update
from lstm_tui.session.view import (
    largest_difference,
    output_view,
    shown_outcome,
    shown_trace,
    timesteps,
)
from tests.session.hand_made import arrived, gold, run_of


def with_recording(session: Session, **changes: object) -> Session:
    assert session.plan is not None
    run = run_of(session.plan.run)
    assert isinstance(run.recording, Recording)
    recording = replace(run.recording, **changes)  # type: ignore[arg-type]
    return update(session, c.RunArrived(replace(run, recording=recording)))[0]


def test_the_prediction_at_each_step_is_the_prefix(session: Session) -> None:
    view = output_view(session)
    assert view is not None
    assert view.predictions is not None
    assert view.predictions.shape == (10, 1)
    assert view.note == "had the sequence ended here"
    assert output_view(session) is view, "drawing again costs nothing"


def test_without_prefix_only_the_end_is_shown_and_the_reason_told(session: Session) -> None:
    view = output_view(with_recording(session, prefix={}, prefix_missing={"y": "a layer looks ahead"}))
    assert view is not None
    assert view.predictions is None
    assert view.note == "a layer looks ahead"
    assert view.final == pytest.approx([0.5])


def test_a_sequence_as_output_is_its_own_curve(session: Session) -> None:
    output = np.linspace(0, 1, 10, dtype=np.float32).reshape(1, 10, 1)
    view = output_view(with_recording(session, outputs={"y": output}, prefix={}))
    assert view is not None
    assert view.predictions is not None
    assert view.predictions[:, 0] == pytest.approx(output[0, :, 0])
    assert view.final == pytest.approx([1.0])


@pytest.mark.parametrize(
    ("target", "shape"),
    [((1, 1), (1,)), ((10,), (10, 1)), ((1, 10, 1), (10, 1)), ((1, 10), (10, 1)), ((1,), (1,))],
)
def test_a_target_is_read_per_step_or_for_the_end(target: tuple[int, ...], shape: tuple[int, ...]) -> None:
    x = np.zeros((1, 10, 2), np.float32)
    session = arrived(open_session(gold(), Material(inputs={"x": x}, target=np.ones(target)))[0])
    view = output_view(session)
    assert view is not None
    assert view.target is not None
    assert view.target.shape == shape


def test_each_sample_has_its_own_series(session_of_two: Session) -> None:
    other, _ = update(session_of_two, c.MoveSample(1))
    traces = [(shown_trace(each), each.cursor.sample) for each in (session_of_two, other)]
    first, second = (trace.over_time("h", sample) for trace, sample in traces if trace is not None)
    assert first.shape == (10, 4)
    assert not np.array_equal(first, second)


def test_a_failed_call_is_shown_and_has_no_trace(session: Session) -> None:
    assert session.plan is not None
    outcome = CallOutcome("predict", failure=CallFailure("lstm_1", "ValueError", "no"))
    failed, _ = update(session, c.RunArrived(Run(session.plan.run.key, (outcome,))))
    assert shown_outcome(failed) is outcome
    assert shown_trace(failed) is None
    assert timesteps(failed) == 0


@pytest.mark.parametrize(
    ("one", "other", "largest"),
    [([1.0, 2.0], [1.0, 2.5], 0.5), ([np.nan], [np.nan], 0.0), ([np.inf], [np.inf], 0.0)],
)
def test_the_largest_difference_of_two_outcomes(one: list[float], other: list[float], largest: float) -> None:
    pair = [CallOutcome("predict", {"y": np.array(values)}) for values in (one, other)]
    assert largest_difference(*pair) == largest


def test_a_nan_on_one_side_is_no_small_difference() -> None:
    pair = [CallOutcome("predict", {"y": np.array(values)}) for values in ([np.nan], [1.0])]
    assert np.isnan(largest_difference(*pair))  # type: ignore[arg-type]


def test_outputs_of_other_shapes_have_no_difference() -> None:
    pair = [CallOutcome("predict", {"y": np.zeros(size)}) for size in (1, 2)]
    assert largest_difference(*pair) is None
