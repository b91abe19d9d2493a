"""Delimited text: headers, delimiters, columns, missing cells, and mistakes with their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_tui.arrays.files import read_arrays
from lstm_tui.errors import InputFileError

FLOATS = st.floats(allow_nan=True, allow_infinity=True, width=64)


def read(path: Path, text: str, name: str = "x.csv", **options: object) -> np.ndarray:
    (path / name).write_text(text, encoding="utf-8")
    return read_arrays(path / name, **options)[""]  # type: ignore[arg-type]


@given(
    table=hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=FLOATS),
    delimiter=st.sampled_from([",", ";", "\t", "|", " "]),
    header=st.booleans(),
)
def test_every_number_comes_back_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, table: np.ndarray, delimiter: str, header: bool
) -> None:
    lines = [delimiter.join(repr(float(value)) for value in row) for row in table]
    names = [delimiter.join(f"c{index}" for index in range(table.shape[1]))] if header else []
    read_back = read(tmp_path_factory.mktemp("csv"), "\n".join(names + lines) + "\n")
    assert read_back.dtype == np.float64
    np.testing.assert_array_equal(read_back, table)


def test_columns_by_name_and_by_index(tmp_path: Path) -> None:
    text = "date,open,close\n2020-01-01,1,2\n2020-01-02,3,4\n"
    assert read(tmp_path, text, columns=["close", "open"]).tolist() == [[2, 1], [4, 3]]
    assert read(tmp_path, text, columns=[1]).tolist() == [[1], [3]]


def test_an_unknown_column_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no column clsoe") as told:
        read(tmp_path, "open,close\n1,2\n", columns=["clsoe"])
    assert "close" in told.value.todo
    with pytest.raises(InputFileError, match="no column 2"):
        read(tmp_path, "1,2\n3,4\n", columns=[2])
    with pytest.raises(InputFileError, match="No column"):
        read(tmp_path, "1,2\n3,4\n", columns=[])


def test_a_cell_that_is_no_number_is_told_with_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(
        InputFileError, match=r"line 3, column 1 \(date\): '2020-01-02' is not a number"
    ) as told:
        read(tmp_path, "date,open\n1,1\n2020-01-02,3\n")
    assert "columns" in told.value.todo


def test_a_bad_cell_far_down_is_told_with_its_line(tmp_path: Path) -> None:
    rows = ["1,2"] * 50_000
    rows[45_678] = "1,oops"
    with pytest.raises(InputFileError, match="line 45679, column 2: 'oops'"):
        read(tmp_path, "\n".join(rows))


def test_a_ragged_row_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="line 3: 3 cells, 2 in the first row"):
        read(tmp_path, "a,b\n1,2\n1,2,3\n")


def test_empty_cells_are_nan(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read(tmp_path, "a,b\n1,\n,2\n"), [[1, np.nan], [np.nan, 2]])


def test_blank_lines_comments_quotes_and_a_byte_order_mark_are_no_data(tmp_path: Path) -> None:
    assert read(tmp_path, '\ufeff# made by hand\n"a","b"\n\n"1",2\n# end\n3,4\n\n').tolist() == [
        [1, 2],
        [3, 4],
    ]


def test_what_numpy_writes_with_a_header_is_read(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "x.txt", np.arange(6.0).reshape(3, 2), header="open close")
    assert read_arrays(tmp_path / "x.txt")[""].tolist() == [[0, 1], [2, 3], [4, 5]]


def test_one_column_with_spaces_in_its_name(tmp_path: Path) -> None:
    assert read(tmp_path, "Adj Close\n1.5\n2.5\n").tolist() == [[1.5], [2.5]]


def test_the_index_that_pandas_writes_is_left_out_unless_asked_for(tmp_path: Path) -> None:
    text = ",open,close\n0,5,6\n1,7,8\n"
    assert read(tmp_path, text).tolist() == [[5, 6], [7, 8]]
    assert read(tmp_path, text, columns=[0, 1]).tolist() == [[0, 5], [1, 7]]
    assert read(tmp_path, ",open,close\n3,5,6\n1,7,8\n").shape == (2, 3)


@pytest.mark.parametrize("text", ["a,b\n", "\n\n\n", "# only a comment\n"])
def test_a_table_without_rows_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputFileError, match=r"no rows|a header"):
        read(tmp_path, text)


def test_text_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("préis\n1\n".encode("latin1"))
    with pytest.raises(InputFileError, match="not UTF-8"):
        read_arrays(tmp_path / "x.csv")


def test_text_beyond_the_bound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="text file of"):
        read(tmp_path, "1,2\n" * 100, max_bytes=399)


@given(text=st.text(max_size=80))
def test_any_text_gives_a_table_or_a_refusal(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    path.write_bytes(text.encode("utf-8", "replace"))
    try:
        table = read_arrays(path)[""]
    except InputFileError:
        return
    assert table.ndim == 2
    assert table.dtype == np.float64
