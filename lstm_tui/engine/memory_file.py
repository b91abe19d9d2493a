"""Files in memory, each for one value on its way to another process: written once, then sealed.

Writing one costs the kernel an allocation for every page of 4 KB, several times what copying the bytes takes.
So a large one is made of pages of 2 MB where Linux gives them (6.1 and later): one byte in each,
`madvise(MADV_COLLAPSE)`, and the bytes are copied through a mapping that is gone before the seal. That can be
done ahead (`HugeFile.allocated`). Where it fails the file is written as any other.

What it refuses: to write to a file that was handed over.
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import numpy as np

Piece = bytes | memoryview

SEALS: Final = sum(getattr(fcntl, f"F_SEAL_{name}", 0) for name in ("SEAL", "SHRINK", "GROW", "WRITE"))
#: From this size on it pays to ask for large pages.
LARGE: Final = 4 << 20
_HUGE_PAGE: Final = 2 << 20
#: Linux's own numbers, which Python does not name.
_MADV_COLLAPSE: Final = 25
_MAP_FIXED: Final = 0x10
_FAILED: Final = ctypes.c_void_p(-1).value


class HugeFile:
    """A file of pages of 2 MB that are there and mapped already; filled once, or closed."""

    def __init__(self, descriptor: int, reserved: int, address: int, capacity: int) -> None:
        self._descriptor = descriptor
        self._reserved, self._address = reserved, address
        self.capacity = capacity

    @classmethod
    def allocated(cls, size: int) -> HugeFile | None:
        """Room for `size` bytes; None where the system has no such pages, or none to spare."""
        if not hasattr(os, "memfd_create"):
            return None
        capacity = -(-size // _HUGE_PAGE) * _HUGE_PAGE
        descriptor = _anonymous_file()
        try:
            file = cls._mapped(descriptor, capacity)
        except BaseException:
            os.close(descriptor)
            raise
        if file is None:
            os.close(descriptor)
        return file

    @classmethod
    def _mapped(cls, descriptor: int, capacity: int) -> HugeFile | None:
        os.ftruncate(descriptor, capacity)
        for start in range(0, capacity, _HUGE_PAGE):
            os.pwrite(descriptor, b"\0", start)  # of nothing no large page is made
        # A large page can only be mapped at a multiple of its size: the room around it is reserved first.
        room = capacity + _HUGE_PAGE
        reserved = _LIBC.mmap(None, room, 0, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
        if reserved == _FAILED:
            return None
        aligned = -(-reserved // _HUGE_PAGE) * _HUGE_PAGE
        access, flags = mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED | _MAP_FIXED
        address = _LIBC.mmap(aligned, capacity, access, flags, descriptor, 0)
        if address == _FAILED or _LIBC.madvise(address, capacity, _MADV_COLLAPSE) != 0:
            _LIBC.munmap(reserved, room)
            return None
        return cls(descriptor, reserved, address, capacity)

    def filled(self, pieces: Sequence[Piece], size: int) -> int:
        """The file's descriptor, with `pieces` in it and nothing else; it is mapped no more."""
        if sum(map(len, pieces)) != size or size > self.capacity:
            raise ValueError(f"not {size} bytes, or more than {self.capacity}")
        address = self._address
        for piece in pieces:
            if len(piece):
                target = np.ctypeslib.as_array((ctypes.c_uint8 * len(piece)).from_address(address))
                np.copyto(target, np.frombuffer(piece, np.uint8))
                address += len(piece)
        self._unmap()
        os.ftruncate(self._descriptor, size)
        return self._descriptor

    def close(self) -> None:
        """Give it back unused."""
        self._unmap()
        os.close(self._descriptor)

    def _unmap(self) -> None:
        _LIBC.munmap(self._reserved, self.capacity + _HUGE_PAGE)


def sealed_file(pieces: Sequence[Piece], size: int, ready: HugeFile | None = None) -> int:
    """The descriptor of a file that holds `pieces`, `size` bytes in all, and that nobody can change.

    ready: a file with enough room, which is used up.
    """
    huge = ready or (HugeFile.allocated(size) if size >= LARGE else None)
    descriptor = huge.filled(pieces, size) if huge is not None else _written(pieces)
    with suppress(OSError, AttributeError):
        # Not on a system without seals: the reader sees that they are missing and copies.
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, SEALS)
    return descriptor


def is_sealed(descriptor: int) -> bool:
    """Whether nobody can change or shorten the file any more."""
    try:
        return bool(SEALS) and fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & SEALS == SEALS
    except (OSError, AttributeError):
        return False


def _anonymous_file() -> int:
    """A file in memory, or an unlinked temporary one where the system has no such thing."""
    if hasattr(os, "memfd_create"):
        with suppress(OSError):
            return os.memfd_create("lstm-tui", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with tempfile.TemporaryFile(buffering=0) as file:
        return os.dup(file.fileno())


def _written(pieces: Sequence[Piece]) -> int:
    descriptor = _anonymous_file()
    try:
        for piece in pieces:
            _write_all(descriptor, memoryview(piece))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _write_all(descriptor: int, piece: memoryview) -> None:
    while len(piece):
        piece = piece[os.write(descriptor, piece) :]


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    size, number = ctypes.c_size_t, ctypes.c_int
    libc.mmap.argtypes = [ctypes.c_void_p, size, number, number, number, ctypes.c_long]
    libc.mmap.restype = ctypes.c_void_p
    libc.munmap.argtypes = [ctypes.c_void_p, size]
    libc.madvise.argtypes = [ctypes.c_void_p, size, number]
    return libc


_LIBC: Final = _libc()
