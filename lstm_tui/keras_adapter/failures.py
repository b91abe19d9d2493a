"""A call that raised, as a value: in which layer it failed, and what Keras said.

While the model's own Python runs (`model(x)`, or `predict` tracing) the innermost layer that raised is noted
as the error passes it. An error inside a compiled function passes no layer; TensorFlow names the node, and
the node's name holds those of its layers.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras

from lstm_tui.plain_text import many_lines, one_line
from lstm_tui.recurrent.calls import CallFailure
from lstm_tui.recurrent.live_layers import Placed


class FailureWatch:
    """Where in the layers the last error came from; one for each thread."""

    def __init__(self, placed: tuple[Placed, ...]) -> None:
        self.know(placed)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._watchers = 0
        self._original: Callable[..., Any] = keras.layers.Layer.__call__

    def know(self, placed: tuple[Placed, ...]) -> None:
        """Name the layers of this model from now on."""
        self._placed = placed
        self._paths = {id(place.layer): place.path for place in placed}

    @contextmanager
    def on(self) -> Iterator[None]:
        """Watch every call of a layer, also of layers made meanwhile; threads may enter it together."""
        with self._lock:
            self._watchers += 1
            if self._watchers == 1:
                self._original = keras.layers.Layer.__call__
                keras.layers.Layer.__call__ = self._watched()
        try:
            yield
        finally:
            with self._lock:
                self._watchers -= 1
                if not self._watchers:
                    keras.layers.Layer.__call__ = self._original

    def _watched(self) -> Callable[..., Any]:
        watch, original = self, self._original

        def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
            with watch.at(layer):
                return original(layer, *args, **kwargs)

        return call

    @contextmanager
    def at(self, layer: Any) -> Iterator[None]:
        """What is done to the layer by other means than calling it."""
        self._local.error = None
        try:
            yield
        except BaseException as error:
            self._note(error, layer)
            raise

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
        """The layer whose path lies in a node's name (`sequential_1/lstm_1/while/MatMul`) best of all."""
        nodes = re.findall(r"(?:\{\{node |Detected at node )([\w./-]+)", words)
        scores = {
            place.path: _likeness(place.path.split("/"), node.split("/"))
            for place in self._placed
            for node in nodes[:1]
        }
        best = max(scores, key=lambda path: scores[path], default="")
        return best if best and scores[best] else ""


def _likeness(path: list[str], node: list[str]) -> int:
    """How well the names stand in the node's name in this order; 0 where one of them is missing.

    Keras opens a layer's scope twice and TensorFlow numbers the second, so that `lstm_1` is the scope of
    `lstm` rather than that of another layer named `lstm_1`.
    """
    score, rest = 0, iter(node)
    for name in path:
        found = next((part for part in rest if name in {part, _unnumbered(part)}), None)
        if found is None:
            return 0
        score += 3 if _unnumbered(found) == name else 2
    return score


def _unnumbered(part: str) -> str:
    return re.sub(r"_\d+$", "", part)


def keras_words(error: BaseException) -> str:
    """What an exception of Keras says, without colours and without the lines of the caller's own stack.

    TensorFlow puts the stack before the line that tells what is wrong; a deep one pushes that out of sight.
    `predict` without a batch to predict trips over a variable of its own (Keras 3.15).
    """
    if isinstance(error, UnboundLocalError) and "batch_outputs" in str(error):
        return "predict() had no batch to predict"
    words = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    words = re.sub(r'^ *File "[^\n]*\n\n?', "", words, flags=re.MULTILINE)
    return words.strip() or type(error).__name__
