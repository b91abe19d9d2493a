"""`(batch, features, timesteps)` where `(batch, timesteps, features)` is wanted."""

from __future__ import annotations

from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.inputs.refused import finds_refused

CHECK = Check(
    code="input-axes-swapped",
    needs=("x",),
    find=finds_refused(
        "input-axes-swapped",
        "Exchange timesteps and features; a reshape to the wanted shape would mix them.",
        "x = x.transpose(0, 2, 1)",
    ),
    lesson=Lesson(
        title="Timesteps and features are exchanged",
        what="Recorders and PyTorch's convolutions put channels first, (batch, features, timesteps). Keras "
        "wants them last, (batch, timesteps, features).",
        why="The call fails where the sizes differ. Where they happen to agree it succeeds, and the model "
        "reads features as steps.",
        keras='Keras compares the last axis with the kernel of the first layer, and says "Dimensions must be '
        'equal, but are 120 and 3" or "Matrix size-incompatible".',
        prevent="Exchange with transpose. A reshape to the same shape keeps the order of the numbers in "
        "memory and mixes the channels.",
        code="x = x.transpose(0, 2, 1)  # not x.reshape(batch, timesteps, features)",
    ),
)
