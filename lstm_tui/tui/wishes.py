"""What is asked of the engine beside runs and gradients, and whose turn it is.

A long call opened, the steps of one in view, a replay, what a layer gave, the next stretch: of each kind the
latest wish counts. The link sends them, one at a time among all others.
"""

from __future__ import annotations

from collections.abc import Callable

from lstm_tui.engine.protocol import (
    Answered,
    Refused,
    Request,
)
from lstm_tui.performing.wishes import arrived, refused, request_of
from lstm_tui.session.commands import (
    Command,
)
from lstm_tui.session.effects import LongWish, OpenLongCall, StartFetch, StartReplay, StartStretch
from lstm_tui.session.state import Refusal


class Wishes:
    """Wishes that wait, and the one that is being answered."""

    def __init__(self, refusal: Callable[[str, str], Refusal]) -> None:
        """`refusal`: makes a refusal of a reason and its details."""
        self._refusal = refusal
        self._opening: OpenLongCall | None = None
        self._in_view: StartStretch | None = None
        self._replay: StartReplay | None = None
        self._fetch: StartFetch | None = None
        self._next: StartStretch | None = None
        self._sent: LongWish | None = None

    def wish(self, wish: LongWish) -> None:
        """In place of an older one of its kind; another call in place of all."""
        match wish:
            case OpenLongCall():
                self.drop()
                self._opening = wish
            case StartReplay():
                self._replay = wish
            case StartFetch():
                self._fetch = wish
            case StartStretch(keep="steps"):
                self._in_view = wish
            case StartStretch():
                self._next = wish

    def drop(self) -> None:
        """Nobody waits for any of it any more."""
        self._opening = self._in_view = self._replay = self._fetch = self._next = self._sent = None

    def urgent(self) -> Request | None:
        """The call to open, the steps that somebody looks at, or the replay that somebody waits for."""
        if self._opening is not None:
            self._sent, self._opening = self._opening, None
            return request_of(self._sent)
        if self._in_view is not None:
            self._sent, self._in_view = self._in_view, None
            return request_of(self._sent)
        if self._replay is not None:
            self._sent, self._replay = self._replay, None
            return request_of(self._sent)
        if self._fetch is not None:
            self._sent, self._fetch = self._fetch, None
            return request_of(self._sent)
        return None

    def following(self) -> Request | None:
        """The next stretch, when there is nothing else to do."""
        if self._next is None:
            return None
        self._sent, self._next = self._next, None
        return request_of(self._sent)

    def answered(self, answer: Answered | Refused) -> Command | None:
        """What the answer to the request that was sent last means; None where nobody waits for it."""
        sent, self._sent = self._sent, None
        if sent is None:
            return None
        if isinstance(answer, Refused):
            return refused(sent, self._refusal(str(answer.error), answer.details))
        return arrived(sent, answer.value)

    def died(self, given_up: Refusal | None) -> Command | None:
        """The engine ended while it worked on the request: asked again, or said why it is not."""
        sent, self._sent = self._sent, None
        if sent is None or given_up is not None:
            return None if sent is None or given_up is None else refused(sent, given_up)
        match sent:
            case OpenLongCall():
                self._opening = self._opening or sent
            case StartReplay():
                self._replay = self._replay or sent
            case StartFetch():
                self._fetch = self._fetch or sent
            case StartStretch(keep="steps"):
                self._in_view = self._in_view or sent
            case StartStretch():
                self._next = self._next or sent
        return None
