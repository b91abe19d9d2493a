"""What inputs, actions and calls come to: a plan for the engine. Pure; knows neither files nor YAML.

The workbench folds its edits with `fold_actions`, a scenario file becomes a plan with `run_plan`: one
meaning, two users. Actions change the scenario's own inputs; a call that names another gets that as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lstm_tui.arrays.rescale import Rescale
from lstm_tui.errors import EditError
from lstm_tui.model_file.facts import ModelFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import (
    Alteration,
    Call,
    CallModel,
    Decode,
    Fit,
    Generate,
    Inputs,
    Predict,
    ResetStates,
    RunPlan,
    StateReset,
    Stream,
    Threads,
)
from lstm_tui.recurrent.interventions import Intervention
from lstm_tui.recurrent.recording import Array
from lstm_tui.scenario.actions import Action, FitRescale, targeted
from lstm_tui.scenario.naming import known
from lstm_tui.scenario.trying import (
    LastSteps,
    StatefulFlip,
    alterations_of,
    fitted,
    of_last_steps,
    refuse_other_calls,
    split_reset,
)

if TYPE_CHECKING:
    from lstm_tui.scenario.loading import LoadedScenario


@dataclass(frozen=True, eq=False)
class Folded:
    """What actions come to: the inputs after them, states to set, other settings of layers, what is tried
    inside their loops, and what to do to the outputs, in order."""

    inputs: Inputs
    resets: tuple[StateReset, ...] = ()
    alterations: tuple[Alteration, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    output_rescales: tuple[Rescale, ...] = ()

    def output(self, array: Array) -> Array:
        """An output `(batch, ...)` of the model in the units that the inverse rescales lead back to."""
        for rescale in self.output_rescales:
            array = rescale.apply(array)
        return array


@dataclass(frozen=True, eq=False)
class Samples:
    """What a rescale may be measured on: the reference by input name, and its labels."""

    reference: Inputs = field(default_factory=dict)
    target: Array | None = None


def fold_actions(
    inputs: Inputs,
    actions: Sequence[Action],
    reference: Inputs,
    facts: ModelFacts,
    *,
    reference_target: Array | None = None,
) -> Folded:
    """`inputs` by the model's names, with `actions` done in order.

    Raises: EditError where an action does not fit what the ones before it left.
    """
    samples = Samples(name_inputs(reference, facts), reference_target)
    folded = Folded(name_inputs(inputs, facts))
    for action in actions:
        folded = with_action(folded, action, samples, facts)
    return folded


def with_action(folded: Folded, action: Action, samples: Samples, facts: ModelFacts) -> Folded:
    """`folded` with one more action done.

    Raises: EditError where it does not fit.
    """
    change, only = targeted(action)
    if isinstance(change, StateReset):
        return _with_reset(folded, change, facts)
    if isinstance(change, Alteration):
        known(change.layer, [layer.path for layer in facts.layers], "layer")
        return replace(folded, alterations=(*folded.alterations, change))
    if isinstance(change, StatefulFlip):
        flipped = alterations_of(change, facts, folded.inputs)
        return replace(folded, alterations=(*folded.alterations, *flipped))
    if isinstance(change, Intervention):
        tried = fitted(change, facts, folded.inputs)
        return replace(folded, interventions=(*folded.interventions, tried))
    if isinstance(change, LastSteps):
        return replace(folded, inputs=of_last_steps(change, folded.inputs))
    names = _names(folded.inputs, only)
    if isinstance(change, FitRescale):
        measured = {name: _measured(change, samples, name, len(names)) for name in names}
        if change.inverse:
            return replace(folded, output_rescales=(*folded.output_rescales, measured[names[0]]))
        return _changed(folded, names, lambda name, array: measured[name].apply(array))
    if isinstance(change, Rescale) and change.inverse:
        return replace(folded, output_rescales=(*folded.output_rescales, change))
    return _changed(folded, names, lambda _name, array: change.apply(array))


def _with_reset(folded: Folded, reset: StateReset, facts: ModelFacts) -> Folded:
    """States are set before the calls; a layer that keeps none starts each call from what it is given."""
    left, starts = split_reset(reset, facts, folded.inputs)
    resets = () if left is None else (with_layer_paths(left, facts),)
    tried = (*folded.interventions, *starts)
    return replace(folded, resets=(*folded.resets, *resets), interventions=tried)


def _changed(folded: Folded, names: Sequence[str], change: Callable[[str, Array], Array]) -> Folded:
    inputs = {name: change(name, array) if name in names else array for name, array in folded.inputs.items()}
    return replace(folded, inputs=inputs)


def _names(inputs: Inputs, only: str | None) -> list[str]:
    """The inputs that an action is for. A model with one input takes any name for it."""
    if not inputs:
        raise EditError("There is no input yet.", todo="open an input first")
    if only is None or len(inputs) == 1:
        return list(inputs)
    return [known(only, inputs, "input")]


def _measured(change: FitRescale, samples: Samples, name: str, of: int) -> Rescale:
    sample = samples.target if change.on == "reference_target" else samples.reference.get(name)
    if sample is None:
        which = "labels of the reference" if change.on == "reference_target" else "reference"
        option = ", give it with --reference FILE" if change.on == "reference" else ""
        raise EditError(
            f"There is no {which} to fit a rescale on"
            + (f" for input {one_line(name, 60)}." if of > 1 else "."),
            expected="a sample of what the model was trained on",
            todo=f"add `{change.on}: {{file: ...}}` to the scenario{option}, or give the numbers themselves",
        )
    return change.measured(sample)


# --- names of inputs and layers ---------------------------------------------------------------------


def positional(index: int) -> str:
    """The name of an input that is known by its place in a list; `name_inputs` gives it its own."""
    return f"#{index}"


def name_inputs(inputs: Inputs, facts: ModelFacts) -> Inputs:
    """`inputs` by the model's names, in the model's order.

    One bare array is the first input; a list goes by the model's order; the only input of a model with one
    may have any name (Keras makes up another whenever the model is built). Inputs that are missing stay
    missing: that such a call fails is a result.

    Raises: EditError for a name that the model does not have.
    """
    own = [tensor.name for tensor in facts.inputs]
    if not own:
        return dict(inputs)
    if len(inputs) == 1 and len(own) == 1:
        return {own[0]: next(iter(inputs.values()))}
    aliases = {"": own[0], **{positional(index): name for index, name in enumerate(own)}}
    named = {known(aliases.get(name, name), own, "input"): array for name, array in inputs.items()}
    return {name: named[name] for name in own if name in named}


def with_layer_paths(reset: StateReset, facts: ModelFacts) -> StateReset:
    """`reset` with full paths: `lstm_1` may stand for `encoder/lstm_1`, a wrapper for its halves.

    Raises: EditError for a layer that keeps no state.
    """
    if not reset.layers or not facts.layers:
        return reset
    stateful = [
        layer.path for layer in facts.recurrent_layers if layer.recurrent and layer.recurrent.stateful
    ]
    paths = [path for name in reset.layers for path in _paths(name, stateful, sure=facts.from_keras)]
    return replace(reset, layers=tuple(dict.fromkeys(paths)))


def _paths(name: str, stateful: Sequence[str], *, sure: bool) -> list[str]:
    if name in stateful:
        return [name]
    found = [path for path in stateful if f"/{name}/" in f"/{path}/"]
    if found:
        return found
    # One cell of a stack, or a layer that the file alone does not tell: the engine knows.
    unseen = name.rpartition("/")[0] in stateful or not sure
    return [name if unseen else known(name, stateful, "stateful layer")]


# --- the plan of a scenario -------------------------------------------------------------------------


def run_plan(loaded: LoadedScenario, facts: ModelFacts) -> RunPlan:
    """The plan of a loaded scenario on this model.

    Raises: ScenarioError with the place of the action or name that does not fit.
    """
    return folded_plan(loaded, facts)[0]


def folded_plan(loaded: LoadedScenario, facts: ModelFacts) -> tuple[RunPlan, Folded]:
    """The plan, and what its actions came to: `Folded.output` gives outputs the units that are wanted.

    Raises: ScenarioError with the place of the action or name that does not fit.
    """
    with loaded.locating(loaded.scenario.inputs_at):
        folded = Folded(name_inputs(loaded.inputs, facts))
    with loaded.locating(("reference",)):
        samples = Samples(name_inputs(loaded.reference, facts), loaded.reference_target)
    for index, action in enumerate(loaded.actions):
        with loaded.locating(("actions", index)):
            folded = with_action(folded, action, samples, facts)
    calls = []
    for index, call in enumerate(loaded.calls):
        with loaded.locating(("calls", index)):
            calls.append(named_call(call, facts))
            if not folded.inputs and needs_input(call):
                raise EditError("There is no input.", todo="add `input: {file: ...}` to the scenario")
    with loaded.locating(("calls",) if loaded.scenario.calls else ("actions",)):
        refuse_other_calls(folded.interventions, calls)
    plan = RunPlan(
        inputs=folded.inputs,
        resets=folded.resets,
        calls=tuple(calls),
        record=_record(loaded, calls),
        target=loaded.target,
        alterations=folded.alterations,
        interventions=folded.interventions,
    )
    return plan, folded


def named_call(call: Call, facts: ModelFacts) -> Call:
    """`call` with its own inputs and layers by the model's names.

    Raises: EditError for a name that the model does not have.
    """
    match call:
        case Predict(inputs=inputs) | CallModel(inputs=inputs) if inputs is not None:
            return replace(call, inputs=name_inputs(inputs, facts))
        case Fit(validation=(inputs, target)):
            return replace(call, validation=(name_inputs(inputs, facts), target))
        case ResetStates(to=StateReset() as reset):
            return replace(call, to=with_layer_paths(reset, facts))
        case Decode(into=into) if facts.inputs:
            return replace(call, into=_written_into(into, [tensor.name for tensor in facts.inputs]))
        case Threads(each=each):
            return replace(call, each=tuple(named_call(inner, facts) for inner in each))
        case _:
            return call


def _written_into(into: str, names: Sequence[str]) -> str:
    """The input that a `decode` writes into; the only one has any name, as in `name_inputs`."""
    return names[0] if len(names) == 1 else known(into, names, "input")


def needs_input(call: Call) -> bool:
    """Whether `call` works on the scenario's own input."""
    match call:
        case Predict(inputs=inputs) | CallModel(inputs=inputs):
            return inputs is None
        case Threads(each=each):
            return any(needs_input(one) for one in each)
        case _:
            return isinstance(call, Generate | Decode | Fit | Stream)


def recordable_calls(calls: Sequence[Call]) -> tuple[int, ...]:
    """Indices of the calls that run the model over a whole sequence: those whose steps can be shown."""
    return tuple(index for index, call in enumerate(calls) if isinstance(call, Predict | CallModel))


def _record(loaded: LoadedScenario, calls: Sequence[Call]) -> int:
    """The call that the scenario's view names, else the last one whose steps can be shown, else the last."""
    recordable = recordable_calls(calls)
    view = loaded.scenario.view
    if view is not None and view.call in recordable:
        return view.call
    return recordable[-1] if recordable else len(calls) - 1
