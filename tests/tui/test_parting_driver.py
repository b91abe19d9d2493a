"""A driver whose terminal goes away while there is much to write to it."""

from __future__ import annotations

import os
import pty
import threading
from typing import IO, Any

import pytest
from textual.app import App
from textual.driver import Driver
from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread

from lstm_tui.tui.parting_driver import parting_driver


class OnFile(Driver):
    """As Textual's driver for Linux: a file, and a thread that writes to it."""

    def __init__(self, app: App[Any], file: IO[str]) -> None:
        super().__init__(app)
        self._file = file

    def write(self, data: str) -> None:
        self._thread.write(data)

    def run_input_thread(self) -> None:
        if not os.read(self._file.fileno(), 1):
            raise OSError

    def start_application_mode(self) -> None:
        self._thread = WriterThread(self._file)
        self._thread.start()

    def disable_input(self) -> None:
        raise AssertionError

    def stop_application_mode(self) -> None:
        self._thread.stop()


@pytest.fixture
def terminal() -> tuple[int, IO[str]]:
    ours, theirs = pty.openpty()
    return ours, os.fdopen(theirs, "w", encoding="utf-8")


async def test_what_is_written_to_a_terminal_that_is_gone_is_dropped(terminal: tuple[int, IO[str]]) -> None:
    ours, file = terminal
    made: Any = parting_driver(OnFile, lambda: None)
    driver = made(App(), file)
    driver.start_application_mode()
    driver.write("seen")
    assert os.read(ours, 4) == b"seen"
    os.close(ours)

    def much() -> None:
        for _ in range(3 * MAX_QUEUED_WRITES):
            driver.write("unseen")
        driver.stop_application_mode()

    writing = threading.Thread(target=much, daemon=True)
    writing.start()
    writing.join(10)
    assert not writing.is_alive()


async def test_it_says_when_the_terminal_is_gone_and_takes_its_end_for_no_bug(
    terminal: tuple[int, IO[str]],
) -> None:
    ours, file = terminal
    gone = threading.Event()
    made: Any = parting_driver(OnFile, gone.set)
    driver = made(App(), file)
    assert not gone.wait(0.1)
    os.close(ours)
    assert gone.wait(10)
    driver.run_input_thread()
