"""Styles sent once: every character arrives with the style that Textual wrote it in."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.tui.thrifty_driver import thrifty

STYLES = ["", "1", "38;2;200;208;224;48;2;18;21;28", "2;38;5;245", "7"]
_TOKEN = re.compile(r"\x1b\[([0-9;]*)m|(\x1b\[\d+;\d+H|\n)|(\x1b\[\?2026[hl])|(.)", re.DOTALL)


def seen(data: str) -> tuple[list[tuple[str, str]], str]:
    """Each character and move with the style it has on the terminal; and the style at the end."""
    style, result = "", []
    for token in _TOKEN.finditer(data):
        parameters, move, other, character = token.groups()
        if parameters is not None:
            if parameters in {"", "0"}:
                style = ""
            elif parameters.startswith("0;"):
                style = parameters[2:]
            else:
                style = f"{style};{parameters}" if style else parameters
        elif move is not None:
            result.append((move, ""))  # looks the same in every style
        else:
            result.append((character or other, style))
    return result, style


@st.composite
def frames(draw: st.DrawFn) -> str:
    """What rich makes of segments: moves, and text between a style and a reset."""
    parts = []
    for _ in range(draw(st.integers(0, 12))):
        if draw(st.booleans()):
            parts.append(draw(st.sampled_from(["\x1b[3;40H", "\x1b[12;1H", "\n"])))
        style, text = draw(st.sampled_from(STYLES)), draw(st.text("ab █", min_size=1, max_size=5))
        parts.append(f"\x1b[{style}m{text}\x1b[0m" if style else text)
    ends = draw(st.sampled_from([("", ""), ("\x1b[?2026h", "\x1b[?2026l")]))
    return ends[0] + "".join(parts) + ends[1]


@given(frames())
def test_the_same_picture_and_the_same_end_in_no_more_bytes(data: str) -> None:
    sent = thrifty(data)
    assert seen(sent) == seen(data)
    assert len(sent) <= len(data)


def test_lines_in_one_style_carry_it_once() -> None:
    style = "38;2;200;208;224;48;2;18;21;28"
    lines = [f"\x1b[{row};29H\x1b[{style}m 17  0.1234\x1b[0m\n" for row in range(1, 21)]
    sent = thrifty("".join(lines))
    assert sent.count(style) == 1
    assert sent.endswith("\x1b[0m")


def test_what_is_no_drawing_is_left_alone() -> None:
    for data in ("\x1b]52;c;YWJj\a", "\x1b[?2026h", "\x1b[0m", "\x1b[?1049l"):
        assert thrifty(data) == data
