"""What the command line names, before anything is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstm_tui.errors import ScenarioError, UsageError
from lstm_tui.performing.named import Files, Named
from lstm_tui.performing.opening import Place, open_named
from lstm_tui.scenario.gallery import gallery
from lstm_tui.session.effects import Announce
from lstm_tui.session.state import Cursor

BUNDLED = tuple(entry.path for entry in gallery()[:3])


def test_one_scenario_opens_at_once() -> None:
    opened, shelf = open_named(Named(scenarios=BUNDLED[:1]))
    assert opened is not None
    assert opened.session.story.path == BUNDLED[0]
    assert len(shelf.entries) == len(gallery()), "G leads to the gallery"


def test_of_several_one_chooses() -> None:
    opened, shelf = open_named(Named(scenarios=BUNDLED))
    assert opened is None
    assert tuple(entry.path for entry in shelf.entries) == BUNDLED
    assert all(entry.name.startswith(entry.path.name) for entry in shelf.entries)
    assert all(entry.description for entry in shelf.entries)


def test_the_mistakes_of_all_are_told_before_the_screen_opens(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1\nmodle: x\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as told:
        open_named(Named(scenarios=(bad, BUNDLED[0], tmp_path / "none.yaml")))
    assert "bad.yaml:2:1" in str(told.value)
    assert "none.yaml cannot be read" in str(told.value)


def test_an_input_named_beside_a_scenario_is_not_passed_over_in_silence() -> None:
    with pytest.raises(UsageError, match=r"--input x\.npy goes with a model"):
        open_named(Named(scenarios=BUNDLED[:1], files=Files(input=Path("x.npy"))))


def test_another_model_than_the_recorded_one_is_told_when_a_scenario_opens(tmp_path: Path) -> None:
    (tmp_path / "m.keras").write_bytes(b"no model, but a file")
    case = tmp_path / "case.yaml"
    case.write_text(f"version: 1\nmodel: m.keras\nmodel_sha256: {'a' * 64}\n", encoding="utf-8")
    opened, _ = open_named(Named(scenarios=(case,)))
    assert opened is not None
    (told,) = (effect.text for effect in opened.effects if isinstance(effect, Announce))
    assert told.startswith("m.keras is not the file that was recorded")


def test_one_looks_where_one_looked_before_unless_the_scenario_says_where(tmp_path: Path) -> None:
    (tmp_path / "m.keras").write_bytes(b"no model, but a file")
    before = Place(Cursor(step=7, layer="lstm_1", series="c", lens="gradients", zoom=2), call=1)
    for view, step in (("", 7), ("view: {step: 3}\n", 3)):
        case = tmp_path / "case.yaml"
        case.write_text(f"version: 1\nmodel: m.keras\n{view}", encoding="utf-8")
        asked: list[Path] = []

        def looked(file: Path, asked: list[Path] = asked) -> Place:
            asked.append(file)
            return before

        opened, _ = open_named(Named(scenarios=(case,)), looked=looked)
        assert opened is not None
        assert opened.session.cursor.step == step
        assert asked == [case]
        if not view:
            assert opened.session.cursor == before.cursor
            assert opened.session.call == before.call
