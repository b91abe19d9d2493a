"""How a recorder is had: `watch` and `watch_training`. What they need is imported when they are called.

So the import alone costs next to nothing, in programs too that only may want to watch.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lstm_tui.flight_recorder.call import WatchedCall
    from lstm_tui.flight_recorder.recorder import FlightRecorder
    from lstm_tui.flight_recorder.taken import Redaction
    from lstm_tui.flight_recorder.training import TrainingRecorder


def watch(
    model: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    folder: str | os.PathLike[str] = "captures",
    calls: int = 64,
    memory_mb: float = 64,
    keep: int = 100,
    disk_mb: float = 512,
    when: Callable[[WatchedCall], object] | None = None,
    on_exception: bool = True,
    on_nan: bool = True,
    on_disagreement: bool = True,
    spacing: float = 1.0,
    redact: Redaction | None = None,
    session: Callable[[], object] | None = None,
    copy_model: bool = True,
) -> FlightRecorder:
    """A recorder for `model`; what it returns decorates functions and makes context managers.

    path: the file that the model was loaded from; without it the model is saved at the first capture.
    folder: where captures go. keep, disk_mb: how many at most, and what they may take with their models.
    calls, memory_mb: how many of the last calls are kept in memory at most, and what they may take.
    when: a predicate on a `WatchedCall`: true saves it. on_exception, on_nan (NaN or inf in an output),
        on_disagreement (an identical input gave another output, beyond rounding): what is looked for besides.
        A program that continues sequences in a stateful model wants no `on_disagreement`.
    spacing: seconds for which one reason is written only once.
    redact: features, as indices of the last axis, that are zeros in whatever is kept.
    session: says on whose behalf a call is made; without it the task's or the thread's name is kept.
    copy_model: put a copy of the model's file beside the captures, so that they open by themselves.

    Raises: TypeError, ValueError for arguments that make no sense. Nothing raises later.
    """
    if calls < 1 or keep < 1 or memory_mb <= 0 or disk_mb <= 0 or spacing < 0:
        raise ValueError(
            "calls and keep must be at least 1, memory_mb and disk_mb positive, spacing not negative"
        )
    from lstm_tui.flight_recorder.folder import Bounds, CaptureFolder
    from lstm_tui.flight_recorder.model_copy import ModelCopy
    from lstm_tui.flight_recorder.reasons import Conditions
    from lstm_tui.flight_recorder.recorder import FlightRecorder, Settings
    from lstm_tui.flight_recorder.ring import Ring
    from lstm_tui.flight_recorder.taken import checked

    captures = CaptureFolder(Path(folder).absolute(), Bounds(keep, int(disk_mb * 2**20)))
    file = Path(path) if path is not None else None
    return FlightRecorder(
        model,
        ModelCopy(model, file, captures, copy=copy_model),
        captures,
        Conditions(on_exception, on_nan, on_disagreement, when),
        Ring(calls, int(memory_mb * 2**20)),
        Settings(int(memory_mb * 2**20), int(disk_mb * 2**20), spacing, checked(redact), session),
    )


def watch_training(
    *,
    folder: str | os.PathLike[str] = "captures",
    keep: int = 20,
    disk_mb: float = 1024,
    memory_mb: float = 512,
    on_nan: bool = True,
    gradient_factor: float | None = 20.0,
    on_constant: bool = True,
    stalled_after: int | None = 5,
    redact: Redaction | None = None,
) -> TrainingRecorder:
    """A recorder for `fit`: `model.fit(flight.data(x, y), callbacks=[flight.callback()])`.

    folder, keep, disk_mb: as for `watch`; each capture brings a model of its own.
    memory_mb: where two copies of the weights would take more, weights are saved as they are after the batch.
    on_nan: a loss that is NaN or inf. gradient_factor: a gradient so many times longer than the median of the
        last hundred steps; None looks at none. on_constant: predictions equal for all samples, at the end of
        an epoch. stalled_after: epochs in which the loss does not get better; None for any.
    redact: features of the input, as indices of the last axis, that are zeros in captures.

    Raises: TypeError, ValueError for arguments that make no sense. Nothing raises later.
    """
    if keep < 1 or disk_mb <= 0 or memory_mb <= 0 or (stalled_after is not None and stalled_after < 1):
        raise ValueError("keep and stalled_after must be at least 1, disk_mb and memory_mb above 0")
    from lstm_tui.flight_recorder.folder import Bounds, CaptureFolder
    from lstm_tui.flight_recorder.taken import checked
    from lstm_tui.flight_recorder.training import TrainingRecorder
    from lstm_tui.flight_recorder.training_reasons import TrainingConditions

    captures = CaptureFolder(Path(folder).absolute(), Bounds(keep, int(disk_mb * 2**20)))
    conditions = TrainingConditions(on_nan, gradient_factor, on_constant, stalled_after)
    return TrainingRecorder(captures, conditions, int(memory_mb * 2**20), checked(redact))
