"""Why two runs part, from what they differ by and from what became of trials with one difference less.

Only what stands before the divergence in the order of computation can have caused it: other weights of a
later layer cannot. Where one thing alone is left, it is the cause. Where several are, each was taken over by
itself and the run made again: a cause is what moves the first divergence to a later place, or away.

A trace file holds neither inputs nor weights. What can be told from gates and states alone is told, and the
rest is left open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lstm_tui.recurrent.divergence import Course, Divergence, Pair, Station, pairs
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.side_facts import Cause, Fact, mask_difference

#: What one run can take over from the other.
TAKEN: tuple[Cause, ...] = ("input", "initial state", "call", "settings", "weights", "dtype")
#: Weights so near to each other, relative to the largest, are the same ones in fewer bits.
_ROUNDED = 1e-3
#: A gate that lets less through hides the state before it.
_OPEN = 0.1
#: A state that was taken back from gates is uncertain by so much.
_TAKEN_BACK = 1e-3


@dataclass(frozen=True)
class Trial:
    """The other run with one thing of the first: what was taken over, and where they part then.

    first: None where they no longer part. refused: why it could not be tried.
    """

    taken: Cause
    words: str
    first: Divergence | None = None
    refused: str = ""

    def moves(self, divergence: Divergence) -> bool:
        """Whether the two part later than at `divergence`, or no more."""
        return not self.refused and (self.first is None or self.first.order > divergence.order)


@dataclass(frozen=True)
class Judgement:
    """The causes, the most immediate first, and how they are known."""

    causes: tuple[Cause, ...]
    because: str


def candidates(facts: Iterable[Fact]) -> tuple[Cause, ...]:
    """What may be the cause, each once, in the order of `TAKEN`."""
    found = {fact.cause for fact in facts}
    return tuple(cause for cause in TAKEN if cause in found)


def before(facts: Iterable[Fact], divergence: Divergence, course: Course) -> tuple[Fact, ...]:
    """The facts that can have caused a divergence: those of its layer and of layers before it."""
    return tuple(fact for fact in facts if _place(fact.layer, course) <= divergence.place)


def _place(layer: str, course: Course) -> int:
    """Where a layer stands in the order of computation; -1 for the whole run, or where it is not known."""
    if not layer:
        return -1
    places = [
        place
        for place, station in enumerate(course.stations)
        if _bare(station.path) == layer or _inside(station.path, layer) or _inside(layer, station.path)
    ]
    return min(places, default=-1)


def _bare(path: str) -> str:
    """The layer itself, whichever of its calls."""
    return path.partition("#")[0]


def _inside(path: str, outer: str) -> bool:
    return path.startswith(f"{outer}/")


# --- two runs that can be made again ------------------------------------------------------------------------


def judge(
    divergence: Divergence,
    facts: Sequence[Fact],
    trials: Sequence[Trial],
    chance: Divergence | None,
    courses: tuple[Course, Course],
) -> Judgement:
    """Why two runs part there.

    facts: those that stand before it. chance: where a run parts from itself when it is made again.
    """
    if chance is not None and chance.order <= divergence.order:
        where = f"{chance.layer}" + ("" if chance.timestep is None else f", timestep {chance.timestep}")
        why = f"the same call from the same states gives other values each time, first in {where}"
        return Judgement(("randomness",), why)
    causes, because = _found(divergence, candidates(facts), trials)
    if {"weights", "dtype"} <= set(causes):
        causes = _weights_or_type(causes, facts)
    if _mask_there(divergence, courses) and "input" not in causes:
        found = [cause for cause in causes if cause != "unknown"]
        causes, because = ("mask", *found), because if found else "the masks differ there, and nothing else"
    return Judgement(causes, because)


def _found(
    divergence: Divergence, possible: tuple[Cause, ...], trials: Sequence[Trial]
) -> tuple[tuple[Cause, ...], str]:
    if not possible:
        return ("unknown",), "nothing that was looked at differs before it: inputs, states, weights, settings"
    if len(possible) == 1:
        return possible, "nothing else differs before it"
    moved = tuple(trial.taken for trial in trials if trial.moves(divergence))
    if moved:
        words = " and ".join(trial.words for trial in trials if trial.moves(divergence))
        return moved, f"{words}: the two no longer part there"
    open_ = tuple(trial.taken for trial in trials if trial.refused)
    if open_:
        return open_, "the others were taken over one by one and are not it; this could not be tried"
    return possible, "each of them is enough: taking over one alone leaves the divergence where it is"


def _weights_or_type(causes: tuple[Cause, ...], facts: Sequence[Fact]) -> tuple[Cause, ...]:
    """Weights that differ by rounding alone differ because of the type."""
    gaps = [fact.relative for fact in facts if fact.cause == "weights"]
    rounded = all(gap is not None and gap <= _ROUNDED for gap in gaps)
    lesser = "weights" if rounded else "dtype"
    return tuple(cause for cause in causes if cause != lesser)


def _mask_there(divergence: Divergence, courses: tuple[Course, Course]) -> bool:
    """Whether one run masks the step at which they part, and the other does not."""
    pair = _pair_at(divergence, courses)
    differs = mask_difference(pair) if pair is not None else None
    if differs is None or divergence.timestep is None:
        return False
    return bool(differs[:, divergence.timestep].any())


def _pair_at(divergence: Divergence, courses: tuple[Course, Course]) -> Pair | None:
    return next((pair for pair in pairs(*courses) if pair.place == divergence.place), None)


# --- where one side or both are but a trace -----------------------------------------------------------------


def judge_traces(
    divergence: Divergence,
    facts: Sequence[Fact],
    chance: Divergence | None,
    courses: tuple[Course, Course],
) -> Judgement:
    """What gates and states tell by themselves. facts: masks and types alone, those before the divergence."""
    if chance is not None and chance.layer == divergence.other_layer:
        return Judgement(("randomness",), "the same call of B gives other values each time")
    if _mask_there(divergence, courses):
        return Judgement(("mask",), "the masks differ there")
    if "dtype" in candidates(facts):
        return Judgement(("dtype",), "values before it are of another type")
    pair = _pair_at(divergence, courses)
    if pair is not None and pair.one.timed and divergence.timestep is not None:
        found = _from_states(pair, divergence)
        if found is not None:
            return found
    todo = "name scenarios, or models with --input, to have it found"
    return Judgement(("unknown",), f"input or weights: a trace holds neither; {todo}")


def _from_states(pair: Pair, divergence: Divergence) -> Judgement | None:
    if divergence.turn == 0:
        apart = _start_apart(pair)
        if apart is not None and apart > _TAKEN_BACK:
            why = f"the state before the first step, taken back from the gates, is {apart:.3g} apart"
            return Judgement(("initial state",), why)
        return None
    if divergence.place == 0 and _equal_before(pair, divergence):
        why = f"{pair.one.path} computed the same to the bit up to there, so its weights and states are equal"
        return Judgement(("input",), f"{why}, and what came in is not")
    return None


def _equal_before(pair: Pair, divergence: Divergence) -> bool:
    """Whether all that came before is equal to the bit, and was not merely zero."""
    earlier = [
        (_in_turn(values, pair.one, divergence.turn), _in_turn(its, pair.other, divergence.turn))
        for name, values in pair.one.series.items()
        if (its := pair.other.series.get(name)) is not None
    ]
    same = all(np.array_equal(a, b, equal_nan=True) for a, b in earlier)
    state = pair.one.series.get("h", next(iter(pair.one.series.values())))
    return same and bool(np.any(_in_turn(state, pair.one, divergence.turn)))


def _in_turn(values: Array, station: Station, count: int) -> Array:
    return values[:, ::-1][:, :count] if station.go_backwards else values[:, :count]


def _start_apart(pair: Pair) -> float | None:
    """How far the states before the first step are apart; None where gates do not tell them."""
    found = [_before_first(station) for station in (pair.one, pair.other)]
    if found[0] is None or found[1] is None or found[0].shape != found[1].shape:
        return None
    gap = np.abs(found[0] - found[1])
    return float(np.nanmax(gap)) if np.isfinite(gap).any() else None


def _before_first(station: Station) -> Array | None:
    """c of an LSTM or h of a GRU before the first step, NaN where a gate was all but closed."""
    first = {
        name: _in_turn(values, station, 1)[:, 0].astype(np.float64) for name, values in station.series.items()
    }
    if {"c", "i", "f", "g"} <= set(first):
        kept, made, after = first["f"], first["i"] * first["g"], first["c"]
    elif {"h", "z", "g"} <= set(first):
        kept, made, after = first["z"], (1 - first["z"]) * first["g"], first["h"]
    else:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(kept > _OPEN, (after - made) / kept, np.nan))
