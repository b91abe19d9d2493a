"""Gradients at every step against the plain gradient that a training step takes, and against a peer package.

`python -m benchmarks.gradients TIMESTEPS UNITS ROUNDS` measures in a process of its own. The peer is
optional: where it is not installed the row says so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from benchmarks.measuring import Figure, Sample, at_most, in_turn, measured_apart, print_samples
from benchmarks.models import LARGE, SMALL, Case, sequence, stacked_lstm

GOAL = 1.5
PEER = "tf-keras-vis"


def gradients(*, quick: bool) -> list[Figure]:
    """Rows for each case."""
    return [figure for case in ((SMALL,) if quick else (SMALL, LARGE)) for figure in _figures(case, quick)]


def _figures(case: Case, quick: bool) -> list[Figure]:
    seconds = measured_apart(__name__, case.timesteps, case.units, 5 if quick else 15)
    told = {name: sample.words("{:.3g}", 1000) for name, sample in seconds.items()}
    rows = [
        at_most(
            f"gradients of the error at every step, inputs and all states, against a plain gradient "
            f"with respect to inputs and weights, {case.words}",
            seconds["ours"].over(seconds["plain"]),
            GOAL,
            aside=f"at every step {told['ours']} ms, plain {told['plain']} ms",
        )
    ]
    return [*rows, _peer(case, seconds, told)]


def _peer(case: Case, seconds: Mapping[str, Sample], told: Mapping[str, str]) -> Figure:
    what = f"the same, of the output, against `Saliency` of {PEER} (inputs alone), {case.words}"
    if "peer" not in seconds:
        return Figure(what, "not installed", aside=f"pip install {PEER}")
    ratio = seconds["ours_of_output"].over(seconds["peer"])
    aside = f"{PEER} {version(PEER)} {told['peer']} ms, ours {told['ours_of_output']} ms"
    return Figure(what, ratio.words(), aside=aside)


def measured(case: Case, rounds: int) -> dict[str, Sample]:
    """Seconds of each way, compiled before."""
    from lstm_tui.keras_adapter.loaded import LoadedModel

    x, y, model = sequence(case.timesteps), np.ones((1, 1), np.float32), stacked_lstm(case.units)
    loaded = LoadedModel.in_memory(model)
    things: dict[str, Callable[[], Any]] = {
        "ours": lambda: loaded.gradients({"x": x}, target=y),
        "plain": _plain_gradient(model, x, y),
    }
    if (peer := _saliency(model, x)) is not None:
        things |= {"ours_of_output": lambda: loaded.gradients({"x": x}), "peer": peer}
    in_turn(things, 2)
    return in_turn(things, rounds)


def _plain_gradient(model: Any, x: Any, y: Any) -> Callable[[], Any]:
    """What a training step computes, and the inputs' gradient, as arrays."""
    import tensorflow as tf

    @tf.function
    def gradient(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_mean(tf.square(model(x, training=False) - y))
        return tape.gradient(loss, [x, *model.trainable_weights])

    return lambda: [each.numpy() for each in gradient(tf.constant(x), tf.constant(y))]


def _saliency(model: Any, x: Any) -> Callable[[], Any] | None:
    try:
        version(PEER)
    except PackageNotFoundError:
        return None
    from tf_keras_vis.saliency import Saliency

    saliency = Saliency(model, clone=False)
    return lambda: saliency(lambda output: output, x)


if __name__ == "__main__":
    timesteps, units, count = map(int, sys.argv[1:])
    print_samples(measured(Case(timesteps, units), count))
