"""What the title says of a file or folder that is followed: since when, and how much has come."""

from __future__ import annotations

import time

from lstm_tui.plain_text import one_line
from lstm_tui.session.following import Following
from lstm_tui.tui.panes import Canvas
from lstm_tui.tui.panes.writing import Piece


def followed(following: Following, canvas: Canvas) -> list[Piece]:
    """`following x.csv · 12 steps since 14:02:31`; at the last step only when something came last."""
    ink = canvas.ink
    words = "paused" if following.paused else "following"
    if canvas.width >= 60:
        words += f" {one_line(following.source.name, 24)}{'/' * following.folder}"
    pieces = [(words, ink.warn if following.paused else ink.good)]
    if following.trouble:
        pieces.append((" · cannot be read", ink.bad))
    elif following.misfit:
        pieces.append((" · does not fit the changes", ink.bad))
    elif following.came and following.since is not None:
        what = "come" if following.folder else "step" + "s" * (following.came != 1)
        pieces.append((f" · {following.came:,} {what} since {_clock(following.since)}", ink.warn))
    elif following.at is not None and canvas.width >= 70:
        pieces.append((f" {_clock(following.at)}", ink.dim))
    return [*pieces, (" · ", ink.dim)]


def _clock(seconds: float) -> str:
    """`14:02:31`, with the date where that is another day."""
    moment = time.localtime(seconds)
    today = time.localtime()[:3] == moment[:3]
    return time.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M", moment)
