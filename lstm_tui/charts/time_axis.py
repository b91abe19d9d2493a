"""Which timestep stands in which column. Charts under one another share an axis, so that a step lines up."""

from __future__ import annotations

from dataclasses import dataclass

from lstm_tui.recurrent.window import Window, page_of

#: A short sequence is drawn wider, but not without end: ten steps need no two hundred columns.
WIDEST_STEP = 8


@dataclass(frozen=True)
class TimeAxis:
    """`steps` of `timesteps`, from `first_step` on, spread over `columns` columns right of `left`."""

    left: int
    columns: int
    first_step: int
    steps: int
    timesteps: int

    @property
    def last_step(self) -> int:
        """The last step on the page."""
        return self.first_step + max(self.steps, 1) - 1

    @property
    def end(self) -> int:
        """The first column right of the axis."""
        return self.left + self.columns

    def shows(self, step: int) -> bool:
        """Whether the step is on this page."""
        return self.first_step <= step < self.first_step + self.steps

    def column(self, step: int) -> int:
        """The column of a step on this page; others are moved to the nearest that is."""
        offset = min(max(step - self.first_step, 0), max(self.steps - 1, 0))
        return self.left + (2 * offset + 1) * self.columns // (2 * max(self.steps, 1))

    def step_at(self, column: int) -> int | None:
        """The step in the middle of a column; None beside the axis."""
        if not self.left <= column < self.end or not self.steps:
            return None
        return self.first_step + (2 * (column - self.left) + 1) * self.steps // (2 * self.columns)


def paged_axis(timesteps: int, *, step: int, left: int, right: int) -> TimeAxis:
    """The axis of the page that holds `step`, between two columns: whole columns a step, at least one."""
    room = max(right - left, 0)
    page = page_of(step, room, timesteps) if room else Window(0, 0)
    cells = min(max(room // max(timesteps, 1), 1), WIDEST_STEP)
    return TimeAxis(left, len(page) * cells, page.start, len(page), timesteps)


def zoomed_axis(timesteps: int, *, step: int, zoom: int, left: int, right: int) -> TimeAxis:
    """The axis of the page that holds `step` with `zoom` steps a column; everything where that fits."""
    room = max(right - left, 0)
    if zoom <= 1 or not room:
        return paged_axis(timesteps, step=step, left=left, right=right)
    if zoom * room >= timesteps:
        return TimeAxis(left, min(room, timesteps), 0, timesteps, timesteps)
    page = page_of(step, zoom * room, timesteps)
    return TimeAxis(left, -(-len(page) // zoom), page.start, len(page), timesteps)
