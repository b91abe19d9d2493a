"""The mask ends between the layer that makes it and the recurrent layer that should skip its steps.

Walks the graph from the masking layer on. A layer that supports no masking drops the mask with a warning,
arithmetic on a tensor without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lstm_tui.checks.case import Case
from lstm_tui.checks.check import Check, Lesson
from lstm_tui.checks.finding import Finding, Fix, Place
from lstm_tui.checks.input_fit import count
from lstm_tui.checks.inputs.masks import Masker, maskers
from lstm_tui.recurrent.recording import LayerOutput


@dataclass(frozen=True)
class _Lost:
    """Where the mask ended, and the recurrent layer that runs through the masked steps."""

    at: str
    reader: str


def _find(case: Case) -> Iterator[Finding]:
    for masker in maskers(case):
        if masker.masked.any():
            lost = _where_lost(case, masker)
            if lost is not None:
                yield _finding(case, masker, lost)
                return


def _where_lost(case: Case, masker: Masker) -> _Lost | None:
    consumers: dict[str, list[str]] = {}
    for path, feeders in case.wiring.items():
        for feeder in feeders:
            consumers.setdefault(feeder, []).append(path)
    walk = _Walk(case, consumers, masker.source.shape[1])
    return walk.from_here(masker.path, "") if consumers else walk.in_order_of_calls(masker.path)


class _Walk:
    """Follows the sequence from layer to layer for as long as it has its timesteps."""

    def __init__(self, case: Case, consumers: dict[str, list[str]], timesteps: int) -> None:
        assert case.recording is not None
        self._traces = {trace.path: trace for trace in case.recording.layers}
        self._outputs: dict[str, LayerOutput] = {}
        for output in case.recording.layer_outputs:
            self._outputs.setdefault(output.path, output)
        self._facts = case.facts
        self._consumers = consumers
        self._timesteps = timesteps
        self._seen: set[str] = set()

    def from_here(self, path: str, lost_at: str) -> _Lost | None:
        """The first loss behind `path`; `lost_at` where the mask has ended already."""
        for consumer in self._consumers.get(path, ()):
            if consumer in self._seen:
                continue
            self._seen.add(consumer)
            found = self._through(consumer, lost_at)
            if found is not None:
                return found
        return None

    def _through(self, path: str, lost_at: str) -> _Lost | None:
        trace, layer = self._traces.get(path), self._facts.layer(path)
        if trace is not None:
            if trace.mask is None and lost_at and trace.timesteps == self._timesteps:
                return _Lost(lost_at, path)
            returns = layer is not None and layer.recurrent is not None and layer.recurrent.return_sequences
            return self.from_here(path, "") if trace.mask is not None and returns else None
        output = self._outputs.get(path)
        if output is not None and not self._is_sequence(output):
            return None
        carried = output is not None and output.masked
        return self.from_here(path, "" if carried else lost_at or path)

    def _is_sequence(self, output: LayerOutput) -> bool:
        return any(len(shape) > 2 and shape[1] == self._timesteps for shape in output.shapes)

    def in_order_of_calls(self, path: str) -> _Lost | None:
        """Without a graph: the first recurrent layer that is called after `path` and gets no mask."""
        paths = list(self._outputs)
        later = paths[paths.index(path) + 1 :] if path in paths else []
        lost_at = ""
        for after in later:
            trace = self._traces.get(after)
            if trace is not None:
                lost = trace.mask is None and trace.timesteps == self._timesteps
                return _Lost(lost_at or f"an operation before {after}", after) if lost else None
            if not self._outputs[after].masked and not lost_at:
                lost_at = after
        return None


def _finding(case: Case, masker: Masker, lost: _Lost) -> Finding:
    masked = masker.masked
    layer = case.facts.layer(lost.at)
    what = f"{lost.at} ({layer.class_name})" if layer is not None else lost.at
    share = float(masked.mean())
    return Finding(
        code="mask-lost",
        severity="error",
        summary=f"{masker.path} masks {share:.0%} of the steps, and the mask ends at {what}: {lost.reader} "
        "runs through them.",
        layer=lost.reader,
        evidence={
            "made_by": masker.path,
            "lost_at": lost.at,
            "read_by": lost.reader,
            "steps_masked": int(masked.sum()),
            "share_of_steps": share,
            "rows": int(masked.any(axis=1).sum()),
        },
        fix=Fix(
            f"Move what drops the mask in front of {masker.path}, put it into a layer that passes masks on "
            "(Dense, Normalization, Rescaling, a layer with supports_masking), or hand the mask to "
            f"{lost.reader} yourself. {count(int(masked.sum()), 'step')} will then be skipped.",
            code=_code(masker),
        ),
        place=Place(layer=lost.reader, sample=int(masked.any(axis=1).argmax())),
        weight=0.9,
        direct=True,
    )


def _code(masker: Masker) -> str:
    if masker.is_embedding:
        return "mask = embedding.compute_mask(ids)\nh = lstm(h, mask=mask)"
    return f"mask = keras.ops.any(x != {masker.value:g}, axis=-1)\nh = lstm(h, mask=mask)"


CHECK = Check(
    code="mask-lost",
    needs=("x", "recording"),
    find=_find,
    lesson=Lesson(
        title="The mask is dropped on its way to the recurrent layer",
        what="A mask travels with the tensor from layer to layer. What stands between Masking and the "
        "recurrent layer gives out a tensor without it.",
        why="The padding is computed as if it were data: the final state is that of the padding, and the "
        "longer it is, the less is left of the sequence.",
        keras="Conv1D, pooling, Reshape, Permute, Flatten and Lambda drop the mask with a warning when the "
        "model is built; arithmetic such as x * 2, slices and keras.ops drop it without one. Dense, "
        "normalisations, Dropout, Rescaling, Add, Concatenate and attention pass it on.",
        prevent="Mask as the last thing before the recurrent layer, and do arithmetic in layers such as "
        "Rescaling.",
        code="h = keras.layers.LSTM(units)(h, mask=mask)",
    ),
    explains=("mask-missing", "mask-tail"),
)
