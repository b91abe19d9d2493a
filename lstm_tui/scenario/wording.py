"""Values back into the words of a scenario: what a user did in the workbench, as the file will say it.

What was loaded from a scenario and left untouched keeps the words it was written in; new arrays get names under which
`write_scenario` puts them beside the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lstm_tui.arrays.rescale import Rescale
from lstm_tui.recurrent import calls as c
from lstm_tui.recurrent.calls import Call, Inputs, Predict, StateReset
from lstm_tui.recurrent.recording import Array
from lstm_tui.scenario import schema as s
from lstm_tui.scenario.actions import Action, FitRescale, OnInput
from lstm_tui.scenario.loading import LoadedScenario
from lstm_tui.scenario.words import Source


class Wording:
    """Words for one scenario; `arrays` are those that have to be written beside it, by name."""

    def __init__(self, opened: LoadedScenario | None) -> None:
        self._opened = opened
        self.arrays: dict[str, Array | Mapping[str, Array]] = {}

    def sources(self, inputs: Inputs, stem: str) -> Any:
        """The sources of `inputs`: one bare source for a single array, else by input name."""
        if not inputs:
            return None
        if len(inputs) == 1:
            return self.source(next(iter(inputs.values())), stem)
        return {name: self.source(array, f"{stem}-{name}") for name, array in inputs.items()}

    def source(self, array: Array | None, stem: str) -> Any:
        """Where `array` comes from: as it was written, else a new file called `stem`."""
        if array is None:
            return None
        return self._known(array) or Source(file=self._new(array, f"{stem}.npy"))

    def action(self, action: Action) -> s.Action:
        """`action` as one entry of `actions`."""
        known = self._known(action)
        if isinstance(known, s.Action):
            return known
        change, only = (action.change, {"input": action.name}) if isinstance(action, OnInput) else (action, {})
        if isinstance(change, StateReset):
            return s.Action(reset=s.Reset(**self._reset(change)))
        if isinstance(change, FitRescale):
            return s.Action(rescale=s.Rescale(**_fit_words(change), **only))
        said = change.to_scenario() | only
        if isinstance(change, Rescale):
            return s.Action.model_validate({"rescale": said})
        return s.Action.model_validate({"reshape": said})

    def calls(self, calls: Sequence[Call]) -> tuple[s.Call, ...]:
        """The calls; empty for a single plain `predict`, which is what a scenario without calls does."""
        only_predict = len(calls) == 1 and calls[0] == Predict() and self._known(calls[0]) is None
        plain = len(calls) == 1 and isinstance(calls[0], Predict) and _is_plain(calls[0])
        return () if only_predict or plain else tuple(self.call(call) for call in calls)

    def call(self, call: Call) -> s.Call:
        """`call` as one entry of `calls`."""
        known = self._known(call)
        if isinstance(known, s.Call):
            return known
        if isinstance(known, s.SimpleCall):
            return s.Call.model_validate(known.words())
        return s.Call.model_validate({c.CALL_NAMES[type(call)]: self._body(call)})

    def _body(self, call: Call) -> dict[str, Any]:
        match call:
            case Predict():
                return _given(
                    input=_dump(self.sources(call.inputs, "input")) if call.inputs else None,
                    batch_size=call.batch_size,
                    rows=list(call.rows) if call.rows is not None else None,
                    order="reversed" if call.reversed_order else None,
                )
            case c.CallModel():
                return _given(
                    training=call.training or None,
                    input=_dump(self.sources(call.inputs, "input")) if call.inputs else None,
                )
            case c.ResetStates():
                reset = self._reset(call.to) if call.to is not None else {}
                return _given(scope=None if call.scope == "all" else call.scope, **{key: _dump(value) for key, value in reset.items()})
            case c.Generate():
                return {"steps": call.steps, "feature": call.feature}
            case c.Stream():
                return {"reset_each": call.reset_each}
            case c.Threads():
                return {"n": call.n, "each": [self.call(inner).words() for inner in call.each]}
            case c.Fit():
                return self._fit(call)
            case _:
                return {}

    def _fit(self, call: c.Fit) -> dict[str, Any]:
        validation = None
        if call.validation is not None:
            inputs, target = call.validation
            validation = {"input": _dump(self.sources(inputs, "validation")), "target": _dump(self.source(target, "validation-target"))}
        return _given(
            target=_dump(self.source(call.target, "fit-target")),
            epochs=call.epochs,
            batch_size=call.batch_size,
            shuffle=call.shuffle,
            validation=validation,
            each_sample=call.each_sample or None,
        )

    def _reset(self, reset: StateReset) -> dict[str, Any]:
        to: Any = reset.to
        if reset.to == "saved":
            to = s.StatesFile(file=self._new(dict(reset.saved), "states.npz"))
        return _given(layers=reset.layers or None, to=to, seed=reset.seed or None)

    def _known(self, value: object) -> Any:
        return self._opened.words_of(value) if self._opened is not None else None

    def _new(self, arrays: Array | Mapping[str, Array], name: str) -> str:
        path = Path(name)
        number = 1
        while name in self.arrays:
            number += 1
            name = f"{path.stem}-{number}{path.suffix}"
        self.arrays[name] = arrays
        return name


def _is_plain(call: Predict) -> bool:
    return call.inputs is None and call.batch_size is None and call.rows is None and not call.reversed_order


def _fit_words(change: FitRescale) -> dict[str, Any]:
    ranged = change.method == "minmax" and change.feature_range != (0.0, 1.0)
    return _given(
        method=change.method,
        fit=change.on,
        inverse=change.inverse or None,
        feature_range=change.feature_range if ranged else None,
    )


def _given(**words: Any) -> dict[str, Any]:
    return {key: value for key, value in words.items() if value is not None}


def _dump(words: Any) -> Any:
    if isinstance(words, Mapping):
        return {key: _dump(item) for key, item in words.items()}
    return words.words() if hasattr(words, "words") else words
