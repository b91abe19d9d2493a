"""Reshapes as lines of NumPy: written out and run, they give what the reshape gives."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_tui.arrays.reshape import (
    AddAxis,
    DropAxis,
    Keep,
    Reshape,
    Rows,
    Select,
    To,
    Transpose,
    Window,
    apply_all,
)
from lstm_tui.checks.inputs.numpy_lines import numpy_lines

BATCH = np.arange(24.0).reshape(2, 4, 3)
TABLE = np.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize(
    ("array", "reshapes"),
    [
        (TABLE, (AddAxis(0),)),
        (TABLE, (AddAxis(-1),)),
        (TABLE[None], (DropAxis(0),)),
        (BATCH, (Transpose((0, 2, 1)),)),
        (BATCH, (To((2, 12)),)),
        (BATCH, (Keep(2),)),
        (BATCH, (Keep(2, "first"),)),
        (BATCH[..., 0], (Keep(2, axis=1),)),
        (TABLE, (Keep(2, axis=0),)),
        (TABLE, (Window(3),)),
        (TABLE, (Window(2, stride=2),)),
        (BATCH, (Select((0, 1)),)),
        (BATCH, (Select((2, 0)),)),
        (BATCH, (Rows((0, 0, 1)),)),
        (TABLE, (Transpose((1, 0)), AddAxis(0))),
    ],
    ids=str,
)
def test_the_lines_do_what_the_reshape_does(array: np.ndarray, reshapes: tuple[Reshape, ...]) -> None:
    names = {"np": np, "x": array}
    for line in numpy_lines(reshapes):
        exec(line, names)
    np.testing.assert_array_equal(names["x"], apply_all(reshapes, array))


def test_long_choices_are_not_written_out() -> None:
    (line,) = numpy_lines((Rows(tuple(range(9, 0, -1)) * 3),))
    assert line == "x = x[[9, 8, 7, 6, 5, 4, 3, 2, ...]]"
