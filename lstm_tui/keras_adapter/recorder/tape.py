"""What is written down while a call is traced: which layer called which, what each gave, which loops ran."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lstm_tui.keras_adapter.recorder.border import Border
from lstm_tui.keras_adapter.recorder.intervening import Intervening
from lstm_tui.keras_adapter.recorder.nudges import Nudges
from lstm_tui.keras_adapter.recorder.packing import Packing
from lstm_tui.recurrent.cells import CellKind
from lstm_tui.recurrent.live_layers import layer_name


@dataclass(frozen=True, eq=False)
class TapedLoop:
    """One run of a recurrent layer's loop, as tensors.

    kinds: the kind of each cell by the end of its path (`` or `/cell_0`).
    rows: packed series, each `(timesteps, batch, width)`, in the order in which the layer saw the steps.
    output: the name in `packing` of what the layer gives at each step.
    initial: states before the first step by `path/name` as in `packing`.
    """

    path: str
    kinds: Mapping[str, CellKind]
    packing: Packing
    rows: list[Any]
    output: str
    initial: Mapping[str, Any]
    mask: Any
    go_backwards: bool
    stateful: bool

    @property
    def timesteps(self) -> int | None:
        """Number of steps, None where it is not known before the run."""
        return self.rows[0].shape[0]


@dataclass(eq=False)
class TapedCall:
    """One call of one layer: what it gave, the calls that it made, and its loop if it ran one."""

    layer: Any
    path: str
    outputs: Any = None
    inner: list[TapedCall] = field(default_factory=list)
    loop: TapedLoop | None = None


@dataclass(eq=False)
class Tape:
    """Filled in while one call is traced.

    paths: of each layer, by its identity.
    nudges: asks for gradients; then the loops keep nothing but their outputs.
    border: the call is a stretch of a longer one: what its loops start from and leave, and the sample kept.
    intervening: what is tried otherwise inside the loops.
    on_finished: told of each call as it returns, before anything reads what it gave.
    finished: every call of a layer, in the order in which they returned; the model's own is the last.
    refused: by path, why a loop could not be recorded.
    """

    paths: dict[int, str]
    nudges: Nudges | None = None
    border: Border | None = None
    intervening: Intervening | None = None
    on_finished: Callable[[TapedCall], None] | None = None
    finished: list[TapedCall] = field(default_factory=list)
    loops: list[TapedLoop] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _open: list[TapedCall] = field(default_factory=list)

    @contextmanager
    def calling(self, layer: Any) -> Iterator[TapedCall]:
        """A call of the layer; its path is `P#2` the second time. What happens inside belongs to it."""
        call = TapedCall(layer, self._numbered(self.path_of(layer)))
        if self._open:
            self._open[-1].inner.append(call)
        self._open.append(call)
        try:
            yield call
        finally:
            self._open.pop()
        self.finished.append(call)
        if self.on_finished is not None:
            self.on_finished(call)

    def add_loop(self, loop: TapedLoop) -> None:
        """The current call ran this loop."""
        self.loops.append(loop)
        self.current.loop = loop

    def path_of(self, layer: Any) -> str:
        """The layer's path; one met for the first time stands below the layer that calls it."""
        if id(layer) not in self.paths:
            caller = self.current.path.partition("#")[0] if self._open else ""
            self.paths[id(layer)] = f"{caller}/{layer_name(layer)}".lstrip("/")
        return self.paths[id(layer)]

    @property
    def current(self) -> TapedCall:
        """The call that is being traced."""
        return self._open[-1]

    def _numbered(self, path: str) -> str:
        self._counts[path] = self._counts.get(path, 0) + 1
        return path if self._counts[path] == 1 else f"{path}#{self._counts[path]}"
