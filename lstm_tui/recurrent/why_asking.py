"""`why(question, made)`: the exact split of one value, each share a question that can be asked in turn.

    output ← head (weight × unit) ← state (what each step wrote, and what is left of it)
           ← what one step wrote (kernel × what was read, recurrent kernel × state before) ← the layer before

A value behind an activation or a gate is a function of a sum: the sum is what is split, the rest is said as
the link. What cannot be split so is answered by a sentence that says which layer is why.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lstm_tui.recurrent.activations import activation_of
from lstm_tui.recurrent.contributions import Contributions, contributions, no_contributions, ranked
from lstm_tui.recurrent.recording import LayerTrace, Recording
from lstm_tui.recurrent.why import LISTED, Causes, Made, Question, Share, Terms, Why, roundoff, slack, summed
from lstm_tui.recurrent.why_sums import GateSum, candidate_sum
from lstm_tui.recurrent.why_tracing import (
    class_of,
    entering,
    given,
    layer_values,
    settings_of,
    weight,
)


def why(question: Question, made: Made) -> Why | str:
    """The answer, or why the value cannot be taken apart exactly: one sentence."""
    match question.kind:
        case "output":
            return _of_output(question, made)
        case "layer":
            return _of_layer(question, made)
        case "state":
            return _of_state(question, made)
        case "written":
            return _of_written(question, made)
        case "input":
            return _of_input(question, made)
        case "inputs":
            return "from the inputs on there is no exact split"


def timesteps_of(recording: Recording) -> int:
    """Of the longest recurrent layer; 0 where none is recorded."""
    return max((trace.timesteps for trace in recording.layers), default=0)


def output_values(recording: Recording, name: str, sample: int, step: int) -> np.ndarray | None:
    """`(k,)` of an output at a step, in the model's own units, or had the sequence ended there.

    None where it is known at the last step alone and this is another.
    """
    values, steps = recording.outputs.get(name), timesteps_of(recording)
    if values is None or not 0 <= sample < len(values):
        return None
    if values.ndim >= 3 and values.shape[1] == steps and 0 <= step < steps:
        return np.asarray(values[sample, step]).reshape(-1)
    prefix = recording.prefix_of(name, sample)
    if prefix is not None and 0 <= step < len(prefix):
        return np.asarray(prefix[step]).reshape(-1)
    return np.asarray(values[sample]).reshape(-1) if step == steps - 1 else None


def _of_output(question: Question, made: Made) -> Why | str:
    values = output_values(made.recording, question.path, made.sample, question.step)
    if values is None:
        return "the output is known at the last step alone: m runs the model up to this one"
    if not 0 <= question.unit < len(values):
        return f"the output has {len(values)} numbers"
    names = list(made.recording.outputs)
    ends = made.insides.ends
    if len(ends) != len(names):
        return "which layer gives the output is not known: the model is no graph of layers"
    end = ends[names.index(question.path)]
    found = given(made, end, question.step)
    if isinstance(found, str):
        return found
    if len(found.values) != len(values):
        return "the output is not shaped as the layer that gives it"
    answer = why(found.of(question.unit), made)
    if isinstance(answer, str):
        return answer
    return _held_against(replace(answer, question=question), float(values[question.unit]))


def _held_against(answer: Why, recorded: float) -> Why:
    """The recorded value in the place of the computed one; what they are apart is left open."""
    apart = recorded - answer.value
    tolerance = answer.tolerance + abs(recorded) * 8 * roundoff("float32")
    return replace(answer, value=recorded, residual=answer.residual + apart, tolerance=tolerance)


def _of_layer(question: Question, made: Made) -> Why | str:
    path, unit = question.path, question.unit
    values, read = layer_values(made, path, question.step), entering(made, path, question.step)
    if isinstance(values, str) or isinstance(read, str):
        return values if isinstance(values, str) else str(read)
    if not 0 <= unit < len(values):
        return f"{path} has {len(values)} units"
    value = float(values[unit])
    if class_of(made, path) == "Embedding":
        token = Share(value, float(read.values[0]), read.of(0))
        note = f"row {int(read.values[0])} of the embedding, column {unit}"
        return Why(question, value, value, (token,), notes=(note,))
    name = settings_of(made, path).get("activation") or "linear"
    terms, single = _terms_of_layer(made, path, unit, read)
    total, shares, others, rest = summed(terms, single)
    tolerance = slack(terms, single, made.insides.dtypes.get(path, ""))
    link = "" if name == "linear" else str(name)
    return Why(question, value, total, shares, link, others, rest, tolerance=tolerance)


def _terms_of_layer(
    made: Made, path: str, unit: int, read: Causes
) -> tuple[tuple[Terms, ...], tuple[Share, ...]]:
    """Of a Dense layer weight × input and bias; of an activation alone the one number that it takes."""
    kernel, bias = weight(made, path, "kernel"), weight(made, path, "bias")
    if kernel is None:
        return (Terms(np.where(np.arange(len(read.values)) == unit, read.values, 0.0), read),), ()
    with np.errstate(all="ignore"):
        terms = Terms(kernel[:, unit] * read.values, read)
    return (terms,), (() if bias is None else (Share(float(bias[unit]), name="bias"),))


def _of_state(question: Question, made: Made) -> Why | str:
    trace = made.recording.layer(question.path)
    if trace is None or not trace.has(made.sample, question.step):
        return f"step {question.step} of {question.path} is not held"
    if not 0 <= question.unit < trace.units:
        return f"{question.path} has {trace.units} units"
    if trace.cell.name == "simple_rnn":
        if _is_masked(trace, made.sample, question.step):
            return _carried(question, made, trace)
        return _of_sum(question, made, trace, series="h", gate=None)
    parts = contributions(trace, sample=made.sample, step=question.step, unit=question.unit)
    if parts is None:
        return no_contributions(trace) or "this state cannot be taken apart"
    return _of_steps(question, made, trace, parts)


def _of_steps(question: Question, made: Made, trace: LayerTrace, parts: Contributions) -> Why:
    """A state as what each step wrote into it, of which some is left."""
    best = ranked(parts, LISTED)
    candidate = _at(trace, trace.cell.candidate or "g", made.sample, question.unit)
    gate = _at(trace, "i" if parts.series == "c" else "z", made.sample, question.unit)
    shares = [
        Share(
            share,
            float(
                (gate if parts.series == "c" else 1 - gate)[step - trace.start]
                * candidate[step - trace.start]
            ),
            Question("written", trace.path, step, question.unit, parts.series),
        )
        for step, share in best
    ]
    if parts.from_initial:
        name = "before" if parts.start else "initial state"
        shares.append(Share(parts.from_initial, name=name))
        shares.sort(key=lambda each: -abs(each.share) if np.isfinite(each.share) else -np.inf)
    listed = sum(share for _, share in best)
    others = int(np.count_nonzero(parts.shares)) - len(best)
    rest = float(parts.shares.sum()) - listed if others else 0.0
    value, link = parts.total, ""
    if parts.series == "c" and question.series != "c":
        hidden, opened = (
            float(trace.at(name, made.sample, question.step)[question.unit]) for name in ("h", "o")
        )
        value, link = hidden, f"o {opened:.3g} × {_outer(made, trace)}"
    return Why(
        question,
        value,
        parts.total,
        tuple(shares),
        link,
        others,
        rest,
        residual=parts.residual,
        tolerance=parts.tolerance,
    )


def _outer(made: Made, trace: LayerTrace) -> str:
    """What an LSTM makes of its cell state before the output gate."""
    return str(settings_of(made, trace.path).get("activation") or "tanh")


def _at(trace: LayerTrace, series: str, sample: int, unit: int) -> np.ndarray:
    return trace.over_time(series, sample)[:, unit].astype(np.float64)


def _is_masked(trace: LayerTrace, sample: int, step: int) -> bool:
    mask = trace.mask_over_time(sample)
    return mask is not None and not mask[step - trace.start]


def _carried(question: Question, made: Made, trace: LayerTrace) -> Why:
    """A masked step has handed the state on as it was."""
    earlier = question.step + (1 if trace.go_backwards else -1)
    value = float(trace.at("h", made.sample, question.step)[question.unit])
    share = Share(value, value, replace(question, step=earlier))
    return Why(question, value, value, (share,), notes=("this step is masked: the state is kept",))


def _of_written(question: Question, made: Made) -> Why | str:
    trace = made.recording.layer(question.path)
    if trace is None or not trace.has(made.sample, question.step):
        return f"step {question.step} of {question.path} is not held"
    if not 0 <= question.unit < trace.units:
        return f"{question.path} has {trace.units} units"
    if _is_masked(trace, made.sample, question.step):
        return f"step {question.step} is masked: it wrote nothing"
    gate = {"lstm": "i", "gru": "z"}.get(trace.cell.name)
    if gate is None or not {gate, trace.cell.candidate or "g"} <= set(trace.steps):
        return no_contributions(trace) or "what one step wrote is not known of this cell"
    return _of_sum(question, made, trace, series=trace.cell.candidate or "g", gate=gate)


def _of_sum(question: Question, made: Made, trace: LayerTrace, *, series: str, gate: str | None) -> Why | str:
    """What stands behind an activation, as kernel × input + recurrent kernel × state before + bias."""
    found = candidate_sum(made, trace, question.step, question.unit)
    if isinstance(found, str):
        return found
    total, shares, others, rest = summed(found.terms, found.single)
    recorded = float(trace.at(series, made.sample, question.step)[question.unit])
    value, link = recorded, found.activation
    if gate is not None:
        opened = float(trace.at(gate, made.sample, question.step)[question.unit])
        admitted = opened if gate == "i" else 1 - opened
        value, link = (
            admitted * recorded,
            f"{'i' if gate == 'i' else '1 - z'} {admitted:.3g} × {found.activation}",
        )
    residual, tolerance = _left_open(found, total, recorded)
    return Why(question, value, total, shares, link, others, rest, residual=residual, tolerance=tolerance)


def _left_open(found: GateSum, total: float, recorded: float) -> tuple[float, float]:
    """What the activation of the total is off from what was recorded, and what of it rounding explains."""
    function = activation_of(found.activation)
    if function is None:
        return float("nan"), float("nan")
    with np.errstate(all="ignore"):
        computed = float(function(np.array([total]))[0])
    return recorded - computed, slack(found.terms, found.single, found.dtype)


def _of_input(question: Question, made: Made) -> Why | str:
    array = made.recording.inputs.get(question.path)
    read = given(made, question.path, question.step)
    if array is None or isinstance(read, str) or not 0 <= question.unit < len(read.values):
        return f"the input {question.path} has no such value"
    value = float(read.values[question.unit])
    return Why(question, value, value, (), notes=("an input: nothing stands before it",))
