"""Arrays in JSON, in the forms that people have at hand.

Plain nested lists; a mapping of name to lists; a TensorFlow Serving request (`instances` by row, `inputs` by
column); an Open Inference Protocol v2 request (`inputs` with `name`, `shape`, `datatype`, `data`).
Binary tensors (`BYTES`, `b64`, `binary_data_size`) are refused: they are not numbers in the file.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from lstm_tui.arrays.nested_lists import array_from_lists
from lstm_tui.arrays.opening import reading, shown
from lstm_tui.arrays.sizes import check_text_size, shown_shape
from lstm_tui.errors import InputFileError, LstmTuiError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array

_DATATYPES: dict[str, type[np.generic]] = {
    "BOOL": np.bool_,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
}


def read_json(path: Path, size: int, limit: int) -> dict[str, Array]:
    """The arrays of a JSON file by name, `` where it holds a single one without a name."""
    check_text_size(size, limit, shown(path))
    return arrays_from_json(load_json(path, InputFileError), shown(path))


def load_json(path: Path, error: type[LstmTuiError]) -> Any:
    """What a JSON file holds, or `error`."""
    with reading(path, error):
        content = path.read_bytes()
    try:
        return json.loads(content)
    except RecursionError:
        raise error(f"{shown(path)} nests too deeply.", expected="JSON with a few levels") from None
    except ValueError as problem:  # bad JSON, bad UTF-8, or an integer of thousands of digits
        raise error(
            f"{shown(path)} is not JSON: {one_line(problem, 120)}.", expected="a complete JSON document"
        ) from None


def arrays_from_json(value: object, where: str) -> dict[str, Array]:
    """The arrays of a JSON value in any of the forms above."""
    if isinstance(value, list):
        return _by_row(value, where)
    if not isinstance(value, dict) or not value:
        raise InputFileError(
            f"{where} holds no lists of numbers.",
            expected="nested lists, a mapping of names to lists, or a request with `instances` or `inputs`",
        )
    if "instances" in value:
        return _by_row(value["instances"], f"{where}: instances")
    if "inputs" in value:
        return _request_inputs(value["inputs"], f"{where}: inputs")
    return _by_column(value, where)


def _by_column(columns: dict[str, Any], where: str) -> dict[str, Array]:
    return {
        one_line(name): array_from_lists(lists, f"{where}: {one_line(name)}")
        for name, lists in columns.items()
    }


def _by_row(rows: object, where: str) -> dict[str, Array]:
    """One array, or one a name where every row is a mapping."""
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
        return {"": array_from_lists(rows, where)}
    names = list(rows[0])
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or set(row) != set(names):
            raise InputFileError(
                f"{where}: row {index} does not have the same names as row 0.",
                expected=f"{', '.join(one_line(name, 40) for name in names[:10])} in every row",
            )
    return _by_column({name: [row[name] for row in rows] for name in names}, where)


def _request_inputs(inputs: object, where: str) -> dict[str, Array]:
    if isinstance(inputs, dict):
        return _by_column(inputs, where)
    if isinstance(inputs, list) and inputs and isinstance(inputs[0], dict):
        return dict(_v2_tensor(tensor, f"{where}[{index}]") for index, tensor in enumerate(inputs))
    return {"": array_from_lists(inputs, where)}


def _v2_tensor(tensor: object, where: str) -> tuple[str, Array]:
    if not isinstance(tensor, dict) or not {"name", "shape", "datatype", "data"} <= set(tensor):
        raise InputFileError(
            f"{where} is not a tensor with its data.",
            expected="`name`, `shape`, `datatype` and `data`; bytes beside the JSON are not in this file",
        )
    name = one_line(tensor["name"])
    where = f"{where} ({name})"
    dtype = _DATATYPES.get(str(tensor["datatype"]))
    if dtype is None:
        raise InputFileError(
            f"{where} has datatype {one_line(tensor['datatype'], 20)}.",
            expected=f"one of {', '.join(_DATATYPES)}",
        )
    shape = tensor["shape"]
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise InputFileError(
            f"{where}: the shape is not a list of sizes.", expected="for instance [1, 20, 5]"
        )
    flat = array_from_lists(tensor["data"], where).reshape(-1)
    if flat.size != math.prod(shape):
        raise InputFileError(
            f"{where} holds {flat.size} numbers.",
            expected=f"{one_line(math.prod(shape), 20)} for shape {shown_shape(shape)}",
        )
    return name, _as(flat, dtype, where).reshape(shape)


def _as(flat: Array, dtype: type[np.generic], where: str) -> Array:
    with np.errstate(invalid="ignore", over="ignore"):
        converted = flat.astype(dtype)
    exact = np.dtype(dtype).kind not in "iub" or bool(np.array_equal(converted.astype(flat.dtype), flat))
    if not exact:
        raise InputFileError(
            f"{where} holds numbers that {np.dtype(dtype).name} cannot.",
            expected="the datatype that fits the data",
        )
    return converted
