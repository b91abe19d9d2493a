"""What is known of a model, whoever says so: its file (at once) or Keras (after loading). Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lstm_tui.recurrent.recording import Shape


@dataclass(frozen=True)
class RecurrentFacts:
    """How a recurrent layer is configured. `cell` is the name of a `CellKind`."""

    cell: str
    units: int
    return_sequences: bool
    return_state: bool
    stateful: bool
    go_backwards: bool = False


@dataclass(frozen=True)
class LayerFacts:
    """One layer as declared. `depth` is 0 at top level and grows inside wrappers and nested models.

    output_shapes: `(None, None, 32)` and so on, empty where the file does not say.
    parameters: of this layer with all inside it. own_parameters: without those of layers listed below it.
    note: what the user should know of this layer (`Lambda: refused without --trust`), else ``.
    """

    path: str
    name: str
    class_name: str
    depth: int
    output_shapes: tuple[Shape, ...]
    parameters: int
    own_parameters: int
    trainable: bool = True
    recurrent: RecurrentFacts | None = None
    note: str = ""


@dataclass(frozen=True)
class TensorFacts:
    """An input or output of the model: `(None, timesteps, features)`, None where free."""

    name: str
    shape: Shape
    dtype: str = "float32"


@dataclass(frozen=True)
class Obstacle:
    """A reason why the file does not load as it is; `code` is a finding of the `load-` family.

    blocking: False where the model loads nevertheless (`load-compile`, `load-activation`), or was changed so
        that it does.
    change: what was changed on a copy, in memory or in a temporary file, so that it opens; the file itself is
        never changed. Empty where nothing was.
    """

    code: str
    where: str
    what: str
    todo: str
    blocking: bool = True
    change: str = ""


@dataclass(frozen=True)
class ModelFacts:
    """A model: from its file alone, or as Keras built it.

    format: empty for a file that is no model, of which only the obstacles are known.
    stateful_batch: the batch size that a stateful model is bound to.
    follows: of several sequences that go in, the one whose timesteps the first output has; where Keras knows.
    """

    path: Path
    name: str
    format: Literal["keras", "h5", ""]
    keras_version: str
    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]
    layers: tuple[LayerFacts, ...]
    parameters: int
    obstacles: tuple[Obstacle, ...] = ()
    stateful_batch: int | None = None
    from_keras: bool = False
    follows: str = ""
    warnings: tuple[str, ...] = field(default=())

    @property
    def changes(self) -> tuple[Obstacle, ...]:
        """What was changed on a copy so that the model opens."""
        return tuple(item for item in self.obstacles if item.change)

    @property
    def recurrent_layers(self) -> tuple[LayerFacts, ...]:
        """The layers that carry a state from step to step."""
        return tuple(layer for layer in self.layers if layer.recurrent is not None)

    @property
    def stateful(self) -> bool:
        """Whether any layer keeps its state between calls."""
        return any(layer.recurrent.stateful for layer in self.recurrent_layers if layer.recurrent)

    def layer(self, path: str) -> LayerFacts | None:
        """The layer at `path`, or None."""
        return next((layer for layer in self.layers if layer.path == path), None)
