"""One value of the input, or one step or feature of it, set by hand: a value like a reshape.

`(batch, timesteps, features)` and token ids `(batch, timesteps)`; of any other array `feature` is axis 1. No
sample or no feature means all of them. What it refuses: an index beyond the array, a fraction as a token id.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lstm_tui.errors import EditError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array, read_only


@dataclass(frozen=True)
class Nudge:
    """A value of the input set `to` a number, or moved `by` one; exactly one of the two."""

    step: int | None = None
    feature: int | None = None
    sample: int | None = None
    to: float | None = None
    by: float | None = None

    def apply(self, array: Array) -> Array:
        """A copy of `array` with the change in it. Raises: EditError."""
        changed = np.array(array)
        if changed.dtype.kind not in "fiu":
            raise EditError(f"An input of {changed.dtype} cannot be nudged.", expected="numbers")
        place = self._place(changed)
        number = self.to if self.to is not None else self.by
        if changed.dtype.kind in "iu" and number != int(number or 0):
            raise EditError(f"The input holds whole numbers, not {number:g}.", expected="a whole number")
        if self.to is None:
            changed[place] += changed.dtype.type(self.by)
        else:
            changed[place] = self.to
        return read_only(changed)

    def _place(self, array: Array) -> tuple[slice | int, ...]:
        timed = array.ndim > 2 or (array.ndim == 2 and array.dtype.kind in "iu")
        asked = [("sample", self.sample, 0)]
        asked += [("step", self.step, 1), ("feature", self.feature, 2)] if timed else []
        asked += [] if timed else [("step", self.step, array.ndim), ("feature", self.feature, 1)]
        place: list[slice | int] = [slice(None)] * array.ndim
        for word, index, axis in asked:
            if index is None:
                continue
            if axis >= array.ndim:
                raise EditError(f"The input has no {word}: its shape is {array.shape}.")
            if not 0 <= index < array.shape[axis]:
                raise EditError(
                    f"The input has no {word} {index}: its shape is {array.shape}.",
                    expected=f"0 to {array.shape[axis] - 1}",
                )
            place[axis] = index
        return tuple(place)

    def describe(self) -> str:
        """`nudge step 5 feature 2 of sample 0 to 1.5`."""
        words = [f"{word} {index}" for word, index in (("step", self.step), ("feature", self.feature))
                 if index is not None]  # fmt: skip
        of = "" if self.sample is None else f" of sample {self.sample}"
        change = f"to {self.to:g}" if self.to is not None else f"by {self.by:g}"
        return " ".join(["nudge", *(words or ["the input"])]) + f"{of} {change}"

    def to_scenario(self) -> dict[str, object]:
        """`{sample: 0, step: 5, feature: 2, to: 1.5}`."""
        words = {"sample": self.sample, "step": self.step, "feature": self.feature}
        said: dict[str, object] = {word: index for word, index in words.items() if index is not None}
        return said | ({"to": self.to} if self.to is not None else {"by": self.by})


def nudge(
    *,
    to: float | None = None,
    by: float | None = None,
    step: int | None = None,
    feature: int | None = None,
    sample: int | None = None,
) -> Nudge:
    """Raises: EditError unless there is one number, `to` or `by`, and the places are counted from 0."""
    if (to is None) == (by is None):
        raise EditError(
            "A nudge needs one number.", expected="to: the value, or by: how far from where it is"
        )
    number = to if to is not None else by
    if number is None or isinstance(number, bool) or not math.isfinite(number):
        raise EditError(f"A nudge to {one_line(number, 40)} is none.", expected="a finite number")
    for word, index in (("step", step), ("feature", feature), ("sample", sample)):
        if index is not None and (isinstance(index, bool) or index != int(index) or index < 0):
            raise EditError(
                f"There is no {word} {one_line(index, 40)}.", expected=f"a {word}, counted from 0"
            )
    return Nudge(step, feature, sample, None if to is None else float(to), None if by is None else float(by))
