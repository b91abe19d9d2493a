"""A recording that is made stretch by stretch: what is there so far, and what to ask for next.

It holds states at borders, bins of every series, and the steps of a few windows around where the cursor was.
From the borders any window that has been recorded is recorded again when somebody looks at it. It is a value:
a stretch that arrives gives another one. What it never does is ask by itself: `update` does, one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from lstm_tui.recurrent.pyramid import Pyramid
from lstm_tui.recurrent.recording import Array, LayerTrace, Recording, States
from lstm_tui.recurrent.stretches import Border, LongCall, LongLayer, LongPlan, Stretch, StretchInputs
from lstm_tui.recurrent.window import Window, between_borders
from lstm_tui.session.growing import Bins, Borders
from lstm_tui.session.keeping import Keeping

#: What is recorded around the cursor: a page of a wide terminal lies within it.
MARGIN = 256
#: Seconds that a stretch is to take: a jump waits for the one that runs.
_STRETCH_SECONDS = 0.08
_MOST_CHUNKS = 64


@dataclass(frozen=True, eq=False)
class LongRecording:
    """What is there so far of the recording of the plan with this key.

    call: what is known of the call. recorded: steps so far. running: whether more is asked for.
    stopped: why it is not, where that was not the user's wish.
    pending: the first step of the stretch that was asked for. wanted: the window that was.
    windows: steps that are kept, those that came last behind. last: the states at `recorded`.
    outputs: of the call had the sequence ended at `recorded`. rate: steps a second, lately.
    """

    key: str
    keeping: Keeping
    plan: LongPlan
    call: LongCall
    bins: Bins
    borders: Borders
    recorded: int = 0
    running: bool = True
    stopped: str = ""
    pending: int | None = None
    wanted: Window | None = None
    windows: tuple[Stretch, ...] = ()
    last: Border | None = None
    outputs: Mapping[str, Array] = field(default_factory=dict)
    states_after: States = field(default_factory=dict)
    rate: float = 0.0

    @classmethod
    def opened(cls, key: str, keeping: Keeping, call: LongCall) -> LongRecording:
        """Nothing recorded yet."""
        plan = keeping.long
        assert plan is not None
        apart = plan.chunk * keeping.border_chunks
        return cls(
            key,
            keeping,
            plan,
            call,
            Bins(plan.bin, -(-plan.timesteps // plan.bin), call.tracks),
            Borders(apart, plan.timesteps // apart),
        )

    @property
    def beyond(self) -> str:
        """What is said of a question that would need all steps in memory."""
        return f"all {self.plan.timesteps:,} steps at once exceed recording_memory_mb: S takes a part of them"

    @property
    def is_whole(self) -> bool:
        """Whether the last step has been recorded."""
        return self.recorded >= self.plan.timesteps

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the present rate; None where that is not known."""
        return (self.plan.timesteps - self.recorded) / self.rate if self.rate > 0 else None

    # --- what to ask for ------------------------------------------------------------------------

    def next_stretch(self) -> StretchInputs | None:
        """What goes into the next stretch; None where none is to be asked for now."""
        if not self.running or self.is_whole or self.pending is not None:
            return None
        window = Window(self.recorded, min(self.recorded + self._steps(), self.plan.timesteps))
        return self._inputs(window, self.last)

    def _steps(self) -> int:
        """A multiple of the chunk and of the bin: what takes about as long as one is willing to wait."""
        least = max(self.plan.chunk, self.plan.bin)
        chunks = max(min(round(self.rate * _STRETCH_SECONDS / least), _MOST_CHUNKS), 1)
        return least * chunks

    def window_for(self, step: int) -> Window | None:
        """The window to ask for where the cursor is at `step`; None where it is there or not recorded yet."""
        if step >= self.recorded:
            return None
        wanted = self._around(step)
        if wanted == self.wanted or self._holding(wanted) is not None:
            return None
        return wanted

    def window_inputs(self, window: Window) -> StretchInputs:
        """What goes into a window: it starts at a border that is kept."""
        return self._inputs(window, self.borders.before(window.start)[1])

    def _around(self, step: int) -> Window:
        near = Window(max(step - MARGIN, 0), min(step + MARGIN + 1, self.recorded))
        start, _ = self.borders.before(near.start)
        stop = between_borders(near, self.plan.chunk, self.recorded).stop
        return Window(start, stop)

    def _inputs(self, window: Window, border: Border | None) -> StretchInputs:
        return StretchInputs(self.keeping.part(window), window.start, border, self.call.states_before)

    def end(self) -> tuple[Window, Border | None]:
        """The last steps that are recorded, and the states before them: two chunks, and what follows them."""
        start, border = self.borders.before(max(self.recorded - 2 * self.plan.chunk, 0))
        return Window(start, self.recorded), border

    # --- what has arrived -----------------------------------------------------------------------

    def with_stretch(self, stretch: Stretch) -> LongRecording:
        """With the next stretch; one that does not follow is left out."""
        if stretch.start != self.recorded or stretch.level is None:
            return replace(self, pending=None)
        steps = stretch.stop - stretch.start
        borders = self.borders
        for number, border in enumerate(stretch.borders, 1):
            step = stretch.start + number * self.plan.chunk
            if step % borders.steps == 0 and step <= stretch.stop:
                borders = borders.adding(border)
        rate = steps / stretch.seconds if stretch.seconds > 0 else self.rate
        return replace(
            self,
            recorded=stretch.stop,
            pending=None,
            stopped="",
            bins=self.bins.adding(stretch.level, steps),
            borders=borders,
            last=stretch.borders[-1],
            outputs=stretch.outputs,
            states_after=stretch.states_after,
            rate=rate if not self.rate else 0.8 * self.rate + 0.2 * rate,
        )

    def with_window(self, window: Stretch) -> LongRecording:
        """With these steps kept; those that were used longest ago go where the room is used up."""
        span = Window(window.start, window.stop)
        kept, room = [window], self.keeping.window_bytes - _bytes(window)
        for other in reversed(self.windows):
            room -= _bytes(other)
            if room >= 0 and not (span.start <= other.start and other.stop <= span.stop):
                kept.append(other)
        return replace(self, wanted=None, windows=tuple(reversed(kept)))

    # --- what it shows --------------------------------------------------------------------------

    def pyramid(self, track: str) -> Pyramid | None:
        """Everything so far of a track (`path/series`, `path/mask`, `output/NAME`) from afar."""
        return _pyramid(self.bins, track) if track in self.bins.arrays else None

    def at(self, step: int) -> Recording:
        """As a recording of the window that holds `step`; of no steps where none does."""
        return _recording(self, self._shown(step))

    def _shown(self, step: int) -> Stretch | None:
        """The window in which `step` has most around it."""
        holding = [each for each in self.windows if each.start <= step < each.stop]
        return max(holding, key=lambda each: min(step - each.start, each.stop - step, MARGIN), default=None)

    def _holding(self, window: Window) -> Stretch | None:
        return next(
            (each for each in self.windows if each.start <= window.start and window.stop <= each.stop), None
        )


def _bytes(stretch: Stretch) -> int:
    return sum(values.nbytes for trace in stretch.layers for values in trace.steps.values())


@lru_cache(maxsize=16)
def _pyramid(bins: Bins, track: str) -> Pyramid:
    """The same value for as long as nothing has arrived: what is drawn from it is too."""
    return bins.pyramid(track)


@lru_cache(maxsize=2)
def _recording(long: LongRecording, shown: Stretch | None) -> Recording:
    """What stands on the screen: made once for as long as nothing has arrived."""
    call, keeping = long.call, long.keeping
    return Recording(
        inputs=keeping.inputs,
        outputs=long.outputs,
        layers=_layers(keeping, call) if shown is None else _window(keeping, shown),
        layer_outputs=call.layer_outputs,
        prefix=shown.predictions if shown is not None else {},
        prefix_missing=call.prefix_missing,
        unrecorded=call.unrecorded,
        states_before=call.states_before,
        states_after=long.states_after,
        disagreement=call.disagreement,
        sample=keeping.sample,
    )


@lru_cache(maxsize=8)
def _window(keeping: Keeping, shown: Stretch) -> tuple[LayerTrace, ...]:
    """The layers in a window, the same values for as long as it is kept: what is drawn from them is too."""
    return tuple(replace(trace, first_sample=keeping.sample, samples=keeping.rows) for trace in shown.layers)


@lru_cache(maxsize=2)
def _layers(keeping: Keeping, call: LongCall) -> tuple[LayerTrace, ...]:
    """The layers without any step."""
    return tuple(_empty(layer, keeping) for layer in call.layers)


def _empty(layer: LongLayer, keeping: Keeping) -> LayerTrace:
    assert keeping.long is not None
    nothing = np.zeros((1, 0, *layer.shape), np.float32)
    return LayerTrace(
        path=layer.path,
        cell=layer.cell,
        steps=dict.fromkeys(layer.cell.series, nothing),
        initial={},
        stateful=layer.stateful,
        whole=keeping.long.timesteps,
        first_sample=keeping.sample,
        samples=keeping.rows,
    )
