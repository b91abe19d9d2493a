"""A number of timesteps that the model does not take, or far fewer than it was built for.

Flatten, an unrolled graph and the fixed Input of a functional model refuse another length. A Sequential model
takes any that its layers take: too short a sequence is then predicted from a state that has hardly begun.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lstm_tui.arrays.sizes import shown_shape
from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place, Proof
from lstm_tui.checks.input_fit import count
from lstm_tui.checks.inputs.ambiguous import shown
from lstm_tui.checks.inputs.refused import finds_refused
from lstm_tui.recurrent.calls import Inputs
from lstm_tui.recurrent.recording import Array

#: A sequence is far shorter below this share of the length that the model was built for.
FAR_SHORTER = 0.5
#: The output must depend on the length: by this share of the spread of full windows' outputs.
MATTERS = 0.25

_refused = finds_refused(
    "input-length",
    "Give the model the number of timesteps that it was built for.",
    "x = x[:, -window:]  # the last steps; pad shorter sequences in front",
)


def _find(case: Case) -> Iterator[Finding]:
    yield from _refused(case)
    if case.outputs and not case.facts.stateful:
        yield from _too_short(case)


def _too_short(case: Case) -> Iterator[Finding]:
    """Shorter than the windows of the reference, and shown on them: cut as short, they predict otherwise."""
    if len(case.inputs) != 1 or len(case.facts.inputs) != 1:
        return
    (name, array), (full, built_for) = next(iter(case.inputs.items())), _full_length(case)
    if array.ndim < 3 or built_for is None or array.shape[1] >= FAR_SHORTER * built_for:
        return
    steps = array.shape[1]
    windows = full if full is not None else _lengthened(array, built_for)
    whole, cut = case.predict({name: windows}), case.predict({name: windows[:, -steps:]})
    moved = _moved(whole, cut, relative_to=_spread(whole) if full is not None else _size(whole))
    if moved >= MATTERS:
        yield _finding(case, name, (steps, built_for, moved), (whole, cut), of_reference=full is not None)


def _full_length(case: Case) -> tuple[Array | None, int | None]:
    """Windows of the training where there is a reference, and the length that the model was built for."""
    declared = case.facts.inputs[0].shape
    length = declared[1] if len(declared) > 2 else None
    reference = next(iter(case.reference.values()), None)
    if reference is not None and reference.ndim > 2:
        return reference[:32], reference.shape[1]
    return None, length


def _lengthened(array: Array, steps: int) -> Array:
    """The sequence with its first step repeated in front, up to `steps`."""
    first = np.repeat(array[:, :1], steps - array.shape[1], axis=1)
    return np.concatenate([first, array], axis=1)


def _moved(whole: Inputs, cut: Inputs, relative_to: float) -> float:
    """How far the cut windows' outputs lie from those of the whole ones; 0 where they cannot be compared."""
    pairs = [
        (whole[name], cut[name]) for name in whole if name in cut and whole[name].shape == cut[name].shape
    ]
    largest = max((float(np.sqrt(np.mean((one - other) ** 2))) for one, other in pairs), default=0.0)
    return largest / max(relative_to, 1e-12) if np.isfinite(largest) else 0.0


def _spread(outputs: Inputs) -> float:
    return max((float(np.std(array)) for array in outputs.values()), default=0.0)


def _size(outputs: Inputs) -> float:
    return max((float(np.sqrt(np.mean(np.square(array)))) for array in outputs.values()), default=0.0)


def _finding(
    case: Case,
    name: str,
    measured: tuple[int, int, float],
    outputs: tuple[Inputs, Inputs],
    *,
    of_reference: bool,
) -> Finding:
    steps, built_for, moved = measured
    whole, cut = outputs
    windows = "of the reference" if of_reference else "lengthened by its first step"
    against = "of their spread" if of_reference else "of their size"
    layer = next((each.path for each in case.facts.recurrent_layers), "")
    return Finding(
        code="input-length",
        severity="warning",
        summary=f"The input has {count(steps, 'timestep')}, the model was built for {built_for}. Windows "
        f"{windows}, cut to {steps}, predict something else: off by {moved:.0%} {against}.",
        layer=layer,
        evidence={
            "got": case.inputs[name].shape,
            "built_for": built_for,
            "outputs_whole": shown(whole),
            "outputs_cut": shown(cut),
        },
        fix=Fix(
            f"Give the model windows of {built_for} timesteps, the last one being the newest: "
            f"{shown_shape((case.inputs[name].shape[0], built_for, *case.inputs[name].shape[2:]))}.",
            code=f"x = series[-{built_for}:][None]",
        ),
        proof=Proof(f"error of a window cut to its last steps, as a share {against}", moved, 0.0),
        place=Place(layer=layer or None),
        weight=0.7,
    )


CHECK = Check(
    code="input-length",
    needs=("x",),
    find=_find,
    lesson=Lesson(
        title="Another number of timesteps than the model was built for",
        what="The weights of a recurrent layer fit any number of timesteps, but what surrounds it may not: "
        "Flatten and Dense, an unrolled loop, a convolution whose window is longer than the sequence.",
        why="The call fails; or it succeeds on a few steps, and the prediction comes from a state that has "
        "hardly left zero, which the model never saw in training.",
        keras="A functional model refuses a length other than its Input's. A Sequential one takes any that "
        "its layers take, whatever its Input says.",
        prevent="Declare Input((None, features)) only where any length makes sense, and predict on windows "
        "as long as those of the training.",
        code="x = series[-window:][None]  # as long as in training",
    ),
)
