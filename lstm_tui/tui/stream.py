"""Looks at what the session follows, twice a second, in a thread: no disk, however slow, holds up the screen.

One look at a time, and none while the engine is at work: what comes meanwhile is taken with the next one, so
that runs never queue. Where nothing has come, nothing happens here either.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lstm_tui.errors import LstmTuiError
from lstm_tui.performing.following import Known, Looked, look_at_file, look_into_folder, without
from lstm_tui.performing.opening import Opened, open_scenario
from lstm_tui.session.following import Following, opened_newest
from lstm_tui.session.following_commands import InputGrew, PauseFollowing, ScenariosCame, SourceUnreadable
from lstm_tui.session.state import Session
from lstm_tui.tui.workbench_screen import WorkbenchScreen

if TYPE_CHECKING:
    from lstm_tui.tui.app import Workbench

SECONDS = 0.5
#: Looks in a row at something that cannot be read before that is said: it may be half written.
_PATIENT_LOOKS = 4
#: After a look that took long one waits for so many times as long: a large file is not read all the time.
_REST = 4.0


class Stream:
    """What comes in the file or folder that the app's session follows becomes commands of the session."""

    def __init__(self, app: Workbench) -> None:
        self._app = app
        self._known = Known()
        self._looking = False
        self._unreadable = 0
        self._not_before = 0.0
        #: Stands still while nothing is followed.
        self._timer = app.set_interval(SECONDS, self.look)
        self._round = 0

    def listen(self) -> None:
        """Look now, and on; whatever was followed before is forgotten."""
        self._known, self._unreadable, self._not_before, self._looking = Known(), 0, 0.0, False
        self._round += 1
        self._timer.resume()
        self.look()

    def look(self) -> None:
        """Begin a look, unless one is on its way, or what it finds could not be taken now."""
        following = self._following
        if following is None:
            self._timer.pause()
        elif not (self._looking or time.monotonic() < self._not_before or self._is_held(following)):
            self._looking = True
            threading.Thread(target=self._work, args=(self._round,), daemon=True, name="stream").start()

    def pause(self) -> None:
        """Pause or go on; where scenarios came that were not opened, open the newest."""
        following = self._following
        if following is not None and following.newest is not None:
            try:
                self._open(self._opening(following.newest))
            except LstmTuiError as error:
                self._app.notify_plainly(str(error), "error", 20)
        else:
            self._app.dispatch(PauseFollowing())

    @property
    def has_looked(self) -> bool:
        """Whether it is known what was there when following began."""
        return self._known != Known()

    @property
    def _session(self) -> Session:
        session = self._app.session
        assert session is not None
        return session

    @property
    def _following(self) -> Following | None:
        return self._app.session.following if self._app.session is not None else None

    def _is_held(self, following: Following) -> bool:
        """Whether what comes now would come at the wrong moment."""
        if following.paused:
            return False
        if following.folder:
            opens = not self._session.unsaved
            return opens and (self._app.link.busy or not isinstance(self._app.screen, WorkbenchScreen))
        return self._app.link.busy

    def _work(self, number: int) -> None:
        """One look, in a thread of its own."""
        began = time.monotonic()
        looked: Looked | None = None
        try:
            looked = self._looked()
        finally:
            self._app.call_later(self._seen, number, looked, time.monotonic() - began)

    def _looked(self) -> Looked | None:
        session = self._app.session
        following = session.following if session is not None else None
        if session is None or following is None:
            return None
        if not following.folder:
            return look_at_file(following.source, session.model.inputs, self._known)
        opening = partial(self._opening, model=following.model) if _opens(session, following) else None
        return look_into_folder(following.source, self._known, session.story.path, opening)

    def _opening(self, path: Path, model: Path | None = None) -> Opened:
        following = self._following
        model = model or (following.model if following is not None else None)
        return open_scenario(path, model, memory=self._app.settings.recording_memory)

    def _seen(self, number: int, looked: Looked | None, seconds: float) -> None:
        """What a look found, in the app's own thread."""
        if number != self._round:
            return
        self._looking = False
        self._not_before = time.monotonic() + _REST * seconds
        following = self._following
        if looked is None or following is None or self._is_held(following):
            return
        self._known = looked.known
        if looked.why:
            self._told_why(looked)
            return
        self._unreadable = 0
        if looked.inputs is not None:
            self._app.dispatch(InputGrew(looked.inputs, time.time()))
        elif looked.came:
            self._came(following, looked)

    def _told_why(self, looked: Looked) -> None:
        self._unreadable += 1
        if self._unreadable == _PATIENT_LOOKS:
            self._app.dispatch(SourceUnreadable(looked.why))
            if looked.came:
                self._known, self._unreadable = without(self._known, looked.came[-1]), 0

    def _came(self, following: Following, looked: Looked) -> None:
        """The newest is opened, unless something was changed or the user looks at something else by now."""
        own = self._session.story.path
        came = tuple(path for path in looked.came if path != own)
        if not came:
            return
        is_newest = looked.opened is not None and looked.opened.session.story.path == came[-1]
        if looked.opened is not None and is_newest and _opens(self._session, following):
            self._open(looked.opened)
        else:
            self._app.dispatch(ScenariosCame(len(came), came[-1], time.time()))

    def _open(self, opened: Opened) -> None:
        following = self._following
        assert following is not None
        carried = replace(opened.session, following=opened_newest(following, time.time()))
        self._app.open(Opened(carried, opened.effects))


def _opens(session: Session, following: Following) -> bool:
    """Whether a scenario that comes is opened at once: nobody wants to stay, and none has been missed."""
    return not (following.paused or session.unsaved or following.came)
