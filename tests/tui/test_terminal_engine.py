"""The engine killed at any moment: said on the screen, replaced, and the session goes on with nothing lost.

What the engine does at the moment of its death is made sure of by stopping it first: a stopped engine takes a
request and does not answer it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pseudo_terminal import PseudoTerminal, children
from tests.tui.terminal import CTRL_R, ENTER, at_rest, model_files, started, stepping

pytestmark = pytest.mark.keras

STEPS = 20


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PseudoTerminal]:
    """One app whose engines die, one after the other; TensorFlow has hardly begun to start."""
    files = model_files()
    with started(
        files / "small.keras", "--input", files / "x.npy", place=tmp_path_factory.mktemp("place")
    ) as terminal:
        terminal.wait_for("head")
        yield terminal


def host(terminal: PseudoTerminal) -> int:
    terminal.wait_until(lambda: bool(children(terminal.process.pid)), "a host")
    return children(terminal.process.pid)[0]


def worker(terminal: PseudoTerminal) -> int:
    terminal.wait_until(lambda: bool(children(host(terminal))), "a worker")
    return children(host(terminal))[0]


def kill(terminal: PseudoTerminal, pid: int) -> None:
    """Kill it, and read until the screen has said so."""
    seen = len(terminal.everything)
    os.kill(pid, signal.SIGKILL)
    terminal.wait_until(lambda: b"engine killed by" in terminal.everything[seen:], "word of the engine's end")


def rescale(terminal: PseudoTerminal) -> None:
    """An edit: the first that is offered."""
    terminal.press("s")
    terminal.wait_for("standard")
    terminal.press(ENTER)
    terminal.wait_for("unsaved changes")


def assert_steps(terminal: PseudoTerminal) -> None:
    terminal.wait_for("engine ready", 120)
    at_rest(terminal)
    terminal.press("nn")
    terminal.wait_for(f"t 2 of {STEPS}")


def test_the_host_killed_while_tensorflow_is_imported(terminal: PseudoTerminal) -> None:
    """The first test on this app, or TensorFlow is there already."""
    kill(terminal, host(terminal))
    terminal.wait_for(f"t 0 of {STEPS}", 120)
    assert_steps(terminal)


def test_killed_while_it_rests(terminal: PseudoTerminal) -> None:
    terminal.wait_for("engine ready", 120)
    at_rest(terminal)
    before = worker(terminal)
    kill(terminal, before)
    assert_steps(terminal)
    assert worker(terminal) != before


def test_killed_while_it_records(terminal: PseudoTerminal) -> None:
    """The edit stands, and its recording comes from the next engine."""
    at_rest(terminal)
    pid = worker(terminal)
    os.kill(pid, signal.SIGSTOP)
    rescale(terminal)
    terminal.wait_for("Recording every timestep")
    kill(terminal, pid)
    terminal.wait_for("t 0 of 20")
    assert "unsaved changes" in terminal.text
    assert_steps(terminal)
    terminal.press("u")
    terminal.wait_until(lambda: "unsaved" not in terminal.text, "the edit undone")
    assert_steps(terminal)


def test_killed_while_it_loads(terminal: PseudoTerminal) -> None:
    at_rest(terminal)
    os.kill(worker(terminal), signal.SIGKILL)
    terminal.wait_for("loading")
    kill(terminal, worker(terminal))
    assert_steps(terminal)


def test_the_host_killed_while_all_rests(terminal: PseudoTerminal) -> None:
    """With it die its engines; TensorFlow is imported once more."""
    at_rest(terminal)
    before = host(terminal)
    kill(terminal, before)
    assert_steps(terminal)
    assert host(terminal) != before


@pytest.fixture(scope="module")
def loud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PseudoTerminal, Path]]:
    """An app whose model prints wherever it can, and kills its engine where a file in its folder asks."""
    files, place = model_files(), tmp_path_factory.mktemp("loud")
    arguments = ("--custom-objects", "loud_layer", files / "loud.keras", "--input", files / "x.npy")
    with started(*arguments, place=place) as terminal:
        yield stepping(terminal, STEPS), place


def test_nothing_that_the_engine_prints_reaches_the_screen(loud: tuple[PseudoTerminal, Path]) -> None:
    """It is in the engine's log, which shows that it was printed."""
    terminal, _ = loud
    log = Path(f"/proc/{worker(terminal)}/fd/2").read_bytes()
    for what in (
        b"import fd 1",
        b"import fd 2",
        b"tracing stdout",
        b"tracing stderr",
        b"tf.print",
        b"running fd 1",
    ):
        assert b"LOUD " + what in log
    assert b"LOUD" not in terminal.everything
    for mark in (b"tensorflow/", b"oneDNN", b"absl::", b"cuda"):
        assert mark not in terminal.everything


def test_a_run_that_kills_its_engine_is_tried_twice_and_no_more(loud: tuple[PseudoTerminal, Path]) -> None:
    """The plan can be asked for again, and undone."""
    terminal, place = loud
    at_rest(terminal)
    (place / "die-running").touch()
    rescale(terminal)
    terminal.wait_for("ended twice", 90)
    (place / "die-running").unlink()
    terminal.press(CTRL_R)
    terminal.wait_for(f"t 0 of {STEPS}")
    assert "unsaved changes" in terminal.text
    terminal.press("u")
    assert_steps(terminal)


def test_a_model_that_kills_its_engine_while_loading_is_given_up(loud: tuple[PseudoTerminal, Path]) -> None:
    terminal, place = loud
    at_rest(terminal)
    (place / "die-loading").touch()
    os.kill(worker(terminal), signal.SIGKILL)
    terminal.wait_for("Ctrl+R", 20)
    seen = len(terminal.everything)
    terminal.settle(1.0, 5.0)
    assert terminal.everything[seen:].count(b"loading") < 5, "engines die one after the other"
    (place / "die-loading").unlink()
    terminal.press(CTRL_R)
    assert_steps(terminal)


def test_nothing_of_the_engine_outlives_the_app(loud: tuple[PseudoTerminal, Path]) -> None:
    """Killed itself, it cannot clean up; the engine notices. The last test on this app."""
    terminal, _ = loud
    terminal.wait_for("engine ready", 120)
    left = [host(terminal), worker(terminal)]
    terminal.process.kill()
    assert eventually(lambda: not any(map(lives, left)))


def eventually(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it comes to hold within the time."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


def lives(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
