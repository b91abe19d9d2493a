"""What a draw decides: architecture, sizes and data, from a seed. The splits share none of them.

`tune` draws LSTMs and stacks on waves and walks, `report` GRUs, SimpleRNNs, Bidirectional and deeper stacks
on other series, with other lengths and widths. Beyond its first draws `tune` turns rough: other stacks on
bursts, plateaus that end at any moment and much noise, as real series have them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Split = Literal["tune", "report"]

_KINDS: dict[Split, tuple[str, ...]] = {
    "tune": ("lstm", "lstm_stack", "gru", "lstm_norm"),
    "report": ("gru_stack", "bidirectional", "lstm_deep", "rnn_mixed", "lstm_wide", "gru_norm"),
}
#: Of `tune`, draws from this one on are rough.
_ROUGH_FROM = 4
_ROUGH_KINDS = ("rnn_norm", "conv_gru", "gru_wide", "dense_lstm", "lstm_tall")
#: What was looked at while checks were mended is no report: it was drawn anew for that, four times.
_EDITIONS: dict[Split, str] = {"tune": "tune", "report": "report, fifth edition"}
_TIMESTEPS: dict[Split, tuple[int, ...]] = {"tune": (12, 24, 40), "report": (16, 30, 50)}
_FEATURES: dict[Split, tuple[int, ...]] = {"tune": (1, 2, 4), "report": (1, 3, 5)}
_UNITS: dict[Split, tuple[int, ...]] = {"tune": (8, 16, 32), "report": (12, 20, 40)}


@dataclass(frozen=True)
class Draw:
    """Draw number `index` of a split for the recipe `name`; equal draws give equal specimens."""

    name: str
    split: Split
    index: int

    @cached_property
    def seed(self) -> int:
        """Of everything random in this draw."""
        return zlib.crc32(f"{self.name}/{_EDITIONS[self.split]}/{self.index}".encode())

    @cached_property
    def rng(self) -> np.random.Generator:
        """For the recipe's own choices; advances as it is used."""
        return np.random.default_rng(self.seed)

    @property
    def kind(self) -> str:
        """The architecture."""
        if self.is_rough:
            return _ROUGH_KINDS[(self.index + self.seed) % len(_ROUGH_KINDS)]
        return self._chosen(_KINDS, 0)

    @property
    def is_rough(self) -> bool:
        """Whether the series jumps and is noisy; of `tune` only, whose other series are smooth."""
        return self.split == "tune" and self.index >= _ROUGH_FROM

    @property
    def timesteps(self) -> int:
        """Length of a sequence."""
        return self._chosen(_TIMESTEPS, 1)

    @property
    def features(self) -> int:
        """Features of a step."""
        return self._chosen(_FEATURES, 2)

    @property
    def units(self) -> int:
        """Units of a recurrent layer."""
        return self._chosen(_UNITS, 3)

    def _chosen(self, table: dict[Split, tuple[Any, ...]], stride: int) -> Any:
        values = table[self.split]
        return values[(self.index * (1 + stride) + self.seed % 7 + self.index // len(values)) % len(values)]

    # --- models ---------------------------------------------------------------------------------

    def recurrent(self, **options: Any) -> list[Any]:
        """The recurrent layers of this architecture; `options` go to the last one (and to all: stateful)."""
        import keras

        keras.utils.set_random_seed(self.seed % 2**31)
        layers = keras.layers
        shared = {"stateful": True} if options.get("stateful") else {}
        u = self.units
        inner: dict[str, Callable[[], list[Any]]] = {
            "lstm": lambda: [layers.LSTM(u, **options)],
            "gru": lambda: [layers.GRU(u, **options)],
            "lstm_stack": lambda: [
                layers.LSTM(u, return_sequences=True, **shared), layers.LSTM(u, **options),
            ],
            "gru_stack": lambda: [layers.GRU(u, return_sequences=True, **shared), layers.GRU(u, **options)],
            "lstm_norm": lambda: [
                layers.LSTM(u, return_sequences=True, **shared), layers.LayerNormalization(),
                layers.LSTM(u, **options),
            ],
            "gru_norm": lambda: [
                layers.GRU(u, return_sequences=True, **shared), layers.LayerNormalization(),
                layers.GRU(u, **options),
            ],
            "bidirectional": lambda: [
                layers.Bidirectional(layers.LSTM(u, return_sequences=True, **shared)),
                layers.LSTM(u, **options),
            ],
            "lstm_deep": lambda: [
                layers.LSTM(u, return_sequences=True, **shared),
                layers.LSTM(u, return_sequences=True, **shared), layers.LSTM(u, **options),
            ],
            "rnn_mixed": lambda: [
                layers.GRU(u, return_sequences=True, **shared), layers.LSTM(u, **options),
            ],
            "lstm_wide": lambda: [layers.LSTM(2 * u, **options)],
            "rnn_norm": lambda: [
                layers.SimpleRNN(u, return_sequences=True, **shared), layers.LayerNormalization(),
                layers.GRU(u, **options),
            ],
            "conv_gru": lambda: [
                layers.Conv1D(u, 3, padding="causal", activation="relu"), layers.GRU(u, **options),
            ],
            "gru_wide": lambda: [layers.GRU(3 * u, **options)],
            "dense_lstm": lambda: [
                layers.TimeDistributed(layers.Dense(u, activation="tanh")), layers.LSTM(u, **options),
            ],
            "lstm_tall": lambda: [
                *(layers.GRU(u, return_sequences=True, **shared) for _ in range(3)),
                layers.LSTM(u, **options),
            ],
        }  # fmt: skip
        return inner[self.kind]()

    def model(
        self,
        *head: Any,
        batch: int | None = None,
        length: int | None = None,
        fresh: bool = False,
        **options: Any,
    ) -> Any:
        """A Sequential: input `(batch, length or free, features)`, the recurrent layers, then `head`.

        Its weights are `used`, unless `fresh`: as initialised they would be a fault of their own.
        """
        import keras

        recurrent = self.recurrent(**options)
        shape = keras.Input(batch_shape=(batch, length, self.features), name="x")
        model = keras.Sequential([shape, *recurrent, *head], name="specimen")
        return model if fresh else used(model, self.seed)

    # --- data -----------------------------------------------------------------------------------

    def series(self, steps: int) -> Floats:
        """`(steps, features)` of order one: waves and walks to tune on, other series to report on."""
        time = np.arange(steps)[:, None]
        rng = np.random.default_rng(self.seed + 1)
        phase = rng.uniform(0, 2 * np.pi, self.features)
        if self.is_rough:
            return _rough(rng, steps, self.features)
        if self.split == "tune":
            period = rng.uniform(8, 25, self.features)
            smooth = _smooth(rng.normal(size=(steps, self.features)), 0.9)
            return (np.sin(2 * np.pi * time / period + phase) + 0.3 * smooth).astype(np.float32)
        period = rng.uniform(11, 37, self.features)
        saw = 2 * ((time / period + phase / 6) % 1) - 1
        level = np.repeat(rng.normal(size=(steps // 7 + 1, self.features)), 7, axis=0)[:steps]
        return (0.7 * saw + 0.5 * level + 0.1 * rng.normal(size=(steps, self.features))).astype(np.float32)

    def windows(self, rows: int, *, ahead: int = 1) -> tuple[Floats, Floats]:
        """`(rows, timesteps, features)` and, `ahead` steps later, the first feature `(rows, 1)`."""
        series = self.series(rows + self.timesteps + ahead)
        starts = np.arange(rows)[:, None] + np.arange(self.timesteps)
        return series[starts], series[np.arange(rows) + self.timesteps + ahead - 1, :1]

    def trained(self, model: Any, x: Floats, y: Floats, *, epochs: int = 12, rate: float = 0.01) -> Any:
        """`model` after some epochs of Adam; enough to follow the series, not more."""
        import keras

        keras.utils.set_random_seed(self.seed % 2**31)
        model.compile(optimizer=keras.optimizers.Adam(rate), loss="mse")
        model.fit(x, y, epochs=epochs, batch_size=32, shuffle=True, verbose=0)
        return model

    def forecaster(self, *, rows: int = 256, epochs: int = 12) -> tuple[Any, Floats, Floats]:
        """A trained one-step forecaster with its training windows and labels: the plain healthy model."""
        import keras

        x, y = self.windows(rows)
        model = self.model(keras.layers.Dense(1, name="head"))
        return self.trained(model, x, y, epochs=epochs), x, y


def used(model: Any, seed: int) -> Any:
    """`model` with its trainable weights moved about as far as some epochs of training move them."""
    rng = np.random.default_rng(seed + 2)
    for weight in model.trainable_weights:
        values = np.asarray(weight)
        weight.assign(values + rng.normal(size=values.shape) * (0.1 * values.std() + 0.02))
    return model


def _smooth(noise: NDArray[np.float64], keep: float) -> NDArray[np.float64]:
    out = np.zeros_like(noise)
    for step in range(1, len(noise)):
        out[step] = keep * out[step - 1] + noise[step]
    return out / max(float(out.std()), 1e-9)


def _rough(rng: np.random.Generator, steps: int, features: int) -> Floats:
    """Plateaus of any length, bursts that fade, a slow drift, and noise: `(steps, features)` of order one."""
    ends = rng.random((steps, features)) < 1 / rng.uniform(5, 20, features)
    levels = rng.normal(size=(steps, features))
    burst = np.zeros((steps, features))
    level = levels[0]
    plateau = np.zeros_like(burst)
    for step in range(steps):
        level = np.where(ends[step], levels[step], level)
        plateau[step] = level
        burst[step] = 0.7 * (burst[step - 1] if step else 0.0) + (rng.random(features) < 0.04) * rng.normal(
            0, 2, features
        )
    drift = _smooth(rng.normal(size=(steps, features)), 0.98)
    noise = rng.uniform(0.1, 0.5) * rng.normal(size=(steps, features))
    return (0.6 * plateau + 0.5 * burst + 0.4 * drift + noise).astype(np.float32)
