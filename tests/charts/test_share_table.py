"""Causes and their shares, of answers made by hand."""

from __future__ import annotations

import pytest

from lstm_tui.charts.lines import plain_text
from lstm_tui.charts.palette import Palette
from lstm_tui.charts.share_table import share_table
from lstm_tui.recurrent.why import Question, Share, Why

LONG = "bidirectional_layer_of_the_encoder/backward_lstm_2"


def answer(path: str, *, of: str = "output", share: float = 0.25, exact: bool = True) -> Why:
    shares = tuple(Share(share, 1.0, Question("state", path, 40, unit, "h")) for unit in (10, 127))
    kind = "inputs" if of == "inputs" else "output"
    return Why(Question(kind, "y", 40, 0), 1.0, 1.0, shares, exact=exact)


def drawn(of: Why, palette: Palette, width: int) -> list[str]:
    return [plain_text(line).rstrip() for line in share_table(of, width=width, height=6, palette=palette)]


@pytest.mark.parametrize("width", [44, 53, 70])
def test_a_long_name_gives_way_but_never_unit_and_step(width: int, plain: Palette) -> None:
    rows = drawn(answer(LONG), plain, width)
    assert "m_2 h[10] t 40 " in rows[0] and "m_2 h[127] t 40 " in rows[1]
    assert rows[0].startswith(" 1 …") and "25%" in rows[0]


@pytest.mark.parametrize("width", [53, 70])
def test_the_bar_keeps_some_cells_beside_a_long_name(width: int, plain: Palette) -> None:
    assert "|===" in drawn(answer(LONG), plain, width)[0]


@pytest.mark.parametrize(("of", "todo"), [("inputs", "Y goes back"), ("output", "digits follow")])
def test_a_gradient_that_explains_little_says_what_to_do(of: str, todo: str, plain: Palette) -> None:
    for share in (0.03, -1.5, 1.5):
        rows = drawn(answer("b", of=of, share=share, exact=False), plain, 60)
        assert any("far from linear" in row and todo in row for row in rows)
    assert "far from" not in "".join(drawn(answer("b", of=of, share=0.45, exact=False), plain, 60))
