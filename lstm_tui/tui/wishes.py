"""What is asked of the engine beside runs and gradients, and whose turn it is.

A long call opened, the steps of one in view, a replay, what a layer gave, the next stretch: of each kind the
latest wish counts. The link sends them, one at a time among all others.
"""

from __future__ import annotations

from collections.abc import Callable

from lstm_tui.engine.protocol import (
    Answered,
    FetchOutput,
    OpenLong,
    RecordStretch,
    Refused,
    ReplayPrefix,
)
from lstm_tui.recurrent.fetching import Fetched
from lstm_tui.recurrent.replays import Replayed
from lstm_tui.recurrent.stretches import LongCall, Stretch
from lstm_tui.session.commands import (
    Command,
    LongOpened,
    OutputFetched,
    ReplayArrived,
    RunRefused,
    StretchArrived,
    StretchRefused,
)
from lstm_tui.session.effects import LongWish, OpenLongCall, StartFetch, StartReplay, StartStretch
from lstm_tui.session.state import Refusal

WishedRequest = OpenLong | RecordStretch | ReplayPrefix | FetchOutput


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

    def urgent(self) -> WishedRequest | None:
        """The call to open, the steps that somebody looks at, or the replay that somebody waits for."""
        if self._opening is not None:
            self._sent, self._opening = self._opening, None
            return OpenLong(self._sent.before, self._sent.plan, self._sent.head)
        if self._in_view is not None:
            self._sent, self._in_view = self._in_view, None
            return _of_stretch(self._sent)
        if self._replay is not None:
            self._sent, self._replay = self._replay, None
            return ReplayPrefix(self._sent.plan)
        if self._fetch is not None:
            self._sent, self._fetch = self._fetch, None
            return FetchOutput(self._sent.plan)
        return None

    def following(self) -> WishedRequest | None:
        """The next stretch, when there is nothing else to do."""
        if self._next is None:
            return None
        self._sent, self._next = self._next, None
        return _of_stretch(self._sent)

    def answered(self, answer: Answered | Refused) -> Command | None:
        """What the answer to the request that was sent last means; None where nobody waits for it."""
        sent, self._sent = self._sent, None
        match sent, answer:
            case OpenLongCall(key), Answered(value=LongCall() as call):
                return LongOpened(key, call)
            case StartStretch(key), Answered(value=Stretch() as stretch):
                return StretchArrived(key, stretch)
            case StartReplay(key), Answered(value=Replayed() as replayed):
                return ReplayArrived(key, replayed)
            case StartReplay(key), Refused(error=error):
                return ReplayArrived(key, str(error))
            case StartFetch(key), Answered(value=Fetched() as fetched):
                return OutputFetched(key, fetched)
            case StartFetch(key), Refused(error=error):
                return OutputFetched(key, str(error))
            case OpenLongCall(key), Refused(error=error, details=details):
                return RunRefused(key, self._refusal(str(error), details))
            case StartStretch(key), Refused(error=error, details=details):
                return StretchRefused(key, self._refusal(str(error), details))
        return None

    def died(self, given_up: Refusal | None) -> Command | None:
        """The engine ended while it worked on the request: asked again, or said why it is not."""
        sent, self._sent = self._sent, None
        match sent:
            case OpenLongCall(key):
                if given_up is not None:
                    return RunRefused(key, given_up)
                self._opening = self._opening or sent
            case StartReplay(key):
                if given_up is not None:
                    return ReplayArrived(key, given_up.reason)
                self._replay = self._replay or sent
            case StartFetch(key):
                if given_up is not None:
                    return OutputFetched(key, given_up.reason)
                self._fetch = self._fetch or sent
            case StartStretch(key):
                if given_up is not None:
                    return StretchRefused(key, given_up)
                if sent.keep == "steps":
                    self._in_view = self._in_view or sent
                else:
                    self._next = self._next or sent
        return None


def _of_stretch(wish: StartStretch) -> RecordStretch:
    return RecordStretch(wish.plan, wish.of, wish.keep, wish.predictions)
