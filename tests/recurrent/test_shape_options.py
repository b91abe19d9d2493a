"""Which combination gives what is wanted, and the change that makes it."""

from __future__ import annotations

from lstm_tui.recurrent.calls import Alteration
from lstm_tui.recurrent.shape_options import LayerOptions, ShapeExploration, ShapeOption

STATES = (("y", (1, 5)), ("h", (1, 5)))
OPTIONS = (
    ShapeOption(False, False, (), (("y", (1, 5)),)),
    ShapeOption(True, False, (), (), "no", "dense"),
    ShapeOption(False, True, (), STATES),
    ShapeOption(True, True, (), (("y", (None, None, 5)),)),
)
LAYER = LayerOptions("lstm", "LSTM", OPTIONS, 0)


def test_the_only_output_counts_more_than_the_first_of_several() -> None:
    assert [option.gives((1, 5)) for option in OPTIONS] == ["only", "no", "first", "no"]
    assert [index for _, index in ShapeExploration((LAYER,)).fitting((1, 5))] == [0, 2]


def test_a_free_axis_fits_and_a_last_axis_of_1_is_the_same_wish() -> None:
    assert OPTIONS[3].gives((1, 24, 5)) == "only"
    assert ShapeOption(False, False, (), (("y", (1, 24, 1)),)).gives((1, 24)) == "only"
    assert ShapeOption(False, False, (), (("y", (1, 24)),)).gives((1, 24, 1)) == "only"
    assert OPTIONS[0].gives(None) == "no"


def test_the_change_that_makes_an_option() -> None:
    assert LAYER.change_to(0) is None
    assert LAYER.change_to(2) == Alteration("lstm", (("return_sequences", False), ("return_state", True)))
