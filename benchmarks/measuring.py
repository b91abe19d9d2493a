"""How figures are taken: side by side, in turn, and told as a median with the middle half beside it.

A machine is never quiet. What is compared runs in the same round, so that a slow moment slows both, and the
ratio is taken in each round before the median is.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.models import ROOT
from lstm_tui.engine.environment import tensorflow_environment
from lstm_tui.engine.options import EngineOptions


@dataclass(frozen=True)
class Sample:
    """Measurements of one thing, round by round."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    @property
    def middle_half(self) -> tuple[float, float]:
        """The quartiles; the extremes where there are few."""
        if len(self.values) < 4:
            return min(self.values), max(self.values)
        quarters = statistics.quantiles(self.values, n=4)
        return quarters[0], quarters[2]

    def over(self, other: Sample) -> Sample:
        """The ratio in each round."""
        return Sample(tuple(a / b for a, b in zip(self.values, other.values, strict=True)))

    def words(self, form: str = "{:.3g}", scale: float = 1.0) -> str:
        """`0.31 (0.29 … 0.34)`; a single measurement alone."""
        if len(self.values) == 1:
            return form.format(self.median * scale)
        low, high = (form.format(value * scale) for value in self.middle_half)
        return f"{form.format(self.median * scale)} ({low} … {high})"


@dataclass(frozen=True)
class Figure:
    """A row of the table.

    what: what is measured, against what. measured: the figure with its spread. goal: what it should be;
    empty where a row is only told. met: whether it is; None where there is no goal.
    """

    what: str
    measured: str
    goal: str = ""
    met: bool | None = None
    aside: str = ""


def at_most(
    what: str, sample: Sample, goal: float, form: str = "{:.3g}", unit: str = "", aside: str = ""
) -> Figure:
    """A figure that is to be `goal` or less."""
    return _held(what, sample, f"≤ {goal:,g}{unit}", sample.median <= goal, form + unit, aside)


def at_least(
    what: str, sample: Sample, goal: float, form: str = "{:.3g}", unit: str = "", aside: str = ""
) -> Figure:
    """A figure that is to be `goal` or more."""
    return _held(what, sample, f"≥ {goal:,g}{unit}", sample.median >= goal, form + unit, aside)


def _held(what: str, sample: Sample, goal: str, met: bool, form: str, aside: str) -> Figure:
    return Figure(what, sample.words(form), goal, met, aside)


def in_turn(things: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Sample]:
    """Seconds that each thing takes, one after the other in every round."""
    seconds: dict[str, list[float]] = {name: [] for name in things}
    for _ in range(rounds):
        for name, thing in things.items():
            seconds[name].append(timed(thing))
    return {name: Sample(tuple(values)) for name, values in seconds.items()}


def timed(thing: Callable[[], object]) -> float:
    """Seconds by the wall clock."""
    began = time.perf_counter()
    thing()
    return time.perf_counter() - began


def measured_apart(module: str, *arguments: int | str) -> dict[str, Sample]:
    """What `module` prints last, run in a process of its own, whose TensorFlow may print what it likes."""
    environment = {**os.environ, **tensorflow_environment(EngineOptions())}
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[2:])} could not be measured:\n{done.stderr}")
    return {name: Sample(tuple(values)) for name, values in json.loads(done.stdout.splitlines()[-1]).items()}


def print_samples(samples: Mapping[str, Sample]) -> None:
    """The last line of a process that `measured_apart` runs."""
    print(json.dumps({name: sample.values for name, sample in samples.items()}))


def table(figures: Sequence[Figure]) -> str:
    """The figures as a markdown table."""
    lines = ["| what | measured | goal | |", "|---|---|---|---|"]
    for figure in figures:
        mark = {None: "", True: "✓", False: "✗"}[figure.met]
        aside = f"<br>{figure.aside}" if figure.aside else ""
        lines.append(f"| {figure.what}{aside} | {figure.measured} | {figure.goal} | {mark} |")
    return "\n".join(lines)
