"""Three ways to serve one recurrent model to many clients at once, in this process.

    reset      one stateful model behind a lock: reset its states, predict
    session    one stateful model behind a lock: put the session's states in, predict, take them out again
    stateless  the twin that `lstm-tui rebuild --stateless` writes: no states, no lock

Every client is a thread that asks again as soon as it has its answer. All three get the same sequences, each
from zero states, so that every answer is compared with the one that must come out. Beside them `step`: a
state per session as it is meant, where a request brings the one new timestep. Latency includes waiting.
Run by `python -m benchmarks --only serving`; this module run by itself is the process that is measured.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import Figure, Sample, measured_apart, print_samples
from benchmarks.models import sequence, stacked_lstm
from lstm_tui.recurrent.recording import Array

UNITS, TIMESTEPS = 64, 60
CLIENTS, QUICK_CLIENTS = (1, 2, 10, 50), (1, 10)
#: Requests of all clients together in one round.
REQUESTS = 100
WAYS = ("reset", "session", "stateless", "step")
_WORDS = {
    "session": "a state per session",
    "stateless": "stateless",
    "step": "a state per session, one new timestep a request",
}


def serving(*, quick: bool) -> list[Figure]:
    """Throughput and latency of each way over those of a reset before each predict, in the same round."""
    clients, rounds = (QUICK_CLIENTS, 2) if quick else (CLIENTS, 4)
    samples = measured_apart(__name__, rounds, *clients)
    return [figure for count in clients for figure in _figures(samples, count)]


def _figures(samples: dict[str, Sample], count: int) -> list[Figure]:
    base = {kind: samples[f"reset {count} {kind}"] for kind in ("rate", "median", "slowest")}
    figures = []
    for way, words in _WORDS.items():
        own = {kind: samples[f"{way} {count} {kind}"] for kind in base}
        rate, median, slow = (own[kind].over(base[kind]) for kind in ("rate", "median", "slowest"))
        aside = (
            f"latency × {median.words('{:.2f}')}, of the slowest twentieth × {slow.words('{:.2f}')} · "
            f"{own['rate'].median:,.0f} requests a second against {base['rate'].median:,.0f}, "
            f"{own['median'].median * 1e3:.1f} ms against {base['median'].median * 1e3:.1f} ms"
        )
        what = f"{count} client{'s' if count > 1 else ''}: {words}, requests a second over those with a reset"
        figures.append(Figure(what, rate.words("{:.2f}"), aside=aside))
    return figures


# --- the process that is measured -------------------------------------------------------------------------


@dataclass(frozen=True)
class Served:
    """Seconds of every request, and of all of them together."""

    requests: tuple[float, ...]
    seconds: float

    @property
    def figures(self) -> dict[str, float]:
        """Requests a second, the median latency, and that of the slowest twentieth."""
        return {
            "rate": len(self.requests) / self.seconds,
            "median": float(np.median(self.requests)),
            "slowest": float(np.quantile(self.requests, 0.95)),
        }


class Stateful:
    """One stateful model that clients share behind a lock."""

    def __init__(self, model: Any) -> None:
        import keras
        import tensorflow

        self._model, self._lock = model, threading.Lock()
        self._taken = tensorflow.convert_to_tensor  # shares the buffer until the variable is written
        layers = [layer for layer in model.layers if getattr(layer, "stateful", False)]
        self._states = [state for layer in layers for state in keras.tree.flatten(layer.states)]
        self._zeros = [tensorflow.zeros(state.shape) for state in self._states]
        self._of_session: dict[int, list[Any]] = {}

    def reset(self, client: int, x: Array) -> Array:
        """From zero states, whoever asks."""
        with self._lock:
            self._put(self._zeros)
            return np.asarray(self._model.predict_on_batch(x))

    def session(self, client: int, x: Array) -> Array:
        """A new session a request, so that the answer is that of zero states; its states are kept."""
        self._of_session[client] = self._zeros
        return self.step(client, x)

    def step(self, client: int, x: Array) -> Array:
        """From what this client's last request left."""
        with self._lock:
            self._put(self._of_session.get(client, self._zeros))
            answer = self._model.predict_on_batch(x)
            self._of_session[client] = [self._taken(state.value) for state in self._states]
        return np.asarray(answer)

    def forget(self) -> None:
        """All sessions begin anew."""
        self._of_session.clear()

    def _put(self, values: Sequence[Any]) -> None:
        for state, value in zip(self._states, values, strict=True):
            state.value.assign(value, read_value=False)


def serve(ask: Callable[[int, Array], Array], wanted: Sequence[tuple[Array, Array]], clients: int) -> Served:
    """Every client asks for its share of the requests, one after the other; all begin together.

    wanted: input and answer of each request. Raises: AssertionError where an answer is another.
    """
    ready = threading.Barrier(clients + 1)
    seconds: list[list[float]] = [[] for _ in range(clients)]
    wrong: list[BaseException] = []

    def client(number: int) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            ready.wait()
        for x, answer in wanted[number::clients]:
            began = time.perf_counter()
            got = ask(number, x)
            seconds[number].append(time.perf_counter() - began)
            if not np.allclose(got, answer, rtol=1e-4, atol=1e-5):
                wrong.append(AssertionError(f"client {number} got {got}, not {answer}"))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    whole = time.perf_counter() - began
    if wrong:
        raise wrong[0]
    return Served(tuple(each for own in seconds for each in own), whole)


def stateless_twin(stateful: Any, folder: Path) -> Any:
    """What `lstm-tui rebuild --stateless` writes, as Keras reads it."""
    import keras

    from lstm_tui.keras_adapter import load_model
    from lstm_tui.recurrent.forms import Form

    stateful.save(folder / "stateful.keras")
    loaded = load_model(folder / "stateful.keras")
    loaded.rebuild(Form(stateless=True), {}, folder / "stateless.keras", lambda stage, fraction: None)
    return keras.saving.load_model(folder / "stateless.keras", compile=False)


def main(rounds: int, counts: Sequence[int]) -> None:
    """Measure every way with every number of clients, in turn in each round."""
    model = stacked_lstm(UNITS, stateful=True)
    with tempfile.TemporaryDirectory() as folder:
        twin = stateless_twin(model, Path(folder))
    shared = Stateful(model)
    ways = {
        "reset": shared.reset,
        "session": shared.session,
        "stateless": lambda client, x: np.asarray(twin.predict_on_batch(x)),
        "step": shared.step,
    }
    whole = [(x, shared.reset(0, x)) for x in _inputs(TIMESTEPS)]
    values: dict[str, list[float]] = {}
    for number in range(rounds + 1):  # the first one compiles, and is not counted
        for count in counts:
            steps = _stepwise(shared, count)
            for way in WAYS:
                shared.forget()
                served = serve(ways[way], steps if way == "step" else whole, count)
                for kind, value in served.figures.items() if number else ():
                    values.setdefault(f"{way} {count} {kind}", []).append(value)
    print_samples({name: Sample(tuple(each)) for name, each in values.items()})


def _inputs(timesteps: int) -> list[Array]:
    """A sequence `(1, timesteps, 5)` for every request."""
    walk = sequence(timesteps)
    return [np.asarray(walk + 0.01 * number, np.float32) for number in range(REQUESTS)]


def _stepwise(shared: Stateful, clients: int) -> list[tuple[Array, Array]]:
    """One timestep for every request, and the answer after all that the same client has sent before."""
    shared.forget()
    requests = _inputs(1)
    return [(x, shared.step(number % clients, x)) for number, x in enumerate(requests)]


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(word) for word in sys.argv[2:]])
