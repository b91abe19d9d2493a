"""The scenario format as pydantic models: what may stand in the file, and what each word means.

The models say what a file means by itself; whether its arrays fit each other and the model is seen in `plan`.
What is None here is left out of files, never written as null.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from lstm_tui.arrays.rescale_words import rescale_from_numbers
from lstm_tui.arrays.reshape import RESHAPE_WORDS, reshape_from_scenario
from lstm_tui.scenario.call_words import Call
from lstm_tui.scenario.trying_words import Clamp, Dropout, LastSteps, Nudge, Poke, Silence, Stateful
from lstm_tui.scenario.words import (
    AnySource,
    Code,
    Count,
    Counts,
    FileName,
    Index,
    Indices,
    Number,
    Numbers,
    PerFeature,
    Question,
    Sha256,
    Size,
    Source,
    Sources,
    StatesTo,
    Text,
    Words,
    as_mistake,
    exactly_one,
    mistake,
)

VERSION = 1
_ONE_KEY = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

# --- actions --------------------------------------------------------------------------------------


class Reshape(Words):
    """Another shape for the input; exactly one form, with its options beside it."""

    add_axis: Index | None = Field(
        default=None, description="Insert an axis of size 1 here: (60, 5) with 0 gives (1, 60, 5)."
    )
    drop_axis: Index | None = Field(default=None, description="Remove this axis, which must have size 1.")
    to: Indices | None = Field(default=None, description="The new shape; -1 once for what is left over.")
    transpose: Indices | None = Field(
        default=None, description="The axes in their new order, as in numpy.transpose."
    )
    window: Count | None = Field(
        default=None, description="Cut one long sequence into windows of this many timesteps."
    )
    last: Count | None = Field(default=None, description="Keep this many timesteps from the end.")
    first: Count | None = Field(default=None, description="Keep this many timesteps from the start.")
    pad: Count | None = Field(default=None, description="Fill up to this many timesteps.")
    select: Indices | None = Field(default=None, description="Keep these features, in this order.")
    rows: Indices | None = Field(default=None, description="Keep these samples of the batch, in this order.")
    stride: Count | None = Field(
        default=None, description="With window: timesteps from one window to the next; 1 where left out."
    )
    value: Number | None = Field(default=None, description="With pad: what to fill with; 0 where left out.")
    side: Literal["before", "after"] | None = Field(
        default=None, description="With pad: before the sequence (where left out) or after it."
    )
    axis: Index | None = Field(
        default=None,
        description="With last, first and pad: which axis is time, where it is not the usual one.",
    )
    input: Text | None = Field(default=None, description="Only this input; every input where left out.")

    _one = exactly_one(*RESHAPE_WORDS)

    @model_validator(mode="after")
    def _options_fit(self) -> Reshape:
        with as_mistake():
            reshape_from_scenario(self.words("input"))
        return self


class Rescale(Words):
    """Another scale for the input, or with `inverse` the output back into the units of the data.

    By numbers (`mean` and `scale`, `min` and `max`, `center` and `scale`), by `fit`, or by `file`.
    """

    method: Literal["standard", "minmax", "robust", "maxabs"] | None = Field(
        default=None,
        description="(x - mean) / scale; onto a range; by median and quartiles; by the largest value.",
    )
    mean: PerFeature | None = Field(default=None, description="standard: the means.")
    scale: PerFeature | None = Field(default=None, description="What is divided by.")
    center: PerFeature | None = Field(default=None, description="robust: the medians. What is taken away.")
    min: PerFeature | None = Field(default=None, description="minmax: the minima.")
    max: PerFeature | None = Field(default=None, description="minmax: the maxima.")
    feature_range: Numbers | None = Field(
        default=None, description="minmax: where minimum and maximum go; [0, 1] where left out."
    )
    limits: Numbers | None = Field(default=None, description="Clip the results to this range.")
    fit: Literal["reference", "reference_target"] | None = Field(
        default=None, description="Measure the scenario's reference, or its labels, as it is written there."
    )
    file: FileName | None = Field(
        default=None, description="A scaler file: JSON, npz, or scikit-learn's own .pkl or .joblib."
    )
    inverse: bool = Field(
        default=False, description="Undo this scaling, on the model's outputs instead of its inputs."
    )
    input: Text | None = Field(default=None, description="Only this input; every input where left out.")

    @model_validator(mode="after")
    def _one_way(self) -> Rescale:
        said = self.words("input", "inverse")
        if self.file is not None and len(said) > 1:
            raise mistake("file says everything; leave the rest out")
        if self.fit is not None and (self.method is None or set(said) - {"method", "fit", "feature_range"}):
            raise mistake("fit takes a method, perhaps a feature_range, and no numbers")
        if self.file is None and self.fit is None:
            with as_mistake():
                rescale_from_numbers(said)
        return self


class Reset(StatesTo):
    """Set states before the calls. A layer that keeps none, where it is named, starts each call from them."""


class Alter(Words):
    """Other settings of one layer, tried on a copy of the model that keeps its weights."""

    layer: Text = Field(description="Path of the layer, for instance encoder/lstm_1.")
    return_sequences: bool | None = Field(default=None, description="An output for each timestep.")
    return_state: bool | None = Field(default=None, description="The states beside the output.")
    stateful: bool | None = Field(default=None, description="Whether states stay from call to call.")
    go_backwards: bool | None = Field(default=None, description="Read the sequence from its end.")
    zero_output_for_mask: bool | None = Field(default=None, description="Zeros where a step is masked.")
    activation: Text | None = Field(default=None, description="One of Keras' own, by name.")
    recurrent_activation: Text | None = Field(default=None, description="One of Keras' own, by name.")
    mask_value: Number | None = Field(default=None, description="Masking: the value that is masked.")
    mask_zero: bool | None = Field(default=None, description="Embedding: whether token 0 is masked.")
    merge_mode: Literal["concat", "sum", "mul", "ave"] | None = Field(
        default=None, description="Bidirectional: how the halves are joined."
    )

    @model_validator(mode="after")
    def _something(self) -> Alter:
        if not self.words("layer"):
            raise mistake("nothing is altered; name a setting of the layer")
        return self


class Action(Words):
    """One change, made before the calls and undoable in the workbench; exactly one key."""

    reshape: Reshape | None = Field(default=None, description="Another shape for the input.")
    rescale: Rescale | None = Field(
        default=None, description="Another scale for the input, or the output back."
    )
    reset: Reset | None = Field(default=None, description="Set the states of stateful layers.")
    alter: Alter | None = Field(default=None, description="Other settings of a layer, on a copy.")
    poke: Poke | None = Field(default=None, description="A state replaced after one step.")
    clamp: Clamp | None = Field(default=None, description="A gate held at a value.")
    silence: Silence | None = Field(default=None, description="Units that nothing hears.")
    nudge: Nudge | None = Field(default=None, description="One value of the input set by hand.")
    dropout: Dropout | None = Field(default=None, description="Dropout in the recorded call.")
    stateful: Stateful | None = Field(default=None, description="Flip stateful, on a copy.")
    last: LastSteps | None = Field(default=None, description="Only the last steps are fed.")

    _one = exactly_one(
        "reshape", "rescale", "reset", "alter",
        "poke", "clamp", "silence", "nudge", "dropout", "stateful", "last",
    )  # fmt: skip


# --- what is expected, where one looks, the file --------------------------------------------------


class ExpectedOutput(Source):
    """The values that the output must have, within tolerances as in numpy.allclose."""

    rtol: Annotated[Number, Field(ge=0)] = Field(default=1e-5, description="Relative tolerance.")
    atol: Annotated[Number, Field(ge=0)] = Field(default=1e-6, description="Absolute tolerance.")
    name: Text | None = Field(default=None, description="Which output, where the model has several.")


class Expect(Words):
    """What `replay` asserts of the last call that gives an output."""

    shape: Counts | None = Field(
        default=None, description="Of the output that is wanted; also tells `diagnose` what was meant."
    )
    findings: Annotated[tuple[Code, ...], Field(strict=False)] | None = Field(
        default=None, description="Exactly these codes above info; [] for a healthy model."
    )
    output: ExpectedOutput | None = Field(default=None, description="The values of the output.")
    error: Code | None = Field(
        default=None, description="A call fails, and this finding explains the failure."
    )

    @model_validator(mode="after")
    def _no_output_of_a_failure(self) -> Expect:
        if self.error is not None and self.output is not None:
            raise mistake("error and output exclude each other: a call that fails gives no output")
        return self


class View(Words):
    """Where the workbench looks when the scenario is opened."""

    step: Index = Field(default=0, description="Timestep under the cursor; negative counts from the end.")
    layer: Text | None = Field(default=None, description="Path of the recurrent layer.")
    unit: Size | None = Field(default=None, description="The unit; the most active ones where left out.")
    sample: Size = Field(default=0, description="Sample of the batch.")
    series: Text | None = Field(default=None, description="h, c or a gate, as `lstm-tui trace` names them.")
    call: Size | None = Field(
        default=None, description="Index of the call that is shown; the last one where left out."
    )


class ScenarioFile(Words):
    """A scenario of lstm-tui: a model, an input, what is done with them and what should come out."""

    version: Literal[1] = Field(description="Version of this format.")
    name: Text | None = Field(default=None, description="One line; the file's name where left out.")
    description: Annotated[str, StringConstraints(max_length=20_000)] = Field(
        default="", description="What one sees, why, and which keys of the workbench reveal and cure it."
    )
    model: FileName = Field(description="A .keras or .h5 file in the scenario's folder or below it.")
    model_sha256: Sha256 | None = Field(
        default=None, description="Of the model's file as it was recorded; one that differs is told, and run."
    )
    input: AnySource | None = Field(default=None, description="The input of a model that has one.")
    inputs: Sources | None = Field(
        default=None, description="By the model's input name, or a list in the model's order."
    )
    reference: Sources | None = Field(default=None, description="A sample of what the model was trained on.")
    reference_target: AnySource | None = Field(default=None, description="The labels of the reference.")
    target: AnySource | None = Field(default=None, description="What the predictions should have been.")
    actions: Annotated[tuple[Action, ...], Field(strict=False)] = Field(
        default=(), description="Applied to the scenario's input in order, before the calls."
    )
    calls: Annotated[tuple[Call, ...], Field(strict=False)] = Field(
        default=(), description="What is asked of the model; one predict of the input where left out."
    )
    expect: Expect | None = Field(default=None, description="What `lstm-tui replay` asserts.")
    breakpoints: Annotated[tuple[Question, ...], Field(strict=False, max_length=20)] = Field(
        default=(), description="Conditions to stop at, as the workbench's key K takes them: `abs(c) > 5`."
    )
    watches: Annotated[tuple[Question, ...], Field(strict=False, max_length=10)] = Field(
        default=(), description="Expressions to watch at every step, as the key k takes them: `mean(f)`."
    )
    view: View | None = Field(
        default=None, description="Where the workbench looks when the scenario is opened."
    )

    @model_validator(mode="after")
    def _input_once(self) -> ScenarioFile:
        if self.input is not None and self.inputs is not None:
            raise mistake("give input or inputs, not both")
        return self
