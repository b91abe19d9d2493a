"""Which steps are in view: pages of a long sequence, and the chunks between whose borders states are kept.

Steps count from 0, as array indices do; a window is half open. Arithmetic only, no arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Timesteps between two kept states. Wide layers get shorter chunks: all gates of one have to fit in memory.
CHUNK_STEPS = 1024
WIDE_CHUNK_STEPS = 256
WIDE_UNITS = 512


@dataclass(frozen=True)
class Window:
    """The steps `start <= t < stop`."""

    start: int
    stop: int

    def __len__(self) -> int:
        return max(self.stop - self.start, 0)

    def __contains__(self, step: object) -> bool:
        return isinstance(step, int) and self.start <= step < self.stop

    @property
    def slice(self) -> slice:
        """To index a time axis."""
        return slice(self.start, self.stop)


def page_of(step: int, width: int, timesteps: int) -> Window:
    """The page that holds `step`: pages start at multiples of `width` steps, wherever the cursor is."""
    width = max(width, 1)
    last = max(timesteps - 1, 0)
    start = min(max(step, 0), last) // width * width
    return Window(start, min(start + width, max(timesteps, 0)))


def chunk_steps(units: int) -> int:
    """Timesteps a chunk for a layer of this many units."""
    return WIDE_CHUNK_STEPS if units >= WIDE_UNITS else CHUNK_STEPS


def chunks(timesteps: int, steps: int) -> tuple[Window, ...]:
    """The whole sequence cut into windows of `steps`, the last one shorter."""
    return tuple(Window(start, min(start + steps, timesteps)) for start in range(0, timesteps, max(steps, 1)))


def from_border(window: Window, steps: int) -> Window:
    """The window stretched back to the nearest border of a chunk: where recomputing it has to start."""
    return Window(window.start // max(steps, 1) * max(steps, 1), window.stop)
