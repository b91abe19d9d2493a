"""How long a series goes on moving by itself: the linear forecast that its own windows support.

An autoregression fitted on the windows is the yardstick for a feedback loop: a loop that settles where this
one goes on has lost something; one that settles with it says what the series says. Pure NumPy.
"""

from __future__ import annotations

import numpy as np

from lstm_tui.recurrent.recording import Array

#: Values looked back at, at most; half the window where that is shorter.
MOST_LAGS = 12
#: Equations for each coefficient, at least: with fewer, noise passes for memory.
_EQUATIONS = 4
_RIDGE = 1e-7


def amplitude_kept(windows: Array, steps: int) -> float | None:
    """Of `(rows, timesteps)`: the share of its amplitude that the series keeps `steps` steps ahead.

    1 where it swings on, 0 where it settles at its mean; above 1 where it grows. None where the windows are
    too short to tell, or flat.
    """
    values = windows.astype(np.float64)
    centred = values - values.mean()
    if values.shape[1] < 6 or centred.std() < 1e-12:
        return None
    fits = [_autoregression(centred, lags) for lags in range(1, _most_lags(centred) + 1)]
    if not fits:
        return None
    weights = min(fits, key=lambda fit: fit[0])[1]
    return _kept(centred[:, -len(weights) :], weights, steps, float(centred.std()))


def _most_lags(centred: Array) -> int:
    rows, length = len(centred), int(centred.shape[1])
    most = min(MOST_LAGS, length // 2)
    while most and rows * (length - most) < _EQUATIONS * most:
        most -= 1
    return most


def _autoregression(centred: Array, lags: int) -> tuple[float, Array]:
    """Schwarz's criterion and the coefficients by least squares, the oldest value first.

    The criterion (Schwarz, 1978) charges each coefficient, so that noise is not taken for memory.
    """
    pieces = np.lib.stride_tricks.sliding_window_view(centred, lags + 1, axis=1).reshape(-1, lags + 1)
    before, after = pieces[:, :-1], pieces[:, -1]
    gram = before.T @ before + _RIDGE * np.trace(before.T @ before) / lags * np.eye(lags)
    weights = np.asarray(np.linalg.solve(gram, before.T @ after))
    left = float(np.mean((after - before @ weights) ** 2)) + 1e-9 * float(centred.var())
    return len(after) * np.log(left) + lags * np.log(len(after)), weights


def _kept(starts: Array, weights: Array, steps: int, size: float) -> float:
    """Root mean square of the last quarter of the linear forecast, over that of the series."""
    window, made = starts, []
    limit = 1e3 * max(float(np.abs(starts).max()), size)
    for _ in range(steps):
        following = np.clip(window @ weights, -limit, limit)
        window = np.column_stack([window[:, 1:], following])
        made.append(following)
    tail = np.stack(made[-max(steps // 4, 1) :])
    return float(np.sqrt(np.mean(tail**2)) / size)
