"""How the engine's processes behave towards the machine and towards the process that started them.

They yield the processor, are the first to go when memory runs out, ignore the terminal's Ctrl-C, and do not
outlive whom they serve.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from select import POLLHUP, poll
from types import TracebackType
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
#: The host holds no work, the worker holds what the user can have again: the worker goes first.
OOM_HOST, OOM_WORKER = 500, 900


def step_back() -> None:
    """Yield the processor to the terminal process, and leave Ctrl-C to it."""
    with suppress(OSError):
        os.nice(10)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def volunteer_for_oom(score: int) -> None:
    """Ask the kernel to end this process rather than another when memory runs out (Linux)."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(score), encoding="ascii")


def die_with_parent(parent: int) -> None:
    """Be killed when the thread that started this process ends (Linux; elsewhere `Lifeline` does it)."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


@contextmanager
def without_scikit_learn() -> Iterator[None]:
    """Within, scikit-learn is as if it were not installed, unless it is imported already.

    Keras imports it for wrappers that nothing here uses, and SciPy's statistics with it: an eighth of the
    time that importing TensorFlow and Keras takes. Only for a process in which no code of the user's runs.
    """
    if "sklearn" in sys.modules:
        yield
        return
    sys.modules["sklearn"] = None  # type: ignore[assignment]  # how Python is told that there is none
    try:
        yield
    finally:
        del sys.modules["sklearn"]


class Lifeline:
    """While in use, ends this process when the other end of `connection` closes, whatever runs meanwhile."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stop_here, self._stop_there = socket.socketpair()
        self._thread = threading.Thread(target=self._watch, name="lifeline", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_there.close()
        self._thread.join()
        self._stop_here.close()

    def _watch(self) -> None:
        watched = poll()
        watched.register(self._connection, POLLHUP)
        watched.register(self._stop_here, POLLHUP)
        hung_up = {descriptor for descriptor, _ in watched.poll()}
        if self._stop_here.fileno() not in hung_up:
            os._exit(0)
