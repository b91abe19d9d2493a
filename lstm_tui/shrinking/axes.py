"""Which axes of a case may be cut, and which features blanked: what the model says decides.

An axis is cut where the model leaves its size open, or where the array has another size than the model fixes
there (that may be the very fault). A batch that is fixed is cut in whole batches. A feature is dropped only
along an axis that is open; elsewhere the weights fix how many there are, and it is set to zero instead: the
value that a scaled feature has on average. Token ids have no features.
"""

from __future__ import annotations

from lstm_tui.checks.case import Subject
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.recurrent.recording import Array, Shape
from lstm_tui.shrinking.arrays import Axis, Role, arrays_of

_SAMPLES: frozenset[Role] = frozenset({"input", "target", "states"})
_INPUT: frozenset[Role] = frozenset({"input"})
_SEQUENCE: frozenset[Role] = frozenset({"input", "target"})
_REFERENCE: frozenset[Role] = frozenset({"reference"})


def sample_axes(subject: Subject, facts: ModelFacts) -> list[Axis]:
    """Samples, and those of the reference; the most first."""
    axes = {
        Axis("samples", _SAMPLES, 0, len(array), unit=_batch(name, array, facts))
        for role, name, array in arrays_of(subject)
        if role == "input" and array.ndim
    }
    axes |= {
        Axis("samples of the reference", _REFERENCE, 0, len(array))
        for role, _, array in arrays_of(subject)
        if role == "reference" and array.ndim
    }
    return _largest_first(axes)


def inner_axes(subject: Subject, facts: ModelFacts) -> list[Axis]:
    """Timesteps, and of inputs that the model would not take whatever axes they have; the longest first."""
    axes = set()
    sequences = any(len(tensor.shape) > 2 for tensor in facts.outputs)
    follow = _SEQUENCE if sequences else _INPUT
    for role, name, array in arrays_of(subject):
        if role != "input":
            continue
        for axis in range(1, array.ndim):
            if _fixed(name, array, axis, facts):
                continue
            if not _known(name, array, facts):
                axes.add(Axis(f"axis {axis}", _INPUT, axis, array.shape[axis], name))
            elif axis == 1 and array.ndim == 3:
                axes.add(Axis("timesteps", follow, axis, array.shape[axis]))
            elif axis == 1 and array.dtype.kind in "iu":
                axes.add(Axis("timesteps", _INPUT, axis, array.shape[axis]))
            else:
                axes.add(Axis("features", _INPUT, axis, array.shape[axis], name))
    return _largest_first(axes)


def features_in_use(subject: Subject, facts: ModelFacts) -> dict[str, tuple[int, ...]]:
    """By input, the features that are anything but zero, where the model fixes how many there are."""
    found: dict[str, set[int]] = {}
    for role, name, array in arrays_of(subject):
        if role != "input" or array.ndim < 3 or array.dtype.kind != "f" or not _known(name, array, facts):
            continue
        if _fixed(name, array, array.ndim - 1, facts):
            columns = array.reshape(-1, array.shape[-1])
            found.setdefault(name, set()).update(map(int, (columns != 0).any(axis=0).nonzero()[0]))
    return {name: tuple(sorted(features)) for name, features in found.items() if features}


def _largest_first(axes: set[Axis]) -> list[Axis]:
    return sorted(axes, key=lambda axis: (-axis.size, axis.what, axis.axis, axis.name))


def _declared(name: str, facts: ModelFacts) -> Shape | None:
    return next((tensor.shape for tensor in facts.inputs if tensor.name == name), None)


def _known(name: str, array: Array, facts: ModelFacts) -> bool:
    """Whether it is clear what the axes are."""
    declared = _declared(name, facts)
    return declared is None or len(declared) == array.ndim


def _fixed(name: str, array: Array, axis: int, facts: ModelFacts) -> bool:
    declared = _declared(name, facts)
    if declared is None:
        return axis == array.ndim - 1 and array.ndim > 2
    return len(declared) == array.ndim and declared[axis] == array.shape[axis]


def _batch(name: str, array: Array, facts: ModelFacts) -> int:
    """The batch that the model is bound to, where the samples are whole batches of it; else 1."""
    declared = _declared(name, facts)
    bound = declared[0] if declared is not None and len(declared) == array.ndim else None
    return bound if bound and len(array) % bound == 0 else 1
