"""A call that raised, as a value: in which layer it failed, and what Keras said.

While the model's own Python runs (`model(x)`, or `predict` tracing) the innermost layer that raised is noted
as the error passes it. An error inside a compiled function passes no layer; TensorFlow names the node, and
the node's name holds those of its layers.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from lstm_tui.keras_adapter.layer_tree import Placed
from lstm_tui.plain_text import many_lines, one_line
from lstm_tui.recurrent.calls import CallFailure


class FailureWatch:
    """Where in the layers the last error came from; one for each thread."""

    def __init__(self, placed: tuple[Placed, ...]) -> None:
        self._placed = placed
        self._paths = {id(place.layer): place.path for place in placed}
        self._local = threading.local()

    @contextmanager
    def on(self) -> Iterator[None]:
        """Watch every call of a layer, also of those that are made meanwhile."""
        layer_class = keras.layers.Layer
        called = layer_class.__call__

        def watched(layer: Any, *args: Any, **kwargs: Any) -> Any:
            self._local.error = None
            try:
                return called(layer, *args, **kwargs)
            except BaseException as error:
                self._note(error, layer)
                raise

        layer_class.__call__ = watched
        try:
            yield
        finally:
            layer_class.__call__ = called

    def _note(self, error: BaseException, layer: Any) -> None:
        """The first known layer that an error passes; a cell is part of its layer, without a path."""
        if getattr(self._local, "error", None) is None and id(layer) in self._paths:
            self._local.error, self._local.path = error, self._paths[id(layer)]

    def failure(self, error: BaseException) -> CallFailure:
        """The error as a value."""
        words = keras_words(error)
        path = self._local.path if getattr(self._local, "error", None) is not None else ""
        return CallFailure(path or self._of_node(words), one_line(type(error).__name__), many_lines(words))

    def _of_node(self, words: str) -> str:
        """The deepest layer whose path lies in a node's name (`sequential/lstm_1_2/while/MatMul`)."""
        nodes = re.findall(r"(?:\{\{node |Detected at node )([\w./-]+)", words)
        found = [
            place.path
            for node in nodes
            for place in self._placed
            if _lies_in(place.path.split("/"), node.split("/"))
        ]
        return max(found, key=lambda path: path.count("/"), default="")


def _lies_in(path: list[str], node: list[str]) -> bool:
    """Whether the names stand in the node's name in this order, each possibly numbered by TensorFlow."""
    parts = iter(node)
    return all(any(re.fullmatch(rf"{re.escape(name)}(_\d+)?", part) for part in parts) for name in path)


def keras_words(error: BaseException) -> str:
    """What an exception of Keras says, without the colours that it puts into its messages."""
    return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip() or type(error).__name__
