"""Text made safe to print, and text for terminals that show nothing but ASCII."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from lstm_tui.plain_text import in_ascii, paragraphs


def test_what_is_drawn_has_its_like_in_ascii() -> None:
    assert in_ascii("╭─ é ─╮ → 3 … ▸ ✗ ·") == "+- e -+ > 3 ~ > x -"
    assert in_ascii("│┃╵┤┴ ▁▔▐█") == "|||++ _-|#"


@pytest.mark.parametrize("text", ["日本", "größe", "e\u0301", "a\u200bb", "²"])
def test_a_name_keeps_its_width(text: str) -> None:
    assert in_ascii(text).isascii()
    assert len(in_ascii(text)) == cell_len(text)


@given(st.text(st.characters(codec="utf-8")))
def test_whatever_comes_is_ascii_afterwards(text: str) -> None:
    assert in_ascii(text).isascii()


@given(st.text(st.characters(codec="ascii")))
def test_ascii_stays_as_it_is(text: str) -> None:
    assert in_ascii(text) == text


def test_a_line_that_begins_like_a_label_begins_a_paragraph() -> None:
    text = "Keys: o opens words and\nstates together: all three.\nWhy: so\nit is.\n\nLast."
    assert paragraphs(text) == [
        "Keys: o opens words and states together: all three.",
        "Why: so it is.",
        "Last.",
    ]
