"""How a declared layer recurs: its cell, units and flags, as the configuration has them."""

from __future__ import annotations

from lstm_tui.model_file.container import Config
from lstm_tui.model_file.declared import DeclaredLayer
from lstm_tui.model_file.facts import RecurrentFacts

_CONVOLUTIONAL = frozenset({"ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
_CELLS = {
    "LSTM": "lstm",
    "LSTMCell": "lstm",
    "GRU": "gru",
    "GRUCell": "gru",
    "SimpleRNN": "simple_rnn",
    "SimpleRNNCell": "simple_rnn",
    **dict.fromkeys(_CONVOLUTIONAL, "lstm"),
}
_RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN"})


def recurrent_facts(layer: DeclaredLayer, parent: DeclaredLayer) -> RecurrentFacts | None:
    """The facts of a layer that carries a state from step to step, None for any other.

    An RNN over a stack of cells and a Bidirectional carry none themselves: their cells and halves do.
    """
    if layer.kind == "RNN" and not layer.inner:
        cell = layer.config.get("cell")
        inside = cell if isinstance(cell, dict) else {}
        config = inside.get("config")
        return _facts(str(inside.get("class_name")), config if isinstance(config, dict) else {}, layer.config)
    if parent.kind == "RNN" and layer in parent.inner:
        return _facts(layer.class_name, layer.config, parent.config)
    if layer.kind in _RECURRENT or layer.kind in _CONVOLUTIONAL:
        return _facts(layer.class_name, layer.config, layer.config)
    return None


def _facts(class_name: str, cell: Config, flags: Config) -> RecurrentFacts:
    units = cell.get("filters") if class_name in _CONVOLUTIONAL else cell.get("units")
    return RecurrentFacts(
        cell=_CELLS.get(class_name, "other"),
        units=units if type(units) is int else 0,
        return_sequences=flags.get("return_sequences") is True,
        return_state=flags.get("return_state") is True,
        stateful=flags.get("stateful") is True,
        go_backwards=flags.get("go_backwards") is True,
    )
