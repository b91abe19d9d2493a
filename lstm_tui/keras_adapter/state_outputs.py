"""Which states of a layer a stored graph gives as its outputs, kept in step with the layer's `return_state`.

`Model(x, layer(x))` gives whatever the layer returns. So where the layer's output is an output of the graph
around it, its states become outputs with `return_state=True`, and leave with `False`. A Sequential model does
that by itself. Works on the configuration of a saved model; knows nothing of weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Config = dict[str, Any]

_STATES = {"LSTM": 2, "GRU": 1, "SimpleRNN": 1, "ConvLSTM1D": 2, "ConvLSTM2D": 2, "ConvLSTM3D": 2}
_CELL_STATES = {"LSTMCell": 2, "GRUCell": 1, "SimpleRNNCell": 1}


def fit_outputs(config: Config, path: str, return_state: bool) -> None:
    """Change the outputs of the graph that holds the layer at `path`, in place."""
    graph, node = _graph_and_node(config, path)
    if node is None or "output_layers" not in graph["config"]:
        return
    own = _own_outputs(node)
    outputs = graph["config"]["output_layers"]
    if not return_state:
        left = _without(outputs, node["config"]["name"], own)
        graph["config"]["output_layers"] = _alone(left)
    elif isinstance(outputs, list):
        graph["config"]["output_layers"] = _with(outputs, node["config"]["name"], own, _state_count(node))


def _graph_and_node(config: Config, path: str) -> tuple[Config, Config | None]:
    """The innermost model on the way to `path`, and the layer in it that holds the layer at `path`."""
    graph, node = config, None
    for name in path.split("/"):
        node = next((each for each in graph["config"].get("layers", ()) if _name(each) == name), None)
        if node is None or "layers" not in node.get("config", {}):
            break
        graph = node
    return graph, node


def _name(node: Config) -> str:
    return str(node.get("config", {}).get("name", "")).replace("/", "_")


def _own_outputs(node: Config) -> int:
    """Outputs that are no states: both halves of a Bidirectional that does not merge them."""
    return 2 if node["class_name"] == "Bidirectional" and node["config"].get("merge_mode") is None else 1


def _state_count(node: Config) -> int:
    """How many states the layer returns; 0 where that cannot be known."""
    kind, config = node.get("class_name", ""), node.get("config", {})
    if kind == "Bidirectional":
        return 2 * _state_count(config.get("layer", {}))
    if kind != "RNN":
        return _STATES.get(kind, 0)
    cell = config.get("cell", {})
    cells = cell.get("config", {}).get("cells", [cell])
    counts = [_CELL_STATES.get(each.get("class_name", ""), 0) for each in cells]
    return sum(counts) if all(counts) else 0


def _is_tensor(entry: object) -> bool:
    """`["lstm", 0, 1]`: layer, number of its call, number of its output."""
    return isinstance(entry, list) and len(entry) == 3 and isinstance(entry[0], str)


def _without(outputs: Any, name: str, own: int) -> Any:
    """The structure of outputs less the states of the layer."""
    if _is_tensor(outputs):
        return outputs
    if isinstance(outputs, dict):
        return {key: _without(each, name, own) for key, each in outputs.items() if not _gone(each, name, own)}
    return [_without(each, name, own) for each in outputs if not _gone(each, name, own)]


def _gone(entry: Any, name: str, own: int) -> bool:
    if _is_tensor(entry):
        return bool(entry[0] == name and entry[2] >= own)
    inside = list(entry.values()) if isinstance(entry, dict) else entry
    return all(_gone(each, name, own) for each in inside)


def _alone(outputs: Any) -> Any:
    """A list of one output is that output: what a model with a single output stores."""
    return outputs[0] if isinstance(outputs, list) and len(outputs) == 1 else outputs


def _with(outputs: list[Any], name: str, own: int, states: int) -> list[Any]:
    """The outputs with the states after the layer's own, in each call whose output is among them."""
    entries = [outputs] if _is_tensor(outputs) else outputs
    there = [tuple(entry) for entry in _tensors(entries) if entry[0] == name]
    if any(entry[2] >= own for entry in there):
        return outputs
    calls = dict.fromkeys(entry[1] for entry in there if entry[2] == own - 1)
    added = [[name, call, own + index] for call in calls for index in range(states)]
    return [*entries, *added] if added else outputs


def _tensors(entries: Any) -> Iterator[list[Any]]:
    if _is_tensor(entries):
        yield entries
        return
    for each in entries.values() if isinstance(entries, dict) else entries:
        yield from _tensors(each)
