"""Why a call is saved: what is looked for in it, and in which words the capture says so. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lstm_tui.flight_recorder.call import WatchedCall
from lstm_tui.flight_recorder.taken import Taken
from lstm_tui.plain_text import one_line

if TYPE_CHECKING:
    from lstm_tui.recurrent.recording import Array

#: As `expect: output` of a scenario compares.
_RTOL, _ATOL = 1e-5, 1e-6


@dataclass(frozen=True)
class Reason:
    """A word for file names and counts, and a sentence for people."""

    code: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Conditions:
    """What is looked for. `when` is the user's own predicate."""

    exception: bool = True
    nan: bool = True
    disagreement: bool = True
    when: Callable[[WatchedCall], object] | None = None

    def fulfilled(self, call: WatchedCall, earlier: WatchedCall | None) -> list[Reason]:
        """Why `call` is to be saved, the gravest reason first, the user's predicate left aside.

        earlier: the last call with the identical input.
        """
        found = [_exception(call)] if self.exception and call.error is not None else []
        if self.nan and (name := _without_number(call)) is not None:
            which = f"output {one_line(name, 60)}" if name else "output"
            found.append(Reason("nan", f"the {which} holds numbers that are none (NaN or inf)"))
        if self.disagreement and earlier is not None and call.outputs is not None:
            found += _disagreement(call, earlier)
        return found

    def asked_for(self, call: WatchedCall) -> list[Reason]:
        """Whether the user's predicate wants `call`. Raises what that raises."""
        if self.when is None or not self.when(call):
            return []
        return [Reason("predicate", "the program's own predicate asked for it")]


def _exception(call: WatchedCall) -> Reason:
    kind, message = call.error or ("", "")
    # Keras prints values of its arguments into messages: where features are redacted it is not kept
    said = "" if call.redacted or not message else f": {one_line(message, 600)}"
    return Reason("exception", f"the call raised {one_line(kind, 80)}{said}")


def _without_number(call: WatchedCall) -> str | None:
    """The name of the first output with NaN or inf in it."""
    outputs = call.outputs.arrays if call.outputs is not None else {}
    return next(
        (name for name, array in outputs.items() if array.dtype.kind == "f" and not np.isfinite(array).all()),
        None,
    )


def _disagreement(call: WatchedCall, earlier: WatchedCall) -> list[Reason]:
    assert call.outputs is not None
    assert earlier.outputs is not None  # the ring remembers no other
    said = f"the input of call {earlier.number} ({one_line(earlier.caller, 60)}), given again,"
    if _shapes(call.outputs) != _shapes(earlier.outputs):
        return [Reason("disagreement", f"{said} gave an output of another shape")]
    pairs = [(call.outputs.arrays[name], array) for name, array in earlier.outputs.arrays.items()]
    if all(_same(new, old) for new, old in pairs):
        return []
    largest = max(_difference(new, old) for new, old in pairs)
    return [Reason("disagreement", f"{said} gave an output that differs by up to {largest:.3g}")]


def _shapes(outputs: Taken) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in outputs.arrays.items()}


def _same(new: Array, old: Array) -> bool:
    """Equal, or as close as rounding; NaN equals NaN."""
    return np.array_equal(new, old) or bool(np.allclose(new, old, rtol=_RTOL, atol=_ATOL, equal_nan=True))


def _difference(new: Array, old: Array) -> float:
    with np.errstate(invalid="ignore", over="ignore"):
        gaps = np.abs(new.astype(np.float64) - old.astype(np.float64))
    return float(np.nanmax(gaps)) if np.isfinite(gaps).any() else float("nan")
