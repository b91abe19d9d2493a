"""Predictions in scaled units against weak ones: the affine map, and what counts as one; without Keras."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lstm_tui.checks.case import Case, Subject
from lstm_tui.checks.finding import Finding
from lstm_tui.checks.inputs import output_scale
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.calls import CallOutcome, Run, RunPlan

RNG = np.random.default_rng(5)
TRUTH = np.sin(np.arange(60) / 5)[:, None] + 0.1 * RNG.normal(size=(60, 1))
#: A model that follows the truth, in scaled units.
FOLLOWS = TRUTH + 0.2 * RNG.normal(size=TRUTH.shape)


class Lab:
    facts = ModelFacts(Path("m.keras"), "m", "keras", "3", (), (), (), 0, from_keras=True)


def found(predicted: np.ndarray, target: np.ndarray, labels: np.ndarray | None = None) -> list[Finding]:
    plan = RunPlan({"x": np.zeros((len(predicted), 3, 1))}, target=target)
    run = Run(plan.key, (CallOutcome("predict", {"head": predicted}),))
    return list(output_scale.CHECK.find(Case(Subject(plan, reference_target=labels), Lab(), run)))  # type: ignore[arg-type]


def test_standardised_predictions_of_a_price_are_found_with_the_map() -> None:
    (finding,) = found(FOLLOWS, TRUTH * 90 + 1800)
    assert finding.evidence["slope"] > 60
    assert 1700 < finding.evidence["offset"] < 1900
    assert finding.proof is not None
    assert finding.proof.after < 0.05 * finding.proof.before
    (inverse,) = finding.fix.actions if finding.fix else ()
    assert inverse.inverse  # type: ignore[union-attr]


def test_the_unit_interval_is_found_too() -> None:
    assert found((FOLLOWS + 2) / 4, TRUTH * 6 + 14)


def test_a_right_a_timid_and_a_biased_model_are_left_alone() -> None:
    assert not found(FOLLOWS, TRUTH)
    assert not found(0.4 * FOLLOWS, TRUTH)
    assert not found(0.2 * FOLLOWS, TRUTH)
    assert not found(FOLLOWS + 0.5, TRUTH)


def test_predictions_that_do_not_follow_the_target_are_another_fault() -> None:
    assert not found(np.random.default_rng(7).normal(size=TRUTH.shape), TRUTH * 90 + 1800)
    assert not found(np.full_like(TRUTH, 0.3), TRUTH * 90 + 1800)
    assert not found(-FOLLOWS, TRUTH * 90 + 1800)


def test_labels_in_the_targets_units_say_that_predictions_were_meant_so() -> None:
    labels = TRUTH * 90 + 1800
    assert not found(FOLLOWS, TRUTH * 90 + 1800, labels)
    assert found(FOLLOWS, TRUTH * 90 + 1800, TRUTH)


def test_a_line_through_a_few_points_proves_nothing() -> None:
    assert not found(FOLLOWS[:5], TRUTH[:5] * 90 + 1800)


def test_a_weak_model_far_below_its_target_is_one_where_many_pairs_rule_out_chance() -> None:
    weak = 0.6 * TRUTH + 0.7 * np.random.default_rng(6).normal(size=TRUTH.shape)
    (finding,) = found(weak, TRUTH * 90 + 1800)
    assert 0.25 < finding.evidence["explained"] < 0.5
    assert not found(weak[:20], TRUTH[:20] * 90 + 1800)
    assert not found(np.random.default_rng(7).normal(size=TRUTH.shape), TRUTH * 90 + 1800)


def test_a_classifier_that_is_right_but_timid_is_no_matter_of_units() -> None:
    classes = (TRUTH > 0).astype(np.float64)
    assert not found(0.5 + 0.1 * (classes - 0.5), classes)


def test_predictions_that_are_one_value_are_in_no_units() -> None:
    """What little they vary may well resemble the target."""
    assert not found(0.08 + 1e-6 * FOLLOWS, TRUTH * 90 + 1800)
