"""How the app ends: the terminal as it was, the right exit status, unsaved edits kept and offered again."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pseudo_terminal import PseudoTerminal, children
from tests.tui.terminal import ENTER, model_files, started

pytestmark = pytest.mark.keras

#: What has to be said to a terminal so that the shell finds it as it was.
RESTORED = {
    b"\x1b[?1049l": "the alternate screen is left",
    b"\x1b[?25h": "the cursor is shown",
    b"\x1b[?1000l": "clicks are not reported",
    b"\x1b[?1003l": "movements of the mouse are not reported",
    b"\x1b[?1006l": "nor in their longer form",
    b"\x1b[?2004l": "pasting is not bracketed",
    b"\x1b[?1004l": "focus is not reported",
    b"\x1b[?7h": "lines wrap",
}


def edited(place: Path, **terminal_options: bool) -> PseudoTerminal:
    """The app with an edit that nobody has saved; TensorFlow has hardly begun to start."""
    files = model_files()
    terminal = started(files / "small.keras", "--input", files / "x.npy", place=place, **terminal_options)
    terminal.wait_for("head")
    terminal.press("s")
    terminal.wait_for("standard")
    terminal.press(ENTER)
    terminal.wait_for("unsaved changes")
    return terminal


def sends(number: signal.Signals) -> Callable[[PseudoTerminal], None]:
    return lambda terminal: terminal.process.send_signal(number)


WAYS = {
    "q": (lambda terminal: terminal.press("q"), 0),
    "SIGTERM": (sends(signal.SIGTERM), 128 + signal.SIGTERM),
    "SIGHUP": (sends(signal.SIGHUP), 128 + signal.SIGHUP),
    "SIGINT": (sends(signal.SIGINT), 128 + signal.SIGINT),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_terminal_is_restored_and_unsaved_edits_are_kept(way: str, tmp_path: Path) -> None:
    end, status = WAYS[way]
    with edited(tmp_path) as terminal:
        engine = children(terminal.process.pid)
        said = len(terminal.everything)
        end(terminal)
        assert terminal.wait_for_end() == status
        last_words = bytes(terminal.everything[said:])
        missing = [what for sequence, what in RESTORED.items() if sequence not in last_words]
        assert not missing
        # Whatever turns something on comes before what turns it off.
        assert last_words.rindex(b"\x1b[?1049l") > last_words.rfind(b"\x1b[?1049h")
        assert terminal.modes == terminal.modes_before
        assert b"Traceback" not in terminal.everything
        assert b"To open them:" in last_words
    assert engine
    assert not children(terminal.process.pid)
    assert len(kept(tmp_path)) == 1


def kept(place: Path) -> list[Path]:
    return sorted((place / "state" / "unsaved").glob("*.yaml"))


@pytest.mark.parametrize("owned", [True, False], ids=["told by SIGHUP", "not told"])
def test_a_broken_connection_ends_the_app_and_keeps_the_edits(owned: bool, tmp_path: Path) -> None:
    """The terminal is gone: there is nobody left to draw for, and nothing to write to."""
    with edited(tmp_path, owned=owned) as terminal:
        terminal.hang_up()
        assert terminal.wait_for_end() == 128 + signal.SIGHUP
    assert len(kept(tmp_path)) == 1


def test_what_was_kept_is_offered_next_time_and_opens_with_its_edits(tmp_path: Path) -> None:
    files = model_files()
    with edited(tmp_path) as terminal:
        terminal.process.send_signal(signal.SIGTERM)
        terminal.wait_for_end()
    with started(files / "small.keras", place=tmp_path) as terminal:
        terminal.wait_for("Unsaved work")
    with started(files / "small.keras", *kept(tmp_path), place=tmp_path) as terminal:
        terminal.wait_for("rescale")
        assert "(1, 20, 3)" in terminal.text


def test_ending_without_edits_keeps_nothing(tmp_path: Path) -> None:
    files = model_files()
    with started(files / "small.keras", "--input", files / "x.npy", place=tmp_path) as terminal:
        terminal.wait_for("head")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait_for_end() == 128 + signal.SIGTERM
    assert not kept(tmp_path)


def test_a_second_signal_while_it_ends_changes_nothing(tmp_path: Path) -> None:
    """A hang-up comes as SIGHUP and often as SIGTERM too."""
    with edited(tmp_path) as terminal:
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            terminal.process.send_signal(number)
        assert terminal.wait_for_end() in {128 + signal.SIGHUP, 128 + signal.SIGTERM, 128 + signal.SIGINT}
        assert b"\x1b[?1049l" in terminal.everything
    assert len(kept(tmp_path)) == 1
