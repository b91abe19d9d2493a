"""From a path to `ModelFacts`: what a model file says by itself, without Keras, in time for the first screen.

`read_model_file` is the door. By default it also lists the weights and holds them against the configuration;
whoever only draws the first screen can leave that for later.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lstm_tui.errors import ModelFileError
from lstm_tui.model_file.allowed import UNSAFE_LAYERS
from lstm_tui.model_file.container import Config, StoredModel, open_model_file
from lstm_tui.model_file.declared import DeclaredLayer, declare
from lstm_tui.model_file.facts import LayerFacts, ModelFacts, Obstacle, TensorFacts
from lstm_tui.model_file.judge import judge
from lstm_tui.model_file.layer_weights import Weights, declared_weights
from lstm_tui.model_file.modernising import Modern, modernised
from lstm_tui.model_file.propagation import Flow, propagate
from lstm_tui.model_file.recurrent_facts import recurrent_facts
from lstm_tui.model_file.refusals import WeightsOnlyError
from lstm_tui.model_file.tensors import Shapes
from lstm_tui.model_file.weights import FoundWeights, WeightStats, find_weights, statistics
from lstm_tui.model_file.weights_listing import weights_in
from lstm_tui.plain_text import one_line


@dataclass(frozen=True, eq=False)
class _Model:
    """A model file, understood: the layers, the shapes between them, the weights that they declare.

    modern: its configuration as Keras 3 takes it, which everything else is read from.
    """

    stored: StoredModel
    modern: Modern
    root: DeclaredLayer
    flow: Flow
    weights: dict[str, Weights | None]
    problems: tuple[Obstacle, ...]

    @property
    def only_weights_tell(self) -> bool:
        """Whether the model is a class of the user's whose configuration declares no layers."""
        return not self.root.inner

    @property
    def weights_unknown(self) -> bool:
        """Whether the configuration alone does not give the number of parameters."""
        return self.only_weights_tell or any(own is None for own in self.weights.values())


def read_model_file(path: Path | str, *, look_into_weights: bool = True) -> ModelFacts:
    """What the file says: layers, shapes, parameters, and every obstacle to loading it.

    look_into_weights: also list the weights and hold their shapes against the configuration. Without it a
        `.keras` file is read without h5py, and obstacles that only the weights show are missing: enough to
        draw, not to load.

    Raises `ModelFileError` only where nothing can be shown.
    """
    model = _understand(Path(path))
    found = FoundWeights((), ())
    if model.stored.weights_bytes and (look_into_weights or model.weights_unknown):
        found = _find(model)
    layers = tuple(_weight_layers(found) if model.only_weights_tell else _layers(model, found))
    judged = judge(model.stored, model.modern, model.root, model.flow, model.weights)
    inputs = tuple(_inputs(model))
    return ModelFacts(
        path=model.stored.path,
        name=one_line(model.root.config.get("name") or model.root.class_name),
        format=model.stored.format,
        keras_version=model.stored.keras_version,
        inputs=inputs,
        outputs=tuple(_outputs(model)),
        layers=layers,
        parameters=_total(model, found),
        obstacles=tuple(dict.fromkeys((*model.stored.obstacles, *model.problems, *judged, *found.obstacles))),
        stateful_batch=_stateful_batch(layers, inputs),
    )


def what_there_is(path: Path | str) -> ModelFacts:
    """What can be shown of a file, all obstacles looked for: of one that is no model, why, and its weights.

    Raises `ModelFileError` where there is no such file.
    """
    path = Path(path)
    try:
        return read_model_file(path)
    except ModelFileError as error:
        if not path.exists():
            raise
        code = str(getattr(error, "code", "load-corrupt"))
        obstacle = Obstacle(code, one_line(path.name), error.happened, error.todo)
        found = weights_in(path) if isinstance(error, WeightsOnlyError) else ()
        layers = tuple(
            LayerFacts(name, name, "weights", 0, (shape,), math.prod(shape), math.prod(shape))
            for name, shape in found
        )
        total = sum(layer.parameters for layer in layers)
        return ModelFacts(path, one_line(path.name), "", "", (), (), layers, total, (obstacle,))


def weight_statistics(path: Path | str) -> tuple[WeightStats, ...]:
    """What the values of every weight are like, in the order of the layers. Reads the whole weights once."""
    model = _understand(Path(path))
    if not model.stored.weights_bytes:
        return ()
    return statistics(model.stored.path, model.stored.format, model.root, model.weights)


def _understand(path: Path) -> _Model:
    stored = open_model_file(path)
    modern = modernised(stored)
    root, problems = declare(modern.config, path)
    flow = propagate(root)
    weights = {layer.path: declared_weights(layer, flow) for layer in root.walk() if not layer.repeated}
    return _Model(stored, modern, root, flow, weights, problems)


def _find(model: _Model) -> FoundWeights:
    """The weights; where they cannot be read at all, that is one obstacle, and the rest is shown."""
    try:
        stored, fused = model.stored, model.modern.fused
        return find_weights(stored.path, stored.format, model.root, model.weights, fused)
    except ModelFileError as error:
        obstacle = Obstacle("load-corrupt", "the weights", one_line(error.happened), error.todo)
        return FoundWeights((), (obstacle,))


def _own_parameters(model: _Model, layer: DeclaredLayer, found: FoundWeights) -> int:
    if layer.repeated:
        return 0
    own = model.weights.get(layer.path)
    return found.sizes.get(layer.path, 0) if own is None else sum(weight.size for weight in own)


def _all_parameters(model: _Model, layer: DeclaredLayer, found: FoundWeights) -> int:
    return sum(_own_parameters(model, inner, found) for inner in layer.walk())


def _total(model: _Model, found: FoundWeights) -> int:
    if model.only_weights_tell:
        return sum(found.sizes.values())
    return _all_parameters(model, model.root, found)


def _layers(model: _Model, found: FoundWeights) -> Iterator[LayerFacts]:
    parents = {inner.path: layer for layer in model.root.walk() for inner in layer.inner}
    for layer in model.root.walk():
        if layer is model.root or layer.repeated or layer.is_operation:
            continue
        yield LayerFacts(
            path=layer.path,
            name=layer.path.rpartition("/")[2],
            class_name=one_line(layer.class_name),
            depth=layer.depth,
            output_shapes=model.flow.outputs.get(layer.path, ()),
            parameters=_all_parameters(model, layer, found),
            own_parameters=_own_parameters(model, layer, found),
            trainable=layer.trainable,
            recurrent=recurrent_facts(layer, parents[layer.path]),
            note=_note(layer),
        )


def _note(layer: DeclaredLayer) -> str:
    if layer.class_name in UNSAFE_LAYERS:
        return f"{layer.class_name}: refused without --trust"
    if layer.custom:
        return f"{one_line(layer.class_name, 60)} is not part of Keras: needs --custom-objects"
    return f"called {len(layer.calls)} times" if len(layer.calls) > 1 else ""


def _weight_layers(found: FoundWeights) -> Iterator[LayerFacts]:
    """The layers of a model that only its weights tell of: names and parameters, nothing else is known."""
    whole: dict[str, int] = {}
    for path, size in found.sizes.items():
        parts = path.split("/") if path else []
        for length in range(1, len(parts) + 1):
            above = "/".join(parts[:length])
            whole[above] = whole.get(above, 0) + size
    for path, parameters in whole.items():
        yield LayerFacts(
            path=path,
            name=path.rpartition("/")[2],
            class_name="?",
            depth=path.count("/"),
            output_shapes=(),
            parameters=parameters,
            own_parameters=found.sizes.get(path, 0),
            note="known from its weights only",
        )


def _inputs(model: _Model) -> Iterator[TensorFacts]:
    layers = {layer.name: layer for layer in model.root.inner}
    if model.root.is_functional:
        first = [layers[ref.layer] for ref in model.root.inputs if ref.layer in layers]
    else:
        first = [layer for layer in model.root.inner[:1] if layer.class_name == "InputLayer"]
    if first:
        for layer in first:
            shape = next(iter(model.flow.outputs.get(layer.path, ())), ())
            yield TensorFacts(
                one_line(layer.name), shape, one_line(layer.config.get("dtype") or "float32", 40)
            )
        return
    shapes = _built_shapes(model)
    name = "input" if model.only_weights_tell else "input_layer"
    for unique, shape in zip(distinct_names([name] * len(shapes)), shapes, strict=True):
        # A model that was never told its input was built by its first data: that batch size binds nothing.
        yield TensorFacts(unique, (None, *shape[1:]) if model.only_weights_tell else shape)


def _built_shapes(model: _Model) -> Shapes:
    first = model.root.inner[0].path if model.root.inner else ""
    return model.root.build_shapes or model.flow.inputs.get(first, ())


def _outputs(model: _Model) -> Iterator[TensorFacts]:
    root = model.root
    shapes = model.flow.outputs.get("", ())
    layers = {layer.name: layer for layer in root.inner}
    last = root.inner[-1].name if root.inner else ""
    sources = [ref.layer for ref in root.outputs] if root.is_functional else [last] * len(shapes)
    shapes = shapes or ((),) * len(sources)
    for source, name, shape in zip(
        sources, distinct_names(_output_names(model, sources)), shapes, strict=True
    ):
        config = layers[source].config if source in layers else {}
        yield TensorFacts(one_line(name), shape, _compute_dtype(config))


def _output_names(model: _Model, sources: list[str]) -> list[str]:
    """The layers' names, or the keys where the model gives a dictionary: `predict` sorts them."""
    struct = model.root.config.get("output_layers")
    keys = sorted(struct) if isinstance(struct, dict) else []
    return keys if len(keys) == len(sources) else sources


def distinct_names(names: Sequence[str]) -> tuple[str, ...]:
    """`lstm`, `lstm#2`, `lstm#3` for three times `lstm`: Keras names every output after its layer."""
    seen: Counter[str] = Counter()
    distinct = []
    for name in names:
        seen[name] += 1
        distinct.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(distinct)


def _compute_dtype(config: Config) -> str:
    """`bfloat16` for the policy `mixed_bfloat16`."""
    dtype = config.get("dtype")
    if isinstance(dtype, dict):
        inner = dtype.get("config")
        dtype = inner.get("name") if isinstance(inner, dict) else None
    return one_line(str(dtype or "float32").removeprefix("mixed_"), 40)


def _stateful_batch(layers: Sequence[LayerFacts], inputs: Sequence[TensorFacts]) -> int | None:
    """The batch size that a stateful model is bound to."""
    if not any(layer.recurrent and layer.recurrent.stateful for layer in layers):
        return None
    sizes = [tensor.shape[0] for tensor in inputs if tensor.shape]
    return next((size for size in sizes if size is not None), None)
