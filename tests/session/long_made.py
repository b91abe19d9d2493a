"""A long recording made by hand, and an engine that answers for it: NumPy instead of Keras."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lstm_tui.recurrent.cells import GRU, LSTM
from lstm_tui.recurrent.pyramid import level_of
from lstm_tui.recurrent.recording import Array, LayerTrace
from lstm_tui.recurrent.stretches import LongCall, LongLayer, LongPlan, Stretch, Track
from lstm_tui.recurrent.window import Window, chunks
from lstm_tui.session import commands as c
from lstm_tui.session.edits import Material
from lstm_tui.session.effects import Announce, Effect, OpenLongCall, StartGradients, StartStretch
from lstm_tui.session.state import Session
from lstm_tui.session.update import open_session, update
from tests.session.hand_made import gold

STEPS = 6000
#: Bytes: `gold` keeps 36 numbers a step, 864 kB of this sequence.
MEMORY = 1 << 19
LAYERS = (LongLayer("lstm_1", LSTM, (4,), stateful=True), LongLayer("gru_1", GRU, (3,)))


def series(path: str, name: str, units: int, window: Window) -> Array:
    """`(steps, units)`: what the layer does at these steps, whoever asks."""
    seed = sum(map(ord, f"{path}/{name}"))
    step = np.arange(window.start, window.stop)[:, None]
    return np.asarray(np.sin(step * 0.01 * (1 + np.arange(units)) + seed), np.float32)


def call(**changes: object) -> LongCall:
    """What an engine could find out about `gold`."""
    tracks: dict[str, Track] = {}
    start = 0
    for layer in LAYERS:
        for name in layer.cell.series:
            tracks[f"{layer.path}/{name}"] = Track(start, start + layer.shape[0], layer.shape)
            start += layer.shape[0]
    tracks["output/y"] = Track(start, start + 1, (1,))
    known = {
        "layers": LAYERS, "tracks": tracks, "output_shapes": {"y": (1, 1)}, "predictions": ("y",),
        "disagreement": 0.0, "compared": 512,
    }  # fmt: skip
    return LongCall(**{**known, **changes})  # type: ignore[arg-type]


def stretch(plan: LongPlan, wish: StartStretch) -> Stretch:
    """The answer to a wish."""
    steps = wish.of.inputs["x"].shape[1]
    window = Window(wish.of.start, wish.of.start + steps)
    values = {
        f"{layer.path}/{name}": series(layer.path, name, layer.shape[0], window)
        for layer in LAYERS
        for name in layer.cell.series
    }
    values["output/y"] = series("output", "y", 1, window)
    borders = tuple(_border(part.stop) for part in chunks(window, plan.chunk))
    outputs = {"y": values["output/y"][-1:]}
    if wish.keep == "bins":
        level = level_of(np.concatenate(list(values.values()), axis=1), plan.bin)
        return Stretch(window.start, window.stop, borders, level, outputs=outputs, seconds=steps / 1e4)
    predictions = {"y": values["output/y"][None]}
    layers = tuple(_trace(layer, values, window) for layer in LAYERS)
    return Stretch(window.start, window.stop, borders, None, layers, predictions, outputs=outputs)


def _border(step: int) -> dict[str, Array]:
    return {f"{layer.path}/h": np.full((1, *layer.shape), float(step)) for layer in LAYERS}


def _trace(layer: LongLayer, values: Mapping[str, Array], window: Window) -> LayerTrace:
    steps = {name: values[f"{layer.path}/{name}"][None] for name in layer.cell.series}
    before = series(layer.path, "h", layer.shape[0], Window(window.start - 1, window.start))
    initial = dict.fromkeys(layer.cell.states, before)
    return LayerTrace(layer.path, layer.cell, steps, initial, start=window.start, whole=STEPS)


class Engine:
    """Answers what a session asks, one wish at a time as a link would send them."""

    def __init__(self, known: LongCall | None = None) -> None:
        self.known = known or call()
        self.asked: list[Effect] = []
        self.waiting: list[Effect] = []

    def take(self, effects: tuple[Effect, ...]) -> None:
        """Effects of an update; of steps in view only the latest wish counts."""
        for effect in effects:
            if isinstance(effect, Announce):
                continue
            in_view = isinstance(effect, StartStretch) and effect.keep == "steps"
            if in_view:
                self.waiting = [
                    each for each in self.waiting
                    if not (isinstance(each, StartStretch) and each.keep == "steps")
                ]  # fmt: skip
            self.asked.append(effect)
            if isinstance(effect, StartGradients):
                continue
            self.waiting.insert(0, effect) if in_view else self.waiting.append(effect)

    def answer(self, session: Session) -> Session:
        """The session after the next wish was answered."""
        wish = self.waiting.pop(0)
        command: c.Command
        match wish:
            case OpenLongCall(key):
                command = c.LongOpened(key, self.known)
            case StartStretch(key, plan):
                command = c.StretchArrived(key, stretch(plan, wish))
            case _:
                raise AssertionError(f"not about a long recording: {wish}")
        return self.does(session, command)

    def does(self, session: Session, command: c.Command) -> Session:
        """The session after a command; what it asks for is noted."""
        session, effects = update(session, command)
        self.take(effects)
        return session

    def answer_all(self, session: Session) -> Session:
        """Until nothing is asked any more."""
        while self.waiting:
            session = self.answer(session)
        return session


def opened(engine: Engine, steps: int = STEPS, rows: int = 1, memory: int = MEMORY) -> Session:
    """A session on a long input, before anything was answered."""
    x = np.zeros((rows, steps, 2), np.float32)
    session, effects = open_session(gold(), Material(inputs={"x": x}), memory=memory)
    engine.take(effects)
    return session
