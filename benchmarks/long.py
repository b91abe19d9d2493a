"""A million steps of two LSTM layers: the memory that recording them takes, how fast any of it is on screen.

A session asks a real engine for one stretch after the other, as the workbench does, and its panes are drawn
for a terminal of 200×50; only the terminal itself is left out. Run in a process of its own, whose peak memory
is that of the terminal process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import Figure, Sample, at_most
from benchmarks.models import ROOT, Case, written

#: Units of each layer, and steps.
UNITS, STEPS, FEW_STEPS = 64, 1_000_000, 200_000
MEMORY_GOAL_MB, JUMP_GOAL_MS, PICTURE_GOAL_MS = 1000.0, 150.0, 10.0
_JUMPS, _PICTURES = 40, 40
_SIZE = (200, 36)


def long(folder: Path, *, quick: bool) -> list[Figure]:
    """Rows for one recording from the first step to the last."""
    case = Case(FEW_STEPS if quick else STEPS, UNITS)
    files = written(folder, case)
    command = [sys.executable, "-m", __name__, str(files.model), str(files.input)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{case.words} could not be measured:\n{done.stderr}")
    found = {name: Sample(tuple(values)) for name, values in json.loads(done.stdout).items()}
    said = {name: sample.words("{:,.0f}") for name, sample in found.items()}
    return [
        at_most(
            f"peak memory of the engine, {case.words}",
            found["engine_mb"],
            MEMORY_GOAL_MB,
            "{:.0f}",
            " MB",
            aside=f"of the terminal process {said['terminal_mb']} MB; all steps would take "
            f"{case.timesteps * UNITS * 2 * 6 * 4 / 1e6:,.0f} MB",
        ),
        Figure(
            f"steps recorded a second, {case.words}",
            said["rate"],
            aside=f"first asked whether it can be cut, which takes {said['open_ms']} ms",
        ),
        at_most(
            f"jump to any step, {case.words}",
            found["jump_ms"],
            JUMP_GOAL_MS,
            "{:.0f}",
            " ms",
            aside=f"while the recording goes on {said['jump_meanwhile_ms']} ms",
        ),
        at_most(
            f"picture of the whole timeline, {case.words}",
            found["picture_ms"],
            PICTURE_GOAL_MS,
            "{:.1f}",
            " ms",
            aside=f"of that {found['picture_cpu_ms'].words('{:.1f}')} ms of processor time",
        ),
    ]


class _Bench:
    """A session and an engine that answers it at once."""

    def __init__(self, model: Path, input_path: Path) -> None:
        from lstm_tui.engine.client import EngineProcess
        from lstm_tui.engine.protocol import LoadModel
        from lstm_tui.performing.named import Files
        from lstm_tui.performing.opening import open_model
        from lstm_tui.session.commands import ModelLoaded

        self.engine = EngineProcess()
        facts: Any = self.engine.ask(LoadModel(model))
        opened = open_model(model, Files(input_path))
        self.session = opened.session
        self._in_view: Any = None
        self._next: Any = None
        self.does(ModelLoaded(facts))

    def does(self, command: Any) -> None:
        """A command; what it asks for waits."""
        from lstm_tui.session.effects import OpenLongCall, StartStretch
        from lstm_tui.session.update import update

        self.session, effects = update(self.session, command)
        for effect in effects:
            if isinstance(effect, StartStretch) and effect.keep == "steps":
                self._in_view = effect
            elif isinstance(effect, OpenLongCall | StartStretch):
                self._next = effect

    def answer(self) -> bool:
        """Answer what comes first; False where nothing waits."""
        from lstm_tui.engine.protocol import OpenLong, RecordStretch
        from lstm_tui.session.commands import LongOpened, StretchArrived
        from lstm_tui.session.effects import OpenLongCall

        wish, self._in_view = self._in_view, None
        if wish is None:
            wish, self._next = self._next, None
        if wish is None:
            return False
        answer: Any
        if isinstance(wish, OpenLongCall):
            answer = self.engine.ask(OpenLong(wish.before, wish.plan, wish.head))
            self.does(LongOpened(wish.key, answer))
        else:
            answer = self.engine.ask(RecordStretch(wish.plan, wish.of, wish.keep, wish.predictions))
            self.does(StretchArrived(wish.key, answer))
        return True

    def jump(self, step: int) -> float:
        """Milliseconds from the wish to look at a step until it is drawn."""
        from lstm_tui.session.commands import GoToStep
        from lstm_tui.session.view import is_there

        began = time.perf_counter()
        self.does(GoToStep(step))
        while not is_there(self.session):
            assert self.answer()
        self.draw()
        return 1000 * (time.perf_counter() - began)

    def draw(self) -> None:
        """The panes that a jump changes."""
        from lstm_tui.tui.panes.units import units_pane

        self.draw_timeline()
        units_pane(self.session, _canvas())

    def draw_timeline(self) -> None:
        """The heat map, with its title and ruler."""
        from lstm_tui.tui.panes.states import states_pane

        states_pane(self.session, _canvas())


def measured(model: Path, input_path: Path) -> dict[str, list[float]]:
    """Everything, in order of time: opened, a jump now and then while it records, then at rest."""
    from lstm_tui.session.commands import MoveUnit, Zoom

    bench, generator = _Bench(model, input_path), np.random.default_rng(5)
    try:
        open_ms = _milliseconds(bench.answer)
        began, meanwhile = time.perf_counter(), list[float]()
        while bench.session.long is not None and not bench.session.long.is_whole:
            for _ in range(20):
                bench.answer()
            if len(meanwhile) < _JUMPS:
                meanwhile.append(bench.jump(int(generator.integers(bench.session.long.recorded))))
        seconds = time.perf_counter() - began - sum(meanwhile) / 1000
        while bench.answer():
            pass
        assert bench.session.long is not None
        steps = bench.session.long.plan.timesteps
        jumps = [bench.jump(int(step)) for step in generator.integers(steps, size=_JUMPS)]
        for _ in range(12):
            bench.does(Zoom(1, _SIZE[0]))
        bench.draw()
        pictures, busy = [], []
        for _ in range(_PICTURES):
            bench.does(MoveUnit(1))  # the picture is made anew for another unit
            began_busy = time.process_time()
            pictures.append(_milliseconds(bench.draw_timeline))
            busy.append(1000 * (time.process_time() - began_busy))
        return {
            "engine_mb": [_peak_mb(bench.engine.pid or 0)],
            "terminal_mb": [_peak_mb(os.getpid())],
            "rate": [steps / seconds],
            "open_ms": [open_ms],
            "jump_ms": jumps,
            "jump_meanwhile_ms": meanwhile,
            "picture_ms": pictures,
            "picture_cpu_ms": busy,
        }
    finally:
        bench.engine.close()


def _canvas() -> Any:
    from lstm_tui.charts.capabilities import Capabilities
    from lstm_tui.charts.palette import palette_for
    from lstm_tui.tui.ink import ink_for
    from lstm_tui.tui.panes import Canvas

    palette = palette_for("dark", Capabilities("truecolor", unicode=True))
    return Canvas(*_SIZE, palette, ink_for(palette))


def _milliseconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - began)


def _peak_mb(pid: int) -> float:
    """The most memory that the process had at any moment (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


if __name__ == "__main__":
    print(json.dumps(measured(*map(Path, sys.argv[1:]))))
