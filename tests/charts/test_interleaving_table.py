"""The laboratory as lines: the same words as the command, the steps, whose states there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lstm_tui.charts.interleaving_table import interleaving_table
from lstm_tui.charts.lines import plain_text
from lstm_tui.charts.palette import Palette
from lstm_tui.recurrent.interleaving_words import verdict_words, whose_words
from lstm_tui.recurrent.interleavings import Guarded
from tests.session.walks_made import interleaved

WALK = """\
The shortest that changes a result, of whole calls:
   1  A  reset       writes lstm_1, gru_1
   2  B  reset       writes lstm_1, gru_1
   3  B  predict     reads lstm_1, gru_1 left by B reset; writes lstm_1, gru_1
>  4  A  predict     reads lstm_1, gru_1 left by B predict; writes ~; 0.4191 off
A predict: reads lstm_1, gru_1 left by B predict; writes lstm_1, gru_1; gives
  3.042, alone 2.623: 0.4191 off
whose states  before this step        after it
lstm_1        left by B predict       left by A predict
gru_1         left by B predict       left by A predict"""


def drawn(palette: Palette, step: int, *, width: int = 80, height: int = 46) -> list[str]:
    answer = interleaved()
    lines = interleaving_table(answer, answer.shortest, step, width=width, height=height, palette=palette)
    return [plain_text(line).rstrip() for line in lines]


def test_the_chosen_step_says_whose_states_it_reads(plain: Palette) -> None:
    assert "\n".join(drawn(plain, 3)).endswith(WALK)
    first = "\n".join(drawn(plain, 0))
    assert "lstm_1        as found                left by A reset" in first


def test_the_words_are_those_of_the_command(plain: Palette) -> None:
    text = " ".join(" ".join(drawn(plain, 0, width=200)).split())
    for sentence in (*verdict_words(interleaved()), whose_words(interleaved())):
        assert sentence in text


def test_in_a_low_window_the_steps_and_the_table_stay(plain: Palette) -> None:
    low = drawn(plain, 3, height=21)
    assert len(low) == 21
    assert "\n".join(low).endswith(WALK)
    assert any(line.startswith("a lock round each call") for line in low)
    assert not any("Whose result changes" in line for line in low)


def test_torn_steps_say_which_part_they_are(plain: Palette) -> None:
    answer = interleaved()
    lines = interleaving_table(answer, answer.torn, 2, width=80, height=40, palette=plain)
    assert any("B  predict 1/2" in plain_text(line) for line in lines)


def test_where_nothing_changes_there_is_nothing_to_walk(plain: Palette) -> None:
    healthy = replace(interleaved(), guards=(Guarded("none", 6, 6), Guarded("call", 6, 6)))
    lines = interleaving_table(healthy, (), 0, width=80, height=40, palette=plain)
    assert any("No interleaving that was tried changes a result." in plain_text(line) for line in lines)


@pytest.mark.parametrize(("width", "height"), [(80, 21), (200, 47), (40, 8), (12, 3)])
def test_lines_are_as_wide_as_asked_in_every_palette(
    width: int, height: int, palettes: list[Palette], check_lines: Callable[..., None]
) -> None:
    answer = interleaved(tuple(f"layer_{number}" for number in range(12)))
    for palette in palettes:
        lines = interleaving_table(answer, answer.shortest, 3, width=width, height=height, palette=palette)
        assert len(lines) <= height
        check_lines(lines, width, palette)
