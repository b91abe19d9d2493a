"""`hard_sigmoid` of Keras 2 runs as another function in Keras 3: both tried on this input.

The model is opened with the function that its file means; a copy with Keras 3's function shows what a program
that merely loads the file gets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.loading.lessons import ACTIVATION
from lstm_tui.errors import EditError
from lstm_tui.model_file.facts import ModelFacts, Obstacle
from lstm_tui.recurrent.calls import Alteration
from lstm_tui.recurrent.recording import Array

#: Differences below this share of the outputs' size are rounding.
_NOISE = 1e-5


def _find(case: Case) -> Iterator[Finding]:
    places = [item for item in case.facts.obstacles if item.code == ACTIVATION.code]
    alterations = _as_in_keras_3(places, case.facts)
    if not alterations:
        return
    try:
        renamed = case.altered(*alterations)
    except EditError:
        return  # what `from_file` says of the file stands
    own, other = case.predict(), case.predict(lab=renamed)
    gap, size = _gap(own, other)
    if gap <= _NOISE * size:
        return
    name = next(iter(own))
    yield Finding(
        code=ACTIVATION.code,
        severity="error",
        summary=f"hard_sigmoid was redefined: as Keras 3 reads it, outputs are off by up to {gap:.4g}.",
        layer=alterations[0].layer,
        evidence={
            "layers": tuple(each.layer for each in alterations),
            "output_with_0.2x+0.5": tuple(own[name].reshape(-1)[:4].tolist()),
            "output_with_x/6+0.5": tuple(other[name].reshape(-1)[:4].tolist()),
            "max_difference": gap,
        },
        fix=Fix(
            "Run it with the function that it was trained with; `lstm-tui rebuild` writes it so.",
            ACTIVATION.lesson.code,
        ),
        proof=Proof("largest difference from the file's own function", gap, 0.0),
        place=Place(layer=alterations[0].layer, step=0),
        weight=0.95,
    )


def _as_in_keras_3(places: list[Obstacle], facts: ModelFacts) -> tuple[Alteration, ...]:
    """Every layer with the function by its name, which Keras 3 takes for its own."""
    settings: dict[str, dict[str, object]] = {}
    for item in places:
        for path in _paths(item.where, facts):
            settings.setdefault(path, {})[item.what.partition(" ")[0]] = "hard_sigmoid"
    return tuple(Alteration(path, tuple(named.items())) for path, named in settings.items())


def _paths(where: str, facts: ModelFacts) -> list[str]:
    """The layers that a place in the file became: one, or both halves of a Bidirectional."""
    parent, _, name = where.rpartition("/")
    halves = {f"{parent}/{half}_{name}".lstrip("/") for half in ("forward", "backward")}
    return [layer.path for layer in facts.layers if layer.path == where or layer.path in halves]


def _gap(own: Mapping[str, Array], other: Mapping[str, Array]) -> tuple[float, float]:
    """The largest difference of two answers, and the size of the first."""
    pairs = [(own[name].astype(np.float64), other[name].astype(np.float64)) for name in own if name in other]
    if not pairs:
        return 0.0, 1.0
    gap = max(float(np.nanmax(np.abs(left - right), initial=0.0)) for left, right in pairs)
    return gap, max(float(np.nanmax(np.abs(left), initial=0.0)) for left, _ in pairs)


CHECK = Check(code=ACTIVATION.code, needs=("x", "output"), find=_find, lesson=ACTIVATION.lesson)
