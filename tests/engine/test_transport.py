"""Frames between two ends: whole, bounded, without leaks, and garbage is told from a value."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstm_tui.engine.protocol import Progressed
from lstm_tui.engine.transport import MAX_BODY, Channel, ChannelClosed
from lstm_tui.engine.values import MalformedValueError, encode

IN_SOCKET, IN_FILE = 0, 1
ONE_PAGE = np.arange(20_000, dtype=np.float32)


def header(place: int, size: int, mark: bytes = b"LTE1") -> bytes:
    return struct.pack("!4sBxxxQ", mark, place, size)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, Channel]]:
    """The sender's bare socket, and the receiver's channel."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, Channel(theirs)


def open_descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.mark.parametrize("n", [0, 1, 8_000, 8_500, 300_000])
def test_values_of_every_size_arrive_in_order(ends: tuple[socket.socket, Channel], n: int) -> None:
    sender, receiver = Channel(ends[0]), ends[1]
    sent = {"x": np.arange(n, dtype=np.float32)}
    for number in range(3):
        sender.send((number, sent))
        arrived, value = receiver.receive()
        assert arrived == number
        np.testing.assert_array_equal(value["x"], sent["x"])
        assert not value["x"].flags.writeable


def test_a_large_value_outlives_its_frame_and_its_sender(ends: tuple[socket.socket, Channel]) -> None:
    Channel(ends[0]).send(ONE_PAGE)
    ends[0].close()
    first = ends[1].receive()
    with pytest.raises(ChannelClosed):
        ends[1].receive()
    np.testing.assert_array_equal(first, ONE_PAGE)


def test_a_system_without_memory_files_or_seals_sends_the_same(
    ends: tuple[socket.socket, Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    Channel(ends[0]).send(ONE_PAGE)
    arrived = ends[1].receive()
    np.testing.assert_array_equal(arrived, ONE_PAGE)
    assert not arrived.flags.writeable


def test_a_file_that_its_sender_can_still_cut_short_is_copied(ends: tuple[socket.socket, Channel]) -> None:
    body = b"".join(encode(ONE_PAGE))
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(body)
        socket.send_fds(ends[0], [header(IN_FILE, len(body))], [file.fileno()])
        arrived = ends[1].receive()
        file.truncate(0)
    np.testing.assert_array_equal(arrived, ONE_PAGE)


@pytest.mark.skipif(not hasattr(fcntl, "F_ADD_SEALS"), reason="seals are of Linux")
def test_what_was_sent_cannot_be_changed_any_more(ends: tuple[socket.socket, Channel]) -> None:
    Channel(ends[0]).send(ONE_PAGE)
    _, (descriptor,), *_ = socket.recv_fds(ends[1]._connection, 16, 1)
    try:
        for change in (
            lambda: os.pwrite(descriptor, b"x", 0),
            lambda: os.ftruncate(descriptor, 1),
            lambda: os.ftruncate(descriptor, 1 << 30),
        ):
            with pytest.raises(PermissionError):
                change()
    finally:
        os.close(descriptor)


def test_a_frame_that_comes_byte_by_byte_is_put_together(ends: tuple[socket.socket, Channel]) -> None:
    pieces = encode(Progressed("recording", 0.25))
    body = b"".join(pieces)
    frame = header(IN_SOCKET, len(body)) + body

    def dribble() -> None:
        for byte in frame:
            ends[0].sendall(bytes([byte]))

    thread = threading.Thread(target=dribble)
    thread.start()
    assert ends[1].receive() == Progressed("recording", 0.25)
    thread.join()


@pytest.mark.parametrize("cut", [1, 15, 16, 20])
def test_an_end_in_the_middle_of_a_frame_is_an_end(ends: tuple[socket.socket, Channel], cut: int) -> None:
    body = b"".join(encode("text"))
    ends[0].sendall((header(IN_SOCKET, len(body)) + body)[:cut])
    ends[0].close()
    with pytest.raises(ChannelClosed):
        ends[1].receive()


@pytest.mark.parametrize(
    "frame",
    [
        b"\xff" * 64,
        header(IN_SOCKET, 4, mark=b"HTTP") + b"body",
        header(IN_SOCKET, MAX_BODY + 1),
        header(IN_SOCKET, 1 << 30),
        header(IN_FILE, 100),
        header(7, 100),
        header(IN_SOCKET, 0),
        header(IN_SOCKET, 5) + b"hello",
    ],
)
def test_garbage_is_refused_without_waiting_for_more(
    ends: tuple[socket.socket, Channel], frame: bytes
) -> None:
    ends[0].sendall(frame)
    with pytest.raises(MalformedValueError):
        ends[1].receive()


@given(st.binary(min_size=16, max_size=64))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_are_refused(noise: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(noise)
        with pytest.raises(MalformedValueError):
            Channel(theirs).receive()


def test_a_file_is_taken_only_as_announced(ends: tuple[socket.socket, Channel]) -> None:
    body = b"".join(encode(ONE_PAGE))
    before = open_descriptors()
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(body)
        for place, size, files in ((IN_FILE, len(body) + 1, 1), (IN_FILE, 1 << 30, 1), (IN_SOCKET, 8, 1)):
            socket.send_fds(ends[0], [header(place, size)], [file.fileno()] * files)
            with pytest.raises(MalformedValueError):
                ends[1].receive()
    reading, writing = os.pipe()
    socket.send_fds(ends[0], [header(IN_FILE, 8)], [reading])
    with pytest.raises(MalformedValueError):
        ends[1].receive()
    os.close(reading)
    os.close(writing)
    assert open_descriptors() == before


def test_files_slipped_into_one_frame_are_closed_again(ends: tuple[socket.socket, Channel]) -> None:
    before = open_descriptors()
    mark = header(IN_FILE, 8)
    with tempfile.TemporaryFile() as file:
        socket.send_fds(ends[0], [mark[:8]], [file.fileno()])
        socket.send_fds(ends[0], [mark[8:]], [file.fileno()])
        with pytest.raises(MalformedValueError, match="more than one"):
            ends[1].receive()
    assert open_descriptors() == before


def test_hanging_up_wakes_a_thread_that_waits(ends: tuple[socket.socket, Channel]) -> None:
    outcome: list[type] = []

    def wait() -> None:
        try:
            ends[1].receive()
        except ChannelClosed as end:
            outcome.append(type(end))

    thread = threading.Thread(target=wait)
    thread.start()
    ends[1].hang_up()
    thread.join(10)
    assert outcome == [ChannelClosed]
    with pytest.raises(ChannelClosed):
        ends[1].send("anybody?")


def test_waiting_ends_with_the_time_given(ends: tuple[socket.socket, Channel]) -> None:
    assert not ends[1].wait(0.0)
    Channel(ends[0]).send("here")
    assert ends[1].wait(None)


def test_no_descriptor_is_left_by_many_large_values(ends: tuple[socket.socket, Channel]) -> None:
    sender = Channel(ends[0])
    before = open_descriptors()
    for _ in range(100):
        sender.send(ONE_PAGE)
        ends[1].receive()
    assert open_descriptors() == before


def test_what_cannot_cross_leaves_the_channel_usable(ends: tuple[socket.socket, Channel]) -> None:
    sender = Channel(ends[0])
    with pytest.raises(TypeError):
        sender.send(object())
    sender.send("next")
    assert ends[1].receive() == "next"
