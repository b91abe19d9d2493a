"""The door to what is followed: `stream.py` is imported when something is: no other start waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lstm_tui.tui.app import Workbench


def listen(app: Workbench) -> None:
    """Look at what the session follows, from now on."""
    from lstm_tui.tui.stream import Stream

    app.stream = app.stream or Stream(app)
    app.stream.listen()


def pause(app: Workbench) -> None:
    """Take nothing more of what is followed for now, or go on."""
    if app.stream is None or app.session is None or app.session.following is None:
        app.notify_plainly("nothing is followed; :follow FILE or FOLDER does")
    else:
        app.stream.pause()
