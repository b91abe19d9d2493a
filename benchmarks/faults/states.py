"""Same input, different prediction, or a state that is not what one thinks: faults in the order of calls.

Those of training, random layers and batches' statistics stand in `states_training`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from benchmarks.faults.draws import Draw, Floats, used
from benchmarks.faults.specimen import Pair, Recipe, Specimen
from lstm_tui.recurrent.calls import (
    Call,
    Generate,
    LegacyResetStates,
    Predict,
    Reload,
    ResetStates,
    StateReset,
    Stream,
    Threads,
)


def stateful(draw: Draw, *, batch: int = 1, trained: bool = False, **options: Any) -> Any:
    """A stateful model of this draw for `batch` rows; `trained` without states, as most are."""
    keras.utils.set_random_seed(draw.seed % 2**31)
    head = layers.Dense(1, name="head")
    model = draw.model(head, batch=batch, stateful=True, **options)
    if trained:
        x, y = draw.windows(160)
        if options.get("return_sequences"):
            y = np.concatenate([x[:, 1:, :1], y[:, None]], axis=1)  # the first feature, a step after each
        plain = draw.trained(draw.model(layers.Dense(1, name="head"), **options), x, y, epochs=6)
        model.set_weights(plain.get_weights())
    return model


def length(draw: Draw) -> int:
    """Steps of a sequence: few enough that what stood before it is not forgotten at its end. A state that
    moves no output is no fault."""
    return min(draw.timesteps, 12)


def stateless(draw: Draw, model: Any) -> Any:
    """The same weights in a model that keeps no state."""
    last = [layer for layer in model.layers if getattr(layer, "return_sequences", None) is not None][-1]
    plain = draw.model(layers.Dense(1, name="head"), return_sequences=last.return_sequences)
    plain.set_weights(model.get_weights())
    return plain


def chunks(draw: Draw, count: int, *, seed: int = 0, steps: int = 0) -> list[Floats]:
    """`count` stretches `(1, steps or timesteps, features)` of one series, each continuing the last."""
    # another stream of the same kind: as many features as the model takes
    other = Draw(f"{draw.name} stream {seed}", draw.split, draw.index)
    return np.split(_as_wide(_stream(other, count * (steps or draw.timesteps)), draw)[None], count, axis=1)


def jumps(draw: Draw, steps: int, *, at: int | None = None) -> Floats:
    """`(steps, 1)`: a level that changes at random times, about every tenth step, and at step `at`."""
    rng = np.random.default_rng(draw.seed + 3)
    changes = rng.random(steps) < 0.1
    if at is not None:
        changes[at] = True
    number = np.cumsum(changes)
    return rng.normal(0, 0.5, number[-1] + 1)[number][:, None].astype(np.float32)


def _stream(draw: Draw, steps: int) -> Floats:
    """A series in pieces: one in three to tune on jumps, as those to report on do by nature."""
    series = draw.series(steps)
    return series + jumps(draw, steps) if draw.split == "tune" and draw.index % 3 == 2 else series


def _as_wide(series: Floats, draw: Draw) -> Floats:
    wide = np.concatenate([series] * draw.features, axis=1)[:, : draw.features]
    return np.ascontiguousarray(
        wide + 0.2 * draw.series(len(series)) * (np.arange(draw.features) > 0), np.float32
    )


def each(inputs: list[Floats]) -> tuple[Call, ...]:
    """A prediction of each."""
    return tuple(Predict({"x": one}) for one in inputs)


def reset_before_each(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """The calls with a reset before each."""
    return tuple(step for call in calls for step in (ResetStates(), call))


# --- what one call leaves to the next ---------------------------------------------------------------


def _carryover(draw: Draw) -> Pair:
    """Identical calls, other users' sequences in between, sliding windows, no word on calls at all."""
    model = stateful(draw, trained=draw.index % 2 == 1, return_sequences=draw.index % 3 != 0)
    variants: list[Callable[[Draw, Any], Pair]] = [
        _repeated,
        _users,
        _sliding,
        _not_told,
        _generated,
        _served,
    ]
    return variants[draw.index % len(variants)](draw, model)


def _repeated(draw: Draw, model: Any) -> Pair:
    x = {"x": draw.series(length(draw))[None]}
    again = (Predict(),) * 3
    return Pair(
        Specimen(model, x, "state-carryover", again), Specimen(model, x, calls=reset_before_each(again))
    )


def _users(draw: Draw, model: Any) -> Pair:
    """One user's sequence, another's, and the first one's again."""
    one, other = (chunks(draw, 1, seed=user, steps=length(draw))[0] for user in (0, 1))
    calls = each([one, other, one.copy()])
    return Pair(
        Specimen(model, {"x": one}, "state-carryover", calls),
        Specimen(model, {"x": one}, calls=reset_before_each(calls)),
    )


def _sliding(draw: Draw, model: Any) -> Pair:
    """The newest window every few steps, into a model that has read most of it already."""
    window = length(draw)
    step = max(window // 4, 1)
    series = draw.series(window + 3 * step)[None]
    calls = each([series[:, k * step : k * step + window] for k in range(4)])
    new = each([series[:, :window], *np.split(series[:, window:], 3, axis=1)])
    x = {"x": series[:, :window]}
    return Pair(Specimen(model, x, "state-carryover", calls), Specimen(model, x, calls=new))


def _not_told(draw: Draw, model: Any) -> Pair:
    """A stateful model and one sequence; its twin has the same weights and no state."""
    x = {"x": draw.series(length(draw))[None]}
    return Pair(Specimen(model, x, "state-carryover"), Specimen(stateless(draw, model), x))


def _generated(draw: Draw, model: Any) -> Pair:
    """A window that slides over its own predictions, and a state that has read it before."""
    x = {"x": draw.series(length(draw))[None]}
    calls = (Generate(6),)
    return Pair(
        Specimen(model, x, "state-carryover", calls), Specimen(stateless(draw, model), x, calls=calls)
    )


def _served(draw: Draw, model: Any) -> Pair:
    """Eight users of one server, each with a level of his own."""
    levels = draw.rng.permutation(np.linspace(-2, 2, 8))
    users = [
        (chunks(draw, 1, seed=user, steps=length(draw))[0] * 0.3 + level).astype(np.float32)
        for user, level in enumerate(levels)
    ]
    calls = each(users)
    x = {"x": users[0]}
    return Pair(
        Specimen(model, x, "state-carryover", calls), Specimen(model, x, calls=reset_before_each(calls))
    )


def _batch_order(draw: Draw) -> Pair:
    """Independent rows through one state: asked in two orders, of different levels, or with a target."""
    batch = (1, 2, 1, 3)[draw.index % 4]
    model = stateful(draw, batch=batch, trained=draw.index % 2 == 0, return_sequences=True)
    rows = _unrelated_rows(draw, 4 * batch)
    calls: tuple[Call, ...] = (Predict(batch_size=batch),)
    if draw.index % 2 == 0:
        calls = (*calls, ResetStates(), Predict(batch_size=batch, reversed_order=True))
    lasting = np.split(draw.series(4 * draw.timesteps), 4)
    aligned = np.stack([piece for piece in lasting for _ in range(batch)])
    return Pair(
        Specimen(model, {"x": rows}, "batch-order", calls),
        Specimen(model, {"x": aligned}, calls=(Predict(batch_size=batch),)),
    )


def _unrelated_rows(draw: Draw, count: int) -> Floats:
    """`(count, timesteps, features)`: rows of different levels, as different machines have them."""
    levels = draw.rng.permutation(np.linspace(-1.5, 1.5, count))
    return np.concatenate(
        [(0.4 * chunks(draw, 1, seed=k)[0] + level).astype(np.float32) for k, level in enumerate(levels)]
    )


def _misaligned(draw: Draw) -> Pair:
    """Windows one after the other in the rows of a batch, or windows that overlap."""
    if draw.index % 2:
        model = stateful(draw, return_sequences=draw.index % 4 == 3)
        step = draw.timesteps // 4 if draw.index % 4 == 1 else 1
        series = draw.series(draw.timesteps + 8 * step)
        rows = np.stack([series[k * step : k * step + draw.timesteps] for k in range(9)])
        proper = np.stack(np.split(draw.series(4 * draw.timesteps), 4))
        return Pair(
            Specimen(model, {"x": rows}, "state-misaligned", (Predict(batch_size=1),)),
            Specimen(model, {"x": proper}, calls=(Predict(batch_size=1),)),
        )
    batch = 4 if draw.index % 4 else 2
    model = stateful(draw, batch=batch)
    pieces = np.stack(np.split(draw.series(4 * batch * draw.timesteps), 4 * batch))
    order = [slot * 4 + number for number in range(4) for slot in range(batch)]
    call = (Predict(batch_size=batch),)
    return Pair(
        Specimen(model, {"x": pieces}, "state-misaligned", call),
        Specimen(model, {"x": pieces[order]}, calls=call),
    )


def _reset_early(draw: Draw) -> Pair:
    """A reset between chunks of one sequence, before each of its steps, or no state at all."""
    model = stateful(draw, trained=draw.index % 2 == 1, return_sequences=draw.index % 4 == 3)
    series = _stream(draw, 8 * draw.timesteps)[None]
    if draw.index % 3 == 1:
        x = {"x": series[:, : 2 * draw.timesteps]}
        return Pair(
            Specimen(model, x, "state-reset-early", (Stream(reset_each=True),)),
            Specimen(model, x, calls=(ResetStates(), Stream())),
        )
    short = np.split(series[:, : 8 * (length(draw) // 2)], 8, axis=1)
    calls = each(short)
    x = {"x": short[0]}
    return Pair(
        Specimen(model, x, "state-reset-early", reset_before_each(calls)), Specimen(model, x, calls=calls)
    )


def _not_saved(draw: Draw) -> Pair:
    """A restart in the middle of a stream; its twin reads the stretch before it once more."""
    model = stateful(draw, trained=draw.index % 2 == 0, return_sequences=True)
    warm, now = chunks(draw, 2)
    now = now[:, : draw.timesteps // 2]
    first = each([warm, now])
    if draw.index % 2:
        calls: tuple[Call, ...] = (*first, Reload(), *each([now.copy()]))
    else:
        stream = np.array_split(np.concatenate(chunks(draw, 4), axis=1), 16, axis=1)
        first, now = each(stream[:12]), stream[12]
        calls = (*first, Reload(), *each([now]))
        warm = stream[11]
    replayed = (ResetStates(), *first, Reload(), *first, *(each([now]) if not draw.index % 2 else ()))
    return Pair(
        Specimen(model, {"x": warm}, "state-not-saved", calls), Specimen(model, {"x": warm}, calls=replayed)
    )


def _contaminated_streams(draw: Draw) -> Pair:
    """Two streams in turn through one model; its twin lets each run to its end."""
    model = stateful(draw, trained=draw.index % 2 == 0, return_sequences=True)
    one, other = chunks(draw, 4), [chunk + 1.5 for chunk in chunks(draw, 4, seed=1)]
    mixed = [chunk for pair in zip(one, other, strict=True) for chunk in pair]
    whole = (ResetStates(), *each(one), ResetStates(), *each(other))
    x = {"x": one[0]}
    return Pair(Specimen(model, x, "state-contaminated", each(mixed)), Specimen(model, x, calls=whole))


# --- resets that do not reset -----------------------------------------------------------------------


def _reset_incomplete(draw: Draw) -> Pair:
    """A stateful layer inside a nested model, or a reset that names one layer of two."""
    keras.utils.set_random_seed(draw.seed % 2**31)
    kind = (layers.LSTM, layers.GRU)[draw.index % 2]
    inner = keras.Sequential(
        [
            keras.Input((None, draw.features), batch_size=1),
            kind(draw.units, stateful=True, return_sequences=True),
        ],
        name="memory",
    )
    outer = keras.Input((None, draw.features), batch_size=1, name="x")
    hidden = layers.GRU(draw.units, stateful=True, name="top")(inner(outer))
    model = used(keras.Model(outer, layers.Dense(1)(hidden)), draw.seed)
    x = {"x": draw.series(length(draw))[None]}
    reset: Call = ResetStates(scope="top_level")
    if draw.index % 4 == 3:
        reset = ResetStates(to=StateReset(layers=("top",)))
    calls = (Predict(), reset, Predict())
    return Pair(
        Specimen(model, x, "reset-incomplete", calls),
        Specimen(model, x, calls=(Predict(), ResetStates(), Predict())),
    )


def _reset_unavailable(draw: Draw) -> Pair:
    """The call of Keras 2, and a reset of Keras 3."""
    model = stateful(draw)
    x = {"x": draw.series(length(draw))[None]}
    calls = (Predict(), LegacyResetStates(), Predict())
    return Pair(
        Specimen(model, x, "reset-unavailable", calls),
        Specimen(model, x, calls=(Predict(), ResetStates(), Predict())),
    )


def _reset_broken(draw: Draw) -> Pair:
    """A stack of cells in one layer, which Keras' own reset trips over."""
    keras.utils.set_random_seed(draw.seed % 2**31)
    kinds = (
        (layers.LSTMCell, layers.GRUCell) if draw.split == "tune" else (layers.GRUCell, layers.SimpleRNNCell)
    )
    cells = [kinds[k % 2](draw.units) for k in range(2 + draw.index % 2)]
    x = keras.Input((None, draw.features), batch_size=1, name="x")
    hidden = layers.RNN(cells, stateful=True, name="stack")(x)
    model = used(keras.Model(x, layers.Dense(1)(hidden)), draw.seed)
    inputs = {"x": draw.series(length(draw))[None]}
    calls = (Predict(), ResetStates(scope="top_level"), Predict())
    return Pair(
        Specimen(model, inputs, "reset-broken", calls),
        Specimen(model, inputs, calls=(Predict(), ResetStates(), Predict())),
    )


def _overridden(draw: Draw) -> Pair:
    """A decoder that is stateful, and is given the encoder's state in every call."""
    return Pair(
        Specimen(*_decoder(draw, keeps=True), "state-overridden"), Specimen(*_decoder(draw, keeps=False))
    )


def _decoder(draw: Draw, *, keeps: bool) -> tuple[Any, dict[str, Floats]]:
    keras.utils.set_random_seed(draw.seed % 2**31)
    kind = layers.LSTM if draw.index % 2 else layers.GRU
    x = keras.Input((None, draw.features), batch_size=1, name="x")
    if draw.index % 4 < 2:
        _, *states = kind(draw.units, return_state=True, name="encoder")(x)
    else:
        about = layers.GlobalAveragePooling1D()(x)
        wanted = 2 if kind is layers.LSTM else 1
        states = [layers.Dense(draw.units, activation="tanh")(about) for _ in range(wanted)]
    hidden = kind(draw.units, stateful=keeps, name="decoder")(x, initial_state=states)
    model = used(keras.Model(x, layers.Dense(1)(hidden)), draw.seed)
    return model, {"x": draw.series(length(draw))[None]}


def _shared(draw: Draw) -> Pair:
    """Threads that each reset and predict; the twin makes its calls in turn, or keeps no state."""
    model = stateful(draw)
    x = {"x": draw.series(length(draw))[None]}
    once = (ResetStates(), Predict())
    calls = (Threads(2 + draw.index % 3, once),)
    plain = stateless(draw, model)
    twin = Specimen(plain, x, calls=calls) if draw.index % 2 else Specimen(model, x, calls=once * 3)
    return Pair(Specimen(model, x, "state-shared", calls), twin)


RECIPES = (
    Recipe("state-carryover", _carryover, draws=6),
    Recipe("batch-order", _batch_order),
    Recipe("state-misaligned", _misaligned),
    Recipe("state-reset-early", _reset_early),
    Recipe("state-not-saved", _not_saved),
    Recipe("state-contaminated", _contaminated_streams),
    Recipe("reset-incomplete", _reset_incomplete),
    Recipe("reset-unavailable", _reset_unavailable),
    Recipe("reset-broken", _reset_broken),
    Recipe("state-overridden", _overridden),
    Recipe("state-shared", _shared),
)
