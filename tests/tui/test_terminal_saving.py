"""Saving where it cannot be done: one clear message, nothing half-written, and the edits are still there."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pseudo_terminal import PseudoTerminal
from tests.tui.terminal import ENTER, leave, model_files, started

pytestmark = pytest.mark.keras

CLEAR_LINE = "\x15"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PseudoTerminal]:
    """One app for all; what TensorFlow does meanwhile does not matter."""
    files = model_files()
    place = tmp_path_factory.mktemp("place")
    with started(files / "small.keras", "--input", files / "long.npy", place=place) as terminal:
        terminal.wait_for("head")
        yield terminal


@pytest.fixture
def terminal(app: PseudoTerminal) -> PseudoTerminal:
    """The app with an edit to save; messages of the test before may still be in sight."""
    app.limit_files(1 << 30)
    leave(app)
    if "unsaved changes" not in app.text:
        app.press("s")
        app.wait_for("standard")
        app.press(ENTER)
        app.wait_for("unsaved changes")
    return app


@pytest.fixture
def place(app: PseudoTerminal) -> Path:
    """An empty folder below the one in which the app runs."""
    folder = app.cwd / str(len(list(app.cwd.iterdir())))
    folder.mkdir()
    return folder


def save(terminal: PseudoTerminal, path: Path | str) -> None:
    terminal.press("w")
    terminal.wait_for("Save as")
    # Textual inserts letters at once and obeys other keys a little later: it has to have cleared the line.
    terminal.press(CLEAR_LINE)
    terminal.settle(0.2)
    terminal.press(f"{path}{ENTER}")


def is_refused(terminal: PseudoTerminal, path: str, why: str) -> None:
    """The message of this test: its path begins with the test's own folder."""
    terminal.wait_for(f"{path} cannot be saved:")
    assert why in terminal.text.partition(f"{path} cannot be saved:")[2]


def is_saved(terminal: PseudoTerminal) -> None:
    terminal.wait_until(lambda: "unsaved changes" not in terminal.text and "saved" in terminal.text, "saved")


def written(place: Path) -> list[str]:
    """Everything below the folder."""
    return sorted(str(path.relative_to(place)) for path in place.rglob("*"))


def test_a_saved_scenario_is_whole_and_no_longer_unsaved(terminal: PseudoTerminal, place: Path) -> None:
    save(terminal, f"{place.name}/kept/one")
    is_saved(terminal)
    assert "kept/one.yaml" in written(place)
    assert [name for name in written(place) if name.endswith(".npy")]


def test_a_folder_that_cannot_be_written_is_said(terminal: PseudoTerminal, place: Path) -> None:
    folder = place / "mine"
    folder.mkdir()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    save(terminal, f"{place.name}/mine/one.yaml")
    is_refused(terminal, f"{place.name}/mine/one.yaml", "ermission denied")
    assert written(place) == ["mine"]
    assert_nothing_is_lost(terminal, place)


def test_a_full_disk_leaves_nothing_behind(terminal: PseudoTerminal, place: Path) -> None:
    """The input of 24 KB does not fit; the YAML alone would."""
    terminal.limit_files(8192)
    save(terminal, f"{place.name}/one.yaml")
    is_refused(terminal, f"{place.name}/one.yaml", "File too")
    assert written(place) == []
    terminal.limit_files(1 << 30)
    assert_nothing_is_lost(terminal, place)


def test_a_full_disk_keeps_the_file_that_was_there(terminal: PseudoTerminal, place: Path) -> None:
    save(terminal, f"{place.name}/one.yaml")
    is_saved(terminal)
    before = {name: (place / name).read_bytes() for name in written(place) if (place / name).is_file()}
    terminal.press("s")
    terminal.wait_for("minmax")
    terminal.press("\x1b[B" + ENTER)
    terminal.settle(0.5)
    terminal.limit_files(100)
    save(terminal, f"{place.name}/one.yaml")
    is_refused(terminal, f"{place.name}/one.yaml", "File too")
    assert {name: (place / name).read_bytes() for name in before} == before
    assert written(place) == sorted({*before, *(str(Path(name).parent) for name in before if "/" in name)})


def test_a_name_that_is_none_is_said_in_the_dialogue(terminal: PseudoTerminal, place: Path) -> None:
    (place / "folder.yaml").mkdir()
    for path, said in (("", "no file name"), (f"{place.name}/folder.yaml", "is a directory")):
        save(terminal, path)
        terminal.wait_for(said)
        leave(terminal)
    assert_nothing_is_lost(terminal, place)


def test_edits_that_cannot_be_kept_on_the_way_out_do_not_stop_it(terminal: PseudoTerminal) -> None:
    """The last test on this app."""
    terminal.limit_files(100)
    terminal.process.terminate()
    assert terminal.wait_for_end() == 143
    assert b"Traceback" not in terminal.everything
    assert b"Unsaved changes are lost" in terminal.everything
    assert not list((terminal.cwd / "state").rglob("*.yaml"))


def assert_nothing_is_lost(terminal: PseudoTerminal, place: Path) -> None:
    """The edit can still be saved elsewhere."""
    assert "unsaved changes" in terminal.text
    save(terminal, f"{place.name}/elsewhere.yaml")
    is_saved(terminal)
    assert "elsewhere.yaml" in written(place)
