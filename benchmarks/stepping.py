"""What a step costs: bytes and frames at the terminal, processor time in the terminal process."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.measuring import Figure, Sample, at_most
from benchmarks.models import ROOT, Files
from tests.pseudo_terminal import PseudoTerminal, lstm_tui

#: (columns, rows): bytes a step at most.
BUDGETS = {(80, 24): 1500, (200, 50): 5000}
COLOURS = {"truecolor": {"COLORTERM": "truecolor"}, "256 colours": {"COLORTERM": ""}}
CPU_MILLISECONDS = 30.0


@dataclass(frozen=True)
class Walk:
    """A walk through a sequence, one key a step: bytes of every step, frames and processor time in all."""

    step_bytes: tuple[int, ...]
    frames: int
    cpu_seconds: float

    @property
    def steps(self) -> int:
        """Steps walked."""
        return len(self.step_bytes)

    @property
    def mean_bytes(self) -> float:
        """Bytes a step, those that turn a page included."""
        return sum(self.step_bytes) / self.steps


def walk(terminal: PseudoTerminal, steps: int, key: str = "n") -> Walk:
    """Press `key` for every step, waiting for its frame, then for any straggler."""
    terminal.settle(0.5)
    frames, cpu = terminal.frames, terminal.cpu_seconds()
    taken = [terminal.draw(key) for _ in range(steps)]
    taken[-1] += terminal.settle(0.3)
    return Walk(tuple(taken), terminal.frames - frames, terminal.cpu_seconds() - cpu)


def stepping(files: Files, own_place: dict[str, str], *, quick: bool) -> list[Figure]:
    """Walks through 200 steps at both sizes, in both numbers of colours."""
    steps = 60 if quick else 199
    figures = []
    for colours, variables in COLOURS.items():
        command = lstm_tui("--fresh", files.model, "--input", files.input)
        with PseudoTerminal(command, environment={**own_place, **variables}, cwd=ROOT) as terminal:
            terminal.wait_for("t 0 of 200")
            for (columns, rows), budget in BUDGETS.items():
                terminal.resize(columns, rows)
                terminal.settle(0.5)
                terminal.press("0")
                terminal.settle(0.5)
                figures += _figures(walk(terminal, steps), f"{columns}×{rows}, {colours}", budget)
    return figures


def _figures(walked: Walk, where: str, budget: int) -> list[Figure]:
    spread = Sample(tuple(map(float, walked.step_bytes)))
    aside = f"median {spread.words('{:,.0f}')}, a new page {max(walked.step_bytes):,} bytes"
    mean, frames = walked.mean_bytes, walked.frames / walked.steps
    within = mean <= budget and walked.frames == walked.steps
    milliseconds = Sample((1000 * walked.cpu_seconds / walked.steps,))
    return [
        Figure(
            f"bytes and frames a step, {where}",
            f"{mean:,.0f} bytes on average, {frames:.3g} frame",
            f"≤ {budget:,}, 1",
            within,
            aside,
        ),
        at_most(f"processor time a step, {where}", milliseconds, CPU_MILLISECONDS, "{:.1f}", " ms"),
    ]
