"""Functions that mean something else in Keras 3: the file loads without a word and predicts something else.

`hard_sigmoid` was clip(0.2x + 0.5, 0, 1) up to Keras 2 and is clip(x/6 + 0.5, 0, 1) in Keras 3. A model is
opened with the function that its file means, under a name of its own (`KEPT`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lstm_tui.model_file.container import StoredModel
from lstm_tui.model_file.facts import Obstacle
from lstm_tui.model_file.walking import Found, walk
from lstm_tui.plain_text import one_line

HARD_SIGMOID = "hard_sigmoid"
#: The function of Keras 2 by the name under which `keras_adapter` registers it.
KEPT = "lstm_tui>keras_2_hard_sigmoid"
_FUNCTION = {"module": "builtins", "class_name": "function", "config": KEPT, "registered_name": "function"}
#: Settings of a layer that name a function.
ACTIVATIONS = ("activation", "recurrent_activation")

_WHAT = "{key} is hard_sigmoid: 0.2x + 0.5 in Keras 2, x/6 + 0.5 in Keras 3, with other predictions."
_TODO = "`lstm-tui rebuild` writes weights that give the old function in Keras 3."


def redefined_activations(stored: StoredModel) -> Iterator[Obstacle]:
    """Every layer of a Keras 2 file whose function has changed its meaning."""
    for found, key in _uses(stored):
        where = one_line(found.where or "the model")
        change = "opened with the function of Keras 2"
        yield Obstacle("load-activation", where, _WHAT.format(key=key), _TODO, False, change)


def keep_functions(config: dict[str, Any]) -> None:
    """Name the functions of Keras 2 in the configuration, which is changed."""
    for found in walk(config):
        settings = found.entry.get("config")
        for key in ACTIVATIONS:
            if isinstance(settings, dict) and settings.get(key) == HARD_SIGMOID:
                settings[key] = _FUNCTION if "module" in found.entry else KEPT


def _uses(stored: StoredModel) -> Iterator[tuple[Found, str]]:
    if not stored.keras_version.startswith(("1.", "2.")):
        return
    for found in walk(stored.config):
        for key in ACTIVATIONS:
            if found.class_name and found.config.get(key) == HARD_SIGMOID:
                yield found, key
