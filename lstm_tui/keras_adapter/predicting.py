"""`model.predict` as a user's program makes it, without carrying what one run does to Keras over to the next.

`predict` compiles a function at its first call and relaxes it at each new shape; after a call with another
rank it fails or guesses for good. Within a run that is what happens, since it is what a user's process does.
Between runs the function is kept only where it has seen one signature and never failed.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np

from lstm_tui.keras_adapter.feeding import as_model_takes, as_tensors, by_name
from lstm_tui.keras_adapter.loaded import LoadedModel
from lstm_tui.recurrent.recording import Array


class Predictor:
    """`predict` on one model during one run."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded
        self._signatures: list[Hashable] = []
        self._failed = False

    def predict(self, inputs: Mapping[str, Array], batch_size: int | None = None) -> dict[str, Array]:
        """`model.predict(inputs, batch_size=batch_size)`, outputs by name."""
        model = self._loaded.model
        with self._signed((batch_size or 32, _signature(inputs))):
            outputs = model.predict(as_model_takes(model, inputs), batch_size=batch_size, verbose=0)
        return by_name(model, outputs)

    def predict_on_batch(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """The same function on one batch, without `predict`'s data pipeline, which costs 40 ms a call."""
        model = self._loaded.model
        with self._signed(("batch", _signature(inputs))):
            outputs = model.predict_on_batch(as_tensors(model, inputs))
        return by_name(model, outputs)

    def finish(self) -> None:
        """Keep the compiled function for later runs if it is as good as new."""
        function = self._loaded.model.predict_function
        if len(self._signatures) == 1 and not self._failed and function is not None:
            self._loaded.predict_functions.put(self._signatures[0], function)

    def _signed(self, signature: Hashable) -> _Signed:
        if not self._signatures:
            self._loaded.model.predict_function = self._loaded.predict_functions.pop(signature)
        if signature not in self._signatures:
            self._signatures.append(signature)
        return _Signed(self)

    def failed(self) -> None:
        """A call raised: the compiled function is not to be kept."""
        self._failed = True


class _Signed:
    """Tells the predictor when the call inside it raises."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._predictor.failed()


def _signature(inputs: Mapping[str, Array]) -> Hashable:
    return tuple((name, np.shape(values), np.asarray(values).dtype.str) for name, values in inputs.items())
