"""Streams that meet in one state, validation, shuffles, threads, weights that move; on the leaky unit."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.checks.states import carryover, contaminated, retrained, shared, shuffled
from lstm_tui.recurrent.calls import Fit, Predict, ResetStates, StateReset, Threads
from tests.checks.states.leaky import Leaky, case_of, chunks, each, found, waves

ONE, OTHER = chunks(4), chunks(4, seed=1, level=2.0)
X = ONE[0]
PIECES = np.concatenate(chunks(12))
LABELS = np.zeros((12, 1))


def turns(*streams):
    return [chunk for group in zip(*streams, strict=True) for chunk in group]


def jumping(steps: int, seed: int) -> np.ndarray:
    """`(steps, 2)`: a level of noise that is left for another at random times."""
    rng = np.random.default_rng(seed)
    number = np.cumsum(rng.random(steps) < 0.12)
    return rng.normal(size=(number[-1] + 1, 2))[number] + 0.1 * rng.normal(size=(steps, 2))


# --- another stream ---------------------------------------------------------------------------------


def test_two_streams_in_turn_through_one_state() -> None:
    case = case_of(Leaky(), X, each(turns(ONE, OTHER)))
    (finding,) = found(contaminated.CHECK, case)
    assert finding.evidence["difference"] > 0
    assert finding.proof.after < 1e-9
    assert set(finding.evidence["calls_that_resume"]) == {3, 4, 5, 6, 7, 8}
    assert "state-carryover" in contaminated.CHECK.explains
    assert found(carryover.CHECK, case)


@pytest.mark.parametrize("seed", range(3))
def test_streams_that_jump_tell_it_all_together(seed: int) -> None:
    """Not one join says enough by itself, and no jump between them is larger than those inside."""
    one, other = (np.split(jumping(160, 2 * seed + k)[None], 8, axis=1) for k in range(2))
    (finding,) = found(contaminated.CHECK, case_of(Leaky(), X, each(turns(one, other))))
    assert set(finding.evidence["calls_that_resume"]) == set(range(3, 17))
    assert not found(contaminated.CHECK, case_of(Leaky(), X, each([*one, *other])))


def test_one_stream_interrupted_once() -> None:
    foreign = waves(20, 7, level=3.0)[None]
    case = case_of(Leaky(), X, each([*ONE[:2], foreign, *ONE[2:]]))
    (finding,) = found(contaminated.CHECK, case)
    assert finding.place.call == 3
    assert finding.evidence["calls_in_between"] == "3"


@pytest.mark.parametrize(
    "calls",
    [
        each(ONE),
        (*each(ONE), ResetStates(), *each(OTHER)),
        each([waves(20, seed, level=2.0 * seed)[None] for seed in range(6)]),
        each(np.random.default_rng(1).normal(size=(6, 1, 20, 2))),
        (Predict(), Predict(), Predict()),
    ],
)
def test_whole_streams_and_strangers_are_not_its_business(calls) -> None:
    assert not found(contaminated.CHECK, case_of(Leaky(), X, calls))


def test_streams_whose_own_states_are_put_back_are_right() -> None:
    run = case_of(Leaky(), X, each(ONE)).run
    other = case_of(Leaky(), X, each(OTHER)).run
    calls = []
    for number, pair in enumerate(zip(ONE, OTHER, strict=True)):
        for chunk, outcomes in zip(pair, (run.outcomes, other.outcomes), strict=True):
            own = StateReset(to="saved", saved=outcomes[number].states_before)
            calls += [ResetStates(to=own), Predict({"x": chunk})]
    assert not found(contaminated.CHECK, case_of(Leaky(), X, tuple(calls)))


# --- validation -------------------------------------------------------------------------------------

HELD = ({"x": OTHER[0]}, LABELS[:1])


def fit(**options):
    return Fit(LABELS, batch_size=1, shuffle=False, **options)


def test_validation_moves_the_state_that_the_next_epoch_begins_with() -> None:
    case = case_of(Leaky(), PIECES, (fit(epochs=2, validation=HELD),), record=0)
    (finding,) = found(contaminated.CHECK, case)
    evidence = finding.evidence
    assert evidence["state_after_validation"] == evidence["next_epoch_begins_with"]
    assert evidence["state_after_validation"] != evidence["state_after_training"]
    assert finding.proof.before > 0 == finding.proof.after
    assert finding.fix.calls[0].validation is None


def test_training_without_validation_or_with_a_reset_after_it_is_right() -> None:
    assert not found(contaminated.CHECK, case_of(Leaky(), PIECES, (fit(epochs=2),), record=0))
    calls = (fit(validation=HELD), ResetStates(), fit(validation=HELD), ResetStates())
    assert not found(contaminated.CHECK, case_of(Leaky(), PIECES, calls, record=0))


def test_what_goes_on_after_validation_decides() -> None:
    series = waves(14 * 20)[None]
    train = np.concatenate(np.split(series[:, :240], 12, axis=1))
    held = ({"x": series[:, 240:260]}, LABELS[:1])
    late = (fit(validation=held), Predict({"x": series[:, 260:280]}))
    assert not found(contaminated.CHECK, case_of(Leaky(), train, late))
    again = (fit(validation=HELD), Predict({"x": series[:, 240:260]}))
    assert found(contaminated.CHECK, case_of(Leaky(), train, again))


# --- shuffles ---------------------------------------------------------------------------------------


def test_a_shuffle_of_rows_that_continue_each_other() -> None:
    case = case_of(Leaky(), PIECES, (Fit(LABELS, batch_size=1),), record=0)
    (finding,) = found(shuffled.CHECK, case)
    assert sorted(finding.evidence["order_used"]) == list(range(12))
    assert finding.evidence["state_handed_on"][0].startswith("row ")
    assert finding.proof.before < 0.5 < finding.proof.after
    assert finding.fix.calls[0].shuffle is False


def test_rows_in_order_independent_rows_and_models_without_states_are_silent() -> None:
    unrelated = np.stack([waves(20, seed, level=2.0 * (seed * 5 % 12)) for seed in range(12)])
    for model, x, call in (
        (Leaky(), PIECES, Fit(LABELS, batch_size=1, shuffle=False)),
        (Leaky(), unrelated, Fit(LABELS, batch_size=1)),
        (Leaky(batch=None), PIECES, Fit(LABELS, batch_size=4)),
        (Leaky(batch=12), PIECES, Fit(LABELS, batch_size=12)),
    ):
        assert not found(shuffled.CHECK, case_of(model, x, (call,), record=0))


# --- threads ----------------------------------------------------------------------------------------


def test_threads_that_reset_and_predict_disturb_each_other() -> None:
    case = case_of(Leaky(), X, (Threads(3, (ResetStates(), Predict())),))
    (finding,) = found(shared.CHECK, case)
    assert finding.evidence["interleaving"] == "0: reset, 1: reset, 0: predict, 1: predict"
    assert finding.evidence["one_after_the_other"] == 0
    assert finding.proof.after == 0
    assert [type(call) for call in finding.fix.calls] == [ResetStates, Predict] * 3


def test_threads_that_stream_need_states_of_their_own() -> None:
    case = case_of(Leaky(), X, (Threads(2, each(ONE)),))
    (finding,) = found(shared.CHECK, case)
    assert finding.proof.before > 0
    assert finding.proof.after < 1e-9
    assert any(isinstance(call, ResetStates) for call in finding.fix.calls)


def test_one_thread_and_models_without_states_are_silent() -> None:
    once = (ResetStates(), Predict())
    assert not found(shared.CHECK, case_of(Leaky(), X, (Threads(1, once),)))
    assert not found(shared.CHECK, case_of(Leaky(batch=None), X, (Threads(4, once),)))
    assert not found(shared.CHECK, case_of(Leaky(), X, (ResetStates(), Predict()) * 3))


def test_orders_begin_with_one_thread_after_the_other() -> None:
    assert shared.orders(2)[0] == ((0, 0), (0, 1), (1, 0), (1, 1))
    assert ((0, 0), (1, 0), (0, 1), (1, 1)) in shared.orders(2)
    assert all(sorted(order) == sorted(shared.orders(3)[0]) for order in shared.orders(3))


# --- retraining -------------------------------------------------------------------------------------

STATELESS = Leaky(batch=None)


def test_a_fit_between_two_predictions_of_the_same() -> None:
    case = case_of(STATELESS, PIECES, (Predict(), Fit(LABELS), Predict()))
    (finding,) = found(retrained.CHECK, case)
    assert finding.severity == "error"
    assert finding.evidence["weight_change"] == {"call 2": 0.1}
    assert finding.proof.before > 0 == finding.proof.after
    assert not any(isinstance(call, Fit) for call in finding.fix.calls)


def test_a_fit_before_each_new_window() -> None:
    asked = each([piece[None] for piece in PIECES[:3]])
    calls = (asked[0], Fit(LABELS), asked[1], Fit(LABELS), asked[2])
    (finding,) = found(retrained.CHECK, case_of(STATELESS, PIECES, calls))
    assert finding.severity == "warning"
    assert len(finding.evidence["weight_change"]) == 2


def test_the_error_before_and_after_is_told_where_the_target_is_known() -> None:
    case = case_of(STATELESS, PIECES, (Predict(), Fit(LABELS), Predict()), target=np.zeros((12, 1)))
    (finding,) = found(retrained.CHECK, case)
    assert finding.evidence["error_after"] > finding.evidence["error_before"]


def test_the_same_call_value_used_twice_is_two_calls() -> None:
    asked = Predict()
    (finding,) = found(retrained.CHECK, case_of(STATELESS, PIECES, (asked, Fit(LABELS), asked)))
    assert finding.proof.before > 0


def test_states_that_training_moves_are_not_taken_for_weights() -> None:
    row = PIECES[:1]
    case = case_of(Leaky(), row, (Predict(), Fit(LABELS[:1]), Predict()))
    (finding,) = found(retrained.CHECK, case)
    assert finding.proof.after == 0
    twin = case_of(Leaky(), row, (Fit(LABELS[:1]), ResetStates(), Predict(), ResetStates(), Predict()))
    assert not found(retrained.CHECK, twin)


def test_training_first_is_how_every_model_begins() -> None:
    for calls in ((Fit(LABELS), Predict(), Predict()), (Predict(), Fit(LABELS)), (Predict(), Predict())):
        assert not found(retrained.CHECK, case_of(STATELESS, PIECES, calls))
