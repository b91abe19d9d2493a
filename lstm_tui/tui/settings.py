"""The settings file: where it is, what may stand in it, and every mistake in it at once.

```toml
theme = "dark"              # or "light", or "mono" for no colour
recording_memory_mb = 512   # what recordings may take; a longer one is made in stretches

[keys]
next_step = ["n", "right"]
save = ["w", "ctrl+s"]
```
"""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_config_path, user_state_path

from lstm_tui.errors import SettingsError
from lstm_tui.plain_text import one_line
from lstm_tui.session.keeping import DEFAULT_MEMORY
from lstm_tui.tui.actions import ACTIONS

_MOST_BYTES = 64 * 1024
_KEYS_OF_FILE = ("theme", "recording_memory_mb", "keys")
#: In the order in which a key goes through them.
THEME_WORDS = ("dark", "light", "mono")
#: A window of a thousand steps of a small layer takes a tenth of the least.
_LEAST_MEMORY_MB, _MOST_MEMORY_MB = 1, 1_000_000


@dataclass(frozen=True)
class Settings:
    """What the user set: a theme, the memory for recordings, and other keys by action id."""

    theme: str = "dark"
    recording_memory_mb: int = DEFAULT_MEMORY >> 20
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def recording_memory(self) -> int:
        """Bytes that recordings may take."""
        return self.recording_memory_mb << 20


def settings_path() -> Path:
    """Where the settings file is looked for: `$LSTM_TUI_SETTINGS`, else the platform's place for it."""
    override = os.environ.get("LSTM_TUI_SETTINGS")
    return Path(override) if override else user_config_path("lstm-tui", appauthor=False) / "settings.toml"


def state_folder() -> Path:
    """Where unsaved scenarios and logs are kept: `$LSTM_TUI_STATE`, else the platform's place for state."""
    override = os.environ.get("LSTM_TUI_STATE")
    return Path(override) if override else user_state_path("lstm-tui", appauthor=False)


def unsaved_folder() -> Path:
    """Where scenarios lie that were kept when the app ended with unsaved changes."""
    return state_folder() / "unsaved"


def read_settings(path: Path | None = None) -> Settings:
    """The settings at `path`; the defaults where there is no file.

    Raises: SettingsError listing every mistake.
    """
    path = path or settings_path()
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SettingsError(
                f"{path} is larger than {_MOST_BYTES} bytes", todo="remove what is not a setting"
            )
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {one_line(error)}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: {one_line(error)}", expected="a TOML file") from None
    mistakes = [
        *_unknown_words(table),
        *_theme_mistakes(table),
        *_memory_mistakes(table),
        *_key_mistakes(table.get("keys", {})),
    ]
    if mistakes:
        raise SettingsError(
            "\n".join(f"{path}: {mistake}" for mistake in mistakes),
            todo="mend the lines, or remove them; `lstm-tui settings` lists what may stand there",
        )
    keys = {
        action: (value,) if isinstance(value, str) else tuple(value)
        for action, value in table.get("keys", {}).items()
    }
    default = Settings()
    return Settings(
        theme=table.get("theme", default.theme),
        recording_memory_mb=table.get("recording_memory_mb", default.recording_memory_mb),
        keys=keys,
    )


def _unknown_words(table: Mapping[str, object]) -> list[str]:
    return [
        f"{one_line(word)}: unknown setting{_nearest(word, _KEYS_OF_FILE)}"
        for word in table
        if word not in _KEYS_OF_FILE
    ]


def _theme_mistakes(table: Mapping[str, object]) -> list[str]:
    theme = table.get("theme", "dark")
    if theme in THEME_WORDS:
        return []
    return [f"theme: {one_line(theme)} is not one of {', '.join(THEME_WORDS)}"]


def _memory_mistakes(table: Mapping[str, object]) -> list[str]:
    memory = table.get("recording_memory_mb", DEFAULT_MEMORY >> 20)
    if type(memory) is int and _LEAST_MEMORY_MB <= memory <= _MOST_MEMORY_MB:
        return []
    expected = f"a whole number of megabytes from {_LEAST_MEMORY_MB} to {_MOST_MEMORY_MB}"
    return [f"recording_memory_mb: expected {expected}, not {one_line(memory, 40)}"]


def _key_mistakes(keys: object) -> list[str]:
    if not isinstance(keys, Mapping):
        return ["keys: expected a table of action = key"]
    known = [action.id for action in ACTIONS]
    mistakes = []
    owners: dict[str, str] = {}
    for action, value in keys.items():
        if action not in known:
            mistakes.append(f"keys.{one_line(action)}: unknown action{_nearest(action, known)}")
        wanted = [value] if isinstance(value, str) else value
        if (
            not isinstance(wanted, list)
            or not wanted
            or not all(isinstance(key, str) and key.strip() for key in wanted)
        ):
            mistakes.append(f"keys.{one_line(action)}: expected a key or a list of keys")
            continue
        for key in wanted:
            if owners.setdefault(key, action) != action:
                mistakes.append(f"keys.{one_line(action)}: {one_line(key)} is given to {owners[key]} as well")
    return mistakes


def _nearest(word: object, known: tuple[str, ...] | list[str]) -> str:
    close = difflib.get_close_matches(str(word), known, 1)
    return f"; did you mean {close[0]}?" if close else ""


def settings_text(path: Path | None = None) -> str:
    """Where the file is, whether it is right, and everything that may stand in it with its default.

    Raises: SettingsError listing every mistake.
    """
    path = path or settings_path()
    settings = read_settings(path)
    state = "read without mistakes" if path.exists() else "there is no file; these are the defaults"
    keys = [
        f"{action.id} = {json.dumps(list(settings.keys.get(action.id, action.keys)))}" for action in ACTIONS
    ]
    return "\n".join(
        [
            f"# {path}: {state}",
            f'theme = "{settings.theme}"  # dark, light or mono',
            f"recording_memory_mb = {settings.recording_memory_mb}  # what recordings may take",
            "",
            "[keys]",
            *keys,
        ]
    )
