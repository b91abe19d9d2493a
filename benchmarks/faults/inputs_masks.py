"""Padding and masks: real values that are masked, padding that is not, lost masks, tails that are read."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from benchmarks.faults.draws import Draw, Floats, used
from benchmarks.faults.inputs import reader, words
from benchmarks.faults.specimen import Pair, Recipe, Specimen

layers = keras.layers


def _head() -> Any:
    return layers.Dense(1, name="head")


def masked_model(draw: Draw, *between: Any, value: float = 0.0, features: int | None = None) -> Any:
    """Masking, what stands `between`, the drawn recurrent layers, a head."""
    x = keras.Input((None, features or draw.features), name="x")
    masking = layers.Masking(value, name="masking")
    return used(keras.Sequential([x, masking, *between, *draw.recurrent(), _head()]), draw.seed)


def lengths(draw: Draw, rows: int, *, shortest: float = 0.2) -> Any:
    """Real lengths of padded rows, the first of them full."""
    shortest_steps = max(int(shortest * draw.timesteps), 2)
    chosen = draw.rng.integers(shortest_steps, draw.timesteps, rows)
    chosen[0] = draw.timesteps
    return chosen


def padded(rows: Floats, real: Any, value: float = 0.0, *, in_front: bool = False) -> Floats:
    """`rows` cut to their real lengths and filled up with `value`."""
    out = np.full_like(rows, value)
    for row, length in enumerate(real):
        place = slice(-length, None) if in_front else slice(0, length)
        out[row, place] = rows[row, :length]
    return out


def _rain(draw: Draw, rows: int) -> Floats:
    """Amounts that are exactly 0 on dry days, `(rows, timesteps, 1)`."""
    amounts = draw.rng.gamma(0.7, 0.6, (rows, draw.timesteps, 1))
    dry = draw.rng.random(amounts.shape) < 0.3
    return np.where(dry, 0.0, amounts).astype(np.float32)


def _counts(draw: Draw, rows: int) -> Floats:
    """Two counts of rare things, often both 0, `(rows, timesteps, 2)`."""
    return draw.rng.poisson(0.8, (rows, draw.timesteps, 2)).astype(np.float32)


def _collision(draw: Draw) -> Pair:
    """Dry days, rare counts, a balance that crosses 0, the first word of a vocabulary."""
    match draw.index % 4:
        case 0:
            x, features = _rain(draw, 4), 1
        case 1:
            x, features = _counts(draw, 4), 2
        case 2:
            steps = draw.rng.integers(-1, 2, (4, draw.timesteps, 1))
            x, features = np.cumsum(steps, axis=1).astype(np.float32) / 2, 1
        case _:
            ids = np.maximum(words(draw, 4, 30) - 2, 0)
            model = reader(draw, 30, mask_zero=True)
            return Pair(
                Specimen(model, {"ids": ids}, "mask-collision"), Specimen(model, {"ids": ids.clip(1)})
            )
    wrong = masked_model(draw, features=features)
    right = masked_model(draw, value=-100.0, features=features)
    return Pair(Specimen(wrong, {"x": x}, "mask-collision"), Specimen(right, {"x": x}))


def _missing(draw: Draw) -> Pair:
    """Trained on whole windows and asked on padded ones; ids without mask_zero; a mask of another value."""
    real = lengths(draw, 6, shortest=0.15)
    if draw.index % 4 == 1:
        ids = padded(words(draw, 6, 40), real).astype(np.int64)
        return Pair(
            Specimen(reader(draw, 40), {"ids": ids}, "mask-missing"),
            Specimen(reader(draw, 40, mask_zero=True), {"ids": ids}),
        )
    if draw.index % 4 == 3:
        x, _ = draw.windows(6)
        x = padded(x + 2, real, -1.0)
        return Pair(
            Specimen(masked_model(draw), {"x": x}, "mask-missing"),
            Specimen(masked_model(draw, value=-1.0), {"x": x}),
        )
    model, windows, _ = draw.forecaster(rows=160, epochs=6)
    x = windows[10:70:10]
    return Pair(
        Specimen(model, {"x": padded(x, real)}, "mask-missing", tolerated=("context-short",)),
        Specimen(model, {"x": x}),
    )


def _lost(draw: Draw) -> Pair:
    """A convolution, arithmetic, a reshape and a slice between the mask and the recurrent layer."""
    x, _ = draw.windows(5)
    x = padded(x, lengths(draw, 5))
    passing: list[Any] = [layers.Dense(6, activation="tanh"), layers.Rescaling(0.5)]
    if draw.index % 2 == 0:
        dropping = (
            layers.Conv1D(6, 3, padding="same"),
            layers.Reshape((draw.timesteps, draw.features)),
        )[draw.index // 2 % 2]
        fixed = keras.Input((draw.timesteps, draw.features), name="x")
        stack = [fixed, layers.Masking(0.0, name="masking"), dropping, *draw.recurrent(), _head()]
        wrong = used(keras.Sequential(stack), draw.seed)
        return Pair(Specimen(wrong, {"x": x}, "mask-lost"), Specimen(masked_model(draw, *passing), {"x": x}))
    inputs = keras.Input((None, draw.features), name="x")
    hidden = layers.Masking(0.0, name="masking")(inputs)
    hidden = hidden * 2.0 if draw.index // 2 % 2 else hidden[:, :, :1]
    for layer in draw.recurrent():
        hidden = layer(hidden)
    wrong = used(keras.Model(inputs, _head()(hidden)), draw.seed)
    return Pair(Specimen(wrong, {"x": x}, "mask-lost"), Specimen(masked_model(draw, *passing), {"x": x}))


def _tail(draw: Draw) -> Pair:
    """The last step of a Bidirectional, a mean without the mask, a Flatten; not so in the twin."""
    x, _ = draw.windows(6)
    x = padded(x, lengths(draw, 6))
    last = (layers.LSTM, layers.GRU)[draw.split == "report"](draw.units, return_sequences=draw.index < 99)
    keras.utils.set_random_seed(draw.seed % 2**31)
    inputs = keras.Input((draw.timesteps if draw.index % 4 == 2 else None, draw.features), name="x")
    hidden = layers.Masking(0.0, name="masking")(inputs)
    if draw.index % 4 in (0, 3):
        sequence = layers.Bidirectional(last, name="both")(hidden)
        read = sequence[:, -1] if draw.index % 4 == 0 else keras.ops.mean(sequence, axis=1)
    else:
        sequence = last(hidden)
        read = layers.Flatten()(sequence) if draw.index % 4 == 2 else keras.ops.mean(sequence, axis=1)
    wrong = used(keras.Model(inputs, _head()(read)), draw.seed)
    return Pair(Specimen(wrong, {"x": x}, "mask-tail"), Specimen(masked_model(draw), {"x": x}))


def _empty(draw: Draw) -> Pair:
    """Rows of nothing but padding, among others."""
    if draw.index % 2:
        ids = padded(words(draw, 5, 40), lengths(draw, 5)).astype(np.int64)
        model, name, full = reader(draw, 40, mask_zero=True), "ids", ids
    else:
        x, _ = draw.windows(5)
        model, name, full = masked_model(draw), "x", padded(x, lengths(draw, 5))
    wrong = full.copy()
    wrong[[1, 3] if draw.index > 1 else [2]] = 0
    return Pair(Specimen(model, {name: wrong}, "mask-empty"), Specimen(model, {name: full}))


def _left(draw: Draw) -> Pair:
    """Padded in front, which is right; told for information."""
    x, _ = draw.windows(5)
    real = lengths(draw, 5)
    cell = (layers.LSTM, layers.GRU)[draw.index % 2]
    inputs = keras.Input((None, draw.features), name="x")
    stack = [inputs, layers.Masking(0.0, name="masking"), cell(draw.units), _head()]
    model = used(keras.Sequential(stack), draw.seed)
    return Pair(
        Specimen(model, {"x": padded(x, real, in_front=True)}, "mask-left"),
        Specimen(model, {"x": padded(x, real)}),
    )


RECIPES = (
    Recipe("mask-collision", _collision),
    Recipe("mask-missing", _missing),
    Recipe("mask-lost", _lost),
    Recipe("mask-tail", _tail),
    Recipe("mask-empty", _empty),
    Recipe("mask-left", _left),
)
