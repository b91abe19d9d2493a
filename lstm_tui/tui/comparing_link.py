"""Comparing beside the workbench: a thread with engines of its own, one a model, made from the same host.

What it finds comes back as commands of the session. A comparison that nobody waits for any more is ended by
ending its engines, whatever they are doing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from lstm_tui.engine.client import EngineProcess
from lstm_tui.errors import EngineUnavailable, LstmTuiError
from lstm_tui.session.commands import Command
from lstm_tui.session.comparing_commands import ComparingSaid, CoursesArrived, SidesArrived
from lstm_tui.session.effects import OfSides, StartComparison

if TYPE_CHECKING:  # what compares is for who compares: the first frame does not wait for it
    from lstm_tui.comparing.running import Ask


class OfComparison(Message):
    """What a comparison says to the session; how far it is may be skipped when the app is busy."""

    def __init__(self, command: Command) -> None:
        super().__init__()
        self.command = command

    def can_replace(self, message: Message) -> bool:
        """A newer word makes an older one in the queue pointless."""
        return (
            isinstance(message, OfComparison)
            and isinstance(self.command, ComparingSaid)
            and isinstance(message.command, ComparingSaid)
        )


class _Engines:
    """Engines of one comparison, one a model. `of` is called in its thread, `close` in any."""

    def __init__(self, like: EngineProcess) -> None:
        self._like = like
        self._own: dict[Path, EngineProcess] = {}
        self._lock = threading.Lock()
        self.closed = False

    def of(self, model: Path) -> Ask:
        """What the engine of this model answers. Raises: EngineUnavailable once they are closed."""
        with self._lock:
            if self.closed:
                raise EngineUnavailable("The comparison was stopped.")
            place = model.resolve()
            if place not in self._own:
                self._own[place] = self._like.another()
            return self._own[place].ask

    def close(self) -> None:
        """End them, and with them what is asked of them."""
        with self._lock:
            self.closed = True
            engines, self._own = list(self._own.values()), {}
        for engine in engines:
            engine.close()


class ComparingLink:
    """One comparison at a time, the newest. `post` must be safe to call from another thread."""

    def __init__(self, engine: EngineProcess, post: Callable[[OfComparison], object]) -> None:
        self._engine = engine
        self._post = post
        self._engines: _Engines | None = None

    def see_to(self, wish: OfSides) -> None:
        """Begin this comparison, or end the one that runs."""
        self.stop()
        if isinstance(wish, StartComparison):
            self._engines = _Engines(self._engine)
            work = (wish, self._engines)
            threading.Thread(target=self._compare, args=work, daemon=True, name="comparing").start()

    def stop(self) -> None:
        """End the comparison that runs, if any."""
        engines, self._engines = self._engines, None
        if engines is not None:
            engines.close()

    def _compare(self, wish: StartComparison, engines: _Engines) -> None:
        from lstm_tui.comparing.cases import compare_cases

        def say(command: Command) -> None:
            if not engines.closed:
                self._post(OfComparison(command))

        key = wish.key
        try:
            sides, courses = compare_cases(
                wish.cases,
                wish.memory,
                engines.of,
                lambda words, _share: say(ComparingSaid(key, words)),
                lambda courses, divergence: say(CoursesArrived(key, courses, divergence)),
            )
            say(SidesArrived(key, sides, courses))
        except LstmTuiError as error:
            say(SidesArrived(key, str(error)))
        except Exception as error:  # noqa: BLE001 - a thread that ends without a word is waited for for ever
            say(SidesArrived(key, f"Comparing met a bug: {type(error).__name__}: {error}"))
        finally:
            engines.close()
