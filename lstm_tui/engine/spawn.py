"""Starts and ends the processes of the engine, from the side of whoever wants one.

A host process imports TensorFlow once and then makes workers, each of which is an engine (`host`). Standard
library only, and nothing heavy of it: the host is to be on its way before the terminal process imports
Textual.
"""

from __future__ import annotations

import io
import json
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lstm_tui.engine.environment import tensorflow_environment
from lstm_tui.engine.options import EngineOptions, Setup
from lstm_tui.errors import EngineUnavailable

#: What is said to a host: what to do, and with which worker; with `START` go its socket and its status pipe.
ORDER: Final = struct.Struct("!cI")
START: Final = b"+"
KILL: Final = b"-"
_LOG_TAIL: Final = 16 * 1024


class WorkerLink:
    """One worker as its client sees it: the socket to talk through, and what the host says of it.

    The status pipe carries lines of JSON: `{"pid": 123}` at its start, `{"ended": -9}` at its end. If it ends
    without the latter, the host itself is gone.
    """

    def __init__(
        self, number: int, connection: socket.socket, status: int, host: subprocess.Popen[bytes]
    ) -> None:
        self.number = number
        self.connection = connection
        self._status: io.FileIO | None = io.FileIO(status)
        self._host = host
        self._unread = b""
        self._pid: int | None = None
        self._ended: int | None = None
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Process id of the worker; None until it runs."""
        with self._lock:
            self._read_status()
            return self._pid

    def exit_status(self, timeout: float) -> int | None:
        """How it ended: exit status, or minus a signal; None if nobody tells within `timeout` seconds."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            with self._lock:
                self._read_status()
                if self._ended is not None:
                    return self._ended
                if self._status is None:
                    return self._host_status(until - time.monotonic())
                select.select([self._status], [], [], 0.05)
        return None

    def close(self) -> None:
        """Release what is held of it."""
        self.connection.close()
        with self._lock:
            self._close_status()

    def _read_status(self) -> None:
        while self._status is not None and select.select([self._status], [], [], 0)[0]:
            part = self._status.read(4096)
            if not part:
                self._close_status()
                return
            *lines, self._unread = (self._unread + part).split(b"\n")
            for line in lines:
                said = json.loads(line)
                self._pid = said.get("pid", self._pid)
                self._ended = said.get("ended", self._ended)

    def _close_status(self) -> None:
        if self._status is not None:
            self._status.close()
            self._status = None

    def _host_status(self, timeout: float) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            return self._host.wait(max(0.0, timeout))
        return None


@dataclass(frozen=True, eq=False)
class _Host:
    process: subprocess.Popen[bytes]
    control: socket.socket


class EngineHost:
    """The host process: started when the first worker is asked for, started again should it have ended."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._log = _open_log(setup.options.log_path)
        weakref.finalize(self, os.close, self._log)
        self._host: _Host | None = None
        self._workers = 0
        self._users = 0
        self._lock = threading.Lock()

    @property
    def options(self) -> EngineOptions:
        """Those of every engine that comes from here."""
        return self._setup.options

    @property
    def pid(self) -> int | None:
        """Process id of the host, None when none runs."""
        host = self._host
        return host.process.pid if host is not None and host.process.poll() is None else None

    def acquire(self) -> None:
        """One more engine uses this host."""
        with self._lock:
            self._users += 1

    def release(self) -> None:
        """One engine less; the last one ends the host."""
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._end()

    def warm_up(self) -> None:
        """Start the host, so that TensorFlow is on its way before the first worker is asked for."""
        with self._lock:
            self._running()

    def open_worker(self) -> WorkerLink:
        """Ask for a worker; returns long before it is ready. OSError if no process can be started."""
        with self._lock:
            try:
                return self._open_worker(self._running())
            except ConnectionError:
                # The host had ended, and nobody had looked yet.
                self._end()
                return self._open_worker(self._running())

    def kill_worker(self, number: int) -> None:
        """Have the host kill a worker: only a parent can be sure whose process id it is."""
        with self._lock, suppress(OSError):
            if self._host is not None:
                self._host.control.send(ORDER.pack(KILL, number))

    def log_size(self) -> int:
        """Bytes in the log, to know later what came after."""
        return os.fstat(self._log).st_size

    def log_since(self, start: int) -> str:
        """What has been written to the log since, at most the last 16 KB of it."""
        size = self.log_size()
        start = min(max(start, size - _LOG_TAIL, 0), size)
        return os.pread(self._log, _LOG_TAIL, start).decode("utf-8", "replace")

    def _running(self) -> _Host:
        if self._host is None or self._host.process.poll() is not None:
            self._end()
            self._host = self._start()
        return self._host

    def _start(self) -> _Host:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = subprocess.Popen(
                    [*child_command("host", theirs.fileno(), self._setup), _life_of_this_thread()],
                    stdin=subprocess.DEVNULL,
                    stdout=self._log,
                    stderr=self._log,
                    env={**os.environ, **tensorflow_environment(self._setup.options)},
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,  # the terminal's Ctrl-C and hang-up are not for the engine
                )
            except BaseException:
                ours.close()
                raise
        return _Host(process, ours)

    def _open_worker(self, host: _Host) -> WorkerLink:
        ours, theirs = socket.socketpair()
        status_here, status_there = os.pipe()
        self._workers += 1
        try:
            order = ORDER.pack(START, self._workers)
            socket.send_fds(host.control, [order], [theirs.fileno(), status_there])
        except BaseException:
            ours.close()
            os.close(status_here)
            raise
        finally:
            theirs.close()
            os.close(status_there)
        return WorkerLink(self._workers, ours, status_here, host.process)

    def _end(self) -> None:
        host, self._host = self._host, None
        if host is None:
            return
        host.control.close()  # tells it to kill its workers and go
        try:
            host.process.wait(0.5)
        except subprocess.TimeoutExpired:
            host.process.kill()
            host.process.wait()


def child_command(role: str, descriptor: int, setup: Setup) -> list[str]:
    """A command line for the engine's processes. `-P`: no `json.py` in the folder is taken for Python's."""
    entry = Path(__file__).with_name("__main__.py")
    return [sys.executable, "-P", "-u", str(entry), role, str(descriptor), setup.to_argument()]


def _life_of_this_thread() -> str:
    """Process id for the host to die with; empty if the thread that starts it may end before the program.

    Linux tells a child of the death of the *thread* that started it.
    """
    return str(os.getpid()) if threading.current_thread() is threading.main_thread() else ""


def _open_log(path: Path | None) -> int:
    if path is None:
        with tempfile.TemporaryFile(buffering=0) as file:
            return os.dup(file.fileno())
    try:
        return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EngineUnavailable(f"The engine's log cannot be written: {error}") from error
