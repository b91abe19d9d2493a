"""Two runs side by side in words: for the command line and for the screen, the same ones. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.cells import series_title
from lstm_tui.recurrent.divergence import Divergence
from lstm_tui.recurrent.side_causes import Trial
from lstm_tui.recurrent.side_facts import Cause, Fact
from lstm_tui.recurrent.sides import OutputGap, Sides

#: Facts of one kind that the text tells one by one.
_TOLD = 3


def sides_text(sides: Sides) -> str:
    """The answer first, then what it rests on."""
    return "\n".join(_lines(sides))


def _lines(sides: Sides) -> Iterator[str]:
    for letter, name in zip("AB", sides.names, strict=True):
        yield f"{letter}: {one_line(name, 400)}"
    yield ""
    yield first_words(sides.divergence)
    if sides.divergence is not None:
        inside = sides.in_recurrent
        if inside is not None and inside.layer != sides.divergence.layer:
            yield f"in a recurrent layer: {divergence_words(inside)}"
        yield cause_words(sides)
        yield from (f"  {line}" for line in ground_words(sides))
    yield from more_words(sides)


def more_words(sides: Sides) -> Iterator[str]:
    """What was tried, what else differs, the outputs, and what is to be known of it."""
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


def first_words(divergence: Divergence | None) -> str:
    """Where two runs first part, or that they do not."""
    if divergence is None:
        return "equal within float noise, in every layer and output that both have"
    return f"first divergence: {divergence_words(divergence)}"


def cause_words(sides: Sides) -> str:
    """`cause: initial state`."""
    return f"cause: {' and '.join(sides.judgement.causes)}"


def ground_words(sides: Sides) -> Iterator[str]:
    """What the cause is seen by, the first few of each kind, and how it is known."""
    yield from _told(sides.facts, sides.judgement.causes)
    yield one_line(sides.judgement.because, 400)


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
