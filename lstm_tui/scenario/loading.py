"""Loads what a scenario names: arrays, scalers, saved states. Nothing is unpickled.

The result is values alone. The words that each came from are kept beside them, so that what a user leaves
untouched is saved as it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from lstm_tui.arrays.files import read_array, read_arrays
from lstm_tui.arrays.rescale_words import rescale_from_numbers
from lstm_tui.arrays.reshape import reshape_from_scenario
from lstm_tui.arrays.scaler_files import read_scaler
from lstm_tui.errors import LstmTuiError, ScenarioError
from lstm_tui.recurrent import calls
from lstm_tui.recurrent.calls import Call, Inputs, Predict, StateReset
from lstm_tui.recurrent.recording import Array, read_only
from lstm_tui.scenario import call_words, schema
from lstm_tui.scenario.actions import Action, FitRescale, OnInput, pair
from lstm_tui.scenario.plan import positional
from lstm_tui.scenario.scenario import Scenario
from lstm_tui.scenario.trying_loading import trial_of
from lstm_tui.scenario.words import AnySource, Source, Sources, StatesTo, Words
from lstm_tui.scenario.yaml_text import YamlPath

Loaded = TypeVar("Loaded")


@dataclass(frozen=True, eq=False)
class Origin:
    """A loaded value and the words that it came from. Values are told apart by identity."""

    value: object
    words: Words


@dataclass(frozen=True, eq=False)
class LoadedScenario:
    """A scenario with its arrays. Inputs are by name: `` for a single bare one, `#0`, `#1`, … for a list."""

    scenario: Scenario
    inputs: Inputs = field(default_factory=dict)
    reference: Inputs = field(default_factory=dict)
    reference_target: Array | None = None
    target: Array | None = None
    actions: tuple[Action, ...] = ()
    calls: tuple[Call, ...] = (Predict(),)
    expected_output: Array | None = None
    origins: tuple[Origin, ...] = ()

    def words_of(self, value: object) -> Words | None:
        """The words that `value` was loaded from; None for a new one."""
        return next((origin.words for origin in self.origins if origin.value is value), None)

    @contextmanager
    def locating(self, at: YamlPath) -> Iterator[None]:
        """Within, an error that a user can meet becomes a mistake at this path of the file."""
        try:
            yield
        except ScenarioError:
            raise
        except LstmTuiError as error:
            raise self.scenario.mistake(at, sentence(error)) from None


def sentence(error: LstmTuiError) -> str:
    """An error on one line."""
    parts = (error.happened.rstrip("."), error.expected and f"expected {error.expected}", error.todo)
    return "; ".join(part for part in parts if part)


def load_scenario(scenario: Scenario) -> LoadedScenario:
    """`scenario` with everything that it names.

    Raises: ScenarioError with every file that cannot be loaded, each with its place.
    """
    loader = _Loader(scenario)
    expect = scenario.expect
    loaded = LoadedScenario(
        scenario=scenario,
        inputs=loader.arrays(scenario.inputs, scenario.inputs_at),
        reference=loader.arrays(scenario.reference, ("reference",)),
        reference_target=loader.array(scenario.reference_target, ("reference_target",)),
        target=loader.array(scenario.target, ("target",)),
        actions=tuple(loader.action(action, ("actions", i)) for i, action in enumerate(scenario.actions)),
        calls=tuple(loader.call(call, ("calls", i)) for i, call in enumerate(scenario.calls)) or (Predict(),),
        expected_output=loader.array(expect.output if expect else None, ("expect", "output")),
    )
    loader.refuse_mistakes()
    return replace(loaded, origins=tuple(loader.origins))


def load_action(words: schema.Action, scenario: Scenario) -> Action:
    """One action with what it names, files looked for beside `scenario`.

    Raises: ScenarioError.
    """
    loader = _Loader(scenario)
    action = loader.action(words, ())
    loader.refuse_mistakes()
    return action


def load_call(words: call_words.Call, scenario: Scenario) -> Call:
    """One call with what it names, files looked for beside `scenario`.

    Raises: ScenarioError.
    """
    loader = _Loader(scenario)
    call = loader.call(words, ())
    loader.refuse_mistakes()
    return call


_NOTHING = read_only(np.zeros(0))


class _Loader:
    """Loads one scenario's files; goes on after a mistake, so that all are told at once."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self.wrong: list[str] = []
        self.origins: list[Origin] = []

    def refuse_mistakes(self) -> None:
        """Raises: ScenarioError with everything that could not be loaded."""
        if self.wrong:
            raise ScenarioError("\n".join(self.wrong))

    # --- arrays

    def arrays(self, sources: Sources | None, at: YamlPath) -> dict[str, Array]:
        """Arrays by name, as `LoadedScenario` has them."""
        if sources is None:
            return {}
        if isinstance(sources, tuple):
            return {positional(i): self._one(each, (*at, i)) for i, each in enumerate(sources)}
        if isinstance(sources, Mapping):
            return {name: self._one(each, (*at, name)) for name, each in sources.items()}
        return self._bare(sources, at)

    def array(self, source: AnySource | None, at: YamlPath) -> Array | None:
        """The one array of a source; None where there is no source."""
        return None if source is None else self._one(source, at)

    def _bare(self, source: AnySource, at: YamlPath) -> dict[str, Array]:
        """A source without a name: one array, or all that its file holds, by their names."""
        source = _full(source)
        if source.file is None or source.key is not None:
            return {"": self._one(source, at)}
        path, columns = self._scenario.folder / source.file, source.columns
        found = self._try(at, lambda: read_arrays(path, columns=columns), {"": _NOTHING})
        if len(found) == 1:
            return {"": self._noted(next(iter(found.values())), source)}
        return {
            name: self._noted(array, source.model_copy(update={"key": name})) for name, array in found.items()
        }

    def _one(self, source: AnySource, at: YamlPath) -> Array:
        full = _full(source)
        array = self._try(at, lambda: self._read(full), _NOTHING)
        return self._noted(array, full)

    def _read(self, source: Source) -> Array:
        if source.file is not None:
            return read_array(self._scenario.folder / source.file, key=source.key, columns=source.columns)
        if source.random is not None:
            # RandomState, whose numbers NumPy promises never to change.
            numbers = np.random.RandomState(source.random.seed).standard_normal(source.random.shape)
            return read_only(numbers.astype(np.float32))
        return read_only(np.array(source.values))

    # --- actions

    def action(self, words: schema.Action, at: YamlPath) -> Action:
        """One action as a value."""
        if words.reset is not None:
            return self._noted(self._reset(words.reset, (*at, "reset")), words)
        if words.alter is not None:
            settings = tuple(words.alter.words("layer").items())
            return self._noted(calls.Alteration(words.alter.layer, settings), words)
        tried = trial_of(words)
        if tried is not None:
            return self._noted(tried, words)
        change = words.reshape or words.rescale
        assert change is not None  # the schema wants exactly one
        if isinstance(change, schema.Reshape):
            value: Any = reshape_from_scenario(change.words("input"))
        else:
            value = self._rescale(change, (*at, "rescale"))
        return self._noted(value if change.input is None else OnInput(change.input, value), words)

    def _rescale(self, words: schema.Rescale, at: YamlPath) -> Action:
        if words.fit is not None:
            assert words.method is not None  # the schema wants one
            return FitRescale(words.method, words.fit, words.inverse, pair(words.feature_range))
        plain = rescale_from_numbers({"method": "standard", "mean": 0, "scale": 1})
        if words.file is not None:
            name, path = words.file, self._scenario.folder / words.file
            plain = self._try(at, lambda: replace(read_scaler(path), origin=name), plain)
        else:
            plain = self._try(at, lambda: rescale_from_numbers(words.words("input", "inverse")), plain)
        return plain.inverted() if words.inverse else plain

    def _reset(self, words: StatesTo, at: YamlPath) -> StateReset:
        layers, to = words.layers or (), words.to
        if isinstance(to, str):
            return StateReset(layers, to, seed=words.seed)
        path = self._scenario.folder / to.file
        return StateReset(layers, "saved", self._try((*at, "to"), lambda: read_arrays(path), {}))

    # --- calls

    def call(self, words: call_words.SimpleCall, at: YamlPath) -> Call:
        """One call as a value."""
        if isinstance(words, call_words.Call) and words.threads is not None:
            threads = words.threads
            inner = (*at, "threads", "each")
            each = tuple(self.call(one, (*inner, i)) for i, one in enumerate(threads.each))
            return self._noted(calls.Threads(threads.n, each), words)
        name = words.given()[0]
        body = getattr(words, name)
        return self._noted(_CALLS[name](self, body, (*at, name)), words)

    def predict(self, words: call_words.Predict, at: YamlPath) -> Call:
        """`predict: {}`."""
        inputs = self._own(words.input, at)
        return Predict(inputs, words.batch_size, words.rows, words.order == "reversed")

    def call_model(self, words: call_words.CallModel, at: YamlPath) -> Call:
        """`call: {}`."""
        return calls.CallModel(words.training, self._own(words.input, at))

    def reset_between(self, words: call_words.ResetBetween, at: YamlPath) -> Call:
        """`reset: {}`."""
        plain = words.layers is None and words.to == "zeros"
        return calls.ResetStates(words.scope, None if plain else self._reset(words, at))

    def fit(self, words: call_words.Fit, at: YamlPath) -> Call:
        """`fit: {...}`."""
        validation = None
        if words.validation is not None:
            under = (*at, "validation")
            inputs = self.arrays(words.validation.input, (*under, "input"))
            validation = (inputs, self._one(words.validation.target, (*under, "target")))
        return calls.Fit(
            target=self._one(words.target, (*at, "target")),
            epochs=words.epochs,
            batch_size=words.batch_size,
            shuffle=words.shuffle,
            validation=validation,
            each_sample=words.each_sample,
        )

    def _own(self, sources: Sources | None, at: YamlPath) -> Inputs | None:
        return None if sources is None else self.arrays(sources, (*at, "input"))

    # --- bookkeeping

    def _noted(self, value: Loaded, words: Words) -> Loaded:
        self.origins.append(Origin(value, words))
        return value

    def _try(self, at: YamlPath, load: Callable[[], Loaded], otherwise: Loaded) -> Loaded:
        try:
            return load()
        except LstmTuiError as error:
            self.wrong.append(str(self._scenario.mistake(at, sentence(error))))
            return otherwise


def _full(source: AnySource) -> Source:
    return Source.model_construct(file=source) if isinstance(source, str) else source


_CALLS: dict[str, Callable[[_Loader, Any, YamlPath], Call]] = {
    "predict": _Loader.predict,
    "call": _Loader.call_model,
    "reset": _Loader.reset_between,
    "generate": lambda _loader, words, _at: calls.Generate(
        words.steps, words.feature, words.carry, words.keep
    ),
    "decode": lambda _loader, words, _at: calls.Decode(
        words.steps, words.into, words.temperature, words.seed, words.keep, words.stop, words.carry
    ),
    "fit": _Loader.fit,
    "stream": lambda _loader, words, _at: calls.Stream(words.reset_each),
    "reload": lambda _loader, _words, _at: calls.Reload(),
    "legacy_reset": lambda _loader, _words, _at: calls.LegacyResetStates(),
}
