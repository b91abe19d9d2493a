"""All checks on one model against one `predict` of it, as `lstm-tui diagnose` and the key `d` run them.

The model has been loaded and used, as it has when somebody presses `d`; graphs that the checks need are
traced anew in every round. `python -m benchmarks.checks TIMESTEPS UNITS ROUNDS` measures in a process of its
own.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from benchmarks.measuring import Figure, Sample, at_most, measured_apart, print_samples, timed
from benchmarks.models import SMALL, Case, sequence, stacked_lstm

GOAL = 40
_WORDS = {
    "input": "the input alone",
    "everything": "reference, its target, target and output shape",
    "stateful": "a stateful model",
}


def checks(*, quick: bool) -> list[Figure]:
    """A row for each thing that may be known beside the model."""
    seconds = measured_apart(__name__, SMALL.timesteps, SMALL.units, 2 if quick else 5)
    predict = seconds.pop("predict")
    return [
        at_most(
            f"all checks against one `predict`, {SMALL.words}, given {_WORDS[name]}",
            sample.over(predict),
            GOAL,
            aside=f"checks {sample.words('{:.2f}')} s · predict {predict.words('{:.3g}', 1000)} ms",
        )
        for name, sample in seconds.items()
    ]


def measured(case: Case, rounds: int) -> dict[str, Sample]:
    """Seconds of one `predict` and of all checks, on models that are new in every round."""
    taken: dict[str, list[float]] = {"predict": [], **{name: [] for name in _WORDS}}
    for _ in range(rounds):
        for name in _WORDS:
            model = _used(case, stateful=name == "stateful")
            if name == "input":
                x = sequence(case.timesteps)
                repeated = [timed(lambda: model.predict(x, verbose=0)) for _ in range(5)]  # noqa: B023
                taken["predict"].append(min(repeated))
            taken[name].append(timed(_diagnosis(model, case, everything=name == "everything")))
    return {name: Sample(tuple(values)) for name, values in taken.items()}


def _used(case: Case, *, stateful: bool) -> Any:
    """The model with weights that are not those of an initialiser, after a first call."""
    model, rng = stacked_lstm(case.units, stateful=stateful), np.random.default_rng(3)
    model.set_weights([each + 0.03 * rng.normal(size=each.shape) for each in model.get_weights()])
    model.predict(sequence(case.timesteps), verbose=0)
    return model


def _diagnosis(model: Any, case: Case, *, everything: bool) -> Any:
    from lstm_tui.checks.case import Subject
    from lstm_tui.keras_adapter.loaded import LoadedModel
    from lstm_tui.recurrent.calls import RunPlan

    loaded, x = LoadedModel.in_memory(model), sequence(case.timesteps)
    loaded.run(RunPlan({"x": x}), lambda stage, fraction: None)
    subject = Subject(RunPlan({"x": x}))
    if everything:
        rows = np.concatenate([np.roll(x, shift, axis=1) for shift in range(64)])
        subject = Subject(
            RunPlan({"x": x}, target=np.zeros((1, 1), np.float32)),
            reference={"x": rows},
            reference_target=rows[:, -1, :1],
            expected_shape=(1, 1),
        )
    return lambda: loaded.diagnose(subject, None, lambda finding: None, lambda stage, fraction: None)


if __name__ == "__main__":
    timesteps, units, rounds = map(int, sys.argv[1:])
    print_samples(measured(Case(timesteps, units), rounds))
