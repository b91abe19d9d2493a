"""Undoes the compression that joblib may have put around a file, never to more than a bound.

Refuses lz4, which the standard library cannot read.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol

from lstm_tui.arrays.sizes import in_words

#: What an xz stream may ask for its dictionary.
_LZMA_MEMORY = 128 * 2**20


class CompressionError(Exception):
    """The content is damaged, too large or of an unknown kind. The text is one plain sentence."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


#: First bytes of what joblib writes (zlib at any level, gzip, bz2, xz, lzma), and what reads it.
_KINDS: tuple[tuple[bytes, Callable[[], _Decompressor]], ...] = (
    (b"\x78", zlib.decompressobj),
    (b"\x1f\x8b", lambda: zlib.decompressobj(wbits=31)),
    (b"BZ", bz2.BZ2Decompressor),
    (b"\xfd7zXZ", lambda: lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)),
    (b"\x5d\x00", lambda: lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)),
)
_LZ4 = b"\x04\x22\x4d\x18"


def decompressed(content: bytes, limit: int) -> bytes:
    """`content` itself, or what was compressed into it; refused beyond `limit` bytes."""
    if content.startswith(_LZ4):
        raise CompressionError("it is compressed with lz4, which is not read here")
    make = next((make for magic, make in _KINDS if content.startswith(magic)), None)
    if make is None:
        return content
    machine = make()
    try:
        result = machine.decompress(content, limit + 1)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, MemoryError) as problem:
        raise CompressionError(f"its compression is damaged ({problem})") from None
    if len(result) > limit:
        raise CompressionError(f"it unpacks to more than {in_words(limit)}")
    if not machine.eof:
        raise CompressionError("it is truncated")
    return result
