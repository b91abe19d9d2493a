"""A one-step model run on its own predictions, beside the same model told the truth at each step.

What the loop begins with, and what it may be held against, comes from the data at hand: the end of a sequence
that the model can be given shorter, or the rows of a batch that follow each other. Teacher forcing is what
Williams and Zipser (1989) call the run on the truth. Inputs beside the sequence that are none stay as they
are. It refuses what has no loop: several sequences, of which the others have no future, and predictions that
no feature can take in. Models that write into an input of theirs: `decoder_runs`.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field, replace

import numpy as np

from lstm_tui.recurrent.calls import Generate, Inputs, Predict, Run, RunPlan
from lstm_tui.recurrent.recording import Array, Shape
from lstm_tui.recurrent.sequences import steps_of

#: Steps ahead where nobody says how many, and the most that are run.
DEFAULT_STEPS, MOST_STEPS = 24, 2000
#: Predictions that follow a feature's next value at least this closely are predictions of that feature.
FOLLOWS = 0.5
#: The loop stands where its last quarter moves by at most this share of what the sequence moves.
STANDS = 0.02
NO_FEATURE = "No feature of the input can take in what the model predicts: there is no loop."


@dataclass(frozen=True, eq=False)
class FreePlan:
    """start: the window `(1, timesteps, features)` of input `name` that the loop begins with.

    feature: of the input, which receives the predictions. windows: `(steps, timesteps, features)` as the
    truth has them, and truth: `(steps,)` of the feature; None where the data ends at the start.
    given: one row of every input, of which those beside the sequence stay as they are.
    """

    name: str
    start: Array
    steps: int
    feature: int
    windows: Array | None = None
    truth: Array | None = None
    given: Inputs = field(default_factory=dict)

    def asked(self, run: RunPlan) -> RunPlan:
        """Both runs as calls of one plan, on the model that `run` is made on; nothing is recorded."""
        calls: tuple[Generate | Predict, ...] = (Generate(self.steps, self.feature),)
        if self.windows is not None:
            calls = (*calls, Predict(self._beside(self.windows)))
        return replace(run, inputs=self._beside(self.start), calls=calls, record=0, target=None, sample=None)

    def _beside(self, windows: Array) -> Inputs:
        """The windows, and the other inputs once for each."""
        repeated = {name: np.repeat(one, len(windows), axis=0) for name, one in self.given.items()}
        return {**repeated, self.name: windows}


@dataclass(frozen=True, eq=False)
class FreeRun:
    """free, forced: predictions `(steps,)` of the first output's first number, each from its own window.

    before: the feature over the window that both begin with. rate: how much of the distance to the end is
    left after each step, where the loop comes to stand; None where it does not. spread: the deviation of the
    sequence. code: the loop as lines of Keras 3, where it is none over a window. whole: a prediction takes
    the place of all features of a step.
    """

    plan: FreePlan
    free: Array
    forced: Array | None
    before: Array
    rate: float | None
    spread: float = 0.0
    code: tuple[str, ...] = ()
    whole: bool = False

    @property
    def drift(self) -> Array | None:
        """How far apart the two are at each step, `(steps,)`."""
        return None if self.forced is None else np.abs(self.free - self.forced)

    @property
    def end(self) -> float:
        """Where the loop ends."""
        return float(self.free[-1])


def free_plan(
    inputs: Inputs,
    declared: int | None,
    sample: int,
    steps: int | None,
    feature: int | None,
    target: Array | None = None,
) -> FreePlan | str:
    """What to run, or why it cannot be.

    declared: timesteps that the model insists on; None where any will do. steps: that are wanted; None for as
    many as the data has, up to `DEFAULT_STEPS`. feature: see `fed_feature`. target: what came after the
    sequence, in the units of the input, where that is known.
    """
    found = fed_sequence(inputs)
    if isinstance(found, str):
        return found
    name, x = found
    if feature is None:
        return NO_FEATURE
    plan = _planned(name, x, declared, sample, steps, feature, target)
    return replace(plan, given={each: array[sample : sample + 1] for each, array in inputs.items()})


def fed_sequence(inputs: Inputs) -> tuple[str, Array] | str:
    """The one sequence of numbers `(batch, timesteps, features)` by name, or why predictions cannot be fed
    back into it.
    """
    names = [name for name, array in inputs.items() if array.ndim > 2 or (steps_of(array) or 0) > 1]
    if len(names) > 1:
        listed = ", ".join(names)
        return (
            f"Only one sequence can be fed predictions: what follows in the others is not known ({listed})."
        )
    x = inputs[names[0]] if names else None
    if x is None or x.ndim != 3:
        return "The input is no sequence of numbers: predictions cannot be fed back into it."
    return names[0], x


def _planned(
    name: str,
    x: Array,
    declared: int | None,
    sample: int,
    steps: int | None,
    feature: int,
    target: Array | None,
) -> FreePlan:
    coming = _coming(target, x, sample)
    if coming is not None and (steps is None or steps <= len(coming)):
        return _with_what_came(name, x[sample : sample + 1], coming[:steps])
    if declared is None and x.shape[1] > 2:
        return _from_the_end(name, x[sample : sample + 1], steps, feature)
    if len(x) > 1 and np.array_equal(x[1:, :-1], x[:-1, 1:]):
        return _from_rows(name, x, sample, steps, feature)
    return FreePlan(name, x[sample : sample + 1], min(steps or DEFAULT_STEPS, MOST_STEPS), feature)


def _coming(target: Array | None, x: Array, sample: int) -> Array | None:
    """The target of the sample where it is a horizon of the one feature, `(steps,)`."""
    if target is None or x.shape[-1] != 1 or target.ndim not in (2, 3) or len(target) != len(x):
        return None
    horizon = target[sample].reshape(-1)
    is_one_column = target.ndim == 2 or target.shape[-1] == 1
    return horizon if is_one_column and len(horizon) > 1 and np.isfinite(horizon).all() else None


def _with_what_came(name: str, x: Array, coming: Array) -> FreePlan:
    """The whole sequence and a known horizon after it."""
    length, series = x.shape[1], np.concatenate([x[0, :, 0], coming.astype(x.dtype)])
    windows = np.stack([series[first : first + length, None] for first in range(len(coming))])
    return FreePlan(name, x, len(coming), 0, windows, coming)


def _from_the_end(name: str, x: Array, steps: int | None, feature: int) -> FreePlan:
    """The last steps of a sequence are held back: the truth. Beyond them there is none."""
    known = x.shape[1]
    held = min(steps or DEFAULT_STEPS, known // 2)
    if steps is not None and steps > held:
        return FreePlan(name, x, min(steps, MOST_STEPS), feature)
    length = known - held
    windows = np.stack([x[0, first : first + length] for first in range(held)])
    return FreePlan(name, x[:, :length], held, feature, windows, x[0, length:, feature])


def _from_rows(name: str, x: Array, sample: int, steps: int | None, feature: int) -> FreePlan:
    """Rows that follow each other by one step are the windows; each one's newest step is what was to come."""
    following = len(x) - 1 - sample
    wanted = steps or min(DEFAULT_STEPS, max(following, 1))
    start = x[sample : sample + 1]
    if wanted > following:
        return FreePlan(name, start, min(wanted, MOST_STEPS), feature)
    rows = x[sample : sample + wanted + 1]
    return FreePlan(name, start, wanted, feature, rows[:-1], rows[1:, -1, feature])


def fed_feature(window: Array, output: Array, prefix: Array | None) -> int | None:
    """The input feature that a prediction takes the place of; None where no input can take it.

    0 where the input has one feature or a prediction is as wide as a step. Of several features it is the one
    whose next value the predictions so far, `prefix` `(batch, timesteps, k)`, have followed.
    """
    if window.dtype.kind != "f" or output.dtype.kind != "f":
        return None
    if window.shape[-1] == 1 or output.shape[-1] == window.shape[-1]:
        return 0
    fits = prefix is not None and prefix.shape[:2] == window.shape[:2] and window.shape[1] > 2
    if output.shape[-1] != 1 or prefix is None or not fits:
        return None
    follows = [correlation(prefix[:, :-1, 0], window[:, 1:, each]) for each in range(window.shape[-1])]
    return int(np.argmax(follows)) if max(follows) >= FOLLOWS else None


def free_run(plan: FreePlan, run: Run) -> FreeRun | str:
    """What came of both, or what failed."""
    if failed := failure_in(run):
        return failed
    made = [next(iter(outcome.outputs.values())) for outcome in run.outcomes]
    number = number_fed(made[0], plan.feature)
    free = made[0][0, :, number].astype(np.float64)
    forced = None
    if len(made) > 1:
        last = made[1][:, -1] if made[1].ndim == 3 else made[1]
        forced = last[:, number].astype(np.float64)
    before = plan.start[0, :, plan.feature].astype(np.float64)
    spread = float(before.std())
    whole = made[0].shape[-1] == plan.start.shape[-1]
    rate = rate_of_contraction(free, spread)
    return FreeRun(plan, free, forced, before, rate, spread, whole=whole)


def failure_in(run: Run) -> str:
    """The first call that failed and what it said; empty where none did."""
    failed = (each for each in run.outcomes if each.failure is not None)
    return next((f"{each.call}: {each.failure.message}" for each in failed if each.failure), "")


def number_fed(made: Array, feature: int) -> int:
    """Which number of a prediction `(..., k)` goes into `feature`: the only one, or the one of that place."""
    return 0 if made.shape[-1] == 1 else min(feature, made.shape[-1] - 1)


def rate_of_contraction(made: Array, spread: float) -> float | None:
    """How much of the distance to its end a loop keeps a step, by least squares on the logarithm.

    None where its last quarter still moves by more than `STANDS` of the sequence's spread.
    """
    tail = made[-max(len(made) // 4, 2) :]
    if len(made) < 8 or not np.isfinite(made).all() or float(np.ptp(tail)) > STANDS * max(spread, 1e-12):
        return None
    return distance_kept(np.abs(made - made[-1]), 1e-12)


def distance_kept(distance: Array, least: float) -> float:
    """How much of a distance `(steps,)` that shrinks is kept a step; what is below `least`, or a small part
    of the largest, does not count. 0 where it is gone at once.
    """
    counted = np.flatnonzero(distance > max(float(distance.max()) * 1e-4, least))
    last = int(counted[-1]) + 1 if len(counted) else 0
    if last < 3:
        return 0.0
    envelope = np.maximum.accumulate(distance[:last][::-1])[::-1]
    return float(np.exp(min(float(np.polyfit(np.arange(last), np.log(envelope), 1)[0]), 0.0)))


def loop_code(window: Shape, output: Shape, steps: int, feature: int, fed: str = "window") -> tuple[str, ...]:
    """The loop as lines of Keras 3. fed: what the model is given, as code."""
    newest = "[:, -1]" if len(output) == 3 else ""
    whole = output[-1] == window[-1]
    return (
        "window, made = x.copy(), []",
        f"for _ in range({steps}):",
        f"    y = model.predict({fed}, verbose=0){newest}",
        "    step = window[:, -1:].copy()",
        "    step[:, 0] = y" if whole else f"    step[:, 0, {feature}] = y[:, 0]",
        "    window = np.concatenate([window[:, 1:], step], axis=1)",
        "    made.append(y)",
        "horizon = np.stack(made, axis=1)",
    )


def fed_as_code(inputs: Inputs, name: str, values: str) -> str:
    """All inputs as code, `[window, store]`, with `values` in the place of the one called `name`."""
    given = [values if each == name else as_variable(each) for each in inputs]
    return f"[{', '.join(given)}]" if len(given) > 1 else values


def as_variable(name: str) -> str:
    """The name of an input as one of a variable."""
    plain = re.sub(r"\W", "_", name)
    return plain if plain.isidentifier() and not keyword.iskeyword(plain) else f"x_{plain}"


def correlation(one: Array, other: Array) -> float:
    """Between all numbers of two arrays; 0 where one of them does not move."""
    one, other = one.ravel().astype(np.float64), other.ravel().astype(np.float64)
    if one.std() < 1e-12 or other.std() < 1e-12:
        return 0.0
    return float(np.nan_to_num(np.corrcoef(one, other)[0, 1]))
