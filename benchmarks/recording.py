"""A recording against what people do today to get at predictions, states and steps: `model.predict`.

All of it in one process with the engine's own settings for TensorFlow, model built in memory. Compilation is
left out on both sides by a first call, and told apart.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from benchmarks.measuring import (
    Figure,
    Sample,
    at_least,
    at_most,
    in_turn,
    measured_apart,
    print_samples,
    timed,
)
from benchmarks.models import LARGE, SMALL, Case, sequence, stacked_lstm

#: Against one `model.predict`, by case.
PREDICT_GOALS = {SMALL: 0.5, LARGE: 1.0}
FUNCTION_GOAL, PREFIX_GOAL, STEPPING_GOAL = 2.0, 300.0, 200.0
#: What takes a predict for each of T steps is measured on so many of them, and multiplied.
_SAMPLED_CALLS = 24


def recording(*, quick: bool) -> list[Figure]:
    """Rows for each case."""
    return [figure for case in ((SMALL,) if quick else (SMALL, LARGE)) for figure in _figures(case, quick)]


def _figures(case: Case, quick: bool) -> list[Figure]:
    seconds = measured_apart(__name__, case.timesteps, case.units, 5 if quick else 15)
    record, first = seconds["record"], seconds["first_record"].over(seconds["first_predict"])
    milliseconds = {name: sample.words("{:.3g}", 1000) for name, sample in seconds.items()}
    told = f"recording {milliseconds['record']} ms, predict {milliseconds['predict']} ms"
    return [
        at_most(
            f"recording with states, gates and prefix predictions, against one `model.predict`, {case.words}",
            record.over(seconds["predict"]),
            PREDICT_GOALS[case],
            aside=told,
        ),
        Figure(
            f"the first recording of a shape, against the first `model.predict`, {case.words}",
            first.words(),
            aside=f"recording {milliseconds['first_record']} ms, predict {milliseconds['first_predict']} ms",
        ),
        at_most(
            f"recording, against the same model as a bare `tf.function`, {case.words}",
            record.over(seconds["function"]),
            FUNCTION_GOAL,
            aside=f"function {milliseconds['function']} ms",
        ),
        at_least(
            f"all prefix predictions, against one `predict` for each prefix, {case.words}",
            _times(seconds["prefix"], case.timesteps).over(record),
            PREFIX_GOAL,
            "{:,.0f}",
            " times",
        ),
        at_least(
            f"recording, against stepping a stateful copy with `predict`, {case.words}",
            _times(seconds["step"], case.timesteps).over(record),
            STEPPING_GOAL,
            "{:,.0f}",
            " times",
        ),
    ]


def _times(one: Sample, count: int) -> Sample:
    return Sample(tuple(value * count for value in one.values))


def measured(case: Case, rounds: int) -> dict[str, Sample]:
    """Seconds of each way; `prefix` and `step` are those of one call among many."""
    import tensorflow as tf

    from lstm_tui.keras_adapter.loaded import LoadedModel
    from lstm_tui.keras_adapter.recorder import record_predict

    x, model, stateful = (
        sequence(case.timesteps),
        stacked_lstm(case.units),
        stacked_lstm(case.units, stateful=True),
    )
    loaded, bare = LoadedModel.in_memory(model), tf.function(model)
    prefixes, steps = _predict_prefixes(model, x), _predict_steps(stateful, x)

    def predict() -> Any:
        return model.predict(x, verbose=0)

    def record() -> Any:
        return record_predict(loaded, {"x": x})

    first = {"first_predict": timed(predict), "first_record": timed(record)}
    things: dict[str, Callable[[], Any]] = {
        "predict": predict,
        "record": record,
        "function": lambda: bare(tf.constant(x), training=False).numpy(),
        "prefix": prefixes,
        "step": steps,
    }
    in_turn(things, 2)  # both forms that `predict` compiles, and the second batch of every cache
    found = in_turn(things, rounds)
    calls = min(_SAMPLED_CALLS, case.timesteps)
    found |= {
        name: Sample(tuple(value / calls for value in found[name].values)) for name in ("prefix", "step")
    }
    return {**found, **{name: Sample((seconds,)) for name, seconds in first.items()}}


def _predict_prefixes(model: Any, x: Any) -> Callable[[], None]:
    """One `predict` for each of a sample of lengths, evenly over the sequence."""
    timesteps = x.shape[1]
    lengths = [(number + 1) * timesteps // _SAMPLED_CALLS for number in range(_SAMPLED_CALLS)]

    def run() -> None:
        for length in lengths:
            model.predict(x[:, :length], verbose=0)

    return run


def _predict_steps(stateful: Any, x: Any) -> Callable[[], None]:
    """One `predict` a timestep, the state carried, as tutorials do."""

    def run() -> None:
        for step in range(_SAMPLED_CALLS):
            stateful.predict(x[:, step : step + 1], verbose=0)

    return run


if __name__ == "__main__":
    timesteps, units, rounds = map(int, sys.argv[1:])
    print_samples(measured(Case(timesteps, units), rounds))
