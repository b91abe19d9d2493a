"""What an earlier call leaves: found where a call does not continue it, silent where it does."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.checks.states import carryover
from lstm_tui.recurrent.calls import Generate, Predict, ResetStates, Stream, Threads
from tests.checks.states.leaky import Leaky, case_of, chunks, each, found, waves

X = chunks(1)[0]


def only(case):
    (finding,) = found(carryover.CHECK, case)
    assert finding.code == "state-carryover" and finding.severity == "error"
    assert finding.proof is not None and finding.proof.after < finding.proof.before / 2
    return finding


def silent(case) -> None:
    assert found(carryover.CHECK, case) == []


def test_identical_calls_differ_until_they_are_reset() -> None:
    finding = only(case_of(Leaky(), X, (Predict(),) * 3))
    assert finding.evidence["max_difference"] > 0
    assert finding.evidence["variance"] > 0
    assert finding.evidence["after_reset"] == 0
    assert [type(call) for call in finding.fix.calls] == [ResetStates, Predict] * 3
    silent(case_of(Leaky(), X, (Predict(), ResetStates(), Predict())))


def test_a_plain_question_to_a_stateful_model_is_answered() -> None:
    fix = only(case_of(Leaky(), X)).fix
    assert [type(call) for call in fix.fault] == [Predict, Predict], "one call has nothing to inherit"
    assert [type(call) for call in fix.calls] == [Predict, ResetStates, Predict]
    assert only(case_of(Leaky(), X, (Predict(),) * 3)).fix.fault is None
    silent(case_of(Leaky(batch=None), X))


def test_an_input_that_comes_again_after_another() -> None:
    one, other = X, waves(20, seed=3, features=2)[None]
    finding = only(case_of(Leaky(), one, each([one, other, one.copy()])))
    assert finding.place.call == 2


def test_windows_that_overlap() -> None:
    series = waves(50)[None]
    finding = only(case_of(Leaky(), X, each([series[:, at : at + 20] for at in (0, 5, 10)])))
    assert finding.evidence["relation"] == "overlaps"
    assert finding.evidence["overlap"] == 15
    silent(case_of(Leaky(), X, each([series[:, :20], series[:, 20:25], series[:, 25:30]])))


def test_other_sequences_are_told_by_the_data() -> None:
    users = [waves(20, seed, level=2.0 * seed)[None] for seed in range(4)]
    finding = only(case_of(Leaky(), X, each(users)))
    assert finding.evidence["relation"] == "unrelated"
    silent(case_of(Leaky(), X, each(chunks(4))))


def test_other_sequences_are_told_by_the_target() -> None:
    rng = np.random.default_rng(2)
    before, now = (rng.normal(0.2, 1, (1, 40, 2)) for _ in range(2))
    model = Leaky(sequences=True)
    alone = case_of(model, now).outputs["y"]
    finding = only(case_of(model, now, each([before, now]), target=alone))
    assert finding.evidence["relation"] == "unrelated"
    carried = case_of(model, now, each([before, now])).outputs["y"]
    silent(case_of(model, now, each([before, now]), target=carried))


def test_what_the_data_does_not_tell_is_an_info() -> None:
    rng = np.random.default_rng(4)
    case = case_of(Leaky(), X, each([rng.normal(size=(1, 20, 2)) for _ in range(3)]))
    silent(case)
    (finding,) = carryover.CHECK.find(case)
    assert finding.severity == "info"


def test_a_window_fed_with_its_own_predictions_is_read_twice() -> None:
    only(case_of(Leaky(), X, (Generate(4),)))
    silent(case_of(Leaky(), X[:, :1], (Generate(4),)))
    silent(case_of(Leaky(), X, (Generate(4, carry=True),)))


@pytest.mark.parametrize(
    "calls",
    [
        (Stream(),),
        (Stream(reset_each=True),),
        (ResetStates(), Stream(), ResetStates(), Stream()),
        (Threads(2, (ResetStates(), Predict())),),
    ],
)
def test_streams_and_threads_are_not_its_business(calls) -> None:
    assert not list(carryover.CHECK.find(case_of(Leaky(), X, calls)))


def test_a_stream_that_begins_again_without_a_reset() -> None:
    case = case_of(Leaky(), X, (Stream(), Stream()))
    assert [finding.code for finding in found(carryover.CHECK, case)] == ["state-carryover"]


def test_a_memory_shorter_than_the_sequence_is_healthy() -> None:
    users = [waves(60, seed, level=2.0 * seed)[None] for seed in range(4)]
    silent(case_of(Leaky(keep=0.5), X, each(users)))


def test_single_steps_of_one_stream_are_silent() -> None:
    silent(case_of(Leaky(), X, each(chunks(20, length=1))))


def test_repeated_tokens_in_a_stream_are_no_repeated_question() -> None:
    steps = [np.array([[[float(token), 0.0]]]) for token in (1, 2, 1, 1, 3, 2, 1, 2, 2, 1)]
    silent(case_of(Leaky(), X, each(steps)))


def test_rows_of_a_batch_are_judged_together() -> None:
    stream = [np.concatenate(pair) for pair in zip(chunks(4), chunks(4, seed=1), strict=True)]
    silent(case_of(Leaky(batch=2), stream[0], each(stream)))
    case = case_of(Leaky(batch=2), stream[0], each([stream[0], stream[0][::-1].copy()]))
    assert found(carryover.CHECK, case)
