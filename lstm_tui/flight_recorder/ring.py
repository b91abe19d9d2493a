"""The last calls, bounded in number and in bytes. Not safe for threads by itself: its owner has the lock."""

from __future__ import annotations

from collections import deque

from lstm_tui.flight_recorder.call import WatchedCall


class Ring:
    """The oldest call goes when there are more than `most` or when they take more than `most_bytes`."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._calls: deque[WatchedCall] = deque()
        self._by_digest: dict[bytes, WatchedCall] = {}

    def add(self, call: WatchedCall) -> WatchedCall | None:
        """Keep `call`; the last call with the identical input that gave an output, if it is still here."""
        earlier = self._by_digest.get(call.digest)
        self._calls.append(call)
        self._bytes += call.nbytes
        if call.outputs is not None:
            self._by_digest[call.digest] = call
        while len(self._calls) > self._most or self._bytes > self._most_bytes:
            self._drop()
        return earlier

    def _drop(self) -> None:
        gone = self._calls.popleft()
        self._bytes -= gone.nbytes
        if self._by_digest.get(gone.digest) is gone:
            del self._by_digest[gone.digest]

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays of all calls take."""
        return self._bytes

    def calls(self) -> tuple[WatchedCall, ...]:
        """All calls, the oldest first."""
        return tuple(self._calls)
