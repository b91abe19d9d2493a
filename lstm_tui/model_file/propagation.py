"""Shapes through a declared model: what goes into every layer and what comes out, as Keras would compute it.

A layer's own rule comes first, because that is what Keras itself goes by when it loads; where there is no
rule (custom layers, most operations) the shape that the file recorded for the tensor stands in, else it stays
unknown. A layer that is called several times keeps the shapes of its first call. Nothing here recurses along
a graph, and the number of calls is bounded: shared towers inside shared towers would otherwise double the
work at every level.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import zip_longest

from lstm_tui.model_file.declared import DeclaredLayer
from lstm_tui.model_file.layer_shapes import output_shapes_of
from lstm_tui.model_file.tensors import Shapes, TensorRef
from lstm_tui.recurrent.recording import Shape

_CALLS = 100_000

_Node = tuple[str, int]


@dataclass(eq=False)
class Flow:
    """Input and output shapes of the first call of every layer, by path; unknown ones are missing or empty.

    disconnected: layers of a graph that no input reaches: a loop, or a tensor of a layer that is not there.
    """

    inputs: dict[str, Shapes] = field(default_factory=dict)
    outputs: dict[str, Shapes] = field(default_factory=dict)
    disconnected: set[str] = field(default_factory=set)
    calls: int = 0

    @property
    def exhausted(self) -> bool:
        """Whether the calls were too many to follow them all."""
        return self.calls > _CALLS

    def note(self, layer: DeclaredLayer, inputs: Shapes, outputs: Shapes) -> None:
        """Keep the first shapes that are known."""
        if not self.inputs.get(layer.path):
            self.inputs[layer.path] = inputs
        if not self.outputs.get(layer.path):
            self.outputs[layer.path] = outputs


def propagate(root: DeclaredLayer) -> Flow:
    """The shapes of a whole model, from the shapes that its inputs declare."""
    flow = Flow()
    _call(root, (), flow)
    return flow


def _call(layer: DeclaredLayer, inputs: Shapes, flow: Flow) -> Shapes:
    flow.calls += 1
    if flow.exhausted:
        return ()
    if layer.is_model:
        outputs = _model(layer, inputs, flow)
    else:
        inputs = inputs or layer.build_shapes
        outputs = _outputs(layer, inputs, flow)
    flow.note(layer, inputs, outputs)
    return outputs


def _outputs(layer: DeclaredLayer, inputs: Shapes, flow: Flow) -> Shapes:
    if layer.kind == "Bidirectional" and len(layer.inner) == 2:
        return _bidirectional(layer, inputs, flow)
    if layer.kind == "TimeDistributed" and layer.inner:
        return _time_distributed(layer, inputs, flow)
    if layer.kind == "RNN" and layer.inner:
        return _stacked(layer, inputs, flow)
    if len(layer.inner) == 1:  # any other wrapper, SpectralNormalization say, gives what its layer gives
        return _call(layer.inner[0], inputs, flow)
    return output_shapes_of(layer.kind, layer.module, layer.config, inputs)


def _model(model: DeclaredLayer, inputs: Shapes, flow: Flow) -> Shapes:
    """A model's outputs on `inputs`. Its layers keep the shapes of its own InputLayers, as in Keras."""
    run = _functional if model.is_functional else _sequential
    first = [layer for layer in model.inner if layer.class_name == "InputLayer"]
    if first and first[0].path not in flow.outputs:
        outputs = run(model, (), flow)
        declared = tuple(shape for layer in first for shape in flow.outputs.get(layer.path, ()))
        if not inputs or inputs == declared:
            return outputs
    return run(model, inputs or (() if first else model.build_shapes), flow)


def _sequential(model: DeclaredLayer, inputs: Shapes, flow: Flow) -> Shapes:
    shapes = inputs
    for layer, following in zip_longest(model.inner, model.inner[1:]):
        if layer.class_name == "InputLayer" and inputs:  # called on something, which counts instead
            shapes = inputs
            flow.note(layer, (), _call(layer, (), flow))
        else:
            shapes = _call(layer, shapes, flow)
        if not shapes and following is not None and following.build_shapes:
            shapes = following.build_shapes
            flow.note(layer, (), shapes)
    return shapes


def _bidirectional(layer: DeclaredLayer, inputs: Shapes, flow: Flow) -> Shapes:
    forward, backward = (_call(half, inputs[:1], flow) for half in layer.inner)
    if not forward:
        return ()
    output, states = forward[0], forward[1:] + backward[1:]
    mode = layer.config.get("merge_mode", "concat")
    if mode is None:
        return (output, *backward[:1], *states)
    if mode == "concat" and output[-1] is not None:
        output = (*output[:-1], 2 * output[-1])
    return (output, *states)


def _time_distributed(layer: DeclaredLayer, inputs: Shapes, flow: Flow) -> Shapes:
    if not inputs or len(inputs[0]) < 2:
        return ()
    batch, steps, *rest = inputs[0]
    inner = _call(layer.inner[0], ((batch, *rest),), flow)
    return tuple((shape[0], steps, *shape[1:]) for shape in inner[:1] if shape)


def _stacked(layer: DeclaredLayer, inputs: Shapes, flow: Flow) -> Shapes:
    """An RNN over a stack of cells: each cell sees `(batch, features)` of one step."""
    if inputs and len(inputs[0]) > 2:
        batch, _, *features = inputs[0]
        step: Shape = (batch, *features)
        for cell in layer.inner:
            units = cell.config.get("units")
            output: Shape = (batch, units if type(units) is int else None)
            flow.note(cell, (step,), (output,))
            step = output
    return output_shapes_of(layer.kind, layer.module, layer.config, inputs)


def _functional(model: DeclaredLayer, inputs: Shapes, flow: Flow) -> Shapes:
    graph = _Graph(model, inputs, flow)
    graph.run()
    shapes = [graph.shape(ref) for ref in model.outputs]
    return tuple(shape or () for shape in shapes) if any(shapes) else ()


class _Graph:
    """One run through a functional model: every call of every layer once its tensors are known."""

    def __init__(self, model: DeclaredLayer, inputs: Shapes, flow: Flow) -> None:
        self.model = model
        self.flow = flow
        self.layers = {layer.name: layer for layer in model.inner}
        self.given = dict(zip((ref.layer for ref in model.inputs), inputs, strict=False))
        self.done: dict[_Node, Shapes] = {}
        self.recorded: dict[tuple[str, int, int], Shape] = {}
        for layer in model.inner:
            for call in layer.calls:
                for ref in call:
                    if ref.shape is not None:
                        self.recorded.setdefault((ref.layer, ref.node, ref.tensor), ref.shape)

    def run(self) -> None:
        """Call layers as their tensors become known (Kahn's algorithm)."""
        waiting: dict[_Node, list[_Node]] = {}
        missing: dict[_Node, int] = {}
        ready: deque[_Node] = deque()
        for layer in self.model.inner:
            for index, call in enumerate(layer.calls or ((),)):
                needed = {self._node(ref) for ref in call} - {None}
                missing[layer.name, index] = len(needed)
                for node in needed:
                    waiting.setdefault(node, []).append((layer.name, index))  # type: ignore[arg-type]
                if not needed:
                    ready.append((layer.name, index))
        while ready:
            node = ready.popleft()
            self._run_node(node)
            for waiter in waiting.get(node, ()):
                missing[waiter] -= 1
                if missing[waiter] == 0:
                    ready.append(waiter)
        if len(self.done) < len(missing):
            left = (self.layers[name].path for name, index in missing if (name, index) not in self.done)
            self.flow.disconnected.update(left)

    def _run_node(self, node: _Node) -> None:
        name, index = node
        layer = self.layers[name]
        call = layer.calls[index] if layer.calls else ()
        if layer.class_name == "InputLayer" and name in self.given:
            self.flow.note(layer, (), _call(layer, (), self.flow))
            self.done[node] = (self.given[name],)
            return
        shapes = [self.shape(ref) for ref in call]
        known = tuple(shape for shape in shapes if shape is not None)
        outputs = _call(layer, known if len(known) == len(shapes) else (), self.flow)
        if not outputs:
            outputs = self._recorded_outputs(node)
            self.flow.note(layer, (), outputs)
        self.done[node] = outputs

    def _recorded_outputs(self, node: _Node) -> Shapes:
        """What later calls say of this node's tensors, up to the first that none of them mentions."""
        shapes: list[Shape] = []
        while (shape := self.recorded.get((*node, len(shapes)))) is not None:
            shapes.append(shape)
        return tuple(shapes)

    def _node(self, ref: TensorRef) -> _Node | None:
        """The node a reference means. Keras 2 counted nested models' nodes from 1: the last is meant then."""
        layer = self.layers.get(ref.layer)
        if layer is None:
            self.flow.disconnected.add(f"{self.model.path}/{ref.layer}".lstrip("/"))
            return None
        return (ref.layer, min(ref.node, max(0, len(layer.calls) - 1)))

    def shape(self, ref: TensorRef) -> Shape | None:
        """The shape of a tensor: as computed, else as recorded."""
        node = self._node(ref)
        outputs = self.done.get(node, ()) if node else ()
        if ref.tensor < len(outputs):
            return outputs[ref.tensor]
        return ref.shape or self.recorded.get((ref.layer, ref.node, ref.tensor))


def calls_when_built(layer: DeclaredLayer) -> int:
    """How many layer calls Keras makes to build the model: shared models inside shared models multiply."""
    inside = sum(calls_when_built(inner) * max(1, len(inner.calls)) for inner in layer.inner)
    return 1 + inside
