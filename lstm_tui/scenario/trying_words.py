"""The words of the format for what is tried otherwise: poke, clamp, silence, nudge, dropout, and so on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from lstm_tui.recurrent.interventions import clamp
from lstm_tui.scenario.words import Count, Names, Number, Size, Text, Words, as_mistake, exactly_one

#: One unit, or several.
Unit = Size | Annotated[tuple[Size, ...], Field(strict=False, min_length=1)]
_LAYER = "Path of the recurrent layer, as `lstm-tui trace` names it."
_UNIT = "One unit or a list of them; all where left out."
_SAMPLE = "Sample of the batch; all where left out."


class Poke(Words):
    """A state replaced after one step, while the call is recorded."""

    layer: Text = Field(description=_LAYER)
    state: Text = Field(description="h, c or state_0, as `lstm-tui trace` names it.")
    unit: Unit | None = Field(default=None, description=_UNIT)
    step: Size = Field(description="The input's timestep after which the state is another.")
    to: Number = Field(description="What the state becomes.")
    sample: Size | None = Field(default=None, description=_SAMPLE)


class Clamp(Words):
    """A gate or the candidate held at a value, while the call is recorded."""

    layer: Text = Field(description=_LAYER)
    gate: Text = Field(description="i, f, o, z, r, or the candidate g.")
    unit: Unit | None = Field(default=None, description=_UNIT)
    to: Number = Field(description="What the gate is held at.")
    from_: Size | None = Field(default=None, alias="from", description="The first step; 0 where left out.")
    until: Size | None = Field(default=None, description="The last step, held too; the end where left out.")
    sample: Size | None = Field(default=None, description=_SAMPLE)

    @model_validator(mode="after")
    def _range(self) -> Clamp:
        with as_mistake():
            clamp(self.layer, self.gate, self.to, first=self.from_ or 0, last=self.until)
        return self


class Silence(Words):
    """The hidden state of units is 0 for everything that reads it, while the call is recorded."""

    layer: Text = Field(description=_LAYER)
    unit: Unit | None = Field(default=None, description=_UNIT)


class Nudge(Words):
    """One value of the input set by hand."""

    input: Text | None = Field(default=None, description="Only this input; every input where left out.")
    sample: Size | None = Field(default=None, description=_SAMPLE)
    step: Size | None = Field(default=None, description="Timestep; all where left out.")
    feature: Size | None = Field(default=None, description="Feature; all where left out.")
    to: Number | None = Field(default=None, description="What the value becomes.")
    by: Number | None = Field(default=None, description="How far it is moved.")

    _one = exactly_one("to", "by")


class Dropout(Words):
    """The calls made with training=True, what dropout draws coming from a seed."""

    on: bool = Field(description="true: training=True in every predict and call; false: training=False.")
    seed: Size = Field(default=0, description="The same seed draws the same.")


class Stateful(Words):
    """Whether layers keep their states from call to call, flipped on a copy of the model."""

    layers: Names | None = Field(
        default=None, description="Recurrent layers by name or path; all where left out."
    )
    to: bool = Field(description="true: states stay from call to call.")


class LastSteps(Words):
    """Only the last steps of the sequences are fed."""

    steps: Count = Field(description="How many.")
