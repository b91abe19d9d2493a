"""The arrays of a subject as one collection: what is cut from one is cut from all that belong to it.

A call may have an input of its own, a `fit` labels, a reset states to begin from. They all follow the same
samples and timesteps as the inputs of their size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np

from lstm_tui.checks.case import Subject
from lstm_tui.recurrent.calls import Call, CallModel, Fit, Inputs, Predict, ResetStates, StateReset, Threads
from lstm_tui.recurrent.recording import Array, read_only

Role = Literal["input", "target", "states", "reference"]
#: Gives the array that stands for this one; `name` is that of an input, empty for what is none.
Change = Callable[[Role, str, Array], Array]


@dataclass(frozen=True)
class Axis:
    """An axis of `size` that several arrays share: those of `roles` that have this size there.

    what: the word for its entries. name: of the only input that is meant; empty for all. unit: it is cut in
    pieces of so many, since the model takes no other.
    """

    what: str
    roles: frozenset[Role]
    axis: int
    size: int
    name: str = ""
    unit: int = 1

    def has(self, role: Role, name: str, array: Array) -> bool:
        """Whether an array is one of those."""
        named = not self.name or self.name == name
        return role in self.roles and named and array.ndim > self.axis and array.shape[self.axis] == self.size


def arrays_of(subject: Subject) -> Iterator[tuple[Role, str, Array]]:
    """Every array with its role and the name of its input."""
    found: list[tuple[Role, str, Array]] = []

    def note(role: Role, name: str, array: Array) -> Array:
        found.append((role, name, array))
        return array

    changed(subject, note)
    return iter(found)


def changed(subject: Subject, change: Change) -> Subject:
    """The subject with every array changed."""
    plan = subject.plan
    target = subject.reference_target
    return replace(
        subject,
        plan=replace(
            plan,
            inputs=_inputs(plan.inputs, "input", change),
            resets=tuple(_reset(reset, change) for reset in plan.resets),
            calls=tuple(_call(call, change) for call in plan.calls),
            target=None if plan.target is None else change("target", "", plan.target),
        ),
        reference=_inputs(subject.reference, "reference", change),
        reference_target=None if target is None else change("reference", "", target),
    )


def _inputs(inputs: Inputs, role: Role, change: Change) -> Inputs:
    return {name: change(role, name, array) for name, array in inputs.items()}


def _reset(reset: StateReset, change: Change) -> StateReset:
    if not reset.saved:
        return reset
    return replace(reset, saved={name: change("states", name, array) for name, array in reset.saved.items()})


def _call(call: Call, change: Change) -> Call:
    match call:
        case Predict(inputs=inputs) | CallModel(inputs=inputs) if inputs is not None:
            return replace(call, inputs=_inputs(inputs, "input", change))
        case Fit(target=target, validation=validation):
            if validation is not None:
                validation = (_inputs(validation[0], "input", change), change("target", "", validation[1]))
            return replace(call, target=change("target", "", target), validation=validation)
        case ResetStates(to=StateReset() as reset):
            return replace(call, to=_reset(reset, change))
        case Threads(each=each):
            return replace(call, each=tuple(_call(one, change) for one in each))
        case _:
            return call


def kept(subject: Subject, axis: Axis, entries: range | tuple[int, ...]) -> Subject | None:
    """The subject with only these entries of an axis; None where a call asks for others alone."""
    indices = np.asarray(entries, np.intp)

    def take(role: Role, name: str, array: Array) -> Array:
        if not axis.has(role, name, array):
            return array
        return read_only(np.ascontiguousarray(np.take(array, indices, axis.axis)))

    smaller = changed(subject, take)
    if "input" not in axis.roles:
        return smaller
    smaller = replace(smaller, expected_shape=_shape(subject.expected_shape, axis, len(entries)))
    if axis.axis != 0:
        return smaller
    calls = [
        _with_rows(call, dict(zip(entries, range(len(entries)), strict=True))) for call in smaller.plan.calls
    ]
    if None in calls:
        return None
    return replace(smaller, plan=replace(smaller.plan, calls=cast("tuple[Call, ...]", tuple(calls))))


def _shape(shape: tuple[int, ...] | None, axis: Axis, size: int) -> tuple[int, ...] | None:
    """The wanted shape of the output, which has as many samples (and timesteps) as the input."""
    follows = axis.axis == 0 or "target" in axis.roles
    if shape is None or not follows or len(shape) <= axis.axis or shape[axis.axis] != axis.size:
        return shape
    return (*shape[: axis.axis], size, *shape[axis.axis + 1 :])


def _with_rows(call: Call, places: dict[int, int]) -> Call | None:
    """A call with the samples that it asks for under their new numbers; None where none of them is left."""
    match call:
        case Predict(rows=rows) if rows is not None:
            left = tuple(places[row] for row in rows if row in places)
            return replace(call, rows=left) if left else None
        case Threads(each=each):
            inner = [_with_rows(one, places) for one in each]
            if None in inner:
                return None
            return replace(call, each=cast("tuple[Call, ...]", tuple(inner)))
        case _:
            return call


def blanked(subject: Subject, name: str, features: tuple[int, ...]) -> Subject:
    """The subject with these features of an input at zero, in every call."""

    def blank(role: Role, given: str, array: Array) -> Array:
        if role != "input" or given != name or array.ndim < 2:
            return array
        array = array.copy()
        array[..., list(features)] = 0
        return read_only(array)

    return changed(subject, blank)
