"""The table of shapes: rows, refusals, the wish, and the chosen row spelled out; on every terminal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lstm_tui.charts.lines import plain_text
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.shape_table import shape_table
from lstm_tui.recurrent.shape_options import LayerOptions, NamedShape, ShapeExploration, ShapeOption

BATCH, STEPS = ("batch", "units"), ("batch", "timesteps", "units")
LAST, ALL = NamedShape("output", (1, 8), BATCH), NamedShape("output", (1, 48, 8), STEPS)
H, C = NamedShape("h", (1, 8), BATCH), NamedShape("c", (1, 8), BATCH)
LAYER = LayerOptions(
    "lstm_2",
    "LSTM",
    (
        ShapeOption(False, False, (LAST,), (("head", (1, 1)),)),
        ShapeOption(True, False, (ALL,), (("head", (1, 48, 1)),)),
        ShapeOption(False, True, (LAST, H, C), (), "expects 1 input(s), but it received 3", "head"),
        ShapeOption(True, True, (), (), "no", ""),
    ),
    1,
)
SHAPES = ShapeExploration((LAYER,))

GOLDEN = """\
   seq state  the layer gives      the model gives
lstm_2  LSTM
   no  no     (1, 8)                  -> (1, 1) ok
 - yes no     (1, 48, 8)             -> (1, 48, 1)
>  no  yes    (1, 8)  h c (1, 8)            x head
   yes yes    -                          x refused

lstm_2 return_sequences=False return_state=True
  output (batch 1, units 8)
  h (batch 1, units 8)
  c (batch 1, units 8)
head: expects 1 input(s), but it received 3
wanted (1, 1): lstm_2 return_sequences=False
return_state=False"""


def shown(palette: Palette, chosen: int = 2, width: int = 50, height: int = 16, wanted=(1, 1)) -> list[str]:
    lines = shape_table(SHAPES, chosen, wanted, width=width, height=height, palette=palette)
    return [plain_text(line).rstrip() for line in lines]


def test_a_small_table(plain: Palette) -> None:
    assert "\n".join(shown(plain)) == GOLDEN


def test_where_there_is_room_settings_are_written_out(plain: Palette) -> None:
    rows = shown(plain, width=110)
    assert "return_sequences=True  return_state=False  (1, 48, 8)" in rows[3]
    assert rows[4].endswith("x head refuses")


def test_the_chosen_row_is_in_view_where_not_all_fit(plain: Palette) -> None:
    rows = shown(plain, chosen=3, height=7)
    assert any(row.startswith(">  yes yes") for row in rows)
    assert "refuses these settings" in "\n".join(rows)


def test_a_wish_is_asked_for_or_cannot_be_granted(plain: Palette) -> None:
    assert shown(plain, wanted=None)[-1].startswith("= tells")
    assert shown(plain, wanted=(1, 9, 9))[-1] == "wanted (1, 9, 9): none of these gives it"


def test_a_model_without_recurrent_layers(plain: Palette) -> None:
    (line,) = shape_table(ShapeExploration(()), 0, None, width=50, height=10, palette=plain)
    assert "no recurrent layer" in plain_text(line)


@pytest.mark.parametrize("width", [20, 51, 120])
def test_every_line_is_whole_on_every_terminal(
    palettes: list[Palette], width: int, check_lines: Callable
) -> None:
    for palette in palettes:
        lines = shape_table(SHAPES, 2, (1, 1), width=width, height=20, palette=palette)
        check_lines(lines, width, palette)
