"""What is found in the arguments of a function that is watched, and what the function still is."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from lstm_tui.flight_recorder import watch
from lstm_tui.flight_recorder.taken import taken
from tests.flight_recorder.conftest import X


class Numbers:
    """An array that is no NumPy array."""

    shape = (1, 3, 2)

    def numpy(self):
        return X


class OfKeras:
    """A model whose methods are its own."""

    name = "gold"

    def predict(self, x, batch_size=None, verbose=0):
        return np.float32([[1.0]])

    def predict_on_batch(self, x):
        return np.float32([[1.0]])

    def __call__(self, x, training=None):
        return np.float32([[1.0]])


def test_a_function_keeps_its_name_and_signature(watching):
    def forecast(window: np.ndarray, *, days: int = 1) -> np.ndarray:
        """Days ahead."""
        return window

    watched = watching()(forecast)
    assert (watched.__name__, watched.__doc__) == ("forecast", "Days ahead.")
    assert inspect.signature(watched) == inspect.signature(forecast)
    assert watched(window=X, days=2) is X


@pytest.mark.parametrize(
    ("ask", "manner"),
    [
        (lambda flight, model: flight(model.predict)(X, verbose=1), ("predict", None, None)),
        (lambda flight, model: flight(model.predict)(X, 8), ("predict", 8, None)),
        (lambda flight, model: flight(model.predict)(x=X, batch_size=8), ("predict", 8, None)),
        (lambda flight, model: flight(model.predict_on_batch)(X), ("predict", 1, None)),
        (lambda flight, model: flight(model)(X, training=True), ("call", None, True)),
        (lambda flight, model: flight(lambda x: 2 * model(x))(X), ("predict", None, None)),
    ],
)
def test_the_manner_of_asking_is_that_of_the_models_own_methods(captures, ask, manner):
    model = OfKeras()
    flight = watch(model, folder=captures)
    ask(flight, model)
    (call,) = flight.calls
    assert (call.manner.how, call.manner.batch_size, call.manner.training) == manner
    assert call.input.tolist() == X.tolist()


def test_input_and_output_are_found_where_the_program_says(watching):
    class Server:
        @watching()(input=lambda self, request: request["window"], output=lambda answer: answer["price"])
        def answer(self, request):
            return {"price": request["window"].sum(), "currency": "EUR"}

    assert Server().answer({"window": X}) == {"price": 6.0, "currency": "EUR"}


def test_arrays_of_any_kind_are_taken():
    assert taken(Numbers()).value.tolist() == X.tolist()
    assert [array.tolist() for array in taken((Numbers(), [[1]])[:1]).value] == [X.tolist()]
    assert taken([[1, 2], [3, 4]]).value.tolist() == [[1, 2], [3, 4]]
    assert taken({"a": 1.5}).value["a"].tolist() == 1.5
    for nothing in ("text", object(), None, [[1], [1, 2]]):
        with pytest.raises((TypeError, ValueError)):
            taken(nothing)
