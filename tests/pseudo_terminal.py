"""The real app in a pseudo-terminal: keys in, bytes out, and the screen that those bytes draw.

Used by the end-to-end tests and by the benchmarks. Bytes and frames are counted where a terminal would
receive them. Like the terminals that people use, this one says that it takes synchronized updates, so that
every frame comes in brackets. What it refuses: a guess at when the app is done. One waits for a text or a
frame.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import pty
import resource
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO

import pyte

#: Asked by Textual at its start, and what a terminal with synchronized updates answers.
_ASKS_FOR_SYNC = b"\x1b[?2026$p"
_HAS_SYNC = b"\x1b[?2026;2$y"
#: The end of a frame.
_FRAME_END = b"\x1b[?2026l"
#: What the environment of whoever runs the tests may say about a terminal is not for the app under test.
_OF_ANOTHER_TERMINAL = {
    "NO_COLOR",
    "COLORTERM",
    "LC_ALL",
    "LC_CTYPE",
    "TERM_PROGRAM",
    "TMUX",
    "COLUMNS",
    "LINES",
}
_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE = 24, 1
_XTERM = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}


class PseudoTerminal:
    """Runs `command` in a terminal of `columns` × `rows`.

    received, frames: bytes and frames so far, frames by the brackets of synchronized updates.
    everything: the bytes themselves. cwd: where the app runs.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stderr: IO[bytes] | None = None,
        synchronized: bool = True,
        owned: bool = True,
    ) -> None:
        """`stderr`: a file instead of the terminal. `owned`: the app is told by a signal when it is gone."""
        self.columns, self.rows = columns, rows
        self.cwd = cwd or Path.cwd()
        self.received = self.frames = 0
        self.everything = bytearray()
        self._synchronized = synchronized
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        self._hung_up = False
        _set_size(slave, columns, rows)
        inherited = {key: value for key, value in os.environ.items() if key not in _OF_ANOTHER_TERMINAL}
        self.process = subprocess.Popen(
            list(command),
            stdin=slave,
            stdout=slave,
            stderr=slave if stderr is None else stderr,
            env={**inherited, **_XTERM, **(environment or {})},
            cwd=cwd,
            start_new_session=True,
            preexec_fn=partial(_become_a_users_process, owned),  # noqa: PLW1509 - no other way to own a terminal
        )
        self.modes_before = termios.tcgetattr(slave)
        os.close(slave)

    @property
    def modes(self) -> list[object]:
        """The terminal's settings now: echo, line editing, signals (termios)."""
        return list(termios.tcgetattr(self._master))

    @property
    def text(self) -> str:
        """The screen as lines of text."""
        return "\n".join(self._screen.display)

    def resize(self, columns: int, rows: int) -> None:
        """As if the user had dragged the window; the kernel tells the app."""
        self.columns, self.rows = columns, rows
        self._screen.resize(rows, columns)
        _set_size(self._master, columns, rows)

    def press(self, keys: str) -> None:
        """Type; escape sequences go through as they are."""
        os.write(self._master, keys.encode())

    def scribble(self, text: str) -> None:
        """As if another program had written to the terminal."""
        self._stream.feed(text.encode())

    def hang_up(self) -> None:
        """As if the connection had broken: the terminal is gone, and the kernel sends SIGHUP."""
        self._hung_up = True
        os.close(self._master)

    def limit_files(self, size: int) -> None:
        """From now on no file that the app writes can grow beyond `size` bytes, as on a full disk (Linux)."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def read(self, seconds: float) -> int:
        """Take in what arrives within `seconds`; the number of bytes."""
        before, end = self.received, time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read_once(left)
        return self.received - before

    def settle(self, quiet: float = 0.25, limit: float = 10.0) -> int:
        """Take in what arrives until nothing has come for `quiet` seconds; the number of bytes."""
        before, end = self.received, time.monotonic() + limit
        while time.monotonic() < end and self._read_once(quiet):
            pass
        return self.received - before

    def draw(self, keys: str, quiet: float = 0.03) -> int:
        """Type, and take in the frame that follows; the number of bytes."""
        before, frames = self.received, self.frames
        self.press(keys)
        self.wait_until(lambda: self.frames > frames, f"a frame after {keys!r}", 10)
        self.settle(quiet)
        return self.received - before

    def wait_for(self, text: str, seconds: float = 60.0) -> str:
        """The screen once it shows `text`. Raises: AssertionError with the screen where it does not."""
        self.wait_until(lambda: text in self.text, repr(text), seconds)
        self.settle(0.03)  # a frame may arrive in pieces
        return self.text

    def wait_until(self, holds: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """Take in what arrives until `holds`. Raises: AssertionError with the screen where it never does."""
        end = time.monotonic() + seconds
        while not holds():
            ended = self.process.poll() is not None
            if not self._read_once(0.1) and (ended or time.monotonic() > end) and not holds():
                state = f"exit status {self.process.returncode}" if ended else f"{seconds:g} s"
                raise AssertionError(f"{what}: not seen ({state}); the screen shows:\n{self.text}")

    def wait_for_end(self, seconds: float = 10.0) -> int:
        """The exit status, minus a signal's number, of an app that ends by itself."""
        if not self._hung_up:
            self.wait_until(lambda: self.process.poll() is not None, "the end of the app", seconds)
            self.settle(0.05)
        return self.process.wait(seconds)

    def cpu_seconds(self) -> float:
        """User and system time of the app's own process so far, without the engine's (Linux)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> int:
        """End the app, by force where it does not go; its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.wait_for_end(5)
            except (AssertionError, subprocess.TimeoutExpired):
                self.process.kill()
        status = self.process.wait()
        if not self._hung_up:
            self.hang_up()
        return status

    def _read_once(self, seconds: float) -> bool:
        """Whether anything came within `seconds`."""
        ready, _, _ = select.select([self._master], [], [], max(seconds, 0))
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux says EIO once the other side has closed
            return False
        if self._synchronized and _ASKS_FOR_SYNC in data:
            os.write(self._master, _HAS_SYNC)
        seen = max(len(self.everything) - len(_FRAME_END) + 1, 0)  # a bracket may arrive in two pieces
        self.everything += data
        self.received += len(data)
        self.frames += self.everything.count(_FRAME_END, seen)
        self._stream.feed(data)
        return bool(data)

    def __enter__(self) -> PseudoTerminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def children(pid: int) -> list[int]:
    """Processes that `pid` started and that live, oldest first (Linux)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
        except OSError:  # it ended meanwhile
            continue
        if int(parent) == pid and state != "Z":
            found.append(int(stat.parent.name))
    return sorted(found)


def lstm_tui(*arguments: str | Path) -> list[str]:
    """The command line of this checkout's app."""
    return [sys.executable, "-m", "lstm_tui", *map(str, arguments)]


def _set_size(descriptor: int, columns: int, rows: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _become_a_users_process(owning: bool) -> None:
    """In the child: the terminal is its own; a folder without write permission is one for root as well."""
    if owning:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0)
