"""Large files in memory: the same bytes whatever pages they lie on, each used once, none left behind."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.engine import memory_file
from lstm_tui.engine.memory_file import LARGE, HugeFile, is_sealed, sealed_file
from lstm_tui.engine.transport import Channel

BODY = np.random.default_rng(0).integers(0, 256, LARGE + 12_345, np.uint8).tobytes()
PIECES = [BODY[:10], b"", BODY[10:5000], memoryview(BODY)[5000:]]

#: The kernel has a say in it (Linux 6.1 and later have such pages, if they are not forbidden).
GIVES_HUGE_PAGES = HugeFile.allocated(LARGE)
if GIVES_HUGE_PAGES is not None:
    GIVES_HUGE_PAGES.close()
needs_huge_pages = pytest.mark.skipif(GIVES_HUGE_PAGES is None, reason="the kernel gives no large pages")
on_linux = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="files in memory are of Linux")


def open_descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def contents(descriptor: int) -> bytes:
    try:
        return os.pread(descriptor, 2 * len(BODY), 0)
    finally:
        os.close(descriptor)


@pytest.fixture
def ends() -> Iterator[tuple[Channel, Channel]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Channel(ours), Channel(theirs)


@on_linux
@pytest.mark.parametrize("advice", [memory_file._MADV_COLLAPSE, 255], ids=["as_here", "refused"])
def test_a_file_holds_what_was_written_and_is_sealed(advice: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_file, "_MADV_COLLAPSE", advice)
    before = open_descriptors()
    descriptor = sealed_file(PIECES, len(BODY))
    assert is_sealed(descriptor)
    with pytest.raises(PermissionError):
        os.pwrite(descriptor, b"x", 0)
    assert contents(descriptor) == BODY
    assert open_descriptors() == before


@needs_huge_pages
def test_one_that_lay_ready_is_cut_to_what_is_in_it() -> None:
    ready = HugeFile.allocated(4 * LARGE)
    assert ready is not None
    descriptor = sealed_file(PIECES, len(BODY), ready)
    assert is_sealed(descriptor)
    assert contents(descriptor) == BODY


@needs_huge_pages
def test_more_than_there_is_room_for_is_not_written() -> None:
    ready = HugeFile.allocated(1)
    assert ready is not None
    with pytest.raises(ValueError, match="bytes"):
        ready.filled(PIECES, len(BODY))
    with pytest.raises(ValueError, match="bytes"):
        ready.filled([b"longer than said"], 3)
    ready.close()


@on_linux
def test_no_file_carries_two_values(ends: tuple[Channel, Channel]) -> None:
    sender, receiver = ends
    arrived = []
    for number in range(4):
        sender.send(np.full(LARGE, number, np.uint8))
        sender.make_ready()
        arrived.append(receiver.receive())
    for number, values in enumerate(arrived):
        assert (values == number).all()


@on_linux
def test_sizes_may_change_between_two_values(ends: tuple[Channel, Channel]) -> None:
    sender, receiver = ends
    before = open_descriptors()
    for size in (LARGE, 3 * LARGE, 100, LARGE + 1, 2 * LARGE, 1 << 27, LARGE):
        sender.send(np.arange(size // 4, dtype=np.uint32))
        sender.make_ready()
        np.testing.assert_array_equal(receiver.receive(), np.arange(size // 4, dtype=np.uint32))
    sender.make_ready()
    assert open_descriptors() <= before + 1  # the one that lies ready
    sender.close()
    receiver.close()
    assert open_descriptors() <= before - 2
