"""Synthetic series that behave as the real ones do, each from its own seed: weather, gold, load, machines.

Series are `(timesteps,)` or `(timesteps, features)`; `windows` cuts them to
`(samples, timesteps, features)`. Nothing here is measured data.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def autoregressive(steps: int, seed: int, *, keep: float, noise: float) -> Array:
    """A series that keeps the share `keep` of its last value and adds noise: what weather and orders do."""
    rng = np.random.default_rng(seed)
    series = np.zeros(steps)
    for step in range(1, steps):
        series[step] = keep * series[step - 1] + noise * rng.normal()
    return series.astype(np.float32)


def weather(hours: int, seed: int) -> Array:
    """Hourly temperature in °C, humidity in %, pressure in hPa and wind in m/s, `(hours, 4)`."""
    hour = np.arange(hours)
    front = autoregressive(hours, seed, keep=0.97, noise=0.6)
    sun = np.sin(2 * np.pi * (hour - 9) / 24)
    temperature = 11 + 4.5 * sun + 1.6 * front
    humidity = np.clip(
        68 - 14 * sun - 3 * front + autoregressive(hours, seed + 1, keep=0.8, noise=2.0), 15, 100
    )
    pressure = 1013 + 4 * autoregressive(hours, seed + 2, keep=0.98, noise=0.4)
    wind = np.abs(3.5 + 1.5 * sun + autoregressive(hours, seed + 3, keep=0.9, noise=0.8))
    return np.stack([temperature, humidity, pressure, wind], axis=-1).astype(np.float32)


def daily_temperature(days: int, seed: int) -> Array:
    """Daily mean temperature in °C, `(days,)`: a year's wave and weather that lasts some days."""
    season = 10 + 9 * np.sin(2 * np.pi * (np.arange(days) - 110) / 365)
    return (season + autoregressive(days, seed, keep=0.75, noise=1.8)).astype(np.float32)


def gold_price(days: int, seed: int, start: float = 1800.0) -> Array:
    """Dollars per ounce, `(days,)`: a random walk of returns that is drawn back to a slow wave."""
    rng = np.random.default_rng(seed)
    wave = 150 * np.sin(2 * np.pi * np.arange(days) / 40)
    walk = np.cumsum(rng.normal(0, 7, days))
    walk -= np.linspace(0, walk[-1], days)
    return (start + wave + walk).astype(np.float32)


def energy_load(hours: int, seed: int) -> Array:
    """Load of a town in MW, `(hours,)`: a day's wave, quieter weekends, noise."""
    hour = np.arange(hours)
    day = 90 * np.sin(2 * np.pi * (hour - 8) / 24) + 30 * np.sin(4 * np.pi * (hour - 5) / 24)
    weekend = np.where((hour // 24) % 7 >= 5, -60, 0)
    return (520 + day + weekend + 12 * autoregressive(hours, seed, keep=0.6, noise=0.8)).astype(np.float32)


def visitor_counts(days: int, seed: int) -> Array:
    """People counted at a door, `(days,)`: whole numbers, more on Saturdays."""
    rng = np.random.default_rng(seed)
    expected = 40 + 25 * (np.arange(days) % 7 == 5) + 10 * (np.arange(days) % 7 == 4)
    return rng.poisson(expected).astype(np.float32)


def machine_runs(runs: int, steps: int, seed: int) -> tuple[Array, Array]:
    """Vibration, heat and current of machines `(runs, steps, 3)`, and whether each is failing `(runs, 1)`.

    A failing machine vibrates more and more, and its heat follows.
    """
    rng = np.random.default_rng(seed)
    failing = (np.arange(runs) % 2).astype(np.float32)
    rise = np.linspace(0, 1, steps) ** 2 * failing[:, None]
    phase = rng.uniform(0, 2 * np.pi, (runs, 1))
    vibration = (0.4 + rise) * np.sin(0.7 * np.arange(steps) + phase)
    heat = 0.8 * rise + rng.normal(0, 0.15, (runs, steps))
    current = rng.normal(0, 0.5, (runs, steps))
    values = np.stack([vibration + rng.normal(0, 0.1, (runs, steps)), heat, current], axis=-1)
    return values.astype(np.float32), failing[:, None]


def running_totals(rows: int, steps: int, seed: int) -> tuple[Array, Array]:
    """Amounts that come and go `(rows, steps, 1)`, and what they add up to so far `(rows, steps, 1)`.

    Each row leans to one side, so that totals differ from row to row as truck loads or fluid balances do.
    """
    rng = np.random.default_rng(seed)
    amounts = rng.normal(0, 0.15, (rows, steps, 1)) + rng.uniform(-1.5, 1.5, (rows, 1, 1)) / steps
    return amounts.astype(np.float32), np.cumsum(amounts, axis=1).astype(np.float32)


def slow_average(series: Array, days: int) -> Array:
    """The exponentially weighted average over about `days` days, as charts show it beside a price."""
    average = np.zeros_like(series)
    for step in range(1, len(series)):
        average[step] = average[step - 1] + (series[step] - average[step - 1]) / days
    return average


def windows(series: Array, length: int) -> tuple[Array, Array]:
    """Every window `(samples, length, features)`, and the first feature a step later, `(samples, 1)`."""
    table = series[:, None] if series.ndim == 1 else series
    cut = np.stack([table[start : start + length] for start in range(len(table) - length)])
    return cut, table[length:, :1]


def windows_with_targets(series: Array, length: int) -> tuple[Array, Array]:
    """Every window `(samples, length, features)`, and the first feature one step after each of its steps."""
    longer, _ = windows(series, length + 1)
    return longer[:, :-1], longer[:, 1:, :1]


def standardised(series: Array) -> tuple[Array, Array, Array]:
    """`series` with mean 0 and deviation 1 per feature, and the mean and deviation taken out of it."""
    mean = np.atleast_1d(series.mean(axis=0))
    scale = np.atleast_1d(series.std(axis=0))
    return ((series - mean) / scale).astype(np.float32), mean, scale
