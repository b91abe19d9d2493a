"""Values over a socket between two processes that share a machine, large ones without copying on arrival.

A frame is a header of fixed size, then the body (`values`). A small body follows in the socket. A large one
lies in an anonymous file whose descriptor travels with the header, so a header always fits into the socket's
buffer, and nothing is left behind however either side ends. The file is sealed: the sender can neither change
nor shorten it any more, and the receiver maps it. A file without seals (where the system has none) is copied
instead, since its sender could pull it from under the reader.

What it refuses: frames without its mark, bodies beyond `MAX_BODY`, files of another size than announced.
"""

from __future__ import annotations

import mmap
import os
import select
import socket
import stat
import struct
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from lstm_tui.engine.memory_file import LARGE, HugeFile, is_sealed, sealed_file
from lstm_tui.engine.values import MalformedValueError, Piece, decode, encode

_HEADER = struct.Struct("!4sBxxxQ")  # mark, where the body is, bytes of body
_MARK: Final = b"LTE1"
_IN_SOCKET, _IN_FILE = 0, 1
#: A body up to this size goes through the socket, whose buffer holds several of them.
_SMALL: Final = 32 * 1024
MAX_BODY: Final = 1 << 36
#: So much memory may lie ready for the next body: two windows of 1000 steps × 6 series × 1024 units.
_MOST_READY: Final = 50 << 20
#: Linux closes a received descriptor in children by itself; elsewhere it is asked to afterwards.
_CLOSE_ON_EXEC: Final = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


class ChannelClosed(Exception):  # noqa: N818 - the end of a conversation is no error
    """The other side is gone."""


class Channel:
    """One end of a conversation. Not locked: one thread sends, one thread receives."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._ready: HugeFile | None = None
        self._last_size = 0

    def send(self, value: object) -> None:
        """Send `value` whole. TypeError if it cannot cross, ChannelClosed if nobody is there."""
        pieces = encode(value)
        size = sum(len(piece) for piece in pieces)
        try:
            if size <= _SMALL:
                self._connection.sendall(b"".join((_HEADER.pack(_MARK, _IN_SOCKET, size), *pieces)))
            else:
                self._send_file(pieces, size)
        except ConnectionError as error:
            raise ChannelClosed from error

    def receive(self) -> Any:
        """The next value, waiting for it. ChannelClosed at the end, MalformedValueError for no frame."""
        header, descriptor = self._receive_header()
        try:
            size = _announced_size(header, in_file=descriptor is not None)
            if descriptor is not None:
                return decode(_contents(descriptor, size))
            return decode(memoryview(self._receive_exactly(size)))
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def make_ready(self) -> None:
        """Prepare to send another value as large as the last: milliseconds, for who has time just now."""
        if self._ready is None and LARGE <= self._last_size <= _MOST_READY:
            with suppress(OSError):  # whoever sends the value is told
                self._ready = HugeFile.allocated(self._last_size)

    def wait(self, timeout: float | None) -> bool:
        """Whether something (a value, or the end) has come within `timeout` seconds; None waits for ever."""
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        return bool(poll.poll(None if timeout is None else max(0.0, timeout) * 1000))

    def hang_up(self) -> None:
        """End the conversation, from any thread; one that waits in `receive` or `wait` comes back."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Release the descriptors; only when no other thread uses this channel."""
        if self._ready is not None:
            self._ready.close()
        self._connection.close()

    def _send_file(self, pieces: Sequence[Piece], size: int) -> None:
        descriptor = sealed_file(pieces, size, self._file_ready_for(size))
        self._last_size = size
        try:
            header = _HEADER.pack(_MARK, _IN_FILE, size)
            sent = socket.send_fds(self._connection, [header], [descriptor])
            self._connection.sendall(header[sent:])
        finally:
            os.close(descriptor)

    def _file_ready_for(self, size: int) -> HugeFile | None:
        """What `make_ready` prepared, if it is of use; what has become too small is given back."""
        ready = self._ready
        if ready is None or size < LARGE:
            return None
        self._ready = None
        if ready.capacity >= size:
            return ready
        ready.close()
        return None

    def _receive_header(self) -> tuple[bytes, int | None]:
        header, descriptors = b"", list[int]()
        while len(header) < _HEADER.size:
            try:
                part, new, *_ = socket.recv_fds(
                    self._connection, _HEADER.size - len(header), 1, _CLOSE_ON_EXEC
                )
            except OSError:
                part, new = b"", []
            descriptors += new
            header += part
            if not part or len(descriptors) > 1:
                for descriptor in descriptors:
                    os.close(descriptor)
                raise ChannelClosed if not part else MalformedValueError("more than one file with a frame")
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        return header, descriptors[0] if descriptors else None

    def _receive_exactly(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            try:
                part = self._connection.recv(size - len(parts))
            except OSError:
                part = b""
            if not part:
                raise ChannelClosed
            parts += part
        return bytes(parts)


def _announced_size(header: bytes, *, in_file: bool) -> int:
    mark, place, size = _HEADER.unpack(header)
    if mark != _MARK or place != (_IN_FILE if in_file else _IN_SOCKET):
        raise MalformedValueError("no frame of this protocol")
    if size > (MAX_BODY if in_file else _SMALL):
        raise MalformedValueError(f"a body of {size} bytes")
    return int(size)


def _contents(descriptor: int, size: int) -> memoryview:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size != size or size == 0:
        raise MalformedValueError("the file is not what its header says")
    if is_sealed(descriptor):
        # Before Python 3.13 a mapping keeps a descriptor open for as long as its arrays live.
        return memoryview(mmap.mmap(descriptor, size, access=mmap.ACCESS_READ))
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        return memoryview(file.read(size))
