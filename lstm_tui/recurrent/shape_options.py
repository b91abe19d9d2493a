"""What a recurrent layer would give under each `return_sequences` and `return_state`, and the model with it.

Finished values: made by `keras_adapter.shape_exploring`, drawn by `charts.shape_table`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lstm_tui.recurrent.calls import Alteration
from lstm_tui.recurrent.recording import Shape

#: `only`: the one output has the wanted shape. `first`: the first of several has it. `no`: it has another.
Gives = Literal["only", "first", "no"]


@dataclass(frozen=True)
class NamedShape:
    """One output: `output (batch 1, timesteps 60, units 128)`, `h (batch 1, units 128)`."""

    name: str
    shape: Shape
    axes: tuple[str, ...]


@dataclass(frozen=True)
class ShapeOption:
    """One combination of the two settings.

    outputs: what the layer itself gives; empty where it refuses the settings.
    model_outputs: what then comes out of the model, by name; empty where the rest of the model does not fit.
    refused: why it does not, in Keras' words; refused_by: the layer that refuses, by path or name.
    """

    return_sequences: bool
    return_state: bool
    outputs: tuple[NamedShape, ...] = ()
    model_outputs: tuple[tuple[str, Shape], ...] = ()
    refused: str = ""
    refused_by: str = ""

    def gives(self, wanted: Shape | None) -> Gives:
        """Whether the model gives the wanted shape so; a last axis of 1 more or less is the same wish."""
        if wanted is None or not self.model_outputs or not _same(self.model_outputs[0][1], wanted):
            return "no"
        return "only" if len(self.model_outputs) == 1 else "first"


@dataclass(frozen=True)
class LayerOptions:
    """The four combinations of one layer.

    path: where its settings stand (of a Bidirectional its forward half), kind: `Bidirectional(LSTM)`.
    present: index in `options` of the settings as they are.
    """

    path: str
    kind: str
    options: tuple[ShapeOption, ...]
    present: int

    def change_to(self, index: int) -> Alteration | None:
        """What makes option `index` of the present settings; None where it is that already."""
        if index == self.present:
            return None
        option = self.options[index]
        words = (("return_sequences", option.return_sequences), ("return_state", option.return_state))
        return Alteration(self.path, words)


@dataclass(frozen=True)
class ShapeExploration:
    """All recurrent layers of a model on one input, in the order of the model."""

    layers: tuple[LayerOptions, ...]

    @property
    def rows(self) -> tuple[tuple[LayerOptions, int], ...]:
        """Every layer with every one of its options."""
        return tuple((layer, index) for layer in self.layers for index in range(len(layer.options)))

    def fitting(self, wanted: Shape | None) -> tuple[tuple[LayerOptions, int], ...]:
        """The rows that give the wanted shape, those that give nothing beside it first."""
        found = [(layer, index) for layer, index in self.rows if layer.options[index].gives(wanted) != "no"]
        return tuple(sorted(found, key=lambda row: row[0].options[row[1]].gives(wanted) != "only"))


def _same(shape: Shape, wanted: Shape) -> bool:
    """Equal as far as both are known: without an input the batch and the steps are free."""
    if len(shape) == len(wanted) + 1 and shape[-1] == 1:
        shape = shape[:-1]
    if len(wanted) == len(shape) + 1 and wanted[-1] == 1:
        wanted = wanted[:-1]
    sizes = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(None in (one, other) or one == other for one, other in sizes)
