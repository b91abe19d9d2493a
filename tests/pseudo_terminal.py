"""The real app in a pseudo-terminal: keys in, bytes out, and the screen that those bytes draw.

Used by the end-to-end tests and by the benchmarks. Bytes are counted where a terminal would receive them.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyte

#: Textual brackets each frame with these where the terminal supports synchronized updates.
_FRAME = b"\x1b[?2026h"


class PseudoTerminal:
    """Runs `command` in a terminal of `columns` × `rows`."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.columns, self.rows = columns, rows
        self.received = 0
        self.frames = 0
        self.everything = bytearray()
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        inherited = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "COLORTERM"}}
        wanted = {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            **(environment or {}),
        }
        self.process = subprocess.Popen(
            list(command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**inherited, **wanted},
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - the terminal has to become the app's own
        )
        os.close(slave)

    def resize(self, columns: int, rows: int) -> None:
        """As if the user had dragged the window."""
        self.columns, self.rows = columns, rows
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)
        self.process.send_signal(signal.SIGWINCH)

    def press(self, keys: str) -> None:
        """Type; escape sequences go through as they are."""
        os.write(self._master, keys.encode())

    def read(self, seconds: float) -> int:
        """Take in what arrives within `seconds`; the number of bytes."""
        before = self.received
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not self._read_once(left):
                break
        return self.received - before

    def settle(self, quiet: float = 0.25, limit: float = 10.0) -> int:
        """Take in what arrives until nothing has come for `quiet` seconds; the number of bytes."""
        before, end = self.received, time.monotonic() + limit
        while time.monotonic() < end and self._read_once(quiet):
            pass
        return self.received - before

    def wait_for(self, text: str, seconds: float = 60.0) -> str:
        """The screen once it shows `text`. Raises: AssertionError with the screen where it does not."""
        end = time.monotonic() + seconds
        while text not in self.text:
            if time.monotonic() > end or (self.process.poll() is not None and not self._read_once(0.2)):
                raise AssertionError(f"{text!r} did not appear; the screen shows:\n{self.text}")
            self._read_once(0.2)
        return self.text

    @property
    def text(self) -> str:
        """The screen as lines of text."""
        return "\n".join(self._screen.display)

    def cpu_seconds(self) -> float:
        """User and system time of the app's own process so far (Linux)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> int:
        """End the app, by force where it does not go; its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self._drain_until_gone(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        status = self.process.wait()
        os.close(self._master)
        return status

    def _drain_until_gone(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(self.process.args, seconds)
            self._read_once(0.1)

    def _read_once(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux says EIO once the other side has closed
            return False
        self.received += len(data)
        self.frames += data.count(_FRAME)
        self.everything += data
        self._stream.feed(data)
        return bool(data)

    def __enter__(self) -> PseudoTerminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def lstm_tui(*arguments: str | Path) -> list[str]:
    """The command line of this checkout's app."""
    return [sys.executable, "-m", "lstm_tui", *map(str, arguments)]
