"""What moved, as a table: calls across in pages, layers that stay in one line, the chosen cell in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lstm_tui.charts.lines import plain_text
from lstm_tui.charts.movement_table import calls_in_view, movement_table
from lstm_tui.charts.palette import Palette
from tests.session.walks_made import movements, predictions

GOLDEN = """\
                                               1       2       3       4       5
                        at most in calls predict    call   reset     fit predict
lstm_1
  kernel (2, 16)           0.02      1/6       -       -       -    0.02       -
  recurrent_kernel         0.01      1/6       -       -       -    0.01       -
  h state (1, 4)            0.7      5/6     0.5    0.25     0.7     0.4       -
norm
> moving_mean * (4,)       0.09      2/6       -    0.09       -    0.08       -
drop
  seed random (2,)        drawn      2/6       -   drawn       -   drawn       -
nothing moved in dense (1 weight)
* no gradient moves it: an average that is kept, or frozen

call 4, fit: norm/moving_mean (4,), not trained, moved by up to 0.08, 4% of its
largest value 2
compiled with Adam, mse"""


def test_the_table_in_ascii(plain: Palette) -> None:
    lines = movement_table(movements(), 3, 3, width=80, height=22, palette=plain)
    assert "\n".join(plain_text(line).rstrip() for line in lines) == GOLDEN


@pytest.mark.parametrize(("width", "height"), [(80, 16), (200, 46), (40, 7), (12, 3)])
def test_lines_are_as_wide_as_asked_in_every_palette(
    width: int, height: int, palettes: list[Palette], check_lines: Callable[..., None]
) -> None:
    for palette in palettes:
        for found in (movements(), predictions(300)):
            lines = movement_table(found, 1, 4, width=width, height=height, palette=palette)
            assert len(lines) <= height
            check_lines(lines, width, palette)


def test_a_long_history_is_read_in_pages_and_a_step_changes_few_lines(plain: Palette) -> None:
    long = predictions(240)
    assert calls_in_view(long, 0, 80) == range(5)
    assert calls_in_view(long, 239, 80) == range(235, 240)
    drawn = [movement_table(long, 1, call, width=80, height=16, palette=plain) for call in (235, 236)]
    assert "236     237     238     239     240" in plain_text(drawn[0][0])
    changed = [one != other for one, other in zip(*drawn, strict=True)]
    assert sum(changed) <= 3, "two heads and what is spelled out"


def test_the_chosen_row_is_in_view_however_low_the_window_is(plain: Palette) -> None:
    for row in range(5):
        lines = movement_table(movements(), row, 0, width=80, height=9, palette=plain)
        assert any(plain_text(line).startswith(">") for line in lines)


def test_a_call_that_fails_says_why(plain: Palette) -> None:
    text = "\n".join(map(plain_text, movement_table(movements(), 0, 4, width=80, height=22, palette=plain)))
    assert "fails: ValueError: no such rank" in text
    assert "did not move, to the bit" in text
