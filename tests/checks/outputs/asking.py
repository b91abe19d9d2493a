"""Checks asked of a Keras model, as `diagnose` asks it: saved, loaded, tried on copies."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from lstm_tui.checks.case import Subject
from lstm_tui.checks.check import Check
from lstm_tui.checks.finding import Diagnosis, Finding
from lstm_tui.checks.running import diagnose
from lstm_tui.keras_adapter.laboratory import KerasLaboratory
from lstm_tui.keras_adapter.load import load_model
from lstm_tui.recurrent.calls import Call, Predict, RunPlan
from lstm_tui.scenario.plan import name_inputs, recordable_calls

X = np.random.default_rng(7).normal(size=(2, 6, 3)).astype(np.float32)


def asked(check: Check, model: Any, x: Any = X, **known: Any) -> tuple[Finding, ...]:
    """What the check finds; a check that crashes fails the test."""
    return diagnosed([check], model, x, **known).findings


def diagnosed(
    checks: Sequence[Check],
    model: Any,
    x: Any = X,
    *,
    shape: tuple[int, ...] | None = None,
    calls: tuple[Call, ...] = (Predict(),),
    target: Any = None,
    **known: Any,
) -> Diagnosis:
    """What these checks say together; a check that crashes fails the test.

    model: one of Keras', or a laboratory of it, of which more than one thing is asked.
    """
    lab = model if isinstance(model, KerasLaboratory) else laboratory(model)
    inputs = name_inputs(x if isinstance(x, dict) else {"": x}, lab.facts) if x is not None else {}
    record = next(iter(reversed(recordable_calls(calls))), 0)
    plan = RunPlan(inputs, calls=calls if inputs else (), record=record, target=target)
    subject = Subject(plan, expected_shape=shape, calls_given=len(calls) > 1, **known)
    answer = diagnose(subject, lab, checks)
    assert not answer.failed
    return answer


def laboratory(model: Any) -> KerasLaboratory:
    """The model saved and loaded; what is compiled for one question serves the next.

    The file is there as long as the laboratory: a `fit` is made on another copy of it.
    """
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "model.keras"
    model.save(path)
    lab = KerasLaboratory(load_model(path))
    weakref.finalize(lab, folder.cleanup)
    return lab


def stack(*layers: Any, inputs: tuple[int | None, ...] = (None, 3)) -> Any:
    """A Sequential model with weights from a seed."""
    keras.utils.set_random_seed(11)
    return keras.Sequential([keras.Input(inputs, name="x"), *layers])


def graph(build: Any, inputs: tuple[int | None, ...] = (None, 3)) -> Any:
    """A functional model of what `build` makes of its input."""
    keras.utils.set_random_seed(11)
    x = keras.Input(inputs, name="x")
    return keras.Model(x, build(x))
