"""An engine: one process, one model, one request after the other.

A request that cannot be answered is refused and the engine lives on, also where the reason is a bug. It ends
when its client does. Its fd 1 and 2 are the log before it begins (`spawn`), so nothing that TensorFlow prints
can reach a screen.
"""

from __future__ import annotations

import faulthandler
import os
import socket
import time
from contextlib import suppress
from typing import Final

from lstm_tui.engine import manners
from lstm_tui.engine.answering import Adapter, Answerer, import_adapter, refusal
from lstm_tui.engine.options import Setup
from lstm_tui.engine.protocol import Answered, EngineReady, Found, Progressed, Refused, Request, Unserviceable
from lstm_tui.engine.transport import Channel, ChannelClosed
from lstm_tui.errors import EngineUnavailable

#: Progress within one stage is told this often at most: it is for an eye, not for a log.
_PROGRESS_SECONDS: Final = 0.05


def main(descriptor: int, argument: str) -> None:
    """Be an engine from the start of the interpreter on (where none could be forked)."""
    faulthandler.enable(all_threads=False)
    manners.die_with_parent(os.getppid())
    connection = socket.socket(fileno=descriptor)
    connection.set_inheritable(False)
    serve(connection, Setup.from_argument(argument))


def serve(connection: socket.socket, setup: Setup) -> None:
    """Answer what comes through `connection` until it is closed."""
    manners.volunteer_for_oom(manners.OOM_WORKER)
    channel = Channel(connection)
    with manners.Lifeline(connection), suppress(ChannelClosed):
        try:
            adapter = adapter_alone(setup)
        except EngineUnavailable as error:
            channel.send(Unserviceable(error))
            return
        channel.send(EngineReady(adapter.versions(), os.fstat(2).st_size))
        answerer = Answerer(adapter, setup.options)
        while True:
            number, request = channel.receive()
            _reply(channel, answerer, number, request)
            channel.make_ready()


def adapter_alone(setup: Setup) -> Adapter:
    """`import_adapter` in a process of the engine's own, without what only a user's own modules may need."""
    if setup.options.custom_objects:
        return import_adapter(setup)
    with manners.without_scikit_learn():
        return import_adapter(setup)


def _reply(channel: Channel, answerer: Answerer, number: int, request: Request) -> None:
    try:
        value = answerer.answer(request, _Progress(channel), lambda found: channel.send(Found(found)))
        channel.send(Answered(number, value))
    except ChannelClosed:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a model does, the engine lives on
        reason, details = refusal(error)
        channel.send(Refused(number, reason, details))


class _Progress:
    """Passes progress on, each new stage at once, the same stage only now and then."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._stage = ""
        self._next = 0.0

    def __call__(self, stage: str, fraction: float | None) -> None:
        now = time.monotonic()
        if stage != self._stage or now >= self._next:
            self._stage, self._next = stage, now + _PROGRESS_SECONDS
            self._channel.send(Progressed(stage, fraction))
