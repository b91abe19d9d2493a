"""NaN or infinity in the saved weights: whatever they touch is no number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place
from lstm_tui.checks.input_fit import count
from lstm_tui.recurrent.recording import Array

_CODE = """\
model.fit(x, y, callbacks=[
    keras.callbacks.TerminateOnNaN(),
    keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)])"""


def _find(case: Case) -> Iterator[Finding]:
    broken = {name: values for name, values in case.weights.items() if _counts(values, case, name)}
    if broken:
        yield _finding(broken)


def _counts(values: Array, case: Case, name: str) -> bool:
    """NaN always; infinity where it is trained: as a constant (a mask of -inf) it may be meant."""
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return False
    layer = case.facts.layer(name.rpartition("/")[0])
    return bool(np.isnan(values).any()) or layer is None or layer.trainable


def _finding(broken: Mapping[str, Array]) -> Finding:
    counts = {name: int((~np.isfinite(values)).sum()) for name, values in broken.items()}
    first = next(iter(broken))
    layer = first.rpartition("/")[0]
    total = sum(values.size for values in broken.values())
    place = tuple(int(index) for index in np.argwhere(~np.isfinite(broken[first]))[0])
    kind = "NaN" if any(np.isnan(values).any() for values in broken.values()) else "infinite"
    return Finding(
        code="weights-nan",
        severity="error",
        summary=f"{count(sum(counts.values()), 'weight')} of {total} in {count(len(broken), 'array')} "
        f"{'is' if sum(counts.values()) == 1 else 'are'} {kind}, the first in {first} at {place}.",
        layer=layer,
        evidence={"first": first, "index": place, "counts": counts},
        fix=Fix(
            "Load a checkpoint from before the loss became NaN; train again with scaled data, a smaller "
            "learning rate and clipped gradients.",
            code="keras.optimizers.Adam(1e-3, clipnorm=1.0)",
        ),
        place=Place(layer=layer or None),
        weight=1.0,
        direct=True,
    )


CHECK = Check(
    code="weights-nan",
    needs=(),
    find=_find,
    lesson=Lesson(
        title="The saved weights hold NaN or infinity",
        what="Some weights are no numbers. Every state and every output that they enter is NaN as well.",
        why="No input gives a prediction. It is not the input's fault, and no scaling of it helps.",
        keras="fit goes on after the loss became NaN, and model.save stores the weights without a word; "
        "load_model does not complain either.",
        prevent="Scale the training data, clip gradients, stop at the first NaN, keep the best checkpoint.",
        code=_CODE,
    ),
    explains=(
        "state-exploding",
        "gates-saturated",
        "output-dead",
        "batchnorm-statistics",
        "gradient-vanishing",
        "gradient-exploding",
        "dropout-active",
    ),
)
