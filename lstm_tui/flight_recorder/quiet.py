"""The recorder's own failures: counted, logged once each, never raised into the program that is watched."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

LOG = logging.getLogger("lstm_tui.flight_recorder")


class Counts:
    """What happened how often. Failures are told in the log the first time each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._told: set[str] = set()

    def add(self, what: str, number: int = 1) -> None:
        """Count something."""
        with self._lock:
            self._counts[what] += number

    def as_dict(self) -> dict[str, int]:
        """Everything that was counted."""
        with self._lock:
            return dict(self._counts)

    @contextmanager
    def contained(self, doing: str) -> Iterator[None]:
        """Within, an error ends what is done, and the program goes on."""
        try:
            yield
        except Exception:
            with self._lock:
                self._counts["failed"] += 1
                is_new = doing not in self._told
                self._told.add(doing)
            if is_new:
                LOG.warning("%s failed; told once, counted from now on", doing, exc_info=True)

    def renew_lock(self) -> None:
        """In a forked child: whoever held the lock is not here."""
        self._lock = threading.Lock()
