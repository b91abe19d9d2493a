"""Two runs side by side as JSON, made from a finished `Sides`. Runs nothing."""

from __future__ import annotations

import math
from typing import Any

from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.divergence import Divergence
from lstm_tui.recurrent.sides import Sides

#: What `diff --json` promises; it changes when a key is renamed or dropped.
VERSION = 1


def sides_json(sides: Sides) -> dict[str, Any]:
    """Everything that is known, ready for `json.dumps`; NaN and inf are the strings `nan`, `inf`, `-inf`."""
    return {
        "version": VERSION,
        "a": one_line(sides.names[0], 4096),
        "b": one_line(sides.names[1], 4096),
        "equal": sides.divergence is None,
        "divergence": _divergence_json(sides.divergence),
        "in_recurrent": _divergence_json(sides.in_recurrent),
        "cause": sides.judgement.causes[0] if sides.judgement.causes else None,
        "causes": list(sides.judgement.causes),
        "because": one_line(sides.judgement.because, 1000),
        "facts": [
            {
                "cause": fact.cause,
                "where": one_line(fact.where),
                "layer": one_line(fact.layer),
                "told": one_line(fact.told, 1000),
                "largest": _number(fact.largest),
            }
            for fact in sides.facts
        ],
        "tried": [
            {
                "cause": trial.taken,
                "what": trial.words,
                "divergence": _divergence_json(trial.first),
                "refused": one_line(trial.refused, 1000) or None,
            }
            for trial in sides.trials
        ],
        "outputs": [
            {
                "name": one_line(gap.name),
                "shapes": [list(shape) for shape in gap.shapes],
                "largest": _number(gap.largest),
            }
            for gap in sides.outputs
        ],
        "notes": [one_line(note, 1000) for note in sides.notes],
    }


def _divergence_json(divergence: Divergence | None) -> dict[str, Any] | None:
    """`gate` is the gate, the state, or `output` of a layer that is not recurrent."""
    if divergence is None:
        return None
    return {
        "layer": one_line(divergence.layer),
        "layer_in_b": one_line(divergence.other_layer),
        "timestep": divergence.timestep,
        "gate": one_line(divergence.series),
        "unit": divergence.unit,
        "sample": divergence.sample,
        "a": _number(divergence.values[0]) if divergence.shapes is None else None,
        "b": _number(divergence.values[1]) if divergence.shapes is None else None,
        "relative": _number(divergence.relative),
        "shapes": [list(shape) for shape in divergence.shapes] if divergence.shapes else None,
    }


def _number(value: float | None) -> float | str | None:
    return value if value is None or math.isfinite(value) else str(value)
