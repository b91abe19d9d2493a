"""What is kept of a call, and what is saved, of models that need no Keras."""

from __future__ import annotations

import asyncio
import logging
import threading

import numpy as np
import pytest

from lstm_tui.flight_recorder import watch
from tests.flight_recorder.conftest import X, scenarios


def test_a_call_is_kept_with_its_input_the_states_before_it_and_its_output(model, watching):
    flight = watching(session=lambda: "customer 7")
    predict = flight(model.predict)
    predict(X)
    assert predict(X).tolist() == [[7.0]]
    first, second = flight.calls
    assert second.input.tolist() == X.tolist()
    assert {name: values.tolist() for name, values in first.states.items()} == {
        "lstm/h": [[0.0, 0.0]],
        "lstm/c": [[0.0, 0.0]],
    }
    assert second.states["lstm/h"].tolist() == [[1.0, 1.0]]
    assert (first.output.tolist(), second.output.tolist()) == ([[6.0]], [[7.0]])
    assert second.caller == "customer 7"
    assert second.seconds >= 0.0


def test_what_the_program_changes_afterwards_stays_as_it_was(model, watching):
    flight = watching()
    x = X.copy()
    result = flight(model.predict)(x)
    x[:], result[:] = -1, -1
    assert flight.calls[0].input.tolist() == X.tolist()
    assert flight.calls[0].output.tolist() == [[6.0]]
    with pytest.raises(ValueError, match="read-only"):
        flight.calls[0].input[:] = 0


def test_an_identical_input_with_another_output_is_saved_and_opens(model, watching, captures):
    predict = watching()(model.predict)
    for x in (X, 2 * X, X):
        predict(x)
    (loaded,) = scenarios(captures)
    assert loaded.inputs[""].tolist() == X.tolist()
    assert loaded.expected_output is not None
    assert loaded.expected_output.tolist() == [[8.0]]
    assert loaded.actions[0].saved["lstm/h"].tolist() == [[0.0, 0.0]]
    asked = [call.inputs and call.inputs[""].tolist() for call in loaded.calls]
    assert asked == [None, (2 * X).tolist(), None], "all that led to it"
    assert "differs by up to 2" in loaded.scenario.description
    assert "call 1" in loaded.scenario.description


@pytest.mark.parametrize("what", ["a reset", "a call that failed", "a long time"])
def test_what_led_to_a_call_is_left_out_where_it_is_not_known(model, watching, captures, what):
    flight = watching(on_exception=False)
    predict = flight(model.predict)
    predict(X)
    if what == "a reset":
        model._layers[0].states[0].assign(np.float32([[9.0, 9.0]]))
    elif what == "a call that failed":
        with pytest.raises(np.exceptions.AxisError):
            predict(X[0])
    for k in range(20 if what == "a long time" else 0):
        predict(k * X + 2)
    predict(X)
    (loaded,) = scenarios(captures)
    assert len(loaded.calls) == 1
    before = {"a reset": 9.0, "a call that failed": 1.0, "a long time": 21.0}[what]
    assert loaded.actions[0].saved["lstm/h"].tolist() == [[before, before]]


def test_rounding_is_no_disagreement(model, watching):
    flight = watching()
    outputs = iter([np.float32([[1.0]]), np.float32([[1.0 + 1e-7]])])
    predict = flight(lambda x: next(outputs))
    predict(X)
    predict(X)
    assert "captured" not in flight.counts


def test_an_exception_is_saved_and_reaches_the_program_as_it_was(model, watching, captures):
    error = ValueError("no such\nfeature \x1b[31m")

    @watching()
    def predict(x):
        raise error

    with pytest.raises(ValueError) as caught:
        predict(X)
    assert caught.value is error
    (loaded,) = scenarios(captures)
    assert loaded.scenario.expect is None
    assert "raised ValueError: no such feature ·[31m" in loaded.scenario.description


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_an_output_that_is_no_number_is_saved(watching, captures, number):
    watching()(lambda x: np.float32([[1.0, number]]))(X)
    (loaded,) = scenarios(captures)
    assert np.array_equal(loaded.expected_output, [[1.0, number]], equal_nan=True)


def test_what_the_predicate_wants_is_saved(model, watching, captures):
    predict = watching(when=lambda call: call.output.max() > 10)(model.predict)
    predict(X)
    predict(9 * X)
    assert [loaded.inputs[""].max() for loaded in scenarios(captures)] == [9.0]


def test_the_last_call_is_saved_on_demand(model, watching, captures):
    flight = watching()
    assert flight.capture() is None
    flight(model.predict)(X)
    path = flight.capture(why="the customer rang")
    assert path is not None
    assert path.parent == captures
    assert "The customer rang." in scenarios(captures)[0].scenario.description


def test_a_reason_is_not_written_again_at_once(watching, captures):
    flight = watching(spacing=3600.0)
    predict = flight(lambda x: np.float32([[np.nan]]))
    for _ in range(5):
        predict(X)
    assert flight.counts == {"calls": 5, "captured": 1, "rotated": 0, "spaced": 4}
    assert len(scenarios(captures)) == 1


def test_a_context_manager_watches_what_is_done_inside(model, watching):
    flight = watching()
    with flight.call(X, batch_size=4) as call:
        call.output = model.predict(X)
    with pytest.raises(KeyError), flight.call(X):
        raise KeyError("a")
    done, failed = flight.calls
    assert done.output.tolist() == [[6.0]]
    assert done.manner.batch_size == 4
    assert failed.error == ("KeyError", "'a'")


async def test_a_coroutine_function_stays_one_and_its_task_is_told(model, watching):
    flight = watching()

    @flight
    async def predict(x):
        await asyncio.sleep(0)
        return model.predict(x)

    assert asyncio.iscoroutinefunction(predict)
    tasks = [asyncio.create_task(predict(k * X), name=f"request {k}") for k in range(3)]
    await asyncio.gather(*tasks)
    assert sorted(call.caller for call in flight.calls) == ["request 0", "request 1", "request 2"]
    assert all(call.overlapped for call in flight.calls)


async def test_a_cancelled_call_says_nothing(watching):
    flight = watching()

    @flight
    async def predict(x):
        await asyncio.sleep(3600)

    task = asyncio.create_task(predict(X))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert flight.calls == ()


def test_no_lock_is_held_while_the_model_runs(model, watching):
    """Another thread makes a whole watched call, failure and capture included, inside this one."""
    flight = watching()
    predict = flight(model.predict)
    inner = threading.Thread(target=lambda: predict(np.nan * X), name="inner", daemon=True)

    def meanwhile():
        model.predict.meanwhile = lambda: None
        inner.start()
        inner.join(60)

    model.predict.meanwhile = meanwhile
    predict(X)
    assert not inner.is_alive()
    assert [call.caller for call in flight.calls] == ["inner", "MainThread"]
    assert all(call.overlapped for call in flight.calls)
    assert "two moments" in scenarios_of(flight)


def scenarios_of(flight) -> str:
    path = flight.capture()
    return path.read_text(encoding="utf-8")


def test_a_recorder_that_is_off_leaves_no_trace(model, watching):
    flight = watching()
    predict = flight(model.predict)
    flight.enabled = False
    predict(X)
    assert flight.calls == ()
    assert flight.counts == {}


def test_redacted_features_are_kept_nowhere(model, watching, captures):
    flight = watching(redact=[1])

    @flight
    def predict(x):
        if x.max() > 5:
            raise ValueError(f"cannot take {x.max()}")
        return model.predict(x)

    predict(X)
    predict(X)
    with pytest.raises(ValueError, match="cannot take"):
        predict(6 * X)
    assert all(call.input[..., 1].max() == 0 for call in flight.calls)
    disagreement, exception = scenarios(captures)
    assert disagreement.inputs[""].tolist() == [[[1.0, 0.0]] * 3]
    assert disagreement.scenario.expect is None
    assert "redacted" in disagreement.scenario.description
    assert "cannot take" not in exception.scenario.description


def test_what_cannot_be_redacted_is_not_kept(model, watching):
    flight = watching(redact=[7])
    assert flight(model.predict)(X).tolist() == [[6.0]]
    assert flight.calls == ()
    assert flight.counts == {"failed": 1}


def test_inputs_that_differ_in_a_redacted_feature_alone_are_not_identical(watching):
    flight = watching(redact={"": [0]})
    predict = flight(lambda x: x[..., 0])
    predict(X)
    predict(X * [2, 1])
    assert "captured" not in flight.counts


def fail(*_):
    raise RuntimeError("not my day")


@pytest.mark.parametrize(
    "options",
    [{"when": fail}, {"session": fail}, {"redact": {"": [0, 99]}}],
    ids=["predicate", "session", "redaction"],
)
def test_a_failure_of_the_recorder_is_told_once_and_counted(model, watching, caplog, options):
    flight = watching(**options, on_disagreement=False)
    predict = flight(model.predict)
    assert [predict(X).tolist() for _ in range(3)] == [[[6.0]], [[7.0]], [[8.0]]]
    assert flight.counts["failed"] == 3
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1


@pytest.mark.parametrize("what", ["input", "states", "folder", "model", "output"])
def test_whatever_is_broken_the_program_gets_its_answer(model, watching, captures, what):
    flight = watching()
    if what == "states":
        model._layers[0].states = [object(), object()]
        model.predict = lambda x: np.float32([[np.nan]])
    elif what == "folder":
        captures.write_text("a file where the folder should be", encoding="utf-8")
    elif what == "model":
        model.save = fail
    x = {"input": object(), "output": X}.get(what, np.nan * X)
    result = object() if what in {"input", "output"} else np.float32([[np.nan]])
    assert flight(lambda x: result)(x) is result
    assert flight.counts["failed"] >= 1
    assert flight.counts.get("captured", 0) == (1 if what == "model" else 0)


def test_a_predicate_that_fails_hides_no_other_reason(watching):
    flight = watching(when=fail)
    flight(lambda x: np.float32([[np.nan]]))(X)
    assert flight.counts["captured"] == 1


def test_memory_is_bounded_in_calls_and_in_bytes(model, watching):
    flight = watching(calls=5, memory_mb=1000 / 2**20)
    predict = flight(model.predict)
    for k in range(50):
        predict(np.full((1, 30, 2), k, np.float32))
    assert len(flight.calls) == 3
    assert sum(call.nbytes for call in flight.calls) <= 1000
    predict(np.zeros((1, 300, 2), np.float32))
    assert flight.counts["too large"] == 1
    assert len(flight.calls) == 3


def test_arguments_that_make_no_sense_are_refused_at_once(model):
    with pytest.raises(ValueError, match="at least 1"):
        watch(model, keep=0)
    with pytest.raises(TypeError, match="indices of features"):
        watch(model, redact=["price"])
