"""Reading HDF5 in a forked child: a few damaged bytes make its C library crash, or turn in circles.

Measured: of about a thousand `.h5` files with up to eight bytes changed, one killed the process while an
attribute was read. In a child that is one plain error, and whoever looks at the file lives on. A fork takes 5
ms in the terminal's process and 50 ms in one with TensorFlow: the child reads, answers in JSON through a
pipe, and ends without cleaning up. It may wait for ever for a lock that a thread of TensorFlow held at the
fork; one in some thousand did. So a fork that is silent for long is given up for a fresh interpreter, which
has nobody's locks and takes half a second. Where there is no fork, the task runs here.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib
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

#: What is done to a file.
Task = Callable[..., Any]
#: Listing the largest files takes a second; whoever needs longer is turning in circles.
SECONDS = 30.0
#: A fork is given up after so long, or after this part of the whole time.
_FORK_SECONDS, _PART = 6.0, 0.2
#: What a fresh interpreter runs: it finds this package where it is.
_FRESH = """import sys; sys.path.insert(0, sys.argv[1])
from lstm_tui.model_file.guarded import answer_afresh
answer_afresh(sys.argv[2])"""
#: The descriptor to which it answers.
_PIPE = 3
_TODO = "Copy or download the file again."


def in_child(path: Path, task: Task, *arguments: Any, seconds: float = SECONDS) -> Any:
    """What `task(path, *arguments)` returns, a JSON value, computed in a child process.

    task: a function of a module, which can be imported. arguments: JSON values. It may be run twice.
    A `ModelFileError` or `OSError` that the task raises is raised here. Raises `CorruptModelError` where the
    child dies or does not end in time.
    """
    if not hasattr(os, "fork"):
        return task(path, *arguments)
    import h5py  # noqa: F401  once here, so that the children need not import it each time

    answer, status = _forked(task, (path, *arguments), min(_FORK_SECONDS, _PART * seconds))
    if answer is None:
        answer, status = _fresh(task, (path, *arguments), seconds)
    if answer is None:
        raise CorruptModelError(f"{path}: reading it did not end within {seconds:.0f} seconds.", todo=_TODO)
    if not answer:
        raise CorruptModelError(
            f"{path}: the HDF5 library crashed on it ({_end(status)}).",
            expected="a whole HDF5 file",
            todo=_TODO,
        )
    return _result(json.loads(answer))


def _forked(task: Task, arguments: tuple[Any, ...], seconds: float) -> tuple[bytes | None, int]:
    """What a fork answers, None where it takes too long; and how it ended."""
    reader, writer = os.pipe()
    child = _fork()
    if child == 0:
        _answer(task, arguments, writer, seconds)
    os.close(writer)
    return _answered(reader, child, seconds)


def _fresh(task: Task, arguments: tuple[Any, ...], seconds: float) -> tuple[bytes | None, int]:
    """The same of a new interpreter."""
    package = str(Path(__file__).parents[2])
    path, *more = arguments
    request = json.dumps([task.__module__, task.__qualname__, str(path), more, seconds])
    reader, writer = os.pipe()
    nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", _FRESH, package, request],
        os.environ,
        file_actions=[*nowhere, (os.POSIX_SPAWN_DUP2, writer, _PIPE)],
    )
    os.close(writer)
    return _answered(reader, child, seconds)


def answer_afresh(request: str) -> NoReturn:
    """In a new interpreter: what `in_child` asks for."""
    module, name, path, more, seconds = json.loads(request)
    task = getattr(importlib.import_module(module), name)
    _answer(task, (Path(path), *more), _PIPE, seconds)


def _answered(reader: int, child: int, seconds: float) -> tuple[bytes | None, int]:
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


def _answer(task: Task, arguments: tuple[Any, ...], writer: int, seconds: float) -> NoReturn:
    """In the child: run the task, write what came of it, and end at once."""
    try:
        _confine(seconds)
        try:
            message: dict[str, Any] = {"value": task(*arguments)}
        except ModelFileError as error:
            message = {"refused": [type(error).__name__, error.happened, error.expected, error.todo]}
        except OSError as error:
            message = {"os": [error.errno, error.strerror or str(error)]}
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
    if "os" in message:
        raise OSError(*message["os"])
    if "refused" in message:
        name, happened, expected, todo = message["refused"]
        raise getattr(refusals, name, ModelFileError)(happened, expected=expected, todo=todo)
    return message["value"]
