"""A sequence too long to be kept, in a real terminal: it fills the screen, stops, goes on, outlives engines.

The memory for recordings is set so low that a small model on twenty thousand steps is too much.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.stepping import BUDGETS, walk
from tests.pseudo_terminal import PseudoTerminal, children
from tests.tui.terminal import USUAL, at_rest, leave, model_files, started

pytestmark = pytest.mark.keras

STEPS = 40_000


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PseudoTerminal]:
    """The app on a long input, its recording stopped soon after it began."""
    place = tmp_path_factory.mktemp("place")
    (place / "settings.toml").write_text("recording_memory_mb = 1\n", encoding="utf-8")
    x = np.random.default_rng(3).normal(size=(1, STEPS, 3)).astype(np.float32)
    np.save(place / "long.npy", x)
    with started(model_files() / "small.keras", "--input", place / "long.npy", place=place) as terminal:
        terminal.wait_for("recording ", 240)
        terminal.press("x")
        terminal.wait_for("stopped at", 60)
        yield terminal


def recorded(terminal: PseudoTerminal) -> int:
    """How much of it there is, in percent, as the title says."""
    title = terminal.text.splitlines()[0]
    return int(title.partition("at ")[2].partition("%")[0])


def test_it_stops_and_what_is_there_can_be_walked_through(terminal: PseudoTerminal) -> None:
    at_rest(terminal)
    share = recorded(terminal)
    terminal.settle(1.0)
    assert recorded(terminal) == share < 100
    terminal.press("nn")
    terminal.wait_for(f"t 2 of {STEPS}")
    assert "unit" in terminal.text
    assert "In stretches" in terminal.text


def test_a_step_that_is_not_there_says_so(terminal: PseudoTerminal) -> None:
    at_rest(terminal)
    terminal.press("$")
    terminal.wait_for("is not recorded: x goes on")


def test_a_step_costs_what_it_costs_in_a_short_recording(terminal: PseudoTerminal) -> None:
    at_rest(terminal)
    walked = walk(terminal, 60)
    assert walked.frames == walked.steps
    assert walked.mean_bytes <= BUDGETS[USUAL], walked.step_bytes


def test_an_engine_killed_in_the_middle_goes_on_from_the_last_border(terminal: PseudoTerminal) -> None:
    at_rest(terminal)
    share = recorded(terminal)
    (host,) = children(terminal.process.pid)
    (engine,) = children(host)
    terminal.press("x")
    terminal.wait_for("recording ", 60)
    os.kill(engine, signal.SIGKILL)  # at once: the rest takes a few seconds
    terminal.wait_until(lambda: b"engine killed by" in terminal.everything, "word of the engine's end")
    terminal.wait_for("recording ", 120)
    terminal.press("x")
    terminal.wait_for("stopped at", 60)
    assert recorded(terminal) >= share
    terminal.press("x")
    terminal.wait_for("engine ready", 400)
    terminal.press("$")
    terminal.wait_for(f"t {STEPS - 1} of {STEPS}")
    terminal.wait_for("unit", 60)


def test_the_whole_timeline_and_any_step_of_it(terminal: PseudoTerminal) -> None:
    """After the tests above, when everything is recorded."""
    terminal.wait_for("engine ready", 400)
    at_rest(terminal)
    terminal.press("z" * 9)
    terminal.wait_for("the whole sequence is in view")
    leave(terminal)
    for step in (31_234, 5):
        terminal.press("g")
        terminal.wait_for("Enter accepts")
        terminal.press(f"{step}\r")
        terminal.wait_for(f"t {step} of {STEPS}")
        terminal.wait_for("unit", 60)
    terminal.press("Z" * 9)
    terminal.wait_for("every step has a column")
    leave(terminal)


def test_an_edit_drops_it_and_a_short_sequence_is_recorded_whole(terminal: PseudoTerminal) -> None:
    at_rest(terminal)
    terminal.press("S")
    terminal.wait_for("Enter does it")
    terminal.press("last: 50\r")
    terminal.wait_for("t 0 of 50", 120)
    assert "In stretches" not in terminal.text
    terminal.press("u")
    terminal.wait_for("In stretches", 60)


def test_the_engine_stays_small(terminal: PseudoTerminal) -> None:
    (host,) = children(terminal.process.pid)
    status = Path(f"/proc/{children(host)[0]}/status").read_text(encoding="ascii")
    peak = int(status.partition("VmHWM:")[2].split()[0])
    assert peak < 1_000_000, f"{peak} kB"
