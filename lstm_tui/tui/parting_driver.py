"""A terminal may go while the app runs: its window is closed, the connection to it breaks.

Textual writes from a thread that dies of the first failed write; whoever writes after that waits for it, the
app on its way out, too. It reads on at the end of a terminal as fast as it can, and takes a failed read for a
bug. Here what is written to a terminal that is gone is dropped, and its end ends the app. The system's signal
(SIGHUP) often comes first, but only to the process that owns the terminal.
"""

from __future__ import annotations

import select
import threading
from collections.abc import Callable
from typing import IO, Any

from textual.driver import Driver


def parting_driver(driver: type[Driver], gone: Callable[[], object]) -> type[Driver]:
    """`driver`, one of Textual's for a terminal, that outlives it.

    gone: called from a thread of its own when the terminal is no longer there.
    """

    def init(self: Any, *arguments: Any, **options: Any) -> None:
        driver.__init__(self, *arguments, **options)
        self._file = _UntilItIsGone(self._file)
        if hasattr(select, "poll"):
            threading.Thread(target=_watch, args=(self._file.fileno(), gone), daemon=True).start()

    def run_input_thread(self: Any) -> None:
        try:
            driver.run_input_thread(self)  # type: ignore[attr-defined]
        except OSError:
            return  # the thread that watches tells

    members = {"__init__": init, "run_input_thread": run_input_thread, "__doc__": parting_driver.__doc__}
    return type(f"Parting{driver.__name__}", (driver,), members)


def _watch(descriptor: int, gone: Callable[[], object]) -> None:
    """Wait, at no cost, until the other side of the terminal is closed."""
    hang_up = select.poll()
    hang_up.register(descriptor, 0)
    if any(event & select.POLLHUP for _, event in hang_up.poll()):
        gone()


class _UntilItIsGone:
    """The terminal's file; writes to it do nothing from the first that fails."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._gone = False

    def write(self, text: str) -> int:
        self._or_gone(lambda: self._file.write(text))
        return len(text)

    def flush(self) -> None:
        self._or_gone(self._file.flush)

    def fileno(self) -> int:
        return self._file.fileno()

    def _or_gone(self, do: Callable[[], object]) -> None:
        if self._gone:
            return
        try:
            do()
        except OSError:
            self._gone = True
