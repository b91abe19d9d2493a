"""Dropout at inference: `training=True` in the call, in the graph, or inside a layer of the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.states.variance import CALLS, VarianceTest, outputs_of, spread, variance_test, widest
from lstm_tui.errors import EditError
from lstm_tui.recurrent.calls import Alteration, Call, CallModel, Predict, ResetStates

#: Settings by which layers draw random numbers, and what switches each off.
RATES = ("rate", "dropout", "recurrent_dropout", "stddev")
_CODE = "y = model.predict(x)          # or model(x, training=False): dropout is off"


def _find(case: Case) -> Iterator[Finding]:
    index = _asked(case)
    if index is None or not _may_be_random(case):
        return
    call = case.plan.calls[index]
    test = case.once(f"variance {index}", lambda case: _tested(case, index))
    left = widest(test.reset.values())
    if test.verdict not in ("random", "both"):
        return
    off, changes, after = _remedy(case, call, left.largest)
    if after is not None and after > left.largest / 2:
        return
    where = test.first_random
    layer = where.path if where is not None else ""
    yield Finding(
        code="dropout-active",
        severity="error",
        summary=f"{CALLS} identical calls, each from the same states, gave outputs that differ by up to "
        f"{left.largest:.4g}: {_cause(case, call)}{f', and it enters in {layer}' if layer else ''}.",
        layer=layer,
        evidence={
            "max_difference": left.largest,
            "variance": left.variance,
            "calls": CALLS,
            "enters_in": layer,
            "enters_at_step": where.step if where is not None else None,
            "layers_that_draw": _drawing(case),
            "switched_on_by": _cause(case, call),
        },
        fix=Fix(
            "Predict with dropout off." if off is not None else "Leave training=True out of the layer.",
            code=_CODE,
            calls=_without(case, off) if off is not None else None,
            alterations=changes,
        ),
        proof=Proof(f"max difference over {CALLS} identical calls", left.largest, after)
        if after is not None
        else None,
        place=Place(layer=layer or None, step=where.step if where is not None else None, call=index),
        weight=0.95,
        direct=after is None,
    )


def _asked(case: Case) -> int | None:
    """The call that is looked at: the recorded one, else the first that could be random."""
    order: list[int] = [case.plan.record, *range(len(case.plan.calls))]
    for index in order:
        call = case.plan.calls[index] if index < len(case.plan.calls) else None
        on = isinstance(call, CallModel) and call.training is not False
        if on or (isinstance(call, Predict | CallModel) and case.lab.runs_own_code):
            return index
    return None


def _may_be_random(case: Case) -> bool:
    return case.lab.runs_own_code or bool(_drawing(case))


def _drawing(case: Case) -> dict[str, float]:
    """Rates of the layers that draw random numbers in training."""
    found = {}
    for path, settings in case.settings.items():
        rates = [settings[name] for name in RATES if isinstance(settings.get(name), int | float)]
        if any(rate > 0 for rate in rates):
            found[path] = float(max(rates))
    return found


def _tested(case: Case, index: int) -> VarianceTest:
    return variance_test(case.again, replace(case.plan, record=index), stateful=case.facts.stateful)


def _remedy(
    case: Case, call: Call, before: float
) -> tuple[Call | None, tuple[Alteration, ...], float | None]:
    """What switches it off, and the difference that is left: another call, else a rate of zero in a layer."""
    if isinstance(call, CallModel):
        off: Call = Predict(call.inputs)
        left = _left(case, off)
        if left <= before / 2:
            return off, (), left
    changes = tuple(
        Alteration(path, tuple((name, 0.0) for name in RATES if case.settings[path].get(name)))
        for path in _drawing(case)
    )
    if not changes:
        return None, (), None
    try:
        lab = case.altered(*changes)
    except EditError:
        return None, (), None
    return None, changes, spread(outputs_of(case.calls((ResetStates(), call) * CALLS, None, lab))).largest


def _left(case: Case, call: Call) -> float:
    return spread(outputs_of(case.calls((ResetStates(), call) * CALLS, case.plan.inputs))).largest


def _cause(case: Case, call: Call) -> str:
    if isinstance(call, CallModel) and call.training:
        return "training=True in the call keeps dropout on"
    if isinstance(call, CallModel) and _left(case, replace(call, training=False)) == 0:
        return "training=True stands in the model's own graph, and model(x) honours it"
    return "a layer drops units whatever it is told"


def _without(case: Case, off: Call) -> tuple[Call, ...]:
    """The calls with a plain prediction in place of each call of the model."""
    del off
    return tuple(Predict(call.inputs) if isinstance(call, CallModel) else call for call in case.plan.calls)


CHECK = Check(
    code="dropout-active",
    needs=("x", "output"),
    find=_find,
    lesson=Lesson(
        title="Dropout is on at inference",
        what="Units are dropped at random in every call, as in training. No state is involved: the same "
        "input from the same states gives another output.",
        why="Each prediction is that of another, thinned-out model: worse on average, and never twice the "
        "same.",
        keras="model(x, training=True) switches dropout on. layer(x, training=True) in a functional model is "
        "stored in the graph: model(x) honours it, predict and model(x, training=False) override it. A "
        "layer of your own that hands training=True on cannot be overridden.",
        prevent="Call predict, or model(x, training=False). Monte Carlo dropout is an average over many such "
        "calls, not one of them.",
        code=_CODE,
    ),
    explains=("batchnorm-training",),
)
