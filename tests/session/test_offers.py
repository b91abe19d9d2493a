"""What reset, rescale and reshape offer, and what their previews say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lstm_tui.arrays.reshape import AddAxis, Select
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import StateReset
from lstm_tui.recurrent.recording import Array
from lstm_tui.session import commands as c
from lstm_tui.session.edits import Material, PredictAgain, ResetBeforeEachCall
from lstm_tui.session.offers import preview, rescale_offers, reset_offers, reshape_offers
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session, update
from tests.session.hand_made import arrived


def opened(facts: ModelFacts, array: Array, **more: object) -> Session:
    return open_session(facts, Material(inputs={"x": array}, **more))[0]  # type: ignore[arg-type]


def test_the_reshape_that_fits_comes_first_and_its_preview_says_so(facts: ModelFacts) -> None:
    session = opened(facts, np.zeros((10, 2), np.float32))
    best = reshape_offers(session)[0]
    assert best.edits == (AddAxis(0),)
    assert "(1, 10, 2)" in best.label
    shown = preview(session, best.edits)
    assert shown.fits
    assert "(10, 2)" in shown.facts[0]
    assert "(1, 10, 2)" in shown.facts[0]


def test_swapped_axes_are_offered_a_transpose(facts: ModelFacts) -> None:
    session = opened(facts, np.zeros((1, 2, 10), np.float32))
    assert any("transpose" in offer.label for offer in reshape_offers(session)[:2])


def test_a_preview_of_what_cannot_be_done_says_why(session: Session) -> None:
    shown = preview(session, (Select((9,)),))
    assert not shown.fits
    assert "9" in " ".join(shown.verdict)


def test_a_preview_that_does_not_fit_the_model_says_what_is_wanted(session: Session) -> None:
    shown = preview(session, (Select((0,)),))
    assert not shown.fits
    assert "2" in shown.verdict[-1]


def test_rescale_is_fitted_on_the_reference_where_there_is_one(facts: ModelFacts, x: Array) -> None:
    alone = rescale_offers(opened(facts, x))
    assert {offer.reason for offer in alone} == {"fitted on this input itself (no reference)"}
    with_reference = rescale_offers(opened(facts, x, reference={"x": x + 100}))
    assert {offer.reason for offer in with_reference} == {"fitted on the reference sample"}
    standard = with_reference[0].edits[0]
    assert np.allclose(standard.center, (x + 100).reshape(-1, 2).mean(axis=0))  # type: ignore[union-attr]


def test_nothing_to_reset_in_a_model_without_state(facts: ModelFacts, x: Array) -> None:
    stateless = replace(facts, layers=(facts.layers[1],))
    assert reset_offers(opened(stateless, x)) == ()


def test_with_several_calls_the_reset_before_each_comes_first(session: Session) -> None:
    assert isinstance(reset_offers(session)[0].edits[0], StateReset)
    twice = arrived(update(session, c.MakeEdits((PredictAgain(),)))[0])
    assert reset_offers(twice)[0].edits == (ResetBeforeEachCall(),)


def test_after_a_rescale_of_the_input_its_inverse_is_offered_for_the_output(facts: ModelFacts) -> None:
    one_feature = replace(facts, inputs=(replace(facts.inputs[0], shape=(None, None, 1)),))
    session = arrived(opened(one_feature, np.arange(10, dtype=np.float32).reshape(1, 10, 1)))
    rescaled = arrived(update(session, c.MakeEdits(rescale_offers(session)[0].edits))[0])
    back = rescale_offers(rescaled)[-1].edits[0]
    assert back.inverse  # type: ignore[union-attr]
