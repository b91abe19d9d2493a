"""Arrays that only the scenario saved over named are removed; everything else stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstm_tui.errors import ScenarioError
from lstm_tui.scenario.loading import load_scenario
from lstm_tui.scenario.reading import read_scenario
from lstm_tui.scenario.scenario import Scenario
from lstm_tui.scenario.writing import write_scenario

ZEROS, ONES = np.zeros((1, 3), np.float32), np.ones((1, 3), np.float32)


@pytest.fixture
def path(folder: Path) -> Path:
    """A scenario saved with an array of its own."""
    path = folder / "case.yaml"
    path.write_text("version: 1\nmodel: models/gold.keras\n", encoding="utf-8")
    saved(path, ZEROS)
    return path


def saved(path: Path, array: np.ndarray, **more: object) -> Scenario:
    scenario = replace(read_scenario(path), inputs="NEW/input")
    return write_scenario(scenario, {"NEW/input": array}, path, **more)  # type: ignore[arg-type]


def names(path: Path) -> set[str]:
    folder = path.with_name("case.arrays")
    return {each.name for each in folder.iterdir()} if folder.exists() else set()


def test_what_the_new_scenario_no_longer_names_is_removed(path: Path) -> None:
    (old,) = names(path)
    saved(path, ONES)
    (new,) = names(path)
    assert new != old
    np.testing.assert_array_equal(load_scenario(read_scenario(path)).inputs[""], ONES)


def test_an_empty_folder_goes_too(path: Path) -> None:
    write_scenario(replace(read_scenario(path), inputs="inputs/gold.npy"), {}, path)
    assert not path.with_name("case.arrays").exists()


def test_files_of_others_stay(path: Path) -> None:
    (old,) = names(path)
    folder = path.with_name("case.arrays")
    np.save(folder / "mine.npy", ZEROS)
    np.save(folder / "mine-0badf00d.npy", ZEROS)
    np.save(folder / old, ONES)  # written over by hand: its name no longer says its content
    (folder / "notes-12345678.txt").write_text("mine", encoding="utf-8")
    (folder / "deep").mkdir()
    saved(path, np.full((1, 3), 2.0))
    assert {"mine.npy", "mine-0badf00d.npy", old, "notes-12345678.txt", "deep"} < names(path)


@pytest.mark.parametrize("where", ["other.yaml", "../above.yml"])
def test_what_another_scenario_names_stays(path: Path, where: str) -> None:
    (old,) = names(path)
    prefix = "" if where == "other.yaml" else f"{path.parent.name}/"
    text = f"version: 1\nmodel: x.keras\ninput: {prefix}case.arrays/{old}\n"
    (path.parent / where).write_text(text, encoding="utf-8")
    saved(path, ONES)
    assert old in names(path)


def test_what_the_session_may_still_come_back_to_stays(path: Path) -> None:
    opened = read_scenario(path)
    (old,) = names(path)
    saved(path, ONES, needed=opened)
    assert old in names(path)


def test_a_save_that_fails_removes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = names(path)

    def fail(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(ScenarioError, match="No space left"):
        saved(path, ONES)
    assert names(path) == before


def test_what_cannot_be_removed_does_not_fail_the_save(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    saved(path, ONES)
    np.testing.assert_array_equal(load_scenario(read_scenario(path)).inputs[""], ONES)


def test_several_arrays_in_one_file_and_copies_are_ours_too(path: Path, folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere" / "case.yaml"
    scenario = replace(read_scenario(path), inputs="NEW/both")
    write_scenario(scenario, {"NEW/both": {"a": ZEROS, "b": ONES}}, elsewhere)
    assert len(names(elsewhere)) == 2, "the arrays, and a copy of the model"
    again = read_scenario(elsewhere)
    write_scenario(replace(again, inputs=None, model=str(folder / "models" / "gold.keras")), {}, elsewhere)
    assert names(elsewhere) == {Path(again.model).name}
