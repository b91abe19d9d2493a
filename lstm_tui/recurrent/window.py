"""Which steps are in view: pages of a long sequence, and the chunks between whose borders states are kept.

Steps count from 0, as array indices do; a window is half open. Arithmetic only, no arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Timesteps between two borders. A jump recomputes a page with what lies around it: two chunks. At 60 µs a
#: step (two LSTM layers of 64 units) that is 60 ms.
MOST_CHUNK_STEPS = 512
FEWEST_CHUNK_STEPS = 16
#: What everything that is kept of one chunk may take.
CHUNK_BYTES = 16 * 2**20


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


def chunk_steps(step_bytes: int) -> int:
    """Timesteps a chunk where so many bytes are kept of a step: a power of two, fewer for wide layers."""
    steps = MOST_CHUNK_STEPS
    while steps > FEWEST_CHUNK_STEPS and steps * step_bytes > CHUNK_BYTES:
        steps //= 2
    return steps


def chunks(window: Window, steps: int) -> tuple[Window, ...]:
    """The window cut into windows of `steps`, the last one shorter."""
    starts = range(window.start, window.stop, max(steps, 1))
    return tuple(Window(start, min(start + steps, window.stop)) for start in starts)


def between_borders(window: Window, steps: int, timesteps: int) -> Window:
    """The window stretched to the borders around it, which are `steps` apart; the last one is the end."""
    steps = max(steps, 1)
    start = max(window.start, 0) // steps * steps
    return Window(start, min(-(-window.stop // steps) * steps, timesteps))


def zooms(timesteps: int, columns: int, finest: int = 1) -> tuple[int, ...]:
    """Steps a column that can be chosen: 1, then powers of 4 from `finest` on, up to the whole timeline."""
    levels, zoom = [1], 4
    while levels[-1] * max(columns, 1) < timesteps:
        if zoom >= finest:
            levels.append(zoom)
        zoom *= 4
    return tuple(levels)
