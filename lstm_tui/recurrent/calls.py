"""What can be asked of a model, as values: calls, the states they start from, their outcomes.

A `RunPlan` goes to the engine, a `Run` comes back. Both are plain values: equal keys mean equal runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from lstm_tui.recurrent.interventions import Intervention
from lstm_tui.recurrent.recording import Array, Recording, States

#: Input arrays by input name, in the model's order.
Inputs = Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class StateReset:
    """Set states before the calls: `layers` by path (empty: all stateful ones) to zeros, random or saved."""

    layers: tuple[str, ...] = ()
    to: Literal["zeros", "random", "saved"] = "zeros"
    saved: States = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Predict:
    """`model.predict(inputs)`; `inputs` None is the plan's own."""

    inputs: Inputs | None = None
    batch_size: int | None = None
    rows: tuple[int, ...] | None = None
    reversed_order: bool = False


@dataclass(frozen=True, eq=False)
class CallModel:
    """`model(inputs, training=...)`; None is `model(inputs)`, which honours `training=True` in the graph."""

    training: bool | None = None
    inputs: Inputs | None = None


@dataclass(frozen=True, eq=False)
class ResetStates:
    """Reset between calls. `top_level` is the loop over `model.layers` that misses nested layers."""

    scope: Literal["all", "top_level"] = "all"
    #: None resets to zeros; otherwise what to set.
    to: StateReset | None = None


@dataclass(frozen=True, eq=False)
class Generate:
    """Feed one-step predictions back `steps` times: the window slides; `feature` receives the prediction.

    carry: of a stateful model: the sequence is fed once, then each prediction as one step; the states carry
    the past. keep: how many first steps of the sequence it begins with; None for all.
    """

    steps: int
    feature: int = 0
    carry: bool = False
    keep: int | None = None


@dataclass(frozen=True, eq=False)
class Decode:
    """Let the model write `steps` more steps into its input `into`, each chosen from its newest output.

    temperature: None takes the likeliest token; otherwise it is drawn from softmax(log p / T) with `seed`.
    keep: how many first steps of `into` it begins with; None for 1 beside other inputs, all where it is the
    only one. stop: the token at which a row is done. carry: as of `Generate`.
    """

    steps: int
    into: str
    temperature: float | None = None
    seed: int = 0
    keep: int | None = None
    stop: int | None = None
    carry: bool = False


@dataclass(frozen=True, eq=False)
class Fit:
    """`model.fit`, to see what training between predictions does."""

    target: Array
    epochs: int = 1
    batch_size: int | None = None
    shuffle: bool = True
    validation: tuple[Inputs, Array] | None = None
    each_sample: bool = False


@dataclass(frozen=True, eq=False)
class Stream:
    """One timestep a call, state carried; `reset_each` resets before each."""

    reset_each: bool = False


@dataclass(frozen=True, eq=False)
class Reload:
    """Save the model and load it again."""


@dataclass(frozen=True, eq=False)
class LegacyResetStates:
    """`model.reset_states()`, the Keras 2 call, to show what becomes of it."""


@dataclass(frozen=True, eq=False)
class Threads:
    """`n` threads, each making the calls of `each`, on one model."""

    n: int
    each: tuple[Call, ...]


Call = (
    Predict
    | CallModel
    | ResetStates
    | Generate
    | Decode
    | Fit
    | Stream
    | Reload
    | LegacyResetStates
    | Threads
)

#: Those that make many calls of the model: the recorder makes none of them.
Loops = Generate | Decode | Fit | Stream | Threads

#: The word a scenario uses for each call.
CALL_NAMES: dict[type, str] = {
    Predict: "predict",
    CallModel: "call",
    ResetStates: "reset",
    Generate: "generate",
    Decode: "decode",
    Fit: "fit",
    Stream: "stream",
    Reload: "reload",
    LegacyResetStates: "model.reset_states",
    Threads: "threads",
}


@dataclass(frozen=True, eq=False)
class CallFailure:
    """A call that raised: where in the layers it failed (path, `` if unknown) and what Keras said."""

    layer: str
    error_type: str
    message: str


@dataclass(frozen=True, eq=False)
class EpochStates:
    """States of stateful layers, by `path/state`, at the ends of an epoch of `fit`.

    begin: where the first batch starts. trained: where the last batch ends. end: after validation.
    """

    begin: States
    trained: States
    end: States


@dataclass(frozen=True, eq=False)
class Training:
    """What `fit` did.

    batches: the rows of each batch in the order in which they were taken, for each epoch; -1 for a row that
        is none of the input's.
    states: at the ends of each epoch; none for a model that keeps no state.
    weight_change: by how much the weights moved, at most.
    """

    batches: tuple[tuple[tuple[int, ...], ...], ...] = ()
    states: tuple[EpochStates, ...] = ()
    weight_change: float = 0.0


@dataclass(frozen=True, eq=False)
class CallOutcome:
    """What one call did. `outputs` is empty for calls without any (reset, reload) and for failures.

    training: what became of a `fit`.
    """

    call: str
    outputs: Mapping[str, Array] = field(default_factory=dict)
    failure: CallFailure | None = None
    states_before: States = field(default_factory=dict)
    states_after: States = field(default_factory=dict)
    seconds: float = 0.0
    #: What a reader should know: `3 of 4 stateful layers reset; missed encoder/lstm`.
    note: str = ""
    training: Training | None = None


def inputs_of(call: Predict | CallModel, inputs: Inputs) -> Inputs:
    """What goes into the call: its own inputs or the plan's, the rows and the order it asks for."""
    fed = dict(call.inputs if call.inputs is not None else inputs)
    if isinstance(call, Predict) and call.rows is not None:
        fed = {name: values[list(call.rows)] for name, values in fed.items()}
    if isinstance(call, Predict) and call.reversed_order:
        fed = {name: values[::-1] for name, values in fed.items()}
    return fed


@dataclass(frozen=True)
class Alteration:
    """Other settings of the layer at `layer`, tried on a copy of the model that keeps its weights.

    settings: pairs of a word of Keras' layer configuration and its value, `("return_sequences", False)`.
    """

    layer: str
    settings: tuple[tuple[str, object], ...]

    def describe(self) -> str:
        """`lstm_1: return_sequences = False`."""
        return f"{self.layer}: " + ", ".join(f"{word} = {value}" for word, value in self.settings)


@dataclass(frozen=True, eq=False)
class RunPlan:
    """Everything that decides what a run gives, beside the model: inputs, states to set, calls in order.

    record: index in `calls` of the call whose every step is recorded.
    alterations: the calls are made on a copy of the model with these other settings.
    interventions: what is tried inside the loops of every predict and call, made by the recorder then.
    sample: the only row of that call whose steps are kept, where those of all would be too much; else None.
    """

    inputs: Inputs
    resets: tuple[StateReset, ...] = ()
    calls: tuple[Call, ...] = (Predict(),)
    record: int = 0
    target: Array | None = None
    alterations: tuple[Alteration, ...] = ()
    sample: int | None = None
    interventions: tuple[Intervention, ...] = ()

    @property
    def key(self) -> str:
        """A digest of the whole plan: equal keys mean equal runs on the same model."""
        parts: tuple[object, ...] = (dict(self.inputs), self.resets, self.calls, self.record)
        parts = (*parts, self.alterations) if self.alterations else parts
        parts = (*parts, "tried", self.interventions) if self.interventions else parts
        return fingerprint(parts if self.sample is None else (*parts, self.sample))


@dataclass(frozen=True, eq=False)
class Run:
    """The answer to a `RunPlan`: one outcome a call, and the recording of the chosen one unless it failed."""

    key: str
    outcomes: tuple[CallOutcome, ...]
    recording: Recording | None = None
    #: Why there is no recording although the call gave an output.
    recording_note: str = ""


def fingerprint(value: object) -> str:
    """SHA-256 over a tree of dataclasses, mappings, sequences, arrays and plain values; order matters."""
    digest = hashlib.sha256()
    _feed(digest, value)
    return digest.hexdigest()


def _feed(digest: hashlib._Hash, value: object) -> None:
    if isinstance(value, np.ndarray):
        digest.update(f"<{value.dtype.str}{value.shape}>".encode())
        digest.update(np.ascontiguousarray(value).data)
    elif isinstance(value, Mapping):
        _feed_all(digest, "{}", [part for pair in value.items() for part in pair])
    elif isinstance(value, tuple | list):
        _feed_all(digest, "()", list(value))
    elif hasattr(value, "__dataclass_fields__"):
        digest.update(type(value).__name__.encode())
        _feed_all(digest, "[]", [getattr(value, name) for name in value.__dataclass_fields__])
    else:
        digest.update(f"{type(value).__name__}:{value!r};".encode())


def _feed_all(digest: hashlib._Hash, brackets: str, parts: list[object]) -> None:
    digest.update(brackets[0].encode())
    for part in parts:
        _feed(digest, part)
    digest.update(brackets[1].encode())
