"""Two runs side by side as text and as JSON, made from a finished `Sides`. Runs nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.cells import series_title
from lstm_tui.recurrent.divergence import Divergence
from lstm_tui.recurrent.side_causes import Judgement, Trial
from lstm_tui.recurrent.side_facts import Cause, Fact

#: What `diff --json` promises; it changes when a key is renamed or dropped.
VERSION = 1
#: Facts of one kind that the text tells one by one.
_TOLD = 3


@dataclass(frozen=True)
class OutputGap:
    """How far one output of the model is apart; None where the shapes differ."""

    name: str
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    largest: float | None


@dataclass(frozen=True)
class Sides:
    """Two runs: where they first part, why, and everything that they differ by.

    divergence: None where they are equal within float noise. judgement: of it; empty without it.
    in_recurrent: the first gate or state that is another; None where none is.
    facts: all differences that were looked up, those that do not matter too. trials: runs of one side with
    one thing of the other.
    """

    names: tuple[str, str]
    divergence: Divergence | None
    judgement: Judgement
    in_recurrent: Divergence | None = None
    facts: tuple[Fact, ...] = ()
    trials: tuple[Trial, ...] = ()
    outputs: tuple[OutputGap, ...] = ()
    notes: tuple[str, ...] = ()


# --- text ---------------------------------------------------------------------------------------------------


def sides_text(sides: Sides) -> str:
    """The answer first, then what it rests on."""
    return "\n".join(_lines(sides))


def _lines(sides: Sides) -> Iterator[str]:
    for letter, name in zip("AB", sides.names, strict=True):
        yield f"{letter}: {one_line(name, 400)}"
    yield ""
    if sides.divergence is None:
        yield "equal within float noise, in every layer and output that both have"
    else:
        yield f"first divergence: {divergence_words(sides.divergence)}"
        inside = sides.in_recurrent
        if inside is not None and inside.layer != sides.divergence.layer:
            yield f"in a recurrent layer: {divergence_words(inside)}"
        yield f"cause: {' and '.join(sides.judgement.causes)}"
        yield from (f"  {line}" for line in _told(sides.facts, sides.judgement.causes))
        yield f"  {one_line(sides.judgement.because, 400)}"
    yield from _listed("tried", (_trial_words(trial) for trial in sides.trials))
    causes = sides.judgement.causes
    others = [fact for fact in sides.facts if fact.cause not in causes]
    also = "also different" if sides.divergence else "different all the same"
    yield from _listed(also, _told(others, tuple(dict.fromkeys(fact.cause for fact in others))))
    yield from _listed("outputs", map(_output_words, sides.outputs))
    yield from _listed("to be known", (one_line(note, 400) for note in sides.notes))


def _listed(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"{title}:"
        yield from (f"  {line}" for line in found)


def divergence_words(divergence: Divergence) -> str:
    """`lstm_1, timestep 17, forget gate f, unit 12: 0.93 against 0.12`."""
    layer = one_line(divergence.layer, 120)
    if divergence.shapes is not None:
        one, other = divergence.shapes
        return f"{layer}, {series_title(divergence.series)}: shape {one} against {other}"
    parts = [layer]
    if divergence.timestep is not None:
        parts.append(f"timestep {divergence.timestep}")
    parts.append(series_title(divergence.series))
    if divergence.unit is not None:
        parts.append(f"unit {divergence.unit}")
    if divergence.sample:
        parts.append(f"sample {divergence.sample}")
    one_value, other_value = divergence.values
    return f"{', '.join(parts)}: {one_value:.6g} against {other_value:.6g}"


def _told(facts: Sequence[Fact], causes: Sequence[Cause]) -> Iterator[str]:
    """Facts cause by cause, the first few of each."""
    for cause in causes:
        own = [fact for fact in facts if fact.cause == cause]
        for fact in own[:_TOLD]:
            yield f"{cause}: {one_line(fact.where, 120)}: {one_line(fact.told, 300)}"
        if len(own) > _TOLD:
            yield f"{cause}: and {len(own) - _TOLD} more"


def _trial_words(trial: Trial) -> str:
    if trial.refused:
        return f"{trial.words}: cannot be tried: {one_line(trial.refused, 200)}"
    if trial.first is None:
        return f"{trial.words}: equal"
    return f"{trial.words}: parts in {divergence_words(trial.first)}"


def _output_words(gap: OutputGap) -> str:
    name = one_line(gap.name, 120)
    if gap.largest is None:
        return f"{name}: shape {gap.shapes[0]} against {gap.shapes[1]}"
    return f"{name} {gap.shapes[0]}: " + (
        f"up to {gap.largest:.3g} apart" if gap.largest else "equal to the bit"
    )


# --- JSON ---------------------------------------------------------------------------------------------------


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
