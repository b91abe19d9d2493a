"""The engine as the terminal process sees it: requests go down, events come up, and its end is an event too.

`EngineProcess` never waits for TensorFlow: only `next_event` and `ask` wait, and they are for a reader thread
or a program without a screen. Whatever comes up is taken as data from a stranger (`values`), and texts are
made safe.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Final

from lstm_tui.checks.finding import Finding
from lstm_tui.engine.options import KERAS_ADAPTER, EngineOptions, Setup
from lstm_tui.engine.protocol import (
    Answer,
    Answered,
    EngineGone,
    EngineReady,
    Event,
    Found,
    Progressed,
    Refused,
    Request,
    Unserviceable,
)
from lstm_tui.engine.spawn import EngineHost, WorkerLink
from lstm_tui.engine.transport import Channel, ChannelClosed
from lstm_tui.engine.values import MalformedValueError
from lstm_tui.errors import EngineDied, EngineUnavailable, LstmTuiError
from lstm_tui.plain_text import one_line

#: How long the host may take to say how a worker ended.
_OBITUARY_SECONDS: Final = 2.0
_LAST_WORDS: Final = 8
_DETAIL_LINES: Final = 400
#: TensorFlow complains of the GPUs that it was not to see; that has killed nobody.
_NO_GPU: Final = "cuInit"
#: With this the interpreter begins its report of a crash in native code.
_CRASH: Final = "Fatal Python error"
_HINTS: Final[dict[int, str]] = {
    signal.SIGKILL: "; the machine may have run out of memory",
    signal.SIGILL: "; this processor may lack instructions that TensorFlow was built for",
}


@dataclass(eq=False)
class _Life:
    """One worker, from `start` to `EngineGone`."""

    link: WorkerLink
    channel: Channel
    log_start: int
    stopped: bool = False


class EngineProcess:
    """One engine at a time. After `EngineGone`, `start` gives another: in 0.1 s where the host still stands.

    One thread calls `next_event`; everything else may be called from any thread.
    """

    def __init__(
        self,
        options: EngineOptions | None = None,
        *,
        adapter: str = KERAS_ADAPTER,
        host: EngineHost | None = None,
    ) -> None:
        """`host`: one that is warmed up, or that other engines use. `adapter`: see `answering.Adapter`."""
        self._host = host or EngineHost(Setup(options or EngineOptions(), adapter))
        self._host.acquire()
        self._life: _Life | None = None
        self._requests = 0
        self._closed = False
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Process id of the engine; None while it has none (TensorFlow is being imported, or it is gone)."""
        life = self._life
        return life.link.pid if life is not None else None

    @property
    def options(self) -> EngineOptions:
        """What the user allows a model to do, and what an engine may take."""
        return self._host.options

    @property
    def host_pid(self) -> int | None:
        """Process id of the host that makes the engines."""
        return self._host.pid

    def start(self) -> None:
        """Start an engine if none lives; returns at once. EngineUnavailable if no process can be started."""
        with self._lock:
            if self._closed:
                raise EngineUnavailable("The engine has been closed.")
            if self._life is not None:
                return
            try:
                link = self._host.open_worker()
            except OSError as error:
                raise EngineUnavailable(f"The engine's process cannot be started: {error}") from error
            self._life = _Life(link, Channel(link.connection), self._host.log_size())

    def another(self) -> EngineProcess:
        """A second engine from the same host, not started yet; they share TensorFlow's memory."""
        return EngineProcess(host=self._host)

    def send(self, request: Request) -> int:
        """Send a request; returns its number. BrokenPipeError if the engine ended (`EngineGone` follows)."""
        with self._lock:
            if self._life is None:
                raise BrokenPipeError("the engine does not run")
            self._requests += 1
            try:
                self._life.channel.send((self._requests, request))
            except ChannelClosed as error:
                raise BrokenPipeError("the engine has ended") from error
            return self._requests

    def next_event(self, timeout: float | None = None) -> Event | None:
        """The next event, or None if there is none within `timeout` seconds. The last one is `EngineGone`."""
        life = self._life
        if life is None:
            raise RuntimeError("no engine: call start() first, and again after EngineGone")
        if not life.channel.wait(timeout):
            return None
        if life.stopped:
            return self._bury(life, "stopped on request")
        try:
            message = life.channel.receive()
        except ChannelClosed:
            return self._bury(life, "")
        except MalformedValueError as error:
            self.kill()
            return self._bury(life, one_line(f"it sent something that is no message: {error}"))
        return self._event(life, message)

    def kill(self) -> None:
        """End the engine whatever it is doing; `EngineGone` follows. So a request is cancelled."""
        life = self._life
        if life is not None:
            life.stopped = True
            life.channel.hang_up()
            self._host.kill_worker(life.link.number)

    def close(self) -> None:
        """End the engine for good, and its host if no other engine uses it."""
        self.kill()
        with self._lock:
            already, self._closed = self._closed, True
        if not already:
            self._host.release()

    def ask(self, request: Request, on_progress: Callable[[str, float | None], None] | None = None) -> Answer:
        """The answer to `request`, from a new engine if none lives. Raises why there is none."""
        self.start()
        number = self._send_or_bury(request)
        try:
            while True:
                event = self.next_event(None)
                if isinstance(event, Progressed) and on_progress is not None:
                    on_progress(event.stage, event.fraction)
                elif isinstance(event, Answered) and event.request == number:
                    return event.value
                elif isinstance(event, Refused) and event.request == number:
                    raise _with_details(event)
                elif isinstance(event, EngineGone):
                    raise _obituary(event)
        except KeyboardInterrupt:
            self.kill()
            raise

    def __enter__(self) -> EngineProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send_or_bury(self, request: Request) -> int:
        """An engine that died while nobody looked is replaced once, without a word."""
        try:
            return self.send(request)
        except BrokenPipeError:
            while not isinstance(self.next_event(None), EngineGone):
                pass
            self.start()
            return self.send(request)

    def _event(self, life: _Life, message: object) -> Event:
        match message:
            case EngineReady(versions, int() as log_size):
                life.log_start = log_size
                return EngineReady(one_line(versions), log_size)
            case Progressed(stage, None | int() | float() as fraction):
                return Progressed(one_line(stage), fraction)
            case Refused(error=LstmTuiError(), details=details):
                return replace(message, details=_safe_lines(details))
            case Found(Finding()):
                return message
            case Answered(value=value) if isinstance(value, Answer):
                return message
            case Unserviceable(EngineUnavailable() as error):
                return self._bury(life, error.happened, error)
        self.kill()
        return self._bury(life, "it sent something that is no event")

    def _bury(self, life: _Life, reason: str, unavailable: EngineUnavailable | None = None) -> EngineGone:
        if not reason:
            status = life.link.exit_status(_OBITUARY_SECONDS)
            if status is None:
                self._host.kill_worker(life.link.number)
            reason = _how_it_ended(status)
        last_words = _last_words(self._host.log_since(life.log_start))
        with self._lock:
            life.link.close()
            self._life = None
        return EngineGone(reason, last_words, unavailable)


def _how_it_ended(status: int | None) -> str:
    if status is None:
        return "it hung up"
    if status >= 0:
        return f"ended by itself with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = "unknown"
    return f"killed by signal {-status} ({name}){_HINTS.get(-status, '')}"


def _last_words(log: str) -> tuple[str, ...]:
    """The end of a log; of a crash in native code its beginning, where the innermost call stands."""
    lines = [one_line(line) for line in log.splitlines() if line.strip() and _NO_GPU not in line]
    crash = next((index for index, line in enumerate(lines) if line.startswith(_CRASH)), None)
    return tuple(lines[-_LAST_WORDS:] if crash is None else lines[crash : crash + _LAST_WORDS])


def _safe_lines(text: object) -> str:
    """A traceback made safe to print, its indentation kept."""
    lines = str(text).splitlines()[-_DETAIL_LINES:]
    return "\n".join(" " * (len(line) - len(line.lstrip(" "))) + one_line(line) for line in lines)


def _with_details(refused: Refused) -> LstmTuiError:
    if refused.details:
        refused.error.add_note(refused.details)
    return refused.error


def _obituary(gone: EngineGone) -> LstmTuiError:
    if gone.unavailable is not None:
        return gone.unavailable
    error = EngineDied(f"The engine ended while it worked on this: {gone.reason}.", todo="Try again.")
    for line in gone.last_words:
        error.add_note(line)
    return error
