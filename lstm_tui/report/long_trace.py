"""`lstm-tui trace` on a sequence that is too long to be held: arrays are written as their stretches come.

Each array is a file of its own in a folder beside the output until the last step is there; then they become
members of one `.npz`, one after the other. Memory holds a stretch, the disk everything and its largest array
once more. What is refused: to begin where the disk has not that much room, and to leave anything half done.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from lstm_tui.arrays.sizes import in_words
from lstm_tui.engine.protocol import Answer, OpenLong, RecordStretch, Request
from lstm_tui.errors import UsageError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.calls import CallOutcome
from lstm_tui.recurrent.recording import Array, States
from lstm_tui.recurrent.sequences import part_of
from lstm_tui.recurrent.stretches import Border, LongCall, LongPlan, Stretch, StretchInputs
from lstm_tui.recurrent.window import Window, chunks
from lstm_tui.report.trace import cannot_write, replacing
from lstm_tui.session.keeping import Keeping

OnProgress = Callable[[str, float | None], None]
Ask = Callable[[Request, OnProgress | None], Answer]
#: Chunks in one request.
_CHUNKS = 8
_COPIED_AT_ONCE = 1 << 20


@dataclass(frozen=True, eq=False)
class NotCut:
    """Why the call cannot be recorded in stretches; the outcomes tell of a call that fails."""

    reason: str
    outcomes: tuple[CallOutcome, ...]


def trace_in_stretches(kept: Keeping, output: Path, ask: Ask, on_progress: OnProgress) -> LongCall | NotCut:
    """Record every sample of the call that `kept` is about, and write `output`.

    Raises: LstmTuiError where something cannot be recorded or written; then `output` is as it was.
    """
    plan = _plan_of_all(kept)
    batches = chunks(Window(0, kept.rows), len(kept.batch))
    head = part_of(kept.inputs, plan.sequences, Window(0, plan.head), batches[0].slice)
    assert kept.before is not None
    known = ask(OpenLong(kept.before, plan, head), on_progress)
    assert isinstance(known, LongCall)
    if not known.refused and known.states_before and kept.rows % len(kept.batch):
        known = replace(known, refused="a stateful model has a last batch of another size")
    if known.refused:
        return NotCut(known.refused, known.outcomes)
    try:
        with _folder_beside(output) as folder, _Files(folder, plan, kept.rows) as files:
            for stretch, rows in _stretches(kept, plan, known, ask, on_progress):
                files.take(stretch, rows, known)
            with replacing(output) as temporary:
                files.pack(temporary)
    except OSError as error:
        raise cannot_write(output, error) from error
    return known


def _plan_of_all(kept: Keeping) -> LongPlan:
    """With all samples kept, and chunks that hold them."""
    assert kept.long is not None
    return replace(kept.long, sample=None, chunk=kept.chunk_of_all, bin=kept.chunk_of_all)


def _stretches(
    kept: Keeping, plan: LongPlan, known: LongCall, ask: Ask, on_progress: OnProgress
) -> Iterator[tuple[Stretch, Window]]:
    """Every stretch of every batch, each batch from the states that the last one left."""
    states: States = known.states_before
    batches = chunks(Window(0, kept.rows), len(kept.batch))
    for number, rows in enumerate(batches):
        border: Border | None = None
        after: States = {}
        for window in chunks(Window(0, plan.timesteps), _CHUNKS * plan.chunk):
            done = (number + window.start / plan.timesteps) / len(batches)
            on_progress(f"step {window.start:,} of {plan.timesteps:,}", done)
            part = part_of(kept.inputs, plan.sequences, window, rows.slice)
            of = StretchInputs(part, window.start, border, states)
            stretch = ask(RecordStretch(plan, of, "steps", known.predictions), None)
            assert isinstance(stretch, Stretch)
            border, after = stretch.borders[-1], stretch.states_after
            yield stretch, rows
        states = after


@contextmanager
def _folder_beside(output: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f".{output.name}.", dir=output.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _ArrayFile:
    """A `.npy` file `(rows, timesteps, ...)`, filled in any order, with its room reserved beforehand."""

    def __init__(self, path: Path, shape: tuple[int, ...], kind: DTypeLike) -> None:
        self.path, self._shape, self._kind = path, shape, np.dtype(kind)
        with path.open("wb") as file:
            header = {
                "descr": np.lib.format.dtype_to_descr(self._kind),
                "fortran_order": False,
                "shape": shape,
            }
            np.lib.format.write_array_header_2_0(file, header)
            self._start = file.tell()
            os.posix_fallocate(file.fileno(), 0, self._start + math.prod(shape) * self._kind.itemsize)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)

    def write(self, first_row: int, step: int, values: Array) -> None:
        """`(rows, steps, ...)` at this row and step."""
        one_step = math.prod(self._shape[2:]) * self._kind.itemsize
        for row, block in enumerate(np.ascontiguousarray(values, self._kind), first_row):
            offset = self._start + (row * self._shape[1] + step) * one_step
            data = memoryview(block.reshape(-1).view(np.uint8))
            while data:
                written = os.pwrite(self._descriptor, data, offset)
                data, offset = data[written:], offset + written

    def close(self) -> None:
        """Nothing more is written."""
        os.close(self._descriptor)


class _Files:
    """One file for each array of the trace, made when the first stretch tells their shapes and types."""

    def __init__(self, folder: Path, plan: LongPlan, rows: int) -> None:
        self._folder, self._plan, self._rows = folder, plan, rows
        self._files: dict[str, _ArrayFile] = {}
        self._outputs: dict[str, list[Array]] = {}

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def take(self, stretch: Stretch, rows: Window, known: LongCall) -> None:
        """Write what the stretch has of these rows; of its outputs only the last ones are kept."""
        arrays = _arrays(stretch, known)
        if not self._files:
            self._make(arrays)
        for name, values in arrays.items():
            self._files[name].write(rows.start, stretch.start, values)
        if stretch.stop == self._plan.timesteps:
            for name, values in stretch.outputs.items():
                if f"output/{name}" not in arrays:
                    self._outputs.setdefault(name, []).append(values)

    def pack(self, path: Path) -> None:
        """All of it as one `.npz`; a file is removed as soon as it is a member."""
        with zipfile.ZipFile(path, "w") as archive:
            for name, file in self._files.items():
                member = archive.open(f"{name}.npy", "w", force_zip64=True)
                with member, file.path.open("rb") as written:
                    shutil.copyfileobj(written, member, _COPIED_AT_ONCE)
                file.path.unlink()
            for name, parts in self._outputs.items():
                with archive.open(f"output/{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, np.concatenate(parts), allow_pickle=False)

    def _make(self, arrays: Mapping[str, Array]) -> None:
        shapes = {
            name: (self._rows, self._plan.timesteps, *values.shape[2:]) for name, values in arrays.items()
        }
        sizes = [math.prod(shapes[name]) * arrays[name].itemsize for name in arrays]
        free = shutil.disk_usage(self._folder).free
        if sum(sizes) + max(sizes) > free:
            raise UsageError(
                f"the trace takes {in_words(sum(sizes))}, and its largest array twice while it is written",
                expected=f"at most the {in_words(free)} that are free in {one_line(self._folder.parent)}",
                todo="name a file on another disk, or trace fewer steps",
            )
        for number, (name, values) in enumerate(arrays.items()):
            self._files[name] = _ArrayFile(self._folder / f"{number}.npy", shapes[name], values.dtype)


def _arrays(stretch: Stretch, known: LongCall) -> dict[str, Array]:
    """Everything that has a value for each step, by its name in the file."""
    arrays: dict[str, Array] = {}
    for trace in stretch.layers:
        arrays |= {f"{trace.path}/{name}": values for name, values in trace.steps.items()}
        if trace.mask is not None:
            arrays[f"{trace.path}/mask"] = trace.mask
    for name, values in stretch.predictions.items():
        shape = known.output_shapes[name]
        if len(shape) > 2 and shape[1] == stretch.layers[0].timesteps:
            arrays[f"output/{name}"] = values
        if name not in known.prefix_missing:
            arrays[f"prefix/{name}"] = values
    return arrays
