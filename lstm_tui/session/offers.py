"""What reset, rescale and reshape offer for this session, the most fitting first, each with its reason.

An offer is words and edits; what it would lead to is asked of `preview`. Nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lstm_tui.arrays.fitting import suggestions
from lstm_tui.arrays.rescale import Method, Rescale, fit
from lstm_tui.arrays.reshape import Reshape
from lstm_tui.arrays.summary import describe as summarise
from lstm_tui.checks.call_failure import mismatch
from lstm_tui.errors import LstmTuiError
from lstm_tui.recurrent.calls import StateReset
from lstm_tui.recurrent.recording import Array
from lstm_tui.scenario.actions import OnInput, targeted
from lstm_tui.session.edits import Edit, ResetBeforeEachCall, fold
from lstm_tui.session.state import Session
from lstm_tui.session.view import output_view

_OFFERED_METHODS: tuple[Method, ...] = ("standard", "minmax", "robust")
#: Fitting more values than this would stall the dialogue for seconds; a scaler file or numbers can be typed.
_MOST_FITTED = 5_000_000


@dataclass(frozen=True, eq=False)
class Offer:
    """One line of a dialogue: what it does, why it is offered, and the edits it makes."""

    label: str
    reason: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, eq=False)
class Preview:
    """What edits would lead to: facts, a line each, and the lines of the verdict.

    fits: whether the model takes the result. can_be: whether there is one at all.
    """

    facts: tuple[str, ...]
    verdict: tuple[str, ...]
    fits: bool
    can_be: bool = True


def present_inputs(session: Session) -> dict[str, Array]:
    """The input arrays as they go into the model now."""
    return dict(session.plan.run.inputs) if session.plan else dict(session.material.inputs)


def reset_offers(session: Session) -> tuple[Offer, ...]:
    """All layers or one, to zeros or random; before each call where there are several."""
    stateful = [
        layer.path for layer in session.model.recurrent_layers if layer.recurrent and layer.recurrent.stateful
    ]
    if not stateful:
        return ()
    several = session.plan is not None and len(session.plan.run.calls) > 1
    each = Offer(
        "before each call so far, all layers to zeros",
        "no call sees another's state",
        (ResetBeforeEachCall(),),
    )
    whole = Offer(
        "once, all layers to zeros",
        f"{len(stateful)} stateful layer{'s' * (len(stateful) > 1)}",
        (StateReset(),),
    )
    single = [
        Offer(f"once, {path} to zeros", "the others keep their state", (StateReset(layers=(path,)),))
        for path in stateful if len(stateful) > 1
    ]  # fmt: skip
    noise = Offer(
        "once, all layers to random values", "how much does the start matter?", (StateReset(to="random"),)
    )
    return ((each, whole) if several else (whole, each)) + (*single, noise)


def rescale_offers(session: Session) -> tuple[Offer, ...]:
    """Fitted on the reference sample where there is one, else on the input itself; inverse for the output."""
    inputs = present_inputs(session)
    offers = []
    for name, array in inputs.items():
        reference = session.material.reference.get(name)
        fits = reference is not None and reference.shape[-1:] == array.shape[-1:]
        source = reference if reference is not None and fits else array
        if source.ndim == 0 or source.dtype.kind not in "fiu" or not 0 < source.size <= _MOST_FITTED:
            continue
        reason = "fitted on the reference sample" if fits else "fitted on this input itself (no reference)"
        for method in _OFFERED_METHODS:
            edit = fit(method, source, origin="fitted on the reference" if fits else "fitted on the input")
            offers.append(_for_input(name, method, reason, (edit,), len(inputs)))
    return (*offers, *_inverse_offers(session))


def _for_input(
    name: str, label: str, reason: str, changes: Sequence[Reshape | Rescale], inputs: int
) -> Offer:
    """An offer for one input; where there are several, it says which and leaves the others alone."""
    if inputs == 1:
        return Offer(label, reason, tuple(changes))
    return Offer(f"{name}: {label}", reason, tuple(OnInput(name, change) for change in changes))


def _inverse_offers(session: Session) -> list[Offer]:
    """Undo on the output what a rescale of the input did, where the features allow it."""
    view = output_view(session)
    changes = [targeted(action)[0] for action in session.history.actions]
    done = [change for change in changes if isinstance(change, Rescale) and not change.inverse]
    if view is None or not done or int(np.size(done[-1].center)) not in (1, view.final.size):
        return []
    back = done[-1].inverted()
    label = f"inverse {back.method} of the output"
    return [Offer(label, "predictions back into the units of the data", (back,))]


def reshape_offers(session: Session) -> tuple[Offer, ...]:
    """For each input: what makes it fit this model, first what is most likely meant."""
    offers = []
    arrays = present_inputs(session)
    bound = session.model.stateful_batch
    for tensor in session.model.inputs:
        array = arrays.get(tensor.name)
        if array is None:
            continue
        for found in suggestions(array.shape, tensor.shape, dtype=tensor.dtype, bound_batch=bound):
            words = ", then ".join(step.describe() for step in found.reshapes)
            label = f"{words} → {shape_words(found.result)}"
            offers.append(_for_input(tensor.name, label, found.reason, found.reshapes, len(arrays)))
    return tuple(offers)


def preview(session: Session, edits: Sequence[Edit]) -> Preview:
    """Shape and range of every input after `edits`, and whether the model takes them."""
    try:
        plan = fold(session.material, (*session.history.done, *edits), session.model).run
    except LstmTuiError as error:
        return Preview((), tuple(str(error).splitlines()), fits=False, can_be=False)
    before = present_inputs(session)
    lines = [_change(name, before.get(name), after) for name, after in plan.inputs.items()]
    problem = mismatch(session.model, plan.inputs)
    if plan.interventions:
        lines.append("inside the loops: the output is the recorder's, not model.predict's")
    if len(plan.calls) != len(session.plan.run.calls if session.plan else ()):
        lines.append(f"{len(plan.calls)} calls: the states are reset between them")
    verdict = problem.sentence if problem else f"fits {session.model.name}"
    return Preview(tuple(lines), (verdict,), problem is None or not problem.certain)


def _change(name: str, before: Array | None, after: Array) -> str:
    now = f"{shape_words(after.shape)} {range_words(after)}"
    if before is None or (before.shape == after.shape and before is after):
        return f"{name or 'input'}  {now}"
    return f"{name or 'input'}  {shape_words(before.shape)} {range_words(before)}  →  {now}"


def shape_words(shape: Sequence[int | None]) -> str:
    """`(1, 60, 5)`; None as in Keras."""
    inner = ", ".join(str(size) for size in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def range_words(array: Array) -> str:
    """`−1.2 … 3.4` of the finite values, with a count of what is not finite."""
    if array.size == 0:
        return "empty"
    summary = summarise(array)
    strange = summary.nan_count + summary.inf_count
    text = f"{summary.minimum:.4g} … {summary.maximum:.4g}"
    return f"{text}, {strange} not finite" if strange else text
