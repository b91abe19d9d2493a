"""Gradient times activation as an answer to why: what explains a value, and the shares that come of it.

Asked where no exact split is known, and of an output right back to the inputs. What explains a value are the
nearest recurrent layers, embeddings and inputs behind it, across all that stands between.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from lstm_tui.recurrent.first_order import FirstOrder
from lstm_tui.recurrent.recording import Array
from lstm_tui.recurrent.why import Causes, Made, Question, Terms, Why, summed
from lstm_tui.recurrent.why_tracing import class_of, settings_of, trace_of

Sources = tuple[tuple[str, ...], tuple[str, ...]]


def sources_behind(made: Made, path: str, *, to_inputs: bool = False) -> Sources | str:
    """Layers whose outputs explain what `path` gives, and inputs that do; or why none are known.

    to_inputs: through recurrent layers too; ids are explained by the embedding that reads them.
    """
    if not made.insides.wiring:
        return "how the layers are fed is not known: the model is no graph of layers"
    layers, inputs, waiting, seen = [], [], deque([path]), {path}
    while waiting:
        for feeder in made.insides.wiring.get(waiting.popleft(), ()):
            if feeder in seen:
                continue
            seen.add(feeder)
            if _explains(made, feeder, to_inputs=to_inputs):
                layers.append(feeder)
            elif feeder in made.recording.inputs and not made.insides.wiring.get(feeder, ()):
                inputs += [feeder] if made.recording.inputs[feeder].dtype.kind == "f" else []
            else:
                waiting.append(feeder)
    return (tuple(layers), tuple(inputs)) if layers or inputs else "nothing behind it has a gradient"


def _explains(made: Made, path: str, *, to_inputs: bool) -> bool:
    kind = class_of(made, path)
    return kind == "Embedding" or (
        not to_inputs and (kind == "Bidirectional" or trace_of(made, path) is not None)
    )


def first_order_answer(question: Question, found: FirstOrder, made: Made, notes: tuple[str, ...] = ()) -> Why:
    """Every source's gradient times what it gave; what they do not explain is left open."""
    terms = [
        _terms(question, name, gradient, found.given[name], made)
        for name, gradient in found.gradients.items()
    ]
    total, shares, others, rest = summed(terms)
    return Why(
        question,
        found.value,
        found.value,
        shares,
        others=others,
        rest=rest,
        exact=False,
        residual=found.value - total,
        tolerance=float("nan"),
        notes=notes,
    )


def _terms(question: Question, name: str, gradient: Array, given: Array, made: Made) -> Terms:
    values = given.astype(np.float64)
    with np.errstate(all="ignore"):
        shares = (gradient.astype(np.float64) * values).reshape(-1)
    is_sequence = values.ndim > 1
    width = int(np.prod(values.shape[1:])) if is_sequence else values.size
    who = _who(question, name, made, len(values) if is_sequence else 0)

    def of(index: int) -> Question:
        step, unit = divmod(index, max(width, 1))
        return who(step, unit)

    return Terms(shares, Causes(values.reshape(-1), of))


def _who(question: Question, name: str, made: Made, steps: int) -> Callable[[int, int], Question]:
    """Which value stands at `(step, unit)` of what the source gave; `steps` is 0 of no sequence."""
    if name in made.recording.inputs:
        return lambda step, unit: Question("input", name, step if steps else question.step, unit)
    if class_of(made, name) == "Bidirectional":
        return _either_way(question, name, made, steps)
    trace = trace_of(made, name)
    if trace is None:
        return lambda step, unit: Question("layer", name, step if steps else question.step, unit)
    state = trace.cell.states[0]
    if not steps:
        last = 0 if trace.go_backwards else min(question.step, trace.timesteps - 1)
        return lambda step, unit: Question("state", trace.path, last, unit, state)
    turned = trace.go_backwards
    return lambda step, unit: Question("state", trace.path, steps - 1 - step if turned else step, unit, state)


def _either_way(question: Question, name: str, made: Made, steps: int) -> Callable[[int, int], Question]:
    """Both directions side by side; of another merge the values have no single maker."""
    ways = [
        trace
        for each in made.insides.wiring.get(name, ())
        if each.startswith(f"{name}/") and (trace := made.recording.layer(each))
    ]
    if len(ways) != 2 or settings_of(made, name).get("merge_mode", "concat") != "concat":
        return lambda step, unit: Question("layer", name, step if steps else question.step, unit)
    first, second = ways

    def of(step: int, unit: int) -> Question:
        way, index = (first, unit) if unit < first.units else (second, unit - first.units)
        last = 0 if way.go_backwards else way.timesteps - 1
        return Question("state", way.path, step if steps else last, index, way.cell.states[0])

    return of
