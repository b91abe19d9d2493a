"""An axis is missing or one too many: `(timesteps, features)` for `(batch, timesteps, features)`."""

from __future__ import annotations

from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.inputs.refused import finds_refused

CHECK = Check(
    code="input-rank",
    needs=("x",),
    find=finds_refused(
        "input-rank",
        "Give the input as many axes as the model wants: (batch, timesteps, features).",
        "x = x[None]  # one sequence: (timesteps, features) -> (1, timesteps, features)",
    ),
    lesson=Lesson(
        title="An axis is missing, or there is one too many",
        what="A recurrent layer takes (batch, timesteps, features). A single sequence is a batch of one, "
        "(1, timesteps, features).",
        why='The call fails. predict says "Expected shape (None, None, 4), but input has incompatible shape '
        '(32, 4)", where 32 is its own batch size and not a number of yours: it cut the timesteps into '
        "batches.",
        keras="Keras adds or drops an axis by itself only where it is the last one and has size 1. A batch "
        "axis it never adds.",
        prevent="Look at model.input_shape, and give x.shape the same number of axes.",
        code="x = np.expand_dims(x, 0)  # (timesteps, features) -> (1, timesteps, features)",
    ),
)
