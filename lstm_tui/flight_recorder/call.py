"""One call that was watched, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from lstm_tui.flight_recorder.taken import Taken

if TYPE_CHECKING:
    from lstm_tui.recurrent.recording import Array


@dataclass(frozen=True)
class Manner:
    """How the model is asked: `model.predict(x, batch_size=…)` or `model(x, training=…)`."""

    how: Literal["predict", "call"] = "predict"
    batch_size: int | None = None
    training: bool | None = None


@dataclass(frozen=True, eq=False)
class WatchedCall:
    """What went into a call and what came out.

    states: of stateful layers before the call, `(batch, units)` by `layer path/state`.
    outputs: None where the call raised. error: the exception, by type and message.
    caller: the session, else the task or the thread.
    overlapped: whether another watched call ran on this model at the same time.
    began: seconds since 1970. digest: equal for identical inputs that were asked in the same manner.
    left: a digest of the states after the call, which tells whether the next call began with them.
    """

    number: int
    caller: str
    manner: Manner
    inputs: Taken
    states: Mapping[str, Array] = field(default_factory=dict)
    outputs: Taken | None = None
    error: tuple[str, str] | None = None
    began: float = 0.0
    seconds: float = 0.0
    overlapped: bool = False
    redacted: bool = False
    digest: bytes = b""
    left: bytes = b""

    @property
    def input(self) -> Any:
        """What the model was given: an array, a list or a dictionary of arrays."""
        return self.inputs.value

    @property
    def output(self) -> Any:
        """What the model gave; None where the call raised."""
        return None if self.outputs is None else self.outputs.value

    @property
    def nbytes(self) -> int:
        """Bytes that its arrays take."""
        states = sum(array.nbytes for array in self.states.values())
        return self.inputs.nbytes + states + (self.outputs.nbytes if self.outputs is not None else 0)
