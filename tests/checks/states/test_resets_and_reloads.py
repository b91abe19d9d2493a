"""Resets that come too early, miss layers, fail or are gone; reloads that forget; on the leaky unit."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.checks.states import carryover, not_saved, reset_early, resets
from lstm_tui.recurrent.calls import (
    LegacyResetStates,
    Predict,
    Reload,
    ResetStates,
    StateReset,
    Stream,
)
from tests.checks.states.leaky import Leaky, case_of, chunks, each, found, waves

X = chunks(1)[0]


def reset_before_each(calls):
    return tuple(step for call in calls for step in (ResetStates(), call))


# --- too early --------------------------------------------------------------------------------------


def test_a_reset_between_chunks_of_one_sequence() -> None:
    case = case_of(Leaky(sequences=True), X, reset_before_each(each(chunks(4))))
    (finding,) = found(reset_early.CHECK, case)
    assert "whole sequence at once" in finding.proof.metric
    assert finding.evidence["difference_by_the_reset"] > 0
    assert finding.evidence["calls_cut_off"] == (4, 6, 8)
    assert finding.proof.after < 1e-9 < finding.proof.before
    assert sum(isinstance(call, ResetStates) for call in finding.fix.calls) == 1


def test_resets_between_sequences_of_their_own_are_right() -> None:
    others = [waves(20, seed)[None] for seed in range(4)]
    assert not found(reset_early.CHECK, case_of(Leaky(), X, reset_before_each(each(others))))
    again = reset_before_each((Predict(), Predict()))
    assert not found(reset_early.CHECK, case_of(Leaky(), X, again))


def test_windows_that_overlap_are_right_to_be_reset() -> None:
    series = waves(60)[None]
    windows = each([series[:, at : at + 20] for at in range(0, 30, 3)])
    assert not found(reset_early.CHECK, case_of(Leaky(), X, reset_before_each(windows)))


def test_two_users_in_turn_with_their_own_chunks() -> None:
    one, other = chunks(2), chunks(2, seed=5, level=3.0)
    calls = (ResetStates(), *each(one), ResetStates(), *each(other))
    assert not found(reset_early.CHECK, case_of(Leaky(), X, calls))


def test_a_memory_that_is_shorter_than_the_chunk_may_be_reset() -> None:
    case = case_of(Leaky(keep=0.5), X, reset_before_each(each(chunks(4, length=40))))
    assert not found(reset_early.CHECK, case)


def test_the_target_has_the_last_word() -> None:
    rng = np.random.default_rng(3)
    pieces = [rng.normal(size=(1, 20, 2)) for _ in range(2)]
    calls = (*each(pieces[:1]), ResetStates(), *each(pieces[1:]))
    model = Leaky(sequences=True)
    kept = case_of(model, X, each(pieces)).outputs["y"]
    assert found(reset_early.CHECK, case_of(model, X, calls, target=kept))
    cut = case_of(model, X, calls).outputs["y"]
    assert not found(reset_early.CHECK, case_of(model, X, calls, target=cut))


def test_a_reset_before_each_step_of_a_stream() -> None:
    (finding,) = found(reset_early.CHECK, case_of(Leaky(), X, (Stream(reset_each=True),)))
    assert finding.fix.calls == (finding.fix.calls[0],) and not finding.fix.calls[0].reset_each
    assert finding.proof.after == 0
    assert not found(reset_early.CHECK, case_of(Leaky(), X, (Stream(),)))


def test_steps_that_know_nothing_of_each_other_may_be_reset() -> None:
    noise = np.random.default_rng(1).normal(size=(1, 40, 2))
    assert not found(reset_early.CHECK, case_of(Leaky(), noise, (Stream(reset_each=True),)))


def test_a_stream_into_a_model_without_states() -> None:
    (finding,) = found(reset_early.CHECK, case_of(Leaky(batch=None), X + 1, (Stream(),)))
    assert "keeps no state" in finding.summary
    assert finding.fix.alterations
    assert finding.proof.after < 1e-6 < finding.proof.before


# --- what does not reset ----------------------------------------------------------------------------

TWO = Leaky(layers=("memory", "inner/memory"), top=("memory",))


def test_the_loop_over_the_top_level_misses_a_layer() -> None:
    case = case_of(TWO, X, (Predict(), ResetStates(scope="top_level"), Predict()))
    (finding,) = found(resets.INCOMPLETE, case)
    assert finding.evidence["layers_missed"] == ("inner/memory",)
    assert finding.evidence["layers_reset"] == ("memory",)
    assert list(finding.evidence["states_left"]) == ["inner/memory/h"]
    assert finding.proof.before > 0 == finding.proof.after
    assert finding.fix.calls[1].scope == "all"


def test_a_reset_that_names_one_layer_of_two() -> None:
    one = ResetStates(to=StateReset(layers=("memory",)))
    case = case_of(TWO, X, (Predict(), one, Predict()))
    assert [finding.layer for finding in found(resets.INCOMPLETE, case)] == ["inner/memory"]


@pytest.mark.parametrize(
    "reset",
    [
        ResetStates(),
        ResetStates(to=StateReset(to="random")),
        ResetStates(
            to=StateReset(to="saved", saved={"memory/h": np.ones((1, 1)), "inner/memory/h": np.ones((1, 1))})
        ),
    ],
)
def test_whole_resets_and_states_of_the_users_own_are_right(reset) -> None:
    assert not found(resets.INCOMPLETE, case_of(TWO, X, (Predict(), reset, Predict())))


def test_a_loop_that_reaches_everything_is_right() -> None:
    case = case_of(Leaky(), X, (Predict(), ResetStates(scope="top_level"), Predict()))
    assert not found(resets.INCOMPLETE, case)


def test_the_call_of_keras_2() -> None:
    case = case_of(Leaky(), X, (Predict(), LegacyResetStates(), Predict()))
    (finding,) = found(resets.UNAVAILABLE, case)
    assert finding.direct
    assert finding.evidence["called"] == "model.reset_states()"
    assert finding.proof.before > 0 == finding.proof.after
    assert "state-carryover" in resets.UNAVAILABLE.explains
    assert found(carryover.CHECK, case)


def test_the_call_of_keras_2_on_a_model_without_states() -> None:
    case = case_of(Leaky(batch=None), X, (Predict(), LegacyResetStates(), Predict()))
    (finding,) = found(resets.UNAVAILABLE, case)
    assert finding.proof is None and finding.direct


def test_a_reset_that_keras_breaks() -> None:
    case = case_of(Leaky(broken=True), X, (Predict(), ResetStates(scope="top_level"), Predict()))
    (finding,) = found(resets.BROKEN, case)
    assert "shape" in finding.evidence["keras_says"]
    assert finding.proof.before > 0 == finding.proof.after
    assert not found(resets.BROKEN, case_of(Leaky(broken=True), X, (Predict(), ResetStates(), Predict())))


# --- reloads ----------------------------------------------------------------------------------------


#: Pieces so short that only all joins together tell that they continue each other.
SHORT = np.split(np.concatenate(chunks(2), axis=1), 20, axis=1)


def test_a_reload_in_the_middle_of_a_stream() -> None:
    stream = chunks(6)
    case = case_of(Leaky(), X, (*each(stream[:5]), Reload(), *each(stream[5:])))
    (finding,) = found(not_saved.CHECK, case)
    assert finding.evidence["state_before"]["memory/h"] > 0
    assert finding.evidence["state_after"]["memory/h"] == 0
    assert finding.proof.after == 0
    assert finding.fix.calls[6].to.to == "saved"


def test_the_same_question_before_and_after_a_reload() -> None:
    warm, now = chunks(2)
    noise = np.random.default_rng(1).normal(size=(2, 1, 30, 2))
    for first, second in ((warm, now), noise):
        case = case_of(Leaky(), X, (*each([first, second]), Reload(), *each([second.copy()])))
        assert len(found(not_saved.CHECK, case)) == 1


@pytest.mark.parametrize(
    "calls",
    [
        (*each([X]), Reload(), *each([X.copy()])),
        (*each(chunks(2)), Reload(), *each(chunks(2))),
        (*each(SHORT), Reload(), *each([piece.copy() for piece in SHORT])),
        (*each(chunks(2)), Reload(), ResetStates(to=StateReset(to="random")), *each(chunks(2)[1:])),
        (*each([X]), ResetStates(), Reload(), *each([waves(20, 4)[None]])),
        (*each([X]), Reload(), *each([waves(20, 4, level=3.0)[None]])),
    ],
)
def test_reloads_that_lose_nothing(calls) -> None:
    assert not found(not_saved.CHECK, case_of(Leaky(), X, calls))


def test_the_target_tells_that_the_sequence_went_on() -> None:
    first, second = np.random.default_rng(5).normal(size=(2, 1, 30, 2))
    model = Leaky(sequences=True)
    kept = case_of(model, X, each([first, second])).outputs["y"]
    calls = (*each([first]), Reload(), *each([second]))
    assert found(not_saved.CHECK, case_of(model, X, calls, target=kept))
    assert not found(not_saved.CHECK, case_of(model, X, calls))
