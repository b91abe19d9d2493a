"""Which array goes to which input of the model: by name, then by order, then by shape; never by guessing.

Arrays that stay without an input, and inputs that stay without an array, are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from lstm_tui.arrays.fitting import Wanted
from lstm_tui.arrays.sizes import shown_shape
from lstm_tui.errors import InputFileError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array, Shape

#: What numpy.savez calls arrays that are passed without a name, in their order.
_UNNAMED = re.compile(r"arr_(\d+)")


class ModelInput(Protocol):
    """What must be known of an input of the model."""

    @property
    def name(self) -> str:
        """Its name in the model."""

    @property
    def shape(self) -> Shape:
        """`(batch, timesteps, features)`, None where free."""


def assign(
    arrays: Mapping[str, Array], inputs: Sequence[ModelInput], *, partly: bool = False
) -> dict[str, Array]:
    """The arrays by input name, in the model's order.

    One array for one input is taken whatever its name and shape: what does not fit is told when it is called.
    partly: inputs may stay without an array, where each array has its own; what that means the call tells.
    """
    assigned = {wanted.name: arrays[wanted.name] for wanted in inputs if wanted.name in arrays}
    free = [wanted for wanted in inputs if wanted.name not in assigned]
    left = {name: array for name, array in arrays.items() if name not in assigned}
    if len(free) == 1 and len(left) == 1:
        assigned[free[0].name] = next(iter(left.values()))
    elif free and len(free) == len(left) and all(_UNNAMED.fullmatch(name) for name in left):
        ordered = sorted(left, key=lambda name: int(name.removeprefix("arr_")))
        assigned |= {wanted.name: left[name] for wanted, name in zip(free, ordered, strict=True)}
    elif free or left:
        assigned |= _by_shape(left, free, partly=partly)
    return {wanted.name: assigned[wanted.name] for wanted in inputs if wanted.name in assigned}


def _by_shape(arrays: Mapping[str, Array], inputs: Sequence[ModelInput], *, partly: bool) -> dict[str, Array]:
    """Every input takes the one array that fits it, where there is exactly one way to do so."""
    left, free, assigned = dict(arrays), list(inputs), {}
    while free:
        fits = {wanted.name: [name for name in left if _takes(wanted, left[name])] for wanted in free}
        candidates = [name for names in fits.values() for name in names]
        certain = next(
            (
                wanted
                for wanted in free
                if len(fits[wanted.name]) == 1 and (not partly or candidates.count(fits[wanted.name][0]) == 1)
            ),
            None,
        )
        if certain is None:
            break
        assigned[certain.name] = left.pop(fits[certain.name][0])
        free.remove(certain)
    if left or (free and not partly):
        raise _unassigned(left, free, inputs)
    return assigned


def _takes(wanted: ModelInput, array: Array) -> bool:
    return Wanted(wanted.shape).takes(array.shape)


def _unassigned(
    left: Mapping[str, Array], free: Sequence[ModelInput], inputs: Sequence[ModelInput]
) -> InputFileError:
    arrays = ", ".join(f"{_said(name)} {shown_shape(array.shape)}" for name, array in list(left.items())[:8])
    wanted = ", ".join(f"{_said(each.name)} {shown_shape(each.shape)}" for each in (free or inputs)[:8])
    if not free:
        return InputFileError(
            f"No input of the model is left for {arrays}.",
            expected="as many arrays as the model has inputs",
            todo="choose the arrays of the input with `key`, or name them as the model's inputs",
        )
    return InputFileError(
        f"No array was given for the input {wanted}."
        if not left
        else f"It is not clear which array is which: {arrays}.",
        expected=f"one array each for {wanted}",
        todo="name the arrays as the model's inputs: numpy.savez('x.npz', "
        + ", ".join(f"{_said(each.name)}=.." for each in free[:4])
        + ")",
    )


def _said(name: str) -> str:
    return one_line(name, 60) or "(without a name)"
