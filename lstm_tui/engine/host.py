"""The process that makes engines: it imports TensorFlow once, runs nothing, and forks a worker when asked.

Importing takes 3 to 6 seconds, forking 0.1, so an engine that was killed or crashed is replaced at once.
Forking is safe only while this process has a single thread, and importing TensorFlow starts none (it does at
the first operation, which happens in the worker). That is looked at before every fork, never assumed; where
it does not hold, on systems whose libraries do not survive a fork, and where a GPU is used, each worker is a
new interpreter that imports TensorFlow for itself.

What this process refuses: any work on a model.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lstm_tui.engine import manners, server
from lstm_tui.engine.options import Setup
from lstm_tui.engine.spawn import KILL, ORDER, START, child_command
from lstm_tui.errors import EngineUnavailable


def main(descriptor: int, argument: str, parent: int | None) -> None:
    """Serve whoever holds the other end of `descriptor` until it is closed."""
    faulthandler.enable(all_threads=False)
    if parent is not None:
        manners.die_with_parent(parent)
    manners.step_back()
    manners.volunteer_for_oom(manners.OOM_HOST)
    setup = Setup.from_argument(argument)
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    Host(control, setup, forks=_prepare_to_fork(control, setup)).serve()


def _prepare_to_fork(control: socket.socket, setup: Setup) -> bool:
    """Import what workers need; whether they can then be forked from here."""
    if sys.platform != "linux" or setup.options.gpu:
        return False
    try:
        with manners.Lifeline(control):
            server.adapter_alone(setup)
    except EngineUnavailable:
        return False  # a worker will meet the same and tell the client
    gc.collect()
    gc.freeze()  # what stays for ever need not be copied into a worker for the collector to look at
    return _single_threaded()


def _single_threaded() -> bool:
    """Whether this thread is the only one; one that has just ended may be counted for a moment longer."""
    for _ in range(20):
        threads = sum(1 for _ in Path("/proc/self/task").iterdir())
        if threads == 1:
            return True
        time.sleep(0.005)
    print(f"{threads} threads after importing: each engine starts by itself", file=sys.stderr)
    return False


@dataclass(frozen=True)
class _Worker:
    pid: int
    status: int


class Host:
    """Makes workers, kills them on request, and tells their clients how they ended."""

    def __init__(self, control: socket.socket, setup: Setup, *, forks: bool) -> None:
        self._control = control
        self._setup = setup
        self._forks = forks
        self._workers: dict[int, _Worker] = {}
        self._wake_here, self._wake_there = socket.socketpair()
        self._wake_there.setblocking(False)

    def serve(self) -> None:
        """Obey until the client is gone; then end every worker."""
        signal.signal(signal.SIGCHLD, _ignore)
        signal.set_wakeup_fd(self._wake_there.fileno(), warn_on_full_buffer=False)
        with selectors.PollSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._wake_here, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._wake_here in ready:
                    self._wake_here.recv(4096)
                    self._bury_the_dead()
                if self._control in ready and not self._obey():
                    break
        for worker in self._workers.values():
            os.kill(worker.pid, signal.SIGKILL)

    def _obey(self) -> bool:
        """Do what the next order says; False when there is none any more."""
        order, descriptors = b"", list[int]()
        while len(order) < ORDER.size:
            try:
                part, new, *_ = socket.recv_fds(self._control, ORDER.size - len(order), 2)
            except ConnectionError:
                return False
            if not part:
                return False
            order += part
            descriptors += new
        what, number = ORDER.unpack(order)
        if what == START:
            self._start(number, *descriptors)
        elif what == KILL and number in self._workers:
            os.kill(self._workers[number].pid, signal.SIGKILL)
        return True

    def _start(self, number: int, connection: int, status: int) -> None:
        for descriptor in (connection, status):
            os.set_inheritable(descriptor, False)
        start = self._fork if self._forks and _single_threaded() else self._spawn
        self._workers[number] = _Worker(start(connection, status), status)
        os.close(connection)

    def _spawn(self, connection: int, status: int) -> int:
        os.set_inheritable(connection, True)
        command = child_command("worker", connection, self._setup)
        pid = os.posix_spawn(sys.executable, command, os.environ)
        _tell(status, pid=pid)
        return pid

    def _fork(self, connection: int, status: int) -> int:
        host = os.getpid()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                _tell(status, pid=os.getpid())  # before it can say anything itself
                self._leave_behind(status)
                manners.die_with_parent(host)
                server.serve(socket.socket(fileno=connection), self._setup)
                code = 0
            except BaseException:  # noqa: BLE001 - nothing of the host's stack may be unwound in the worker
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(code)
        return pid

    def _leave_behind(self, status: int) -> None:
        """In a forked worker: close what belongs to the host alone, or nobody would notice the host's end."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for end in (self._control, self._wake_here, self._wake_there):
            end.close()
        for descriptor in (status, *(worker.status for worker in self._workers.values())):
            os.close(descriptor)

    def _bury_the_dead(self) -> None:
        for number, worker in list(self._workers.items()):
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid:
                del self._workers[number]
                _tell(worker.status, ended=os.waitstatus_to_exitcode(status))
                os.close(worker.status)


def _tell(status: int, **said: int) -> None:
    with suppress(BrokenPipeError):  # the client has lost interest
        os.write(status, json.dumps(said).encode() + b"\n")


def _ignore(_signal: int, _frame: object) -> None:
    """SIGCHLD only has to wake the selector."""
