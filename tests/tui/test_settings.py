"""The settings file: what is read, every mistake at once, and keys that follow it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from lstm_tui.errors import SettingsError
from lstm_tui.tui.actions import ACTIONS, action_by_id, with_keys
from lstm_tui.tui.settings import Settings, read_settings, settings_path, settings_text


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_there_are_the_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "none.toml") == Settings()


def test_the_place_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSTM_TUI_SETTINGS", "elsewhere.toml")
    assert settings_path() == Path("elsewhere.toml")


def test_a_theme_and_keys_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, 'theme = "light"\n[keys]\nsave = "ctrl+s"\nnext_step = ["x", "right"]\n')
    settings = read_settings(path)
    assert settings.theme == "light"
    actions = with_keys(settings.keys)
    assert action_by_id(actions, "save").keys == ("ctrl+s",)
    assert action_by_id(actions, "next_step").keys == ("x", "right")


def test_a_key_taken_over_leaves_the_action_that_had_it() -> None:
    actions = with_keys({"save": ("n",)})
    assert action_by_id(actions, "next_step").keys == ("right",)


def test_every_mistake_is_told_at_once_with_the_nearest_word(tmp_path: Path) -> None:
    path = written(
        tmp_path, 'them = "dark"\ntheme = "blue"\n[keys]\nnxt_step = "n"\nsave = 3\nundo = "z"\nredo = "z"\n'
    )
    with pytest.raises(SettingsError) as refused:
        read_settings(path)
    text = str(refused.value)
    for said in (
        "did you mean theme",
        "blue",
        "did you mean next_step",
        "keys.save",
        "given to undo as well",
    ):
        assert said in text


@pytest.mark.parametrize("text", ["theme = ", "[keys", "keys = 3\n"])
def test_what_is_no_settings_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError):
        read_settings(written(tmp_path, text))


def test_what_settings_text_prints_is_a_settings_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    table = tomllib.loads(settings_text(path))
    assert set(table["keys"]) == {action.id for action in ACTIONS}
    again = read_settings(written(tmp_path, settings_text(path)))
    assert with_keys(again.keys) == ACTIONS
