"""Files and folders that somebody is still writing: what is complete is taken, and never a wrong number."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_tui.arrays.files import read_arrays
from lstm_tui.errors import InputFileError, ScenarioError, UsageError
from lstm_tui.model_file.facts import TensorFacts
from lstm_tui.performing.following import (
    Known,
    Looked,
    follow,
    look_at_file,
    look_into_folder,
    newest_scenario,
    without,
)
from lstm_tui.performing.live import open_live
from lstm_tui.performing.named import Named
from lstm_tui.performing.opening import Opened
from lstm_tui.session.following_commands import Follow

WANTED = (TensorFacts("x", (None, None, 2)),)


def look(path: Path, known: Known | None = None) -> Looked:
    return look_at_file(path, WANTED, known or Known())


def age(path: Path, seconds: float = 10.0) -> None:
    """Written so long ago."""
    then = path.stat().st_mtime_ns - int(seconds * 1e9)
    os.utime(path, ns=(then, then))


def table(rows: list[list[float]]) -> bytes:
    return "".join(",".join(map(repr, row)) + "\n" for row in rows).encode()


@settings(deadline=None)
@given(
    rows=st.lists(st.lists(st.floats(allow_nan=False), min_size=2, max_size=2), min_size=1, max_size=8),
    header=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
    data=st.data(),
)
def test_of_a_table_that_is_cut_off_anywhere_the_rows_are_read_that_have_their_end(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[float]],
    header: bool,
    end: str,
    data: st.DataObject,
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.csv"
    text = b"v\xc3\xa4lue,other\n" * header + table(rows)
    text = text.replace(b"\n", end.encode())
    cut = data.draw(st.integers(0, len(text)))
    path.write_bytes(text[:cut])
    ended = max(text[:cut].count(b"\r" if end == "\r\n" else b"\n") - header, 0)
    if not ended:
        with pytest.raises(InputFileError):
            read_arrays(path, growing=True)
    else:
        read = read_arrays(path, growing=True)[""]
        assert read.shape[0] in {ended, ended + 1}
        assert np.array_equal(read, np.array(rows[: len(read)]))


def test_a_table_grows_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n3,4\n5,6", encoding="utf-8")
    first = look(path)
    assert first.inputs is not None
    assert first.inputs["x"].tolist() == [[1, 2], [3, 4]]
    assert look(path, first.known).inputs is None
    path.write_text("a,b\n1,2\n3,4\n5,6.25\n7,", encoding="utf-8")
    second = look(path, first.known)
    assert second.inputs is not None
    assert second.inputs["x"].tolist() == [[1, 2], [3, 4], [5, 6.25]]


def test_a_header_alone_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,", encoding="utf-8")
    begun = look(path)
    assert begun.inputs is None
    assert "no rows" in begun.why
    assert look(path, begun.known).why == begun.why
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    assert look(path, begun.known).inputs is not None


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_half_an_array_is_never_read(tmp_path: Path, share: float) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.zeros((1, 50, 2)))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    age(path)
    half = look(path)
    assert half.inputs is None
    assert half.why
    path.write_bytes(whole)
    age(path, 5)
    assert look(path, half.known).inputs is not None


def test_what_was_written_just_now_is_left_for_a_moment(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.zeros((1, 50, 2)))
    age(path, -3600)  # by the clock of another machine
    first = look(path)
    assert first.inputs is None
    assert first.why == ""
    second = look(path, first.known)
    assert second.inputs is not None
    assert look(path, second.known).inputs is None


def test_what_was_read_of_a_file_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstm_tui.arrays.numpy_files.MAP_FROM_BYTES", 1)
    path = tmp_path / "x.npy"
    np.save(path, np.zeros((1, 50, 2)))
    read = read_arrays(path, growing=True)[""]
    with path.open("r+b") as file:
        file.seek(-8, os.SEEK_END)
        file.write(np.float64(7).tobytes())
    assert read.max() == 0


def test_a_file_that_went_away_is_told_and_taken_when_it_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("1,2\n", encoding="utf-8")
    known = look(path).known
    path.unlink()
    gone = look(path, known)
    assert "no file" in gone.why
    path.write_text("3,4\n5,6\n", encoding="utf-8")
    assert look(path, gone.known).inputs is not None


# --- folders ------------------------------------------------------------------------------------------


def scenario(folder: Path, name: str, at: int) -> Path:
    path = folder / name
    path.write_text("version: 1\n", encoding="utf-8")
    os.utime(path, (at, at))
    return path


class Opening:
    """Opens scenarios, or refuses them."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.asked: list[Path] = []
        self.refuses = refuses

    def __call__(self, path: Path) -> Opened:
        self.asked.append(path)
        if self.refuses:
            raise ScenarioError("half of it")
        return Opened(None, ())  # type: ignore[arg-type]


def test_the_newest_that_came_is_opened_and_what_was_there_is_not(tmp_path: Path) -> None:
    scenario(tmp_path, "old.yaml", 100)
    opening = Opening()
    known = look_into_folder(tmp_path, Known(), None, opening).known
    assert look_into_folder(tmp_path, known, None, opening).came == ()
    newest = scenario(tmp_path, "b.yaml", 300)
    scenario(tmp_path, "c.yaml", 200)
    scenario(tmp_path, ".d.yaml", 400)
    (tmp_path / "e.npz").touch()
    looked = look_into_folder(tmp_path, known, None, opening)
    assert [path.name for path in looked.came] == ["c.yaml", "b.yaml"]
    assert opening.asked == [newest]
    assert looked.opened is not None
    assert look_into_folder(tmp_path, looked.known, None, opening).came == ()
    assert newest_scenario(tmp_path) == newest


def test_half_a_scenario_is_tried_again_when_it_has_changed(tmp_path: Path) -> None:
    opening = Opening(refuses=True)
    known = look_into_folder(tmp_path, Known(), None, opening).known
    path = scenario(tmp_path, "b.yaml", 300)
    half = look_into_folder(tmp_path, known, None, opening)
    again = look_into_folder(tmp_path, half.known, None, opening)
    assert half.why == again.why == "half of it"
    assert opening.asked == [path]
    opening.refuses = False
    scenario(tmp_path, "b.yaml", 301)
    assert look_into_folder(tmp_path, again.known, None, opening).opened is not None
    given_up = without(again.known, path)
    assert look_into_folder(tmp_path, given_up, None, opening).came == ()


def test_a_scenario_that_was_written_just_now_is_left_for_a_moment(tmp_path: Path) -> None:
    opening = Opening()
    known = look_into_folder(tmp_path, Known(), None, opening).known
    age(scenario(tmp_path, "b.yaml", 300), -3600 * 24 * 365 * 100)
    first = look_into_folder(tmp_path, known, None, opening)
    assert first.came == ()
    assert look_into_folder(tmp_path, first.known, None, opening).opened is not None


def test_what_is_saved_here_did_not_come(tmp_path: Path) -> None:
    known = look_into_folder(tmp_path, Known(), None, None).known
    own = scenario(tmp_path, "own.yaml", 300)
    assert look_into_folder(tmp_path, known, own, Opening()).came == ()


def test_a_folder_that_went_away_is_told(tmp_path: Path) -> None:
    assert "cannot be read" in look_into_folder(tmp_path / "captures", Known(), None, None).why


# --- what can be followed -----------------------------------------------------------------------------


def test_files_of_arrays_and_folders_can_be_followed(tmp_path: Path) -> None:
    (tmp_path / "x.csv").touch()
    (tmp_path / "x.keras").touch()
    assert follow(tmp_path / "x.csv") == Follow(tmp_path / "x.csv")
    assert follow(tmp_path, Path("m.keras")) == Follow(tmp_path, folder=True, model=Path("m.keras"))
    with pytest.raises(InputFileError, match=r"did you mean .*x\.csv"):
        follow(tmp_path / "y.csv")
    with pytest.raises(InputFileError, match=r"array|followed"):
        follow(tmp_path / "x.keras")


def test_what_is_named_beside_a_file_that_is_followed(tmp_path: Path) -> None:
    (tmp_path / "x.csv").touch()
    with pytest.raises(UsageError, match="goes with a model or a scenario"):
        open_live(Named(), tmp_path / "x.csv", memory=1 << 20)
    with pytest.raises(UsageError, match="holds no scenario yet"):
        open_live(Named(), tmp_path, memory=1 << 20)
    with pytest.raises(UsageError, match="one scenario"):
        open_live(Named(scenarios=(Path("a.yaml"), Path("b.yaml"))), tmp_path, memory=1 << 20)
