"""Numbers in delimited text: `(rows, columns)`, float64, with or without a header row.

The delimiter is the most frequent of `,` `;` tab `|` in the first line, else white space. Empty cells are
NaN. Lines that begin with `#` are skipped. pandas' unnamed index column (0, 1, 2, …) is left out unless
asked for. Any other cell that is not a number is refused with its line and column.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

import numpy as np

from lstm_tui.arrays.opening import nearest, reading, shown
from lstm_tui.arrays.sizes import check_text_size
from lstm_tui.errors import InputFileError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array

_DELIMITERS = ",;\t|"
_ROWS_AT_ONCE = 20_000
#: A row with the number of its line in the file.
_Row = tuple[int, list[str]]


def read_csv(
    path: Path, size: int, columns: Sequence[str | int] | None, limit: int, *, growing: bool = False
) -> Array:
    """The table of a text file as `(rows, columns)`, only `columns` (names or indices from 0) where given.

    growing: somebody still writes it; only lines that have their end are read.
    """
    where = shown(path)
    check_text_size(size, limit, where)
    try:
        with reading(path, InputFileError), _opened(path, growing=growing) as file:
            return _table(_rows(file), columns, where)
    except UnicodeDecodeError:
        raise InputFileError(f"{where} is not UTF-8 text.", expected="numbers as UTF-8 text") from None
    except csv.Error as problem:
        raise InputFileError(f"{where} is not delimited text: {one_line(problem)}.") from None


def _opened(path: Path, *, growing: bool) -> TextIO:
    if not growing:
        return path.open(encoding="utf-8-sig", newline="")
    data = path.read_bytes()
    if path.read_bytes()[: len(data)] != data:
        raise InputFileError(f"{shown(path)} is being written anew.", todo="read it again")
    ended = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
    return io.TextIOWrapper(io.BytesIO(data[:ended]), encoding="utf-8-sig", newline="")


def _table(rows: Iterator[_Row], columns: Sequence[str | int] | None, where: str) -> Array:
    first = next(rows, None)
    if first is None:
        raise InputFileError(f"{where} holds no rows.", expected="one row a timestep")
    width = len(first[1])
    names = [one_line(cell.strip(), 60) for cell in first[1]] if _is_header(first[1]) else []
    data = rows if names else chain([first], rows)
    chosen = _chosen(columns, names, width, where)
    blocks = [_block(block, width, chosen, names, where) for block in _blocks(data)]
    if not blocks:
        raise InputFileError(f"{where} holds a header and no rows.", expected="one row a timestep")
    table: Array = np.concatenate(blocks)
    has_index = columns is None and names[:1] == [""] and np.array_equal(table[:, 0], np.arange(len(table)))
    return table[:, 1:] if has_index and width > 1 else table


def _rows(file: TextIO) -> Iterator[_Row]:
    """Rows of cells with their line numbers, without blank lines and comments."""
    opening = list(islice(filter(_counts, file), 2))
    file.seek(0)
    sample = opening[-1] if opening else ""  # the second line: a header may hold anything
    delimiter = max(_DELIMITERS, key=sample.count)
    if delimiter in sample:
        reader = csv.reader(file, delimiter=delimiter)
        return ((reader.line_num, row) for row in reader if len(row) > 1 or _counts("".join(row)))
    one_column = len(sample.split()) == 1
    return (
        (number, [line.strip()] if one_column else line.split())
        for number, line in enumerate(file, 1)
        if _counts(line)
    )


def _counts(line: str) -> bool:
    text = line.strip()
    return bool(text) and not text.startswith("#")


def _is_header(cells: list[str]) -> bool:
    """A header is a first row without a single number in it."""
    return not any(_is_number(cell) for cell in cells) and any(cell.strip() for cell in cells)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _chosen(columns: Sequence[str | int] | None, names: list[str], width: int, where: str) -> list[int]:
    if columns is None:
        return list(range(width))
    if not columns:
        raise InputFileError("No column is chosen.", expected="at least one name or index")
    return [_column(column, names, width, where) for column in columns]


def _column(column: str | int, names: list[str], width: int, where: str) -> int:
    if isinstance(column, str) and column in names:
        return names.index(column)
    if isinstance(column, int) and 0 <= column < width:
        return column
    meant = nearest(str(column), names)
    shown_names = ", ".join(name or "(unnamed)" for name in names[:20])
    raise InputFileError(
        f"{where} has no column {one_line(column, 60)}.",
        expected=f"one of {shown_names}" if names else f"an index from 0 to {width - 1}: there is no header",
        todo=f"did you mean {meant}?" if meant else "",
    )


def _blocks(rows: Iterator[_Row]) -> Iterator[list[_Row]]:
    while block := list(islice(rows, _ROWS_AT_ONCE)):
        yield block


def _block(block: list[_Row], width: int, chosen: list[int], names: list[str], where: str) -> Array:
    """A block of rows as float64 `(rows, chosen)`."""
    for line, row in block:
        if len(row) != width:
            raise InputFileError(
                f"{where}, line {line}: {len(row)} cells, {width} in the first row.",
                expected="the same number of cells in every row",
            )
    cells = [[row[column] for column in chosen] for _, row in block]
    try:
        return np.array(cells, dtype=np.float64)
    except ValueError:  # an empty cell or a wrong one: look at each
        numbers = [
            [_number(row[column], line, column, names, where) for column in chosen] for line, row in block
        ]
        return np.array(numbers, dtype=np.float64)


def _number(cell: str, line: int, column: int, names: list[str], where: str) -> float:
    if not cell.strip():
        return float("nan")
    try:
        return float(cell)
    except ValueError:
        name = f" ({names[column]})" if names and names[column] else ""
        raise InputFileError(
            f"{where}, line {line}, column {column + 1}{name}: {one_line(cell, 40)!r} is not a number.",
            expected="numbers, or empty cells for missing ones",
            todo="choose the columns that hold numbers with `columns`, by name or by index from 0",
        ) from None
