"""A recording as one `.npz` file: every series under the names that scripts rely on, loadable without pickle.

A recurrent layer at path `P` gives `P/h`, `P/c`, gates and candidate, each `(batch, timesteps, units)`, and
`P/mask`; the model gives `output/NAME` and, where it is defined, `prefix/NAME`. The file is written whole or
not at all: a script that finds it can trust it.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from lstm_tui.errors import UsageError
from lstm_tui.plain_text import one_line
from lstm_tui.recurrent.recording import Array, Recording


def trace_arrays(recording: Recording) -> dict[str, Array]:
    """Every array of the recording by its name in the file."""
    arrays: dict[str, Array] = {}
    for trace in recording.layers:
        arrays |= {f"{trace.path}/{name}": values for name, values in trace.steps.items()}
        if trace.mask is not None:
            arrays[f"{trace.path}/mask"] = trace.mask
    arrays |= {f"output/{name}": values for name, values in recording.outputs.items()}
    arrays |= {f"prefix/{name}": values for name, values in recording.prefix.items()}
    return arrays


def write_trace(recording: Recording, path: Path) -> None:
    """Write the arrays to `path`, replacing a file that is there only once the new one is complete."""
    arrays = trace_arrays(recording)
    try:
        with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            for key, values in arrays.items():
                with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, values, allow_pickle=False)
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> UsageError:
    """What the user is told of a trace that cannot be written."""
    return UsageError(
        f"the trace cannot be written to {one_line(path)}: {one_line(error.strerror or error)}",
        todo="name a file in a folder that exists and can be written to",
    )


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file in the same folder, which takes the place of `path` in one step once it is written."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".npz", dir=path.parent)
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The process's mask for new files; temporary files are made private, this one is for sharing."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
