"""What is no scaler file at all is told before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstm_tui.arrays.scaler_files import read_scaler
from lstm_tui.errors import ScalerFileError


@pytest.mark.parametrize("name", ["missing.pkl", "folder.pkl", "empty.pkl", "scaler.txt", "empty.json"])
def test_what_is_no_scaler_file_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.pkl").mkdir()
    (tmp_path / "empty.pkl").touch()
    (tmp_path / "empty.json").touch()
    (tmp_path / "scaler.txt").write_text("1")
    with pytest.raises(ScalerFileError) as told:
        read_scaler(tmp_path / name)
    assert ".pkl" in told.value.expected
