"""What is remembered from one start to the next, and that nothing in the file can do harm."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lstm_tui.performing.opening import Place
from lstm_tui.session.question_commands import Questions
from lstm_tui.session.state import Cursor, Session, Story
from lstm_tui.session.update import open_session
from lstm_tui.tui.layout import Layout
from lstm_tui.tui.memory import KEPT_FILES, Memory, file_of
from lstm_tui.tui.settings import state_folder
from tests.session.hand_made import gold

LOOKED = Cursor(step=57, layer="lstm_1", series="c", unit=3, sample=2, lens="gradients", zoom=4)
PANES = Layout("units", True, frozenset({"gates"}))


def of_file(path: Path, cursor: Cursor = LOOKED) -> Session:
    """A session on a scenario that is there."""
    path.write_text("a scenario", encoding="utf-8")
    session, _ = open_session(gold(), story=Story(path=path))
    return replace(session, cursor=cursor, call=1)


def remembered() -> Path:
    return state_folder() / "remembered.json"


def test_a_file_is_seen_as_it_was_left(tmp_path: Path) -> None:
    session = of_file(tmp_path / "a.yaml")
    Memory().keep(session, PANES)
    seen = Memory().seen(tmp_path / "a.yaml")
    assert seen is not None
    assert seen.place == Place(LOOKED, 1)
    assert seen.layout == PANES


def test_breakpoints_and_watches_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    asked = Questions.of(("abs(c) > 5", "h > 1"), ("mean(h)",), off=("h > 1",))
    Memory().keep(replace(of_file(path), questions=asked), PANES)
    place = Memory().place(path)
    assert place is not None
    assert place.questions == asked
    known = json.loads(remembered().read_text(encoding="utf-8"))
    for entry in known["files"].values():
        entry["breakpoints"], entry["watches"] = [3, None, "x" * 1000, "h > 1"], "mean(h)"
    remembered().write_text(json.dumps(known), encoding="utf-8")
    place = Memory().place(path)
    assert place is not None
    assert place.questions.texts == (("h > 1",), ())


def test_a_model_without_a_scenario_is_its_own_file() -> None:
    session, _ = open_session(gold())
    assert file_of(session) == session.model.path


def test_what_was_written_since_is_another_file(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    Memory().keep(of_file(path), PANES)
    path.write_text("another one", encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert Memory().seen(path) is None


def test_fresh_opens_without_it_and_remembers(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    Memory().keep(of_file(path), PANES)
    fresh = Memory(fresh=True)
    assert fresh.place(path) is None
    assert fresh.layout(path) == Layout()
    fresh.keep(of_file(path, Cursor(step=2)), Layout())
    place = Memory().place(path)
    assert place is not None
    assert place.cursor.step == 2


def test_hidden_panes_stay_hidden_in_files_that_were_never_open(tmp_path: Path) -> None:
    Memory().keep(of_file(tmp_path / "a.yaml"), PANES)
    assert Memory().layout(tmp_path / "b.yaml") == Layout(hidden=PANES.hidden)


def test_the_last_files_are_kept(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.yaml" for number in range(KEPT_FILES + 3)]
    for path in files:
        Memory().keep(of_file(path), PANES)
    known = [path for path in files if Memory().seen(path) is not None]
    assert known == files[3:]


def test_a_theme_holds_until_the_settings_are_changed() -> None:
    memory = Memory()
    assert memory.theme("dark") == "dark"
    memory.keep_theme("mono", "dark")
    assert Memory().theme("dark") == "mono"
    assert Memory().theme("light") == "light"
    Memory().keep_theme("dark", "dark")
    assert Memory().theme("dark") == "dark"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00", '{"files": 3}', "[" * 10_000, "9" * 300_000])
def test_a_damaged_file_is_as_none(tmp_path: Path, text: str) -> None:
    remembered().parent.mkdir(parents=True)
    remembered().write_text(text, encoding="utf-8")
    session = of_file(tmp_path / "a.yaml")
    assert Memory().seen(tmp_path / "a.yaml") is None
    assert Memory().layout(tmp_path / "a.yaml") == Layout()
    Memory().keep(session, PANES)
    assert Memory().seen(tmp_path / "a.yaml") is not None


@pytest.mark.parametrize(
    ("cursor", "panes"),
    [
        ({"step": -1, "unit": "x", "lens": "none", "zoom": 0}, {"focus": "nowhere", "hidden": 3}),
        ({"step": 1e9, "unit": True, "layer": 5, "sample": None}, {"hidden": ["states", {}, 4]}),
        ([], "none"),
        ({"layer": "x" * 10_000, "series": None, "zoom": 1 << 80}, {"zoomed": "yes", "hidden": []}),
    ],
)
def test_what_makes_no_sense_is_passed_over(tmp_path: Path, cursor: Any, panes: Any) -> None:
    path = tmp_path / "a.yaml"
    Memory().keep(of_file(path), PANES)
    known = json.loads(remembered().read_text(encoding="utf-8"))
    known["files"][str(path)].update(cursor=cursor, panes=panes, call="first")
    remembered().write_text(json.dumps(known), encoding="utf-8")
    seen = Memory().seen(path)
    assert seen is not None
    assert seen.place == Place(Cursor())
    assert not seen.layout.zoomed
    assert seen.layout.focus == ""


def test_what_cannot_be_written_is_not_remembered(tmp_path: Path) -> None:
    state_folder().write_text("a file where the folder would be", encoding="utf-8")
    Memory().keep(of_file(tmp_path / "a.yaml"), PANES)
    assert Memory().seen(tmp_path / "a.yaml") is None
