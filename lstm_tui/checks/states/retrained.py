"""Weights change between predictions: training runs where only the state, or the window, should move on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.states.effects import Effect, effect, numbered
from lstm_tui.recurrent.calls import (
    Call,
    CallModel,
    Decode,
    Fit,
    Generate,
    Inputs,
    Predict,
    ResetStates,
    Stream,
    fingerprint,
    inputs_of,
)

#: Calls whose weight change is told.
_MOST = 12
_CODE = """\
model = keras.saving.load_model("model.keras")   # trained once
y = model.predict(newest_window)                 # a new point needs a new window, or a kept state: no fit"""


@dataclass(frozen=True, eq=False)
class _Pair:
    """A prediction before a `fit` and one after it; `same` where both ask for the same."""

    before: int
    after: int
    same: bool


def _find(case: Case) -> Iterator[Finding]:
    fits = _fits(case)
    pair = _pair(case, fits)
    if pair is None:
        return
    moved, left = _measured(case, pair)
    if not moved.matters or left.largest > moved.largest / 2:
        return
    changes = {f"call {index + 1}": change for index, change in list(fits.items())[:_MOST]}
    asked = "the same input is predicted otherwise" if pair.same else "the prediction after it moves"
    listed = ", ".join(f"{change:.3g}" for change in list(fits.values())[:4])
    yield Finding(
        code="retrained",
        severity="error" if pair.same else "warning",
        summary=f"Between {numbered(pair.before)} and {numbered(pair.after)} the model is trained: weights "
        f"moved by up to {listed}, and {asked}, by up to {moved.largest:.4g}.",
        evidence={
            "weight_change": changes,
            "difference": moved.largest,
            "without_the_training": left.largest,
            **_errors(case, pair),
        },
        fix=Fix(
            "Train once and keep the weights; what is new about today is in the window or in the state.",
            code=_CODE,
            calls=_untrained(case.plan.calls),
        ),
        proof=Proof(
            "difference between the predictions before and after"
            if pair.same
            else "difference from the prediction of the untrained weights",
            moved.largest,
            left.largest,
        ),
        place=Place(call=pair.after),
        weight=0.9 if pair.same else 0.7,
        direct=True,
    )


def _fits(case: Case) -> dict[int, float]:
    """By call, how far a `fit` moved the weights."""
    return {
        index: outcome.training.weight_change
        for index, outcome in enumerate(case.run.outcomes)
        if outcome.training is not None and outcome.training.weight_change > 0
    }


def _pair(case: Case, fits: dict[int, float]) -> _Pair | None:
    """A prediction on each side of some `fit`, of the same input where there is one. Training before anything
    was predicted is how every model begins."""
    reading = [
        index
        for index, call in enumerate(case.plan.calls)
        if isinstance(call, Predict | CallModel | Stream | Generate | Decode)
        and case.run.outcomes[index].outputs
    ]
    pairs = [
        _Pair(before, after, _question(case, before) == _question(case, after))
        for before in reading
        for after in reading
        if any(before < index < after for index in fits)
    ]
    return next((pair for pair in pairs if pair.same), pairs[-1] if pairs else None)


def _question(case: Case, index: int) -> str:
    call = case.plan.calls[index]
    if isinstance(call, Predict | CallModel):
        return fingerprint((type(call).__name__, dict(inputs_of(call, case.plan.inputs))))
    return fingerprint((call, dict(case.plan.inputs)))


def _measured(case: Case, pair: _Pair) -> tuple[Effect, Effect]:
    """How far the two predictions lie apart, with the training and without it. States are reset before both,
    since training moves them too."""
    trained, untrained = (_outputs(case, pair, training=training) for training in (True, False))
    if pair.same:
        return effect(case, *trained), effect(case, *untrained)
    return effect(case, trained[1], untrained[1]), Effect()


def _outputs(case: Case, pair: _Pair, *, training: bool) -> tuple[Inputs, Inputs]:
    """What the two predictions give, with the training or without it."""
    steps: list[Call] = []
    place: dict[int, int] = {}
    for index, call in enumerate(case.plan.calls[: pair.after + 1]):
        if isinstance(call, Fit) and not training:
            continue
        if case.facts.stateful and index in (pair.before, pair.after):
            steps.append(ResetStates())
        place[index] = len(steps)
        steps.append(call)
    known = training and not case.facts.stateful
    outcomes = case.run.outcomes if known else case.again(case.with_calls(tuple(steps))).outcomes
    return outcomes[place[pair.before]].outputs, outcomes[place[pair.after]].outputs


def _untrained(calls: Sequence[Call]) -> tuple[Call, ...]:
    return tuple(call for call in calls if not isinstance(call, Fit))


def _errors(case: Case, pair: _Pair) -> dict[str, float | None]:
    """What the training did to the error, where the target is that of the recorded call."""
    if case.target is None or not pair.same:
        return {}
    before, after = (case.error(case.run.outcomes[index].outputs) for index in (pair.before, pair.after))
    return {"error_before": before, "error_after": after}


CHECK = Check(
    code="retrained",
    needs=("x", "calls"),
    find=_find,
    lesson=Lesson(
        title="The model is trained between predictions",
        what="fit runs after each new point, and every weight moves a little. A prediction then depends on "
        "when it was asked for.",
        why="One step on one sample is mostly noise: errors do not shrink, results cannot be repeated, and "
        "slowly the model forgets what it was trained on.",
        keras="predict changes no weight and needs no training for a new point: a stateless model takes the "
        "newest window, a stateful one the newest step.",
        prevent="Train again when the data has changed, on much of it, and compare errors before the new "
        "weights are used.",
        code=_CODE,
    ),
)
