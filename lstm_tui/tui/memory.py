"""What is remembered from one start to the next: the theme, hidden panes, and of each file where one looked.

One small file in the state folder, of the last files alone. It is nobody's work: whatever in it cannot be
read is passed over without a word, and what cannot be written is not remembered. What a scenario file itself
says (`view`) stands above it, and edits are kept elsewhere (`recovery.py`).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from lstm_tui.performing.opening import Place
from lstm_tui.performing.saving import stamp_of
from lstm_tui.session.question_commands import MOST_BREAKPOINTS, MOST_WATCHES, Questions
from lstm_tui.session.state import Cursor, Lens, Session
from lstm_tui.tui.layout import PANES_OF_BODY, Layout
from lstm_tui.tui.settings import THEME_WORDS, state_folder

#: Files of which is known where one looked.
KEPT_FILES = 50
_MOST_BYTES = 256 * 1024
_MOST_TEXT = 400
_MOST_NUMBER = 1 << 53
_LENSES: tuple[str, ...] = get_args(Lens)


@dataclass(frozen=True)
class Seen:
    """How a file was left: where one looked, and the panes."""

    place: Place
    layout: Layout


def file_of(session: Session) -> Path:
    """The file that the session was opened from: its scenario, else its model."""
    return session.story.path or session.model.path


class Memory:
    """The file, read once at the start. fresh: nothing of it comes back, and new things are remembered."""

    def __init__(self, *, fresh: bool = False) -> None:
        self._path = state_folder() / "remembered.json"
        self._fresh = fresh
        self._known = _read(self._path)

    def seen(self, file: Path) -> Seen | None:
        """How this file was left, unless it has been written since."""
        entry = None if self._fresh else _files(self._known).get(_key(file))
        if entry is None or entry.get("stamp") != _stamp(file):
            return None
        place = Place(_cursor(entry), _number(entry.get("call")), _questions(entry))
        return Seen(place, _layout(entry.get("panes")))

    def place(self, file: Path) -> Place | None:
        """Where one looked in this file."""
        seen = self.seen(file)
        return seen.place if seen is not None else None

    def layout(self, file: Path) -> Layout:
        """The panes as they were left with this file; with another one, what is hidden stays so."""
        seen = self.seen(file)
        if seen is not None:
            return seen.layout
        return Layout() if self._fresh else Layout(hidden=_layout(self._known.get("panes")).hidden)

    def theme(self, set_to: str) -> str:
        """The theme that was switched to; that of the settings where those were changed since."""
        kept = self._known.get("theme")
        if not isinstance(kept, dict) or kept.get("instead_of") != set_to:
            return set_to
        return kept["is"] if kept.get("is") in THEME_WORDS else set_to

    def keep_theme(self, word: str, set_to: str) -> None:
        """Another theme than the settings say, or theirs again."""
        self._write({"theme": None if word == set_to else {"is": word, "instead_of": set_to}})

    def keep(self, session: Session, layout: Layout) -> None:
        """How this file is left."""
        file = file_of(session)
        stamp = _stamp(file)
        if stamp is None:
            return
        cursor, panes = session.cursor, _panes(layout)
        looked = {name: getattr(cursor, name) for name in _CURSOR}
        breakpoints, watches = session.questions.texts
        entry = {
            "stamp": stamp, "cursor": looked, "call": session.call, "panes": panes,
            "breakpoints": breakpoints, "off": session.questions.off, "watches": watches,
        }  # fmt: skip
        files = {key: each for key, each in _files(_read(self._path)).items() if key != _key(file)}
        newest = [*files.items(), (_key(file), entry)][-KEPT_FILES:]
        self._write({"panes": {"hidden": panes["hidden"]}, "files": dict(newest)})

    def _write(self, changed: Mapping[str, Any]) -> None:
        """Into the file as it is by now: another window may have written to it."""
        known = {**_read(self._path), **changed}
        self._known = {key: value for key, value in known.items() if value is not None}
        beside = self._path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError, ValueError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside.write_text(json.dumps(self._known, indent=1), encoding="utf-8")
            beside.replace(self._path)


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            return {}
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _files(known: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    files = known.get("files")
    pairs = files.items() if isinstance(files, dict) else ()
    return {key: entry for key, entry in pairs if isinstance(entry, dict)}


def _key(file: Path) -> str:
    return str(file.resolve())


def _stamp(file: Path) -> list[int] | None:
    stamp = stamp_of(file)
    return list(stamp) if stamp is not None else None


#: What of the cursor is remembered; the rest belongs to one run.
_CURSOR = ("step", "layer", "series", "unit", "sample", "lens", "zoom")


def _cursor(entry: Mapping[str, Any]) -> Cursor:
    """What can be read of it; whether there is such a layer or step is seen once the recording is there."""
    kept = entry.get("cursor")
    kept = kept if isinstance(kept, dict) else {}
    default = Cursor()
    lens = kept.get("lens")
    return Cursor(
        step=_number(kept.get("step")) or 0,
        layer=_text(kept.get("layer"), default.layer),
        series=_text(kept.get("series"), default.series),
        unit=_number(kept.get("unit")),
        sample=_number(kept.get("sample")) or 0,
        lens=lens if lens in _LENSES else default.lens,
        zoom=max(_number(kept.get("zoom")) or 1, 1),
    )


def _questions(entry: Mapping[str, Any]) -> Questions:
    """Breakpoints and watches, which are read as questions only when they are asked."""

    def texts(name: str, most: int) -> tuple[str, ...]:
        kept = entry.get(name)
        return tuple(each for each in kept if _text(each, ""))[:most] if isinstance(kept, list) else ()

    breakpoints, watches = texts("breakpoints", MOST_BREAKPOINTS), texts("watches", MOST_WATCHES)
    return Questions.of(breakpoints, watches, texts("off", MOST_BREAKPOINTS))


def _panes(layout: Layout) -> dict[str, Any]:
    return {**asdict(layout), "hidden": sorted(layout.hidden)}


def _layout(kept: object) -> Layout:
    kept = kept if isinstance(kept, dict) else {}
    hidden, focus = kept.get("hidden"), kept.get("focus")
    known = frozenset(each for each in hidden if each in PANES_OF_BODY) if isinstance(hidden, list) else None
    return Layout(
        focus=focus if focus in PANES_OF_BODY else "",
        zoomed=kept.get("zoomed") is True,
        hidden=known if known is not None and len(known) < len(PANES_OF_BODY) else frozenset(),
    )


def _number(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= _MOST_NUMBER else None


def _text(value: object, default: str) -> str:
    return value if isinstance(value, str) and len(value) <= _MOST_TEXT else default
