"""What a scenario may ask of the model: its calls as pydantic models, and what each word means.

As in `schema`, the models say what the file means by itself; whether a call fits the model is seen in `plan`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lstm_tui.scenario.words import (
    AnySource,
    Count,
    Index,
    Indices,
    Size,
    Sources,
    StatesTo,
    Text,
    Words,
    exactly_one,
)

#: Divides the logarithms of probabilities before a token is drawn.
Temperature = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]


class Nothing(Words):
    """Takes no keys: `{}`."""


class Predict(Words):
    """`model.predict(input)`."""

    input: Sources | None = Field(
        default=None, description="The scenario's input, after the actions, where left out."
    )
    batch_size: Count | None = Field(default=None, description="Keras' own default is 32.")
    rows: Indices | None = Field(default=None, description="Only these samples of the input, in this order.")
    order: Literal["given", "reversed"] = Field(default="given", description="The order of the samples.")


class CallModel(Words):
    """`model(input, training=...)`."""

    training: bool | None = Field(
        default=None,
        description="true: dropout drops, BatchNormalization uses the batch. Left out: as `model(x)`.",
    )
    input: Sources | None = Field(
        default=None, description="The scenario's input, after the actions, where left out."
    )


class ResetBetween(StatesTo):
    """Reset between calls."""

    scope: Literal["all", "top_level"] = Field(
        default="all",
        description="`top_level` is the loop over model.layers that people write; it misses nested layers.",
    )


class Generate(Words):
    """Feed one-step predictions back: the window slides."""

    steps: Count = Field(description="How many predictions to make.")
    feature: Index = Field(default=0, description="The input feature that receives the prediction.")
    carry: bool = Field(
        default=False,
        description="Stateful models: the sequence once, then each prediction as one step.",
    )
    keep: Count | None = Field(
        default=None, description="How many first steps it begins with; all where left out."
    )


class Decode(Words):
    """Let the model write its own continuation into one of its inputs."""

    steps: Count = Field(description="How many steps to write, at most.")
    into: Text = Field(
        description="The input written into: tokens (batch, t), one-hot (batch, t, vocabulary) or numbers."
    )
    temperature: Temperature | None = Field(
        default=None, description="Draw from softmax(log p / temperature); the likeliest where left out."
    )
    seed: Size = Field(default=0, description="For what is drawn.")
    keep: Count | None = Field(
        default=None,
        description="How many first steps of it to begin with: 1, or all of it where it is the only input.",
    )
    stop: Size | None = Field(default=None, description="The token at which a row is done.")
    carry: bool = Field(
        default=False,
        description="Stateful models: what is there once, then each new step alone.",
    )


class Validation(Words):
    """What `fit` validates on after each epoch."""

    input: Sources = Field(description="As the scenario's own inputs.")
    target: AnySource = Field(description="Its labels.")


class Fit(Words):
    """`model.fit(input, target)`: training between predictions, to see what it does."""

    target: AnySource = Field(description="The labels.")
    epochs: Count = Field(default=1, description="Passes over the samples.")
    batch_size: Count | None = Field(default=None, description="Keras' own default is 32.")
    shuffle: bool = Field(default=True, description="Keras shuffles by default, stateful models too.")
    validation: Validation | None = Field(default=None, description="What to validate on after each epoch.")
    each_sample: bool = Field(default=False, description="One fit call for each sample, as some loops do.")


class Stream(Words):
    """One timestep a call, the state carried from call to call."""

    reset_each: bool = Field(default=False, description="Reset before each timestep.")


class SimpleCall(Words):
    """One call that a thread may make; exactly one key."""

    predict: Predict | None = Field(default=None, description="model.predict(input)")
    call: CallModel | None = Field(default=None, description="model(input, training=...)")
    reset: ResetBetween | None = Field(default=None, description="Reset the states.")
    generate: Generate | None = Field(default=None, description="Feed predictions back.")
    decode: Decode | None = Field(default=None, description="Let the model write on.")
    fit: Fit | None = Field(default=None, description="model.fit(input, target)")
    stream: Stream | None = Field(default=None, description="One timestep a call.")
    reload: Nothing | None = Field(default=None, description="Save the model and load it again.")
    legacy_reset: Nothing | None = Field(
        default=None, alias="model.reset_states", description="The Keras 2 call, to show what becomes of it."
    )

    _one = exactly_one(
        "predict", "call", "reset", "generate", "decode", "fit", "stream", "reload", "legacy_reset"
    )


class Threads(Words):
    """Threads that share the model."""

    n: Annotated[int, Field(ge=1, le=64)] = Field(description="How many threads.")
    each: Annotated[tuple[SimpleCall, ...], Field(strict=False, min_length=1)] = Field(
        description="What each of them does."
    )


class Call(SimpleCall):
    """One thing that is asked of the model; exactly one key."""

    threads: Threads | None = Field(default=None, description="Threads that share the model.")

    _one = exactly_one(
        "predict", "call", "reset", "generate", "decode", "fit", "stream", "reload", "legacy_reset", "threads"
    )
