"""Only what changed is sent: the terminal looks as if all of it had been, and fewer bytes reach it."""

from __future__ import annotations

import pyte
from hypothesis import given
from hypothesis import strategies as st

from lstm_tui.tui.terminal_picture import TerminalPicture

COLUMNS, ROWS = 24, 5
STYLES = [
    "", "1", "38;2;200;208;224;48;2;18;21;28", "38;2;9;9;9;48;2;18;21;28", "2;38;5;245", "7", "1;33",
    "4;31;47", "38;5;9;48;5;17", "94;103", "3;48;5;17",
]  # fmt: skip
FRAME = "\x1b[?2026h{}\x1b[?2026l"


def screen() -> tuple[pyte.Screen, pyte.Stream]:
    shown = pyte.Screen(COLUMNS, ROWS)
    return shown, pyte.Stream(shown)


def looks(shown: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """Each cell as it is seen: of a space only what is behind it, unless something is drawn through it."""
    rows = []
    for y in range(ROWS):
        cells = (shown.buffer[y][x] for x in range(COLUMNS))
        rows.append([(each.data, each.bg) if is_blank(each) else tuple(each) for each in cells])
    return rows


def is_blank(cell: pyte.screens.Char) -> bool:
    return bool(cell.data == " " and not cell.reverse and not cell.underscore)


@st.composite
def spans(draw: st.DrawFn) -> str:
    """A piece of a line as Textual draws it: a move, then styled texts; not in the last row."""
    column = draw(st.integers(0, COLUMNS - 1))
    parts = [f"\x1b[{draw(st.integers(1, ROWS - 1))};{column + 1}H"]
    room = COLUMNS - column
    while room >= 2 and draw(st.integers(0, 3)):
        text = draw(st.text("ab1  ·━█⠿", min_size=1, max_size=room) | st.just("日"))
        room -= 2 if text == "日" else len(text)
        style = draw(st.sampled_from(STYLES))
        parts.append(f"\x1b[{style}m{text}\x1b[0m" if style else text)
    return "".join(parts)


def writes() -> st.SearchStrategy[str]:
    """A frame, or what says that nothing is known any more."""
    frames = st.lists(spans(), min_size=1, max_size=6).map(lambda each: FRAME.format("\n".join(each)))
    return frames | st.sampled_from(["\x1b[2J", "\x1b[?25l", "\x1b[?1049h", FRAME.format("")])


@given(st.lists(writes(), max_size=8))
def test_the_terminal_looks_as_if_all_had_been_sent(written: list[str]) -> None:
    picture = TerminalPicture()
    (told_all, all_of_it), (told_changes, changes) = screen(), screen()
    for data in written:
        sent = picture.changes(data)
        all_of_it.feed(data)
        changes.feed(sent)
        assert looks(told_changes) == looks(told_all)
        assert len(sent.encode()) <= len(data.encode())
        if data.endswith("H\x1b[?2026l"):
            assert (told_changes.cursor.x, told_changes.cursor.y) == (told_all.cursor.x, told_all.cursor.y)
        assert told_changes.cursor.attrs == told_all.cursor.attrs


def test_what_is_there_already_is_not_sent() -> None:
    picture = TerminalPicture()
    frame = FRAME.format("\x1b[2;3H\x1b[1;38;5;9mh[17] 0.1234\x1b[0m")
    assert "0.1234" in picture.changes(frame)
    assert picture.changes(frame) == FRAME.format("")


def test_of_a_number_the_digits_that_changed_are_sent() -> None:
    picture = TerminalPicture()
    picture.changes("\x1b[2;3Hh[17]  0.12345678  ━━━━━━")
    assert picture.changes("\x1b[2;3Hh[17]  0.92345679  ━━━━━━") == "\x1b[2;12H9\x1b[6C9"
    assert picture.changes("\x1b[2;3Hh[17]  0.12345670  ━━━━━━") == "\x1b[2;12H1\x1b[6C0"


def test_of_a_style_the_colour_that_changed_is_sent() -> None:
    behind = "48;2;18;21;28"
    data = f"\x1b[1;1H\x1b[38;2;1;1;1;{behind}ma\x1b[0m\x1b[38;2;2;2;2;{behind}mb\x1b[0m"
    sent = TerminalPicture().changes(data)
    assert sent == f"\x1b[1;1H\x1b[38;2;1;1;1;{behind}ma\x1b[38;2;2;2;2mb\x1b[0m"


def test_after_forgetting_everything_is_sent() -> None:
    picture = TerminalPicture()
    picture.changes("\x1b[1;1Habc")
    assert picture.changes("\x1b[1;1Habc") == ""
    picture.forget()
    assert picture.changes("\x1b[1;1Habc") == "\x1b[1;1Habc"


def test_what_is_not_known_is_passed_on_as_it_is_and_ends_what_was_known() -> None:
    picture = TerminalPicture()
    picture.changes("\x1b[1;1Habc")
    for unknown in ("\x1b]52;c;aGk=\x07", "\x1b[2J", "\x1b[1;1Ha\rb", "text without a place"):
        assert picture.changes(unknown) == unknown
        assert picture.changes("\x1b[1;1Habc") == "\x1b[1;1Habc"
