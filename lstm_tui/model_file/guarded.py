"""Reading HDF5 in a forked child: a few damaged bytes make its C library crash, or turn in circles.

Measured: of about a thousand `.h5` files with up to eight bytes changed, one killed the process while an
attribute was read. In a child that is one plain error, and whoever looks at the file lives on. A fork takes 5
ms in the terminal's process and 50 ms in one with TensorFlow, whose threads and locks the child never
touches: it reads, answers in JSON through a pipe, and ends without cleaning up. Where there is no fork, the
task runs here.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from lstm_tui.errors import ModelFileError
from lstm_tui.model_file import refusals
from lstm_tui.model_file.refusals import CorruptModelError

#: Listing the largest files takes a second; whoever needs longer is turning in circles.
SECONDS = 30.0
#: A child may also wait for a lock that a thread of TensorFlow held at the fork: one in some thousand does.
#: So it is first given a part of that time, twice; another fork at another moment does not wait.
_FIRST_TRIALS, _PART = 2, 0.2
_TODO = "Copy or download the file again."


def in_child(path: Path, task: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """What `task` returns, a JSON value, computed in a child process.

    A `ModelFileError` that the task raises is raised here. Raises `CorruptModelError` where the child dies or
    does not end in time.
    """
    if not hasattr(os, "fork"):
        return task()
    import h5py  # noqa: F401  once here, so that the children need not import it each time

    for limit in (*(_PART * seconds,) * _FIRST_TRIALS, seconds):
        answer, status = _tried(task, limit)
        if answer is not None:
            break
    if answer is None:
        raise CorruptModelError(f"{path}: reading it did not end within {seconds:.0f} seconds.", todo=_TODO)
    if not answer:
        raise CorruptModelError(
            f"{path}: the HDF5 library crashed on it ({_end(status)}).",
            expected="a whole HDF5 file",
            todo=_TODO,
        )
    return _result(json.loads(answer))


def _tried(task: Callable[[], Any], seconds: float) -> tuple[bytes | None, int]:
    """What a child answers, None where it takes too long; and how it ended."""
    reader, writer = os.pipe()
    child = _fork()
    if child == 0:
        _answer(task, writer, seconds)
    os.close(writer)
    try:
        answer = _read(reader, seconds)
    finally:
        os.close(reader)
        status = _reap(child)
    return answer, status


def _fork() -> int:
    with warnings.catch_warnings():
        # Python warns of forks beside threads: locks they hold stay locked in the child, which takes none
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _answer(task: Callable[[], Any], writer: int, seconds: float) -> NoReturn:
    """In the child: run the task, write what came of it, and end at once."""
    try:
        _confine(seconds)
        try:
            message: dict[str, Any] = {"value": task()}
        except ModelFileError as error:
            message = {"refused": [type(error).__name__, error.happened, error.expected, error.todo]}
        except Exception:  # noqa: BLE001  a bug: the parent raises it, with this traceback
            message = {"bug": traceback.format_exc()}
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(json.dumps(message).encode())
    finally:
        os._exit(0)


def _confine(seconds: float) -> None:
    """Crash quietly, leave Ctrl-C to the parent, and end by oneself even if the parent is gone.

    Nothing of the parent's is collected here: what TensorFlow frees takes locks that a thread of the parent
    may have held at the fork, and nobody lets go of in the child.
    """
    gc.disable()
    faulthandler.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 1))


def _reap(child: int) -> int:
    """End the child if it has not ended by itself; how it ended."""
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    try:
        return os.waitpid(child, 0)[1]
    except ChildProcessError:  # somebody waits for all children of this process
        return 0


def _read(reader: int, seconds: float) -> bytes | None:
    """All that the child writes; None where it takes too long."""
    pieces: list[bytes] = []
    end = time.monotonic() + seconds
    while True:
        ready, _, _ = select.select([reader], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return None
        piece = os.read(reader, 1 << 20)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)


def _end(status: int) -> str:
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"exit status {os.waitstatus_to_exitcode(status)}"


def _result(message: dict[str, Any]) -> Any:
    if "bug" in message:
        raise RuntimeError(f"reading HDF5 failed in a child process:\n{message['bug']}")
    if "refused" in message:
        name, happened, expected, todo = message["refused"]
        raise getattr(refusals, name, ModelFileError)(happened, expected=expected, todo=todo)
    return message["value"]
