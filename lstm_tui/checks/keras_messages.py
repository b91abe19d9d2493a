"""What Keras and TensorFlow say when a call fails, read for the few facts in it: shapes, names, ids.

Read from the messages of Keras 3.15 on TensorFlow 2.21, raised in Python, while tracing and inside a graph. A
message that says none of this gives an empty `Said`; nothing is guessed here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lstm_tui.plain_text import one_line

_Sizes = tuple[int, ...]

_COLOURS = re.compile(r"[\x1b·]\[[0-9;]*m")
_PREFIXES = re.compile(r"^(?:Exception encountered when calling [^\n]*\.\s*)?(?:\{\{[^}]*\}\}\s*)?")
_FIRST_LINE_OF_GRAPH_ERROR = re.compile(
    r"^(?:Graph execution error|Detected at node|<stack traces|File |\[\[)"
)
_NODE = re.compile(r"\s*(?:for '\{\{node|\[Op:)")
_SIZES = r"[\[(]([\d, ]*)[\])]"

_INDEX = re.compile(r"indices\[([\d,]+)\] = (-?\d+) is not in \[0, (\d+)\)")
_BATCH = re.compile(r"Expected batch size: (\d+)\s+(?:- )?Received batch size: (\d+)")
_MISSING = re.compile(r"Missing data for input [\"'](.+?)[\"']")
_RANK = re.compile(rf"expected (?:min_|max_)?ndim=\d+, found ndim=\d+\. Full shape received: {_SIZES}")
_AXIS = re.compile(
    rf"of layer '(.+?)' is incompatible.*?expected axis -1 of input shape to have value (\d+), "
    rf"but received input with shape {_SIZES}"
)
_PRODUCT = (
    re.compile(rf"Matrix size-incompatible: In\[0\]: {_SIZES}, In\[1\]: {_SIZES}"),
    re.compile(
        rf"Dimensions must be equal, but are \d+ and \d+ for .*MatMul.*with input shapes: {_SIZES}, {_SIZES}"
    ),
)
_UNKNOWN_RANK = ("length of shape with unknown rank", "not defined on an unknown TensorShape")
_TOO_SHORT = ("Negative dimension size caused by subtracting", "slice index 0 of dimension 1 out of bounds")


@dataclass(frozen=True)
class Said:
    """What a message says; a field is empty where it does not.

    index: (place in the ids, the id, size of the table). batch: (expected, received) by a stateful layer.
    missing: the input without data. found: the shape that a layer of another rank was given.
    axis: (layer, wanted, received shape) where a layer wants another last axis.
    product: the two shapes of a matrix product that does not fit.
    second_product: it is a layer's second one, in a recurrent layer that of the states.
    unknown_rank: an earlier call with another rank has left a graph that knows none.
    too_short: a convolution, pooling or recurrent layer had too few timesteps left.
    """

    index: tuple[_Sizes, int, int] | None = None
    batch: tuple[int, int] | None = None
    missing: str = ""
    found: _Sizes | None = None
    axis: tuple[str, int, _Sizes] | None = None
    product: tuple[_Sizes, _Sizes] | None = None
    second_product: bool = False
    unknown_rank: bool = False
    too_short: bool = False


def read_message(message: str) -> Said:
    """The facts in a message."""
    text = " ".join(message.split())
    index, batch, missing, rank, axis = (
        pattern.search(text) for pattern in (_INDEX, _BATCH, _MISSING, _RANK, _AXIS)
    )
    product = next((found for pattern in _PRODUCT if (found := pattern.search(text))), None)
    return Said(
        index=(_sizes(index[1]), int(index[2]), int(index[3])) if index else None,
        batch=(int(batch[1]), int(batch[2])) if batch else None,
        missing=missing[1] if missing else "",
        found=_sizes(rank[1]) if rank else None,
        axis=(axis[1], int(axis[2]), _sizes(axis[3])) if axis else None,
        product=(_sizes(product[1]), _sizes(product[2])) if product else None,
        second_product=product is not None and "MatMul_1" in text,
        unknown_rank=any(words in text for words in _UNKNOWN_RANK),
        too_short=any(words in text for words in _TOO_SHORT),
    )


def plain_words(message: str) -> str:
    """The line of a message that says what is wrong, without colours, prefixes and stack traces."""
    text = _PREFIXES.sub("", _COLOURS.sub("", message).strip())
    lines = (line.strip() for line in text.splitlines())
    telling = (line for line in lines if line and not _FIRST_LINE_OF_GRAPH_ERROR.match(line))
    return one_line(_NODE.split(next(telling, text))[0], 200)


def _sizes(text: str) -> _Sizes:
    return tuple(int(size) for size in text.replace(",", " ").split())
