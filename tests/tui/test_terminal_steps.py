"""Stepping through 200 steps of two LSTM layers of 128 units: bytes, frames, held keys, resized windows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from benchmarks.models import SMALL, files_of
from benchmarks.stepping import BUDGETS, COLOURS, walk
from tests.pseudo_terminal import PseudoTerminal
from tests.tui.terminal import (
    CTRL_C,
    CTRL_L,
    ESCAPE,
    HOME,
    LARGE,
    TINY,
    USUAL,
    at_rest,
    model_files,
    started,
    stepping,
)

pytestmark = pytest.mark.keras

POINTS = ("abs(delta(c)) > 0.5", "mean(f) < 0.45", "output changed sign")
WATCHES = ("h[2]", "mean(f)", "c", "output", "norm(delta(h))")


@pytest.fixture(scope="module")
def terminals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, PseudoTerminal]]:
    """One app for each number of colours, shared by all tests of this module."""
    files, place = files_of(model_files(), SMALL), tmp_path_factory.mktemp("place")
    with ExitStack() as stack:
        apps = {
            colours: stack.enter_context(
                started(files.model, "--input", files.input, place=place, environment=environment)
            )
            for colours, environment in COLOURS.items()
        }
        yield {colours: stepping(app, SMALL.timesteps) for colours, app in apps.items()}


@pytest.fixture
def terminal(terminals: dict[str, PseudoTerminal]) -> PseudoTerminal:
    """The app in all colours."""
    return terminals["truecolor"]


def resized(terminal: PseudoTerminal, size: tuple[int, int]) -> None:
    terminal.resize(*size)
    terminal.settle(0.3)
    at_rest(terminal)


@pytest.mark.parametrize("size", BUDGETS, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("colours", COLOURS)
def test_a_step_is_one_frame_within_its_bytes(
    terminals: dict[str, PseudoTerminal], colours: str, size: tuple[int, int]
) -> None:
    """The steps that turn a page of the heat map are counted among the others."""
    terminal = terminals[colours]
    resized(terminal, size)
    walked = walk(terminal, 60)
    assert "t 60 of 200" in terminal.text
    assert walked.frames == walked.steps
    assert walked.mean_bytes <= BUDGETS[size], f"bytes of each step: {walked.step_bytes}"


@pytest.mark.parametrize("size", BUDGETS, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_step_in_a_pane_on_the_whole_screen_stays_within_its_bytes(
    terminal: PseudoTerminal, size: tuple[int, int]
) -> None:
    """In each pane that a step changes: the heat map with its pages, all units that fit, gates, output."""
    resized(terminal, size)
    terminal.draw("+")
    for pane in ("states", "units", "gates", "output"):
        walked = walk(terminal, 15)
        assert walked.mean_bytes <= BUDGETS[size], f"{pane}: {walked.step_bytes}"
        terminal.draw("0")
        terminal.draw(";")
    terminal.draw(";+")


@pytest.mark.parametrize("size", BUDGETS, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_step_in_a_view_stays_within_its_bytes(terminal: PseudoTerminal, size: tuple[int, int]) -> None:
    """Where nearly every figure changes: what a state is made of, why the output is what it is."""
    resized(terminal, size)
    for view in "eY":
        terminal.press(view)
        terminal.wait_for("e closes")
        terminal.settle(0.3)
        walked = walk(terminal, 15)
        assert walked.mean_bytes <= BUDGETS[size], f"{view}: {walked.step_bytes}"
        terminal.press(HOME + "e")
        terminal.wait_until(lambda: "e closes" not in terminal.text, "the states")
        terminal.settle(0.3)


def test_what_another_program_wrote_over_the_screen_is_gone_after_drawing_anew(
    terminal: PseudoTerminal,
) -> None:
    resized(terminal, USUAL)
    before = terminal.text
    terminal.scribble("\x1b[2;5HBroadcast message from root: backup in 5 minutes")
    terminal.draw("n")
    terminal.draw("N")
    assert "Broadcast" in terminal.text
    terminal.draw(CTRL_L)
    assert terminal.text == before


def test_a_step_back_costs_what_a_step_costs(terminal: PseudoTerminal) -> None:
    resized(terminal, USUAL)
    terminal.draw("$")
    walked = walk(terminal, 30, "N")
    assert "t 169 of 200" in terminal.text
    assert walked.frames == walked.steps
    assert walked.mean_bytes <= BUDGETS[USUAL]


def test_a_held_key_skips_to_the_latest_step(terminal: PseudoTerminal) -> None:
    """A hundred keys that wait are one jump, not a hundred frames to sit through."""
    resized(terminal, USUAL)
    frames = terminal.frames
    terminal.press("n" * 100)
    terminal.wait_for("t 100 of 200", 10)
    terminal.settle(0.3)
    assert terminal.frames - frames < 50
    assert "t 100 of 200" in terminal.text


def test_a_window_dragged_while_stepping_shows_the_step_at_every_size(terminal: PseudoTerminal) -> None:
    resized(terminal, USUAL)
    step = 0
    for size in (LARGE, TINY, (120, 30), (61, 17), USUAL):
        terminal.press("nnn")
        terminal.resize(*size)
        terminal.press("nn")
        step += 5
        terminal.wait_for(f"t {step} of 200", 10)
        terminal.settle(0.3)
    assert_drawn_afresh_is_the_same(terminal)


def assert_drawn_afresh_is_the_same(terminal: PseudoTerminal) -> None:
    """What piecemeal drawing left on the screen is what drawing it whole gives."""
    terminal.settle(0.3)
    piecemeal = terminal.text
    columns, rows = terminal.columns, terminal.rows
    terminal.resize(columns - 1, rows)
    terminal.settle(0.5)
    terminal.resize(columns, rows)
    terminal.settle(0.5)
    assert terminal.text == piecemeal


def test_many_steps_leave_no_litter_on_the_screen(terminal: PseudoTerminal) -> None:
    resized(terminal, USUAL)
    for key in "nnnjjvvNJ]}n}{n[a":
        terminal.press(key)
        terminal.settle(0.05)
    assert_drawn_afresh_is_the_same(terminal)


def test_a_window_dragged_below_a_dialogue_leaves_both_usable(terminal: PseudoTerminal) -> None:
    resized(terminal, USUAL)
    terminal.press("g")
    terminal.wait_for("Go to timestep")
    for size in (TINY, LARGE, USUAL):
        terminal.resize(*size)
        terminal.settle(0.3)
        assert "Go to timestep" in terminal.text
    terminal.press("42\r")
    terminal.wait_for("t 42 of 200")


def test_ctrl_c_says_how_to_quit_and_kills_nothing(terminal: PseudoTerminal) -> None:
    resized(terminal, USUAL)
    terminal.press(CTRL_C)
    terminal.wait_for("quit")
    terminal.press(ESCAPE)
    terminal.settle(0.2)
    terminal.press("n")
    terminal.wait_for("t 1 of 200")
    assert terminal.process.poll() is None


@pytest.mark.parametrize("size", BUDGETS, ids=lambda size: f"{size[0]}x{size[1]}")
def test_five_watches_and_three_breakpoints_stay_within_the_bytes(
    terminal: PseudoTerminal, size: tuple[int, int]
) -> None:
    resized(terminal, size)
    if "Watches" not in terminal.text:
        for key, asked, texts in (("K", "Stop where", POINTS), ("k", "Watch at", WATCHES)):
            terminal.press(key)
            terminal.wait_for(asked, 20)
            for text in texts:
                terminal.press(f"{text}\r")
                terminal.wait_for(text, 20)
            terminal.settle(0.5)
            terminal.press(ESCAPE)
            terminal.settle(0.5)
    terminal.press("n0")
    terminal.settle(0.5)
    walked = walk(terminal, 15)
    assert "Watches" in terminal.text and "Breakpoints" in terminal.text
    assert walked.frames == walked.steps
    assert walked.mean_bytes <= BUDGETS[size], f"bytes of each step: {walked.step_bytes}"
