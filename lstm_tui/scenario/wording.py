"""Values back into the words of a scenario: what a user did in the workbench, as the file will say it.

What was loaded from a scenario and left alone keeps the words that it was written in. New arrays get names
under which `write_scenario` finds them and puts them beside the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from lstm_tui.arrays.nudge import Nudge
from lstm_tui.arrays.rescale import Rescale
from lstm_tui.errors import ScenarioError
from lstm_tui.recurrent.calls import (
    CALL_NAMES,
    Alteration,
    Call,
    CallModel,
    Decode,
    Fit,
    Generate,
    Inputs,
    Predict,
    ResetStates,
    StateReset,
    Stream,
    Threads,
)
from lstm_tui.recurrent.recording import Array
from lstm_tui.scenario import call_words, schema
from lstm_tui.scenario.actions import Action, FitRescale, Trial, targeted
from lstm_tui.scenario.loading import LoadedScenario
from lstm_tui.scenario.plan import positional
from lstm_tui.scenario.trying_loading import WORD_OF
from lstm_tui.scenario.words import Source, Words

Form = TypeVar("Form", bound=Words)


class Wording:
    """Words for one scenario, which may go back to `opened`; `arrays` are those to be written beside it."""

    def __init__(self, opened: LoadedScenario | None) -> None:
        self._opened = opened
        self.arrays: dict[str, Array | Mapping[str, Array]] = {}

    # --- arrays

    def sources(self, inputs: Inputs, stem: str) -> Any:
        """Sources as a file has them: one bare, a list in the model's order, or by input name."""
        if not inputs:
            return None
        named = {name: self.source(array, f"{stem}-{name}".strip("-")) for name, array in inputs.items()}
        if list(named) == [""] or (len(named) == 1 and self._was_bare(next(iter(named.values())))):
            return next(iter(named.values()))
        listed = list(named) == [positional(index) for index in range(len(named))]
        return tuple(named.values()) if listed else named

    def _was_bare(self, source: Source | None) -> bool:
        """Whether the opened scenario names this source alone, for whatever input the model has."""
        if self._opened is None or source is None:
            return False
        scenario = self._opened.scenario
        return any(words in (source, source.file) for words in (scenario.inputs, scenario.reference) if words)

    def source(self, array: Array | None, stem: str) -> Source | None:
        """Where `array` is found: as it was written, else in a new file called after `stem`."""
        if array is None:
            return None
        known = self._known(array)
        return known if isinstance(known, Source) else Source.model_construct(file=self._new(array, stem))

    def _new(self, value: Array | Mapping[str, Array], stem: str) -> str:
        """A name for what is to be written, which no file of the scenario can have."""
        name = f"<new {len(self.arrays)}>/{stem}"
        self.arrays[name] = value
        return name

    def _known(self, value: object) -> Words | None:
        return self._opened.words_of(value) if self._opened is not None else None

    # --- actions

    def action(self, action: Action) -> schema.Action:
        """`action` as one entry of `actions`."""
        known = self._known(action)
        if isinstance(known, schema.Action):
            return known
        change, only = targeted(action)
        if isinstance(change, StateReset):
            return _validated(schema.Action, {"reset": self._reset(change)})
        if isinstance(change, Alteration):
            return _validated(schema.Action, {"alter": {"layer": change.layer} | dict(change.settings)})
        if isinstance(change, Trial | Nudge):
            body = change.to_scenario() | ({} if only is None else {"input": only})
            return _validated(schema.Action, {WORD_OF[type(change)]: body})
        verb = "rescale" if isinstance(change, Rescale | FitRescale) else "reshape"
        said = _fit_words(change) if isinstance(change, FitRescale) else change.to_scenario()
        return _validated(schema.Action, {verb: said | ({} if only is None else {"input": only})})

    def _reset(self, reset: StateReset) -> dict[str, Any]:
        said: dict[str, Any] = {"layers": list(reset.layers)} if reset.layers else {}
        if reset.to == "saved":
            return said | {"to": {"file": self._new(reset.saved, "states")}}
        return said | {"to": reset.to, "seed": reset.seed}

    # --- calls

    def calls(self, calls: Sequence[Call]) -> tuple[call_words.Call, ...]:
        """All calls; none for a single plain `predict`, which is what a scenario without calls does."""
        if len(calls) == 1 and isinstance(calls[0], Predict) and not self._predict(calls[0]):
            return ()
        return tuple(self.call(call) for call in calls)

    def call(self, call: Call) -> call_words.Call:
        """`call` as one entry of `calls`."""
        known = self._known(call)
        if isinstance(known, call_words.SimpleCall):
            return known if isinstance(known, call_words.Call) else _validated(call_words.Call, known.words())
        return _validated(call_words.Call, {CALL_NAMES[type(call)]: self._body(call)})

    def _body(self, call: Call) -> dict[str, Any]:
        match call:
            case Predict():
                return self._predict(call)
            case CallModel(training, inputs):
                said = {} if training is None else {"training": training}
                return said | self._inputs(inputs)
            case ResetStates(scope, to):
                return {"scope": scope} | (self._reset(to) if to is not None else {})
            case Generate() | Decode():
                return {name: value for name, value in vars(call).items() if value is not None}
            case Fit():
                return self._fit(call)
            case Stream(reset_each):
                return {"reset_each": reset_each}
            case Threads(n, each):
                return {"n": n, "each": [self.call(one).words() for one in each]}
            case _:
                return {}

    def _predict(self, call: Predict) -> dict[str, Any]:
        order = "reversed" if call.reversed_order else None
        options = {"batch_size": call.batch_size, "rows": call.rows, "order": order}
        return {key: value for key, value in options.items() if value is not None} | self._inputs(call.inputs)

    def _fit(self, call: Fit) -> dict[str, Any]:
        said: dict[str, Any] = {name: getattr(call, name) for name in ("epochs", "shuffle", "each_sample")}
        said["target"] = _plain(self.source(call.target, "fit-target"))
        if call.batch_size is not None:
            said["batch_size"] = call.batch_size
        if call.validation is not None:
            inputs, target = call.validation
            validation = (self.sources(inputs, "validation"), self.source(target, "validation-target"))
            said["validation"] = dict(zip(("input", "target"), map(_plain, validation), strict=True))
        return said

    def _inputs(self, inputs: Inputs | None) -> dict[str, Any]:
        return {} if inputs is None else {"input": _plain(self.sources(inputs, "call-input"))}


def _fit_words(change: FitRescale) -> dict[str, object]:
    said: dict[str, object] = {"method": change.method, "fit": change.on}
    if change.feature_range != (0.0, 1.0):
        said["feature_range"] = list(change.feature_range)
    return said | ({"inverse": True} if change.inverse else {})


def _plain(words: Any) -> Any:
    if isinstance(words, Words):
        return words.words()
    if isinstance(words, Mapping):
        return {name: _plain(each) for name, each in words.items()}
    return [_plain(each) for each in words] if isinstance(words, tuple) else words


def _validated(form: type[Form], said: Mapping[str, Any]) -> Form:
    """`said` as words of the format, refused where the format cannot say it."""
    try:
        return form.model_validate(said)
    except ValueError as error:
        raise ScenarioError(f"This {next(iter(said))} cannot be saved: {error}") from None
