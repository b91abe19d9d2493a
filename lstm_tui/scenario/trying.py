"""What is tried otherwise, held against the model: names, units, steps and samples, before anything runs.

Where the facts do not tell (a cell of the user's own, a layer whose timesteps nobody has declared), the
engine does, when the call is traced. Also what one action comes to where it is short for others: `stateful`
for other settings of layers and inputs, a reset of layers that keep no state for the states they start from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lstm_tui.arrays.reshape_steps import Keep
from lstm_tui.errors import EditError
from lstm_tui.model_file.facts import LayerFacts, ModelFacts
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import (
    CALL_NAMES,
    Alteration,
    Call,
    Inputs,
    Loops,
    StateReset,
)
from lstm_tui.recurrent.cells import KINDS, CellKind
from lstm_tui.recurrent.interventions import Clamp, Intervention, Poke, Silence, StartFrom, TrainingMode
from lstm_tui.recurrent.recording import Array, read_only
from lstm_tui.recurrent.sequences import longest, steps_of
from lstm_tui.scenario.naming import known, recurrent_path

#: Layers behind which a sequence has as many timesteps as before.
_KEEP_TIME = frozenset({
    "InputLayer", "Masking", "Embedding", "Dropout", "SpatialDropout1D", "GaussianNoise", "Dense", "LSTM",
    "GRU", "SimpleRNN", "RNN", "LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells", "Bidirectional",
    "Activation", "TimeDistributed", "BatchNormalization", "LayerNormalization", "Functional", "Sequential",
})  # fmt: skip


@dataclass(frozen=True)
class StatefulFlip:
    """Whether layers keep their states from call to call, tried on a copy; no layers means all of them."""

    to: bool
    layers: tuple[str, ...] = ()

    def describe(self) -> str:
        """`lstm_1 stateful`."""
        return f"{', '.join(self.layers) or 'all layers'} {'stateful' if self.to else 'not stateful'}"

    def to_scenario(self) -> dict[str, object]:
        """`{layers: [lstm_1], to: true}`."""
        return ({"layers": list(self.layers)} if self.layers else {}) | {"to": self.to}


@dataclass(frozen=True)
class LastSteps:
    """Only the last steps of the longest sequences are fed; other inputs stay whole."""

    steps: int

    def describe(self) -> str:
        """`only the last 10 steps`."""
        return f"only the last {self.steps} steps"

    def to_scenario(self) -> dict[str, object]:
        """`{steps: 10}`."""
        return {"steps": self.steps}


def stateful(to: bool, *, layers: Sequence[str] = ()) -> StatefulFlip:
    """The edit that flips `stateful` of these layers, of all where none is named."""
    return StatefulFlip(bool(to), tuple(layers))


def last_steps(steps: int) -> LastSteps:
    """The edit that feeds the last steps alone. Raises: EditError unless there is one at least."""
    if isinstance(steps, bool) or steps != int(steps) or steps < 1:
        raise EditError(f"There are no last {one_line(steps, 40)} steps.", expected="1 or more")
    return LastSteps(int(steps))


# --- inside the loops ---------------------------------------------------------------------------------------


def fitted(one: Intervention, facts: ModelFacts, inputs: Inputs) -> Intervention:
    """`one` with the full path of its layer.

    Raises: EditError where the model has no such layer, state, gate or unit, the input no such step or
    sample.
    """
    if isinstance(one, TrainingMode) or not facts.layers:
        return one
    path = recurrent_path(one.layer, facts)
    layer = facts.layer(path.partition("#")[0])
    if layer is not None and layer.recurrent is not None:
        _check_cell(one, layer, layer.recurrent.cell)
        _check_units(one, layer, layer.recurrent.units)
    _check_place(one, facts, inputs)
    return replace(one, layer=path)


def _check_cell(one: Intervention, layer: LayerFacts, cell: str) -> None:
    kind, name = KINDS.get(cell), one_line(layer.path, 60)
    if isinstance(one, Poke) and (kind is not None or not re.fullmatch(r"state_\d+", one.state)):
        known(one.state, kind.states if kind is not None else ["state_0"], f"state of {name}")
    if isinstance(one, Clamp):
        _check_gate(one.gate, kind, name)
    if isinstance(one, Silence) and kind is None:
        raise EditError(
            f"{name} is a cell of its own kind: which of its states is the output is not known.",
            expected="an LSTM, GRU or SimpleRNN",
            todo="poke one of its states instead",
        )


def _check_gate(gate: str, kind: CellKind | None, name: str) -> None:
    if kind is None:
        raise EditError(
            f"{name} is a cell of its own kind: its gates are not known and cannot be clamped.",
            expected="an LSTM or GRU",
        )
    gates = kind.series[len(kind.states) :]
    if not gates:
        raise EditError(
            f"{name} is a SimpleRNN: it has no gates to clamp.", todo="poke or silence its state h instead"
        )
    known(gate, gates, f"gate of {name}")


def _check_units(one: Intervention, layer: LayerFacts, units: int) -> None:
    """Of a convolutional layer only the engine knows how many there are."""
    if not isinstance(one, Poke | Clamp | Silence) or not units or layer.class_name.startswith("ConvLSTM"):
        return
    if one.units and one.units[-1] >= units:
        raise EditError(
            f"{one_line(layer.path, 60)} has no unit {one.units[-1]}.", expected=f"0 to {units - 1}"
        )


def _check_place(one: Intervention, facts: ModelFacts, inputs: Inputs) -> None:
    if not isinstance(one, Poke | Clamp) or not inputs:
        return
    step = one.step if isinstance(one, Poke) else one.first
    lengths = {length for array in inputs.values() if (length := steps_of(array))}
    same_length = len(lengths) == 1 and all(layer.class_name in _KEEP_TIME for layer in facts.layers)
    if same_length and step >= max(lengths):
        raise EditError(f"The sequence has no step {step}.", expected=f"0 to {max(lengths) - 1}")
    rows = max((len(array) for array in inputs.values() if array.ndim), default=0)
    if one.sample is not None and one.sample >= rows:
        raise EditError(f"The input has no sample {one.sample}.", expected=f"0 to {rows - 1}")


def refuse_other_calls(interventions: Sequence[Intervention], calls: Sequence[Call]) -> None:
    """Raises: EditError where a call is made that the recorder does not make: it would ignore them."""
    other = next((call for call in calls if isinstance(call, Loops)), None)
    if other is not None and interventions:
        raise EditError(
            f"A {CALL_NAMES[type(other)]} knows nothing of what is tried inside the loops: "
            f"{interventions[0].describe()}.",
            expected="calls of predict, call, reset and reload alone",
            todo=f"leave the {CALL_NAMES[type(other)]} out of the calls, or the change out of the actions",
        )


# --- short for other actions --------------------------------------------------------------------------------


def of_last_steps(change: LastSteps, inputs: Inputs) -> Inputs:
    """The inputs with the longest sequences cut at their beginning. Raises: EditError."""
    steps, names = longest(inputs)
    if not names or not steps:
        raise EditError("No input is a sequence.", expected="(batch, timesteps, features)")
    cut = Keep(change.steps, axis=1)
    return {name: cut.apply(array) if name in names else array for name, array in inputs.items()}


def alterations_of(flip: StatefulFlip, facts: ModelFacts, inputs: Inputs) -> tuple[Alteration, ...]:
    """Settings of the layers; a stateful model also wants to know its batch size, which is the input's.

    Raises: EditError for a layer that is not there.
    """
    paths = [path for name in flip.layers for path in _holding(name, facts)]
    paths = paths or [layer.path for layer in facts.recurrent_layers]
    if not paths:
        raise EditError("The model has no recurrent layer that could keep a state.")
    owners = dict.fromkeys(_owner(path, facts) for path in paths)
    flipped = tuple(Alteration(path, (("stateful", flip.to),)) for path in owners)
    return (*_bound(facts, inputs), *flipped) if flip.to and facts.stateful_batch is None else flipped


def _holding(name: str, facts: ModelFacts) -> list[str]:
    """The recurrent layers at or below a name: both halves of a Bidirectional, all of a nested model."""
    paths = [layer.path for layer in facts.recurrent_layers]
    return [path for path in paths if f"/{name}/" in f"/{path}/"] or [recurrent_path(name, facts)]


def _owner(path: str, facts: ModelFacts) -> str:
    """The layer that has the setting: for a cell of a stack the one that steps it."""
    above = facts.layer(path.rpartition("/")[0])
    return above.path if above is not None and above.class_name == "RNN" else path


def _bound(facts: ModelFacts, inputs: Inputs) -> tuple[Alteration, ...]:
    rows = max((len(array) for array in inputs.values() if array.ndim), default=1)
    return tuple(
        Alteration(layer.path, (("batch_shape", (rows, *layer.output_shapes[0][1:])),))
        for layer in facts.layers
        if layer.class_name == "InputLayer" and layer.output_shapes
    )


# --- states that a call starts from -------------------------------------------------------------------------


def split_reset(
    reset: StateReset, facts: ModelFacts, inputs: Inputs
) -> tuple[StateReset | None, tuple[StartFrom, ...]]:
    """What is left of a reset without the layers that keep no state, and what those start from.

    They are meant where they are named, or where saved states have their names. Raises: EditError.
    """
    stateless = {
        layer.path: layer
        for layer in facts.recurrent_layers
        if layer.recurrent is not None and not layer.recurrent.stateful
    }
    if reset.layers:
        named = {name: [path for path in stateless if f"/{name}/" in f"/{path}/"] for name in reset.layers}
        rest = tuple(name for name, paths in named.items() if not paths)
        chosen = list(dict.fromkeys(path for paths in named.values() for path in paths))
        left = replace(reset, layers=rest) if rest else None
    else:
        chosen = list(dict.fromkeys(key.rpartition("/")[0] for key in reset.saved))
        chosen = [path for path in chosen if path in stateless]
        saved = {key: each for key, each in reset.saved.items() if key.rpartition("/")[0] not in chosen}
        left = replace(reset, saved=saved) if saved or not chosen else None
    return left if chosen else reset, tuple(_start(stateless[path], reset, inputs) for path in chosen)


def _start(layer: LayerFacts, reset: StateReset, inputs: Inputs) -> StartFrom:
    path, kind = layer.path, KINDS.get(layer.recurrent.cell if layer.recurrent else "")
    rows = max((len(array) for array in inputs.values() if array.ndim), default=1)
    if reset.to == "saved":
        given = {key.rpartition("/")[2]: each for key, each in reset.saved.items() if _is_of(key, path)}
        if not given:
            raise EditError(
                f"The file holds no state of {one_line(path, 60)}.",
                expected=f"arrays named {path}/h and so on; it has {', '.join(reset.saved) or 'none'}",
            )
        return StartFrom(path, {name: _rows(each, f"{path}/{name}", rows) for name, each in given.items()})
    if kind is None or layer.recurrent is None or layer.class_name.startswith("ConvLSTM"):
        raise EditError(
            f"The shapes of the states of {one_line(path, 60)} are not known.",
            todo="give them in a file: reset: {to: {file: states.npz}}",
        )
    shape, draw = (rows, layer.recurrent.units), np.random.default_rng(reset.seed)
    made = {
        name: np.zeros(shape) if reset.to == "zeros" else draw.standard_normal(shape) for name in kind.states
    }
    return StartFrom(path, {name: read_only(value.astype(np.float32)) for name, value in made.items()})


def _is_of(key: str, path: str) -> bool:
    return key.rpartition("/")[0] == path


def _rows(values: Array, name: str, rows: int) -> Array:
    if values.ndim < 2 or len(values) not in {1, rows}:
        raise EditError(
            f"The state {one_line(name, 60)} has shape {values.shape}.",
            expected=f"({rows}, units) or (1, units)",
        )
    return read_only(values)
