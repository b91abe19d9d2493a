"""Watches the calls of a model in a running program, and saves those that go wrong.

Round a call it does this: copies input and states, lets the program's own function run, copies the output
and looks at it. The lock is held for bookkeeping only, before and after. A capture is written in the thread
that made the call, once its result is known and before it gets it: that costs some milliseconds, and then it
is on the disk. Where the same reason comes again within `spacing` seconds, the call is counted, not written.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, overload

from lstm_tui.flight_recorder.call import Manner, WatchedCall
from lstm_tui.flight_recorder.capture import case_of, write_case
from lstm_tui.flight_recorder.earlier_calls import led_to
from lstm_tui.flight_recorder.folder import CaptureFolder
from lstm_tui.flight_recorder.model_copy import ModelCopy, NamedModel
from lstm_tui.flight_recorder.quiet import LOG, Counts
from lstm_tui.flight_recorder.reasons import Conditions, Reason
from lstm_tui.flight_recorder.ring import Ring
from lstm_tui.flight_recorder.state_reader import StateReader
from lstm_tui.flight_recorder.taken import Redaction, digest, fingerprint, taken
from lstm_tui.flight_recorder.wrapping import Find, Function, Wrapping
from lstm_tui.plain_text import one_line


@dataclass(frozen=True, eq=False)
class Settings:
    """What `watch` was told. Bytes for one call in memory and on disk, seconds between captures."""

    memory_bytes: int
    disk_bytes: int
    spacing: float
    redact: Redaction
    session: Callable[[], object] | None = None


class CallInProgress:
    """A call between its beginning and its end.

    Inside `with flight.call(x) as call` the program sets `call.output` to what the model gave.
    """

    def __init__(self, call: WatchedCall, *, others: bool) -> None:
        self.call = call
        self.others = others
        self.output: Any = None
        self.clock = time.perf_counter()


class FlightRecorder:
    """Made by `watch`. `enabled = False` lets calls through as if it were not there."""

    def __init__(
        self,
        model: Any,
        model_copy: ModelCopy,
        folder: CaptureFolder,
        conditions: Conditions,
        ring: Ring,
        settings: Settings,
    ) -> None:
        self.enabled = True
        self._model = model
        self._model_copy = model_copy
        self._folder = folder
        self._conditions = conditions
        self._ring = ring
        self._settings = settings
        self._states = StateReader(model)
        self._counts = Counts()
        self._key = os.urandom(16)
        self._started = self._running = 0
        self._written: dict[str, float] = {}
        self._after_fork()
        _renew_locks_in_children(self)

    # --- what programs use

    @overload
    def __call__(self, function: Function, *, input: Find = None, output: Find = None) -> Function: ...

    @overload
    def __call__(self, *, input: Find = None, output: Find = None) -> Callable[[Function], Function]: ...

    def __call__(self, function: Any = None, *, input: Find = None, output: Find = None) -> Any:
        """`function` watched: `model.predict`, the model itself, or any function round them, `async` too.

        Watch the narrowest function there is: what it is given must be what the model is given, and what it
        returns what the model returns, or replays will not agree.

        input: finds the model's input in the arguments; the first argument where left out.
        output: finds the model's output in what the function returns.
        """
        wrapping = Wrapping(self, self._model, input, output)
        return wrapping.around if function is None else wrapping.around(function)

    @contextmanager
    def call(
        self, value: Any, *, batch_size: int | None = None, training: bool | None = None, how: str = "predict"
    ) -> Iterator[CallInProgress]:
        """Watch what is done inside: `with flight.call(x) as call: call.output = model.predict(x)`.

        how: `predict` for `model.predict(x, batch_size)`, `call` for `model(x, training)`.
        """
        manner = Manner("call" if how == "call" else "predict", batch_size, training)
        progress = self.begin(value, manner)
        shown = progress or CallInProgress(WatchedCall(0, "", manner, taken(0)), others=False)
        with self.until_end(progress):
            yield shown

    def capture(self, call: WatchedCall | None = None, why: str = "asked for by the program") -> Path | None:
        """Save `call`, the last one where none is given; its scenario, or None where that failed."""
        with self._counts.contained("a capture on demand"):
            last = self.calls[-1:] if call is None else (call,)
            return self._write(last[0], [Reason("demand", one_line(why, 600))]) if last else None
        return None

    @property
    def calls(self) -> tuple[WatchedCall, ...]:
        """The last calls, the oldest first."""
        with self._lock:
            return self._ring.calls()

    @property
    def counts(self) -> dict[str, int]:
        """How often: `calls` were watched, `captured` were written, `spaced` came too soon after one like it,
        `rotated` were removed again, `too large` were not kept, `failed` the recorder itself."""
        return self._counts.as_dict()

    def contained(self, doing: str) -> AbstractContextManager[None]:
        """Within, an error is counted and logged once, and goes no further."""
        return self._counts.contained(doing)

    # --- what a watched call goes through

    def begin(self, value: Any, manner: Manner) -> CallInProgress | None:
        """Before the call: input and states. None where it is not watched."""
        if not self.enabled:
            return None
        with self._lock:
            self._started += 1
            number, others = self._started, self._running > 0
            self._running += 1
        progress = None
        try:
            with self._counts.contained("taking input and states"):
                progress = self._taken(number, value, manner, others=others)
        finally:
            if progress is None:
                self._ended(number)
        return progress

    def _taken(self, number: int, value: Any, manner: Manner, *, others: bool) -> CallInProgress | None:
        settings = self._settings
        call = WatchedCall(
            number=number,
            caller=self._caller(),
            manner=manner,
            inputs=taken(value, settings.redact),
            states=self._states.read(),
            began=time.time(),
            redacted=bool(settings.redact),
            digest=digest(value, manner, self._key) if self._conditions.disagreement else b"",
        )
        if call.nbytes > settings.memory_bytes:
            self._counts.add("too large")
            return None
        return CallInProgress(call, others=others)

    @contextmanager
    def until_end(self, progress: CallInProgress | None) -> Iterator[None]:
        """Round the call: its output is put into `progress` within; what it raises is the program's own."""
        try:
            yield
        except Exception as error:
            self._end(progress, error)
            raise
        except BaseException:  # interrupted from outside: it says nothing about the model
            if progress is not None:
                self._ended(progress.call.number)
            raise
        self._end(progress)

    def _end(self, progress: CallInProgress | None, error: Exception | None = None) -> None:
        """After the call: its result is looked at, and saved where a condition says so."""
        if progress is None:
            return
        seconds = time.perf_counter() - progress.clock
        left = b""
        if self._conditions.disagreement and progress.call.states:
            with self._counts.contained("taking the states after a call"):
                left = fingerprint(self._states.read())
        overlapped = self._ended(progress.call.number) or progress.others
        call = replace(progress.call, seconds=seconds, overlapped=overlapped, left=left)
        with self._counts.contained("taking the output"):
            if error is not None:
                call = replace(call, error=(type(error).__name__, "" if call.redacted else str(error)))
            elif progress.output is not None:
                call = replace(call, outputs=taken(progress.output))
        with self._counts.contained("keeping a call"):
            self._keep(call)

    def _ended(self, number: int) -> bool:
        """Whether another call began while this one ran."""
        with self._lock:
            self._running -= 1
            return self._started != number

    def _keep(self, call: WatchedCall) -> None:
        with self._lock:
            earlier = self._ring.add(call)
        self._counts.add("calls")
        reasons = self._conditions.fulfilled(call, earlier if call.digest else None)
        with self._counts.contained("the program's own predicate"):
            reasons += self._conditions.asked_for(call)
        fresh = self._not_just_written(reasons)
        if fresh:
            try:
                self._write(call, fresh, earlier)
            except Exception:
                self._forget(fresh)
                raise
        elif reasons:
            self._counts.add("spaced")

    def _not_just_written(self, reasons: Sequence[Reason]) -> list[Reason]:
        now = time.monotonic()
        with self._lock:
            last = self._written
            if not any(now - last.get(reason.code, -1e9) >= self._settings.spacing for reason in reasons):
                return []
            last.update({reason.code: now for reason in reasons})
        return list(reasons)

    def _forget(self, reasons: Sequence[Reason]) -> None:
        """What could not be written is tried again at the next chance."""
        with self._lock:
            for reason in reasons:
                self._written.pop(reason.code, None)

    def _write(
        self, call: WatchedCall, reasons: Sequence[Reason], earlier: WatchedCall | None = None
    ) -> Path | None:
        before: tuple[WatchedCall, ...] = ()
        if earlier is not None and any(reason.code == "disagreement" for reason in reasons):
            before = led_to(call, earlier, self.calls)
        if call.nbytes + sum(each.nbytes for each in before) > self._settings.disk_bytes:
            self._counts.add("too large")
            return None
        with self._writing:  # the model has run; others may run while this is held
            path = write_case(self._folder, case_of(call, reasons, self._named_model(), self._model, before))
            self._counts.add("captured")
            with self._counts.contained("rotating captures"):
                self._counts.add("rotated", self._folder.rotate())
        LOG.info("captured %s", path)
        return path

    def _named_model(self) -> NamedModel:
        with self._counts.contained("copying the model"):
            return self._model_copy.named()
        name = f"{one_line(getattr(self._model, 'name', 'model'), 60)}.keras".replace("/", "_")
        return NamedModel(name, None, "Model: could not be copied; name it when you open this.")

    def _caller(self) -> str:
        if self._settings.session is not None:
            with self._counts.contained("asking for the session"):
                return str(self._settings.session())
        return _task_name() or threading.current_thread().name

    def _after_fork(self) -> None:
        """Locks of its own: a thread that held them when a server forked is not in the child."""
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._counts.renew_lock()
        self._running = 0


def _task_name() -> str:
    """The name of the running asyncio task, empty where there is none. A program without asyncio stays so."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return ""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs in this thread
        return ""
    return str(task.get_name()) if task is not None else ""


def _renew_locks_in_children(recorder: FlightRecorder) -> None:
    if not hasattr(os, "register_at_fork"):
        return
    of = weakref.ref(recorder)

    def renew() -> None:
        if (alive := of()) is not None:
            alive._after_fork()

    os.register_at_fork(after_in_child=renew)
