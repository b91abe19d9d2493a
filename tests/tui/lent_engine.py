"""One real engine, lent to one app after the other.

An app of its own engine for each test is what takes the time: a fork of TensorFlow, its first function, the
model loaded and traced. An engine leaves a model as it found it, whoever asks next; that is held by its own
tests and used here. What was asked and not answered when an app closes, and many models in one process, end
the engine; the next app gets a new one. What this refuses: to be two apps' at once.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

from lstm_tui.engine.client import EngineProcess
from lstm_tui.engine.options import EngineOptions
from lstm_tui.engine.protocol import Answered, EngineGone, EngineReady, Event, LoadModel, Refused, Request

#: TensorFlow keeps something of each model, and everything takes longer for it.
MOST_MODELS = 12


class Lender:
    """Keeps the engine between two apps."""

    def __init__(self, engine: EngineProcess) -> None:
        self.engine = engine
        self.lives = False
        self.ready: EngineReady | None = None
        self.models: list[Path] = []

    def saw(self, event: Event) -> None:
        """Know what every reader of events knows."""
        if isinstance(event, EngineReady):
            self.ready = event
        elif isinstance(event, EngineGone):
            self.lives, self.ready, self.models = False, None, []

    def replace(self) -> None:
        """End the engine, and take in its end."""
        self.engine.kill()
        while self.lives:
            self.saw(self.engine.next_event(None) or EngineGone("it said nothing"))


class LentEngine(EngineProcess):
    """The lender's engine as its present user sees it: started by `start`, gone after `close`."""

    def __init__(self, lender: Lender) -> None:
        self._lender, self._lent = lender, lender.engine
        self._greeting: EngineReady | None = None
        self._asked: set[int] = set()
        self._given_back = False
        self._reading = threading.Lock()

    @property
    def pid(self) -> int | None:
        return self._lent.pid

    @property
    def options(self) -> EngineOptions:
        return self._lent.options

    @property
    def host_pid(self) -> int | None:
        return self._lent.host_pid

    def start(self) -> None:
        """As a new engine greets, so does one that lives already."""
        if self._lender.lives:
            self._greeting = self._lender.ready
        else:
            self._lent.start()
            self._lender.lives = True

    def another(self) -> EngineProcess:
        return self._lent.another()

    def send(self, request: Request) -> int:
        number = self._lent.send(request)
        self._asked.add(number)
        if isinstance(request, LoadModel):
            self._lender.models.append(request.path)
        return number

    def next_event(self, timeout: float | None = None) -> Event | None:
        end = None if timeout is None else time.monotonic() + timeout
        while end is None or time.monotonic() < end:
            with self._reading:
                event = self._next()
            if event is not None:
                return event
        return None

    def _next(self) -> Event | None:
        if self._given_back:
            return EngineGone("it was given back")
        if self._greeting is not None:
            greeting, self._greeting = self._greeting, None
            return greeting
        event = self._lent.next_event(0.05)
        if event is not None:
            self._lender.saw(event)
        if isinstance(event, Answered | Refused):
            self._asked.discard(event.request)
        elif isinstance(event, EngineGone):
            self._asked.clear()
        return event

    def kill(self) -> None:
        if not self._given_back:
            self._lent.kill()

    def close(self) -> None:
        if self._given_back:
            return
        self._given_back = True
        with self._reading:  # whoever reads has left, or leaves next
            if self._asked or len(set(self._lender.models)) > MOST_MODELS:
                self._lender.replace()
